"""Tables of a run: the run, its strides, steps and seconds, what was said in it and of it.

Rows of a run are found by its number (`run_key`), which is shorter than its id, and lie beside each other on disk.
"""

from typing import Final

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table

from coach.model.cues import CueDecision, CueResponse
from coach.model.metrics import LiveMetrics
from coach.model.runs import Run, RunSummary, Shoe
from coach.model.strides import Stride, TrunkStep
from coach.storage.base import Base, UtcTime
from coach.storage.nouns import NounTable

MOMENTS: Final = ("n", "speed_mps", "value", "speed_ss", "cross_ss", "value_ss")  # of `RunSummary.by_speed`

RUNS: Final = NounTable(
    "runs",
    Run,
    items=(Column("run_key", Integer, primary_key=True), Column("deleted_at", UtcTime, nullable=True)),
)
Index("ix_runs_run_id", RUNS.table.c.run_id, unique=True)
Index("ix_runs_started_at", RUNS.table.c.started_at)
# All that a list asks for, in its order; and what shoes and longest runs ask for.
Index("ix_runs_listed", *(RUNS.table.c[name] for name in ("sport", "deleted_at", "started_at", "place")))
Index("ix_runs_distance", *(RUNS.table.c[name] for name in ("sport", "deleted_at", "distance_m", "shoes")))
Index("ix_runs_duration", *(RUNS.table.c[name] for name in ("sport", "deleted_at", "duration_s")))


def _of_run() -> Column[object]:
    return Column("run_key", Integer, ForeignKey("runs.run_key", ondelete="CASCADE"), primary_key=True)


SUMMARIES: Final = NounTable("run_summaries", RunSummary, items=(_of_run(),))
STRIDES: Final = NounTable("strides", Stride, ("wear_site", "initial_contact_s"), (_of_run(),))
STEPS: Final = NounTable("trunk_steps", TrunkStep, ("wear_site", "initial_contact_s"), (_of_run(),))
SECONDS: Final = NounTable("seconds", LiveMetrics, ("t_s",), (_of_run(),))
DECISIONS: Final = NounTable("cue_decisions", CueDecision, ("cue_id",), (_of_run(),))
RESPONSES: Final = NounTable("cue_responses", CueResponse, ("cue_id",), (_of_run(),))
# Seconds, strides and steps of a finished run, one row a column: see `packing`.
COLUMNS: Final = Table(
    "run_columns",
    Base.metadata,
    _of_run(),
    Column("part", String, primary_key=True),  # name of the table that its rows come from
    Column("name", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("n_rows", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
# What trends need of each run and measure; measure "" is the run itself, with its mean speed alone.
POINTS: Final = Table(
    "trend_points",
    Base.metadata,
    Column("metric", String, primary_key=True),
    _of_run(),
    *(Column(name, Float, nullable=True) for name in MOMENTS),
    sqlite_with_rowid=False,
)
Index("ix_trend_points_run_key", POINTS.c.run_key)
# Shortest time over each distance [m].
BESTS: Final = Table(
    "run_bests",
    Base.metadata,
    Column("distance_m", Integer, primary_key=True),
    Column("best_s", Float, primary_key=True),
    _of_run(),
    sqlite_with_rowid=False,
)
Index("ix_run_bests_run_key", BESTS.c.run_key)
SHOES: Final = NounTable("shoes", Shoe, ("name",))
