"""The cue engine: dwell, spacing, one focus, mute, praise, safety, and a full account of every decision."""

import itertools
from dataclasses import replace

import pytest

from coach.coaching.engine import CueEngine
from coach.coaching.facts import HistoryFacts
from coach.coaching.loader import load_rules
from coach.coaching.pain import pain_state
from coach.model.cues import CueDecision
from coach.model.metrics import LiveMetrics, Unknown
from coach.model.pain import RedFlagAnswers
from coach.model.plain import from_plain, to_plain
from coach.model.strides import GaitState
from tests.coach.coaching.metric_runner import Body, MetricRunner
from tests.support.coaching import NOW, PROFILE, answered, engine_for, go, plan, spoken

SHUFFLER = Body(seed=3, tires_pct=7.0, answers=1.0)
QUICKER = Body(seed=2, own_cadence_spm=152.0, answers=1.0)


def test_a_fresh_runner_hears_nothing() -> None:
    assert not spoken(go(engine_for(Body(seed=5), plan()), MetricRunner(Body(seed=5))))


def test_the_tired_shuffler_is_asked_to_push_off() -> None:
    cues = spoken(go(engine_for(SHUFFLER, plan()), MetricRunner(SHUFFLER)), "cue")
    assert cues
    assert {c.rule_id for c in cues} == {"shortened_stride"}
    first = cues[0]
    assert first.t_s > SHUFFLER.tires_from_s + 20.0
    assert first.value is not None
    assert first.value < -3.0 == first.threshold
    assert first.say == "Push the ground away behind you"
    assert all(gate.is_open for gate in first.gates)
    assert "Cai" in first.source


def test_cues_keep_twenty_seconds_of_dwell_and_sixty_between() -> None:
    engine = engine_for(QUICKER, plan("quicker"))
    decisions = go(engine, MetricRunner(QUICKER, 16.0, hz=4.0))
    times = [d.t_s for d in spoken(decisions)]
    assert len(times) > 3
    assert times[0] >= 20.0
    assert min(b - a for a, b in itertools.pairwise(times)) >= 60.0


def test_the_answer_does_not_depend_on_the_sampling_rate() -> None:
    slow = Body(seed=2, own_cadence_spm=150.0, noise=0.0, speed_sd=0.0)
    runs = [spoken(go(engine_for(slow, plan("quicker")), MetricRunner(slow, 8.0, hz=hz))) for hz in (1.0, 2.0, 5.0)]
    assert len({len(run) for run in runs}) == 1
    for a, b in zip(runs[0], runs[2], strict=True):
        assert abs(a.t_s - b.t_s) <= 2.0


def test_a_run_without_focus_is_silent_and_says_why_in_the_log() -> None:
    decisions = go(engine_for(SHUFFLER, plan(None)), MetricRunner(SHUFFLER))
    assert not spoken(decisions)
    assert {d.suppressed_by for d in decisions} == {"in_focus"}


def test_mute_silences_cues_and_is_written_down() -> None:
    engine = engine_for(QUICKER, plan("quicker"))
    engine.mute(True)
    decisions = go(engine, MetricRunner(QUICKER))
    assert not spoken(decisions)
    assert any(d.suppressed_by == "not_muted" for d in decisions)


def test_channels_follow_the_runners_wishes() -> None:
    text_only = replace(PROFILE, speaks_cues=False, plays_tones=False)
    cue = spoken(go(engine_for(QUICKER, plan("quicker"), profile=text_only), MetricRunner(QUICKER)))[0]
    assert cue.modality == "text"
    silent = replace(text_only, vibrates=False, shows_cue_text=False)
    decisions = go(engine_for(QUICKER, plan("quicker"), profile=silent), MetricRunner(QUICKER))
    assert not spoken(decisions)
    assert any(d.suppressed_by == "can_be_heard" for d in decisions)


def test_praise_comes_after_an_answer_and_at_most_once_in_five_minutes() -> None:
    decisions = spoken(go(engine_for(QUICKER, plan("quicker")), MetricRunner(QUICKER, 40.0, 0.5)))
    praise = [d for d in decisions if d.kind == "praise"]
    assert praise
    assert praise[0].t_s > decisions[0].t_s
    assert all(b.t_s - a.t_s >= 300.0 for a, b in itertools.pairwise(praise))
    assert len({d.say for d in praise}) > 1 or len(praise) == 1


def test_unanswered_cues_grow_rarer() -> None:
    deaf = replace(QUICKER, answers=0.0)
    times = [d.t_s for d in spoken(go(engine_for(deaf, plan("quicker")), MetricRunner(deaf, 40.0, 0.5)))]
    waits = [b - a for a, b in itertools.pairwise(times)]
    assert waits[-1] >= 300.0
    assert len(times) < 15


def test_an_unhelpful_wording_makes_room_for_the_next_after_two() -> None:
    deaf = replace(QUICKER, answers=0.0)
    says = [d.say for d in spoken(go(engine_for(deaf, plan("quicker")), MetricRunner(deaf, 40.0, 0.5)))]
    assert says[0] == says[1] == load_rules()[2].wordings[0]
    assert len(set(says)) == 3


def test_a_tap_of_three_ends_load_cues_and_of_six_all_cues() -> None:
    def three(engine: CueEngine) -> list[CueDecision]:
        return engine.pain(300.0, 3)

    decisions = go(engine_for(SHUFFLER, plan()), MetricRunner(SHUFFLER), {300.0: three})
    assert not spoken(decisions, "cue")
    assert next(d.kind for d in spoken(decisions)) == "safety"
    assert any(d.suppressed_by == "pain_at_most_2" for d in decisions)

    engine = engine_for(QUICKER, plan("quicker"))
    decisions = go(engine, MetricRunner(QUICKER), {300.0: lambda e: e.pain(300.0, 6)})
    assert not [d for d in spoken(decisions, "cue", "tip", "praise") if d.t_s > 300.0]
    assert not engine.pain_state.allows_cues
    assert "walk" in next(d.say for d in decisions if d.kind == "safety")


def test_back_and_calf_rise_each_from_their_own_start() -> None:
    sore = answered(1, 2)
    engine = engine_for(QUICKER, plan("quicker"), sore)
    assert engine.pain(60.0, 2, is_calf=True) == [], "the calf was 2 before the run: nothing has risen"
    assert engine.pain(70.0, 2) == []
    [risen] = engine.pain(80.0, 4, is_calf=True)
    assert risen.is_spoken
    assert risen.value == 2.0
    assert engine.compare(LiveMetrics(90.0)).pain_rise == 2.0


def test_a_mis_tap_taken_back_is_as_if_it_had_not_been() -> None:
    engine = engine_for(QUICKER, plan("quicker"))
    before = engine.pain_state
    engine.pain(60.0, 3)
    three = engine.pain_state
    engine.pain(70.0, 8)
    assert engine.hold
    engine.take_back_pain()
    assert engine.pain_state == three
    assert engine.hold == ""
    assert engine.compare(LiveMetrics(90.0)).pain_rise == 3.0 - (before.level or 0)
    engine.take_back_pain()
    engine.take_back_pain()  # nothing is left: nothing happens
    assert engine.pain_state == before


def test_eight_and_more_in_a_run_names_a_clinician_and_asks_the_signs() -> None:
    engine = engine_for(QUICKER, plan("quicker"))
    [six] = engine.pain(60.0, 6)
    assert "doctor" not in six.say
    [eight] = engine.pain(70.0, 8)
    assert "walk from here" in eight.say
    assert "doctor or physiotherapist" in eight.say
    assert "warning signs" in eight.say
    assert engine.pain_state.advises_clinician


def test_a_calf_tap_ends_strike_training_for_the_run() -> None:
    engine = engine_for(Body(), plan("midfoot"))
    assert engine.pain_state.allows_strike_training
    assert engine.pain(60.0, 1, is_calf=True) == []
    assert not engine.pain_state.allows_strike_training


def test_the_distance_guard_speaks_in_any_run_even_a_baseline_run() -> None:
    facts = HistoryFacts(longest_30d_m=3000.0)
    decisions = spoken(go(engine_for(Body(), plan(None, 0.0), facts=facts), MetricRunner(Body())))
    assert [d.rule_id for d in decisions[:2]] == ["half_way", "ease_off_distance"]
    half, full = decisions[:2]
    assert 1650.0 < half.t_s * 2.8 < 1850.0, "at half, so that the run home stays below the limit"
    assert full.t_s * 2.8 > 3300.0
    assert full.value is not None
    assert full.value > 110.0
    assert [d.rule_id for d in decisions].count("half_way") == 1


def test_half_is_not_said_when_it_is_late_for_it() -> None:
    engine = engine_for(Body(), plan(None, 0.0), facts=HistoryFacts(longest_30d_m=2000.0))
    said = []
    for t_s in range(0, 300, 2):  # the distance becomes known at nine tenths of the longest run
        metrics = LiveMetrics(float(t_s), GaitState.RUNNING, distance_m=1800.0 + t_s)
        said += [d.rule_id for d in engine.observe(float(t_s), engine.compare(metrics)) if d.is_spoken]
    assert "half_way" not in said


def test_a_plain_tip_is_marked_and_occasional() -> None:
    tips = spoken(go(engine_for(Body(), plan("swing")), MetricRunner(Body())))
    assert {t.kind for t in tips} == {"tip"}
    assert all("not measured" in t.say for t in tips)
    assert all(b.t_s - a.t_s >= 600.0 for a, b in itertools.pairwise(tips))
    trunk = Body(has_trunk_sensor=True)
    assert not spoken(go(engine_for(trunk, plan("swing")), MetricRunner(trunk)))


def test_without_baseline_nothing_is_compared_and_the_reason_is_given() -> None:
    engine = CueEngine(load_rules(), plan(), answered(), PROFILE)
    metrics = engine.compare(next(iter(MetricRunner(Body()).moments())))
    assert metrics.step_length_vs_baseline_pct is None
    assert metrics.unknown["step_length_vs_baseline_pct"] is Unknown.NEEDS_THREE_RUNS


def test_walking_and_gaps_start_the_dwell_again() -> None:
    body = Body(own_cadence_spm=150.0, noise=0.0, speed_sd=0.0)
    engine = engine_for(body, plan("quicker"))
    for i, metrics in enumerate(MetricRunner(body, 10.0, 1.0).moments()):
        state = GaitState.WALKING if i % 15 == 14 else GaitState.RUNNING
        assert not spoken(engine.observe(metrics.t_s, engine.compare(replace(metrics, state=state))))
    engine = engine_for(body, plan("quicker"))
    for i, metrics in enumerate(MetricRunner(body, 10.0, 1.0).moments()):
        if i % 30 < 18:
            assert not spoken(engine.observe(metrics.t_s, engine.compare(metrics)))


def test_the_target_band_is_personal_and_named_by_place() -> None:
    body = Body(own_cadence_spm=150.0, noise=0.0, speed_sd=0.0)
    engine = engine_for(body, plan("quicker"))
    target = engine.target(engine.compare(list(MetricRunner(body, 1.0).moments())[-1]))
    assert target is not None
    assert (target.low, target.high, target.place) == (2.0, 5.0, "below")
    assert engine.target(LiveMetrics(0.0)) is not None
    assert engine_for(body, plan(None)).target(LiveMetrics(0.0)) is None


@pytest.mark.parametrize(
    ("focus", "level", "has_target", "is_held"),
    [
        ("quicker", 2, True, False),
        ("quicker", 4, True, False),
        ("lengthen", 2, True, False),
        ("lengthen", 4, False, False),
        ("lengthen", 6, False, True),
        ("quicker", 7, False, True),
    ],
)
@pytest.mark.parametrize("is_calf", [False, True])
def test_what_pain_keeps_silent_is_not_asked_by_the_picture_either(
    focus: str, level: int, has_target: bool, is_held: bool, is_calf: bool
) -> None:
    engine = engine_for(Body(), plan(focus))
    assert engine.target(LiveMetrics(0.0)) is not None
    assert engine.hold == ""
    engine.pain(30.0, level, is_calf)
    assert (engine.target(LiveMetrics(31.0)) is not None) == has_target
    assert ("walk from here" in engine.hold) == is_held
    engine.pain(60.0, 0, is_calf)  # the worst of a run counts until its end
    assert (engine.target(LiveMetrics(61.0)) is not None) == has_target


def ticks(engine: CueEngine, runner: MetricRunner, until_s: float = 1e9) -> list[float | None]:
    found: list[float | None] = []
    for metrics in runner.moments():
        if metrics.t_s > until_s:
            break
        compared = engine.compare(metrics)
        engine.observe(metrics.t_s, compared)
        found.append(engine.metronome(metrics.t_s, compared))
    return found


def test_a_metronome_ticks_at_the_target_of_a_cadence_focus_and_at_the_own_usual_otherwise() -> None:
    body = Body(own_cadence_spm=150.0, noise=0.0, speed_sd=0.0)
    usual = ticks(engine_for(body, plan("lengthen")), MetricRunner(body, 2.0))[-1]
    wanted = ticks(engine_for(body, plan("quicker")), MetricRunner(body, 2.0))[-1]
    assert usual is not None
    assert wanted is not None
    assert wanted == pytest.approx(1.05 * usual, abs=1.0)


def test_a_metronome_is_silent_where_a_cue_would_be() -> None:
    body = Body(own_cadence_spm=150.0, noise=0.0, speed_sd=0.0)
    runner = MetricRunner(body, 2.0)
    assert set(ticks(engine_for(body, plan(None)), runner)) == {None}  # a run without focus
    assert set(ticks(engine_for(body, plan("quicker", 0.0)), runner)) == {None}  # faded out
    assert set(ticks(engine_for(body, replace(plan("quicker"), is_baseline=True)), runner)) == {None}
    quick = Body(own_cadence_spm=200.0, noise=0.0, speed_sd=0.0)
    assert set(ticks(engine_for(quick, plan("quicker")), MetricRunner(quick, 2.0))) == {None}  # no need of more steps
    muted = engine_for(body, plan("quicker"))
    muted.mute(True)
    assert set(ticks(muted, runner)) == {None}
    hurt = engine_for(body, plan("quicker"))
    hurt.pain(0.0, 6)
    assert set(ticks(hurt, runner)) == {None}


def test_a_metronome_fades_with_the_cues() -> None:
    body = Body(own_cadence_spm=150.0, noise=0.0, speed_sd=0.0)
    found = ticks(engine_for(body, plan("quicker", 0.5)), MetricRunner(body, 20.0))
    share = sum(spm is not None for spm in found) / len(found)
    assert 0.35 < share < 0.6


def test_with_a_plain_pod_lengthening_stays_silent_because_landing_is_unknown() -> None:
    pod = replace(SHUFFLER, has_foot_sensor=False)
    decisions = go(engine_for(pod, plan()), MetricRunner(pod))
    assert not spoken(decisions)
    assert any(d.suppressed_by == "not_overstriding" for d in decisions)


def test_decisions_and_outcome_survive_json() -> None:
    engine = engine_for(SHUFFLER, plan())
    decisions = go(engine, MetricRunner(SHUFFLER))
    assert from_plain(tuple[CueDecision, ...], to_plain(decisions)) == tuple(decisions)
    outcome = engine.outcome("run1", NOW)
    assert from_plain(type(outcome), to_plain(outcome)) == outcome
    assert outcome.n_spoken == len(spoken(decisions))
    assert len({d.cue_id for d in decisions}) == len(decisions)


@pytest.mark.parametrize("locked", ["saddle_numbness", "cancer_history"])
def test_no_cue_is_spoken_while_a_red_flag_is_open(locked: str) -> None:
    state = pain_state([], [RedFlagAnswers(NOW, (locked,))], NOW)
    facts = HistoryFacts(longest_30d_m=1000.0)
    decisions = go(engine_for(QUICKER, plan("quicker"), state, facts=facts), MetricRunner(QUICKER))
    assert not spoken(decisions, "cue", "tip", "praise")
    assert {d.suppressed_by for d in decisions if d.kind != "safety"} == {"not_locked"} | {"in_focus"}


@pytest.mark.parametrize("signs", [[], [RedFlagAnswers(NOW, ("saddle_numbness",))]])
def test_words_of_care_pass_every_lock(signs: list[RedFlagAnswers]) -> None:
    engine = engine_for(QUICKER, plan("quicker"), pain_state([], signs, NOW), facts=HistoryFacts(longest_30d_m=1000.0))
    said = spoken(go(engine, MetricRunner(QUICKER), {300.0: lambda e: e.pain(300.0, 9)}))
    assert {d.rule_id for d in said} == {"half_way", "ease_off_distance", "ease_off_pain"}
    assert any("walk" in d.say.lower() for d in said)


def test_the_gate_of_signs_never_vouches_for_a_question_nobody_asked() -> None:
    decisions = go(engine_for(QUICKER, plan("quicker"), pain_state([], [], NOW)), MetricRunner(QUICKER))
    gates = {g.why for d in decisions for g in d.gates if g.name == "not_locked"}
    assert gates == {"the warning signs have not been asked, or must be asked again"}
    asked = go(engine_for(QUICKER, plan("quicker")), MetricRunner(QUICKER))
    assert {g.why for d in asked for g in d.gates if g.name == "not_locked"} == {
        "no warning sign that locks is open (asked on 2026-03-02)"
    }


def unsure(engine: CueEngine, runner: MetricRunner, share: float) -> list[CueDecision]:
    """One run whose step lengths are unsure by `share` of them (1 SD)."""
    found = []
    for metrics in runner.moments():
        sd = {"step_length_m": share * (metrics.step_length_m or 0.0)}
        new = engine.observe(metrics.t_s, engine.compare(replace(metrics, uncertainty=sd)))
        for decision in new:
            runner.hear(decision)
        found += new
    return found


def test_no_cue_comes_from_a_number_that_may_be_wrong_by_more_than_it_is_out() -> None:
    sure = spoken(unsure(engine_for(SHUFFLER, plan()), MetricRunner(SHUFFLER), 0.03), "cue")
    assert sure, "what was as unsure in the baseline runs cancels"
    assert not spoken(unsure(engine_for(SHUFFLER, plan()), MetricRunner(SHUFFLER), 0.08), "cue")


@pytest.mark.parametrize("share", [float("nan"), float("inf")])
def test_no_cue_comes_from_a_number_whose_uncertainty_is_none(share: float) -> None:
    assert not spoken(unsure(engine_for(SHUFFLER, plan()), MetricRunner(SHUFFLER), share), "cue")


def test_a_landing_that_is_not_sure_opens_no_gate_and_one_sure_number_of_two_does() -> None:
    def heard(**sds: float) -> list[CueDecision]:
        engine, runner, found = engine_for(SHUFFLER, plan()), MetricRunner(SHUFFLER), list[CueDecision]()
        for metrics in runner.moments():
            found += engine.observe(metrics.t_s, engine.compare(replace(metrics, uncertainty=sds)))
        return found

    unsure_of_both = heard(foot_strike_angle_deg=10.0, impact_g=4.0)
    assert not spoken(unsure_of_both, "cue")
    assert {d.suppressed_by for d in unsure_of_both if d.rule_id == "shortened_stride"} == {"not_overstriding"}
    assert spoken(heard(foot_strike_angle_deg=1.0, impact_g=4.0), "cue")


def test_an_uncertainty_beyond_the_usual_is_shown_with_the_difference() -> None:
    engine = engine_for(SHUFFLER, plan())
    runner = MetricRunner(SHUFFLER, 0.1, 0.5)
    moment = next(runner.moments())
    name = "step_length_vs_baseline_pct"
    usual = engine.compare(moment).uncertainty[name]
    sd = {"step_length_m": 0.08 * (moment.step_length_m or 0.0)}
    assert engine.compare(replace(moment, uncertainty=sd)).uncertainty[name] > usual + 5.0


def test_numbers_that_are_none_open_no_gate_and_are_called_unknown() -> None:
    engine = engine_for(SHUFFLER, plan())
    found = []
    for metrics in MetricRunner(SHUFFLER).moments():
        odd = replace(metrics, foot_strike_angle_deg=float("nan"), impact_g=float("nan"))
        seen = engine.compare(odd)
        assert seen.foot_strike_angle_deg is None
        assert seen.unknown["foot_strike_angle_deg"]
        found += engine.observe(metrics.t_s, seen)
    assert not spoken(found, "cue")
    assert {d.suppressed_by for d in found if d.rule_id == "shortened_stride"} == {"not_overstriding"}
