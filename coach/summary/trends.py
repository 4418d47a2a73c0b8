"""Trends at matched speed: summaries of many runs in, each run's value at the runner's usual speed out.

Within a run, a measure is a line over speed. The slope of one run is uncertain, so it is drawn towards the slope of all
runs in proportion to its uncertainty (normal-normal shrinkage: Efron & Morris 1975, doi:10.1080/01621459.1975.10479864;
between-run variance by DerSimonian & Laird 1986, doi:10.1016/0197-2456(86)90046-2). Everything comes from the moments
kept in each summary (`by_speed`), so that thousands of runs cost milliseconds. The change per week is Sen's slope.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from coach.model.history import RunMarks, Trend, TrendPoint
from coach.model.runs import RunEntry
from coach.summary.robust import median_line

_WEEK_S: Final = 7 * 86400.0
# Ten-second bins resemble their neighbours: about one in three counts as independent (lag-one correlation 0.5).
_N_PER_FREE: Final = 3.0
_NEAR_MPS: Final = 0.15
_MIN_SPEED_SS: Final = 0.02
_SLOPES_DIFFER: Final = 0.1  # least share by which slopes differ between runs; chosen by eye, 2026-11-20
_MAX_PAIRED: Final = 400  # runs taken into the slope per week; more are thinned evenly


@dataclass(frozen=True, slots=True)
class _Line:
    """One run's line: value and slope with their variances at the run's own mean speed."""

    run: RunMarks
    n: float
    speed_mps: float
    value: float
    value_var: float
    slope: float | None
    slope_var: float


def marks_of(metric: str, entries: Sequence[RunEntry]) -> list[RunMarks]:
    """What trends need of whole entries."""
    return [
        RunMarks(
            e.run.run_id,
            e.run.started_at,
            e.run.distance_m,
            e.run.duration_s,
            e.summary.speed_mps,
            e.summary.by_speed.get(metric),
            e.summary.best_s,
        )
        for e in entries
        if e.summary is not None
    ]


def usual_speed(marks: Sequence[RunMarks]) -> float | None:
    """The runner's usual speed: median over runs; None where no run knows its speed."""
    speeds = [one.speed_mps for one in marks if one.speed_mps]
    return float(np.median(speeds)) if speeds else None


def trend_of(metric: str, marks: Sequence[RunMarks], speed_mps: float | None = None) -> Trend:
    """The metric of each run at one speed (the usual one by default), oldest run first."""
    speed = speed_mps if speed_mps is not None else usual_speed(marks)
    lines = [line for one in marks if (line := _line(one))]
    lines.sort(key=lambda line: line.run.started_at)
    common, spread, common_var = _common_slope(lines)
    points = tuple(_point(line, speed, common, spread, common_var) for line in lines)
    weekly = _per_week(points)
    slope_se = None if common is None else math.sqrt(common_var)
    return Trend(metric, speed, points, common, slope_se, *(weekly or (None, None, None)))


def _line(run: RunMarks) -> _Line | None:
    moments = run.moments
    if not moments or moments["n"] < 3:
        return None
    n, value = moments["n"], moments["value"]
    if "speed_mps" not in moments:
        variance = moments["value_ss"] / (n - 1) / (n / _N_PER_FREE)
        return _Line(run, n, math.nan, value, variance, None, math.inf)
    speed_ss = moments["speed_ss"]
    slope = moments["cross_ss"] / speed_ss if speed_ss > _MIN_SPEED_SS else None
    explained = slope * moments["cross_ss"] if slope is not None else 0.0
    residual = max(moments["value_ss"] - explained, 0.0) / max(n - 2, 1) * _N_PER_FREE
    slope_var = residual / speed_ss if slope is not None else math.inf
    return _Line(run, n, moments["speed_mps"], value, residual / n, slope, slope_var)


def _common_slope(lines: Sequence[_Line]) -> tuple[float | None, float, float]:
    """Mean slope of all runs, variance of slopes between runs, variance of that mean."""
    known = [(line.slope, max(line.slope_var, 1e-12)) for line in lines if line.slope is not None]
    if not known:
        return None, math.inf, math.inf
    slopes = np.array([slope for slope, _ in known])
    variances = np.array([variance for _, variance in known])
    weights = 1 / variances
    mean = float((weights * slopes).sum() / weights.sum())
    between = 0.0
    if len(known) > 1:
        heterogeneity = float((weights * (slopes - mean) ** 2).sum()) - (len(known) - 1)
        scale = float(weights.sum() - (weights**2).sum() / weights.sum())
        between = max(0.0, heterogeneity / scale) if scale > 0 else 0.0
    between = max(between, (_SLOPES_DIFFER * mean) ** 2)
    weights = 1 / (variances + between)
    return float((weights * slopes).sum() / weights.sum()), between, float(1 / weights.sum())


def _point(line: _Line, speed: float | None, common: float | None, spread: float, common_var: float) -> TrendPoint:
    run = line.run
    if speed is None or math.isnan(line.speed_mps):
        return TrendPoint(
            run.run_id, run.started_at, line.value, math.sqrt(line.value_var), line.speed_mps, int(line.n), False
        )
    away = speed - line.speed_mps
    slope, slope_var = _shrunk(line, common, spread, common_var)
    value = line.value + slope * away
    se = math.sqrt(line.value_var + away**2 * slope_var)
    is_near = abs(away) <= _NEAR_MPS
    return TrendPoint(run.run_id, run.started_at, value, se, line.speed_mps, int(line.n), is_near)


def _shrunk(line: _Line, common: float | None, spread: float, common_var: float) -> tuple[float, float]:
    """The run's slope drawn towards the common one; where no run shows a slope, none, uncertain by value / speed."""
    if common is None:
        return 0.0, (line.value / line.speed_mps) ** 2 if line.speed_mps else 0.0
    if line.slope is None:
        return common, spread + common_var
    if spread + line.slope_var <= 0:  # a measure that never changes
        return common, common_var
    share = spread / (spread + line.slope_var)
    return common + share * (line.slope - common), share * line.slope_var + (1 - share) ** 2 * common_var


def _per_week(points: Sequence[TrendPoint]) -> tuple[float, float, float] | None:
    if len(points) > _MAX_PAIRED:
        points = [points[i] for i in np.linspace(0, len(points) - 1, _MAX_PAIRED).astype(int)]
    weeks = np.array([p.started_at.timestamp() / _WEEK_S for p in points])
    values = np.array([p.value for p in points])
    line = median_line(weeks - weeks[0], values) if len(points) else None
    return None if line is None else line[:3]


def usual_at(
    entries: Sequence[RunEntry], speed_mps: float, metrics: Sequence[str]
) -> Mapping[str, tuple[float, float]]:
    """Each metric's usual value at a speed and the spread between runs, where at least three runs know it."""
    found = {}
    for metric in metrics:
        values = np.array([p.value for p in trend_of(metric, marks_of(metric, entries), speed_mps).points])
        if len(values) >= 3:
            middle = float(np.median(values))
            found[metric] = (middle, float(1.4826 * np.median(np.abs(values - middle))))
    return found
