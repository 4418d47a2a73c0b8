"""One coach at a time per data folder: two would each sum up, recover and delete what the other is writing.

The lock is an open file that the operating system unlocks when its process ends, however that ends, so nothing has to
be cleaned up after a crash. It belongs to the process, not to the folder's content: reading needs no lock.
"""

import contextlib
import os
from pathlib import Path
from typing import IO

from coach.errors import ConflictError
from coach.recording.locks import is_taken, take


class FolderLock:
    """Holds the folder of `path`, the lock's own file, for this process until `release`; use as a context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: IO[bytes] | None = None

    def take(self) -> None:
        """Hold the folder.

        Raises:
            ConflictError: another process holds it; the words name it.
        """
        is_known = self._path.exists()
        if is_known and is_taken(self._path):  # Windows knows it by this alone
            raise self._refusal()
        stream = self._path.open("r+b" if is_known else "w+b")
        try:
            take(stream)
        except OSError as error:
            stream.close()
            raise self._refusal() from error
        stream.truncate(0)
        stream.write(f"{os.getpid()}\n".encode())
        stream.flush()
        self._stream = stream

    def release(self) -> None:
        """Let others have the folder; nothing where it is not held."""
        stream, self._stream = self._stream, None
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.truncate(0)
            stream.close()

    def __enter__(self) -> "FolderLock":
        self.take()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _refusal(self) -> ConflictError:
        try:
            holder = self._path.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            holder = ""
        who = f"process {holder}" if holder else "another process"
        return ConflictError(
            "folder_in_use",
            f"a coach is at work in {self._path.parent} already ({who}): stop it first, or name another folder "
            "with --data",
        )
