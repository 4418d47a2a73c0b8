"""Device time to host time: offset and drift fitted to the packets that came with the least delay.

A packet can be late but never early, so the true line lies under all points (device time, arrival - device time).
The line is the lower convex hull's edge over the middle of the last minutes, as in Moon, Skelly & Towsley (1999),
"Estimation and removal of clock skew from network delay measurements", doi:10.1109/INFCOM.1999.749287.
"""

from collections import deque
from itertools import pairwise
from typing import Final

import numpy as np

from coach.model.samples import FloatArray

_BUCKET_S: Final = 1.0  # of each second the packet with the least delay counts
_N_BUCKETS: Final = 300  # five minutes: crystals follow temperature more slowly. chosen by eye, 2026-11-20
_FIT_AFTER_S: Final = 20.0  # before that, jitter of 50 ms says less about drift than a crystal's 50 ppm
_JUMP_S: Final = 1.0  # a device clock cannot run ahead of the host by this
_LATE_S: Final = 10.0  # longer than any radio holds packets back
_LATE_FOR_S: Final = 3.0
_FIRST_S: Final = 3.0
_FIRST_SLEW: Final = 0.10  # how fast output may move towards a better line: at first, and later
_SLEW: Final = 0.005
_STEP_S: Final = 1e-4  # times rise at least by this


class DeviceClock:
    """Maps one device's clock onto the host's, streaming; what it gives rises strictly.

    max_drift: largest believable rate error (a crystal has 20 to 100 ppm).
    n_restarts: how often the device's clock jumped (reset, battery change); each starts a new fit.
    """

    def __init__(self, max_drift: float = 500e-6) -> None:
        self._max_drift = max_drift
        self._points: deque[tuple[float, float]] = deque(maxlen=_N_BUCKETS)
        self._slope = 0.0
        self._level = 0.0  # of the line, at _at
        self._at = 0.0
        self._late_since: float | None = None
        self._out: tuple[float, float] | None = None  # last device time given, with its offset
        self._begun_at = 0.0
        self._last_host_s = -np.inf
        self.n_restarts = 0

    def observe(self, device_s: float, arrival_s: float) -> bool:
        """A packet whose last reading was taken at `device_s` came at `arrival_s`; whether the device restarted."""
        delay = arrival_s - device_s
        if not self._points:
            self._begin(device_s, delay)
            return False
        over = delay - self._line(device_s)
        if over < -_JUMP_S or over > _LATE_S or self._is_late_for_long(over, arrival_s):
            self._begin(device_s, delay)
            self.n_restarts += 1
            return True
        self._add(device_s, delay)
        self._level += min(delay - self._line(device_s), 0.0)
        return False

    def to_host(self, device_s: FloatArray) -> FloatArray:
        """Host times of rising device times (n,), after `observe` of their packet."""
        last = float(device_s[-1])
        offset = self._line(last)
        before = self._out
        if before is None:
            offsets = np.full(len(device_s), offset)
        else:
            moved = last - before[0]
            slew = _FIRST_SLEW if last - self._begun_at < _FIRST_S else _SLEW
            offset = before[1] + float(np.clip(offset - before[1], -slew * moved, slew * moved))
            offsets = before[1] + (offset - before[1]) * (device_s - before[0]) / moved
        host: FloatArray = device_s + offsets
        if host[0] <= self._last_host_s:
            push = self._last_host_s + _STEP_S - float(host[0])
            host, offset = host + push, offset + push
        self._out = (last, offset)
        self._last_host_s = float(host[-1])
        return host

    @property
    def drift(self) -> float:
        """Host seconds gained per device second."""
        return self._slope

    def _line(self, device_s: float) -> float:
        return self._level + self._slope * (device_s - self._at)

    def _begin(self, device_s: float, delay: float) -> None:
        self._points.clear()
        self._points.append((device_s, delay))
        self._slope, self._level, self._at = 0.0, delay, device_s
        self._out, self._late_since, self._begun_at = None, None, device_s

    def _is_late_for_long(self, over: float, arrival_s: float) -> bool:
        if over < _JUMP_S:
            self._late_since = None
            return False
        if self._late_since is None:
            self._late_since = arrival_s
        return arrival_s - self._late_since > _LATE_FOR_S

    def _add(self, device_s: float, delay: float) -> None:
        newest = self._points[-1]
        if device_s // _BUCKET_S == newest[0] // _BUCKET_S:
            if delay < newest[1]:
                self._points[-1] = (device_s, delay)
            return
        self._fit()
        self._points.append((device_s, delay))

    def _fit(self) -> None:
        hull = _lower_hull(self._points)
        middle = 0.5 * (hull[0][0] + hull[-1][0])
        slope = 0.0
        if hull[-1][0] - hull[0][0] >= _FIT_AFTER_S:
            for (x0, y0), (x1, y1) in pairwise(hull):
                if x0 <= middle <= x1:
                    slope = (y1 - y0) / (x1 - x0)
        self._slope = min(max(slope, -self._max_drift), self._max_drift)
        self._at = middle
        self._level = min(y - self._slope * (x - middle) for x, y in hull)


def _lower_hull(points: "deque[tuple[float, float]]") -> list[tuple[float, float]]:
    """Andrew's monotone chain, lower half; x rises."""
    hull: list[tuple[float, float]] = []
    for x, y in points:
        while len(hull) > 1:
            (x0, y0), (x1, y1) = hull[-2], hull[-1]
            if (x1 - x0) * (y - y0) > (y1 - y0) * (x - x0):
                break
            hull.pop()
        hull.append((x, y))
    return hull


class WrappingCounter:
    """A device counter of `modulus` ticks per wrap to seconds that go on rising.

    How many wraps a silence held is told by the arrival times. A counter that fits no number of wraps within
    `_LATE_S` restarted: seconds go on from where the restart puts them, and the clock finds the jump.
    """

    def __init__(self, tick_s: float, modulus: int) -> None:
        self._tick_s = tick_s
        self._wrap_s = tick_s * modulus
        self._last: tuple[float, float] | None = None

    def seconds(self, raw: int, arrival_s: float) -> float:
        """Unwrapped device time of a packet that came at `arrival_s`."""
        now = raw * self._tick_s
        if self._last is not None:
            expected = self._last[0] + arrival_s - self._last[1]
            wraps = round((expected - now) / self._wrap_s)
            if wraps > 0 and abs(now + wraps * self._wrap_s - expected) < _LATE_S:
                now += wraps * self._wrap_s
        self._last = (now, arrival_s)
        return now
