"""What all tables share: one list of them, aware times, and nouns kept as JSON."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import Date, DateTime, Dialect, MetaData, Text
from sqlalchemy.types import TypeDecorator

from coach.model.plain import to_plain

# Names for all constraints, so that a migration can find them again.
_NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Converter = Callable[[object], Any]  # as SQLAlchemy has it


class Base:
    """Every table of the house is registered on `Base.metadata`. Tables only: SQLAlchemy's mapper would cost 6 MB."""

    metadata: Final = MetaData(naming_convention=_NAMES)


def _or_as_it_is(read: Converter | None) -> Converter | None:
    """Return a reader of a column that gives back what it cannot read.

    SQLite keeps any text in any column. A reader that raises stops the whole statement, and with it every other row of
    a list; given back as it is, the value fails the check of its own row alone (`NounTable`).
    """
    if read is None:
        return None

    def give(value: object) -> object:
        try:
            return read(value)
        except (ValueError, TypeError, AttributeError):
            return value

    return give


class PlainDate(TypeDecorator[date]):
    """A day. What is no day in the file is given back as it is."""

    impl = Date
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Converter | None:
        """Return SQLAlchemy's reader of dates, made to give back as it is what it cannot read."""
        return _or_as_it_is(super().result_processor(dialect, coltype))


class UtcTime(TypeDecorator[datetime]):
    """An aware time, kept as UTC and given back aware. A naive time is refused; one that cannot be read is given back
    as it is."""

    impl = DateTime
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Converter | None:
        """Return SQLAlchemy's reader of times, made to give back as it is what it cannot read."""
        return _or_as_it_is(super().result_processor(dialect, coltype))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware time as naive UTC, as SQLite stores it.

        Raises:
            ValueError: the time has no zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone cannot be kept")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return a stored time as aware UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


class Json(TypeDecorator[object]):
    """A noun, mapping or tuple as JSON text; given back as plain values. What is no JSON is given back as it is."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:
        """Return the JSON text of a noun, mapping or tuple, numbers that are not finite as null; None stays NULL."""
        return None if value is None else json.dumps(to_plain(value), separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> object:
        """Return the plain value of a JSON text; a text that is none as it is, as `_or_as_it_is` has it."""
        try:
            return None if value is None else json.loads(value)
        except (ValueError, TypeError):
            return value
