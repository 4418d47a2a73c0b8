"""What Home Assistant is sent: the newest cadence, the next session, whether the morning-after question is open."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from coach.errors import CoachError
from coach.service.handover.home_assistant import HomeState
from coach.service.runner import is_asked_about
from coach.service.strength.programme import Programme
from coach.storage.store import Store
from coach.wall_clock import utc_now

_KEPT_S: Final = 60.0  # plan and answers change by hand


class HomeStates:
    """cadence: of the run that is on; None without one. Gives a state at any moment, from any thread."""

    def __init__(
        self,
        store: Store,
        strength: Programme,
        cadence: Callable[[], float | None],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._strength = strength
        self._cadence = cadence
        self._clock = clock
        self._kept: tuple[float, str, bool] | None = None

    def now(self) -> HomeState:
        """Return the state of this moment; all but the cadence is read from the database once a minute at most."""
        if self._kept is None or time.monotonic() - self._kept[0] > _KEPT_S:
            self._kept = (time.monotonic(), self._next_session(), self._is_pain_open())
        return HomeState(self._cadence(), *self._kept[1:])

    def _next_session(self) -> str:
        try:
            session = self._strength.next_session(self._strength.show())
        except CoachError:
            return ""
        return session.due_at.isoformat() if session is not None and session.due_at is not None else ""

    def _is_pain_open(self) -> bool:
        """Whether the morning after the last run has come, and nobody has answered yet."""
        try:
            entries = self._store.runs.list(limit=5)
            last = next((e.run for e in entries if e.run.state.is_over), None)
            return last is not None and is_asked_about(self._store, last, self._clock())
        except CoachError:
            return False
