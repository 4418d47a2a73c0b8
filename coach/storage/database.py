"""Open the database file and give transactions; every failure is in words.

SQLite with a write-ahead log: readers never wait for the writer. A write begins with BEGIN IMMEDIATE, so that two
writers queue up (for up to 5 s) where they would otherwise refuse each other in the middle.
Source: https://www.sqlite.org/wal.html, https://www.sqlite.org/lang_transaction.html.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock, local
from typing import Final

from coach.errors import StorageError
from coach.storage.base import Connection

_BUSY_MS: Final = 5000
# Of each connection. The system keeps the file's pages, too: SQLite's usual 2 MB each are 2 MB more of a live run, and
# quicker only where the words of ten thousand runs are searched (6 ms instead of 13); lists and trends take the same.
_PAGE_CACHE_KIB: Final = 512
_MOST_IDLE: Final = 8  # connections kept for the next transaction: as many as pages are served at once
_WORDS: Final = (
    ("is full", "the disk is full: free some space"),
    ("locked", "another program holds the database: close it and try again"),
    ("readonly", "the database cannot be written: check the permissions of its folder"),
    ("unable to open", "the database cannot be opened: check that its folder exists and is yours"),
    ("not a database", "the file is not a database: move it away, or restore it from an archive"),
    ("malformed", "the database is damaged: move it away and restore it from an archive"),
    ("disk i/o", "the disk does not answer: check it"),
)


class _OfThread(local):
    """connection: whose transaction this thread's reads and writes are part of, if any."""

    connection: Connection | None = None


class Database:
    """One SQLite file. Thread-safe: every `read` or `write` is a transaction of its own, or part of `together`'s."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # Last in, first out: requests one after the other fill the page cache of one connection, not of each.
        self._idle: list[Connection] = []
        self._lock = Lock()
        self._is_closed = False
        self._of_thread = _OfThread()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that only reads: one view of everything, however long it takes."""
        with self._opened("BEGIN") as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that writes: all of it is kept, or nothing."""
        with self._opened("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make one transaction of all that this thread reads and writes meanwhile: all of it is kept, or nothing.

        Others that write wait so long; what fails in it must leave the block, or a part would be kept.
        """
        with self.write() as connection:
            before, self._of_thread.connection = self._of_thread.connection, connection
            try:
                yield
            finally:
                self._of_thread.connection = before

    def cut_log(self) -> bool:
        """Move the write-ahead log into the file and cut it to nothing, as soon as nobody reads an older view (for up
        to 5 s); whether it could be cut."""
        with self._connection() as connection:
            # (whether it was busy, pages in the log, pages moved)
            found = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return found is not None and not found[0]

    def erase(self) -> None:
        """Delete every row of every table, and every trace of them in the file and its log."""
        with self.write() as connection:
            connection.execute("PRAGMA defer_foreign_keys = ON")
            for name in table_names(connection):
                if name != "alembic_version":
                    connection.execute(f'DELETE FROM "{name}"')
        self.vacuum()

    def vacuum(self) -> None:
        """Rewrite the file without free pages, and cut the write-ahead log to nothing."""
        with self._connection() as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close all idle connections; one that is still in use is closed when it is given back."""
        with self._lock:
            self._is_closed, idle, self._idle = True, self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def _opened(self, begin: str) -> Iterator[Connection]:
        """Lend a connection within a transaction: that of `together`, or one of its own."""
        if (connection := self._of_thread.connection) is not None:
            with self._in_words():
                yield connection
            return
        with self._connection() as connection, _transaction(connection, begin):
            yield connection

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """Lend a connection, outside any transaction."""
        with self._in_words():
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            connection = connection or _connect(self.path)
            try:
                yield connection
            finally:
                self._give_back(connection)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Say in words what SQLite complains of."""
        try:
            yield
        except sqlite3.Error as error:
            raise StorageError(f"{self.path.name}: {_words(str(error))}") from error

    def _give_back(self, connection: Connection) -> None:
        with self._lock:
            is_kept = not (self._is_closed or connection.in_transaction or len(self._idle) >= _MOST_IDLE)
            if is_kept:
                self._idle.append(connection)
        if not is_kept:
            connection.close()


def table_names(connection: Connection) -> list[str]:
    """Return names of the tables that there are in the file."""
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return [name for (name,) in rows if not name.startswith("sqlite_")]


@contextmanager
def _transaction(connection: Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _words(complaint: str) -> str:
    lower = complaint.lower()
    return next((words for sign, words in _WORDS if sign in lower), complaint)


def _connect(path: Path) -> Connection:
    connection = sqlite3.connect(
        path,
        timeout=_BUSY_MS / 1000,
        isolation_level=None,  # we begin our own transactions
        check_same_thread=False,
        factory=Connection,
    )
    pragmas = (
        f"busy_timeout = {_BUSY_MS}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        "temp_store = MEMORY",
        "secure_delete = ON",  # a deleted row is overwritten
        f"cache_size = -{_PAGE_CACHE_KIB}",
    )
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
