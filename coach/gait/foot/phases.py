"""Find the phase transitions of a foot's strides in its pitch rate: end of swing, heel-off, end of push-off.

A runner's foot turns toes-up in swing by more than a right angle's half, hits the ground, rests, then turns toes-down
while the heel lifts and the toes push. The moments looked for here only open and close the windows in which contact,
mid-stance and toe-off are found (`coach.gait.foot.contacts`, `foot_events`); they are crossings of fixed rates, so they
need no look ahead and do not depend on how the stream was cut.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from coach.gait.foot.params import PARAMS, FootParams
from coach.model.samples import FloatArray

SWINGING, TURNING, CALM, PUSHING = 0, 1, 2, 3  # the levels between the edges


def edges_of(params: FootParams) -> tuple[float, ...]:
    """Pitch rates between the levels, outermost infinite [rad/s]."""
    return (-math.inf, params.swing_radps, params.swing_end_radps, params.push_radps, math.inf)


EDGES: Final = edges_of(PARAMS)


class PhaseTransition(NamedTuple):
    """One phase transition. kind: SWING_END, HEEL_OFF or PUSH_END. at: row at which it is known.

    swing_end, heel_off: rows of this stride's earlier ones.
    search: which search for the landing this is, from 0: each window is longer.
    """

    kind: int
    at: int
    swing_end: int
    heel_off: int
    search: int = 0


def levels(pitch_radps: FloatArray, edges: tuple[float, ...] = EDGES) -> npt.NDArray[np.intp]:
    """0 in swing, 1 between, 2 calm, 3 pushing or slapping; for each sample."""
    return np.array(edges[1:-1]).searchsorted(pitch_radps)


def level_of(pitch_radps: float, edges: tuple[float, ...] = EDGES) -> int:
    """The same for one sample."""
    if pitch_radps <= edges[1]:
        return SWINGING
    if pitch_radps <= edges[2]:
        return TURNING
    return CALM if pitch_radps <= edges[3] else PUSHING


def next_crossing(
    t_s: Sequence[float],
    pitch: Sequence[float],
    row: int,
    stop: int,
    level: int,
    angle_rad: float,
    edges: tuple[float, ...] = EDGES,
) -> tuple[int, float]:
    """The first row from `row` on with another level than `level`, or `stop`; and the angle there.

    angle_rad: the integral of the pitch rate until the row before.
    """
    low, high = edges[level], edges[level + 1]
    if row == 0:
        if not low < pitch[0] <= high:
            return 0, angle_rad
        row = 1
    t_before, rate_before = t_s[row - 1], pitch[row - 1]
    for k in range(row, stop):
        t_now, rate = t_s[k], pitch[k]
        angle_rad += (rate + rate_before) * (t_now - t_before) * 0.5
        if not low < rate <= high:
            return k, angle_rad
        t_before, rate_before = t_now, rate
    return stop, angle_rad


# What `cross` remembers, as one list of numbers: plain loops like these can be compiled unchanged.
_PHASE, _IS_SWINGING, _IS_TURNING, _SWING_ANGLE, _PUSH_ANGLE = 0, 1, 2, 3, 4
SWING_END_ROW, HEEL_OFF_ROW, SWING_ROW, _T_SWING_END, _T_CALM, _T_SWING = 5, 6, 7, 8, 9, 10
_WAITING, _STANCE, _PUSH = 0.0, 1.0, 2.0
ANGLE: Final = 11  # kept there by who follows the rows: the integral of the pitch rate up to the last row
FRESH: Final = (_WAITING, 0.0, 0.0, 0.0, 0.0, -1.0, -1.0, -1.0, -math.inf, -math.inf, -math.inf, 0.0)
# What `cross` says.
NOTHING, SWING_END, SWING_END_UNSEEN_HEEL, HEEL_OFF, PUSH_END = 0, 1, 2, 3, 4


def cross(state: list[float], row: int, t_s: float, angle_rad: float, level: int, params: FootParams = PARAMS) -> int:
    """The pitch rate came to `level` at `row`; angle_rad: its integral up to here. What turned; rows are in `state`.

    SWING_END_UNSEEN_HEEL: the last landing's heel-off was too gentle to be seen before this swing, which began at
    the state's SWING_ROW; SWING_END_ROW is this swing's already.
    """
    if level < CALM:
        _follow_swing(state, row, t_s, angle_rad, level)
    elif state[_IS_TURNING]:
        state[_IS_TURNING] = 0.0
        turned = state[_SWING_ANGLE] - angle_rad
        lasted = t_s > state[_T_SWING] + params.shortest_swing_s and t_s > state[_T_SWING_END] + params.refractory_s
        if state[_IS_SWINGING] and turned > params.least_swing_rad and lasted:
            return _swing_ends(state, row, t_s, params)
    if state[_PHASE] == _STANCE:
        return _in_stance(state, row, t_s, angle_rad, level, params)
    if state[_PHASE] == _PUSH and level < PUSHING:
        return _push_ends(state, t_s, angle_rad, params)
    return NOTHING


def _follow_swing(state: list[float], row: int, t_s: float, angle_rad: float, level: int) -> None:
    if not state[_IS_TURNING]:
        state[SWING_ROW] = row
        state[_IS_TURNING], state[_IS_SWINGING] = 1.0, 0.0
        state[_SWING_ANGLE], state[_T_SWING] = angle_rad, t_s
    if level == SWINGING:
        state[_IS_SWINGING], state[_T_CALM] = 1.0, t_s


def _swing_ends(state: list[float], row: int, t_s: float, params: FootParams) -> int:
    is_unseen = state[HEEL_OFF_ROW] < state[SWING_END_ROW] and t_s < state[_T_SWING_END] + params.latest_heel_off_s
    state[_PHASE] = _STANCE
    state[SWING_END_ROW] = row
    state[_T_SWING_END] = state[_T_CALM] = t_s
    return SWING_END_UNSEEN_HEEL if is_unseen else SWING_END


def _in_stance(state: list[float], row: int, t_s: float, angle_rad: float, level: int, params: FootParams) -> int:
    if level < PUSHING:
        state[_T_CALM] = t_s
        return NOTHING
    if t_s < state[_T_SWING_END] + params.slap_s or t_s < state[_T_CALM] + params.calm_s:
        return NOTHING
    if t_s > state[_T_SWING_END] + params.latest_heel_off_s:
        state[_PHASE] = _WAITING
        return NOTHING
    state[_PHASE] = _PUSH
    state[HEEL_OFF_ROW], state[_PUSH_ANGLE], state[_T_CALM] = row, angle_rad, t_s
    return HEEL_OFF


def _push_ends(state: list[float], t_s: float, angle_rad: float, params: FootParams) -> int:
    began = state[_T_CALM]
    state[_PHASE], state[_T_CALM] = _STANCE, t_s  # it may have been a late landing's slap
    if angle_rad < state[_PUSH_ANGLE] + params.least_push_rad or t_s > began + params.latest_toe_off_s:
        return NOTHING
    return PUSH_END
