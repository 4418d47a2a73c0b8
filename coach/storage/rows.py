"""Write nouns in bulk: insert rows, or replace those with the same primary key."""

from collections.abc import Iterable

from sqlalchemy import Connection, Table
from sqlalchemy.dialects.sqlite import insert


def put(connection: Connection, table: Table, rows: Iterable[dict[str, object]]) -> None:
    """Insert rows; one whose primary key is there already takes its place. All rows name the same columns."""
    values = list(rows)
    if not values:
        return
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in values[0] if name not in keys}
    if changed:
        upsert = statement.on_conflict_do_update(index_elements=keys, set_=changed)
    else:
        upsert = statement.on_conflict_do_nothing()
    connection.execute(upsert, values)
