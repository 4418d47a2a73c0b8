"""Check rows that came from outside as the nouns they claim to be, before any of them is kept.

SQLite keeps any value in any column, so a row that no reader understands would take every page down that lists it.
A row passes here only if its noun can be built from it, its times lie in living memory, and its numbers are such as a
page can calculate with. The bounds are wide on purpose: they are there for the pages, not for plausibility of a run.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Final, TypeVar

from coach.errors import UserError
from coach.model.documents import JsonObject
from coach.model.plain import from_plain
from coach.model.strength import PlanWish, Prescription, SessionState
from coach.model.time_zones import zone
from coach.storage import coaching_tables, run_tables, runner_tables, strength_tables
from coach.storage.base import Kind, SqlTable
from coach.storage.nouns import NounTable

Row = dict[str, object]
Check = Callable[[Row], object]
_YEARS: Final = (1970, 2100)  # sensors without a set clock say 1970
_MOST: Final = 1e12  # squares of it still fit a double, and 64 bits
AnyDate = TypeVar("AnyDate", date, datetime)
_MOST_S: Final = 1e6  # eleven days: no run is longer
_MOST_TEXT: Final = 200_000  # a note of 2,000 characters is the longest a page takes
_MOST_DEEP: Final = 12
_SCALES: Final = ("back", "calf")  # 0 to 10
_CADENCE_UNITS: Final = ("steps", "strides")
_STRIKES: Final = {"rearfoot", "midfoot", "forefoot"}
_ZONES: Final = ("tz", "time_zone")
_MODULES: Final = (coaching_tables, run_tables, runner_tables, strength_tables)
_NOUNS: Final[dict[str, NounTable[object]]] = {
    one.table.name: one for module in _MODULES for one in vars(module).values() if isinstance(one, NounTable)
}


def checked_row(table: SqlTable, row: JsonObject, check: Check | None = None) -> Row:
    """Return the values of a row of an archive as the columns take them; columns not known here are left out.

    check: a further look at the values, for documents whose noun belongs to a higher floor.

    Raises:
        ValueError, TypeError, KeyError, OverflowError, RecursionError: the row is not what it claims to be.
    """
    if table is strength_tables.REMINDERS.table:
        row = _reminder_of_today(row)
    values = {name: row[name] for name in table.columns if name in row}
    _check_plain(values)
    for name, column in table.columns.items():
        if name in values:
            values[name] = _typed(column.kind, values[name])
    noun_table = _NOUNS.get(table.name)
    if noun_table is not None:
        values.update(noun_table.row(noun_table.checked(values)))
    elif table is strength_tables.PLANS:
        from_plain(PlanWish, values["wish"])
    elif table is strength_tables.SESSIONS:
        SessionState(values["state"])
        from_plain(tuple[Prescription, ...], values["exercises"])
    if check is not None:
        check(values)
    for name, column in table.columns.items():
        is_number = column.is_key and column.kind is Kind.WHOLE  # given here, or by the run
        if not column.is_optional and not is_number and values.get(name) is None:
            raise ValueError(f"{name} is missing")
    return values


def _reminder_of_today(row: JsonObject) -> JsonObject:
    """Return a reminder in today's words; archives of before revision 0007 have others."""
    if "told_at" not in row:
        return row
    state = "delivered" if row["state"] == "told" else row["state"]
    return {**row, "state": state, "delivered_by": row["told_by"], "delivered_at": row["told_at"]}


def _check_plain(value: object, name: str = "", depth: int = 0) -> None:
    if depth > _MOST_DEEP:
        raise ValueError(f"{name} is nested too deep")
    if isinstance(value, dict):
        if name == "foot_strike_share" and set(value) != _STRIKES:
            raise ValueError(f"{name} does not have every kind of landing")
        for key, item in value.items():
            _check_plain(item, str(key), depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_plain(item, name, depth + 1)
    elif isinstance(value, str):
        _check_text(name, value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        most = _MOST_S if name.endswith("_s") and not name.endswith("wall_s") else _MOST
        if not -most <= value <= most:  # catches NaN, too
            raise ValueError(f"{name} is {value:.3g}")
        if name in _SCALES and not 0 <= value <= 10:
            raise ValueError(f"{name} is {value}, outside 0 to 10")


def _check_text(name: str, text: str) -> None:
    text.encode()  # half a surrogate pair is no text
    if len(text) > _MOST_TEXT or "\0" in text:
        raise ValueError(f"{name} is no text of a runner")
    if name == "cadence_unit" and text not in _CADENCE_UNITS:
        raise ValueError(f"{name} is {text[:40]!r}")
    if name in _ZONES:
        try:
            zone(text)
        except UserError as error:
            raise ValueError(f"there is no time zone {text[:40]!r}") from error


def _typed(kind: Kind, value: object) -> object:
    """Return a JSON value as a column takes it."""
    if value is None:
        return None
    if kind is Kind.TIME:
        at = datetime.fromisoformat(_text(value))
        if at.tzinfo is None:
            raise ValueError("a time without zone")
        return _in_years(at)
    if kind is Kind.DAY:
        return _in_years(date.fromisoformat(_text(value)))
    if kind is Kind.NUMBER and type(value) not in (int, float):
        raise ValueError(f"{str(value)[:40]!r} where a number belongs")
    wanted = {Kind.FLAG: bool, Kind.WHOLE: int, Kind.TEXT: str}.get(kind)
    if wanted is not None and type(value) is not wanted and not (wanted is int and type(value) is bool):
        raise ValueError(f"{str(value)[:40]!r} where {wanted.__name__} belongs")
    return value


def _text(value: object) -> str:
    """Return the text of a date or a time: as a number, 20261101 would be read as one, too."""
    if not isinstance(value, str):
        raise ValueError(f"{str(value)[:40]} where the text of a date or a time belongs")
    return value


def _in_years(at: AnyDate) -> AnyDate:
    if not _YEARS[0] <= at.year <= _YEARS[1]:
        raise ValueError(f"{at} lies outside {_YEARS[0]} to {_YEARS[1]}")
    return at
