"""Several runners on one machine: a folder, a port and a name for each, kept in one file.

Each runner is served at an address of their own (another port is another origin to a browser), so that cookies, stored
pages and what a phone still has to send never mix. Ports are kept, since a phone remembers the address it was paired
with. Nothing here opens a runner's data: a runner is a data folder as anywhere else.
"""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Final

from coach.errors import ConflictError, StorageError, UserError
from coach.model.documents import JsonObject
from coach.model.frozen import dataclass
from coach.service.folder_lock import FolderLock
from coach.service.whole_files import make_private, write_whole

LIST_FILE: Final = "household.json"
LOCK_FILE: Final = "household.lock"
PATIENCE_S: Final = 5.0  # adding takes milliseconds, on a slow memory card a second
LONGEST_NAME: Final = 40
STEP: Final = 10  # ports from one runner to the next: http, https beside it, and room for what comes


@dataclass(frozen=True, slots=True)
class Member:
    """A runner of the household. key: name of the folder and of the cookie. number: from 1, never used twice."""

    key: str
    name: str
    number: int

    def port(self, base: int) -> int:
        """Return where this runner is served when the household is at port `base`; 0 (any free one) stays 0."""
        return base + STEP * self.number if base else 0


class Household:
    """The runners of one folder; every change is on disk when it returns."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / LIST_FILE
        self._adding = threading.Lock()  # of this process: on Windows a file's mark alone lets two of its threads pass

    def members(self) -> tuple[Member, ...]:
        """Return all runners, in the order in which they were added.

        Raises:
            StorageError: the list cannot be read; the words say what to do.
        """
        if not self._file.exists():
            return ()
        try:
            rows: list[JsonObject] = json.loads(self._file.read_text("utf-8"))["members"]
            found = tuple(Member(str(row["key"]), str(row["name"]), int(row["number"])) for row in rows)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(
                f"{self._file} cannot be read ({error}): put it back from a copy, or move it away"
            ) from error
        if any(_key_of(member.key, ()) != member.key for member in found):
            raise StorageError(f"{self._file} names a folder outside this one: put it back from a copy")
        return found

    def add(self, name: str) -> Member:
        """Add a runner with an empty folder.

        Raises:
            UserError: the name is empty, too long, or taken.
            ConflictError: another process adds a runner and does not come to its end.
        """
        wanted = " ".join(name.split())
        if not 0 < len(wanted) <= LONGEST_NAME or not wanted.isprintable():
            raise UserError(f"a name of 1 to {LONGEST_NAME} letters is needed")
        with self._adding, self._alone():
            members = self.members()
            if any(wanted.casefold() == member.name.casefold() for member in members):
                raise UserError(f"there is a runner {wanted} already: choose another name")
            number = 1 + max((member.number for member in members), default=0)
            member = Member(_key_of(wanted, [m.key for m in members]), wanted, number)
            self.data_of(member).mkdir(parents=True, exist_ok=True)
            self._write((*members, member))
        return member

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Held while the list is read and written again: the page and a command are processes of their own."""
        make_private(self.folder)
        lock = FolderLock(self.folder / LOCK_FILE)
        end_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                lock.take()
                break
            except ConflictError as error:
                if time.monotonic() > end_s:
                    raise ConflictError("adding", "another runner is just being added: try again") from error
                time.sleep(0.02)
        try:
            yield
        finally:
            lock.release()

    def data_of(self, member: Member) -> Path:
        """Return the data folder of a runner."""
        return self.folder / member.key

    def _write(self, members: tuple[Member, ...]) -> None:
        rows = {"members": [asdict(member) for member in members]}
        write_whole(self._file, json.dumps(rows, indent=1).encode())


def _key_of(name: str, taken: list[str] | tuple[()]) -> str:
    """Return a folder name of plain letters and digits that no other runner has."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:24] or "runner"
    key, n = plain, 2
    while key in taken:
        key, n = f"{plain}-{n}", n + 1
    return key
