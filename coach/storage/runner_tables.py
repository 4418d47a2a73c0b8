"""Tables of the runner and what surrounds the runs: profile, pain, red flags, sensors, phones, settings."""

from typing import Final

from sqlalchemy import Column, Index, Integer, String, Table

from coach.model.access import Phone
from coach.model.links import SensorUse
from coach.model.pain import PainEntry, RedFlagAnswers
from coach.model.runner import RunnerProfile
from coach.storage.base import Base, Json, UtcTime
from coach.storage.nouns import NounTable

RUNNER: Final = NounTable("runner", RunnerProfile, items=(Column("runner_key", Integer, primary_key=True),))
PAIN: Final = NounTable("pain_entries", PainEntry, items=(Column("pain_key", Integer, primary_key=True),))
Index("ix_pain_entries_at", PAIN.table.c.at)
RED_FLAGS: Final = NounTable(
    "red_flag_answers", RedFlagAnswers, items=(Column("answers_key", Integer, primary_key=True),)
)
SENSORS: Final = NounTable("sensors", SensorUse, ("sensor_id",), (Column("used_at", UtcTime, nullable=False),))
PHONES: Final = NounTable("phones", Phone, ("phone_id",), (Column("token_hash", String, nullable=False, unique=True),))
SETTINGS: Final = Table(
    "settings", Base.metadata, Column("key", String, primary_key=True), Column("value", Json, nullable=True)
)
