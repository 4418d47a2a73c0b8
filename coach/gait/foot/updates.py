"""What became known of a foot's landings in; the model's events out."""

from typing import NamedTuple

from coach.gait.foot.strides import Landing, Way, mid_stance, stride, toe_off
from coach.model.sites import WearSite
from coach.model.strides import GaitEvent, InitialContact

CONTACT, MID_STANCE, STRIDE, TOE_OFF = range(4)  # what became known


class Told(NamedTuple):
    """Something about a landing; what: CONTACT, MID_STANCE, STRIDE or TOE_OFF.

    following, way: of a whole stride, to the landing after. is_sure: as the axes were.
    """

    what: int
    landing: Landing
    is_sure: bool = False
    following: Landing | None = None
    way: Way | None = None


def event(site: WearSite, told: Told) -> GaitEvent:
    """The same as an event."""
    if told.what == CONTACT:
        return InitialContact(site, told.landing.contact_s)
    if told.what == MID_STANCE:
        return mid_stance(site, told.landing, told.is_sure)
    if told.following is not None and told.way is not None:
        return stride(site, told.landing, told.following, told.way, told.is_sure)
    return toe_off(site, told.landing)
