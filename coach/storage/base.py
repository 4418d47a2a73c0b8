"""What all tables share: kinds of columns, the statements that name every column, and values turned both ways.

Statements are SQL, run by the `sqlite3` of Python's library: docs/decisions/0014-plain-sql.md says why no library
writes them.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from itertools import groupby
from typing import Any, Final

from coach.errors import StorageError
from coach.model.frozen import dataclass
from coach.model.plain import to_plain

Value = Any  # of a row: whatever sqlite3 or a reader gives
Converter = Callable[[Value], Value]
Row = Mapping[str, object]


class Kind(StrEnum):
    """What a column holds; the value is its type in SQL."""

    TEXT = "VARCHAR"
    WHOLE = "INTEGER"
    NUMBER = "FLOAT"
    FLAG = "BOOLEAN"
    DAY = "DATE"
    TIME = "DATETIME"  # aware, kept as UTC
    JSON = "TEXT"  # a noun, mapping or tuple; read as plain values
    BYTES = "BLOB"


def _flag_kept(value: object) -> bool:
    if value not in (True, False):
        raise ValueError(f"{str(value)[:40]!r} is neither true nor false")
    return bool(value)  # numpy's, too


def _day_kept(value: object) -> str:
    if not isinstance(value, date):
        raise TypeError(f"{str(value)[:40]!r} is no day")
    return value.isoformat()[:10]


def _time_kept(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"{str(value)[:40]!r} is no time")
    if value.tzinfo is None:
        raise ValueError("a time without zone cannot be kept")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


_KEPT: Final[Mapping[Kind, Converter]] = {
    Kind.FLAG: _flag_kept,
    Kind.DAY: _day_kept,
    Kind.TIME: _time_kept,
    Kind.JSON: lambda value: json.dumps(to_plain(value), separators=(",", ":")),
}


def _or_as_it_is(read: Converter) -> Converter:
    """Return a reader of a column that gives back what it cannot read.

    SQLite keeps any text in any column. A reader that raises stops the whole statement, and with it every other row of
    a list; given back as it is, the value fails the check of its own row alone (`NounTable`).
    """

    def give(value: object) -> object:
        try:
            return read(value)
        except (ValueError, TypeError, AttributeError):
            return value

    return give


_READ: Final[Mapping[Kind, Converter]] = {
    Kind.FLAG: bool,
    Kind.DAY: _or_as_it_is(date.fromisoformat),
    Kind.TIME: _or_as_it_is(lambda value: datetime.fromisoformat(value).replace(tzinfo=UTC)),
    Kind.JSON: _or_as_it_is(json.loads),
}


def as_kept(value: object) -> object:
    """Return a value to compare with as it is kept: times and days are text.

    Raises:
        StorageError: a time has no zone.
    """
    if isinstance(value, datetime):
        try:
            return _time_kept(value)
        except ValueError as error:
            raise StorageError(str(error)) from error
    return _day_kept(value) if isinstance(value, date) else value


class Connection(sqlite3.Connection):
    """A connection in a transaction. Times and days that a statement compares with are given as they are."""

    def execute(self, statement: str, given: Iterable[object] = (), /) -> sqlite3.Cursor:  # type: ignore[override]
        """Run one statement; given: the values of its marks. (What sqlite3 itself makes of a time has another form.)"""
        return super().execute(statement, [as_kept(value) for value in given])

    def scalar(self, statement: str, given: Iterable[object] = ()) -> Value:
        """Return the first value of the first row; None where there is none."""
        row = self.execute(statement, given).fetchone()
        return None if row is None else row[0]


def marks(values: Iterable[object]) -> str:
    """Return the place of a list of values in a statement: "(?, ?, ?)"."""
    return f"({', '.join('?' for _ in values)})"


@dataclass(frozen=True, slots=True)
class SqlColumn:
    """One column. refers_to: "table.column" of the row that it belongs to, and is deleted with."""

    name: str
    kind: Kind
    is_key: bool = False
    is_optional: bool = False
    is_unique: bool = False
    refers_to: str = ""


def read_rows(rows: Iterable[Sequence[object]], columns: Sequence[SqlColumn]) -> Iterator[list[Value]]:
    """Yield rows of these columns with their values as Python has them."""
    readers = [(place, _READ[column.kind]) for place, column in enumerate(columns) if column.kind in _READ]
    for row in rows:
        values = list(row)
        for place, read in readers:
            if values[place] is not None:
                values[place] = read(values[place])
        yield values


class SqlTable:
    """A table of the house; all of them are in `TABLES`, each behind those that it refers to."""

    def __init__(self, name: str, *columns: SqlColumn, has_rowid: bool = True) -> None:
        self.name = name
        self.columns: Final = {column.name: column for column in columns}
        self.keys: Final = tuple(column.name for column in columns if column.is_key)
        self._has_rowid = has_rowid
        self._indexes: list[str] = []
        TABLES[name] = self

    def index(self, name: str, *columns: str, is_unique: bool = False) -> None:
        """Give the table an index over columns."""
        kind = "UNIQUE INDEX" if is_unique else "INDEX"
        self._indexes.append(f"CREATE {kind} {name} ON {self.name} ({_listed(columns)})")

    def definition(self) -> list[str]:
        """Return the statements that make the table and its indexes. Constraints have names, so that a migration can
        find them again."""
        parts = [
            f'"{one.name}" {one.kind.value}' + ("" if one.is_optional else " NOT NULL") for one in self.columns.values()
        ]
        parts.append(f"CONSTRAINT pk_{self.name} PRIMARY KEY ({_listed(self.keys)})")
        for one in self.columns.values():
            if one.refers_to:
                table, column = one.refers_to.split(".")
                name = f"fk_{self.name}_{one.name}_{table}"
                parts.append(
                    f"CONSTRAINT {name} FOREIGN KEY ({one.name}) REFERENCES {table} ({column}) ON DELETE CASCADE"
                )
            if one.is_unique:
                parts.append(f"CONSTRAINT uq_{self.name}_{one.name} UNIQUE ({one.name})")
        end = "" if self._has_rowid else " WITHOUT ROWID"
        return [f"CREATE TABLE {self.name} ({', '.join(parts)}){end}", *self._indexes]

    def values(
        self, connection: Connection, names: Sequence[str], rest: str = "", given: Sequence[object] = ()
    ) -> Iterator[list[Value]]:
        """Yield some columns of rows. rest: of the statement, from WHERE on; given: the values of its marks."""
        found = connection.execute(f"SELECT {_listed(names)} FROM {self.name} {rest}", given)
        return read_rows(found, [self.columns[name] for name in names])

    def rows(self, connection: Connection, rest: str = "", given: Sequence[object] = ()) -> Iterator[dict[str, Value]]:
        """Yield rows by the names of their columns. rest, given: as of `values`."""
        names = tuple(self.columns)
        return (dict(zip(names, row, strict=True)) for row in self.values(connection, names, rest, given))

    def row(self, connection: Connection, rest: str = "", given: Sequence[object] = ()) -> dict[str, Value] | None:
        """Return the first of such rows; None where there is none."""
        return next(self.rows(connection, f"{rest} LIMIT 1", given), None)

    def add(self, connection: Connection, rows: Iterable[Row]) -> None:
        """Insert rows; raises where one is there already."""
        self._insert(connection, rows, "")

    def add_new(self, connection: Connection, rows: Iterable[Row]) -> None:
        """Insert rows, without those that are there already."""
        self._insert(connection, rows, " ON CONFLICT DO NOTHING")

    def put(self, connection: Connection, rows: Iterable[Row]) -> None:
        """Insert rows; one whose primary key is there already takes the place of the columns that it names."""
        self._insert(connection, rows, None)

    def change(self, connection: Connection, values: Row, where: str, given: Sequence[object] = ()) -> int:
        """Give columns of all rows that fit new values; returns how many rows there are."""
        new = ", ".join(f'"{name}" = ?' for name in values)
        statement = f"UPDATE {self.name} SET {new} WHERE {where}"
        return connection.execute(statement, (*self._kept(values), *given)).rowcount

    def remove(self, connection: Connection, where: str, given: Sequence[object] = ()) -> None:
        """Delete all rows that fit."""
        connection.execute(f"DELETE FROM {self.name} WHERE {where}", given)

    def count(self, connection: Connection, where: str, given: Sequence[object] = ()) -> int:
        """Return how many rows fit."""
        (found,) = connection.execute(f"SELECT count(*) FROM {self.name} WHERE {where}", given).fetchone()
        return int(found)

    def _insert(self, connection: Connection, rows: Iterable[Row], clash: str | None) -> None:
        # By their columns: rows of an archive may lack some, or have them in another order.
        for names, some in groupby(rows, key=tuple):
            ending = _replacing(names, self.keys) if clash is None else clash
            statement = f"INSERT INTO {self.name} ({_listed(names)}) VALUES {marks(names)}{ending}"
            connection.executemany(statement, [self._kept(row) for row in some])

    def _kept(self, row: Row) -> list[object]:
        kept = []
        for name, value in row.items():
            keep = _KEPT.get(self.columns[name].kind)
            try:
                kept.append(value if value is None or keep is None else keep(value))
            except (ValueError, TypeError) as error:
                raise StorageError(f"{name} of {self.name}: {error}") from error
        return kept


TABLES: Final[dict[str, SqlTable]] = {}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


@cache
def _replacing(names: tuple[str, ...], keys: tuple[str, ...]) -> str:
    changed = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in keys)
    return f" ON CONFLICT ({_listed(keys)}) DO " + (f"UPDATE SET {changed}" if changed else "NOTHING")
