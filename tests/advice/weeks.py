"""What kinds of runners hear in 26 weeks, three runs a week, through the service: `python -m tests.advice weeks`.

The real service, database, programme, pain rules and engine work; the runner is simulated at the level of metrics. Pain
wanders about a mean. Steps shorten within a run, and answer cues as each kind of runner does.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import groupby
from pathlib import Path

import numpy as np

from coach.model.links import SensorUse
from coach.model.metrics import LiveMetrics
from coach.model.pain import PainMoment
from coach.model.runs import Run, RunPlace, RunState
from coach.model.sites import WearSite
from coach.service.runner import RunnerService
from coach.service.runs.coaching import CoachingService
from coach.storage.store import Store
from tests.coach.coaching.metric_runner import Body, MetricRunner
from tests.simulated_block import START, Calendar

WEEKS = 26
DAYS = (0, 2, 4)
FEET = (
    SensorUse("AA:00:00:00:00:01", "Left", "movesense", WearSite.LEFT_FOOT),
    SensorUse("AA:00:00:00:00:02", "Right", "movesense", WearSite.RIGHT_FOOT),
)
POD = (SensorUse("AA:00:00:00:00:03", "Pod", "running_speed_cadence"),)


@dataclass(frozen=True)
class Kind:
    """A kind of runner. learns: share of the tiredness in the steps that a block of eight runs takes away."""

    name: str
    words: str
    body: Body
    wish: str | None = None
    sensors: Sequence[SensorUse] = FEET
    pain: float = 1.2
    learns: float = 0.0


KINDS = (
    Kind("typical", "typical: fades 2 % in 26 min, both feet, the coach chooses", Body(tires_pct=2.0, answers=0.5)),
    Kind(
        "shuffler",
        "shuffler: fades 6 %, wishes to lengthen, answers most cues and learns",
        Body(tires_pct=6.0, answers=0.7),
        "lengthen",
        learns=0.6,
    ),
    Kind(
        "low cadence",
        "low cadence: 156 spm, the coach chooses",
        Body(tires_pct=2.0, own_cadence_spm=156.0, answers=0.5),
    ),
    Kind(
        "pod only",
        "running pod alone: fades 6 %, wishes to lengthen",
        Body(tires_pct=6.0, answers=0.5, has_foot_sensor=False),
        "lengthen",
        POD,
    ),
)


@dataclass(frozen=True)
class Heard:
    """One run: its plan and what was spoken in it."""

    number: int
    focus: str | None
    share: float
    block_run: int | None
    is_baseline: bool
    n_cues: int
    n_tips: int
    n_praise: int
    n_care: int
    reason: str


@dataclass
class _Person:
    """A runner over the weeks: services on a store, a clock, and what the blocks have taught."""

    kind: Kind
    store: Store
    clock: Calendar = field(default_factory=lambda: Calendar(START))

    def __post_init__(self) -> None:
        self.runner = RunnerService(self.store, self.clock)
        self.coaching = CoachingService(self.store, self.clock)
        self.runner.change(
            height_m=1.75, weekly_km=13.0, has_back_pain=True, has_calf_history=False, focus_wish=self.kind.wish
        )
        for use in self.kind.sensors:
            self.store.sensors.remember(use, START)
        self.rng = np.random.default_rng(1)

    def run(self, number: int, minutes: float) -> Heard:
        """One run of the calendar, with pain before, after and the next morning."""
        self.clock.now = START + timedelta(days=7 * (number // len(DAYS)) + DAYS[number % len(DAYS)])
        if number % 9 == 0:  # every three weeks: answers hold for four
            self.runner.answer_red_flags([])
        pain, run_id = int(np.clip(round(self.kind.pain + 0.7 * self.rng.normal()), 0, 10)), f"r{number:03d}"
        self.runner.report_pain(PainMoment.BEFORE_RUN, pain, 0, run_id)
        engine = self.coaching.prepare(run_id, self.clock.now, place=RunPlace.TREADMILL)
        self.store.runs.create(
            Run(run_id, self.clock.now, RunState.RECORDING, place=RunPlace.TREADMILL, plan=engine.plan)
        )
        walker = MetricRunner(replace(self._body(number), seed=1000 + number), minutes, 0.5)
        last = LiveMetrics(0.0)
        for metrics in walker.moments():
            last = engine.compare(metrics)
            for decision in engine.observe(metrics.t_s, last):
                walker.hear(decision)
        changed = {"state": RunState.FINISHED, "duration_s": last.t_s, "distance_m": last.distance_m}
        self.coaching.finish(self.store.runs.change(run_id, **changed), engine)
        self.clock.now += timedelta(minutes=30)
        self.runner.report_pain(PainMoment.AFTER_RUN, min(10, pain + int(self.rng.random() < 0.3)), 0, run_id)
        self.clock.now += timedelta(hours=22)
        self.runner.report_pain(PainMoment.NEXT_MORNING, max(0, pain - 1), 0, run_id)
        said = [d.kind for d in engine.decisions if d.is_spoken]
        plan = engine.plan
        n_cues, n_tips, n_praise, n_care = (said.count(kind) for kind in ("cue", "tip", "praise", "safety"))
        return Heard(
            number + 1, plan.focus, plan.eligible_share, plan.block_run, plan.is_baseline,
            n_cues, n_tips, n_praise, n_care, plan.reason,
        )  # fmt: skip

    def _body(self, number: int) -> Body:
        """The body after what finished blocks have taught it."""
        taught = any(block.is_tested for block in self.coaching.progress().past) if number else False
        body = self.kind.body
        return replace(body, tires_pct=body.tires_pct * (1.0 - self.kind.learns)) if taught else body


def hear(kind: Kind, weeks: int = WEEKS, minutes: float = 26.0) -> list[Heard]:
    """Every run of one kind of runner."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "coach.sqlite")
        try:
            person = _Person(kind, store)
            return [person.run(number, minutes) for number in range(weeks * len(DAYS))]
        finally:
            store.close()


def lines_of(kind: Kind, runs: Sequence[Heard]) -> list[str]:
    """Totals of one kind of runner, then one line a phase: what it was, and the cues of each of its runs."""
    cues = [run.n_cues for run in runs]
    first = next((str(run.number) for run in runs if run.n_cues), "never")
    tips, praise, care = (sum(getattr(run, name) for run in runs) for name in ("n_tips", "n_praise", "n_care"))
    lines = [
        kind.words,
        f"  {len(runs)} runs; first cue in run {first}; {sum(n == 0 for n in cues)} runs without a cue; "
        f"{np.mean(cues):.1f} cues a run; {tips} tips, {praise} praise, {care} words of care (half of the day's limit)",
    ]
    for phase, found in groupby(runs, key=_phase):
        part = list(found)
        lines.append(
            f"  {part[0].number:3d}-{part[-1].number:<3d} {phase:44s} cues {' '.join(str(r.n_cues) for r in part)}"
        )
    return lines


def _phase(run: Heard) -> str:
    if run.is_baseline:
        return "baseline, no cues"
    if run.focus is None:
        return "no cues: " + run.reason.removeprefix("No cues in this run. ").split(". ")[0]
    if run.block_run is not None:
        return f"block of {run.focus}"
    return f"{run.focus}, in {100 * run.share:.0f} % of the time"


def tables(weeks: int = WEEKS) -> Iterator[str]:
    """One kind of runner after the other."""
    for kind in KINDS:
        yield "\n".join([*lines_of(kind, hear(kind, weeks)), ""])
