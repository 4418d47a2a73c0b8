"""Means, errors and lines that a few bad strides cannot move.

Sources: median absolute deviation and its factor 1.4826: Rousseeuw & Croux (1993), doi:10.1080/01621459.1993.10476408;
standard error from means of blocks (batch means): Flegal & Jones (2010), doi:10.1214/09-AOS735; line through medians of
pairwise slopes: Sen (1968), doi:10.1080/01621459.1968.10480934.
"""

import math
from typing import Final

from coach.model.arrays import BoolArray, median, np
from coach.model.samples import FloatArray

_REJECT: Final = 5.0  # robust standard deviations; chosen by eye, 2026-11-20
_MIN_BLOCKS: Final = 6
_MAX_BLOCKS: Final = 20


def sound(values: FloatArray) -> BoolArray:
    """Return (n,) true where a value lies within five robust standard deviations of the median."""
    middle = median(values)
    spread = 1.4826 * median(np.abs(values - middle))
    if spread == 0:
        spread = float(np.std(values)) or 1.0
    return np.asarray(np.abs(values - middle) <= _REJECT * spread, dtype=np.bool_)


def mean_and_error(values: FloatArray) -> tuple[float, float | None]:
    """Return the mean of the sound values in the order of time, and its standard error.

    Neighbouring strides resemble each other: the error comes from the spread of 6 to 20 block means, with fewer than
    12 values from the values themselves; None for a single value.
    """
    kept = values[sound(values)]
    mean = float(kept.mean())
    if len(kept) < 2:
        return mean, None
    n_blocks = min(_MAX_BLOCKS, len(kept) // 2)
    parts = kept if n_blocks < _MIN_BLOCKS else np.array([block.mean() for block in np.array_split(kept, n_blocks)])
    return mean, float(parts.std(ddof=1) / math.sqrt(len(parts)))


def median_line(x: FloatArray, y: FloatArray) -> tuple[float, float, float, float] | None:
    """Return the slope by the median of pairwise slopes, its 95 % interval (Sen), and the intercept;
    None below three points.

    Returns (slope, low, high, intercept).
    """
    n = len(x)
    i, j = np.triu_indices(n, 1)
    apart = x[i] != x[j]
    if n < 3 or not apart.any():
        return None
    slopes = np.sort((y[j][apart] - y[i][apart]) / (x[j][apart] - x[i][apart]))
    width = 1.96 * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    low = max(0, math.floor((len(slopes) - width) / 2))
    high = min(len(slopes) - 1, math.ceil((len(slopes) + width) / 2))
    slope = median(slopes)
    return slope, float(slopes[low]), float(slopes[high]), median(y - slope * x)
