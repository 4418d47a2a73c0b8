"""Fading: which windows of a run may hold a cue. Seeded and deterministic, spread evenly, unforeseeable to the runner.

Source: the schedule of Bowser 2018 and Crowell & Davis 2011 (feedback removed over the last four of eight runs).
Random choice inside each block makes withheld moments a fair comparison for spoken cues.
"""

from typing import Final

WINDOW_S: Final = 60.0  # cues are a minute apart: one window holds one at most
BLOCK: Final = 20  # windows: the smallest block in which 10, 25, 50, 75 and 100 % are whole numbers


class Schedule:
    """Eligible windows for a share of the run's time."""

    def __init__(self, share: float, seed: int) -> None:
        self.share = min(1.0, max(0.0, share))
        self._seed = seed
        self._blocks: dict[int, frozenset[int]] = {}

    def is_eligible(self, t_s: float) -> bool:
        """Whether a cue due at `t_s` of the run may speak."""
        if self.share >= 1.0:
            return True
        if self.share <= 0.0 or t_s < 0.0:
            return False
        block, place = divmod(int(t_s // WINDOW_S), BLOCK)
        return place in self._chosen(block)

    def _chosen(self, block: int) -> frozenset[int]:
        if block not in self._blocks:
            self._blocks[block] = frozenset(_spread(self.share, self._seed, block))
        return self._blocks[block]


def _spread(share: float, seed: int, block: int) -> list[int]:
    """Choose `share` of a block's windows: the block is cut into equal parts, places drawn inside each."""
    wanted = round(share * BLOCK)
    draws = {place: _mix(seed, block, place) for place in range(BLOCK)}
    part = BLOCK // max(1, min(wanted, BLOCK - wanted))
    chosen: list[int] = []
    for start in range(0, BLOCK, part):
        places = sorted(range(start, min(start + part, BLOCK)), key=draws.__getitem__)
        due = round(share * min(start + part, BLOCK)) - len(chosen)
        chosen += places[: max(0, due)]
    return chosen[:wanted]


def _mix(*numbers: int) -> int:
    """A well-mixed 64-bit number from whole numbers (splitmix64)."""
    state = 0x9E3779B97F4A7C15
    for number in numbers:
        state = (state ^ (number & 0xFFFFFFFFFFFFFFFF)) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 31
    return state
