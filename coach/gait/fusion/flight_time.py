"""Complete strides of one or both feet with their flight time, and with the step time from foot to foot.

Flight time runs from toe-off to the other foot's next contact. With both feet worn it is measured: a stride is held
until the other foot's signal has passed that moment. With one foot it follows from symmetry, half the stride time less
the contact time, and says so by its uncertainty.
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from coach.model.frozen import dataclass
from coach.model.sites import WearSite
from coach.model.strides import GaitState, Stride

_LONGEST_FLIGHT_S: Final = 0.35  # beyond it the other foot's contact was missed; sprinters fly 0.15 s, bounders 0.3 s
_LONGEST_OVERLAP_S: Final = 0.25  # double support of slow walking
_HOLD_S: Final = 1.0  # signal time to wait for the other foot's packets before falling back on symmetry
_SAME_CONTACT_S: Final = 0.12  # leg and trunk show one contact within it; the other foot's is 0.2 s away
_ASYMMETRY: Final = 0.02  # SD of (left step - right step) / stride of healthy runners, chosen by eye, 2026-11-20
_SEEN_BEYOND_S: Final = 0.1  # a contact is reported up to 60 ms after it, so that this much signal shows it
_CONTACT_SD_S: Final = 0.01  # of a contact time that states none; as a foot sensor's
_TWO_CLOCKS_S: Final = 0.008  # SD between two sensors' mapped clocks


@dataclass(frozen=True, slots=True)
class JoinedStride:
    """A completed stride and the step that began with its contact: to the other foot's contact, None if unseen."""

    stride: Stride
    step_time_s: float | None


class FlightJoiner:
    """Completes strides with their flight time. sites: the feet (or shanks) that are worn."""

    def __init__(self, sites: frozenset[WearSite]) -> None:
        pairs = [(a, b) for a in sites for b in sites if a.is_foot is b.is_foot and a.is_left is not b.is_left]
        self._other = dict(pairs)  # of a site: the same one of the other leg, where that is worn
        # Sixteen contacts of a foot are ten seconds: far longer than a stride is held.
        self._contacts: dict[WearSite, deque[float]] = {site: deque(maxlen=16) for site in sites}
        self._seen_to: dict[WearSite, float] = {}
        self._held: deque[Stride] = deque()

    def saw(self, site: WearSite, t_s: float) -> None:
        """Note that the signal of `site` has arrived up to `t_s`."""
        self._seen_to[site] = max(t_s, self._seen_to.get(site, -math.inf))

    def contact(self, site: WearSite, t_s: float) -> None:
        """Remember a contact of either foot; the same contact, known better since, replaces what it was taken for."""
        if site not in self._contacts:
            return
        contacts = self._contacts[site]
        if contacts and abs(contacts[-1] - t_s) < _SAME_CONTACT_S:
            contacts.pop()
        contacts.append(t_s)

    def side_at(self, t_s: float) -> bool | None:
        """Whether the contact seen elsewhere at `t_s` was a left one, by the legs' own contacts; None without one."""
        near = [
            (abs(contact - t_s), site.is_left)
            for site, contacts in self._contacts.items()
            for contact in contacts
            if abs(contact - t_s) < _SAME_CONTACT_S
        ]
        return min(near)[1] if near else None

    def hold(self, stride: Stride) -> None:
        """Keep a stride until the other foot's next contact can be known."""
        self._held.append(stride)

    def release(self, at_end: bool = False) -> list[JoinedStride]:
        """Return the strides that are complete now, oldest first; all of them `at_end`."""
        ready = []
        while self._held and (at_end or self._can_complete(self._held[0])):
            ready.append(self._completed(self._held.popleft()))
        return ready

    def _can_complete(self, stride: Stride) -> bool:
        other = self._other.get(stride.wear_site)
        if other is None or stride.toe_off_s is None:
            return True
        own = self._seen_to.get(stride.wear_site, -math.inf)
        end = stride.initial_contact_s + (stride.stride_time_s or 0.0)
        return self._seen_to.get(other, -math.inf) >= end + _SEEN_BEYOND_S or own >= end + _HOLD_S

    def _completed(self, stride: Stride) -> JoinedStride:
        other = self._other.get(stride.wear_site)
        toe_off = stride.toe_off_s
        if other is None or toe_off is None:
            return JoinedStride(by_symmetry(stride), None)
        near = [t for t in self._contacts[other] if -_LONGEST_OVERLAP_S <= t - toe_off <= _LONGEST_FLIGHT_S]
        near = [t for t in near if t > stride.initial_contact_s]
        if not near:
            return JoinedStride(by_symmetry(stride), None)
        landing = min(near, key=lambda t: abs(t - toe_off))
        flight = landing - toe_off
        step = landing - stride.initial_contact_s
        if stride.state is GaitState.WALKING or flight < 0:
            return JoinedStride(stride, step)
        sd = math.hypot(stride.uncertainty.get("contact_time_s", _CONTACT_SD_S), _TWO_CLOCKS_S)
        return JoinedStride(_with_flight(stride, flight, sd), step)


def by_symmetry(stride: Stride) -> Stride:
    """Return the stride with flight time = stride time / 2 - contact time, were both feet alike; not for walking."""
    if stride.flight_time_s is not None or stride.stride_time_s is None or stride.contact_time_s is None:
        return stride
    flight = stride.stride_time_s / 2 - stride.contact_time_s
    if stride.state is GaitState.WALKING or flight < 0:
        return stride
    sd = math.hypot(stride.uncertainty.get("contact_time_s", _CONTACT_SD_S), _ASYMMETRY * stride.stride_time_s)
    return _with_flight(stride, flight, sd)


def _with_flight(stride: Stride, flight_s: float, sd_s: float) -> Stride:
    uncertainty: Mapping[str, float] = {**stride.uncertainty, "flight_time_s": sd_s}
    return replace(stride, flight_time_s=flight_s, uncertainty=uncertainty)
