"""Everything that is kept, as plain rows of any database, and back: tables out, tables in, nothing lost.

Rows are JSON values under the names of their columns. Runs get new numbers where they are loaded, so that two accounts
can be joined; what is there already stays as it is. Devices that were let in are left out: they belong to this machine.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from typing import Any, Final

from sqlalchemy import Connection, Date, Table, Time, select
from sqlalchemy.dialects.sqlite import insert

from coach.errors import StorageError
from coach.model.plain import to_plain
from coach.storage.base import Base, UtcTime
from coach.storage.database import Database
from coach.storage.run_data import key_of
from coach.storage.run_tables import RUNS

LEFT_OUT: Final = ("phones", "push_phones")
_BATCH: Final = 2000
Row = dict[str, Any]


def table_names() -> tuple[str, ...]:
    """Names of the tables of an archive, in an order in which they can be loaded."""
    return tuple(table.name for table in Base.metadata.sorted_tables if table.name not in LEFT_OUT)


def rows_of(database: Database, name: str) -> Iterator[Row]:
    """All rows of one table as JSON values."""
    table = Base.metadata.tables[name]
    with database.read() as connection:
        for row in connection.execution_options(yield_per=_BATCH).execute(select(table)).mappings():
            yield {column: to_plain(value) for column, value in row.items()}


def load(database: Database, tables: Mapping[str, Iterable[Row]]) -> dict[str, int]:
    """Take in the rows of an archive in one transaction; returns how many rows of each table are new.

    Raises:
        StorageError: a row does not fit its table; then nothing is taken in.
    """
    counts: dict[str, int] = {}
    with database.write() as connection:
        keys: dict[int, int] = {}
        for name in table_names():
            if name in tables:
                try:
                    counts[name] = _load_table(connection, Base.metadata.tables[name], tables[name], keys)
                except (ValueError, TypeError, KeyError) as error:
                    raise StorageError(
                        f"the archive's table {name} does not fit ({error}): nothing was taken in"
                    ) from error
    return counts


def _load_table(connection: Connection, table: Table, rows: Iterable[Row], keys: dict[int, int]) -> int:
    if table is RUNS.table:
        return _load_runs(connection, table, rows, keys)
    present = _present(connection, table) if _is_numbered(table) else None
    n_new, batch = 0, []
    for row in rows:
        values = _values(table, row)
        if "run_key" in values:
            if values["run_key"] not in keys:
                continue  # its run was here before: that one stays as it is
            values["run_key"] = keys[values["run_key"]]
        if present is not None:
            number = next(iter(table.primary_key)).name
            values.pop(number, None)
            if _fingerprint(values) in present:
                continue
        batch.append(values)
        if len(batch) >= _BATCH:
            n_new += _insert(connection, table, batch)
            batch = []
    return n_new + _insert(connection, table, batch)


def _load_runs(connection: Connection, table: Table, rows: Iterable[Row], keys: dict[int, int]) -> int:
    known = set(connection.scalars(select(table.c.run_id)))
    n_new = 0
    for row in rows:
        values = _values(table, row)
        old_key = values.pop("run_key")
        if values["run_id"] in known:
            continue
        connection.execute(table.insert(), values)
        keys[old_key] = key_of(connection, values["run_id"])
        n_new += 1
    return n_new


def _is_numbered(table: Table) -> bool:
    """Whether rows are told apart by a number of this database only, so that equal rows are told by their values."""
    names = [column.name for column in table.primary_key]
    return len(names) == 1 and names[0].endswith("_key") and names[0] != "run_key"


def _present(connection: Connection, table: Table) -> set[str]:
    number = next(iter(table.primary_key)).name
    rows = connection.execute(select(table)).mappings()
    return {_fingerprint({k: v for k, v in row.items() if k != number}) for row in rows}


def _fingerprint(values: Mapping[str, Any]) -> str:
    return repr(sorted(to_plain(dict(values)).items(), key=lambda item: item[0]))


def _insert(connection: Connection, table: Table, batch: list[Row]) -> int:
    if not batch:
        return 0
    before = connection.exec_driver_sql("SELECT total_changes()").scalar() or 0
    connection.execute(insert(table).on_conflict_do_nothing(), batch)
    after = connection.exec_driver_sql("SELECT total_changes()").scalar() or 0
    return int(after - before)


def _values(table: Table, row: Row) -> Row:
    """JSON values to what the columns take; columns this program does not know are left out."""
    values: Row = {}
    for column in table.columns:
        if column.name not in row:
            continue
        values[column.name] = _value(column.type, row[column.name])
    return values


def _value(kind: object, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if isinstance(kind, UtcTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    return time.fromisoformat(value) if isinstance(kind, Time) else value
