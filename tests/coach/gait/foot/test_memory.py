"""A long run needs no more memory than a short one."""

import gc
import tracemalloc

import numpy as np
import pytest

from coach.gait.foot.analyzer import FootGait
from coach.model.samples import ImuChunk
from tests.support.recordings import read

ROUNDS, SETTLED, SIZE = 12, 6, 100


def held_by_the_gait_room() -> int:
    """Bytes that the gait room's own lines hold; what other tests left in the process is not its."""
    gc.collect()
    snapshot = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, "*/coach/gait/*")])
    return sum(trace.size for trace in snapshot.traces)


@pytest.mark.slow
def test_memory_does_not_grow_after_the_first_minutes() -> None:
    chunk = read("biomac_p01_left_foot").chunk
    assert chunk.gyr_radps is not None
    gait = FootGait(chunk.wear_site)
    held = []
    tracemalloc.start()
    try:
        for k in range(ROUNDS):
            t = chunk.t_s + 60.0 * k
            for start in range(0, len(t), SIZE):
                piece = slice(start, start + SIZE)
                acc, gyr = chunk.acc_mps2[piece], chunk.gyr_radps[piece]
                gait.feed(ImuChunk(chunk.wear_site, t[piece].copy(), acc, gyr, np.inf, np.inf, 200.0))
            held.append(held_by_the_gait_room())
    finally:
        tracemalloc.stop()
    assert held[0] > 10_000
    assert held[-1] - held[SETTLED] < 20_000  # one small object a stride would be three times that
