"""The coach's memory: one document per finished run."""

from typing import Final

from sqlalchemy import Column, Index, String, Table

from coach.storage.base import Base, Json, UtcTime

COACHED_RUNS: Final = Table(
    "coached_runs",
    Base.metadata,
    Column("run_id", String, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("document", Json, nullable=False),
)
Index("ix_coached_runs_at", COACHED_RUNS.c.at)
