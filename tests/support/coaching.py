"""What several coaching tests share: a calm runner, states, plans, a baseline, and one run through the engine."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from coach.coaching.baseline import Baseline, BaselinePoint, BaselineRun
from coach.coaching.engine import CueEngine
from coach.coaching.facts import HistoryFacts
from coach.coaching.loader import load_rules
from coach.coaching.measures import KINDS
from coach.coaching.pain import pain_state
from coach.model.cues import CueDecision
from coach.model.pain import PainEntry, PainMoment, PainState, RedFlagAnswers
from coach.model.runner import RunnerProfile
from coach.model.runs import RunPlan
from tests.coach.coaching.metric_runner import Body, MetricRunner

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PROFILE = RunnerProfile(height_m=1.75, weekly_km=20.0, has_calf_history=False)


def answered(level: int = 0, calf: int = 0, at: datetime = NOW) -> PainState:
    """Pain state of a runner who has just answered pain before the run, and then the warning signs."""
    return pain_state([PainEntry(at, PainMoment.BEFORE_RUN, level, calf)], [RedFlagAnswers(at, ())], at)


def plan(focus: str | None = "lengthen", share: float = 1.0, seed: int = 1) -> RunPlan:
    return RunPlan(focus, share, 1, focus is None, False, "for the test", seed)


def baseline_runs(body: Body, n: int = 3, now: datetime = NOW) -> list[BaselineRun]:
    """What easy fresh runs of this body leave behind, on the days before `now`, at slightly different speeds."""
    fresh = replace(
        body, tires_pct=0.0, steeper_deg=0.0, harder_pct=0.0, asymmetry_pct=0.0, gain_pct=0.0, answers=0.0, noise=0.0
    )
    rng = np.random.default_rng(body.seed)
    runs = []
    for i in range(n):
        speed = body.speed_mps - 0.1 + 0.1 * i
        moment = list(MetricRunner(fresh, 0.25, 1.0, speed).moments())[-1]
        values = {name: v * (1 + 0.004 * rng.normal()) for name in KINDS if (v := getattr(moment, name)) is not None}
        at = now - timedelta(days=2 * (n - i))
        runs.append(BaselineRun(f"base{i}", at, 720.0, (BaselinePoint(speed, body.grade_pct or 0.0, 36, values),)))
    return runs


def baseline(body: Body, now: datetime = NOW) -> Baseline:
    return Baseline(baseline_runs(body, now=now), now, body.height_m)


def engine_for(
    body: Body,
    run_plan: RunPlan,
    pain: PainState | None = None,
    profile: RunnerProfile = PROFILE,
    facts: HistoryFacts | None = None,
    week: int | None = None,
) -> CueEngine:
    own = replace(profile, height_m=body.height_m)
    return CueEngine(load_rules(), run_plan, pain or answered(), own, baseline(body), week, facts)


def go(
    engine: CueEngine,
    runner: MetricRunner,
    at: dict[float, Callable[[CueEngine], list[CueDecision] | None]] | None = None,
) -> list[CueDecision]:
    """One run: every decision, in order. at: things that happen during it, by time."""
    todo = dict(at or {})
    decisions: list[CueDecision] = []
    for metrics in runner.moments():
        for when in [w for w in todo if w <= metrics.t_s]:
            decisions += todo.pop(when)(engine) or []
        new = engine.observe(metrics.t_s, engine.compare(metrics))
        for decision in new:
            runner.hear(decision)
        decisions += new
    return decisions


def spoken(decisions: list[CueDecision], *kinds: str) -> list[CueDecision]:
    return [d for d in decisions if d.is_spoken and (not kinds or d.kind in kinds)]
