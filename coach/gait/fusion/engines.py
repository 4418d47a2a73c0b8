"""Choose the stage that finds events in the signal of a wear site."""

from typing import Protocol

from coach.gait.foot.analyzer import FootGait
from coach.gait.shank.analyzer import ShankGait
from coach.gait.trunk.analyzer import TrunkGait
from coach.model.samples import ImuChunk
from coach.model.sites import WearSite
from coach.model.strides import GaitEvent


class GaitEngine(Protocol):
    """Finds the events of one wear site in a stream of chunks."""

    def feed(self, chunk: ImuChunk) -> list[GaitEvent]:
        """Take the next samples, give the events that are known now."""
        ...

    def finish(self) -> list[GaitEvent]:
        """Give what the end of the recording leaves."""
        ...


def engine_for(site: WearSite) -> GaitEngine:
    """Return the engine of this wear site."""
    if site.is_foot:
        return FootGait(site)
    return ShankGait(site) if site.is_shank else TrunkGait(site)
