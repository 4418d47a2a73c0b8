"""Tables of a run: the run, its strides, steps and seconds, what was said in it and of it.

Rows of a run are found by its number (`run_key`), which is shorter than its id, and lie beside each other on disk.
"""

from typing import Final

from coach.model.cues import CueDecision, CueResponse
from coach.model.metrics import LiveMetrics
from coach.model.runs import Run, RunSummary, Shoe
from coach.model.strides import Stride, TrunkStep
from coach.storage.base import Kind, SqlColumn, SqlTable
from coach.storage.nouns import NounTable

MOMENTS: Final = ("n", "speed_mps", "value", "speed_ss", "cross_ss", "value_ss")  # of `RunSummary.by_speed`

RUNS: Final = NounTable(
    "runs",
    Run,
    items=(SqlColumn("run_key", Kind.WHOLE, is_key=True), SqlColumn("deleted_at", Kind.TIME, is_optional=True)),
)
RUNS.table.index("ix_runs_run_id", "run_id", is_unique=True)
RUNS.table.index("ix_runs_started_at", "started_at")
# All that a list asks for, in its order; and what shoes and longest runs ask for.
RUNS.table.index("ix_runs_listed", "sport", "deleted_at", "started_at", "place")
RUNS.table.index("ix_runs_distance", "sport", "deleted_at", "distance_m", "shoes")
RUNS.table.index("ix_runs_duration", "sport", "deleted_at", "duration_s")


_OF_RUN: Final = SqlColumn("run_key", Kind.WHOLE, is_key=True, refers_to="runs.run_key")
SUMMARIES: Final = NounTable("run_summaries", RunSummary, items=(_OF_RUN,))
STRIDES: Final = NounTable("strides", Stride, ("wear_site", "initial_contact_s"), (_OF_RUN,))
STEPS: Final = NounTable("trunk_steps", TrunkStep, ("wear_site", "initial_contact_s"), (_OF_RUN,))
SECONDS: Final = NounTable("seconds", LiveMetrics, ("t_s",), (_OF_RUN,))
DECISIONS: Final = NounTable("cue_decisions", CueDecision, ("cue_id",), (_OF_RUN,))
RESPONSES: Final = NounTable("cue_responses", CueResponse, ("cue_id",), (_OF_RUN,))
# Seconds, strides and steps of a finished run, one row a column: see `packing`.
COLUMNS: Final = SqlTable(
    "run_columns",
    _OF_RUN,
    SqlColumn("part", Kind.TEXT, is_key=True),  # name of the table that its rows come from
    SqlColumn("name", Kind.TEXT, is_key=True),
    SqlColumn("kind", Kind.TEXT),
    SqlColumn("n_rows", Kind.WHOLE),
    SqlColumn("data", Kind.BYTES),
)
# What trends need of each run and measure; measure "" is the run itself, with its mean speed alone.
POINTS: Final = SqlTable(
    "trend_points",
    SqlColumn("metric", Kind.TEXT, is_key=True),
    _OF_RUN,
    *(SqlColumn(name, Kind.NUMBER, is_optional=True) for name in MOMENTS),
    has_rowid=False,
)
POINTS.index("ix_trend_points_run_key", "run_key")
# Shortest time over each distance [m].
BESTS: Final = SqlTable(
    "run_bests",
    SqlColumn("distance_m", Kind.WHOLE, is_key=True),
    SqlColumn("best_s", Kind.NUMBER, is_key=True),
    _OF_RUN,
    has_rowid=False,
)
BESTS.index("ix_run_bests_run_key", "run_key")
SHOES: Final = NounTable("shoes", Shoe, ("name",))
