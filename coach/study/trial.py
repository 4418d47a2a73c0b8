"""Bring a trial over months to one value a participant, time and measure, from each one's runs and answers.

Measures of running are compared at one speed for everybody, as step length rises with speed: each participant's runs
are brought to it by `summary.trends` (line by line, from the moments that each run keeps), and those about a time are
averaged by their weights. So a participant who runs faster at month six than at week zero has not thereby changed.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from coach.model.frozen import dataclass
from coach.model.history import TrendMarks
from coach.study.columns import MOMENTS, moment_column
from coach.summary.trends import trend_of


@dataclass(frozen=True, slots=True)
class TrialTime:
    """A time at which a trial measures. week: since enrolment. first_day, last_day: days since enrolment that count."""

    id: str
    name: str
    week: int
    first_day: int
    last_day: int


# The product's own milestones without week four. The days that count are chosen by judgement: ten to fourteen days to
# each side hold several runs of a runner with two or three a week; of week zero only the first days, before training
# acts.
TIMES: Final = (
    TrialTime("week_0", "week 0", 0, -14, 7),
    TrialTime("week_8", "week 8", 8, 46, 70),
    TrialTime("month_3", "month 3", 13, 77, 105),
    TrialTime("month_6", "month 6", 26, 168, 196),
)


@dataclass(frozen=True, slots=True)
class TrialRun:
    """A run as a trial needs it. cells: its row by column name, for its moments against speed."""

    run_id: str
    started_at: datetime
    cells: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class TrialPerson:
    """A participant. excluded: why they were not included; lost_reason: why they left it, lost_at when."""

    id: str
    group: str
    enrolled_at: datetime
    excluded: str = ""
    lost_at: datetime | None = None
    lost_reason: str = ""


@dataclass(frozen=True, slots=True)
class TrialValue:
    """One value of a participant at a time. n: runs or answers that it rests on."""

    participant: str
    group: str
    time: str
    measure: str
    value: float
    n: int


def values_at_speed(person: TrialPerson, runs: Sequence[TrialRun], metric: str, speed_mps: float) -> list[TrialValue]:
    """Return a metric of one participant at one speed, at each time that has runs;
    weighted by the runs' standard errors."""
    marks = marks_of_rows(metric, runs)
    found: dict[str, list[tuple[float, float]]] = {}
    for point in trend_of(metric, marks, speed_mps).points:
        time = time_of(person, point.started_at)
        if time is not None and np.isfinite(point.se):
            found.setdefault(time, []).append((point.value, max(point.se, 1e-9)))
    values = []
    for time, pairs in found.items():
        weights = [1 / se**2 for _, se in pairs]
        mean = sum(w * v for w, (v, _) in zip(weights, pairs, strict=True)) / sum(weights)
        values.append(TrialValue(person.id, person.group, time, metric, mean, len(pairs)))
    return values


def values_of_answers(person: TrialPerson, answers: Iterable[tuple[datetime, str, float]]) -> list[TrialValue]:
    """Return answers and tests (moment, measure, value) of one participant: the mean of those that count for a time."""
    found: dict[tuple[str, str], list[float]] = {}
    for at, measure, value in answers:
        time = time_of(person, at)
        if time is not None:
            found.setdefault((time, measure), []).append(value)
    return [
        TrialValue(person.id, person.group, time, measure, sum(values) / len(values), len(values))
        for (time, measure), values in found.items()
    ]


def time_of(person: TrialPerson, at: datetime) -> str | None:
    """Return the time of the trial that a moment counts for, None for none."""
    day = (at - person.enrolled_at) / timedelta(days=1)
    return next((time.id for time in TIMES if time.first_day <= day < time.last_day + 1), None)


def marks_of_rows(metric: str, runs: Sequence[TrialRun]) -> TrendMarks:
    """Return what `trend_of` needs, from the rows of runs."""
    ordered = sorted(runs, key=lambda run: run.started_at)
    names = ("speed_mps", *(moment_column(metric, key) for key in MOMENTS))
    table = np.array([[run.cells.get(name) for name in names] for run in ordered], dtype=np.float64)
    columns = dict(zip(("run_speed_mps", *MOMENTS), table.reshape(-1, len(names)).T, strict=True))
    started = [run.started_at.astimezone(UTC).replace(tzinfo=None) for run in ordered]
    return TrendMarks(tuple(run.run_id for run in ordered), np.array(started, dtype="datetime64[us]"), **columns)


def flow(people: Sequence[TrialPerson], values: Iterable[TrialValue]) -> dict[str, object]:
    """Return the flow of participants as CONSORT asks for it (doi:10.1136/bmj.c332): assessed, excluded with reasons,
    and by arm allocated, lost with reasons and weeks, and analysed, by measure and time."""
    included = [person for person in people if not person.excluded]
    analysed: dict[tuple[str, str, str], set[str]] = {}
    for value in values:
        analysed.setdefault((value.group, value.measure, value.time), set()).add(value.participant)
    arms = {}
    for group in dict.fromkeys(person.group for person in included):
        own = [person for person in included if person.group == group]
        arms[group or "all"] = {
            "allocated": len(own),
            "lost": [
                {
                    "reason": one.lost_reason or "not known",
                    "week": (one.lost_at - one.enrolled_at) // timedelta(weeks=1),
                }
                for one in sorted(own, key=lambda one: str(one.lost_at))
                if one.lost_at is not None
            ],
            "analysed": {
                measure: {time.id: len(analysed.get((group, measure, time.id), ())) for time in TIMES}
                for measure in sorted({key[1] for key in analysed})
            },
        }
    excluded = [person.excluded for person in people if person.excluded]
    reasons = {reason: excluded.count(reason) for reason in sorted(set(excluded))}
    return {"assessed": len(people), "excluded": reasons, "randomised": len(included), "arms": arms}
