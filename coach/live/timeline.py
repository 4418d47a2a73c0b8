"""Keep laps, pauses and running time of a run, from what the runner marked and when.

Used by the run at home, by the run on the phone and where a recording is read again, so that all three agree.
"""

from collections.abc import Mapping
from typing import Final

from coach.model.runs import Lap

# A workout's first part begins with the first tick of its run, a second late; no one runs a lap of two seconds.
AT_ONCE_S: Final = 2.0


class Timeline:
    """Laps and pauses of one run; times are seconds since its start and may not go back.

    laps: the last one is open (end_s None) until `end`. pauses: finished pauses as (start, end) [s].
    """

    def __init__(self) -> None:
        self.laps: list[Lap] = [Lap(1, 0.0, None)]
        self.pauses: list[tuple[float, float]] = []
        self._paused_at_s: float | None = None

    @property
    def is_paused(self) -> bool:
        """Whether a pause is open."""
        return self._paused_at_s is not None

    @property
    def paused_s(self) -> float:
        """Length of all finished pauses [s]."""
        return sum(end - start for start, end in self.pauses)

    @property
    def newest_s(self) -> float:
        """Time of the newest mark [s]: no later one may lie before it."""
        ended_s = self.pauses[-1][1] if self.pauses else 0.0
        return max(self.laps[-1].start_s, ended_s, self._paused_at_s or 0.0)

    def elapsed_s(self, now_s: float) -> float:
        """Return the running time without pauses [s]; it stops during a pause."""
        until = now_s if self._paused_at_s is None else self._paused_at_s
        return max(0.0, until - self.paused_s)

    def pause(self, t_s: float) -> bool:
        """Begin a pause; False where one has begun already."""
        if self._paused_at_s is not None:
            return False
        self._paused_at_s = t_s
        return True

    def resume(self, t_s: float) -> bool:
        """End the pause; False where there is none."""
        if self._paused_at_s is None:
            return False
        self.pauses.append((self._paused_at_s, t_s))
        self._paused_at_s = None
        return True

    def lap(self, t_s: float, kind: str = "lap", part: int | None = None) -> Lap:
        """End the present lap and begin the next one, which is returned. kind: lap, warm_up or cool_down.

        part: of a workout, the place of the part that begins. The first part, and a warm-up chosen before the start,
        take the place of the run's first lap.
        """
        first = self.laps[0]
        if len(self.laps) == 1 and t_s - first.start_s < AT_ONCE_S and (part == 0 or kind != "lap"):
            self.laps[0] = Lap(first.number, first.start_s, None, kind)
            return self.laps[0]
        self._close(t_s)
        self.laps.append(Lap(self.laps[-1].number + 1, t_s, None, kind))
        return self.laps[-1]

    def end(self, t_s: float) -> None:
        """End the run: an open pause and the open lap end here."""
        self.resume(t_s)
        self._close(t_s)

    def _close(self, t_s: float) -> None:
        last = self.laps[-1]
        self.laps[-1] = Lap(last.number, last.start_s, t_s, last.kind)


def part_of(mark: Mapping[str, object]) -> int | None:
    """Return the part of a workout that a mark of a lap began; None for a lap of the runner's own."""
    part = mark.get("part")
    return part if isinstance(part, int) else None
