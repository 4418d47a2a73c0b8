"""Analyse whole recordings: the same engines as live, fed with all chunks."""

from collections.abc import Sequence

from coach.gait.fusion.engines import GaitEngine, engine_for
from coach.model.samples import ImuChunk
from coach.model.sites import WearSite
from coach.model.strides import GaitEvent


def analyse(chunks: Sequence[ImuChunk]) -> list[GaitEvent]:
    """Return events of each wear site in `chunks`, site by site in the order of their first chunk.

    Chunks of one site must be in order of time; the answer does not depend on how they are cut.
    """
    engines: dict[WearSite, GaitEngine] = {}
    events: dict[WearSite, list[GaitEvent]] = {}
    for chunk in chunks:
        site = chunk.wear_site
        if site not in engines:
            engines[site], events[site] = engine_for(site), []
        events[site] += engines[site].feed(chunk)
    for site, engine in engines.items():
        events[site] += engine.finish()
    return [event for of_site in events.values() for event in of_site]
