"""Sessions as kept, joined with what was done in them; logs that nothing can change any more are remembered."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from coach.model.pain import PainMoment
from coach.model.strength import SessionEvent, SessionLog, SessionState, StrengthSession
from coach.storage.store import Store
from coach.storage.strength import Strength
from coach.strength.logbook import SETTLED_AFTER, goes_on, session_log, state_of


class SessionLogs:
    """Reads sessions; called under the lock of its owner."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._kept = Strength(store.database)
        self._store = store
        self._clock = clock
        self._done: dict[str, tuple[int, SessionLog | None, SessionState | None, bool]] = {}

    def sessions(self, plan_id: str) -> list[StrengthSession]:
        """Return sessions as kept, joined with what was done in them."""
        kept = self._kept.sessions(plan_id)
        counts = self._kept.n_events(plan_id)
        if not counts:
            return kept
        now = self._clock()
        fresh = [name for name, count in counts.items() if not self._is_settled(name, count, now)]
        events: dict[str, list[SessionEvent]] = {name: [] for name in fresh}
        for event in self._kept.events(fresh):
            events[event.session_id].append(event)
        levels = self._kept.pain_levels(plan_id) if fresh else {}
        answers = self._store.pain.list(moment=PainMoment.NEXT_MORNING) if fresh else ()
        for one in kept:
            if one.session_id in events:
                taps = events[one.session_id]
                log = session_log(one.exercises, taps, answers, levels.get(one.session_id))
                self._done[one.session_id] = (len(taps), log, state_of(log, taps, now), goes_on(taps, now))
        return [_joined(one, *self._done[one.session_id][1:]) if one.session_id in counts else one for one in kept]

    def _is_settled(self, session_id: str, n_events: int, now: datetime) -> bool:
        """Whether a session's log is known and nothing can change it any more but new taps."""
        n_known, log, state, _ = self._done.get(session_id, (0, None, None, False))
        return n_known == n_events and state is not None and log is not None and now - log.done_at > SETTLED_AFTER


def _joined(
    one: StrengthSession, log: SessionLog | None, state: SessionState | None, is_begun: bool
) -> StrengthSession:
    if log is None:
        return replace(one, is_begun=is_begun)
    return replace(one, log=log, state=state or SessionState.PLANNED, is_begun=is_begun)
