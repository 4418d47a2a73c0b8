"""Bring the schema of an open database to the one of this program.

A new file gets all tables at once and is marked with the newest revision; an older one is taken through the
migrations (alembic is loaded only then: it costs a second on a small computer).
"""

import logging
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, create_mock_engine, inspect, text
from sqlalchemy.schema import ExecutableDDLElement

from coach.errors import StorageError
from coach.storage.base import Base
from coach.storage.database import Database
from coach.storage.tables import ALL

if TYPE_CHECKING:
    from alembic.config import Config


_LAST_THAT_SHRANK: Final = "0005"
_log: Final = logging.getLogger(__name__)
TABLES: Final = ALL  # all of them, so that a schema never depends on who was imported first
MIGRATIONS: Final = Path(__file__).with_name("migrations")
_VERSION_TABLE: Final = (
    "CREATE TABLE alembic_version "
    "(version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)


@cache
def head() -> str:
    """Return the newest revision: that of the last of the files in migrations/versions."""
    return max(file.stem[:4] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def bring_up_to_date(database: Database) -> None:
    """Make the schema fit; safe to call from two processes at once.

    Raises:
        StorageError: the file was written by a newer program, or cannot be used.
    """
    with database.read() as connection:
        if revision_of(connection) == head():
            return
    with database.write() as connection:
        revision = revision_of(connection)
        if revision == head():
            return
        is_new = revision is None and not inspect(connection).get_table_names()
        if is_new:
            _make(connection)
        else:
            _migrate(connection, revision, database.path)
    if not is_new and revision is not None and revision < _LAST_THAT_SHRANK:
        _give_space_back(database)


def _give_space_back(database: Database) -> None:
    """Rewrite the file without the pages that a migration left free; it needs as much space for a moment."""
    try:
        database.vacuum()
    except StorageError as error:
        _log.warning("the database stays as large as it was: %s", error)


def revision_of(connection: Connection) -> str | None:
    """Return the revision a database is marked with; None for a file without tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


@cache
def _statements() -> tuple[str, ...]:
    """Return all tables and indexes, written out once in a process: a household and the tests make many databases."""
    found: list[str] = []

    def write_out(element: ExecutableDDLElement, *_: object, **__: object) -> None:
        found.append(str(element.compile(dialect=engine.dialect)))

    engine = create_mock_engine("sqlite://", write_out)
    Base.metadata.create_all(engine, checkfirst=False)
    return tuple(found)


def _make(connection: Connection) -> None:
    for statement in _statements():
        connection.exec_driver_sql(statement)
    connection.execute(text(_VERSION_TABLE))
    connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": head()})


def alembic_config(connection: Connection) -> "Config":
    """Return alembic's configuration for this program's migrations on an open connection, without a file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _migrate(connection: Connection, revision: str | None, path: Path) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    config = alembic_config(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise StorageError(f"{path.name} was written by a newer version of this program: update the program")
    command.upgrade(config, "head")
