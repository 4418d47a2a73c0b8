"""Fit the line under all points (time, delay): delays have a floor, and the floor is what we want.

Of all lines with every point on or above them, the one that lies highest over the middle of the time span: the edge of
the lower convex hull there. Source: Moon, Skelly & Towsley (1999), "Estimation and removal of clock skew from network
delay measurements", doi:10.1109/INFCOM.1999.749287.
"""

from dataclasses import dataclass

import numpy as np

from coach.model.samples import FloatArray


@dataclass(frozen=True, slots=True)
class LineLimits:
    """bucket_s: of each such time the lowest point counts. n_buckets: how many are remembered. fit_after_s: before
    that much time has been seen the line is level. largest_slope: believable delay gained per time."""

    bucket_s: float
    n_buckets: int
    fit_after_s: float
    largest_slope: float


class LineUnder:
    """Streaming. A point older than the newest bucket only lowers the line."""

    __slots__ = ("_at", "_bucket", "_bucket_s", "_end", "_level", "_limits", "_lowest", "_points", "is_fitted", "slope")

    def __init__(self, limits: LineLimits, time: float, delay: float) -> None:
        self._limits = limits
        self._bucket_s = limits.bucket_s
        self._bucket = time // limits.bucket_s
        self._lowest = (time, delay)  # of the newest bucket
        self._points = np.empty((2, 2 * limits.n_buckets))  # of the buckets before, up to `_end`
        self._end = 0
        self._at, self._level = time, delay
        self.slope = 0.0
        self.is_fitted = False

    def value(self, time: float) -> float:
        """The line's delay at a time."""
        return self._level + self.slope * (time - self._at)

    def add(self, time: float, delay: float) -> None:
        """One more point; the line goes under it at once, and is fitted again when a bucket is full."""
        bucket = time // self._bucket_s
        if bucket > self._bucket:
            self._keep_lowest()
            self._fit()
            self._bucket, self._lowest = bucket, (time, delay)
        elif bucket == self._bucket and delay < self._lowest[1]:
            self._lowest = (time, delay)
        over = delay - (self._level + self.slope * (time - self._at))
        if over < 0.0:
            self._level += over

    def lower(self, time: float, delay: float) -> None:
        """Let the line go under a point that is not to shape it."""
        self._level += min(delay - self.value(time), 0.0)

    def _keep_lowest(self) -> None:
        n = self._limits.n_buckets
        if self._end == 2 * n:
            self._points[:, :n] = self._points[:, n:]
            self._end = n
        self._points[:, self._end] = self._lowest
        self._end += 1

    def _fit(self) -> None:
        x, y = self._points[:, max(0, self._end - self._limits.n_buckets) : self._end]
        span = x.item(-1) - x.item(0)
        middle = x.item(0) + 0.5 * span
        slope = 0.0
        if span >= self._limits.fit_after_s:
            self.is_fitted = True
            left, right = edge_over(x, y, middle)
            slope = (y.item(right) - y.item(left)) / (x.item(right) - x.item(left))
        largest = self._limits.largest_slope
        self.slope, self._at = min(max(slope, -largest), largest), middle
        self._level = float((y - self.slope * (x - middle)).min())


def edge_over(x: FloatArray, y: FloatArray, middle: float) -> tuple[int, int]:
    """Indices of the ends of the lower hull's edge over `middle`, of at least two points (n,) with rising x.

    From the outermost points inwards: the point farthest below the line through two points of the hull is one of the
    hull too, and takes the place of the one on its side. A few passes over arrays, where building the whole hull takes
    a step of Python for each point.
    """
    left, right = 0, len(x) - 1
    while right - left > 1:
        slope = (y.item(right) - y.item(left)) / (x.item(right) - x.item(left))
        over = y[left + 1 : right] - slope * (x[left + 1 : right] - x.item(left))
        lowest = int(over.argmin())
        if over.item(lowest) >= y.item(left):
            break
        if x.item(left + 1 + lowest) >= middle:
            right = left + 1 + lowest
        else:
            left = left + 1 + lowest
    return left, right
