"""Write all tables as plain rows for an archive, and read them back without losing any.

Rows are JSON values under the names of their columns. Runs get new numbers where they are loaded, so that two accounts
can be joined; what is there already stays as it is. Marks of imported files, devices that were let in, the key that
signs invitations and the addresses of messages are left out, in both directions: they belong to this machine, and
whoever holds an archive must neither be let in by it nor be able to let himself in through it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from coach.errors import InterchangeError
from coach.model.documents import JsonObject
from coach.model.frozen import dataclass
from coach.model.plain import to_plain
from coach.storage.base import TABLES, Connection, SqlTable, marks
from coach.storage.checking import Check, checked_row
from coach.storage.database import Database
from coach.storage.nouns import NounTable
from coach.storage.run_data import PACKED_PARTS, key_of, pack_run, rows_of_run
from coach.storage.run_tables import RUNS
from coach.storage.runner_tables import SETTINGS
from coach.storage.runs import index_summaries, summary_of
from coach.storage.schema import make_tables

LEFT_OUT: Final = ("imported_files", "owed_reminders", "phones", "push_phones")
_DERIVED: Final = ("run_columns", "trend_points", "run_bests")  # packed and indexed where they are loaded
KEPT_SETTINGS: Final = ("coaching.known_runs", "strength.daily")  # a new setting stays at home until it is named here
_BATCH: Final = 2000
Row = JsonObject


@dataclass(frozen=True, slots=True)
class KeptRun:
    """What decides whether a run belongs to a part of an account."""

    run_id: str
    started_at: datetime
    recording: str | None


def table_names() -> tuple[str, ...]:
    """Return names of the tables of an archive, in an order in which they can be loaded."""
    return tuple(name for name in TABLES if name not in (*LEFT_OUT, *_DERIVED))


def rows_of(database: Database, name: str, of_runs: Collection[int] | None = None) -> Iterator[Row]:
    """Yield all rows of one table as JSON values. of_runs: numbers of the runs whose rows are wanted; None: of all."""
    table = TABLES[name]
    for part, order in PACKED_PARTS:
        if part.table is table:
            yield from _rows_of_part(database, part, order, of_runs)
            return
    with database.read() as connection:
        rest, given = (f"WHERE key IN {marks(KEPT_SETTINGS)}", KEPT_SETTINGS) if table is SETTINGS else ("", ())
        for row in table.rows(connection, rest, given):
            if of_runs is not None and "run_key" in row and row["run_key"] not in of_runs:
                continue
            yield {column: to_plain(value) for column, value in row.items()}


def runs_kept(database: Database) -> Mapping[int, KeptRun]:
    """Return every run by its number, deleted ones too."""
    names = ("run_key", "run_id", "started_at", "recording")
    with database.read() as connection:
        return {key: KeptRun(*rest) for key, *rest in RUNS.table.values(connection, names)}


def _rows_of_part(
    database: Database, part: NounTable[object], order: str, of_runs: Collection[int] | None
) -> Iterator[Row]:
    with database.read() as connection:
        for (key,) in connection.execute("SELECT run_key FROM runs ORDER BY run_key").fetchall():
            if of_runs is not None and key not in of_runs:
                continue
            for noun in rows_of_run(connection, part, key, order):
                yield {column: to_plain(value) for column, value in part.row(noun, run_key=key).items()}


def load(
    database: Database,
    tables: Mapping[str, Iterable[Row]],
    checks: Mapping[str, Check] | None = None,
    before_commit: Callable[[], object] | None = None,
    scratch: Path | None = None,
) -> dict[str, int]:
    """Take in the rows of an archive in one transaction; returns how many rows of each table are new.

    checks: a further look at the rows of a table, by its name. before_commit: done when every row has passed. scratch:
    a file for a database of their own, in which rows are read, checked and packed first: whoever writes to this one
    then waits for a moment, and not as long as an archive takes to be read.

    Raises:
        InterchangeError: a row is not what it claims to be; then nothing is imported, and the words name the row.
        StorageError: the database refuses.
    """
    if scratch is None:
        with database.write() as connection:
            counts = _load_checked(connection, tables, checks or {})
            if before_commit is not None:
                before_commit()
            return counts
    beside = Database(scratch)
    try:
        with beside.write() as connection:
            make_tables(connection)
            _load_checked(connection, tables, checks or {})
        with beside.read() as source, database.write() as connection:
            counts = _joined(source, connection)
            if before_commit is not None:
                before_commit()
            return counts
    finally:
        beside.close()


def _load_checked(
    connection: Connection, tables: Mapping[str, Iterable[Row]], checks: Mapping[str, Check]
) -> dict[str, int]:
    counts: dict[str, int] = {}
    keys: dict[int, int] = {}
    for name in table_names():
        if name in tables:
            table = TABLES[name]
            counts[name] = _load_table(connection, table, _checked(table, tables[name], checks), keys)
    for key in keys.values():
        pack_run(connection, key)
        summary = summary_of(connection, key)
        if summary is not None:
            index_summaries(connection, {key: summary})
    return counts


def _joined(source: Connection, target: Connection) -> dict[str, int]:
    """Copy all rows of one database, which were checked, into another; returns how many of each table are new."""
    counts: dict[str, int] = {}
    keys: dict[int, int] = {}
    for table in TABLES.values():
        if table.name not in LEFT_OUT:
            counts[table.name] = _load_table(target, table, table.rows(source), keys)
    return counts


def _checked(table: SqlTable, rows: Iterable[Row], checks: Mapping[str, Check]) -> Iterator[Row]:
    for number, row in enumerate(rows, 1):
        if table is SETTINGS and row.get("key") not in KEPT_SETTINGS:
            continue
        try:
            yield checked_row(table, row, checks.get(table.name))
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            words = " ".join(str(error).split())[:200]
            raise InterchangeError(
                f"row {number} of {table.name} in this archive cannot be read ({words}): nothing was imported"
            ) from error


def _load_table(connection: Connection, table: SqlTable, rows: Iterable[Row], keys: dict[int, int]) -> int:
    if table is RUNS.table:
        return _load_runs(connection, table, rows, keys)
    present = _present(connection, table) if _is_numbered(table) else None
    n_new, batch = 0, []
    for values in rows:
        if "run_key" in table.columns:
            if values.get("run_key") not in keys:
                continue  # its run was here before: that one stays as it is
            values["run_key"] = keys[values["run_key"]]
        if present is not None:
            (number,) = table.keys
            values.pop(number, None)
            if _fingerprint(values) in present:
                continue
        batch.append(values)
        if len(batch) >= _BATCH:
            n_new += _insert(connection, table, batch)
            batch = []
    return n_new + _insert(connection, table, batch)


def _load_runs(connection: Connection, table: SqlTable, rows: Iterable[Row], keys: dict[int, int]) -> int:
    known = {run_id for (run_id,) in connection.execute("SELECT run_id FROM runs")}
    n_new = 0
    for values in rows:
        old_key = values.pop("run_key", None)
        if type(old_key) is not int or old_key in keys:
            raise InterchangeError(
                f"run {values['run_id']} of this archive has no number of its own: nothing was imported"
            )
        if values["run_id"] in known:
            continue
        known.add(values["run_id"])
        table.add(connection, [values])
        keys[old_key] = key_of(connection, values["run_id"])
        n_new += 1
    return n_new


def _is_numbered(table: SqlTable) -> bool:
    """Whether only a number of this database distinguishes rows, so that equal rows are known by their values."""
    return len(table.keys) == 1 and table.keys[0].endswith("_key") and table.keys[0] != "run_key"


def _present(connection: Connection, table: SqlTable) -> set[str]:
    (number,) = table.keys
    return {_fingerprint({k: v for k, v in row.items() if k != number}) for row in table.rows(connection)}


def _fingerprint(values: Mapping[str, object]) -> str:
    return repr(sorted(to_plain(dict(values)).items(), key=lambda item: item[0]))


def _insert(connection: Connection, table: SqlTable, batch: list[Row]) -> int:
    if not batch:
        return 0
    before = connection.total_changes
    table.add_new(connection, batch)
    return connection.total_changes - before
