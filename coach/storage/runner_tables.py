"""Tables of the runner and what surrounds the runs: profile, pain, red flags, sensors, phones, settings."""

from typing import Final

from coach.model.access import Phone
from coach.model.links import SensorUse
from coach.model.pain import PainEntry, RedFlagAnswers
from coach.model.runner import RunnerProfile
from coach.storage.base import Kind, SqlColumn, SqlTable
from coach.storage.nouns import NounTable

RUNNER: Final = NounTable("runner", RunnerProfile, items=(SqlColumn("runner_key", Kind.WHOLE, is_key=True),))
PAIN: Final = NounTable("pain_entries", PainEntry, items=(SqlColumn("pain_key", Kind.WHOLE, is_key=True),))
PAIN.table.index("ix_pain_entries_at", "at")
RED_FLAGS: Final = NounTable(
    "red_flag_answers", RedFlagAnswers, items=(SqlColumn("answers_key", Kind.WHOLE, is_key=True),)
)
SENSORS: Final = NounTable("sensors", SensorUse, ("sensor_id",), (SqlColumn("used_at", Kind.TIME),))
PHONES: Final = NounTable("phones", Phone, ("phone_id",), (SqlColumn("token_hash", Kind.TEXT, is_unique=True),))
SETTINGS: Final = SqlTable(
    "settings", SqlColumn("key", Kind.TEXT, is_key=True), SqlColumn("value", Kind.JSON, is_optional=True)
)
