"""The pitch rate of a foot in, the turning points of its strides out: swing ended, heel lifted, push over.

A runner's foot turns toes-up in swing by more than a right angle's half, hits the ground, rests, then turns toes-down
while the heel lifts and the toes push. The moments sought here only open and close the windows in which
`coach.gait.foot_events` finds contact, mid-stance and toe-off; they are crossings of fixed rates, so they need no look
ahead and do not depend on how the stream was cut.
"""

import math
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from coach.model.samples import FloatArray

# Rates of pitch [rad/s], toes-down positive. Seen in the reference recordings: swing turns at 3-13 rad/s (jogging
# in place to running), mid-stance at 0-2, push-off at 4-13. All numbers here chosen by eye on them, 2026-11-20.
SWING_RADPS: Final = -2.0
SWING_OVER_RADPS: Final = -1.0
PUSH_RADPS: Final = 3.0
_EDGES: Final = np.array([SWING_RADPS, SWING_OVER_RADPS, PUSH_RADPS])
SWINGING, TURNING, CALM, PUSHING = 0, 1, 2, 3  # the levels between those edges

LEAST_SWING_RAD: Final = 0.25  # jogging on the spot turns 0.3 rad, running 1.5 rad and more
SHORTEST_SWING_S: Final = 0.08  # running swings the foot for 0.2 s and more; shorter is a shock or noise
REFRACTORY_S: Final = 0.3  # a landing forefoot lowers its heel by 0.1-0.3 rad: that is no swing
LEAST_PUSH_RAD: Final = 0.25  # push-off turns 0.5 rad and more above PUSH_RADPS, a landing's ringing less than 0.1 rad
SLAP_S: Final = 0.08  # from swing's end: the rearfoot slap (toes-down) is over
CALM_S: Final = 0.03  # the foot rests at least this long between slap and push; shorter is ringing
LATEST_HEEL_OFF_S: Final = 1.2  # from swing's end; slow walking stands 0.9 s, longer is standing
LATEST_TOE_OFF_S: Final = 0.6  # from heel-off


class Phase(IntEnum):
    """Where in the stride the foot is."""

    WAITING = 0
    STANCE = 1
    PUSH = 2


class Turn(IntEnum):
    """What happened."""

    SWING_OVER = 0
    HEEL_OFF = 1
    PUSH_OVER = 2


class Turning(NamedTuple):
    """One turning point. at: row at which it is known. swing_over, heel_off: rows of this stride's earlier ones.

    look: which look for the landing this is, from 0. missed: the last landing's heel-off, where it was too gentle to
    be seen before this swing.
    """

    turn: Turn
    at: int
    swing_over: int
    heel_off: int
    look: int = 0
    missed: "Turning | None" = None


def levels(pitch_radps: FloatArray) -> npt.NDArray[np.intp]:
    """0 in swing, 1 between, 2 calm, 3 pushing or slapping; for each sample."""
    return _EDGES.searchsorted(pitch_radps)


class Phases:
    """Follows one foot through its strides, one crossing at a time. Forget it (make a new one) at a gap."""

    __slots__ = (
        "_heel_off",
        "_is_swinging",
        "_is_turning",
        "_phase",
        "_push_angle",
        "_swing_angle",
        "_swing_over",
        "_swing_row",
        "_t_calm",
        "_t_over",
        "_t_swing",
    )

    def __init__(self) -> None:
        self._phase = Phase.WAITING
        self._is_swinging = self._is_turning = False
        self._swing_angle = self._push_angle = 0.0
        self._swing_over = self._heel_off = self._swing_row = -1
        self._t_over = self._t_calm = self._t_swing = -math.inf

    def cross(self, row: int, t_s: float, angle_rad: float, level: int) -> Turning | None:
        """The pitch rate came to `level` at `row`; angle_rad: its integral up to here."""
        if level < CALM:
            self._follow_swing(row, t_s, angle_rad, level)
        elif self._is_turning:
            self._is_turning = False
            turned = self._swing_angle - angle_rad
            lasted = t_s > max(self._t_swing + SHORTEST_SWING_S, self._t_over + REFRACTORY_S)
            if self._is_swinging and turned > LEAST_SWING_RAD and lasted:
                return self._swing_ends(row, t_s)
        if self._phase is Phase.STANCE:
            return self._in_stance(row, t_s, angle_rad, level)
        if self._phase is Phase.PUSH and level < PUSHING:
            return self._push_ends(row, t_s, angle_rad)
        return None

    def _follow_swing(self, row: int, t_s: float, angle_rad: float, level: int) -> None:
        if not self._is_turning:
            self._swing_row = row
            self._is_turning, self._is_swinging = True, False
            self._swing_angle, self._t_swing = angle_rad, t_s
        if level == SWINGING:
            self._is_swinging, self._t_calm = True, t_s

    def _swing_ends(self, row: int, t_s: float) -> Turning:
        missed = None
        if self._heel_off < self._swing_over and t_s < self._t_over + LATEST_HEEL_OFF_S:
            missed = Turning(Turn.HEEL_OFF, row, self._swing_over, self._swing_row)
        self._phase = Phase.STANCE
        self._swing_over, self._t_over, self._t_calm = row, t_s, t_s
        return Turning(Turn.SWING_OVER, row, row, -1, missed=missed)

    def _in_stance(self, row: int, t_s: float, angle_rad: float, level: int) -> Turning | None:
        if level < PUSHING:
            self._t_calm = t_s
            return None
        if t_s < self._t_over + SLAP_S or t_s < self._t_calm + CALM_S:
            return None
        if t_s > self._t_over + LATEST_HEEL_OFF_S:
            self._phase = Phase.WAITING
            return None
        self._phase = Phase.PUSH
        self._heel_off, self._push_angle = row, angle_rad
        self._t_calm = t_s
        return Turning(Turn.HEEL_OFF, row, self._swing_over, row)

    def _push_ends(self, row: int, t_s: float, angle_rad: float) -> Turning | None:
        began, self._phase, self._t_calm = self._t_calm, Phase.STANCE, t_s  # it may have been a late landing's slap
        if angle_rad < self._push_angle + LEAST_PUSH_RAD or t_s > began + LATEST_TOE_OFF_S:
            return None
        return Turning(Turn.PUSH_OVER, row, self._swing_over, self._heel_off)
