"""Open the database file and give transactions; every failure is in words.

SQLite with a write-ahead log: readers never wait for the writer. A write begins with BEGIN IMMEDIATE, so that two
writers queue up (for up to 5 s) where they would otherwise refuse each other in the middle.
Source: https://www.sqlite.org/wal.html, https://www.sqlite.org/lang_transaction.html.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from coach.errors import StorageError

_BUSY_MS: Final = 5000
_WORDS: Final = (
    ("is full", "the disk is full: free some space"),
    ("locked", "another program holds the database: close it and try again"),
    ("readonly", "the database cannot be written: check the permissions of its folder"),
    ("unable to open", "the database cannot be opened: check that its folder exists and is yours"),
    ("not a database", "the file is not a database: move it away, or restore it from an archive"),
    ("malformed", "the database is damaged: move it away and restore it from an archive"),
    ("disk i/o", "the disk does not answer: check it"),
)


class Database:
    """One SQLite file. Thread-safe: every `read`, `write` or `session` is a transaction of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = _engine(path)
        self._writing = self._engine.execution_options(is_write=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that only reads: one view of everything, however long it takes."""
        with self._worded(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that writes: all of it is kept, or nothing."""
        with self._worded(), self._writing.begin() as connection:
            yield connection

    def cut_log(self) -> bool:
        """Move the write-ahead log into the file and cut it to nothing, as soon as nobody reads an older view (for up
        to 5 s); whether it could be cut."""
        with self._worded(), self._alone() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            found = cursor.fetchone()  # (whether it was busy, pages in the log, pages moved)
        return found is not None and not found[0]

    def erase(self) -> None:
        """Delete every row of every table, and every trace of them in the file and its log."""
        with self.write() as connection:
            names = [name for name in inspect(connection).get_table_names() if name != "alembic_version"]
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            for name in names:
                connection.exec_driver_sql(f'DELETE FROM "{name}"')
        self.vacuum()

    def vacuum(self) -> None:
        """Rewrite the file without free pages, and cut the write-ahead log to nothing."""
        with self._worded(), self._alone() as cursor:
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def _alone(self) -> Iterator[DBAPICursor]:
        """Open a cursor outside any transaction."""
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()
            yield cursor
            cursor.close()
        except sqlite3.Error as error:
            raise StorageError(f"{self.path.name}: {_words(str(error))}") from error
        finally:
            connection.close()

    def close(self) -> None:
        """Close all pooled connections; one that is still in use is closed when it is given back."""
        self._engine.dispose()

    @contextmanager
    def _worded(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise StorageError(f"{self.path.name}: {_words(str(error.orig))}") from error
        except SQLAlchemyError as error:
            raise StorageError(f"{self.path.name}: {error}") from error


def _words(complaint: str) -> str:
    lower = complaint.lower()
    return next((words for sign, words in _WORDS if sign in lower), complaint)


def _engine(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": _BUSY_MS / 1000, "check_same_thread": False},
        pool_size=8,
        pool_use_lifo=True,  # requests one after the other fill the page cache (2 MB) of one connection, not of each
        max_overflow=64,
    )
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we begin our own transactions
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {_BUSY_MS}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        "temp_store = MEMORY",
        "secure_delete = ON",  # a deleted row is overwritten
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    is_write = connection.get_execution_options().get("is_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")
