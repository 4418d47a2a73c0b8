"""Store frozen nouns as rows of a table with the same field names, and read them back.

Text, numbers, flags, dates and times have columns of their own kind; mappings, tuples and nested nouns are JSON.
"""

import dataclasses
import logging
import math
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from coach.model.columns import Codes, Field
from coach.model.plain import from_plain
from coach.storage.base import Kind, SqlColumn, SqlTable

_log: Final = logging.getLogger(__name__)
Noun = TypeVar("Noun")
Converter = Callable[[object], object]

_KINDS: Final[dict[object, Kind]] = {
    str: Kind.TEXT,
    int: Kind.WHOLE,
    float: Kind.NUMBER,
    bool: Kind.FLAG,
    date: Kind.DAY,
    datetime: Kind.TIME,
}
_STORED: Final[dict[object, tuple[type, ...]]] = {
    str: (str,),
    int: (int,),
    float: (float, int),
    bool: (bool,),
    date: (date,),
    datetime: (datetime,),
}
_PLAIN_MAPPINGS: Final = (Mapping[str, float], Mapping[str, str], Mapping[str, object])


def split_optional(kind: object) -> tuple[object, bool]:
    """Split `X | None` to (X, True), X to (X, False)."""
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        rest = [arg for arg in typing.get_args(kind) if arg is not type(None)]
        if len(rest) == 1:
            return rest[0], True
    return kind, False


def _kind(of: object) -> Kind:
    if of in _KINDS:
        return _KINDS[of]
    return Kind.TEXT if isinstance(of, type) and issubclass(of, StrEnum) else Kind.JSON


def _reader(kind: Any) -> Converter | None:
    """Return what reads a column's value as the noun's field wants it; None where they are the same."""
    if kind in _KINDS or kind in _PLAIN_MAPPINGS:
        return None
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind
    return lambda value: from_plain(kind, value)


def _without_none(value: object) -> object:
    return {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


class NounTable(Generic[Noun]):
    """The table of one kind of noun. keys: fields that make the primary key; items: further columns before them."""

    def __init__(self, name: str, kind: type[Noun], keys: Sequence[str] = (), items: Sequence[SqlColumn] = ()) -> None:
        hints = typing.get_type_hints(kind)
        self.kind = kind
        self.keys = tuple(keys)
        # A noun is a dataclass; a type variable cannot be bound to all of them.
        self.names = tuple(f.name for f in dataclasses.fields(kind))  # type: ignore[arg-type]
        fields = {field: split_optional(hints[field]) for field in self.names}
        columns = [
            SqlColumn(field, _kind(of), is_key=field in keys, is_optional=is_optional and field not in keys)
            for field, (of, is_optional) in fields.items()
        ]
        self.table = SqlTable(name, *items, *columns, has_rowid=not keys)
        self._scalars = {field: _STORED[of] for field, (of, _) in fields.items() if of in _STORED}
        self._mappings = {field for field, (of, _) in fields.items() if typing.get_origin(of) is Mapping}
        self._unread = {field for field, (of, _) in fields.items() if of in _PLAIN_MAPPINGS}
        self._readers = {field: read for field, (of, _) in fields.items() if (read := _reader(of))}

    def row(self, noun: Noun, **extra: object) -> dict[str, object]:
        """Return the values of a noun by column, with further columns."""
        return {**extra, **{name: self.value(noun, name) for name in self.names}}

    def value(self, noun: Noun, name: str) -> object:
        """Return one of them: a number that is none is unknown."""
        return _finite(getattr(noun, name))

    def checked(self, values: Mapping[str, object]) -> Noun:
        """Return the noun of plain values that came from outside, every field checked against its type.

        A number that is missing inside a mapping (it was not finite when it was written) is left out.

        Raises:
            ValueError, TypeError: they are not such a noun.
        """
        fields = {
            name: _without_none(values[name]) if name in self._mappings else values[name]
            for name in self.names
            if name in values
        }
        return from_plain(self.kind, fields)

    def readable(self, rows: Iterable[Mapping[str, object]]) -> list[Noun]:
        """Return nouns of rows; one that cannot be read is left out and named in the log,
        so that the others are seen."""
        found = []
        for row in rows:
            try:
                for name in self.names:
                    self._check_field(name, row.get(name))
                found.append(self.noun(row))
            except (ValueError, TypeError, KeyError) as error:
                _log.warning("a row of %s cannot be read and is left out: %s", self.table.name, error)
        return found

    def mended(self, row: Mapping[str, object]) -> Noun:
        """Return the noun of a row of which there is only one: a field that cannot be read takes its default, and is
        named in the log."""
        values: dict[str, object] = {}
        for name in self.names:
            try:
                self._check_field(name, value := row.get(name))
                read = self._readers.get(name)
                values[name] = value if value is None or read is None else read(value)
            except (ValueError, TypeError, KeyError) as error:
                _log.warning("%s of %s cannot be read and is left out: %s", name, self.table.name, error)
        return self.kind(**values)

    def _check_field(self, name: str, value: object) -> None:
        """Raise ValueError where a text, number, flag, time or plain mapping is of another type."""
        kinds = self._scalars.get(name)
        is_wrong = kinds is not None and type(value) not in kinds
        if value is not None and (is_wrong or (name in self._unread and not isinstance(value, Mapping))):
            raise ValueError(f"{name} is {str(value)[:40]!r}")

    def check_scalars(self, rows: Iterable[Sequence[object]], names: Sequence[str]) -> None:
        """Raise ValueError where a text, number, flag, time or plain mapping of the rows (n, len(names)) is of another
        type."""
        stored = {**self._scalars, **dict.fromkeys(self._unread, (dict,))}
        kinds = [(place, stored[name]) for place, name in enumerate(names) if name in stored]
        for row in rows:
            for place, types_of in kinds:
                if row[place] is not None and type(row[place]) not in types_of:
                    raise ValueError(f"{names[place]} is {str(row[place])[:40]!r}")

    def noun(self, row: Mapping[str, object]) -> Noun:
        """Return a noun of a row; fields that were not selected take their defaults."""
        values = {name: row[name] for name in self.names if name in row}
        for name, read in self._readers.items():
            if values.get(name) is not None:
                values[name] = read(values[name])
        return self.kind(**values)

    def read(self, name: str, values: Field) -> Field:
        """Return a field of many nouns, as they hold it, from what a column gives."""
        read = self._readers.get(name)
        if read is None or not isinstance(values, Codes):
            return values
        return Codes([read(value) for value in values.known], values.codes)

    def nouns(self, rows: Iterable[Sequence[object]], names: Sequence[str] | None = None) -> list[Noun]:
        """Return nouns of many rows by the order of their values: several times as quick as one by one.

        names: the fields that each row holds, by default all in their order; others take their defaults.
        """
        kind, fields = self.kind, tuple(names or self.names)
        is_whole = fields == self.names
        readers = [(fields.index(name), read) for name, read in self._readers.items() if name in fields]
        found = []
        for row in rows:
            values = list(row)
            for place, read in readers:
                if values[place] is not None:
                    values[place] = read(values[place])
            found.append(kind(*values) if is_whole else kind(**dict(zip(fields, values, strict=True))))
        return found
