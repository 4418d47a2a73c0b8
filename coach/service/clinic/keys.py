"""The key of this data folder: 32 bytes of Ed25519, made on first use, readable by its owner alone."""

import os
from pathlib import Path
from typing import Final

from coach.errors import StorageError
from coach.seal.signing import KEY_BYTES

NAME: Final = "clinic.key"


def own_key(secrets: Path) -> bytes:
    """The private key in the folder `secrets`; made where there is none.

    Raises:
        StorageError: it cannot be read or written, or is none.
    """
    path = secrets / NAME
    try:
        if not path.exists():
            _write(path, os.urandom(KEY_BYTES))
        key = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise StorageError(f"the key {path} cannot be read ({error}): put it back from a copy") from error
    if len(key) != KEY_BYTES:
        raise StorageError(f"the key {path} has {len(key)} bytes and needs {KEY_BYTES}: put it back from a copy")
    return key


def _write(path: Path, key: bytes) -> None:
    """Whole or not at all, and never readable by others; of two that write at once one stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{NAME}.{os.getpid()}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        if not path.exists():
            fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
