"""Detect initial contact in a window around the end of a swing.

The specific force along the foot's up axis falls while the leg reaches down and rises when the ground stops the foot; a
heel that meets the ground turns the toes down at the same time (foot slap). Each rise has its onset; the landing lies
between them (`coach.gait.foot.single.contact`). A ripple of the swinging leg may rise as much as a clipped or a soft
landing: a clear slap says from when on the landing is searched.

The foot's axes are forward, left, up; pitch is positive toes down.
"""

import math
from dataclasses import dataclass

import numpy as np

from coach.gait.foot import single
from coach.gait.foot.constants import AX, BEFORE_SWING_OVER_S, PITCH, T
from coach.model.samples import FloatArray


@dataclass(frozen=True, slots=True)
class Contact:
    """One landing. t_s: initial contact. peak_mps2: largest specific force from contact until the window's end.
    rise_s: time of the rise around the onset. is_clipped: whether an axis was at full scale in the window."""

    t_s: float
    peak_mps2: float
    rise_s: float
    is_clipped: bool


def contact(
    columns: FloatArray,
    swing_over: int,
    up: FloatArray,
    rate_hz: float,
    reach_s: float,
    shock_mps2: float,
    limit_mps2: float,
) -> Contact | None:
    """Return the initial contact around the row `swing_over`, as accelerometer and gyroscope show it, or None.

    columns: (N_COLUMNS, n) rows held. up: (3,) up axis of the flat foot in sensor axes. A window of `reach_s` after the
    end of the swing without a step of the specific force of `shock_mps2` holds no landing. limit_mps2: an axis from
    here on is at full scale.
    """
    start = swing_over - round(BEFORE_SWING_OVER_S * rate_hz)
    window = columns[:, start : swing_over + round(reach_s * rate_hz) + 1]
    force = window[AX : AX + 3]
    step = force[:, 1:] - force[:, :-1]
    if max(np.vecdot(step.T, step.T).tolist()) < shock_mps2 * shock_mps2:
        return None
    t, up_force, pitch = window[T].tolist(), up.dot(force).tolist(), window[PITCH].tolist()
    is_landing, t_s, row, rise_s = single.contact(t, up_force, pitch, len(t), rate_hz)
    if not is_landing:
        return None
    norm2 = np.vecdot(force.T, force.T).tolist()
    is_clipped = max(norm2) >= limit_mps2 * limit_mps2 and bool((np.abs(force) >= limit_mps2).any())
    return Contact(t_s, math.sqrt(max(norm2[row:])), rise_s, is_clipped)
