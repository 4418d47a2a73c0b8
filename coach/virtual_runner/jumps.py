"""Three jumps on the spot, as a sensor on the body measures them: for the check before a run.

A jump of `HEIGHT_M` has a push-off, a free fall of 2 sqrt(2 h / g), in which a sensor on the body reads nothing, and a
landing whose mean force above body weight is the speed of the landing over its time (mechanics of a body that falls).
The landing of a foot is shorter and harder than that of the trunk, for the legs yield. Times chosen by judgement.
"""

import math
from typing import Final

import numpy as np

from coach.model.samples import FloatArray
from coach.model.units import GRAVITY_MPS2

N_JUMPS: Final = 3
HEIGHT_M: Final = 0.10
FIRST_S: Final = 2.0  # is still, then jumps
APART_S: Final = 1.4
LASTS_S: Final = 8.0
_PUSH_S: Final = 0.25
_FOOT_S: Final = 0.045
_TRUNK_S: Final = 0.15
_POINT_S: Final = 0.12


def jumping_force(t_s: FloatArray, is_foot: bool) -> FloatArray:
    """Return the specific force along the body's vertical [m/s2] (n,), `t_s` after the beginning of standing still."""
    speed_mps = math.sqrt(2 * GRAVITY_MPS2 * HEIGHT_M)
    fall_s = 2 * speed_mps / GRAVITY_MPS2
    land_s = _FOOT_S if is_foot else _TRUNK_S
    force = np.full(t_s.shape, GRAVITY_MPS2)
    for i in range(N_JUMPS):
        off_s = FIRST_S + i * APART_S
        force += _bump(t_s, off_s - _PUSH_S, _PUSH_S, speed_mps)
        force[(t_s >= off_s) & (t_s < off_s + fall_s)] = 0.0
        force += _bump(t_s, off_s + fall_s, land_s, speed_mps)
    return force


def jumping_turn(t_s: FloatArray, is_foot: bool) -> FloatArray:
    """Turn rate about the axis to the left [rad/s] (n,): the foot points down at the push-off and back in the air."""
    fall_s = 2 * math.sqrt(2 * HEIGHT_M / GRAVITY_MPS2)
    angle_rad = math.radians(45.0 if is_foot else 3.0)
    turn = np.zeros(t_s.shape)
    for i in range(N_JUMPS):
        off_s = FIRST_S + i * APART_S
        turn += _bump(t_s, off_s - _POINT_S, _POINT_S, angle_rad)
        turn -= _bump(t_s, off_s + fall_s / 2, _POINT_S, angle_rad)
    return turn


def _bump(t_s: FloatArray, start_s: float, lasts_s: float, speed_mps: float) -> FloatArray:
    """Return a half sine that changes the speed by so much."""
    phase = (t_s - start_s) / lasts_s
    peak = speed_mps * math.pi / (2 * lasts_s)
    return np.where((phase >= 0) & (phase < 1), peak * np.sin(np.pi * np.clip(phase, 0, 1)), 0.0)
