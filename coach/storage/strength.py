"""The strength programme in the database: plans, their sessions, taps, pauses, test results and daily life."""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from coach.model.daily_life import DailyActivity
from coach.model.plain import from_plain
from coach.model.strength import PlanPause, PlanWish, Prescription, SessionEvent, SessionState, StrengthSession
from coach.model.strength_tests import TestResult
from coach.storage.base import Value, marks, read_rows
from coach.storage.database import Database
from coach.storage.strength_tables import DAILY, EVENTS, PAUSES, PLANS, SESSIONS, TEST_RESULTS

_log: Final = logging.getLogger(__name__)
_KINDS: Final = {"session_id": str, "number": int, "week": int, "due_at": datetime, "slot_day": date}


class Strength:
    """One small verb for each thing that is kept; every verb is a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_plan(self, plan_id: str, wish: PlanWish, made_at: datetime) -> None:
        """Keep a new plan and make it the current one."""
        with self._database.write() as connection:
            PLANS.change(connection, {"is_current": False}, "is_current")
            row = {"plan_id": plan_id, "wish": wish, "made_at": made_at, "is_current": True}
            PLANS.add(connection, [row])

    def current_plan(self) -> tuple[str, PlanWish] | None:
        """Return the id and wish of the current plan."""
        with self._database.read() as connection:
            row = PLANS.row(connection, "WHERE is_current")
        return None if row is None else (row["plan_id"], from_plain(PlanWish, row["wish"]))

    def set_wish(self, plan_id: str, wish: PlanWish) -> None:
        """Change what the runner wishes of a plan; its sessions stay as they are until they are put again."""
        with self._database.write() as connection:
            PLANS.change(connection, {"wish": wish}, "plan_id = ?", (plan_id,))

    def end_plan(self, plan_id: str) -> None:
        """Keep the plan in the log, but not as the current one any more."""
        with self._database.write() as connection:
            PLANS.change(connection, {"is_current": False}, "plan_id = ?", (plan_id,))

    def put_sessions(self, plan_id: str, sessions: Iterable[StrengthSession]) -> None:
        """Insert or replace; what was done in them is kept as events, not here."""
        rows = [_session_row(plan_id, one) for one in sessions]
        with self._database.write() as connection:
            SESSIONS.put(connection, rows)

    def sessions(self, plan_id: str) -> list[StrengthSession]:
        """Return all sessions of a plan by number, without their logs; one that cannot be read is left out and named in
        the log."""
        statement = f"SELECT {', '.join(_READ)}, exercises FROM strength_sessions WHERE plan_id = ? ORDER BY number"
        columns = [SESSIONS.columns[name] for name in _READ]  # exercises stay text
        with self._database.read() as connection:
            rows = list(read_rows(connection.execute(statement, (plan_id,)), columns))
        named = ({**dict(zip(_READ, row, strict=False)), "exercises": row[-1]} for row in rows)
        return [one for row in named if (one := _readable_session(row)) is not None]

    def pain_levels(self, plan_id: str) -> dict[str, int | None]:
        """Return the pain state's number when each session was ended."""
        statement = "SELECT session_id, pain_level FROM strength_sessions WHERE plan_id = ?"
        with self._database.read() as connection:
            return dict(connection.execute(statement, (plan_id,)).fetchall())

    def set_pain_level(self, session_id: str, level: int | None) -> None:
        """Keep the pain state's number at the end of a session; None where it is not known."""
        with self._database.write() as connection:
            SESSIONS.change(connection, {"pain_level": level}, "session_id = ?", (session_id,))

    def add_events(self, events: Iterable[SessionEvent]) -> list[SessionEvent]:
        """Keep taps; those already there (by their id) change nothing. Returns the new ones."""
        new: dict[str, SessionEvent] = {}
        with self._database.write() as connection:
            for event in events:
                if not EVENTS.table.count(connection, "event_id = ?", (event.event_id,)):
                    EVENTS.table.add(connection, [EVENTS.row(event)])
                    new[event.event_id] = event
        return list(new.values())

    def n_events(self, plan_id: str) -> dict[str, int]:
        """Return how many taps there are of each session of a plan that has any."""
        statement = (
            "SELECT session_id, count(*) FROM strength_events JOIN strength_sessions USING (session_id)"
            " WHERE plan_id = ? GROUP BY session_id"
        )
        with self._database.read() as connection:
            return dict(connection.execute(statement, (plan_id,)).fetchall())

    def events(self, session_ids: Sequence[str]) -> list[SessionEvent]:
        """Return all taps of these sessions in the order of their times."""
        rest = f"WHERE session_id IN {marks(session_ids)} ORDER BY at, event_id"
        with self._database.read() as connection:
            return EVENTS.readable(EVENTS.table.rows(connection, rest, session_ids))

    def set_pauses(self, plan_id: str, pauses: Iterable[PlanPause]) -> None:
        """Replace all pauses of a plan."""
        with self._database.write() as connection:
            PAUSES.table.remove(connection, "plan_id = ?", (plan_id,))
            PAUSES.table.add(connection, [PAUSES.row(pause, plan_id=plan_id) for pause in pauses])

    def pauses(self, plan_id: str) -> list[PlanPause]:
        """Return the pauses of a plan by their first day."""
        with self._database.read() as connection:
            rows = PAUSES.table.rows(connection, "WHERE plan_id = ? ORDER BY start, pause_key", (plan_id,))
            return PAUSES.readable(rows)

    def put_results(self, plan_id: str, results: Iterable[TestResult]) -> None:
        """Insert or replace test results by their id."""
        with self._database.write() as connection:
            TEST_RESULTS.table.put(connection, [TEST_RESULTS.row(one, plan_id=plan_id) for one in results])

    def results(self, plan_id: str) -> list[TestResult]:
        """Return test results of a plan, oldest first."""
        with self._database.read() as connection:
            return TEST_RESULTS.readable(
                TEST_RESULTS.table.rows(connection, "WHERE plan_id = ? ORDER BY at", (plan_id,))
            )

    def put_activity(self, activity: DailyActivity) -> None:
        """Keep an activity of daily life, in the place of one with the same id."""
        with self._database.write() as connection:
            DAILY.table.put(connection, [DAILY.row(activity)])

    def remove_activity(self, activity_id: str) -> None:
        """Delete an activity of daily life by its id; do nothing where there is none."""
        with self._database.write() as connection:
            DAILY.table.remove(connection, "activity_id = ?", (activity_id,))

    def activities(self, since: date) -> list[DailyActivity]:
        """Return activities from a day on, newest first."""
        with self._database.read() as connection:
            rows = DAILY.table.rows(connection, "WHERE day >= ? ORDER BY day DESC, activity_id", (since,))
            return DAILY.readable(rows)


_READ: Final = ("session_id", "number", "week", "state", "due_at", "slot_day", "reason", "is_moved", "skip_reason")
_SESSION_FIELDS = ("number", "week", "due_at", "slot_day", "reason", "is_moved", "skip_reason", "exercises")


def _session_row(plan_id: str, one: StrengthSession) -> dict[str, object]:
    row = {name: getattr(one, name) for name in _SESSION_FIELDS}
    return {"session_id": one.session_id, "plan_id": plan_id, "state": one.state.value, **row}


def _readable_session(row: Mapping[str, Value]) -> StrengthSession | None:
    try:
        for name, kind in _KINDS.items():
            if row[name] is not None and type(row[name]) is not kind:
                raise ValueError(f"{name} is {str(row[name])[:40]!r}")
        return _session(row)
    except (ValueError, TypeError) as error:
        _log.warning("session %r cannot be read and is left out: %s", str(row["session_id"])[:60], error)
        return None


def _session(row: Mapping[str, Value]) -> StrengthSession:
    one = StrengthSession(row["session_id"], row["number"], row["week"], SessionState(row["state"]), row["due_at"])
    return replace(
        one,
        reason=row["reason"],
        is_moved=row["is_moved"],
        skip_reason=row["skip_reason"],
        slot_day=row["slot_day"],
        exercises=_prescriptions(row["exercises"]),
    )


@lru_cache(maxsize=512)
def _prescriptions(text: str) -> tuple[Prescription, ...]:
    """Read from their JSON text; the plan is asked for often and changes rarely."""
    return from_plain(tuple[Prescription, ...], json.loads(text))
