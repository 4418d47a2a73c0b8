"""Make trends at matched speed: the value of each run at the runner's usual speed.

Within a run, a measure is a line over speed. The slope of one run is uncertain, so it is drawn towards the slope of all
runs in proportion to its uncertainty (normal-normal shrinkage: Efron & Morris 1975, doi:10.1080/01621459.1975.10479864;
between-run variance by DerSimonian & Laird 1986, doi:10.1016/0197-2456(86)90046-2). Everything comes from the moments
kept in each summary (`by_speed`), so that thousands of runs cost milliseconds. The change per week is Sen's slope.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Final

from coach.model.arrays import TimeArray, median, np
from coach.model.frozen import dataclass
from coach.model.history import Trend, TrendMarks, TrendPoint
from coach.model.runs import RunEntry
from coach.model.samples import FloatArray
from coach.summary.robust import median_line

_WEEK_S: Final = 7 * 86400.0
# Ten-second bins resemble their neighbours: about one in three counts as independent (lag-one correlation 0.5).
_N_PER_FREE: Final = 3.0
_NEAR_MPS: Final = 0.15
_MIN_SPEED_SS: Final = 0.02
_SLOPES_DIFFER: Final = 0.1  # least share by which slopes differ between runs; chosen by eye, 2026-11-20
_MOMENTS: Final = ("n", "speed_mps", "value", "speed_ss", "cross_ss", "value_ss")
MOST_POINTS: Final = 5000  # more are drawn on one another
_MAX_PAIRED: Final = 400  # runs taken into the slope per week; more are downsampled evenly


@dataclass(frozen=True, slots=True)
class _Lines:
    """Each run's line, arrays (n,): value and slope with their variances at the run's own mean speed; NaN where unknown
    (slope_var: infinite)."""

    run_ids: tuple[str, ...]
    started_at: TimeArray
    n: FloatArray
    speed_mps: FloatArray
    value: FloatArray
    value_var: FloatArray
    slope: FloatArray
    slope_var: FloatArray


def marks_of(metric: str, entries: Sequence[RunEntry]) -> TrendMarks:
    """Return what trends need of whole entries."""
    known = sorted((e for e in entries if e.summary is not None), key=lambda e: e.run.started_at)
    rows = []
    for entry in known:
        assert entry.summary is not None
        moments = entry.summary.by_speed.get(metric) or {}
        rows.append((entry.summary.speed_mps, *(moments.get(name) for name in _MOMENTS)))
    started = [e.run.started_at.astimezone(UTC).replace(tzinfo=None) for e in known]
    columns = np.array(rows, dtype=np.float64).reshape(-1, 1 + len(_MOMENTS)).T
    return TrendMarks(tuple(e.run.run_id for e in known), np.array(started, dtype="datetime64[us]"), *columns)


def usual_speed(marks: TrendMarks) -> float | None:
    """Return the runner's usual speed: median over runs; None where no run knows its speed."""
    speeds = marks.run_speed_mps[marks.run_speed_mps > 0]
    return median(speeds) if len(speeds) else None


def trend_of(metric: str, marks: TrendMarks, speed_mps: float | None = None) -> Trend:
    """Return the metric of each run at one speed (the usual one by default), oldest run first.

    Of more than `MOST_POINTS` runs, points are downsampled evenly; the common slope rests on all of them.
    """
    speed = speed_mps if speed_mps is not None else usual_speed(marks)
    lines = _lines(marks)
    common, spread, common_var = _common_slope(lines)
    values, ses = _at_speed(lines, speed, common, spread, common_var)
    weekly = _per_week(lines.started_at, values)
    slope_se = None if common is None else math.sqrt(common_var)
    points = tuple(_point(lines, i, float(values[i]), float(ses[i]), speed) for i in _thinned(len(values), MOST_POINTS))
    return Trend(metric, speed, points, common, slope_se, *(weekly or (None, None, None)))


def _lines(marks: TrendMarks) -> _Lines:
    known = np.flatnonzero(marks.n >= 3)
    n, speed, value = marks.n[known], marks.speed_mps[known], marks.value[known]
    speed_ss, cross_ss, value_ss = marks.speed_ss[known], marks.cross_ss[known], marks.value_ss[known]
    is_blind = np.isnan(speed)
    has_slope = ~is_blind & (speed_ss > _MIN_SPEED_SS)
    slope = np.divide(cross_ss, speed_ss, out=np.full(len(n), np.nan), where=has_slope)
    explained = np.where(has_slope, slope * cross_ss, 0.0)
    residual = np.maximum(value_ss - explained, 0.0) / np.maximum(n - 2, 1) * _N_PER_FREE
    slope_var = np.divide(residual, speed_ss, out=np.full(len(n), np.inf), where=has_slope)
    value_var = np.where(is_blind, value_ss / (n - 1) / (n / _N_PER_FREE), residual / n)
    run_ids = marks.run_ids if len(known) == len(marks.run_ids) else tuple(marks.run_ids[i] for i in known)
    return _Lines(run_ids, marks.started_at[known], n, speed, value, value_var, slope, slope_var)


def _common_slope(lines: _Lines) -> tuple[float | None, float, float]:
    """Return the mean slope of all runs, variance of slopes between runs, variance of that mean."""
    has_slope = ~np.isnan(lines.slope)
    if not has_slope.any():
        return None, math.inf, math.inf
    slopes, variances = lines.slope[has_slope], np.maximum(lines.slope_var[has_slope], 1e-12)
    weights = 1 / variances
    mean = float((weights * slopes).sum() / weights.sum())
    between = 0.0
    if len(slopes) > 1:
        heterogeneity = float((weights * (slopes - mean) ** 2).sum()) - (len(slopes) - 1)
        scale = float(weights.sum() - (weights**2).sum() / weights.sum())
        between = max(0.0, heterogeneity / scale) if scale > 0 else 0.0
    between = max(between, (_SLOPES_DIFFER * mean) ** 2)
    weights = 1 / (variances + between)
    return float((weights * slopes).sum() / weights.sum()), between, float(1 / weights.sum())


def _at_speed(
    lines: _Lines, speed: float | None, common: float | None, spread: float, common_var: float
) -> tuple[FloatArray, FloatArray]:
    """Return values and standard errors at a speed; a run that knows no speed keeps its mean."""
    is_blind = np.isnan(lines.speed_mps)
    if speed is None or is_blind.all():
        return lines.value, np.sqrt(lines.value_var)
    away = speed - lines.speed_mps
    slope, slope_var = _shrunk(lines, common, spread, common_var)
    values = np.where(is_blind, lines.value, lines.value + slope * away)
    ses = np.sqrt(np.where(is_blind, lines.value_var, lines.value_var + away**2 * slope_var))
    return np.asarray(values, dtype=np.float64), np.asarray(ses, dtype=np.float64)


def _shrunk(lines: _Lines, common: float | None, spread: float, common_var: float) -> tuple[FloatArray, FloatArray]:
    """Return slopes drawn towards the common one; where no run shows a slope, none, uncertain by value / speed."""
    if common is None:
        per_speed = np.divide(lines.value, lines.speed_mps, out=np.zeros(len(lines.n)), where=lines.speed_mps > 0)
        return np.zeros(len(lines.n)), np.asarray(per_speed**2, dtype=np.float64)
    is_unknown = np.isnan(lines.slope)
    never_changes = ~is_unknown & (spread + lines.slope_var <= 0)  # a measure that never changes
    is_drawn = ~is_unknown & ~never_changes
    share = np.divide(spread, spread + lines.slope_var, out=np.zeros(len(lines.n)), where=is_drawn)
    slope = np.where(is_drawn, common + share * (lines.slope - common), common)
    drawn_var = (
        np.where(is_drawn, share, 0.0) * np.where(is_drawn, lines.slope_var, 0.0) + (1 - share) ** 2 * common_var
    )
    variance = np.where(is_unknown, spread + common_var, np.where(never_changes, common_var, drawn_var))
    return np.asarray(slope, dtype=np.float64), np.asarray(variance, dtype=np.float64)


def _point(lines: _Lines, i: int, value: float, se: float, speed: float | None) -> TrendPoint:
    own = float(lines.speed_mps[i])
    is_near = speed is not None and abs(speed - own) <= _NEAR_MPS  # false where its speed is NaN
    started_at = lines.started_at[i].item().replace(tzinfo=UTC)
    return TrendPoint(lines.run_ids[i], started_at, value, se, own, int(lines.n[i]), is_near)


def _thinned(n: int, most: int) -> list[int]:
    """Return at most so many places, evenly spread, the first and the last among them."""
    return list(range(n)) if n <= most else np.linspace(0, n - 1, most).astype(int).tolist()


def _per_week(started_at: TimeArray, values: FloatArray) -> tuple[float, float, float] | None:
    places = _thinned(len(values), _MAX_PAIRED)
    weeks = started_at[places].astype("datetime64[us]").astype(np.int64) / 1e6 / _WEEK_S
    line = median_line(weeks - weeks[0], values[places]) if places else None
    return None if line is None else line[:3]


def usual_at(
    entries: Sequence[RunEntry], speed_mps: float, metrics: Sequence[str]
) -> Mapping[str, tuple[float, float]]:
    """Return each metric's usual value at a speed and the spread between runs, where at least three runs know it."""
    found = {}
    for metric in metrics:
        lines = _lines(marks_of(metric, entries))
        values, _ = _at_speed(lines, speed_mps, *_common_slope(lines))
        if len(values) >= 3:
            middle = median(values)
            found[metric] = (middle, float(1.4826 * median(np.abs(values - middle))))
    return found
