"""Chunks of an ankle strap in, contacts, toe-offs, strides and changes of state out.

Works in any mounting and without gyroscope. Gives times only: what needs the foot's own motion stays None.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np

from coach.gait.constants import BRIDGED_FACTOR, GRAVITY_MPS2
from coach.gait.shank_events import LONGEST_STRIDE_S, SHORTEST_STRIDE_S, Footfall, find_footfalls
from coach.gait.trunk_window import SignalWindow, View
from coach.model.samples import ImuChunk
from coach.model.sites import WearSite
from coach.model.strides import GaitEvent, GaitState, InitialContact, StateChange, Stride, ToeOff

SPAN_S: Final = 6.0
HOP_S: Final = 0.2
_WARM_UP_S: Final = 4.2  # three whole walking strides: the first answer looks back to the first contact
_CONTACT_KNOWN_S: Final = 0.12  # after the shock no later one can belong to the same contact
_SAME_S: Final = 0.15  # a contact found again in a later window moves by less
_STILL_MPS2: Final = 0.6  # SD over a second and a half below which a leg stands
_STILL_S: Final = 1.5
_MARGIN_S: Final = 0.1
_CHANGE_AFTER: Final = 2  # footfalls of another kind before the state changes
_UNCERTAIN: Final = {  # one standard deviation
    "initial_contact_s": 0.010,
    "toe_off_s": 0.012,
    "contact_time_s": 0.014,
    "stride_time_s": 0.006,
    "impact_g": 0.3,
}


class ShankGait:
    """Strides seen from one shank.

    wear_site: LEFT_SHANK or RIGHT_SHANK. n_dropped: strides not given because a gap touched them.
    """

    def __init__(self, wear_site: WearSite) -> None:
        self._site = wear_site
        self._window = SignalWindow(SPAN_S, HOP_S)
        self._state: GaitState | None = None
        self._open: Footfall | None = None
        self._told_toe_off: float | None = None
        self._n_other = 0
        self.n_dropped = 0

    def feed(self, chunk: ImuChunk) -> list[GaitEvent]:
        """Take the next samples, give the events that are known now."""
        return self._look(self._window.push(chunk))

    def finish(self) -> list[GaitEvent]:
        """Give the stride that the end of the recording leaves."""
        return self._look(self._window.flush())

    def _look(self, views: Iterable[View]) -> list[GaitEvent]:
        events: list[GaitEvent] = []
        for view in views:
            events += self._analyse(view)
            if view.is_last:
                self._open = self._told_toe_off = None
        return events

    def _analyse(self, view: View) -> list[GaitEvent]:
        if len(view.t_s) < _WARM_UP_S * view.rate_hz:
            return []
        if _is_still(view):
            self._open = self._told_toe_off = None
            return self._enter(GaitState.STANDING, float(view.t_s[-1]) - _STILL_S)
        known_to = float(view.t_s[-1]) - (0.0 if view.is_last else _CONTACT_KNOWN_S)
        events: list[GaitEvent] = []
        for footfall in find_footfalls(view):
            if footfall.shock_s > known_to:
                break
            events += self._take(view, footfall)
        return events

    def _take(self, view: View, footfall: Footfall) -> list[GaitEvent]:
        """Complete the open stride by its toe-off, or close it by the next contact."""
        events: list[GaitEvent] = []
        if self._open is not None and footfall.contact_s < self._open.contact_s + _SAME_S:
            if abs(footfall.contact_s - self._open.contact_s) < _SAME_S:
                events += self._toe_off(footfall.toe_off_s)
            return events
        if self._open is not None:
            if footfall.contact_s - self._open.contact_s < max(0.8 * SHORTEST_STRIDE_S, 0.6 * footfall.stride_s):
                return events
            events += self._close(view, footfall.contact_s)
        events += self._kind(footfall)
        self._open, self._told_toe_off = footfall, None
        return [*events, InitialContact(self._site, footfall.contact_s), *self._toe_off(footfall.toe_off_s)]

    def _toe_off(self, toe_off_s: float | None) -> list[GaitEvent]:
        if self._open is None or toe_off_s is None or self._told_toe_off is not None:
            return []
        contact = toe_off_s - self._open.contact_s
        if contact <= 0:
            return []
        self._told_toe_off = toe_off_s
        return [ToeOff(self._site, toe_off_s, self._open.contact_s, contact)]

    def _close(self, view: View, next_s: float) -> list[GaitEvent]:
        """The open stride, whole unless a contact was missed; none where a gap touches it."""
        assert self._open is not None
        start, toe_off = self._open.contact_s, self._told_toe_off
        stride_time: float | None = next_s - start
        if stride_time is not None and stride_time > LONGEST_STRIDE_S:
            stride_time = None
        end = next_s if stride_time is not None else toe_off
        if end is None:
            return []
        first, last = np.searchsorted(view.t_s, (start - _MARGIN_S, end + _MARGIN_S))
        if view.is_bad[first:last].any():
            self.n_dropped += 1
            return []
        clipped = view.is_clipped[first:last].any()
        size = np.linalg.norm(view.acc_mps2[first:last], axis=1)
        is_bridged = bool(view.is_bridged[first:last].any())
        is_whole = last - first > 3 and not clipped and not is_bridged and bool(view.axes.all())
        factor = BRIDGED_FACTOR if is_bridged else 1.0
        stride = Stride(
            self._site,
            initial_contact_s=start,
            toe_off_s=toe_off,
            contact_time_s=None if toe_off is None else toe_off - start,
            stride_time_s=stride_time,
            impact_g=float(size.max() / GRAVITY_MPS2) if is_whole else None,
            state=GaitState.RUNNING if self._open.is_running else GaitState.WALKING,
            is_clipped=bool(clipped),
            uncertainty={name: factor * sd for name, sd in _UNCERTAIN.items()},
        )
        return [stride]

    def _kind(self, footfall: Footfall) -> list[GaitEvent]:
        """Change the state when two footfalls in a row say so, at once out of standing."""
        state = GaitState.RUNNING if footfall.is_running else GaitState.WALKING
        self._n_other = 0 if state is self._state else self._n_other + 1
        if self._state in (None, GaitState.STANDING) or self._n_other >= _CHANGE_AFTER:
            return self._enter(state, footfall.contact_s)
        return []

    def _enter(self, state: GaitState, t_s: float) -> list[GaitEvent]:
        self._n_other = 0
        if state is self._state:
            return []
        self._state = state
        return [StateChange(t_s, state)]


def _is_still(view: View) -> bool:
    part = view.acc_mps2[-round(_STILL_S * view.rate_hz) :]
    return float(np.sqrt(part.var(axis=0).sum())) < _STILL_MPS2
