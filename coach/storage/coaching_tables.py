"""The coach's memory: one document per finished run."""

from typing import Final

from coach.storage.base import Kind, SqlColumn, SqlTable

COACHED_RUNS: Final = SqlTable(
    "coached_runs",
    SqlColumn("run_id", Kind.TEXT, is_key=True),
    SqlColumn("at", Kind.TIME),
    SqlColumn("document", Kind.JSON),
)
COACHED_RUNS.index("ix_coached_runs_at", "at")
