"""Tables of a run: the run, its strides, steps and seconds, what was said in it and of it.

Rows of a run are found by its number (`run_key`), which is shorter than its id, and lie beside each other on disk.
"""

from typing import Any, Final

from sqlalchemy import Column, ForeignKey, Index, Integer

from coach.model.cues import CueDecision, CueResponse
from coach.model.metrics import LiveMetrics
from coach.model.runs import Run, RunSummary, Shoe
from coach.model.strides import Stride, TrunkStep
from coach.storage.base import UtcTime
from coach.storage.nouns import NounTable

RUNS: Final = NounTable(
    "runs",
    Run,
    items=(Column("run_key", Integer, primary_key=True), Column("deleted_at", UtcTime, nullable=True)),
)
Index("ix_runs_run_id", RUNS.table.c.run_id, unique=True)
Index("ix_runs_started_at", RUNS.table.c.started_at)


def _of_run() -> Column[Any]:
    return Column("run_key", Integer, ForeignKey("runs.run_key", ondelete="CASCADE"), primary_key=True)


SUMMARIES: Final = NounTable("run_summaries", RunSummary, items=(_of_run(),))
STRIDES: Final = NounTable("strides", Stride, ("wear_site", "initial_contact_s"), (_of_run(),))
STEPS: Final = NounTable("trunk_steps", TrunkStep, ("wear_site", "initial_contact_s"), (_of_run(),))
SECONDS: Final = NounTable("seconds", LiveMetrics, ("t_s",), (_of_run(),))
DECISIONS: Final = NounTable("cue_decisions", CueDecision, ("cue_id",), (_of_run(),))
RESPONSES: Final = NounTable("cue_responses", CueResponse, ("cue_id",), (_of_run(),))
SHOES: Final = NounTable("shoes", Shoe, ("name",))
