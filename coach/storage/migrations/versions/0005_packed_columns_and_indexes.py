"""Strides, steps and seconds of finished runs become compressed columns; trends and records get tables of their own."""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from coach.storage.packing import pack, unpack

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_PARTS = {"strides": "initial_contact_s", "trunk_steps": "initial_contact_s", "seconds": "t_s"}
_INDEXES = {
    "ix_runs_listed": ("sport", "deleted_at", "started_at", "place"),
    "ix_runs_distance": ("sport", "deleted_at", "distance_m", "shoes"),
    "ix_runs_duration": ("sport", "deleted_at", "duration_s"),
}


def upgrade() -> None:
    op.create_table(
        "run_columns",
        sa.Column("run_key", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("n_rows", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_key"], ["runs.run_key"], name=op.f("fk_run_columns_run_key_runs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_key", "part", "name", name=op.f("pk_run_columns")),
    )
    op.create_table(
        "trend_points",
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("run_key", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Float()) for name in ("n", "speed_mps", "value", "speed_ss", "cross_ss", "value_ss")),
        sa.ForeignKeyConstraint(
            ["run_key"], ["runs.run_key"], name=op.f("fk_trend_points_run_key_runs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("metric", "run_key", name=op.f("pk_trend_points")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_trend_points_run_key", "trend_points", ["run_key"])
    op.create_table(
        "run_bests",
        sa.Column("distance_m", sa.Integer(), nullable=False),
        sa.Column("best_s", sa.Float(), nullable=False),
        sa.Column("run_key", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_key"], ["runs.run_key"], name=op.f("fk_run_bests_run_key_runs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("distance_m", "best_s", "run_key", name=op.f("pk_run_bests")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_run_bests_run_key", "run_bests", ["run_key"])
    for name, columns in _INDEXES.items():
        op.create_index(name, "runs", list(columns))
    _fill_indexes()
    connection = op.get_bind()
    states = "('recording', 'paused')"  # what a crash cut off is read again from its log
    for (key,) in connection.exec_driver_sql(f"SELECT run_key FROM runs WHERE state NOT IN {states}").fetchall():
        for part, order in _PARTS.items():
            _pack(connection, key, part, order)


def _fill_indexes() -> None:
    numbers = ", ".join(
        f"json_extract(e.value, '$.{name}')" for name in ("n", "speed_mps", "value", "speed_ss", "cross_ss", "value_ss")
    )
    op.execute("INSERT INTO trend_points (metric, run_key, speed_mps) SELECT '', run_key, speed_mps FROM run_summaries")
    op.execute(
        "INSERT INTO trend_points (metric, run_key, n, speed_mps, value, speed_ss, cross_ss, value_ss) "
        f"SELECT e.key, s.run_key, {numbers} FROM run_summaries s, json_each(s.by_speed) e WHERE e.key <> ''"
    )
    op.execute(
        "INSERT OR IGNORE INTO run_bests (distance_m, best_s, run_key) "
        "SELECT CAST(e.key AS INTEGER), e.value, s.run_key FROM run_summaries s, json_each(s.best_s) e "
        "WHERE e.value IS NOT NULL AND CAST(e.key AS INTEGER) > 0"
    )


def _pack(connection: sa.Connection, run_key: int, part: str, order: str) -> None:
    facts = connection.exec_driver_sql(f"PRAGMA table_info({part})").fetchall()
    kinds = {row[1]: row[2] for row in facts if row[1] != "run_key"}
    names = ", ".join(kinds)
    rows = connection.exec_driver_sql(
        f"SELECT {names} FROM {part} WHERE run_key = ? ORDER BY {order}", (run_key,)
    ).fetchall()
    if not rows:
        return
    for place, (name, kind) in enumerate(kinds.items()):
        values = [_plain(row[place], kind) for row in rows]
        if any(value is not None for value in values):
            code, data = pack(values)
            connection.exec_driver_sql(
                "INSERT INTO run_columns (run_key, part, name, kind, n_rows, data) VALUES (?, ?, ?, ?, ?, ?)",
                (run_key, part, name, code, len(values), data),
            )
    connection.exec_driver_sql(f"DELETE FROM {part} WHERE run_key = ?", (run_key,))


def _plain(value: Any, kind: str) -> object:
    if value is None:
        return None
    if kind == "TEXT":
        return json.loads(value)
    return bool(value) if kind == "BOOLEAN" else float(value) if kind == "FLOAT" else value


def downgrade() -> None:
    connection = op.get_bind()
    for part in _PARTS:
        kinds = {row[1]: row[2] for row in connection.exec_driver_sql(f"PRAGMA table_info({part})").fetchall()}
        keys = connection.exec_driver_sql("SELECT DISTINCT run_key FROM run_columns WHERE part = ?", (part,)).fetchall()
        for (key,) in keys:
            found = connection.exec_driver_sql(
                "SELECT name, kind, n_rows, data FROM run_columns WHERE run_key = ? AND part = ?", (key, part)
            ).fetchall()
            names = [row[0] for row in found if row[0] in kinds]
            columns = [unpack((kind, data), n_rows) for name, kind, n_rows, data in found if name in kinds]
            texts = [
                [None if v is None else json.dumps(v) for v in column] if kinds[name] == "TEXT" else column
                for name, column in zip(names, columns, strict=True)
            ]
            marks = ", ".join("?" for _ in range(len(names) + 1))
            for row in zip(*texts, strict=True):
                connection.exec_driver_sql(
                    f"INSERT OR IGNORE INTO {part} (run_key, {', '.join(names)}) VALUES ({marks})", (key, *row)
                )
    for name in _INDEXES:
        op.drop_index(name, "runs")
    for table in ("run_bests", "trend_points", "run_columns"):
        op.drop_table(table)
