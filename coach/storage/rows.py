"""Write nouns in bulk: insert rows, or replace those with the same primary key."""

from collections.abc import Iterable
from functools import cache

from sqlalchemy import Connection, Table
from sqlalchemy.dialects.sqlite import Insert, insert


def put(connection: Connection, table: Table, rows: Iterable[dict[str, object]]) -> None:
    """Insert rows; one whose primary key is there already takes its place. All rows name the same columns."""
    values = list(rows)
    if values:
        connection.execute(_upsert(table, tuple(values[0])), values)


@cache
def _upsert(table: Table, names: tuple[str, ...]) -> Insert:
    """Make the statement for rows of these columns, once: it takes two objects of SQLAlchemy for a column of the table,
    in circles that only a search for garbage frees, and a run keeps rows every five seconds."""
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in names if name not in keys}
    if changed:
        return statement.on_conflict_do_update(index_elements=keys, set_=changed)
    return statement.on_conflict_do_nothing()
