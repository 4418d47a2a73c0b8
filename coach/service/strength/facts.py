"""What the strength log says to the coach: the week of the programme, and how often calves were trained."""

from datetime import datetime
from typing import Final

from coach.storage.store import Store
from coach.storage.strength import Strength

_CALF_RAISES: Final = {"calf_raise", "calf_raise_bent"}


def strength_week(store: Store) -> int | None:
    """Return the week of the programme by sessions ended; None without a programme or before its first session."""
    kept = Strength(store.database)
    current = kept.current_plan()
    if current is None:
        return None
    weeks = {one.session_id: one.week for one in kept.sessions(current[0])}
    return max((weeks[e.session_id] for e in kept.events(list(weeks)) if e.kind == "end"), default=None)


def calf_raises(store: Store, since: datetime) -> int:
    """Return the number of sessions with calf raises since a moment."""
    kept = Strength(store.database)
    current = kept.current_plan()
    if current is None:
        return 0
    events = kept.events([one.session_id for one in kept.sessions(current[0])])
    return len({e.session_id for e in events if e.kind == "set" and e.exercise_id in _CALF_RAISES and e.at >= since})
