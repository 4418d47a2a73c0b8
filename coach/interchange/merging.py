"""Merge a watch's activity into a run that was recorded at the same time: seconds become fuller.

The two clocks may differ: the shift is found where both cadences agree best (least mean square within 90 s).
"""

import dataclasses
from collections.abc import Sequence
from typing import Final

from coach.interchange.activity import SHARED, Activity
from coach.model.arrays import median, np
from coach.model.metrics import LiveMetrics
from coach.model.samples import FloatArray

_MAX_SHIFT_S: Final = 90
_MIN_COMMON: Final = 120
_NEAR_S: Final = 1.5


def merged(seconds: Sequence[LiveMetrics], activity: Activity, offset_s: float) -> list[LiveMetrics]:
    """Return the run's seconds with what only the watch knew. offset_s: the activity's start on the run's clock.

    Values that the run has itself are never replaced.
    """
    times = np.array([record.t_s + offset_s for record in activity.records])
    times = times + clock_shift(seconds, activity, offset_s)
    filled = []
    for metrics in seconds:
        place = int(np.searchsorted(times, metrics.t_s))
        around = [i for i in (place - 1, place) if 0 <= i < len(times) and abs(times[i] - metrics.t_s) <= _NEAR_S]
        if not around:
            filled.append(metrics)
            continue
        record = activity.records[min(around, key=lambda i: abs(float(times[i]) - metrics.t_s))]
        missing = {k: v for k, v in record.values.items() if k in SHARED and getattr(metrics, k) is None}
        # SHARED names float fields only, which mypy cannot see.
        filled.append(dataclasses.replace(metrics, **missing))  # type: ignore[arg-type]
    return filled


def clock_shift(seconds: Sequence[LiveMetrics], activity: Activity, offset_s: float) -> float:
    """Return seconds to add to the watch's times; 0 where the cadences do not show it."""
    ours = _grid([(s.t_s, s.cadence_spm) for s in seconds])
    theirs = _grid([(r.t_s + offset_s, r.values.get("cadence_spm")) for r in activity.records])
    if ours is None or theirs is None:
        return 0.0
    errors = {shift: _disagreement(ours, theirs, shift) for shift in range(-_MAX_SHIFT_S, _MAX_SHIFT_S + 1)}
    known = {shift: error for shift, error in errors.items() if error is not None}
    if not known or median(list(known.values())) <= 0:
        return 0.0
    best = min(known, key=lambda shift: known[shift])
    # A steady cadence agrees everywhere: only a clear minimum is believed. Chosen by eye, 2026-11-20.
    return float(best) if known[best] < 0.5 * median(list(known.values())) else 0.0


def _grid(points: list[tuple[float, float | None]]) -> tuple[int, FloatArray] | None:
    """Return the first second and (n,) cadence of each second, NaN where unknown."""
    known = [(int(t_s), value) for t_s, value in points if value is not None]
    if len(known) < _MIN_COMMON:
        return None
    first = min(second for second, _ in known)
    grid = np.full(max(second for second, _ in known) - first + 1, np.nan)
    for second, value in known:
        grid[second - first] = value
    return first, grid


def _disagreement(ours: tuple[int, FloatArray], theirs: tuple[int, FloatArray], shift: int) -> float | None:
    start = max(ours[0], theirs[0] + shift)
    end = min(ours[0] + len(ours[1]), theirs[0] + shift + len(theirs[1]))
    if end - start < _MIN_COMMON:
        return None
    difference = (
        ours[1][start - ours[0] : end - ours[0]] - theirs[1][start - theirs[0] - shift : end - theirs[0] - shift]
    )
    difference = difference[np.isfinite(difference)]
    return float(np.mean(difference**2)) if len(difference) >= _MIN_COMMON else None


def overlap_s(start_a: float, end_a: float, start_b: float, end_b: float) -> float:
    """Return seconds that two stretches have in common."""
    return max(0.0, min(end_a, end_b) - max(start_a, start_b))
