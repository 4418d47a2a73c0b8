"""How much of a run each focus could be judged in, and needed: what verdicts about learning rest on.

A gate that was closed and a metric that was unknown are no evidence of anything: time in which nothing could be judged
is counted apart from time on target.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Final

from coach.coaching.outcome import SLICE_S, FocusTime

EVERY_S: Final = 5.0  # a look so often; chosen by judgement: dwell times are 20 s and more
EARLY_S: Final = 900.0  # every run of a block has so much: 15 minutes in the first, 30 in the last (Bowser 2018)


class FocusTimes:
    """Collects looks at a run in rising time, while the runner runs."""

    def __init__(self) -> None:
        self._at_s = -EVERY_S
        self._running_s = self._early_s = 0.0
        self._possible_s: defaultdict[str, float] = defaultdict(float)
        self._needed_s: defaultdict[str, float] = defaultdict(float)
        # By focus, judged and needed in the first 15 minutes (slice 0) and in each slice after them.
        self._times: defaultdict[str, defaultdict[int, list[float]]] = defaultdict(
            lambda: defaultdict(lambda: [0.0, 0.0])
        )

    def is_due(self, t_s: float) -> bool:
        """Whether the next look is due."""
        return t_s - self._at_s >= EVERY_S

    def add(self, t_s: float, possible: Collection[str], judged: Collection[str], needed: Collection[str]) -> None:
        """One look: the focuses of which a cue could speak, whose metric could be judged, and which were needed."""
        self._at_s = t_s
        later_s = self._running_s - EARLY_S
        at = 0 if later_s < 0.0 else 1 + int(later_s // SLICE_S)
        self._running_s += EVERY_S
        self._early_s = min(self._running_s, EARLY_S)
        for focus in possible:
            self._possible_s[focus] += EVERY_S
        for focus in needed:
            self._needed_s[focus] += EVERY_S
        for focus in judged:
            self._times[focus][at][0] += EVERY_S
            self._times[focus][at][1] += EVERY_S * (focus in needed)

    def needed(self) -> dict[str, float]:
        """By focus, the share of the running time in which a cue would have been due and allowed."""
        return {focus: s / self._running_s for focus, s in self._needed_s.items()}

    def possible(self) -> Mapping[str, float]:
        """By focus, the share of the running time in which a cue could have been spoken had it been due."""
        return {focus: s / self._running_s for focus, s in self._possible_s.items()}

    def early(self) -> Mapping[str, FocusTime]:
        """By focus that could be judged at all, the first 15 minutes of running and each whole slice after them."""
        whole = range(1, 1 + int(max(0.0, self._running_s - EARLY_S) // SLICE_S))
        return {
            focus: FocusTime(self._early_s, times[0][0], times[0][1], tuple((times[n][0], times[n][1]) for n in whole))
            for focus, times in self._times.items()
        }
