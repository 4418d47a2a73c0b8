"""What may happen to readings on their way, for hypothesis to choose from, and a chunk as it then arrives."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from coach.model.samples import ImuChunk
from tests.support import as_sent

_WHERE = st.floats(0.0, 1.0)  # share of the chunk


@dataclass(frozen=True, slots=True)
class Damage:
    """lost: where how many readings are. nans: where a reading is none. spikes: where how high. doubled: sent twice."""

    lost: list[tuple[float, int]]
    nans: list[float]
    spikes: list[tuple[float, float]]
    doubled: list[float]


DAMAGES = st.builds(
    Damage,
    lost=st.lists(st.tuples(_WHERE, st.integers(1, 60)), max_size=12),
    nans=st.lists(_WHERE, max_size=6),
    spikes=st.lists(st.tuples(_WHERE, st.floats(-2e3, 2e3)), max_size=6),
    doubled=st.lists(_WHERE, max_size=6),
)


def damaged(chunk: ImuChunk, damage: Damage) -> ImuChunk:
    """The chunk as it arrives; it may be empty."""
    assert chunk.gyr_radps is not None
    last = len(chunk.t_s) - 1
    acc, gyr = chunk.acc_mps2.copy(), chunk.gyr_radps.copy()
    for where in damage.nans:
        acc[int(where * last)] = np.nan
    for where, height in damage.spikes:
        gyr[int(where * last), 1] += height
        acc[int(where * last), 0] += 10.0 * height
    keep = np.ones(last + 1, dtype=bool)
    for where, count in damage.lost:
        keep[int(where * last) :][:count] = False
    doubled = [int(where * last) for where in damage.doubled]
    order = np.sort(np.concatenate((np.flatnonzero(keep), doubled))).astype(np.intp)
    return as_sent.with_readings(chunk, chunk.t_s[order], acc[order], gyr[order])
