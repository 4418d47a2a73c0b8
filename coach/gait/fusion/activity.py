"""Decide the body's one state from the states that the sensors see.

Feet speak before shanks, shanks before the trunk, the trunk before a running pod, the pod before the belt; of two feet
the livelier one counts (one always starts first).
"""

from collections.abc import Sequence
from typing import Final

from coach.gait.fusion.rolling import STALE_S
from coach.model.sites import WearSite
from coach.model.strides import GaitState, StateChange

_LIVELY: Final = (GaitState.STANDING, GaitState.WALKING, GaitState.RUNNING)
RUN_SPEED_MPS: Final = 2.2  # above the preferred transition of 2.07 m/s (Hreljac 1995) people run
WALK_SPEED_MPS: Final = 1.9  # below it they walk
STAND_SPEED_MPS: Final = 0.3  # chosen by eye, 2026-11-20

POD: Final = "pod"
TREADMILL: Final = "treadmill"
_RANKS: Final[Sequence[Sequence[str]]] = (
    (WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT),
    (WearSite.LEFT_SHANK, WearSite.RIGHT_SHANK),
    (WearSite.PELVIS, WearSite.CHEST),
    (POD,),
    (TREADMILL,),
)


def state_at_speed(speed_mps: float, before: GaitState | None) -> GaitState:
    """What people do at this speed, keeping `before` in the band where they do either."""
    if speed_mps < STAND_SPEED_MPS:
        return GaitState.STANDING
    if speed_mps > RUN_SPEED_MPS:
        return GaitState.RUNNING
    if speed_mps < WALK_SPEED_MPS or before in (None, GaitState.STANDING):
        return GaitState.WALKING
    return before or GaitState.WALKING


class StateFusion:
    """Keeps each source's state while its signal lasts and reports when the body's state changes."""

    def __init__(self) -> None:
        self._states: dict[str, GaitState] = {}
        self._seen_to: dict[str, float] = {}
        self._reported: GaitState | None = None

    def saw(self, source: str, t_s: float) -> None:
        """`source` gave signal up to `t_s`."""
        self._seen_to[source] = max(t_s, self._seen_to.get(source, t_s))

    def observe(self, source: str, t_s: float, state: GaitState) -> None:
        """`source` sees `state` since `t_s`."""
        self._states[source] = state
        self.saw(source, t_s)

    def withdraw(self, source: str) -> None:
        """`source` does not know any more; others may."""
        self._states.pop(source, None)

    def of(self, source: str) -> GaitState | None:
        """What `source` said last."""
        return self._states.get(source)

    def current(self, now_s: float) -> GaitState | None:
        """The body's state at `now_s`; None when no source is alive or none has decided."""
        is_watched = any(s != TREADMILL and now_s - seen <= STALE_S for s, seen in self._seen_to.items())
        for rank in _RANKS:
            if TREADMILL in rank and is_watched:
                return None  # a belt also runs under a runner who is standing beside it
            alive = [self._states[s] for s in rank if s in self._states and now_s - self._seen_to[s] <= STALE_S]
            if alive:
                return max(alive, key=_LIVELY.index)
        return None

    def change(self, now_s: float, since_s: float) -> StateChange | None:
        """The change to report now, dated `since_s`, or None."""
        state = self.current(now_s)
        if state is None or state is self._reported:
            return None
        self._reported = state
        return StateChange(since_s, state)
