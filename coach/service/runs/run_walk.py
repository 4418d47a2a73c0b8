"""Today's session of this runner's run-walk programme, from what is stored of the sessions before."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final

from coach.coaching.run_walk import run_walk_state, workout_of
from coach.errors import UserError
from coach.model.documents import JsonObject
from coach.model.pain import PainEntry, PainMoment, PainState
from coach.model.runs import Run
from coach.model.workouts import RunWalkSession, RunWalkState, Workout
from coach.storage.store import Store

_KEY: Final = "run_walk"
_WHOLE: Final = 0.9  # of a session's length; chosen by judgement
_MORNING: Final = timedelta(hours=36)  # the morning after is asked within this; as long as an answer speaks for a day
_SOON: Final = timedelta(hours=6)  # an answer "after the run" is about this run; chosen by judgement
_IN_IT: Final = (PainMoment.DURING_RUN, PainMoment.AFTER_RUN)


class RunWalkService:
    """Sessions are kept as settings: which run was which step. pain_state: what pain and signs allow now."""

    def __init__(self, store: Store, pain_state: Callable[[], PainState]) -> None:
        self._store = store
        self._pain_state = pain_state

    def state(self) -> RunWalkState:
        """Return where the runner is, and whether today may be run."""
        return run_walk_state(self._sessions(), self._pain_state())

    def workout(self) -> Workout:
        """Return today's session; raises UserError where pain or a warning sign forbids it."""
        state = self.state()
        if not state.is_allowed:
            raise UserError(state.words)
        return workout_of(state.step)

    def began(self, run: Run, workout: Workout) -> None:
        """Note that this run is a session of the programme."""
        self._store.settings.put(_KEY, [*self._kept(), {"run_id": run.run_id, "step": workout.step}])

    def _kept(self) -> list[JsonObject]:
        return list(self._store.settings.get(_KEY, []))

    def _sessions(self) -> list[RunWalkSession]:
        found = []
        for kept in self._kept():
            if self._store.runs.knows(kept["run_id"]):
                run = self._store.runs.get(kept["run_id"])
                if run.duration_s is not None:
                    found.append(self._session(run, int(kept["step"])))
        return found

    def _session(self, run: Run, step: int) -> RunWalkSession:
        duration_s = run.duration_s or 0.0
        ended_at = run.started_at + timedelta(seconds=duration_s)
        entries = self._store.pain.list(since=run.started_at)
        during = [e for e in entries if e.moment in _IN_IT and e.at <= ended_at + _SOON]
        morning = [e for e in entries if e.moment is PainMoment.NEXT_MORNING and ended_at < e.at <= ended_at + _MORNING]
        is_whole = duration_s >= _WHOLE * workout_of(step).seconds
        return RunWalkSession(step, is_whole, _worst(during), _worst(morning[:1]))


def _worst(entries: Iterable[PainEntry]) -> int | None:
    levels = [level for entry in entries for level in (entry.back, entry.calf) if level is not None]
    return max(levels, default=None)
