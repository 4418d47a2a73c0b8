"""A wear site in, the stage that finds events in its signal out."""

import importlib
from typing import Protocol, cast

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


def engine_for(site: WearSite) -> GaitEngine | None:
    """The engine of this wear site."""
    name, kind = ("foot", "FootGait") if site.is_foot else ("shank", "ShankGait")
    if site.is_trunk:
        name, kind = "trunk", "TrunkGait"
    try:
        module = importlib.import_module(f"coach.gait.{name}")
    except ModuleNotFoundError:
        return None
    return cast(GaitEngine, getattr(module, kind)(site))
