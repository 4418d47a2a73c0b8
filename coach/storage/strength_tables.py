"""Tables of the strength programme: plans, sessions, taps, pauses, tests, daily life; reminders and phones to reach."""

from typing import Final

from coach.model.daily_life import DailyActivity
from coach.model.reminders import PushPhone, Reminder
from coach.model.strength import PlanPause, SessionEvent
from coach.model.strength_tests import TestResult
from coach.storage.base import Kind, SqlColumn, SqlTable
from coach.storage.nouns import NounTable

_OF_PLAN: Final = SqlColumn("plan_id", Kind.TEXT, refers_to="strength_plans.plan_id")
PLANS: Final = SqlTable(
    "strength_plans",
    SqlColumn("plan_id", Kind.TEXT, is_key=True),
    SqlColumn("wish", Kind.JSON),
    SqlColumn("made_at", Kind.TIME),
    SqlColumn("is_current", Kind.FLAG),
)
SESSIONS: Final = SqlTable(
    "strength_sessions",
    SqlColumn("session_id", Kind.TEXT, is_key=True),
    _OF_PLAN,
    SqlColumn("number", Kind.WHOLE),
    SqlColumn("week", Kind.WHOLE),
    SqlColumn("state", Kind.TEXT),
    SqlColumn("due_at", Kind.TIME, is_optional=True),
    SqlColumn("slot_day", Kind.DAY, is_optional=True),
    SqlColumn("reason", Kind.TEXT),
    SqlColumn("is_moved", Kind.FLAG),
    SqlColumn("skip_reason", Kind.TEXT),
    SqlColumn("exercises", Kind.JSON),
    SqlColumn("pain_level", Kind.WHOLE, is_optional=True),
)
SESSIONS.index("ix_strength_sessions_plan_id", "plan_id")
EVENTS: Final = NounTable("strength_events", SessionEvent, ("event_id",))
EVENTS.table.index("ix_strength_events_session_id", "session_id")
PAUSES: Final = NounTable(
    "strength_pauses", PlanPause, items=(SqlColumn("pause_key", Kind.WHOLE, is_key=True), _OF_PLAN)
)
TEST_RESULTS: Final = NounTable("strength_test_results", TestResult, ("result_id",), (_OF_PLAN,))
DAILY: Final = NounTable("daily_activities", DailyActivity, ("activity_id",))
REMINDERS: Final = NounTable(
    "reminders",
    Reminder,
    ("key",),
    (
        SqlColumn("source", Kind.TEXT),
        SqlColumn("state", Kind.TEXT),
        SqlColumn("delivered_by", Kind.TEXT, is_optional=True),
        SqlColumn("delivered_at", Kind.TIME, is_optional=True),
    ),
)
REMINDERS.table.index("ix_reminders_state", "state", "due_at")
OWED: Final = SqlTable(
    "owed_reminders",
    SqlColumn("key", Kind.TEXT, is_key=True),
    SqlColumn("channel", Kind.TEXT, is_key=True),
    SqlColumn("n_tries", Kind.WHOLE),
    SqlColumn("next_at", Kind.TIME),
)
PUSH_PHONES: Final = NounTable("push_phones", PushPhone, ("endpoint",))
