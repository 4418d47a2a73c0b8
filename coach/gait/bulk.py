"""Whole recordings in, all events or strides out: the same measures as the streams, worked on in large batches."""

import sys
from collections.abc import Sequence
from typing import Final

import numpy as np

from coach.gait.body_engines import GaitEngine, engine_for
from coach.gait.compiling import has_compiler
from coach.gait.foot import FootGait
from coach.gait.foot_columns import FootStrides, columns_of
from coach.model.samples import FloatArray, ImuChunk
from coach.model.sites import WearSite
from coach.model.strides import GaitEvent, Stride

WORTH_LOADING: Final = 4_000_000  # samples; loading numba takes as long as these without it: a second


def analyse(chunks: Sequence[ImuChunk]) -> list[GaitEvent]:
    """Events of each wear site in `chunks`, site by site in the order of their first chunk.

    Chunks of one site must be in order of time; strides and steps equal those of the stream to 1e-9.
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


def foot_strides(chunks: Sequence[ImuChunk], is_compiled: bool | None = None) -> Sequence[Stride]:
    """Whole strides of one foot, from all its chunks in order of time; the same as the stream's to 1e-9.

    With a gyroscope they come as columns (`FootStrides`). is_compiled: by the loops that numba compiles (extra
    `fast`); None: where that is installed and loaded already or worth loading. Chunks whose sampling rate, range or
    kind differ are never taken by them.

    Raises:
        ImportError: is_compiled, but numba is not installed.
    """
    whole = _joined(chunks)
    if whole is None or whole.gyr_radps is None:
        return _strides_of_any(chunks)
    n = len(whole.t_s)
    if is_compiled is None:
        is_compiled = "numba" in sys.modules or (n > WORTH_LOADING and has_compiler())
    if is_compiled:
        from coach.gait.foot_fast import FastFoot

        return FastFoot(whole).strides()
    gait = FootGait(whole.wear_site)
    return FootStrides(whole.wear_site, columns_of(gait.tell(whole) + gait.tell_rest()), 1.0 / whole.rate_hz)


def _strides_of_any(chunks: Sequence[ImuChunk]) -> list[Stride]:
    return [event for event in analyse(chunks) if isinstance(event, Stride)]


def _joined(chunks: Sequence[ImuChunk]) -> ImuChunk | None:
    """All chunks as one; None where there are none or they differ in more than their samples."""
    if len(chunks) < 2:
        return chunks[0] if chunks else None
    if len({(c.wear_site, c.acc_range_mps2, c.gyr_range_radps, c.rate_hz, c.gyr_radps is None) for c in chunks}) > 1:
        return None
    first, gyr = chunks[0], [c.gyr_radps for c in chunks if c.gyr_radps is not None]
    return ImuChunk(
        first.wear_site,
        _together([c.t_s for c in chunks]),
        _together([c.acc_mps2 for c in chunks]),
        _together(gyr) if gyr else None,
        first.acc_range_mps2,
        first.gyr_range_radps,
        first.rate_hz,
    )


def _together(arrays: list[FloatArray]) -> FloatArray:
    joined: FloatArray = np.concatenate(arrays)
    return joined
