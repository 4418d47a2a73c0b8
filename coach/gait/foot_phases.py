"""The pitch rate of a foot in, the turning points of its strides out: swing ended, heel lifted, push over.

A runner's foot turns toes-up in swing by more than a right angle's half, hits the ground, rests, then turns toes-down
while the heel lifts and the toes push. The moments sought here only open and close the windows in which
`coach.gait.foot_events` finds contact, mid-stance and toe-off; they are crossings of fixed rates, so they need no look
ahead and do not depend on how the stream was cut.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from coach.model.samples import FloatArray

# Rates of pitch [rad/s], toes-down positive. Swing turns at 6-13 rad/s (walking to running), mid-stance at 0-2 rad/s,
# push-off at 6-13 rad/s (Falbriard 2018, doi:10.3389/fphys.2018.00610, figure 2; own look at the references).
SWING_RADPS: Final = -3.5
SWING_OVER_RADPS: Final = -1.0
PUSH_RADPS: Final = 3.0
LEAST_PUSH_RADPS: Final = 4.0
_EDGES: Final = np.array([SWING_RADPS, SWING_OVER_RADPS, PUSH_RADPS])

LEAST_SWING_RAD: Final = 0.5  # a landing forefoot lowers its heel by at most 0.4 rad, a swing turns 0.9 rad and more
SLAP_S: Final = 0.08  # from swing's end: the rearfoot slap (toes-down) is over, doi:10.1016/j.jbiomech.2004.09.022
CALM_S: Final = 0.02  # the foot rests at least this long between slap and push; shorter is ringing, 4 samples at 200 Hz
LATEST_HEEL_OFF_S: Final = 1.2  # from swing's end; slow walking stands 0.9 s, longer is standing
LATEST_TOE_OFF_S: Final = 0.6  # from heel-off


class Phase(IntEnum):
    """Where in the stride the foot is."""

    WAITING = 0
    SWING = 1
    STANCE = 2
    PUSH = 3


class Turn(IntEnum):
    """What happened."""

    SWING_OVER = 0
    HEEL_OFF = 1
    PUSH_OVER = 2


@dataclass(frozen=True, slots=True)
class Turning:
    """One turning point. at: row at which it is known. swing_over, heel_off: rows of this stride's earlier ones."""

    turn: Turn
    at: int
    swing_over: int
    heel_off: int


def levels(pitch_radps: FloatArray) -> npt.NDArray[np.intp]:
    """0 in swing, 1 between, 2 calm, 3 pushing or slapping; for each sample."""
    return _EDGES.searchsorted(pitch_radps)


class Phases:
    """Follows one foot through its strides, one crossing at a time. Forget it (make a new one) at a gap."""

    __slots__ = ("_heel_off", "_phase", "_start_angle", "_swing_over", "_t_calm", "_t_over", "_t_push")

    def __init__(self) -> None:
        self._phase = Phase.WAITING
        self._start_angle = 0.0
        self._swing_over = self._heel_off = -1
        self._t_over = self._t_push = self._t_calm = 0.0

    def cross(self, row: int, t_s: float, angle_rad: float, after: int) -> Turning | None:
        """The level became `after` at `row`; angle_rad: integral of the pitch rate up to here."""
        if after == 0:
            return self._into_swing(t_s, angle_rad)
        if self._phase is Phase.SWING:
            return self._in_swing(row, t_s, angle_rad, after)
        if self._phase is Phase.STANCE:
            return self._in_stance(row, t_s, after)
        if self._phase is Phase.PUSH and after < 3:
            return self._in_push(row, t_s)
        return None

    def was_no_push(self) -> None:
        """The push that just ended was too slow to be one (see LEAST_PUSH_RADPS): the foot still stands."""
        self._phase = Phase.STANCE

    def _into_swing(self, t_s: float, angle_rad: float) -> None:
        if self._phase is Phase.STANCE and t_s < self._t_over + SLAP_S:
            return  # a forefoot lowers its heel
        if self._phase is not Phase.SWING:
            self._start_angle = angle_rad
        self._phase = Phase.SWING

    def _in_swing(self, row: int, t_s: float, angle_rad: float, after: int) -> Turning | None:
        if after < 2:
            return None
        if angle_rad > self._start_angle - LEAST_SWING_RAD:
            self._phase = Phase.WAITING
            return None
        self._phase = Phase.STANCE
        self._swing_over, self._t_over = row, t_s
        self._t_calm = t_s if after < 3 else t_s + SLAP_S
        return Turning(Turn.SWING_OVER, row, row, -1)

    def _in_stance(self, row: int, t_s: float, after: int) -> Turning | None:
        if after < 3:
            self._t_calm = t_s
            return None
        if t_s < self._t_over + SLAP_S or t_s < self._t_calm + CALM_S:
            return None
        if t_s > self._t_over + LATEST_HEEL_OFF_S:
            self._phase = Phase.WAITING
            return None
        self._phase = Phase.PUSH
        self._heel_off, self._t_push = row, t_s
        return Turning(Turn.HEEL_OFF, row, self._swing_over, row)

    def _in_push(self, row: int, t_s: float) -> Turning | None:
        self._phase = Phase.WAITING
        if t_s > self._t_push + LATEST_TOE_OFF_S:
            return None
        return Turning(Turn.PUSH_OVER, row, self._swing_over, self._heel_off)
