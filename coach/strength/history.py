"""What the engine knows when it decides: the situation of a session, and one exercise in one past session."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from coach.model.frozen import dataclass
from coach.model.pain import PainState
from coach.model.strength import Dose, Exercise, ExerciseDone, Prescription, SessionLog


@dataclass(frozen=True, slots=True)
class Situation:
    """What counts for every exercise of a session. n_done: sessions done so far. has_weight: something to load with."""

    dose: Dose
    exercises: Mapping[str, Exercise]
    kit: frozenset[str]
    pain: PainState
    n_done: int
    due_at: datetime
    last_done_at: datetime | None

    @property
    def days_away(self) -> float:
        """Days from the last session to this one; 0 before the first."""
        return 0.0 if self.last_done_at is None else (self.due_at - self.last_done_at) / timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Past:
    """One exercise in one past session, with what was prescribed for it."""

    done: ExerciseDone
    log: SessionLog

    @property
    def prescribed(self) -> Prescription | None:
        """What was prescribed for it in that session; None where it was done without a prescription."""
        found = (p for p in self.log.prescribed if p.slot == self.done.slot and p.exercise_id == self.done.exercise_id)
        return next(found, None)

    @property
    def worst_pain(self) -> int:
        """The worst answer for this exercise and its session; 0 without any."""
        log = self.log
        answers = (self.done.pain, log.pain_before, log.pain_after, log.pain_next_morning, log.pain_level)
        return max((number for number in answers if number is not None), default=0)

    def is_settled(self, go_on: int) -> bool:
        """Whether the back was calm again next morning: at most `go_on`, or no worse than before the session."""
        morning = self.log.pain_next_morning
        return morning is None or morning <= max(go_on, self.log.pain_before or 0)

    @property
    def load_kg(self) -> float | None:
        """The load of the last set that had one [kg]; None for body weight alone."""
        loads = [one.load_kg for one in self.done.sets if one.load_kg is not None]
        return loads[-1] if loads else None

    @property
    def least(self) -> float:
        """Fewest repetitions, or shortest hold, of its sets."""
        return min((one.reps if one.reps is not None else one.hold_s or 0.0 for one in self.done.sets), default=0.0)
