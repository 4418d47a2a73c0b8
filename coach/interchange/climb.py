"""Measure the climb of a track: metres up and down with a standard uncertainty.

A height that comes and goes by less than a threshold is noise, not a hill: the profile is followed from turning point
to turning point, and only swings beyond the threshold count (hysteresis, as watches do). The threshold is three times
the noise of the heights against their own running mean, and at least two metres, the wander of a barometer in wind.
What depends on that choice is the uncertainty: half the spread between half and twice the threshold. It does not see
an error that lasts for minutes (weather, trees over a receiver without barometer), so it is a lower bound there.
"""

from typing import Final

from coach.model.arrays import np
from coach.model.frozen import dataclass
from coach.model.samples import FloatArray

_LEAST_M: Final = 2.0  # chosen by judgement; half and twice of it make the uncertainty
_NOISE_S: Final = 15.0  # a runner's height changes by a metre or two in that time, straight enough for a mean
_FASTEST_MPS: Final = 3.0  # up or down; a descent of 50 % at 6 m/s. Chosen by judgement
_JUMP_M, _JUMP_NOISE = 10.0, 8.0  # metres, and times the usual step: less is noise. Chosen by judgement
_MIN_POINTS: Final = 10


@dataclass(frozen=True, slots=True)
class Climb:
    """up_m, down_m: both positive. *_sd_m: standard uncertainties."""

    up_m: float
    down_m: float
    up_sd_m: float
    down_sd_m: float


def climb_of(t_s: FloatArray, altitude_m: FloatArray) -> Climb | None:
    """Return the climb of heights (n,) [m] at times (n,) [s]; NaN where unknown.
    None with fewer than ten known heights."""
    known = np.isfinite(altitude_m) & np.isfinite(t_s)
    if known.sum() < _MIN_POINTS:
        return None
    t_s, altitude_m = t_s[known], altitude_m[known]
    altitude_m = without_jumps(t_s, altitude_m)
    smooth = _means(t_s, altitude_m)
    noise_m = 1.4826 * float(np.median(np.abs(altitude_m - smooth)))
    threshold_m = max(_LEAST_M, 3 * noise_m)
    up_m, down_m = _swings(smooth, threshold_m)
    fine, coarse = _swings(smooth, threshold_m / 2), _swings(smooth, threshold_m * 2)
    # A turning point is the highest of several noisy heights: about half the noise each, by simulation.
    by_noise_m = 0.5 * noise_m * np.sqrt((up_m + down_m) / threshold_m)
    sds = [max(float(np.hypot((a - b) / 2, by_noise_m)), 0.5) for a, b in zip(fine, coarse, strict=True)]
    return Climb(up_m, down_m, sds[0], sds[1])


def without_jumps(t_s: FloatArray, altitude_m: FloatArray) -> FloatArray:
    """Return heights without steps that no runner makes: a watch calibrates its barometer by satellite,
    or loses them."""
    steps = np.diff(altitude_m)
    usual_m = 1.4826 * float(np.median(np.abs(steps)))
    most_m = np.maximum(_FASTEST_MPS * np.diff(t_s), max(_JUMP_M, _JUMP_NOISE * usual_m))
    steps[np.abs(steps) > most_m] = 0.0
    joined = altitude_m[0] + np.concatenate(([0.0], np.cumsum(steps)))
    # Most of the run stays where it was: a calibration at the start corrects what lay before it.
    return np.asarray(joined + np.median(altitude_m - joined), dtype=np.float64)


def _means(t_s: FloatArray, values: FloatArray) -> FloatArray:
    """Return means over a window around each moment."""
    total = np.concatenate(([0.0], np.cumsum(values)))
    first = np.searchsorted(t_s, t_s - _NOISE_S / 2)
    last = np.searchsorted(t_s, t_s + _NOISE_S / 2, side="right")
    return np.asarray((total[last] - total[first]) / (last - first), dtype=np.float64)


def _swings(altitude_m: FloatArray, threshold_m: float) -> tuple[float, float]:
    """Return metres up and down, counting swings of at least the threshold."""
    up = down = 0.0
    low = high = pivot = extreme = float(altitude_m[0])
    direction = 0
    for height in altitude_m.tolist():
        if direction == 0:
            low, high = min(low, height), max(high, height)
            if height - low >= threshold_m:
                direction, pivot, extreme = 1, low, height
            elif high - height >= threshold_m:
                direction, pivot, extreme = -1, high, height
        elif direction * (height - extreme) > 0:
            extreme = height
        elif direction * (extreme - height) >= threshold_m:
            up, down = up + max(0.0, extreme - pivot), down + max(0.0, pivot - extreme)
            direction, pivot, extreme = -direction, extreme, height
    return up + max(0.0, extreme - pivot), down + max(0.0, pivot - extreme)
