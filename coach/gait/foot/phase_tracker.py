"""Find the phase transitions of a foot's strides in its pitch rate: end of swing, heel-off, end of push-off.

A runner's foot turns toes-up in swing by more than a right angle's half, hits the ground, rests, then turns toes-down
while the heel lifts and the toes push. The moments looked for here only open and close the windows in which contact,
mid-stance and toe-off are found (`coach.gait.foot.events`, `events`); they are crossings of fixed rates, so they
need no look ahead and do not depend on how the stream was cut.

The short pieces of a stream are followed sample by sample; of a long piece all crossings are looked up at once. Both
find the same.
"""

import math
import sys
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from coach.gait.foot.alignment import FootAxes
from coach.gait.foot.constants import GX, PITCH, T
from coach.gait.foot.params import PARAMS, FootParams
from coach.gait.foot.stride_state import FootSensor
from coach.gait.foot.strides import (
    HEEL_OFF,
    NOTHING,
    PUSH_END,
    SWING_END,
    SWING_END_UNSEEN_HEEL,
    PhaseTransition,
)
from coach.gait.signal.segments import SHORT
from coach.model.samples import FloatArray

REFINE_EVERY: Final = 80  # swings, one minute: then the axes are looked at again
NEVER: Final = sys.maxsize  # the row at which nothing is looked for
SWINGING, TURNING, CALM, PUSHING = 0, 1, 2, 3  # the levels between the edges


def edges_of(params: FootParams) -> tuple[float, ...]:
    """Return the pitch rates between the levels, outermost infinite [rad/s]."""
    return (-math.inf, params.swing_radps, params.swing_end_radps, params.push_radps, math.inf)


EDGES: Final = edges_of(PARAMS)


def levels(pitch_radps: FloatArray, edges: tuple[float, ...] = EDGES) -> npt.NDArray[np.intp]:
    """Return 0 in swing, 1 between, 2 calm, 3 pushing or slapping; for each sample."""
    return np.array(edges[1:-1]).searchsorted(pitch_radps)


def level_of(pitch_radps: float, edges: tuple[float, ...] = EDGES) -> int:
    """Return the level of one sample, as `levels`."""
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
    """Return the first row from `row` on with another level than `level`, or `stop`; and the angle there.

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


# What `cross` remembers, as one list of numbers.
_PHASE, _IS_SWINGING, _IS_TURNING, _SWING_ANGLE, _PUSH_ANGLE = 0, 1, 2, 3, 4
SWING_END_ROW, HEEL_OFF_ROW, SWING_ROW, _T_SWING_END, _T_CALM, _T_SWING = 5, 6, 7, 8, 9, 10
_WAITING, _STANCE, _PUSH = 0.0, 1.0, 2.0
ANGLE: Final = 11  # kept there by who follows the rows: the integral of the pitch rate up to the last row
FRESH: Final = (_WAITING, 0.0, 0.0, 0.0, 0.0, -1.0, -1.0, -1.0, -math.inf, -math.inf, -math.inf, 0.0)


def cross(state: list[float], row: int, t_s: float, angle_rad: float, level: int, params: FootParams = PARAMS) -> int:
    """Return what turns as the pitch rate comes to `level` at `row`; angle_rad: its integral up to here.
    Rows are in `state`.

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


class PhaseTracker:
    """Follows the pitch of one foot by its axes and reports each phase transition as it is known.

    n_swings: swings seen so far, on this foot's other mountings, too.
    """

    def __init__(self, foot: FootSensor, report: Callable[[PhaseTransition], None], n_swings: int) -> None:
        self._report = report
        self.n_swings = n_swings
        self._params = foot.params
        self._edges = edges_of(self._params)
        self._waits = (*foot.search_rows, foot.standing)
        self.use(foot.axes)
        self.restart()

    def use(self, axes: FootAxes) -> None:
        """Follow by these axes from the next row on."""
        self._left: list[float] = axes.axes[1].tolist()
        self._bias = float(axes.bias_radps @ axes.axes[1])

    def restart(self) -> None:
        """Begin again after a gap."""
        self._phases = list(FRESH)
        self._level = CALM
        self._search, self._landing_row, self._due_row = 0, -1, NEVER

    def follow(self, block: FloatArray, before: int, start: int) -> tuple[int, bool]:
        """Follow the rows of a block from row `start` on; before: how many rows of it lie before that, 0 or 1.

        The row from which to go on, and whether to look at the axes again before.
        """
        x, y, z = self._left
        pitch = np.multiply(block[GX, before:], x, out=block[PITCH, before:])  # each row alone: a product of matrices
        pitch += block[GX + 1, before:] * y  # rounds by how many rows there are, and an answer would depend on the cut
        pitch += block[GX + 2, before:] * z
        pitch -= self._bias
        if len(pitch) > SHORT:
            return self._leap(block, before, start)
        row, is_due = self._step(block, before, start - before)
        return row + start - before, is_due

    def _step(self, block: FloatArray, row: int, offset: int) -> tuple[int, bool]:
        """Step row by row; offset: number of the block's first row."""
        t, pitch, phases = block[T].tolist(), block[PITCH].tolist(), self._phases
        n, is_due, angle_rad = len(t), False, phases[ANGLE]
        while row < n and not is_due:
            stop = min(n, self._due_row - offset + 1)
            at, angle_rad = next_crossing(t, pitch, row, stop, self._level, angle_rad, self._edges)
            row = min(at + 1, stop)
            if row + offset > self._due_row:
                self._settle(row - 1 + offset)
            if at < stop:
                self._level = level_of(pitch[at], self._edges)
                is_due = self._cross(at + offset, t[at], angle_rad)
        phases[ANGLE] = angle_rad
        return row, is_due

    def _leap(self, block: FloatArray, before: int, start: int) -> tuple[int, bool]:
        """Leap from crossing to crossing; before: whether the block begins with the row before `start`."""
        t, pitch = block[T], block[PITCH]
        angle = np.empty(len(t))
        angle[0] = self._phases[ANGLE]
        turned = pitch[1:] + pitch[:-1]
        turned *= t[1:] - t[:-1]
        turned *= 0.5
        if len(turned):
            turned[0] += angle[0]
            np.add.accumulate(turned, out=angle[1:])
        now = levels(pitch[before:], self._edges)
        changes = (now != np.concatenate(((self._level,), now[:-1]))).nonzero()[0]
        at = changes + before
        moments = ((changes + start).tolist(), t[at].tolist(), angle[at].tolist(), now[changes].tolist())
        for row, t_s, angle_rad, level in zip(*moments, strict=True):
            if row >= self._due_row:
                self._settle(row)
            self._level = level
            if self._cross(row, t_s, angle_rad):
                self._phases[ANGLE] = angle_rad
                return row + 1, True
        self._phases[ANGLE] = angle.item(-1)
        end = start + len(now)
        if end > self._due_row:
            self._settle(end - 1)
        return end, False

    def _cross(self, row: int, t_s: float, angle_rad: float) -> bool:
        """Take note of a crossing of the pitch rate to another level; whether to look at the axes again."""
        phases = self._phases
        said = cross(phases, row, t_s, angle_rad, self._level, self._params)
        if said == NOTHING:
            return False
        if said in (HEEL_OFF, PUSH_END):
            self._report(PhaseTransition(said, row, int(phases[SWING_END_ROW]), int(phases[HEEL_OFF_ROW])))
            return False
        if said == SWING_END_UNSEEN_HEEL:
            self._report(PhaseTransition(HEEL_OFF, row, self._landing_row, int(phases[SWING_ROW])))
        self._search, self._landing_row, self._due_row = 0, row, row + self._waits[0]
        self.n_swings += 1
        return self.n_swings % REFINE_EVERY == 0

    def _settle(self, row: int) -> None:
        """Look for the landing in the windows after swing's end that are complete at `row`; then for standing."""
        landing = self._landing_row
        while row >= self._due_row:
            if self._search == len(self._params.search_windows_s):
                self._report(PhaseTransition(HEEL_OFF, self._due_row, landing, self._due_row))
                self._due_row = NEVER
                return
            self._report(PhaseTransition(SWING_END, self._due_row, landing, -1, self._search))
            self._search += 1
            self._due_row = landing + self._waits[self._search]
