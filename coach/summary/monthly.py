"""Average a measure month by month, at matched speed, with each mean's uncertainty.

Months show what weeks cannot: one run's step length wanders by more than a month of training changes it. A month's
standard error holds the scatter between runs, pooled over all months (one variance: nothing says that a runner
scatters more in May), and what the runs themselves are unsure of. Few runs show their scatter badly: it is widened as
Student's t asks, so that 1.96 standard errors are half of a 95 % interval also in a runner's first month.
"""

import math
from collections.abc import Sequence
from datetime import date, tzinfo
from typing import Final

from coach.model.arrays import np
from coach.model.frozen import dataclass
from coach.model.history import Trend, TrendPoint
from coach.model.intervals import t_quantile
from coach.model.runs import RunPlace

MIN_RUNS: Final = 2  # of a month; one run is no month: by judgement
_WEEKS_A_MONTH: Final = 365.25 / 12.0 / 7.0


@dataclass(frozen=True, slots=True)
class MonthValue:
    """One calendar month of the runner's zone. n_runs: with this measure. value, se: None with fewer than two runs."""

    month: date
    n_runs: int
    value: float | None
    se: float | None
    n_sessions: int = 0


@dataclass(frozen=True, slots=True)
class Monthly:
    """A metric by month at one speed and place, oldest first, months without a run included.

    per_month: change, by robust regression over the runs, with its 95 % interval; None with fewer than three runs.
    n_sessions of the months: strength sessions done, beside them and not as their cause.
    """

    metric: str
    speed_mps: float | None
    place: RunPlace
    months: tuple[MonthValue, ...]
    per_month: float | None = None
    per_month_low: float | None = None
    per_month_high: float | None = None


def monthly_of(trend: Trend, place: RunPlace, zone: tzinfo, sessions: Sequence[date] = ()) -> Monthly:
    """Sum up a trend by the calendar months of `zone`. sessions: days on which a strength session was done."""
    by_month: dict[date, list[TrendPoint]] = {}
    for point in trend.points:
        by_month.setdefault(point.started_at.astimezone(zone).date().replace(day=1), []).append(point)
    spread = _spread([[p.value for p in points] for points in by_month.values()])
    done = [day.replace(day=1) for day in sessions]
    months = tuple(_value(month, by_month.get(month, []), spread, done.count(month)) for month in _between(by_month))
    rates = (trend.per_week, trend.per_week_low, trend.per_week_high)
    low_to_high = tuple(None if rate is None else rate * _WEEKS_A_MONTH for rate in rates)
    return Monthly(trend.metric, trend.speed_mps, place, months, *low_to_high)


def _value(month: date, points: Sequence[TrendPoint], spread: float, n_sessions: int) -> MonthValue:
    n = len(points)
    if n < MIN_RUNS:
        return MonthValue(month, n, None, None, n_sessions)
    own_var = float(np.mean([p.se**2 for p in points]))
    se = math.sqrt(max(spread**2, own_var) / n)
    return MonthValue(month, n, float(np.mean([p.value for p in points])), se, n_sessions)


def _spread(months: Sequence[Sequence[float]]) -> float:
    """Return the standard deviation between runs of one month, pooled and widened for few runs;
    0 where no month has two."""
    freedom = sum(len(values) - 1 for values in months)
    total = sum(float(np.sum((np.array(values) - np.mean(values)) ** 2)) for values in months)
    return t_quantile(freedom) / t_quantile(math.inf) * math.sqrt(total / freedom) if freedom else 0.0


def _between(known: dict[date, list[TrendPoint]]) -> list[date]:
    """Return every month from the first to the last."""
    months: list[date] = []
    month, last = min(known, default=None), max(known, default=None)
    while month is not None and last is not None and month <= last:
        months.append(month)
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return months
