"""Points at which a process may be killed so that it matters: before and after each thing it does to its disk.

What lies between two such points leaves the same disk behind, so killing at each of them is killing everywhere. A kill
is SIGKILL from inside: no handler, no `finally`, no flush of what Python still buffers.
"""

import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from coach.storage.base import Connection

_WATCHED = ("replace", "rename", "unlink", "write_bytes", "write_text", "mkdir", "rmdir")


class KillPoints:
    """Counts the points that are passed; kills this process at number `at`. None: counts only."""

    def __init__(self, at: int | None) -> None:
        self.at = at
        self.n = 0
        self.is_armed = False
        self.armed_s = 0.0

    def arm(self) -> None:
        """The work begins now, and says so."""
        os.write(1, b"armed\n")
        self.armed_s = time.monotonic()
        self.is_armed = True

    def reach(self, name: str) -> None:
        """Pass one point."""
        if not self.is_armed:
            return
        if self.n == self.at:
            os.write(1, f"killed {self.n} {name}\n".encode())  # whole, whatever another thread says at this moment
            os.kill(os.getpid(), signal.SIGKILL)
        self.n += 1

    def install(self) -> None:
        """Watch renames, removals, syncs and transactions of this process from now on."""
        for name in _WATCHED:
            setattr(Path, name, self._around(name, getattr(Path, name)))
        os.fsync = self._around("fsync", os.fsync)
        os.link = self._around("link", os.link)
        shutil.rmtree = self._around("rmtree", shutil.rmtree)  # type: ignore[assignment]  # an object with a call
        self._watch_transactions()

    def _around(self, name: str, verb: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **more: Any) -> Any:
            self.reach(f"before {name}")
            try:
                return verb(*arguments, **more)
            finally:
                self.reach(f"after {name}")

        return watched

    def _watch_transactions(self) -> None:
        execute, commit = Connection.execute, Connection.commit
        writing: set[int] = set()

        def watched(connection: Connection, statement: str, *given: Any) -> sqlite3.Cursor:
            cursor = execute(connection, statement, *given)
            if statement == "BEGIN IMMEDIATE":
                writing.add(id(connection))
                self.reach("transaction begun")  # the transaction before this one is on the disk
            return cursor

        def watched_commit(connection: Connection) -> None:
            if id(connection) in writing:
                writing.remove(id(connection))
                self.reach("before commit")
            commit(connection)

        Connection.execute = watched  # type: ignore[assignment,method-assign]
        Connection.commit = watched_commit  # type: ignore[method-assign]


def is_sound(database: Path) -> bool:
    """Whether SQLite finds nothing wrong with a database file, foreign keys included."""
    with sqlite3.connect(database) as connection:
        found = connection.execute("PRAGMA integrity_check").fetchall()
        return found == [("ok",)] and not connection.execute("PRAGMA foreign_key_check").fetchall()
