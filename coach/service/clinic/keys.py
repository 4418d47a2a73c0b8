"""The key of this data folder: 32 bytes of Ed25519, made on first use, readable by its owner alone."""

import os
from pathlib import Path
from typing import Final

from coach.errors import StorageError
from coach.seal.signing import KEY_BYTES
from coach.service.whole_files import write_first

NAME: Final = "clinic.key"


def own_key(secrets: Path) -> bytes:
    """Return the private key in the folder `secrets`; made where there is none.

    Raises:
        StorageError: it cannot be read or written, or is none.
    """
    path = secrets / NAME
    try:
        if not path.exists():
            write_first(path, f"{os.urandom(KEY_BYTES).hex()}\n".encode())
        key = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise StorageError(f"the key {path} cannot be read ({error}): put it back from a copy") from error
    if len(key) != KEY_BYTES:
        raise StorageError(f"the key {path} has {len(key)} bytes and needs {KEY_BYTES}: put it back from a copy")
    return key
