"""Thousands of seeded runs of runners that tire, hurt, answer or ignore: no cue ever breaks a gate.

The checks read the decisions against what the runner answered and did, not against the gates the engine wrote down.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest

from coach.coaching.baseline import Baseline
from coach.coaching.composer import Schedule
from coach.coaching.engine import CueEngine
from coach.coaching.facts import HistoryFacts
from coach.coaching.loader import load_rules
from coach.coaching.pain import pain_state
from coach.model.cues import CueDecision
from coach.model.metrics import LiveMetrics
from coach.model.pain import PainEntry, PainMoment, RedFlagAnswers
from coach.model.runner import RunnerProfile
from coach.model.runs import RunPlan
from tests.coach.coaching.metric_runner import Body, MetricRunner
from tests.support.coaching import NOW, baseline_runs
from tests.support.common import mostly_slow

RULES = {rule.id: rule for rule in load_rules()}
FOCUSES = ("lengthen", "quicker", "softer", "midfoot", "lean", "swing", "even", None)
FOCUS_WEIGHTS = (0.3, 0.15, 0.15, 0.15, 0.05, 0.05, 0.1, 0.05)
N_BATCHES, N_EACH = 100, 20
N_LONG = 200  # of ten minutes; the others are quicker: all happens in four, seen every three seconds
MINUTES = 10.0
SHORT_MINUTES, SHORT_HZ = 4.0, 1 / 3


@dataclass(frozen=True)
class Scenario:
    body: Body
    plan: RunPlan
    profile: RunnerProfile
    facts: HistoryFacts
    level: int
    calf: int
    signs: tuple[str, ...]
    taps: tuple[tuple[float, int, bool], ...]
    mute_from_s: float
    week: int | None
    unsure_pct: float = 0.0  # standard uncertainty of what is measured, in percent of it
    odd_share: float = 0.0  # of the moments, in which some numbers are none
    minutes: float = MINUTES
    hz: float = 0.5


def shortened(s: Scenario) -> Scenario:
    """The same in less time."""
    share = SHORT_MINUTES / MINUTES
    body = replace(s.body, tires_from_s=share * s.body.tires_from_s, tires_over_s=share * s.body.tires_over_s)
    taps = tuple((share * t, level, is_calf) for t, level, is_calf in s.taps)
    week_m = share * (s.facts.week_distance_m or 0.0)
    facts = replace(s.facts, longest_30d_m=share * (s.facts.longest_30d_m or 0.0), week_distance_m=week_m)
    return replace(
        s, body=body, taps=taps, facts=facts, mute_from_s=share * s.mute_from_s, minutes=SHORT_MINUTES, hz=SHORT_HZ
    )


def drawn(seed: int) -> Scenario:
    rng = np.random.default_rng(seed)
    body = Body(
        seed=seed,
        height_m=float(rng.uniform(1.5, 2.0)),
        speed_mps=float(rng.uniform(2.3, 3.4)),
        own_cadence_spm=float(rng.uniform(150, 188)),
        own_angle_deg=float(rng.uniform(-3, 22)),
        tires_pct=float(rng.choice([0, 7, 10])),
        tires_from_s=float(rng.uniform(60, 300)),
        harder_pct=float(rng.choice([0, 0, 8, 15])),
        steeper_deg=float(rng.choice([0, 0, 4])),
        asymmetry_pct=float(rng.choice([0, 5])),
        answers=float(rng.choice([0, 0.5, 1])),
        overstrides=bool(rng.random() < 0.3),
        has_foot_sensor=bool(rng.random() < 0.85),
        has_trunk_sensor=bool(rng.random() < 0.3),
        noise=float(rng.choice([0.5, 1.0, 2.0])),
    )
    share = float(rng.choice([1.0, 0.75, 0.5, 0.25, 0.1, 0.0]))
    focus = FOCUSES[int(rng.choice(len(FOCUSES), p=FOCUS_WEIGHTS))]
    taps = tuple(
        (float(rng.uniform(60, 900)), int(rng.integers(0, 9)), bool(rng.random() < 0.3))
        for _ in range(int(rng.choice([0, 0, 1, 2])))
    )
    history = [None, True, False][int(rng.integers(3))]
    profile = RunnerProfile(
        height_m=body.height_m, has_calf_history=history, wants_strike_training=bool(rng.random() < 0.6)
    )
    facts = HistoryFacts(
        longest_30d_m=float(rng.choice([1500, 6000])),
        week_distance_m=float(rng.choice([8000, 40000])),
        calf_raises_14d=int(rng.choice([0, 4])),
        n_runs=int(rng.choice([3, 20])),
    )
    signs = ("fever_or_unwell",) if rng.random() < 0.08 else ()
    scenario = Scenario(
        body,
        RunPlan(focus, share, 1, False, False, "", seed),
        profile,
        facts,
        int(rng.choice([0, 0, 1, 1, 2, 3, 5, 6])),
        int(rng.choice([0, 0, 0, 2, 4])),
        signs,
        tuple(sorted(taps)),
        float(rng.choice([99999, 99999, 400])),
        [None, 3, 6][int(rng.integers(3))],
        float(rng.choice([0.0, 0.0, 3.0, 8.0])),
        float(rng.choice([0.0, 0.0, 0.02, 0.3])),
    )
    return scenario if seed < N_LONG else shortened(scenario)


MEASURED = ("step_length_m", "cadence_spm", "impact_g", "foot_strike_angle_deg", "contact_time_ms", "speed_mps")


def spoilt(s: Scenario, metrics: LiveMetrics, rng: np.random.Generator) -> LiveMetrics:
    """The moment as bad sensors give it: unsure, and now and then not a number."""
    known = {name: v for name in MEASURED if (v := getattr(metrics, name)) is not None}
    unsure = {name: abs(v) * s.unsure_pct / 100 for name, v in known.items()} if s.unsure_pct else {}
    odd = {name: math.nan for name in known if rng.random() < s.odd_share}
    return replace(metrics, uncertainty={**metrics.uncertainty, **unsure}, **odd)  # type: ignore[arg-type]


def played(s: Scenario) -> list[CueDecision]:
    pain = pain_state([PainEntry(NOW, PainMoment.BEFORE_RUN, s.level, s.calf)], [RedFlagAnswers(NOW, s.signs)], NOW)
    own = Baseline(baseline_runs(s.body), NOW, s.body.height_m)
    engine = CueEngine(load_rules(), s.plan, pain, s.profile, own, s.week, s.facts)
    runner = MetricRunner(s.body, s.minutes, s.hz)
    taps, decisions = list(s.taps), list[CueDecision]()
    rng = np.random.default_rng(s.body.seed)
    for metrics in runner.moments():
        engine.mute(metrics.t_s >= s.mute_from_s)
        while taps and taps[0][0] <= metrics.t_s:
            _, level, is_calf = taps.pop(0)
            decisions += engine.pain(metrics.t_s, level, is_calf)
        seen = engine.compare(spoilt(s, metrics, rng))
        for decision in engine.observe(metrics.t_s, seen):
            runner.hear(decision)
            decisions.append(decision)
            assert _is_sure(decision, seen), f"{decision.rule_id} spoke from an unsure number: {decision.value}"
    assert decisions == list(engine.decisions)
    return decisions


def _is_sure(d: CueDecision, seen: LiveMetrics) -> bool:
    """Whether a measured cue is out by more than what may be wrong, and no number that is none."""
    rule = RULES[d.rule_id]
    if rule.metric is None or not d.is_spoken or d.kind == "safety":
        return True
    sd = seen.uncertainty.get(rule.metric, 0.0)
    return d.value is not None and math.isfinite(d.value) and rule.is_out(d.value + rule.direction * sd)


def faults(s: Scenario, decisions: Sequence[CueDecision]) -> list[str]:
    """Every case in which what was said breaks a rule of the coaching, in words."""
    said = [d for d in decisions if d.is_spoken]
    form = [d for d in said if d.kind != "safety"]
    schedule = Schedule(s.plan.eligible_share, s.plan.seed)
    found = [f"{d.rule_id} spoke with a red flag open" for d in form if s.signs]
    for d in form:
        worst = max([s.level, s.calf, *(level for t, level, _ in s.taps if t <= d.t_s)])
        if worst > 5:
            found.append(f"{d.rule_id} spoke at pain {worst}")
        if worst > 2 and RULES[d.rule_id].adds_load:
            found.append(f"{d.rule_id} adds load at pain {worst}")
        if d.t_s >= s.mute_from_s:
            found.append(f"{d.rule_id} spoke while muted")
        if not schedule.is_eligible(d.t_s):
            found.append(f"{d.rule_id} spoke outside the fading schedule")
        if d.kind != "praise" and d.focus != s.plan.focus:
            found.append(f"{d.rule_id} is not of the focus {s.plan.focus}")
        if d.value is not None and not RULES[d.rule_id].is_out(d.value):
            found.append(f"{d.rule_id} spoke on target")
    found += _landing_faults(s, form)
    found += [f"{b.rule_id} {b.t_s - a.t_s:.0f} s after a cue" for a, b in pairwise(said) if _is_close(a, b, 60.0, s)]
    praise = [d for d in said if d.kind == "praise"]
    return found + ["praise twice in five minutes" for a, b in pairwise(praise) if b.t_s - a.t_s < 300.0]


def _is_close(a: CueDecision, b: CueDecision, apart_s: float, s: Scenario) -> bool:
    """Too close, unless the later one answers a tap of the runner."""
    return b.t_s - a.t_s < apart_s and not (
        b.rule_id == "ease_off_pain" and any(abs(t - b.t_s) <= 1 / s.hz for t, _, _ in s.taps)
    )


def _landing_faults(s: Scenario, form: Sequence[CueDecision]) -> list[str]:
    calf_answers = [(0.0, s.calf), *((t, level) for t, level, is_calf in s.taps if is_calf)]
    is_free = s.profile.wants_strike_training and s.profile.has_calf_history is False and s.facts.calf_raises_14d >= 2
    share_m = 0.1 * (s.facts.week_distance_m or 0.0)
    found = []
    for d in form:
        if d.focus == "midfoot":
            if not is_free or any(level > 0 for t, level in calf_answers if t <= d.t_s):
                found.append("midfoot in spite of calf, history, wish or companion")
            if d.t_s * s.body.speed_mps > 1.1 * share_m + 20.0:
                found.append("midfoot beyond a tenth of the week")
        if d.focus == "lengthen" and (not s.body.has_foot_sensor or s.body.steeper_deg > 3 or s.body.harder_pct > 10):
            found.append("lengthen for an overstrider or with an unknown landing")
        if d.rule_id == "growing_stride" and (s.week is None or s.week < 5 or s.facts.n_runs < 8):
            found.append("growth before week 5 or in the first runs")
    return found


@pytest.mark.parametrize("batch", mostly_slow(range(N_BATCHES), n_quick=1))
def test_no_cue_breaks_a_gate(batch: int) -> None:
    for seed in range(batch, N_BATCHES * N_EACH, N_BATCHES):  # of the long ones as many in each batch
        scenario = drawn(seed)
        assert faults(scenario, played(scenario)) == [], f"seed {seed}"


@pytest.mark.slow
def test_the_scenarios_are_worth_something() -> None:
    """Cues are spoken somewhere, and the checks do see a broken gate."""
    open_ones = [s for s in map(drawn, range(N_LONG)) if s.level <= 2 and not s.calf and s.plan.eligible_share > 0.4]
    for focus in ("lengthen", "softer", "quicker", "even"):
        same = (replace(s, unsure_pct=0.0, odd_share=0.0) for s in open_ones if s.plan.focus == focus)
        assert any(d.is_spoken and d.focus == focus for s in same for d in played(s)), focus
    scenario = next(s for s in map(drawn, range(500)) if s.level > 5)
    cue = CueDecision("c1", 30.0, "shortened_stride", "lengthen", "cue", True, False, "", -4.0, -3.0, "%", (), "", "")
    assert faults(scenario, [cue, replace(cue, t_s=40.0)])


@pytest.mark.parametrize("seed", mostly_slow(range(6), 1))
def test_lengthen_fires_for_the_tired_shuffler_and_never_for_the_overstrider(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shuffler = Body(
        seed=seed,
        height_m=float(rng.uniform(1.6, 1.9)),
        own_cadence_spm=float(rng.uniform(163, 176)),
        own_angle_deg=float(rng.uniform(4, 14)),
        tires_pct=float(rng.uniform(7, 10)),
        answers=float(rng.choice([0, 1])),
    )
    runs = {
        "shuffler": shuffler,
        "lands steeper when tired": replace(shuffler, steeper_deg=5.0),
        "lands harder when tired": replace(shuffler, harder_pct=12.0),
        "always steep": replace(shuffler, own_angle_deg=24.0),
        "long steps already": replace(shuffler, own_cadence_spm=136.0, tires_pct=0.0),
    }
    spoken = {}
    for name, body in runs.items():
        own = Baseline(baseline_runs(body), NOW, body.height_m)
        pain = pain_state([PainEntry(NOW, PainMoment.BEFORE_RUN, 0, 0)], [RedFlagAnswers(NOW, ())], NOW)
        plan = RunPlan("lengthen", 1.0, 1, False, False, "", seed)
        profile = RunnerProfile(height_m=body.height_m)
        engine = CueEngine(load_rules(), plan, pain, profile, own, 6, HistoryFacts(n_runs=20))
        runner = MetricRunner(body, 18.0, 0.5)
        for metrics in runner.moments():
            for decision in engine.observe(metrics.t_s, engine.compare(metrics)):
                runner.hear(decision)
        spoken[name] = len([d for d in engine.decisions if d.is_spoken and d.kind == "cue"])
    assert spoken.pop("shuffler") > 0
    assert set(spoken.values()) == {0}, spoken


def test_lengthen_stops_for_the_run_when_the_landing_worsens_with_it() -> None:
    body = Body(seed=7, tires_pct=9.0, answers=1.0, answer_pct=6.0, overstrides=True, noise=0.3)
    own = Baseline(baseline_runs(body), NOW, body.height_m)
    pain = pain_state([PainEntry(NOW, PainMoment.BEFORE_RUN, 0, 0)], [RedFlagAnswers(NOW, ())], NOW)
    plan = RunPlan("lengthen", 1.0, 1, False, False, "", 1)
    engine = CueEngine(load_rules(), plan, pain, RunnerProfile(height_m=1.75), own)
    runner = MetricRunner(replace(body, push={"reaches": 1.0}), 40.0)
    for metrics in runner.moments():
        answer = runner.heard and metrics.t_s > runner.heard[0][0] + 5.0
        worse = replace(metrics, impact_g=(metrics.impact_g or 0.0) * (1.12 if answer else 1.0))
        for decision in engine.observe(metrics.t_s, engine.compare(worse)):
            runner.hear(decision)
    cues = [d for d in engine.decisions if d.is_spoken and d.kind == "cue"]
    assert len(cues) == 1
    assert any(d.suppressed_by in ("no_rise_since_cue", "not_overstriding") for d in engine.decisions)
