"""Downsample long series until they are short enough to draw: means of equal steps."""

import math
from collections.abc import Mapping

from coach.model.arrays import IndexArray, np
from coach.model.history import DownsampledSeries
from coach.model.samples import FloatArray


def downsample(
    columns: Mapping[str, FloatArray], start_s: float | None, end_s: float | None, n_points: int
) -> DownsampledSeries:
    """Return at most `n_points` means between start_s and end_s; columns without any value are left out.

    A step without readings stays unknown: gaps are shown as gaps.
    """
    t_s = columns["t_s"]
    inside = (t_s >= (-math.inf if start_s is None else start_s)) & (t_s <= (math.inf if end_s is None else end_s))
    t_s = t_s[inside]
    if not len(t_s):
        return DownsampledSeries((), 1.0, {})
    step_s = max(1.0, math.ceil((t_s[-1] - t_s[0]) / max(n_points, 1)))
    place = ((t_s - t_s[0]) // step_s).astype(int)
    n = int(place[-1]) + 1
    values = {}
    for name, column in columns.items():
        if name != "t_s" and np.isfinite(column[inside]).any():
            values[name] = _means(column[inside], place, n)
    middles = t_s[0] + (np.arange(n) + 0.5 * (step_s > 1)) * step_s
    return DownsampledSeries(tuple(round(float(t), 3) for t in middles), step_s, values)


def _means(values: FloatArray, place: IndexArray, n: int) -> tuple[float | None, ...]:
    known = np.isfinite(values)
    counts = np.bincount(place[known], minlength=n)
    sums = np.bincount(place[known], weights=values[known], minlength=n)
    with np.errstate(invalid="ignore"):
        means = sums / counts
    return tuple(float(f"{mean:.6g}") if count else None for mean, count in zip(means, counts, strict=True))
