"""A simulated eight weeks, run by run through the coaching service: `python -m tests.simulated_block [--svg PATH]`.

A runner with low back pain tires into a shuffle; strength training slowly lengthens the step; cues are answered. The
real service, database, pain rules, programme and engine work; only the runner is simulated, at the level of metrics.
"""

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from coach.model.pain import PainMoment
from coach.model.runs import Run, RunPlace, RunState
from coach.service.runner import RunnerService
from coach.service.runs.coaching import CoachingService
from coach.storage.store import Store
from tests.coach.coaching.metric_runner import Body, MetricRunner

START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
WEEKS = 8
DAYS = (0, 2, 4)  # Monday, Wednesday, Friday
MATCHED_MPS = 2.8


@dataclass(frozen=True)
class SimulatedRun:
    """One run of the eight weeks as it came out."""

    number: int
    week: int
    focus: str | None
    share: float
    block_run: int | None
    is_retention: bool
    n_spoken: int
    n_withheld: int
    n_suppressed: int
    pain_before: int
    pain_after: int
    step_length_m: float
    step_length_late_m: float
    own_m: float | None
    own_sd_m: float | None
    effect_pct: float | None
    reason: str


class Calendar:
    """A clock that is set, not waited for."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def simulate(
    folder: Path, seed: int = 1, answers: float = 0.8, weeks: int = WEEKS, wish: str | None = "lengthen"
) -> list[SimulatedRun]:
    """Three runs a week; pain falls from about 3 with one flare in week 4."""
    store, clock = Store(folder / "coach.sqlite"), Calendar(START)
    runner, coaching = RunnerService(store, clock), CoachingService(store, clock)
    runner.change(height_m=1.75, weekly_km=18.0, has_back_pain=True, has_calf_history=False, focus_wish=wish)
    rng = np.random.default_rng(seed)
    found: list[SimulatedRun] = []
    try:
        for number in range(weeks * len(DAYS)):
            week, day = number // len(DAYS), DAYS[number % len(DAYS)]
            clock.now = START + timedelta(days=7 * week + day)
            found.append(_one(store, clock, runner, coaching, rng, number, week, seed, answers))
    finally:
        store.close()
    return found


def _pain(week: int, number: int, rng: np.random.Generator) -> int:
    """Falling over the weeks, with a flare above 5 in one run of week 4."""
    if number == 10:
        return 6
    return int(np.clip(round(2.4 - 0.25 * week + 0.5 * rng.normal()), 0, 5))


def _one(
    store: Store,
    clock: Calendar,
    runner: RunnerService,
    coaching: CoachingService,
    rng: np.random.Generator,
    number: int,
    week: int,
    seed: int,
    answers: float,
) -> SimulatedRun:
    if number % 9 == 0:  # every three weeks: answers hold for four
        runner.answer_red_flags([])
    before = _pain(week, number, rng)
    run_id = f"run{number:02d}"
    runner.report_pain(PainMoment.BEFORE_RUN, before, 0, run_id)
    engine = coaching.prepare(run_id, clock.now)
    run = Run(run_id, clock.now, RunState.RECORDING, place=RunPlace.TREADMILL, plan=engine.plan)
    store.runs.create(run)
    learnt = 0.5 * sum(1 for d in range(number) if d >= 3) / 8 * answers
    body = Body(
        seed=1000 * seed + number,
        tires_pct=max(1.0, 7.0 - learnt * 5.0),
        gain_pct=0.25 * max(0, week - 1),
        answers=answers,
    )
    metric_runner = MetricRunner(body, 26.0, 0.5)
    decisions, seconds = [], []
    for metrics in metric_runner.moments():
        compared = engine.compare(metrics)
        for decision in engine.observe(metrics.t_s, compared):
            metric_runner.hear(decision)
            decisions.append(decision)
        seconds.append(compared)
    distance = seconds[-1].distance_m
    store.runs.data.add(run_id, decisions=decisions, responses=engine.responses())
    ended = store.runs.change(run_id, state=RunState.FINISHED, duration_s=seconds[-1].t_s, distance_m=distance)
    coaching.finish(ended, engine)
    own = coaching.baseline().own("step_length_m", MATCHED_MPS)
    clock.now += timedelta(minutes=30)
    after = min(10, before + int(rng.random() < 0.3))
    runner.report_pain(PainMoment.AFTER_RUN, after, 0, run_id)
    clock.now += timedelta(hours=22)
    runner.report_pain(PainMoment.NEXT_MORNING, max(0, before - 1), 0, run_id)
    early = [m for m in seconds if 120 <= m.t_s < 420]
    late = [m for m in seconds if m.t_s >= 1080]
    outcome = coaching.coached_run(run_id)
    assert outcome is not None
    effects = [
        r.effect for r in outcome.outcome.focus_responses if r.focus == engine.plan.focus and r.effect is not None
    ]
    plan = engine.plan
    return SimulatedRun(
        number + 1, week + 1, plan.focus, plan.eligible_share, plan.block_run, plan.is_retention,
        outcome.outcome.n_spoken, outcome.outcome.n_withheld, outcome.outcome.n_suppressed, before, after,
        _matched(early), _matched(late), own.value if own else None, own.sd if own else None,
        effects[0] if effects else None, plan.reason,
    )  # fmt: skip


def _matched(seconds: Sequence[object]) -> float:
    """Median step length brought to the matched speed by the usual slope."""
    values = [m.step_length_m * (MATCHED_MPS / m.speed_mps) ** 0.87 for m in seconds]  # type: ignore[attr-defined]
    return float(np.median(values))


def table(runs: Sequence[SimulatedRun]) -> str:
    """One line a run."""
    lines = ["run week  focus       share block cues held shut  pain  early cm  late cm   own cm (sd) effect %"]
    for r in runs:
        own = f"{100 * r.own_m:.1f} ({100 * (r.own_sd_m or 0):.1f})" if r.own_m is not None else "-"
        effect = f"{r.effect_pct:+.1f}" if r.effect_pct is not None else "-"
        block = "ret." if r.is_retention else str(r.block_run or "-")
        cells = (
            f"{r.number:3d} {r.week:4d}",
            f"{r.focus or '-':9s}",
            f"{100 * r.share:4.0f} % {block:>5s} {r.n_spoken:4d} {r.n_withheld:4d} {r.n_suppressed:4d}",
            f"{r.pain_before}->{r.pain_after}",
            f"{100 * r.step_length_m:8.1f} {100 * r.step_length_late_m:8.1f}",
            f"{own:>12s} {effect:>8s}",
        )
        lines.append("  ".join(cells))
    return "\n".join(lines)


def main() -> None:
    """Print the table; write the figure where asked."""
    with tempfile.TemporaryDirectory() as folder:
        runs = simulate(Path(folder))
    print(table(runs))
    for r in runs:
        print(f"{r.number:3d}  {r.reason}")
    if "--svg" in sys.argv:
        from tests.simulated_block_figure import figure

        Path(sys.argv[sys.argv.index("--svg") + 1]).write_text(figure(runs), "utf-8")


if __name__ == "__main__":
    main()
