"""Ask whether another process is writing a recording at this moment.

A lock ends with its process, however that ends; so a killed run is distinguished from a running one without waiting.
"""

import sys
from pathlib import Path
from typing import IO

if sys.platform != "win32":
    import fcntl

    def take(stream: IO[bytes]) -> None:
        """Mark an open file as being written, until it is closed."""
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)

    def is_taken(path: Path) -> bool:
        """Whether a process is writing this file.

        Raises:
            OSError: there is no such file, or it may not be read.
        """
        with path.open("rb") as stream:
            try:
                fcntl.flock(stream.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return True
        return False

else:

    def take(stream: IO[bytes]) -> None:
        """Do nothing: Windows keeps a file that is open from being renamed, and that is the mark."""

    def is_taken(path: Path) -> bool:
        """Whether a process is writing this file; also where there is no such file."""
        try:
            path.rename(path)
        except OSError:
            return True
        return False
