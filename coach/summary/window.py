"""Decide which moments of a run count, from laps, pauses and trims: a mask over times.

Warm-up and cool-down laps, pauses and what was trimmed away are left out. Where nothing would be left (a run that is
all warm-up), only pauses and trims are.
"""

import math
from collections.abc import Sequence
from typing import Final

from coach.model.arrays import BoolArray, np
from coach.model.frozen import dataclass
from coach.model.runs import Lap
from coach.model.samples import FloatArray

LEFT_OUT: Final = ("warm_up", "cool_down")


@dataclass(frozen=True, slots=True)
class Window:
    """Moments that count: from start_s to end_s, except the intervals `without`."""

    start_s: float = -math.inf
    end_s: float = math.inf
    without: tuple[tuple[float, float], ...] = ()

    def holds(self, t_s: FloatArray) -> BoolArray:
        """Return (n,) whether each time counts."""
        inside = (t_s >= self.start_s) & (t_s < self.end_s)
        for start, end in self.without:
            inside &= ~((t_s >= start) & (t_s < end))
        return np.asarray(inside, dtype=np.bool_)


def merged(spans: Sequence[tuple[float, float]]) -> FloatArray:
    """Return (n, 2) the spans of time [s] as they are together, rising and apart."""
    found: list[list[float]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1][1] = max(found[-1][1], end)
        elif end > start:
            found.append([start, end])
    return np.array(found, dtype=np.float64).reshape(-1, 2)


def window_of(
    laps: Sequence[Lap],
    pauses: Sequence[tuple[float, float]],
    trim: tuple[float | None, float | None] = (None, None),
) -> Window:
    """Return the part of a run that its averages rest on."""
    start_s = -math.inf if trim[0] is None else trim[0]
    end_s = math.inf if trim[1] is None else trim[1]
    marked = [(lap.start_s, math.inf if lap.end_s is None else lap.end_s) for lap in laps if lap.kind in LEFT_OUT]
    is_all = bool(laps) and all(lap.kind in LEFT_OUT for lap in laps)
    return Window(start_s, end_s, (*pauses, *(() if is_all else marked)))
