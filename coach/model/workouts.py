"""A run in parts: what is to be done for how long, led by voice and page."""

from dataclasses import dataclass
from enum import StrEnum


class PartKind(StrEnum):
    """What a part of a workout asks for."""

    WARM_UP = "warm_up"
    RUN = "run"
    WALK = "walk"
    COOL_DOWN = "cool_down"


@dataclass(frozen=True, slots=True)
class WorkoutPart:
    """One part. seconds: its length. round: number of this run or walk among its kind, 0 for warm-up and cool-down."""

    kind: PartKind
    seconds: float
    round: int = 0


@dataclass(frozen=True, slots=True)
class Workout:
    """Parts in their order. id: what kind of workout it is; step: which of its programme, 0 for none."""

    id: str
    step: int
    parts: tuple[WorkoutPart, ...]

    @property
    def seconds(self) -> float:
        """Length of the whole [s]."""
        return sum(part.seconds for part in self.parts)

    @property
    def n_rounds(self) -> int:
        """How many runs it has."""
        return sum(part.kind is PartKind.RUN for part in self.parts)

    def at(self, elapsed_s: float) -> tuple[int, float] | None:
        """Index of the part at `elapsed_s` of running time, and where it ends [s]; None after the last."""
        end_s = 0.0
        for index, part in enumerate(self.parts):
            end_s += part.seconds
            if elapsed_s < end_s:
                return index, end_s
        return None


@dataclass(frozen=True, slots=True)
class RunWalkSession:
    """One session of the run-walk programme, as far as it is known.

    worst: highest pain (back or calf) told during or after it, 0-10. morning: the same on the morning after. None: not
    told. is_whole: at least nine tenths of the session were done.
    """

    step: int
    is_whole: bool
    worst: int | None
    morning: int | None


@dataclass(frozen=True, slots=True)
class RunWalkState:
    """Where the runner is in the run-walk programme. words: what is offered, or why nothing is; source: where from.

    step: from 1; run_s, walk_s, rounds: its intervals [s]. is_allowed: pain and warning signs allow to run today.
    """

    step: int
    n_steps: int
    run_s: float
    walk_s: float
    rounds: int
    n_sessions: int
    is_allowed: bool
    words: str
    source: str
