"""Device time to host time: offset and drift fitted to the packets that came with the least delay.

A packet can be late but never early, so the true relation is the line under all points (device time, arrival - device
time), see `coach.packets.line_under`.
"""

from typing import Final

import numpy as np

from coach.model.samples import FloatArray
from coach.packets.line_under import LineLimits, LineUnder

# Before 20 s, jitter of 50 ms says less about drift than a crystal's 20 to 100 ppm; crystals follow temperature more
# slowly than five minutes. chosen by eye, 2026-11-20
CRYSTAL: Final = LineLimits(bucket_s=1.0, n_buckets=300, fit_after_s=20.0, largest_slope=500e-6)
_JUMP_S: Final = 1.0  # a device clock cannot run ahead of the host by this
_LATE_S: Final = 10.0  # longer than any radio holds packets back
_LATE_FOR_S: Final = 15.0  # longer than a busy host or a stalled radio takes to catch up; chosen by eye, 2026-11-20
_FIRST_S: Final = 3.0
_FIRST_SLEW: Final = 0.03  # how fast output may move towards a better line: at first (90 ms in all), and later
_SLEW: Final = 0.005
_STEP_S: Final = 1e-4  # times rise at least by this


class DeviceClock:
    """Maps one device's clock onto the host's, streaming; what it gives rises strictly.

    n_restarts: how often the device's clock jumped (reset, battery change); each starts a new fit.
    """

    def __init__(self, limits: LineLimits = CRYSTAL) -> None:
        self._limits = limits
        self._slew = max(_SLEW, 2.0 * limits.largest_slope)
        self._line: LineUnder | None = None
        self._late_since: float | None = None
        self._out: tuple[float, float] | None = None  # last device time given, with its offset
        self._begun_at = 0.0
        self._last_host_s = -np.inf
        self.n_restarts = 0

    @property
    def drift(self) -> float:
        """Host seconds gained per device second."""
        return self._line.slope if self._line else 0.0

    def observe(self, device_s: float, arrival_s: float) -> bool:
        """A packet whose newest reading was taken at `device_s` came at `arrival_s`; whether the device restarted."""
        delay = arrival_s - device_s
        if self._line is None:
            is_first = self._last_host_s == -np.inf
            self._begin(device_s, delay)
            self.n_restarts += not is_first
            return not is_first
        over = delay - self._line.value(device_s)
        if over < -_JUMP_S or over > _LATE_S or self._is_late_for_long(over, arrival_s):
            self._begin(device_s, delay)
            self.n_restarts += 1
            return True
        self._line.add(device_s, delay)
        return False

    def is_usual(self, device_s: float, arrival_s: float) -> bool:
        """Whether a packet comes as expected: far from all that `observe` might call a restart."""
        return self._line is not None and abs(arrival_s - device_s - self._line.value(device_s)) < 0.9 * _JUMP_S

    def restart(self) -> None:
        """Forget the fit; what comes next is on another device clock. Host times still rise."""
        self._line = None

    def to_host(self, device_s: FloatArray) -> FloatArray:
        """Host times of rising device times (n,), after `observe` of their packet.

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
        offset = self._line.value(last_s) if self._line else 0.0
        at, before, gain, span = first_s, offset, 0.0, 1.0
        if self._out is not None and last_s > self._out[0]:
            at, before = self._out
            span = last_s - at
            slew = (_FIRST_SLEW if last_s - self._begun_at < _FIRST_S else self._slew) * span
            offset = before + min(max(offset - before, -slew), slew)
            gain = offset - before
        push = max(self._last_host_s + _STEP_S - (first_s + (before + gain * (first_s - at) / span)), 0.0)
        self._out = (last_s, offset + push)
        self._last_host_s = last_s + (before + gain * (last_s - at) / span) + push
        return at, before, gain, span, push

    def _begin(self, device_s: float, delay: float) -> None:
        self._line = LineUnder(self._limits, device_s, delay)
        self._out, self._late_since, self._begun_at = None, None, device_s

    def _is_late_for_long(self, over: float, arrival_s: float) -> bool:
        """Whether all packets of the last seconds were late by more than a radio's stall: the device restarted."""
        if over < _JUMP_S:
            self._late_since = None
            return False
        if self._late_since is None:
            self._late_since = arrival_s
        return arrival_s - self._late_since > _LATE_FOR_S


class WrappingCounter:
    """A device counter of `modulus` ticks per wrap to seconds that go on rising.

    How many wraps a silence held follows from the arrival times. A counter that fits no number of wraps within ten
    seconds restarted: seconds go on from where the restart puts them, and the clock finds the jump.
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
