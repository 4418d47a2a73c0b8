"""The strength programme in the database: plans, their sessions, taps, pauses, test results and daily life."""

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from sqlalchemy import RowMapping, Text, delete, func, insert, select, type_coerce, update

from coach.model.daily_life import DailyActivity
from coach.model.plain import from_plain
from coach.model.strength import PlanPause, PlanWish, Prescription, SessionEvent, SessionState, StrengthSession
from coach.model.strength_tests import TestResult
from coach.storage.database import Database
from coach.storage.rows import put
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
            connection.execute(update(PLANS).values(is_current=False))
            row = {"plan_id": plan_id, "wish": wish, "made_at": made_at, "is_current": True}
            connection.execute(insert(PLANS).values(row))

    def current_plan(self) -> tuple[str, PlanWish] | None:
        """Return the id and wish of the current plan."""
        with self._database.read() as connection:
            row = connection.execute(select(PLANS).where(PLANS.c.is_current)).mappings().first()
        return None if row is None else (row["plan_id"], from_plain(PlanWish, row["wish"]))

    def set_wish(self, plan_id: str, wish: PlanWish) -> None:
        """Change what the runner wishes of a plan; its sessions stay as they are until they are put again."""
        with self._database.write() as connection:
            connection.execute(update(PLANS).where(PLANS.c.plan_id == plan_id).values(wish=wish))

    def end_plan(self, plan_id: str) -> None:
        """Keep the plan in the log, but not as the current one any more."""
        with self._database.write() as connection:
            connection.execute(update(PLANS).where(PLANS.c.plan_id == plan_id).values(is_current=False))

    def put_sessions(self, plan_id: str, sessions: Iterable[StrengthSession]) -> None:
        """Insert or replace; what was done in them is kept as events, not here."""
        rows = [_session_row(plan_id, one) for one in sessions]
        with self._database.write() as connection:
            put(connection, SESSIONS, rows)

    def sessions(self, plan_id: str) -> list[StrengthSession]:
        """Return all sessions of a plan by number, without their logs; one that cannot be read is left out and named in
        the log."""
        columns = [column for column in SESSIONS.c if column is not SESSIONS.c.exercises]
        raw = type_coerce(SESSIONS.c.exercises, Text).label("raw_exercises")
        query = select(*columns, raw).where(SESSIONS.c.plan_id == plan_id).order_by(SESSIONS.c.number)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [one for row in rows if (one := _readable_session(row)) is not None]

    def pain_levels(self, plan_id: str) -> dict[str, int | None]:
        """Return the pain state's number when each session was ended."""
        query = select(SESSIONS.c.session_id, SESSIONS.c.pain_level).where(SESSIONS.c.plan_id == plan_id)
        with self._database.read() as connection:
            return {row.session_id: row.pain_level for row in connection.execute(query)}

    def set_pain_level(self, session_id: str, level: int | None) -> None:
        """Keep the pain state's number at the end of a session; None where it is not known."""
        with self._database.write() as connection:
            connection.execute(update(SESSIONS).where(SESSIONS.c.session_id == session_id).values(pain_level=level))

    def add_events(self, events: Iterable[SessionEvent]) -> list[SessionEvent]:
        """Keep taps; those already there (by their id) change nothing. Returns the new ones."""
        new: dict[str, SessionEvent] = {}
        with self._database.write() as connection:
            for event in events:
                known = select(EVENTS.table.c.event_id).where(EVENTS.table.c.event_id == event.event_id)
                if connection.execute(known).first() is None:
                    connection.execute(insert(EVENTS.table).values(EVENTS.row(event)))
                    new[event.event_id] = event
        return list(new.values())

    def n_events(self, plan_id: str) -> dict[str, int]:
        """Return how many taps there are of each session of a plan that has any."""
        table = EVENTS.table
        query = (
            select(table.c.session_id, func.count())
            .join(SESSIONS, SESSIONS.c.session_id == table.c.session_id)
            .where(SESSIONS.c.plan_id == plan_id)
            .group_by(table.c.session_id)
        )
        with self._database.read() as connection:
            return {name: int(count) for name, count in connection.execute(query)}

    def events(self, session_ids: Sequence[str]) -> list[SessionEvent]:
        """Return all taps of these sessions in the order of their times."""
        table = EVENTS.table
        query = select(table).where(table.c.session_id.in_(session_ids)).order_by(table.c.at, table.c.event_id)
        with self._database.read() as connection:
            return EVENTS.readable(connection.execute(query).mappings())

    def set_pauses(self, plan_id: str, pauses: Iterable[PlanPause]) -> None:
        """Replace all pauses of a plan."""
        with self._database.write() as connection:
            connection.execute(delete(PAUSES.table).where(PAUSES.table.c.plan_id == plan_id))
            for pause in pauses:
                connection.execute(insert(PAUSES.table).values(PAUSES.row(pause, plan_id=plan_id)))

    def pauses(self, plan_id: str) -> list[PlanPause]:
        """Return the pauses of a plan by their first day."""
        table = PAUSES.table
        query = select(table).where(table.c.plan_id == plan_id).order_by(table.c.start, table.c.pause_key)
        with self._database.read() as connection:
            return PAUSES.readable(connection.execute(query).mappings())

    def put_results(self, plan_id: str, results: Iterable[TestResult]) -> None:
        """Insert or replace test results by their id."""
        with self._database.write() as connection:
            put(connection, TEST_RESULTS.table, [TEST_RESULTS.row(one, plan_id=plan_id) for one in results])

    def results(self, plan_id: str) -> list[TestResult]:
        """Return test results of a plan, oldest first."""
        table = TEST_RESULTS.table
        query = select(table).where(table.c.plan_id == plan_id).order_by(table.c.at)
        with self._database.read() as connection:
            return TEST_RESULTS.readable(connection.execute(query).mappings())

    def put_activity(self, activity: DailyActivity) -> None:
        """Keep an activity of daily life, in the place of one with the same id."""
        with self._database.write() as connection:
            put(connection, DAILY.table, [DAILY.row(activity)])

    def remove_activity(self, activity_id: str) -> None:
        """Delete an activity of daily life by its id; do nothing where there is none."""
        with self._database.write() as connection:
            connection.execute(delete(DAILY.table).where(DAILY.table.c.activity_id == activity_id))

    def activities(self, since: date) -> list[DailyActivity]:
        """Return activities from a day on, newest first."""
        table = DAILY.table
        query = select(table).where(table.c.day >= since).order_by(table.c.day.desc(), table.c.activity_id)
        with self._database.read() as connection:
            return DAILY.readable(connection.execute(query).mappings())


_SESSION_FIELDS = ("number", "week", "due_at", "slot_day", "reason", "is_moved", "skip_reason", "exercises")


def _session_row(plan_id: str, one: StrengthSession) -> dict[str, object]:
    row = {name: getattr(one, name) for name in _SESSION_FIELDS}
    return {"session_id": one.session_id, "plan_id": plan_id, "state": one.state.value, **row}


def _readable_session(row: RowMapping) -> StrengthSession | None:
    try:
        for name, kind in _KINDS.items():
            if row[name] is not None and type(row[name]) is not kind:
                raise ValueError(f"{name} is {str(row[name])[:40]!r}")
        return _session(row)
    except (ValueError, TypeError) as error:
        _log.warning("session %r cannot be read and is left out: %s", str(row["session_id"])[:60], error)
        return None


def _session(row: RowMapping) -> StrengthSession:
    one = StrengthSession(row["session_id"], row["number"], row["week"], SessionState(row["state"]), row["due_at"])
    return replace(
        one,
        reason=row["reason"],
        is_moved=row["is_moved"],
        skip_reason=row["skip_reason"],
        slot_day=row["slot_day"],
        exercises=_prescriptions(row["raw_exercises"]),
    )


@lru_cache(maxsize=512)
def _prescriptions(text: str) -> tuple[Prescription, ...]:
    """Read from their JSON text; the plan is asked for often and changes rarely."""
    return from_plain(tuple[Prescription, ...], json.loads(text))
