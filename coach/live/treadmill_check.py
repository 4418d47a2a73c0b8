"""Compare the belt's speed with the runner's own feet: some treadmills set to miles send miles as kilometres.

The ratio of the treadmill's speed to that of the strides is then 0.621 (miles sent as kilometres; Bowflex T9, 3G Cardio
Elite in qdomyos-zwift's horizontreadmill.cpp) or 1.609 (the other way). Fails where the feet's own speed is wrong by
a tenth or more, as with a foot sensor that is not aligned yet.
"""

from typing import Final

from coach.model.frozen import dataclass

KM_PER_MILE: Final = 1.609344


@dataclass(frozen=True, slots=True)
class TreadmillCheckParams:
    """tolerance: share by which the ratio may miss; three times the joint SD of foot (3.4 %, Falbriard 2021) and belt
    (2 %), rounded down. for_s: how long the ratio must hold [s]; some 40 strides. fresh_s: how old the belt's speed
    may be at a stride [s]. least_mps: below it neither is sure [m/s].
    """

    tolerance: float = 0.10
    for_s: float = 30.0
    fresh_s: float = 3.0
    least_mps: float = 1.0


class TreadmillCheck:
    """Feed it belt speeds and strides; `words` says once what is wrong."""

    def __init__(self, params: TreadmillCheckParams | None = None) -> None:
        self._params = params or TreadmillCheckParams()
        self._belt: tuple[float, float] | None = None
        self._since: tuple[float, float] | None = None
        self._is_said = False

    def belt(self, t_s: float, speed_mps: float) -> None:
        """Take the treadmill's speed [m/s] at `t_s`."""
        self._belt = (t_s, speed_mps)

    def stride(self, t_s: float, speed_mps: float) -> str | None:
        """Take a stride's own speed [m/s]; return the sentence for the runner as soon as the ratio has held, once."""
        params = self._params
        if self._belt is None or t_s - self._belt[0] > params.fresh_s or speed_mps < params.least_mps:
            self._since = None
            return None
        ratio = self._belt[1] / speed_mps
        factor = next((f for f in (1 / KM_PER_MILE, KM_PER_MILE) if abs(ratio / f - 1) <= params.tolerance), None)
        if factor is None or (self._since is not None and self._since[0] != factor):
            self._since = None
        if factor is None:
            return None
        self._since = self._since or (factor, t_s)
        if self._is_said or t_s - self._since[1] < params.for_s:
            return None
        self._is_said = True
        if factor < 1:
            return "Your treadmill seems to send miles as kilometres: set its display to km/h"
        return "Your treadmill seems to send kilometres as miles: check its units"
