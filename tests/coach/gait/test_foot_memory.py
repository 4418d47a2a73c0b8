"""A long run needs no more memory than a short one."""

import tracemalloc

import numpy as np

from coach.gait.foot import FootGait
from coach.model.samples import ImuChunk
from tests.coach.gait.test_foot import recorded

ROUNDS, SETTLED, SIZE = 12, 4, 100


def test_memory_does_not_grow_after_the_first_minutes() -> None:
    chunk = recorded("biomac_p01_left_foot")
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
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert held[-1] - held[SETTLED] < 20_000
