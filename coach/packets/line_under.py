"""Points (time, delay) in, the line under all of them out: delays have a floor, and the floor is what we want.

Of all lines with every point on or above them, the one that lies highest over the middle of the time span: the edge of
the lower convex hull there. Source: Moon, Skelly & Towsley (1999), "Estimation and removal of clock skew from network
delay measurements", doi:10.1109/INFCOM.1999.749287.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

Point = tuple[float, float]


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

    def __init__(self, limits: LineLimits, time: float, delay: float) -> None:
        self._limits = limits
        self._points: deque[Point] = deque([(time, delay)], maxlen=limits.n_buckets)
        self._at, self._level = time, delay
        self.slope = 0.0
        self.is_fitted = False

    def value(self, time: float) -> float:
        """The line's delay at a time."""
        return self._level + self.slope * (time - self._at)

    def add(self, time: float, delay: float) -> None:
        """One more point; the line goes under it at once, and is fitted again when a bucket is full."""
        newest = self._points[-1]
        buckets = time // self._limits.bucket_s - newest[0] // self._limits.bucket_s
        if buckets > 0:
            self._fit()
            self._points.append((time, delay))
        elif buckets == 0 and delay < newest[1]:
            self._points[-1] = (time, delay)
        self.lower(time, delay)

    def lower(self, time: float, delay: float) -> None:
        """Let the line go under a point that is not to shape it."""
        self._level += min(delay - self.value(time), 0.0)

    def _fit(self) -> None:
        hull = lower_hull(self._points)
        span = hull[-1][0] - hull[0][0]
        middle = hull[0][0] + 0.5 * span
        slope = 0.0
        if span >= self._limits.fit_after_s:
            self.is_fitted = True
            slope = next((y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in pairwise(hull) if x1 >= middle)
        largest = self._limits.largest_slope
        self.slope, self._at = min(max(slope, -largest), largest), middle
        self._level = min(y - self.slope * (x - middle) for x, y in hull)


def lower_hull(points: Sequence[Point]) -> list[Point]:
    """Lower half of the convex hull of points with rising x (Andrew's monotone chain)."""
    hull: list[Point] = []
    for x, y in points:
        while len(hull) > 1:
            (x0, y0), (x1, y1) = hull[-2], hull[-1]
            if (x1 - x0) * (y - y0) > (y1 - y0) * (x - x0):
                break
            hull.pop()
        hull.append((x, y))
    return hull
