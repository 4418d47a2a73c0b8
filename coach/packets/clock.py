"""Device time to host time: offset and drift fitted to the packets that came with the least delay.

A packet can be late but never early, so the true relation is the line under all points (device time, arrival - device
time): delays have a floor, and the floor is what we want. Of all lines with every point on or above them, `LineUnder`
takes the one that lies highest over the middle of the time span: the edge of the lower convex hull there. Source: Moon,
Skelly & Towsley (1999), "Estimation and removal of clock skew from network delay measurements",
doi:10.1109/INFCOM.1999.749287.
"""

import math
from typing import Final

from coach.model.arrays import np
from coach.model.frozen import dataclass
from coach.model.samples import FloatArray

_JUMP_S: Final = 1.0  # a device clock cannot run ahead of the host by this
_USUAL_S: Final = 0.9 * _JUMP_S  # so near to its line a packet is none of a clock that jumped
_LATE_S: Final = 10.0  # longer than any radio holds packets back; a computer that was asleep may
# What was kept for a sleeping computer comes all at once; a device that restarted sends at its pace. Both by judgement.
_HELD_SHARE: Final = 0.1  # of the device's time by which packets that were held up become less late, at least
_JUDGED_AFTER_S: Final = 0.3  # of the device's time: packets of one connection event come together, too
_LATE_FOR_S: Final = 15.0  # longer than a busy host or a stalled radio takes to catch up; chosen by eye, 2026-11-20
_FIRST_S: Final = 3.0
_FIRST_SLEW: Final = 0.03  # how fast output may move towards a better line: at first (90 ms in all), and later
_SLEW: Final = 0.005
_STEP_S: Final = 1e-4  # times rise at least by this


@dataclass(frozen=True, slots=True)
class LineLimits:
    """bucket_s: of each such time the lowest point counts. n_buckets: how many are remembered. fit_after_s: before
    that much time has been seen the line is level. largest_slope: believable delay gained per time."""

    bucket_s: float
    n_buckets: int
    fit_after_s: float
    largest_slope: float


class LineUnder:
    """Streaming. A point older than the newest bucket only lowers the line.

    at, level, slope: delay = level + slope * (time - at), as `value` gives it; on a hot path that call is too dear.
    """

    __slots__ = ("_bucket", "_bucket_s", "_end", "_limits", "_lowest", "_points", "at", "is_fitted", "level", "slope")

    def __init__(self, limits: LineLimits, time: float, delay: float) -> None:
        self._limits = limits
        self._bucket_s = limits.bucket_s
        self._bucket = time // limits.bucket_s
        self._lowest = (time, delay)  # of the newest bucket
        self._points = np.empty((2, 2 * limits.n_buckets))  # of the buckets before, up to `_end`
        self._end = 0
        self.at, self.level = time, delay
        self.slope = 0.0
        self.is_fitted = False

    def value(self, time: float) -> float:
        """Return the line's delay at a time."""
        return self.level + self.slope * (time - self.at)

    def add(self, time: float, delay: float) -> None:
        """Add one more point; the line goes under it at once, and is fitted again when a bucket is full."""
        bucket = time // self._bucket_s
        if bucket > self._bucket:
            self._keep_lowest()
            self._fit()
            self._bucket, self._lowest = bucket, (time, delay)
        elif bucket == self._bucket and delay < self._lowest[1]:
            self._lowest = (time, delay)
        over = delay - (self.level + self.slope * (time - self.at))
        if over < 0.0:
            self.level += over

    def lower(self, time: float, delay: float) -> None:
        """Let the line go under a point that is not to shape it."""
        self.level += min(delay - self.value(time), 0.0)

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
        self.slope, self.at = min(max(slope, -largest), largest), middle
        self.level = float((y - self.slope * (x - middle)).min())


def edge_over(x: FloatArray, y: FloatArray, middle: float) -> tuple[int, int]:
    """Return the indices of the ends of the lower hull's edge over `middle`, of at least two points (n,) with rising x.

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


# Before 20 s, jitter of 50 ms says less about drift than a crystal's 20 to 100 ppm; crystals follow temperature more
# slowly than five minutes. chosen by eye, 2026-11-20
CRYSTAL: Final = LineLimits(bucket_s=1.0, n_buckets=300, fit_after_s=20.0, largest_slope=500e-6)


class DeviceClock:
    """Maps one device's clock onto the host's, streaming; what it gives rises strictly.

    n_restarts: how often the device's clock jumped (reset, battery change); each starts a new fit. goes_on: whether the
    newest packet can be of the same clock as those before, however late: its time rises, and no faster than ours.
    """

    def __init__(self, limits: LineLimits = CRYSTAL) -> None:
        self._limits = limits
        self._slew = max(_SLEW, 2.0 * limits.largest_slope)
        self._line: LineUnder | None = None
        self._late_since: float | None = None
        self._held: tuple[float, float] | None = None  # first of the packets that are very late: device time, lateness
        self._out: tuple[float, float] | None = None  # last device time given, with its offset
        self._begun_at = self._newest_s = 0.0
        self._last_host_s = -np.inf
        self._least_s = np.inf  # delay of the packet that was least late
        self.n_restarts = 0
        self.goes_on = False

    @property
    def line(self) -> LineUnder | None:
        """Return the delays of the device's clock as it runs now; None before its first packet and after a restart."""
        return self._line

    def observe(self, device_s: float, arrival_s: float) -> bool:
        """Take a packet whose newest reading was taken at `device_s` and which came at `arrival_s`;
        whether the device restarted."""
        delay = arrival_s - device_s
        least_s, line = self._least_s, self._line
        self.goes_on = goes_on = device_s >= self._newest_s and delay >= least_s - _LATE_S
        if delay < least_s or not goes_on:
            self._least_s = delay
        if line is None:
            is_first = self._last_host_s == -np.inf
            self._begin(device_s, delay)
            self.n_restarts += not is_first
            return not is_first
        over = delay - (line.level + line.slope * (device_s - line.at))
        if over > _LATE_S and self._is_held_up(device_s, over):
            self._newest_s = device_s
            return False
        if over < -_JUMP_S or over > _LATE_S or (over >= _JUMP_S and self._is_late_for_long(arrival_s)):
            self._begin(device_s, delay)
            self.n_restarts += 1
            return True
        if over < _JUMP_S:
            self._late_since = None
        self._held, self._newest_s = None, device_s
        line.add(device_s, delay)
        return False

    def is_usual(self, device_s: float, arrival_s: float) -> bool:
        """Whether a packet comes as expected: far from all that `observe` might call a restart."""
        line = self._line
        if line is None:
            return False
        return abs(arrival_s - device_s - (line.level + line.slope * (device_s - line.at))) < _USUAL_S

    def restart(self) -> None:
        """Forget the fit; what comes next is on another device clock. Host times still rise."""
        self._line = None

    def to_host(self, device_s: FloatArray) -> FloatArray:
        """Return host times of rising device times (n,), after `observe` of their packet.

        Output moves towards a better line by at most 3 % of its own pace at first, by 0.5 % later; so no interval
        between readings is bent by more.
        """
        at, before, gain, span, push = self.step(float(device_s[0]), float(device_s[-1]))
        host: FloatArray = device_s + (before + gain * (device_s - at) / span) + push
        return host

    def step(self, first_s: float, last_s: float) -> tuple[float, float, float, float, float]:
        """Move the output on to a packet's device times, first and last.

        (at, before, gain, span, push): host time = t + (before + gain * (t - at) / span) + push for a device time t.
        """
        line = self._line
        offset = line.level + line.slope * (last_s - line.at) if line else 0.0
        at, before, gain, span = first_s, offset, 0.0, 1.0
        if self._out is not None and last_s > self._out[0]:
            at, before = self._out
            span = last_s - at
            slew = (_FIRST_SLEW if last_s - self._begun_at < _FIRST_S else self._slew) * span
            gain = offset - before
            if gain > slew:
                gain = slew
            elif gain < -slew:
                gain = -slew
            offset = before + gain
            gain = offset - before
        push = self._last_host_s + _STEP_S - (first_s + (before + gain * (first_s - at) / span))
        if push < 0.0:
            push = 0.0
        self._out = (last_s, offset + push)
        self._last_host_s = last_s + (before + gain * (last_s - at) / span) + push
        return at, before, gain, span, push

    def _begin(self, device_s: float, delay: float) -> None:
        self._line = LineUnder(self._limits, device_s, delay)
        self._out, self._late_since, self._held = None, None, None
        self._begun_at = self._newest_s = device_s

    def _is_held_up(self, device_s: float, over: float) -> bool:
        """Whether a packet that is very late may have been held up with others: they come faster than they were sent.

        A device that restarted goes back in time, or sends at its usual pace.
        """
        if device_s < self._newest_s:
            return False
        if self._held is None:
            self._held = (device_s, over)
        span = device_s - self._held[0]
        return span <= _JUDGED_AFTER_S or self._held[1] - over >= _HELD_SHARE * span

    def _is_late_for_long(self, arrival_s: float) -> bool:
        """Whether all packets of the last seconds were late as this one is, longer than a radio stalls: the device
        restarted."""
        if self._late_since is None:
            self._late_since = arrival_s
        return arrival_s - self._late_since > _LATE_FOR_S


class WrappingCounter:
    """A device counter of `modulus` ticks per wrap to seconds that go on rising.

    How many wraps a silence held follows from the arrival times: as many as fit between the newest time and the one at
    which a packet that is not late was taken. So packets that a sleeping computer kept are of the same clock, however
    late they are. A counter that fits no number of wraps restarted: seconds go on from where the restart puts them,
    and the clock finds the jump.
    """

    def __init__(self, tick_s: float, modulus: int) -> None:
        self._tick_s = tick_s
        self._wrap_s = tick_s * modulus
        self._last_s: float | None = None
        self._least_s = 0.0  # delay of the packet that was least late

    def seconds(self, raw: int, arrival_s: float, modulus: int | None = None) -> float:
        """Return the unwrapped device time of a packet that came at `arrival_s`.

        modulus: of this packet, where it carries fewer bits of the same counter.
        """
        now = raw * self._tick_s
        wrap_s = self._wrap_s if modulus is None else self._tick_s * modulus
        if self._last_s is not None:
            wraps = math.floor((arrival_s - self._least_s + _LATE_S - now) / wrap_s)
            if wraps > 0 and now + wraps * wrap_s > self._last_s - _LATE_S:
                now += wraps * wrap_s
        delay = arrival_s - now
        goes_on = self._last_s is not None and now > self._last_s - _LATE_S
        self._least_s = min(self._least_s, delay) if goes_on else delay
        self._last_s = now
        return now
