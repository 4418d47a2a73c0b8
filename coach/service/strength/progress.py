"""What the programme changed: sessions, loads, pain, tests and runs on one time axis; never a claim about the cause."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from coach.model.frozen import dataclass
from coach.model.pain import PainMoment
from coach.model.runs import RunEntry, RunFilter
from coach.model.strength import SessionState, StrengthPlan
from coach.model.strength_tests import Change, TestResult
from coach.model.time_zones import zone_or_utc
from coach.service.strength.assessments import MilestoneView, StrengthTests
from coach.service.strength.plans import StrengthService
from coach.storage.store import Store
from coach.summary.monthly import Monthly, monthly_of
from coach.summary.trends import trend_of

_DONE: Final = (SessionState.DONE, SessionState.PARTIAL)
_NOT_NEEDED: Final = ("by_speed", "best_s", "drift_pct", "foot_strike_share")
_PAIN_SERIES: Final = {
    PainMoment.BEFORE_RUN: "pain_before",
    PainMoment.DURING_RUN: "pain_running",
    PainMoment.AFTER_RUN: "pain_after",
    PainMoment.NEXT_MORNING: "pain_next_morning",
    PainMoment.WORST_24H: "pain_worst",
    PainMoment.NOW: "pain_now",
    PainMoment.BEFORE_SESSION: "pain_before",
    PainMoment.AFTER_SESSION: "pain_after",
}
SPEED_BAND: Final = 0.05  # runs within 5 % of the usual speed are compared; chosen by eye, 2026-11-20
STUDY_STEP_CM: Final = 9.9  # 2.464 cm at each of four intervals, doi:10.1249/MSS.0000000000001396
MATCHED: Final = ("step_length_m", "cadence_spm", "impacts_per_km")


@dataclass(frozen=True, slots=True)
class Point:
    """One value at one moment. sd: one standard deviation where known."""

    at: datetime
    value: float
    sd: float | None = None


@dataclass(frozen=True, slots=True)
class Adherence:
    """Sessions of the block up to now. n_due: done, partial, missed and skipped together."""

    n_planned: int
    n_due: int
    n_done: int
    n_partial: int
    n_skipped: int
    n_missed: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything on one time axis; series by name, oldest first. matched_speed_mps: at which runs are compared.

    growth: step length month by month at one speed and place; None without a run that knows it.
    """

    start: date | None
    adherence: Adherence
    milestones: tuple[MilestoneView, ...]
    series: Mapping[str, tuple[Point, ...]]
    changes: tuple[Change, ...]
    matched_speed_mps: float | None
    n_runs_matched: int
    n_runs_left_out: int
    study_step_cm: float = STUDY_STEP_CM
    growth: Monthly | None = None


@dataclass(frozen=True, slots=True)
class Outline:
    """The programme without its series: quick, however many runs there are."""

    start: date | None
    adherence: Adherence
    changes: tuple[Change, ...]


class StrengthProgress:
    """Read only."""

    def __init__(self, store: Store, plans: StrengthService, tests: StrengthTests) -> None:
        self._store = store
        self._plans = plans
        self._tests = tests

    def show(self) -> Progress:
        """Return the current progress."""
        plan = self._plans.show()
        results = self._tests.results()
        series: dict[str, list[Point]] = {}
        for name, points in (*_loads(plan), *self._pain(), *_tests(results)):
            series.setdefault(name, []).extend(points)
        speed, matched, n_left_out = self._matched()
        series.update(matched)
        return Progress(
            start=plan.wish.start if plan is not None else None,
            adherence=adherence(plan),
            milestones=tuple(self._tests.milestones()),
            series={name: tuple(sorted(points, key=lambda p: p.at)) for name, points in series.items() if points},
            changes=tuple(self._tests.changes()),
            matched_speed_mps=speed,
            n_runs_matched=len(matched.get("cadence_spm", [])),
            n_runs_left_out=n_left_out,
            growth=self._growth(plan),
        )

    def growth(self) -> Monthly | None:
        """Step length month by month at one speed and place, whether or not a cue ever speaks of it."""
        return self._growth(self._plans.show())

    def _growth(self, plan: StrengthPlan | None) -> Monthly | None:
        place = self._store.runs.main_place()
        trend = trend_of("step_length_m", self._store.runs.marks("step_length_m", RunFilter(place=place)))
        if not trend.points:
            return None
        own = zone_or_utc(plan.wish.tz if plan is not None else self._store.runner.get().time_zone)
        logs = [one.log for one in plan.sessions if one.state in _DONE] if plan is not None else []
        return monthly_of(trend, place, own, [log.done_at.astimezone(own).date() for log in logs if log is not None])

    def outline(self) -> Outline:
        """Return the state of the programme, without its series."""
        plan = self._plans.show()
        start = plan.wish.start if plan is not None else None
        return Outline(start, adherence(plan), tuple(self._tests.changes()))

    def _pain(self) -> list[tuple[str, list[Point]]]:
        found: dict[str, list[Point]] = {}
        for entry in self._store.pain.list():
            if entry.back is not None and entry.moment in _PAIN_SERIES:
                found.setdefault(_PAIN_SERIES[entry.moment], []).append(Point(entry.at, float(entry.back)))
        return list(found.items())

    def _matched(self) -> tuple[float | None, dict[str, list[Point]], int]:
        """Return the usual speed [m/s], measures of runs at it only (a faster run has longer steps whatever the legs
        can do), and the number of runs."""
        entries = [entry for entry in self._store.runs.list(limit=None, without=_NOT_NEEDED) if entry.run.state.is_over]
        speeds = sorted(s for entry in entries if (s := _speed(entry)) is not None)
        if not speeds:
            return None, {}, len(entries)
        usual = speeds[len(speeds) // 2]
        near = [e for e in entries if (s := _speed(e)) is not None and abs(s - usual) <= SPEED_BAND * usual]
        series: dict[str, list[Point]] = {}
        for entry in near:
            summary = entry.summary
            for name in MATCHED:
                value = getattr(summary, name)
                if value is not None and summary is not None:
                    series.setdefault(name, []).append(
                        Point(entry.run.started_at, value, summary.uncertainty.get(name))
                    )
        return usual, series, len(entries) - len(near)


def _speed(entry: RunEntry) -> float | None:
    return entry.summary.speed_mps if entry.summary is not None else None


def adherence(plan: StrengthPlan | None) -> Adherence:
    """Return, of the sixteen sessions of the block, what became of those whose time has come."""
    block = [one for one in plan.sessions if one.number <= 16] if plan is not None else []
    counts = {state: sum(one.state is state for one in block) for state in SessionState}
    n_done, n_partial = counts[SessionState.DONE], counts[SessionState.PARTIAL]
    n_skipped, n_missed = counts[SessionState.SKIPPED], counts[SessionState.MISSED]
    n_due = n_done + n_partial + n_skipped + n_missed
    return Adherence(len(block), n_due, n_done, n_partial, n_skipped, n_missed)


def _loads(plan: StrengthPlan | None) -> list[tuple[str, list[Point]]]:
    """Return repetitions times kilograms of each session, and the repetitions and seconds themselves."""
    lifted: list[Point] = []
    reps: list[Point] = []
    holds: list[Point] = []
    for one in plan.sessions if plan is not None else ():
        if one.state in _DONE and one.log is not None:
            sets = [each for item in one.log.exercises for each in item.sets]
            at = one.log.done_at
            lifted.append(Point(at, sum((each.reps or 0) * (each.load_kg or 0.0) for each in sets)))
            reps.append(Point(at, float(sum(each.reps or 0 for each in sets))))
            holds.append(Point(at, sum(each.hold_s or 0.0 for each in sets)))
    return [("load_kg", lifted), ("reps", reps), ("hold_s", holds)]


def _tests(results: Sequence[TestResult]) -> list[tuple[str, list[Point]]]:
    found: dict[str, list[Point]] = {}
    for one in results:
        if one.value is not None:
            name = f"test:{one.test_id}" + (f":{one.detail}" if one.detail else "")
            found.setdefault(name, []).append(Point(one.at, one.value))
    return list(found.items())
