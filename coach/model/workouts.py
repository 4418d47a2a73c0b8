"""A run in parts: what is to be done for how long, led by voice and page."""

from enum import StrEnum

from coach.model.frozen import dataclass


class PartKind(StrEnum):
    """What a part of a workout asks for."""

    WARM_UP = "warm_up"
    RUN = "run"
    EASY = "easy"
    WALK = "walk"
    COOL_DOWN = "cool_down"


@dataclass(frozen=True, slots=True)
class WorkoutPart:
    """One part. seconds: its length; 0 where it ends by `metres`, or, without these, when the runner taps Lap.

    round: number of this run or walk among its kind, 0 for warm-up and cool-down. low_mps, high_mps: the pace asked
    for, as speeds [m/s]; None: as it feels.
    """

    kind: PartKind
    seconds: float
    round: int = 0
    metres: float | None = None
    low_mps: float | None = None
    high_mps: float | None = None


@dataclass(frozen=True, slots=True)
class WorkoutBlock:
    """Parts that follow each other `times` times."""

    times: int
    parts: tuple[WorkoutPart, ...]


@dataclass(frozen=True, slots=True)
class WorkoutPlan:
    """A workout as it is built and exchanged. source: where a template's numbers come from, "" for a runner's own."""

    id: str
    title: str
    blocks: tuple[WorkoutBlock, ...]
    source: str = ""


@dataclass(frozen=True, slots=True)
class WorkoutOffer:
    """A workout with what pain and warning signs say to it today. words: why not, or what to heed; "" for nothing.

    seconds: length of its timed parts [s]; metres: of those by distance [m]. is_own: built or imported by the runner.
    """

    plan: WorkoutPlan
    is_own: bool
    is_allowed: bool
    words: str
    seconds: float
    metres: float


@dataclass(frozen=True, slots=True)
class WorkoutPlace:
    """Where a run is in its workout: the part that is on and where it began: running time [s], distance [m]."""

    part: int
    began_s: float
    began_m: float | None


@dataclass(frozen=True, slots=True)
class Workout:
    """Parts in their order. id: what kind of workout it is; step: which of its programme, 0 for none."""

    id: str
    step: int
    parts: tuple[WorkoutPart, ...]
    title: str = ""

    @property
    def seconds(self) -> float:
        """Length of the whole [s]."""
        return sum(part.seconds for part in self.parts)

    @property
    def metres(self) -> float:
        """Length of the parts by distance [m]."""
        return sum(part.metres or 0.0 for part in self.parts)

    @property
    def n_rounds(self) -> int:
        """How many runs it has."""
        return sum(part.kind is PartKind.RUN for part in self.parts)


@dataclass(frozen=True, slots=True)
class RunWalkSession:
    """One session of the run-walk programme, as far as it is known.

    worst: highest pain (back or calf) answered during or after it, 0-10. morning: the same on the morning after. None:
    not answered. is_whole: at least nine tenths of the session were done.
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
