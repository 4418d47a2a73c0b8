"""Count the frames that were lost where frames carry neither time nor number, from their arrival.

A frame's number is its time. Frames come in bursts, late but never early; so after a loss of k frames every later one
seems k intervals late, and the least delay of the last moments gives k. A loss shorter than 15 ms stays unseen, and
so does one in the first two seconds, before the pace is known.
"""

from collections import deque
from typing import Final

from coach.packets.clock import LineLimits, LineUnder

# A sensor's own oscillator is off by a percent or two: its pace is learned sooner than a crystal's, and followed.
OSCILLATOR: Final = LineLimits(bucket_s=0.25, n_buckets=120, fit_after_s=2.0, largest_slope=0.03)
_WINDOW_S: Final = 0.3  # several connection intervals of at most 50 ms
_LEAST_S: Final = 0.015  # a smaller step of the least delay is radio. chosen by eye, 2026-11-20
_LEAST_FRAMES: Final = 2.5
_SILENCE_S: Final = 0.5  # a sensor without memory sends nothing later: what was not heard is lost


class FrameClock:
    """Numbers frames by their arrivals; the numbers of lost frames are left out."""

    def __init__(self, rate_hz: float) -> None:
        self._nominal_s = 1.0 / rate_hz
        self._next = 0
        self._line: LineUnder | None = None
        self._recent: deque[tuple[int, float]] = deque()  # frames too young to shape the line
        self._last_arrival_s = 0.0

    @property
    def interval_s(self) -> float:
        """The sampling interval, as estimated from the arrivals."""
        return self._nominal_s * (1.0 + (self._line.slope if self._line else 0.0))

    def number(self, n: int, arrival_s: float) -> int:
        """Count `n` frames that came together at `arrival_s`; return the number of the first of them."""
        newest = self._next + n - 1
        if self._line is None:
            self._line = LineUnder(OSCILLATOR, newest * self._nominal_s, self._lag(newest, arrival_s))
        else:
            lost = self._n_lost(self._line, newest, arrival_s)
            self._next, newest = self._next + lost, newest + lost
        self._recent.append((newest, arrival_s))
        self._line.lower(newest * self._nominal_s, self._lag(newest, arrival_s))
        while arrival_s - self._recent[0][1] > _WINDOW_S:
            index, came_s = self._recent.popleft()
            self._line.add(index * self._nominal_s, self._lag(index, came_s))
        self._last_arrival_s = arrival_s
        self._next += n
        return self._next - n

    def _lag(self, index: int, arrival_s: float) -> float:
        return arrival_s - index * self._nominal_s

    def _late(self, line: LineUnder, index: int, arrival_s: float) -> float:
        return self._lag(index, arrival_s) - line.value(index * self._nominal_s)

    def _n_lost(self, line: LineUnder, newest: int, arrival_s: float) -> int:
        """Return the number of frames lost before those that came now."""
        late = self._late(line, newest, arrival_s)
        if arrival_s - self._last_arrival_s > _SILENCE_S:
            self._recent.clear()
            return max(round(late / self.interval_s), 0)
        is_long_enough = line.is_fitted and self._recent and arrival_s - self._recent[0][1] > 0.8 * _WINDOW_S
        least = min(*(self._late(line, i, s) for i, s in self._recent), late) if is_long_enough else 0.0
        if least < max(_LEAST_S, _LEAST_FRAMES * self._nominal_s):
            return 0
        self._recent.clear()
        return round(least / self.interval_s)
