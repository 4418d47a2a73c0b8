"""The speed of the machine at the moment, by a fixed piece of work: CPU seconds are normalised to it."""

import statistics
import time
from collections.abc import Callable
from typing import Final

import numpy as np

REFERENCE_S: Final = 0.0172  # CPU time of `piece_of_work` on the machine of the first figures, idle


def piece_of_work() -> float:
    """Half plain Python, half small numpy calls, as the program is."""
    kept, total = {}, 0.0
    rows = np.arange(24.0).reshape(8, 3)
    for k in range(30000):
        kept[k & 255] = (k, total)
        total += 0.5 * (k % 7) - (total > 1e3)
        if not k & 3:
            (rows * 2.0).sum(axis=1)
    return total


def slowness() -> float:
    """How many times slower than the reference this machine is just now: the median of some pieces.

    A process's first pieces take up to twice as long as those that follow.
    """
    return statistics.median(_piece_s() for _ in range(9)) / REFERENCE_S


def _piece_s() -> float:
    start = time.process_time()
    piece_of_work()
    return time.process_time() - start


def normalised_s(work: Callable[[], object], rounds: int) -> float:
    """CPU seconds of this process for `work`, at the reference's speed: the least of its rounds by the machine's best.

    Not the least of quotients: a moment at which the machine was slow for the piece alone would count as a fast one.
    """
    taken_s, slow = [], [slowness()]
    for _ in range(rounds):
        start = time.process_time()
        work()
        taken_s.append(time.process_time() - start)
        slow.append(slowness())
    return min(taken_s) / min(slow)
