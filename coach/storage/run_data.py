"""What was measured and said in a run: strides, steps, seconds, cues, responses. Nouns in, nouns out."""

from collections.abc import Sequence
from typing import Any, Final, TypeVar

import numpy as np
from sqlalchemy import Connection, delete, select

from coach.errors import SettingsError
from coach.model.cues import CueDecision, CueResponse
from coach.model.metrics import LiveMetrics
from coach.model.samples import FloatArray
from coach.model.strides import Stride, TrunkStep
from coach.storage.database import Database
from coach.storage.nouns import NounTable
from coach.storage.rows import put
from coach.storage.run_tables import DECISIONS, RESPONSES, RUNS, SECONDS, STEPS, STRIDES

Noun = TypeVar("Noun")
Span = tuple[float, float]
_PARTS: Final[tuple[NounTable[Any], ...]] = (STRIDES, STEPS, SECONDS, DECISIONS, RESPONSES)


def key_of(connection: Connection, run_id: str) -> int:
    key = connection.scalar(select(RUNS.table.c.run_key).where(RUNS.table.c.run_id == run_id))
    if key is None:
        raise no_such_run(run_id)
    return int(key)


def no_such_run(run_id: str) -> SettingsError:
    return SettingsError(f"there is no run {run_id}: `coach runs list` names those there are")


class RunData:
    """The measured part of runs. Adding is idempotent: what is there already takes the newer values."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        run_id: str,
        strides: Sequence[Stride | TrunkStep] = (),
        seconds: Sequence[LiveMetrics] = (),
        decisions: Sequence[CueDecision] = (),
        responses: Sequence[CueResponse] = (),
    ) -> None:
        """Keep a batch of any of these, all or nothing."""
        with self._database.write() as connection:
            key = key_of(connection, run_id)
            _put(connection, STRIDES, key, [s for s in strides if isinstance(s, Stride)])
            _put(connection, STEPS, key, [s for s in strides if isinstance(s, TrunkStep)])
            _put(connection, SECONDS, key, seconds)
            _put(connection, DECISIONS, key, decisions)
            _put(connection, RESPONSES, key, responses)

    def replace(
        self,
        run_id: str,
        strides: Sequence[Stride | TrunkStep],
        seconds: Sequence[LiveMetrics],
        decisions: Sequence[CueDecision] | None = None,
    ) -> None:
        """Put these in the place of what was measured before, after the raw log was read anew; None: cues stay."""
        gone = _PARTS[:3] if decisions is None else _PARTS[:4]
        with self._database.write() as connection:
            key = key_of(connection, run_id)
            for part in gone:
                connection.execute(delete(part.table).where(part.table.c.run_key == key))
            _put(connection, STRIDES, key, [s for s in strides if isinstance(s, Stride)])
            _put(connection, STEPS, key, [s for s in strides if isinstance(s, TrunkStep)])
            _put(connection, SECONDS, key, seconds)
            _put(connection, DECISIONS, key, decisions or ())

    def strides(self, run_id: str, between: Span | None = None) -> Sequence[Stride]:
        return self._all(STRIDES, run_id, "initial_contact_s", between)

    def steps(self, run_id: str, between: Span | None = None) -> Sequence[TrunkStep]:
        return self._all(STEPS, run_id, "initial_contact_s", between)

    def seconds(self, run_id: str, between: Span | None = None) -> Sequence[LiveMetrics]:
        return self._all(SECONDS, run_id, "t_s", between)

    def decisions(self, run_id: str) -> Sequence[CueDecision]:
        return self._all(DECISIONS, run_id, "t_s")

    def responses(self, run_id: str) -> Sequence[CueResponse]:
        return self._all(RESPONSES, run_id, "cue_id")

    def second_columns(self, run_id: str, names: Sequence[str]) -> dict[str, FloatArray]:
        """Columns of the seconds as arrays (n,), NaN where unknown: quick enough for a run of six hours."""
        return self._columns(SECONDS, run_id, names, "t_s")

    def stride_columns(self, run_id: str, names: Sequence[str]) -> dict[str, FloatArray]:
        """Columns of the strides as arrays (n,) of numbers, NaN where unknown, in the order of contact."""
        return self._columns(STRIDES, run_id, names, "initial_contact_s")

    def _all(self, table: NounTable[Noun], run_id: str, order: str, between: Span | None = None) -> Sequence[Noun]:
        """All rows of a run, or those between two times [s], both included."""
        with self._database.read() as connection:
            key, at_s = key_of(connection, run_id), table.table.c[order]
            statement = select(*table.columns()).where(table.table.c.run_key == key).order_by(at_s)
            if between is not None:
                statement = statement.where(at_s.between(*between))
            return table.nouns(connection.execute(statement))

    def _columns(self, table: NounTable[Any], run_id: str, names: Sequence[str], order: str) -> dict[str, FloatArray]:
        chosen = [table.table.c[name] for name in (order, *names)]
        with self._database.read() as connection:
            key = key_of(connection, run_id)
            statement = select(*chosen).where(table.table.c.run_key == key).order_by(table.table.c[order])
            rows = [tuple(row) for row in connection.execute(statement)]
        values = np.array(rows, dtype=np.float64).reshape(-1, len(chosen))
        return {name: values[:, i].copy() for i, name in enumerate(names, start=1)}


def _put(connection: Connection, table: NounTable[Noun], run_key: int, nouns: Sequence[Noun]) -> None:
    put(connection, table.table, (table.row(noun, run_key=run_key) for noun in nouns))
