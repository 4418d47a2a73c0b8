"""Tables of the strength programme: plans, sessions, taps, pauses, tests, daily life; reminders and phones to reach."""

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table

from coach.model.daily_life import DailyActivity
from coach.model.reminders import PushPhone, Reminder
from coach.model.strength import PlanPause, SessionEvent
from coach.model.strength_tests import TestResult
from coach.storage.base import Base, Json, PlainDate, UtcTime
from coach.storage.nouns import NounTable


def _of_plan() -> "Column[str]":
    return Column("plan_id", String, ForeignKey("strength_plans.plan_id", ondelete="CASCADE"), nullable=False)


PLANS: Final = Table(
    "strength_plans",
    Base.metadata,
    Column("plan_id", String, primary_key=True),
    Column("wish", Json, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("is_current", Boolean, nullable=False),
)
SESSIONS: Final = Table(
    "strength_sessions",
    Base.metadata,
    Column("session_id", String, primary_key=True),
    _of_plan(),
    Column("number", Integer, nullable=False),
    Column("week", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("due_at", UtcTime, nullable=True),
    Column("slot_day", PlainDate, nullable=True),
    Column("reason", String, nullable=False),
    Column("is_moved", Boolean, nullable=False),
    Column("skip_reason", String, nullable=False),
    Column("exercises", Json, nullable=False),
    Column("pain_level", Integer, nullable=True),
)
Index("ix_strength_sessions_plan_id", SESSIONS.c.plan_id)
EVENTS: Final = NounTable("strength_events", SessionEvent, ("event_id",))
Index("ix_strength_events_session_id", EVENTS.table.c.session_id)
PAUSES: Final = NounTable(
    "strength_pauses", PlanPause, items=(Column("pause_key", Integer, primary_key=True), _of_plan())
)
TEST_RESULTS: Final = NounTable("strength_test_results", TestResult, ("result_id",), (_of_plan(),))
DAILY: Final = NounTable("daily_activities", DailyActivity, ("activity_id",))
REMINDERS: Final = NounTable(
    "reminders",
    Reminder,
    ("key",),
    (
        Column("source", String, nullable=False),
        Column("state", String, nullable=False),
        Column("delivered_by", String, nullable=True),
        Column("delivered_at", UtcTime, nullable=True),
    ),
)
Index("ix_reminders_state", REMINDERS.table.c.state, REMINDERS.table.c.due_at)
OWED: Final = Table(
    "owed_reminders",
    Base.metadata,
    Column("key", String, primary_key=True),
    Column("channel", String, primary_key=True),
    Column("n_tries", Integer, nullable=False),
    Column("next_at", UtcTime, nullable=False),
)
PUSH_PHONES: Final = NounTable("push_phones", PushPhone, ("endpoint",))
