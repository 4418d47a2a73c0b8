"""Structured runs of this runner: templates, own workouts, what pain says to each today, and FIT files to exchange."""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from coach.coaching.workout_plans import checked, gate, load_templates, workout_of
from coach.errors import UserError
from coach.model.pain import PainState
from coach.model.plain import from_plain, to_plain
from coach.model.recordings import RunEvent
from coach.model.workouts import Workout, WorkoutOffer, WorkoutPlace, WorkoutPlan
from coach.storage.store import Store

if TYPE_CHECKING:
    from coach.interchange.fit_workout import ImportedWorkout

_KEY: Final = "workouts"
_MOST_OWN: Final = 200
_TITLE: Final = 60


class WorkoutService:
    """Own workouts are kept as settings. pain_state: what pain and signs allow now; limit_m: the distance guard [m]."""

    def __init__(
        self, store: Store, pain_state: Callable[[], PainState], limit_m: Callable[[], float | None] = lambda: None
    ) -> None:
        self._store = store
        self._pain_state = pain_state
        self._limit_m = limit_m

    def offers(self) -> list[WorkoutOffer]:
        """Return own workouts, newest first, then the templates, each with what today says to it."""
        pain, limit_m = self._pain_state(), self._limit_m()
        found = []
        for plan, is_own in [
            *((one, True) for one in reversed(self._own())),
            *((one, False) for one in load_templates().values()),
        ]:
            workout = workout_of(plan)
            is_allowed, words = gate(workout, pain, limit_m)
            found.append(WorkoutOffer(plan, is_own, is_allowed, words, workout.seconds, workout.metres))
        return found

    def plan(self, workout_id: str) -> WorkoutPlan:
        """Return one workout as it is built; raises UserError where there is none."""
        plans = {**load_templates(), **{one.id: one for one in self._own()}}
        if workout_id not in plans:
            raise UserError("this workout is not there any more: choose another")
        return plans[workout_id]

    def workout(self, workout_id: str) -> Workout:
        """Return a workout to lead a run that begins now; raises UserError where pain or a warning sign forbids it."""
        workout = workout_of(self.plan(workout_id))
        is_allowed, words = gate(workout, self._pain_state(), self._limit_m())
        if not is_allowed:
            raise UserError(words)
        return workout

    def save(self, plan: WorkoutPlan) -> WorkoutPlan:
        """Keep an own workout, new where its id is "" or a template's; raises UserError where it cannot be led."""
        title = " ".join(plan.title.split())[:_TITLE]
        if not title:
            raise UserError("give the workout a name")
        is_new = not plan.id or plan.id in load_templates()
        kept = checked(replace(plan, id=f"own-{secrets.token_hex(4)}" if is_new else plan.id, title=title, source=""))
        own = self._own()
        if kept.id in {one.id for one in own}:
            own = [kept if one.id == kept.id else one for one in own]
        elif len(own) >= _MOST_OWN:
            raise UserError(f"there are {_MOST_OWN} workouts already: delete one first")
        else:
            own.append(kept)
        self._put(own)
        return kept

    def delete(self, workout_id: str) -> None:
        """Forget an own workout; runs that it led keep theirs."""
        self._put([one for one in self._own() if one.id != workout_id])

    def import_fit(self, content: bytes) -> "ImportedWorkout":
        """Keep the workout of a FIT file.

        Raises:
            InterchangeError: the file holds none for running. UserError: it cannot be led.
        """
        from coach.interchange.fit_workout import read_workout  # only now: no part of a service that waits

        found = read_workout(content, "")
        return replace(found, plan=self.save(found.plan))

    def export_fit(self, workout_id: str) -> bytes:
        """Return a workout as a FIT file for a watch."""
        from coach.interchange.fit_workout import write_workout

        return write_workout(self.plan(workout_id))

    def _own(self) -> list[WorkoutPlan]:
        kept: list[dict[str, object]] = self._store.settings.get(_KEY, [])
        return [from_plain(WorkoutPlan, one) for one in kept]

    def _put(self, plans: Iterable[WorkoutPlan]) -> None:
        self._store.settings.put(_KEY, [to_plain(one) for one in plans])


def place_in(events: Iterable[RunEvent]) -> WorkoutPlace | None:
    """Return where a run that was cut off is in its workout: each part's lap says so in the log."""
    newest = None
    for event in events:
        if event.kind == "lap" and "began_s" in event.data:
            newest = from_plain(WorkoutPlace, {name: event.data[name] for name in ("part", "began_s", "began_m")})
    return newest
