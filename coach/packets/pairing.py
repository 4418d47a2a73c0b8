"""Pair two streams of one device, each with its own times: turn rates at the times of the accelerations."""

from typing import Final

import numpy as np

from coach.errors import PacketError
from coach.model.samples import FloatArray

_STRETCH: Final = 1.5  # readings that would lie this much wider apart than they do follow a loss
_BACK_S: Final = 2.0  # a clock that goes back by more restarted
_HELD_S: Final = 5.0  # longer than frames are held back by a still sensor; older readings have lost their partner


class ClockTrack:
    """Times of frames that carry the time of their last reading: spread between the last readings of two frames."""

    def __init__(self, interval_s: float) -> None:
        self.interval_s = interval_s
        self._before: float | None = None

    def restart(self) -> None:
        """Begin again with the stream: the next frame has no frame before it."""
        self._before = None

    def times(self, last_s: float, n: int, payload: bytes) -> FloatArray:
        """Return device times of `n` readings ending at `last_s`; raises PacketError where time went back a little.

        After a loss the nominal interval holds, so that the readings that came are not stretched over the gap.
        """
        before, interval = self._before, self.interval_s
        if before is not None and -_BACK_S < last_s - before <= 0.0:
            raise PacketError("the sensor's time went back", payload)
        if before is not None and last_s > before and (last_s - before) / n < _STRETCH * interval:
            interval = (last_s - before) / n
        self._before = last_s
        times: FloatArray = last_s - interval * np.arange(n - 1, -1, -1, dtype=np.float64)
        return times


class Pairing:
    """Pairs accelerations (n, 3) with turn rates (m, 3), interpolated to the accelerations' device times.

    Turn rate is interpolated between neighbours no wider apart than one and a half intervals; an acceleration without
    such neighbours has no partner and is left out (and so becomes part of a gap).
    """

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._acc = (np.empty(0), np.empty((0, 3)))
        self._gyr = (np.empty(0), np.empty((0, 3)))

    def add_acc(self, times: FloatArray, values: FloatArray) -> None:
        """Add accelerations (n, 3) with their device times (n,) [s], in any unit: values go through unchanged."""
        self._acc = _appended(self._acc, times, values)

    def add_gyr(self, times: FloatArray, values: FloatArray) -> None:
        """Add turn rates (m, 3) with their device times (m,) [s], in any unit."""
        self._gyr = _appended(self._gyr, times, values)

    def take(self) -> tuple[FloatArray, FloatArray, FloatArray] | None:
        """Return device times, acceleration and turn rate of all that is paired by now; None where nothing is."""
        (acc_s, acc), (gyr_s, gyr) = self._acc, self._gyr
        if len(acc_s) == 0 or len(gyr_s) < 2:
            return None
        # Half an interval past the last turn rate is near enough: the two streams need not share their moments.
        ready = acc_s <= gyr_s[-1] + 0.5 * self._interval_s
        self._acc = (acc_s[~ready], acc[~ready])
        right = np.clip(np.searchsorted(gyr_s, acc_s), 1, len(gyr_s) - 1)
        near = gyr_s[right] - gyr_s[right - 1] < _STRETCH * self._interval_s
        inside = acc_s >= gyr_s[0] - 0.5 * self._interval_s
        fits = ready & near & inside
        if ready.any():
            keep = max(int(np.searchsorted(gyr_s, acc_s[ready][-1])) - 1, 0)
            self._gyr = (gyr_s[min(keep, len(gyr_s) - 2) :], gyr[min(keep, len(gyr_s) - 2) :])
        if not fits.any():
            return None
        times = acc_s[fits]
        turned = np.column_stack([np.interp(times, gyr_s, gyr[:, axis]) for axis in range(3)])
        return times, acc[fits], turned


def _appended(
    held: tuple[FloatArray, FloatArray], times: FloatArray, values: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return `held` with new readings behind; all begins again after a restart, and what is too old goes."""
    if len(held[0]) and times[0] <= held[0][-1]:
        return times, values
    joined = np.concatenate([held[0], times]), np.concatenate([held[1], values])
    young = joined[0] > times[-1] - _HELD_S
    return joined[0][young], joined[1][young]
