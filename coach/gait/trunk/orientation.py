"""A window of trunk motion in; vertical and horizontal specific force, sway and turn rates about body axes out.

Up is the mean specific force over whole strides: at steady speed the mean acceleration of a stride is zero, what
remains is gravity. Where there is a gyroscope, the sway about that mean (integrated turn rate less its mean over whole
strides) turns each reading into the mean attitude first: without it, tilt that swings in step with the landing force
bends the mean by 3 degrees (measured on two trunk recordings with motion capture).
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from coach.gait.signal.filters import cross, hann_smooth, hann_smooth_rows, means, period, whole_mean
from coach.gait.signal.window import BoolArray, WindowView
from coach.model.samples import FloatArray

SHORTEST_STEP_S: Final = 0.22  # 270 steps per minute: sprinting
LONGEST_STEP_S: Final = 0.75  # 80 steps per minute: a stroll
_DEFAULT_STEP_S: Final = 0.36  # 167 steps per minute, until steps are seen
GRAVITY_STRIDES: Final = (
    4  # chosen by eye, 2026-11-20: long against one step's scatter, short against a change of posture
)


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
        angle = np.cumsum(view.gyr_radps, axis=0) / rate
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
    along = hann_smooth(view.acc_mps2 @ (mean / size), round(0.1 * rate))
    lag = period(along, round(SHORTEST_STEP_S * rate), round(LONGEST_STEP_S * rate))
    return None if lag is None else lag / rate


def forward_axis(motion: Attitude, chosen: FloatArray) -> FloatArray | None:
    """Unit vector forward in sensor axes, from braking and propulsion; None where they do not show.

    The foot brakes while the vertical force rises and drives while it falls, so forward is the horizontal direction
    whose force runs against the slope of the vertical force. Sideways force has the period of a stride and averages
    out over steps of both feet. chosen: (n,) the samples to use, over whole strides.
    """
    if not chosen.any():
        return None
    width = round(0.08 * motion.rate_hz)
    slope = np.gradient(hann_smooth(motion.vertical_mps2, 2 * width), motion.t_s)
    smooth = hann_smooth_rows(motion.horizontal_mps2.T, width).T
    drive = -means((smooth * slope[:, None])[chosen])
    up = means(motion.up[chosen])
    drive = drive - up * (drive @ up) / max(float(up @ up), 1e-9)
    size = float(np.linalg.norm(drive))
    spread = float(np.abs(slope[chosen]).mean()) * float(np.linalg.norm(smooth[chosen], axis=1).mean())
    if size < 0.05 * spread or size < 1e-9:
        return None
    result: FloatArray = drive / size
    return result
