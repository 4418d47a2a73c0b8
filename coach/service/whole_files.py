"""Write small files whole or not at all, and say what a file holds by its hash."""

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE = 0o600


def write_whole(path: Path, content: bytes, mode: int = PRIVATE) -> None:
    """Put `content` in the place of what `path` held; whoever reads it, or a crash, meets the old file or the new one.

    The file is on the disk before it has its name, and at no moment open to more people than `mode` says. Folders that
    are missing are made, for their owner alone. Raises OSError.
    """
    with _half(path, content, mode) as half:
        half.replace(path)


def write_first(path: Path, content: bytes, mode: int = PRIVATE) -> bool:
    """Write as `write_whole` does, but only where `path` is not there: of several that write at once the first stays.

    Returns whether this content is there now. Raises OSError.
    """
    with _half(path, content, mode) as half:
        try:
            path.hardlink_to(half)
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links, as FAT: there nothing better than a look is to be had
            if path.exists():
                return False
            half.replace(path)
    return True


def make_private(folder: Path) -> None:
    """Make a folder and those above that are missing, each for its owner alone. Raises OSError."""
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)


@contextmanager
def _half(path: Path, content: bytes, mode: int) -> Iterator[Path]:
    """Write the content to the disk beside `path`, under a name of no other writer's; gone at the end,
    unless renamed."""
    make_private(path.parent)
    half = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.half")
    half.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield half
    finally:
        half.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
