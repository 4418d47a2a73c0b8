"""Bring the schema of an open database to the one of this program.

A new file gets all tables at once and is marked with the newest revision; an older one is taken through the
migrations (alembic, and SQLAlchemy below it, is loaded only then: it costs a second on a small computer).
"""

import logging
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from coach.errors import StorageError
from coach.storage.base import TABLES, Connection
from coach.storage.database import Database, table_names
from coach.storage.tables import ALL

if TYPE_CHECKING:
    from alembic.config import Config


_LAST_THAT_SHRANK: Final = "0005"
_log: Final = logging.getLogger(__name__)
MODULES: Final = ALL  # all of them, so that a schema never depends on who was imported first
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
        is_new = revision is None and not table_names(connection)
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
    if "alembic_version" not in table_names(connection):
        return None
    revision: str | None = connection.scalar("SELECT version_num FROM alembic_version")
    return revision


def make_tables(connection: Connection) -> None:
    """Make all tables and indexes in a file that has none."""
    for table in TABLES.values():
        for statement in table.definition():
            connection.execute(statement)


def _make(connection: Connection) -> None:
    make_tables(connection)
    connection.execute(_VERSION_TABLE)
    connection.execute("INSERT INTO alembic_version VALUES (?)", (head(),))


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
