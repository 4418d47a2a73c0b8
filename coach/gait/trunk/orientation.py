"""Prepare a window of trunk motion: knocks on the sensor taken out, readings turned into the mean attitude.

A hand, a bottle or a buckle that hits the sensor, and a marker that jumps where the sensor is a virtual one, give a
tenth of a second of readings that no trunk can give. They are treated as lost: drawn in by straight lines and marked,
so that what rests on them is known less surely or not at all. Fails where the trunk itself is stopped that hard.

Up is the mean specific force over whole strides: at steady speed the mean acceleration of a stride is zero, what
remains is gravity. Where there is a gyroscope, the sway about that mean (integrated turn rate less its mean over whole
strides) turns each reading into the mean attitude first: without it, tilt that swings in step with the landing force
bends the mean by 3 degrees (measured on two trunk recordings with motion capture).
"""

import math
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from coach.gait.signal.filters import cross, hann_smooth, hann_smooth_rows, means, period, slopes, whole_mean
from coach.gait.signal.window import BoolArray, WindowView
from coach.gait.trunk.params import TrunkParams
from coach.model.frozen import dataclass
from coach.model.samples import FloatArray
from coach.model.units import GRAVITY_MPS2

SHORTEST_STEP_S: Final = 0.22  # 270 steps per minute: sprinting
LONGEST_STEP_S: Final = 0.75  # 80 steps per minute: a stroll
_DEFAULT_STEP_S: Final = 0.36  # 167 steps per minute, until steps are seen
_RHYTHM_S: Final = 0.1  # smoothing (Hann) of the force whose rhythm is looked for: leaves steps alone; by judgement
_SLOPE_S: Final = 0.08  # of the forces whose slopes are compared; a contact lasts three times as long; by judgement
# Of what a force wholly against the slope would give: less shows no direction; by judgement.
_LEAST_DRIVE: Final = 0.05
GRAVITY_STRIDES: Final = (
    4  # chosen by eye, 2026-11-20: long against one step's scatter, short against a change of posture
)


def without_knocks(view: WindowView, params: TrunkParams) -> WindowView:
    """Return the window with knocks as lost readings; as it is where there are none, or nothing else."""
    is_knock = np.einsum("ij,ij->i", view.acc_mps2, view.acc_mps2) > (params.knock_g * GRAVITY_MPS2) ** 2
    if view.gyr_radps is not None:
        is_knock |= np.einsum("ij,ij->i", view.gyr_radps, view.gyr_radps) > params.knock_radps**2
    if not is_knock.any():
        return view
    is_knock = _widened(is_knock, round(params.knock_half_s * view.rate_hz))
    if is_knock.all():
        return view
    lost, good = np.flatnonzero(is_knock), np.flatnonzero(~is_knock)
    gyr = view.gyr_radps
    return replace(
        view,
        acc_mps2=_drawn_in(view.acc_mps2, lost, good),
        gyr_radps=None if gyr is None else _drawn_in(gyr, lost, good),
        is_bad=view.is_bad | is_knock,
        is_clipped=view.is_clipped & ~is_knock,
    )


def _widened(chosen: BoolArray, rows: int) -> BoolArray:
    """Return the chosen rows and so many on either side: a knock swings in and out."""
    summed = np.concatenate(([0], np.cumsum(chosen)))
    at = np.arange(len(chosen))
    widened: BoolArray = summed[np.minimum(at + rows + 1, len(chosen))] > summed[np.maximum(at - rows, 0)]
    return widened


def _drawn_in(values: FloatArray, lost: npt.NDArray[np.intp], good: npt.NDArray[np.intp]) -> FloatArray:
    """Return (n, 3) values with the lost rows on straight lines between the good ones."""
    drawn = values.copy()
    for column in drawn.T:
        column[lost] = np.interp(lost, good, column[good])
    return drawn


@dataclass(frozen=True, slots=True, eq=False)
class Attitude:
    """Motion of one window in its mean attitude.

    up: (n, 3) unit vector, sensor axes. weight_mps2: (n,) mean specific force, one body weight. vertical_mps2: (n,)
    along up. horizontal_mps2: (n, 3) the rest. along_weights: (n,) specific force along the window's mean, as the
    sensor reads it, in body weights. sway_rad: (n, 3) rotation from the mean attitude, sensor axes, or None. gyr_radps:
    (n, 3) or None. is_lost: (n,) no reading. step_s: step period, None where nothing repeats.
    """

    t_s: FloatArray
    rate_hz: float
    up: FloatArray
    weight_mps2: FloatArray
    vertical_mps2: FloatArray
    horizontal_mps2: FloatArray
    along_weights: FloatArray
    sway_rad: FloatArray | None
    gyr_radps: FloatArray | None
    is_lost: BoolArray
    step_s: float | None


def attitude(view: WindowView) -> Attitude:
    """Find up and split the motion of a window along it."""
    rate = view.rate_hz
    window_mean = means(view.acc_mps2)
    step_s = _step_period(view, window_mean)
    stride = max(2, round(2.0 * (step_s or _DEFAULT_STEP_S) * rate))
    force, sway = view.acc_mps2, None
    if view.gyr_radps is not None:
        angle = np.add.accumulate(view.gyr_radps, axis=0) / rate
        sway = angle - whole_mean(angle, stride)
        turned = cross(sway, force)
        force = force + turned + 0.5 * cross(sway, turned)
    mean = whole_mean(force, min(GRAVITY_STRIDES, max(1, len(force) // stride)) * stride)
    weight = np.sqrt(np.add.reduce(mean * mean, axis=1))
    up = mean / np.maximum(weight, 1e-9)[:, None]
    vertical = np.einsum("ij,ij->i", force, up)
    horizontal = force - vertical[:, None] * up
    along = view.acc_mps2 @ window_mean / max(float(window_mean @ window_mean), 1e-9)
    return Attitude(view.t_s, rate, up, weight, vertical, horizontal, along, sway, view.gyr_radps, view.is_bad, step_s)


def _step_period(view: WindowView, mean: FloatArray) -> float | None:
    """Step period [s] from the repetition of the force along its mean (3,) over the window."""
    size = math.sqrt(float(mean @ mean))
    if size < 1e-6:
        return None
    rate = view.rate_hz
    along = hann_smooth(view.acc_mps2 @ (mean / size), round(_RHYTHM_S * rate))
    lag = period(along, round(SHORTEST_STEP_S * rate), round(LONGEST_STEP_S * rate))
    return None if lag is None else lag / rate


def forward_axis(motion: Attitude, part: slice) -> FloatArray | None:
    """Return the unit vector forward in sensor axes, from braking and propulsion; None where they do not show.

    The foot brakes while the vertical force rises and drives while it falls, so forward is the horizontal direction
    whose force runs against the slope of the vertical force. Sideways force has the period of a stride and averages
    out over steps of both feet. part: the samples to use, over whole strides; they count as evenly spaced.
    """
    width = round(_SLOPE_S * motion.rate_hz)
    slope = slopes(hann_smooth(motion.vertical_mps2, 2 * width))[part] * motion.rate_hz
    if not len(slope):
        return None
    smooth = hann_smooth_rows(motion.horizontal_mps2.T, width)[:, part].T
    drive = -means(smooth * slope[:, None])
    up = means(motion.up[part])
    drive = drive - up * (drive @ up) / max(float(up @ up), 1e-9)
    size = float(np.linalg.norm(drive))
    spread = float(np.abs(slope).mean()) * float(np.linalg.norm(smooth, axis=1).mean())
    if size < _LEAST_DRIVE * spread or size < 1e-9:
        return None
    result: FloatArray = drive / size
    return result
