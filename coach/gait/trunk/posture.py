"""Measure what one running step did with the trunk: oscillation, lean, rotation, drop, impact.

Vertical oscillation: peak to peak height of the sensor within the step, the vertical acceleration integrated twice
with its mean, and the velocity's, taken out (a step begins and ends at the same height). Forward lean: angle of the
mean up direction over whole strides against standing, in the plane of progression. Axial rotation, lateral drop: peak
to peak angle about up and about forward over the stride that ends with the step.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from coach.gait.signal.window import WindowView
from coach.gait.trunk.orientation import Attitude
from coach.model.samples import FloatArray
from coach.model.units import GRAVITY_MPS2

_STILL_S: Final = 1.0  # a second without a step; walking steps come every 0.5 s
_STILL_MPS2: Final = 0.35  # SD of specific force; breathing and swaying stay below 0.1, chosen by eye, 2026-11-20
_STILL_RADPS: Final = 0.17  # 10 deg/s
_STILL_TILT: Final = 0.94  # cos 20 degrees: a new standing pose must be like the old one
_NEW_POSE_S: Final = 3.0  # or last that long
_POSE_GAIN: Final = 0.2  # of each new quiet second: five of them outvote a lean on one leg, by judgement


@dataclass(slots=True)
class StandingPose:
    """Up while standing, in sensor axes: the zero of lean. Learned in every quiet second, slowly."""

    up: FloatArray | None = None
    _other_s: float = 0.0

    def observe(self, view: WindowView, hop_s: float) -> bool:
        """Look at the last second of a window; gives whether the wearer is standing still."""
        n = round(_STILL_S * view.rate_hz)
        if len(view.t_s) < n or view.is_bad[-n:].any():
            return False
        force = view.acc_mps2[-n:]
        if float(np.sqrt(force.var(axis=0).sum())) > _STILL_MPS2:
            return False
        if view.gyr_radps is not None and float(view.gyr_radps[-n:].std(axis=0).max()) > _STILL_RADPS:
            return False
        mean = force.mean(axis=0)
        size = float(np.linalg.norm(mean))
        if size < 0.5 * GRAVITY_MPS2:
            return True
        self._learn(mean / size, hop_s)
        return True

    def _learn(self, up: FloatArray, hop_s: float) -> None:
        if self.up is None:
            self.up = up
        elif float(self.up @ up) > _STILL_TILT:
            self._other_s = 0.0
            blend = self.up + _POSE_GAIN * (up - self.up)
            self.up = blend / np.linalg.norm(blend)
        else:
            self._other_s += hop_s
            if self._other_s >= _NEW_POSE_S:
                self.up, self._other_s = up, 0.0

    def lean_deg(self, up: FloatArray, forward: FloatArray | None) -> float | None:
        """Return the forward lean of a mean up direction; None without a standing pose or a forward axis."""
        if self.up is None or forward is None:
            return None
        level = forward - self.up * float(forward @ self.up)
        size = math.sqrt(float(level @ level))
        if size < 0.2:  # forward is all but upright: no lean can be read; by judgement
            return None
        return -math.degrees(math.asin(min(max(float(up @ level) / size, -1.0), 1.0)))


def span(motion: Attitude, start_s: float, end_s: float) -> slice:
    """Return the samples from `start_s` up to `end_s`."""
    start, end = motion.t_s.searchsorted((start_s, end_s))
    return slice(int(start), int(end))


def oscillation_m(motion: Attitude, start_s: float, end_s: float) -> float | None:
    """Return the peak to peak height of the sensor from one contact to the next."""
    part = motion.vertical_mps2[span(motion, start_s, end_s)]
    if len(part) < 8:
        return None
    velocity = np.add.accumulate(part - np.add.reduce(part) / len(part)) / motion.rate_hz
    height = np.add.accumulate(velocity - np.add.reduce(velocity) / len(velocity)) / motion.rate_hz
    return float(height.max() - height.min())


def turn_range_deg(motion: Attitude, axis: FloatArray | None, start_s: float, end_s: float) -> float | None:
    """Return the peak to peak angle about an axis over a stride, slow turning taken out; axis None: about up."""
    if motion.gyr_radps is None:
        return None
    part = span(motion, start_s, end_s)
    rates = motion.gyr_radps[part]
    if len(rates) < 12:  # of a stride: at 52 Hz a sprinter's has twenty; fewer show no peak
        return None
    rate = np.einsum("ij,ij->i", rates, motion.up[part]) if axis is None else rates @ axis
    angle = np.add.accumulate(rate - np.add.reduce(rate) / len(rate)) / motion.rate_hz
    return math.degrees(angle.max() - angle.min())


def impact_g(view: WindowView, start_s: float, end_s: float) -> float | None:
    """Return the largest specific force [g] from contact to toe-off; None where an axis was clipped,
    missing or lost a reading."""
    start, end = view.t_s.searchsorted((start_s, end_s))
    part = slice(int(start), int(end))
    is_odd = view.is_clipped[part] | view.is_interpolated[part] | view.is_bad[part]
    if end - start < 3 or is_odd.any() or not view.axes.all():
        return None
    force = view.acc_mps2[part]
    return math.sqrt(np.add.reduce(force * force, axis=1).max()) / GRAVITY_MPS2
