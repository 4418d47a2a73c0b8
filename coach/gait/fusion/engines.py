"""Choose the stage that finds events in the signal of a wear site; those of sites that are not worn are not loaded."""

from typing import Protocol

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
        from coach.gait.foot.analyzer import FootGait

        return FootGait(site)
    if site.is_shank:
        from coach.gait.shank.analyzer import ShankGait

        return ShankGait(site)
    from coach.gait.trunk.analyzer import TrunkGait

    return TrunkGait(site)
