"""The programme: baseline, eight fading runs, retention; a focus without response is dropped and that is said."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from coach.coaching.baseline import Baseline, BaselineRun
from coach.coaching.block import block_view
from coach.coaching.facts import HistoryFacts
from coach.coaching.outcome import CoachingOutcome, FocusTime
from coach.coaching.programme import FOCUSES, plan_run, why_not
from coach.coaching.progress import CoachedRun, progress_of, withheld_pool
from coach.model.cues import FocusResponse
from coach.model.runner import RunnerProfile
from coach.model.runs import RunPlan
from tests.coach.coaching.metric_runner import Body
from tests.support.coaching import NOW, PROFILE, answered, baseline, baseline_runs

OWN = baseline(Body())


def response(focus: str, has_answered: bool | None) -> FocusResponse:
    return FocusResponse("r", focus, "m", 1, 5, 5, 1.0, 0.0, 1.0, 0.0, 2.0, has_answered)


def run(
    n: int,
    plan: RunPlan,
    answer: bool | None = True,
    need: float = 0.3,
    running_s: float = 1500.0,
    judged: float = 1.0,
    possible: float = 1.0,
) -> CoachedRun:
    """A finished run. judged, possible: shares of its time in which the focus could be judged, a cue be spoken."""
    at = NOW - timedelta(days=60 - 2 * n)
    focus = plan.focus
    outcome = CoachingOutcome(
        running_s,
        BaselineRun(f"r{n}", at, 700.0, ()),
        focus_responses=(response(focus, answer),) if focus else (),
        needs={focus: need * judged} if focus else {},
        possible={focus: possible} if focus and possible else {},
        early={focus: FocusTime(900.0, 900.0 * judged, 900.0 * judged * need)} if focus and judged else {},
    )
    return CoachedRun(f"r{n}", at, plan, outcome)


def planned(runs: Sequence[CoachedRun], profile: RunnerProfile = PROFILE, level: int = 0, **more: str) -> RunPlan:
    return plan_run(answered(level), profile, OWN, progress_of(runs), HistoryFacts(), NOW, **more)


def whole_block(
    profile: RunnerProfile, answer: bool | None = True, n: int = 9, need_last: float = 0.05
) -> list[CoachedRun]:
    runs: list[CoachedRun] = []
    for i in range(n):
        plan = planned(runs, profile)
        runs.append(run(i, plan, answer, need_last if plan.is_retention else 0.3))
    return runs


def test_the_block_fades_and_ends_with_a_run_without_cues() -> None:
    runs = whole_block(replace(PROFILE, focus_wish="quicker"))
    assert [r.plan.eligible_share for r in runs] == [1.0, 1.0, 1.0, 1.0, 0.75, 0.5, 0.25, 0.10, 0.0]
    assert [r.plan.is_retention for r in runs] == [False] * 8 + [True]
    assert {r.plan.focus for r in runs} == {"quicker"}
    progress = progress_of(runs)
    assert progress.block is None
    assert progress.past[0].is_kept is True
    assert (
        "on target 95 % of the first 15 minutes (first run: 70 %): it has stayed"
        in block_view(runs, progress, OWN).past[0]
    )
    lost = progress_of([*runs[:-1], run(8, runs[-1].plan, None, 0.9)])
    assert lost.past[0].is_kept is False


def test_what_could_not_be_judged_is_no_learning_and_the_test_is_run_again() -> None:
    runs = whole_block(replace(PROFILE, focus_wish="quicker"))
    for blind in (
        run(8, runs[-1].plan, need=0.0, judged=0.5),
        run(8, runs[-1].plan, need=0.0, judged=0.0, possible=0.0),
    ):
        progress = progress_of([*runs[:-1], blind])
        assert progress.past == ()
        assert progress.block is not None
        assert progress.block.n_cued == 8
        assert planned([*runs[:-1], blind], replace(PROFILE, focus_wish="quicker")).is_retention


def test_who_was_on_target_from_the_first_run_on_has_nothing_kept_and_nothing_lost() -> None:
    runs = whole_block(replace(PROFILE, focus_wish="quicker"))
    easy = [replace(r, outcome=run(i, r.plan, need=0.02).outcome) for i, r in enumerate(runs)]
    progress = progress_of(easy)
    assert progress.past[0].is_tested
    assert progress.past[0].is_kept is None
    assert "on target from the first run on" in block_view(easy, progress, OWN).past[0]


def needing(r: CoachedRun, *needs: float, judged: float = 1.0) -> CoachedRun:
    """The run with these shares of need: of its first 15 minutes, then of each further five."""
    later = tuple((300.0 * judged, 300.0 * judged * need) for need in needs[1:])
    time = FocusTime(900.0, 900.0, 900.0 * needs[0], later)
    return replace(r, outcome=replace(r.outcome, early={r.plan.focus or "": time}))


def test_who_tires_after_a_quarter_of_an_hour_is_judged_by_the_minutes_after_it() -> None:
    runs = whole_block(replace(PROFILE, focus_wish="quicker"))
    tiring = [needing(runs[0], 0.0), needing(runs[1], 0.0, 0.6), *(needing(r, 0.0, 0.6) for r in runs[2:8])]
    kept = progress_of([*tiring, needing(runs[8], 0.0, 0.1, 0.1, 0.9)])
    assert kept.past[0].is_kept is True
    assert "95 % of the first 20 minutes" not in block_view(tiring, kept, OWN).past[0]
    assert "98 % of the first 20 minutes (run 2: 85 %): it has stayed" in block_view(tiring, kept, OWN).past[0]
    assert progress_of([*tiring, needing(runs[8], 0.0, 0.6, 0.0)]).past[0].is_kept is False
    assert progress_of([*tiring, needing(runs[8], 0.0)]).past[0].is_kept is None, "it was too short to show it"


def test_the_minutes_of_the_first_run_are_not_judged_by_a_worse_one_of_the_same_length() -> None:
    runs = whole_block(replace(PROFILE, focus_wish="quicker"))
    block = [needing(runs[0], 0.02, 0.02), needing(runs[1], 0.8, 0.8), *(needing(r, 0.0, 0.0) for r in runs[2:8])]
    assert progress_of([*block, needing(runs[8], 0.0, 0.0)]).past[0].is_kept is None


def test_a_longer_run_that_was_worse_in_the_same_minutes_gives_no_verdict_either() -> None:
    runs = whole_block(replace(PROFILE, focus_wish="quicker"))
    block = [needing(runs[0], 0.02), needing(runs[1], 0.6, 0.0), *(needing(r, 0.0, 0.0) for r in runs[2:8])]
    assert progress_of([*block, needing(runs[8], 0.0, 0.1)]).past[0].is_kept is None


def test_further_minutes_that_could_not_be_judged_leave_the_first_ones() -> None:
    runs = whole_block(replace(PROFILE, focus_wish="quicker"))
    block = [needing(runs[0], 0.4, 0.0, 0.0, 0.0, judged=0.0), *runs[1:8]]
    found = progress_of([*block, needing(runs[8], 0.1, 0.9, 0.9, 0.9)]).past[0]
    assert found.compared is not None
    assert (found.compared.seconds, found.is_kept) == (900.0, True)


def test_a_standing_wish_begins_again_only_where_recent_runs_need_it() -> None:
    wish = replace(PROFILE, focus_wish="quicker")
    block = whole_block(wish)
    watched = RunPlan("lengthen", 0.25, None, False, False, "")

    def later(need: float) -> RunPlan:
        runs = [*block, *(run(9 + i, watched, need=0.0) for i in range(3))]
        runs = [*runs[:-1], replace(runs[-1], outcome=replace(runs[-1].outcome, needs={"quicker": need}))]
        silent = replace(runs[-1], run_id="silent", plan=RunPlan(None, 0.0, None, False, False, ""))
        silent = replace(silent, at=NOW + timedelta(days=69), outcome=replace(silent.outcome, running_s=0.0))
        return plan_run(
            answered(at=NOW + timedelta(days=70)),
            wish,
            OWN,
            progress_of([*runs, silent]),
            HistoryFacts(),
            NOW + timedelta(days=70),
        )

    assert later(need=0.0).block_run is None, "there is nothing to work on"
    assert (later(need=0.4).focus, later(need=0.4).block_run) == ("quicker", 1)


def test_a_run_in_which_no_cue_was_possible_does_not_move_the_block_on() -> None:
    wish = replace(PROFILE, focus_wish="lengthen")
    blind = [run(i, planned([], wish), None, judged=0.0, possible=0.0) for i in range(5)]
    assert progress_of(blind).block is None
    assert planned(blind, wish).block_run == 1
    assert planned([run(0, planned([], wish), possible=0.6)], wish).block_run == 2


def test_a_focus_of_plain_tips_ends_its_block_without_a_verdict() -> None:
    runs = whole_block(replace(PROFILE, focus_wish="swing"))
    tips = [replace(r, outcome=run(i, r.plan, judged=0.0).outcome) for i, r in enumerate(runs)]
    progress = progress_of(tips)
    assert progress.past[0].is_tested
    assert progress.past[0].is_kept is None
    assert "is not known" in block_view(tips, progress, OWN).past[0]


def test_runs_kept_before_this_was_measured_still_count() -> None:
    runs = [
        replace(r, outcome=replace(r.outcome, possible=None, early=None))
        for r in whole_block(replace(PROFILE, focus_wish="quicker"))
    ]
    progress = progress_of(runs)
    assert progress.past[0].is_tested
    assert progress.past[0].is_kept is None


def test_baseline_runs_come_first_whatever_is_wished() -> None:
    short = Baseline(baseline_runs(Body())[:1], NOW)
    plan = plan_run(
        answered(), replace(PROFILE, focus_wish="quicker"), short, progress_of([]), HistoryFacts(), NOW, "softer"
    )
    assert plan.is_baseline
    assert plan.focus is None
    assert "run 2 of 3" in plan.reason


def test_a_focus_without_response_in_three_runs_is_dropped_and_that_is_said() -> None:
    wish = replace(PROFILE, focus_wish="quicker")
    runs = whole_block(wish, False, 3)
    progress = progress_of(runs)
    assert progress.block is None
    assert progress.past[0].is_dropped
    assert "dropped after 3 runs" in block_view(runs, progress, OWN).past[0]
    assert planned(runs, wish).focus != "quicker"
    assert progress_of(whole_block(wish, None, 5)).block is not None
    mixed = [*whole_block(wish, False, 2), run(2, planned(whole_block(wish, False, 2), wish), True)]
    assert progress_of(mixed).block is not None


def test_a_dropped_focus_is_not_cued_between_blocks_either_and_fading_is_not_undone() -> None:
    lengthen, quicker = replace(PROFILE, focus_wish="lengthen"), replace(PROFILE, focus_wish="quicker")
    after = planned(whole_block(lengthen, False, 3), lengthen)
    assert (after.focus, after.block_run) == ("swing", None)
    runs = whole_block(quicker, None, 4)
    for n in range(4, 7):
        runs.append(run(n, planned(runs, quicker), False, need=0.0))
    assert runs[-1].plan.eligible_share < 1.0
    assert progress_of(runs).past[0].is_dropped
    assert (planned(runs, quicker).focus, planned(runs, quicker).eligible_share) == ("lengthen", 0.25)


def test_without_a_wish_the_need_of_recent_runs_chooses() -> None:
    beside = RunPlan("swing", 1.0, None, False, False, "")
    runs = [run(i, beside) for i in range(3)]
    needy = [replace(r, outcome=replace(r.outcome, needs={"softer": 0.4, "even": 0.1})) for r in runs]
    plan = planned(needy)
    assert (plan.focus, plan.block_run) == ("softer", 1)
    assert "40 %" in plan.reason


def test_without_a_clear_need_the_coach_only_watches() -> None:
    plan = planned([])
    assert (plan.focus, plan.block_run) == ("lengthen", None)
    assert planned([], level=4).focus == "swing"


def test_a_kept_focus_gets_a_refresher_when_needed_again() -> None:
    runs = whole_block(replace(PROFILE, focus_wish="quicker"))
    later = [run(10 + i, RunPlan("lengthen", 1.0, None, False, False, "")) for i in range(3)]
    needy = [replace(r, outcome=replace(r.outcome, needs={"quicker": 0.5})) for r in later]
    needy.append(run(25, RunPlan(None, 0.0, None, False, False, "")))  # the month's run without cues
    needy = [replace(r, outcome=replace(r.outcome, needs={"quicker": 0.5})) for r in needy]
    plan = planned([*runs, *needy])
    assert (plan.focus, plan.block_run, plan.eligible_share) == ("quicker", None, 0.25)


def test_a_new_wish_leaves_the_block_and_can_come_back() -> None:
    quicker, softer = replace(PROFILE, focus_wish="quicker"), replace(PROFILE, focus_wish="softer")
    runs = whole_block(quicker, n=3)
    runs.append(run(3, planned(runs, softer)))
    assert runs[-1].plan.block_run == 1
    assert progress_of(runs).past[0].focus == "quicker"
    assert planned(runs, quicker).focus == "quicker"


def test_short_runs_do_not_count() -> None:
    wish = replace(PROFILE, focus_wish="quicker")
    assert planned([run(0, planned([], wish), running_s=300.0)], wish).block_run == 1


def test_load_waits_for_pain_and_the_block_keeps_its_place() -> None:
    wish = replace(PROFILE, focus_wish="lengthen")
    runs = whole_block(wish, n=4)
    hurt = planned(runs, wish, level=4)
    assert hurt.focus not in ("lengthen", "midfoot")
    assert hurt.block_run is None
    assert planned([*runs, run(4, hurt)], wish).block_run == 5
    assert planned(runs, wish, level=6).focus is None


@pytest.mark.parametrize(
    ("change", "raises", "words"),
    [
        ({}, 2, "ask for it"),
        ({"wants_strike_training": True, "has_calf_history": None}, 2, "trouble there before"),
        ({"wants_strike_training": True, "has_calf_history": True}, 2, "trouble there before"),
        ({"wants_strike_training": True}, 0, "calf raises"),
    ],
)
def test_midfoot_only_on_request_without_history_with_its_companion(
    change: dict[str, bool | None], raises: int, words: str
) -> None:
    profile = replace(PROFILE, **change)  # type: ignore[arg-type]
    facts = HistoryFacts(calf_raises_14d=raises)
    assert words in (why_not("midfoot", answered(), profile, facts) or "")
    plan = plan_run(answered(), replace(profile, focus_wish="midfoot"), OWN, progress_of([]), facts, NOW)
    assert plan.focus != "midfoot"


def test_midfoot_is_planned_when_all_is_there() -> None:
    profile = replace(PROFILE, wants_strike_training=True, focus_wish="midfoot")
    facts = HistoryFacts(calf_raises_14d=3)
    plan = plan_run(answered(), profile, OWN, progress_of([]), facts, NOW)
    assert plan.focus == "midfoot"
    assert why_not("midfoot", answered(calf=1), profile, facts) is not None
    assert set(FOCUSES) >= {"quicker", "softer", "lengthen", "midfoot", "even", "lean", "swing"}


def test_withheld_moments_of_all_runs_are_pooled_newest_last() -> None:
    plan = RunPlan("quicker", 0.5, 1, False, False, "")
    runs = [run(i, plan) for i in (1, 0)]
    runs = [replace(r, outcome=replace(r.outcome, withheld={"q": (float(r.run_id[1:]),) * 40})) for r in runs]
    pool = withheld_pool(runs)["q"]
    assert len(pool) == 60
    assert pool[-1] == 1.0


def test_each_reason_against_landing_closer_to_midfoot_is_said() -> None:
    willing = replace(PROFILE, wants_strike_training=True, has_calf_history=False)
    done = HistoryFacts(calf_raises_14d=100)
    cases = [
        (PROFILE, answered(), done, "only trained where you ask for it"),
        (replace(willing, has_calf_history=None), answered(), done, "not with trouble there before"),
        (willing, answered(calf=2), done, "calf and Achilles"),
        (willing, answered(), HistoryFacts(), "calf raises"),
    ]
    for profile, pain, facts, words in cases:
        assert words in (why_not("midfoot", pain, profile, facts) or ""), words
    assert why_not("midfoot", answered(), willing, done) is None


def test_a_wish_that_is_closed_or_unknown_gives_a_run_without_cues_and_the_reason() -> None:
    for wish, words in (("moonwalk", "no focus moonwalk"), ("lengthen", "adds load and waits")):
        plan = planned([], level=4, wish=wish)
        assert plan.focus is None
        assert words in plan.reason
    assert planned([], wish="lean").focus == "lean"
    assert planned([], wish="none").focus is None


def test_after_a_block_fading_is_not_undone_and_a_month_brings_a_run_without_cues() -> None:
    runs = whole_block(replace(PROFILE, focus_wish="quicker"))
    calm = [replace(r, outcome=replace(r.outcome, needs={})) for r in runs]
    ended, progress = runs[-1].at, progress_of(calm)

    def after(days: int, more: Sequence[CoachedRun] = ()) -> RunPlan:
        known = progress_of([*calm, *more]) if more else progress
        return plan_run(answered(), PROFILE, OWN, known, HistoryFacts(), ended + timedelta(days=days))

    assert (after(2).focus, after(2).eligible_share) == ("lengthen", 0.25)
    month = after(28)
    assert (month.focus, month.eligible_share, month.is_retention) == (None, 0.0, False)
    assert "once a month" in month.reason
    silent = replace(run(20, month), at=ended + timedelta(days=28))
    assert after(30, [silent]).focus == "lengthen"
    assert after(57, [silent]).focus is None


def test_a_focus_gets_at_most_two_blocks_in_twelve_weeks() -> None:
    def at_days_ago(r: CoachedRun, days: float) -> CoachedRun:
        return replace(r, at=NOW - timedelta(days=days))

    block = whole_block(replace(PROFILE, focus_wish="softer"), need_last=0.3)
    first = [at_days_ago(r, 50 - 2 * i) for i, r in enumerate(block)]
    second = [at_days_ago(r, 30 - 2 * i) for i, r in enumerate(block)]
    beside = RunPlan("lengthen", 1.0, None, False, False, "")
    want = [at_days_ago(run(40 + i, beside), 3 - i) for i in range(3)]
    want = [replace(r, outcome=replace(r.outcome, needs={"softer": 0.5})) for r in want]
    silent = at_days_ago(run(50, RunPlan(None, 0.0, None, False, False, "")), 5)
    once, twice = [*first, silent, *want], [*first, *second, *want]
    assert (planned(once).focus, planned(once).block_run) == ("softer", 1)
    assert (planned(twice).focus, planned(twice).block_run) == ("lengthen", None)
    assert planned(twice, replace(PROFILE, focus_wish="softer")).block_run is None
