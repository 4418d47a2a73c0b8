"""Months and weeks on the runner's wall clock: a month's cells and totals, and the worst pain of each week."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from coach.model.frozen import dataclass
from coach.model.history import CalendarDay
from coach.model.pain import PainEntry
from web.context import profile
from web.units import local_time


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the calendar: weeks of seven cells, None outside the month."""

    first: datetime
    weeks: tuple[tuple[int | None, ...], ...]
    before: str
    after: str


def month_of(text: str, now: datetime) -> Month:
    """Return the month named `YYYY-MM`; the present one where that is no month."""
    try:  # DTZ007: only the date is taken, and the zone is given beside it
        first = datetime.combine(datetime.strptime(text, "%Y-%m").date(), time(), now.tzinfo)  # noqa: DTZ007
    except ValueError:
        first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    after = (first + timedelta(days=32)).replace(day=1)
    n_days = (after.date() - first.date()).days
    cells = [None] * first.weekday() + [*range(1, n_days + 1)]
    cells += [None] * (-len(cells) % 7)
    weeks = tuple(tuple(cells[i : i + 7]) for i in range(0, len(cells), 7))
    before = (first - timedelta(days=1)).strftime("%Y-%m")
    return Month(first, weeks, before, after.strftime("%Y-%m"))


@dataclass(frozen=True, slots=True)
class MonthTotal:
    """What all runs of one month come to."""

    n_runs: int
    distance_m: float
    duration_s: float


def month_key(moment: datetime) -> str:
    """Return `YYYY-MM` on the runner's wall clock."""
    return f"{local_time(moment, profile().time_zone):%Y-%m}"


def month_totals(days: Sequence[CalendarDay]) -> dict[str, MonthTotal]:
    """Return days that have runs, by `YYYY-MM`."""
    months: dict[str, list[CalendarDay]] = {}
    for day in days:
        months.setdefault(day.day[:7], []).append(day)
    return {
        key: MonthTotal(
            sum(d.n_runs for d in those), sum(d.distance_m for d in those), sum(d.duration_s for d in those)
        )
        for key, those in months.items()
    }


@dataclass(frozen=True, slots=True)
class PainWeek:
    """The worst answers of one week that begins on Monday `first`."""

    first: datetime
    back: int | None
    calf: int | None


def pain_by_week(entries: Sequence[PainEntry]) -> list[PainWeek]:
    """Return answers about pain by week, oldest first."""
    weeks: dict[datetime, list[PainEntry]] = {}
    for entry in entries:
        day = local_time(entry.at, profile().time_zone).replace(hour=12, minute=0, second=0, microsecond=0)
        weeks.setdefault(day - timedelta(days=day.weekday()), []).append(entry)
    return [
        PainWeek(
            first,
            max((e.back for e in answers if e.back is not None), default=None),
            max((e.calf for e in answers if e.calf is not None), default=None),
        )
        for first, answers in sorted(weeks.items())
    ]


def worst_back(weeks: Sequence[PainWeek], since: datetime, until: datetime) -> int | None:
    """Return the worst answer about the back in the weeks that begin between; None without an answer."""
    monday = since - timedelta(days=since.weekday() + 1)
    return max((w.back for w in weeks if w.back is not None and monday <= w.first <= until), default=None)
