"""A key per runner: what is encrypted with it can be read as long as the key lives, wherever copies of it are.

Copies of recordings in the object store, backups made of it, and the clinic's name for a runner in the database are
encrypted with the runner's own key, which is in none of these places. Destroying 32 bytes is what a deletion can do to
copies that nobody can reach any more. Method: ChaCha20-Poly1305 (RFC 8439) in pieces of 1 MiB; a piece's nonce holds
its number, and the last one is marked, so that pieces cannot be left out, swapped or cut off unseen.
"""

import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final

from coach.errors import StorageError, UserError
from coach.seal.signing import MISSING
from coach.service.whole_files import make_private, write_first

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305


_PIECE: Final = 1 << 20
_TAG: Final = 16
_PREFIX: Final = 7  # random bytes of a nonce of 12; four of a number and one of the mark follow
_KEY_BYTES: Final = 32


class Vault:
    """The keys in one folder, each readable by its owner alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ciphers: dict[str, ChaCha20Poly1305] = {}

    def make(self, runner_id: str) -> None:
        """Make a runner's key, where there is none: one that is there is never replaced."""
        path = self._path(runner_id)
        if not path.exists():
            write_first(path, os.urandom(_KEY_BYTES))

    def destroy(self, runner_id: str) -> bool:
        """Overwrite and remove a runner's key; whether there was one."""
        self._ciphers.pop(runner_id, None)
        path = self._path(runner_id)
        if not path.exists():
            return False
        with path.open("r+b") as file:
            file.write(bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        return True

    def hide(self, runner_id: str, words: str) -> bytes:
        """Encrypt a short text."""
        nonce = os.urandom(12)
        return nonce + bytes(self._cipher(runner_id).encrypt(nonce, words.encode(), b"words"))

    def show(self, runner_id: str, hidden: bytes) -> str:
        """Return the short text again; "" where the key is gone, or is not the one that hid it."""
        try:
            return bytes(self._cipher(runner_id).decrypt(hidden[:12], hidden[12:], b"words")).decode()
        except (StorageError, _invalid()):
            return ""

    def lock_away(self, runner_id: str, path: Path, to: Path) -> None:
        """Encrypt a file into another, whole or not at all."""
        cipher, prefix = self._cipher(runner_id), os.urandom(_PREFIX)
        make_private(to.parent)
        half = to.with_name(f".{to.name}.half")
        try:
            with path.open("rb") as source, half.open("wb") as file:
                file.write(prefix)
                number, piece = 0, source.read(_PIECE)
                while True:
                    following = source.read(_PIECE)
                    nonce = prefix + struct.pack(">IB", number, not following)
                    file.write(cipher.encrypt(nonce, piece, None))
                    if not following:
                        break
                    number, piece = number + 1, following
                file.flush()
                os.fsync(file.fileno())
            half.replace(to)
        finally:
            half.unlink(missing_ok=True)

    def bring_back(self, runner_id: str, path: Path, to: Path) -> None:
        """Decrypt a file that `lock_away` made.

        Raises:
            StorageError: the key is gone, or the file was changed.
        """
        cipher = self._cipher(runner_id)
        half = to.with_name(f".{to.name}.half")
        try:
            with path.open("rb") as source, half.open("wb") as file:
                prefix = source.read(_PREFIX)
                number, piece = 0, source.read(_PIECE + _TAG)
                while True:
                    following = source.read(_PIECE + _TAG)
                    file.write(cipher.decrypt(prefix + struct.pack(">IB", number, not following), piece, None))
                    if not following:
                        break
                    number, piece = number + 1, following
            half.replace(to)
        except _invalid() as error:
            raise StorageError(f"{path} was changed since it was written: take another copy") from error
        finally:
            half.unlink(missing_ok=True)

    def _cipher(self, runner_id: str) -> "ChaCha20Poly1305":
        if runner_id not in self._ciphers:
            try:
                from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

                self._ciphers[runner_id] = ChaCha20Poly1305(self._path(runner_id).read_bytes())
            except ImportError as error:
                raise UserError(MISSING) from error
            except (OSError, ValueError) as error:
                raise StorageError("this runner's key is gone: what it locked cannot be read") from error
        return self._ciphers[runner_id]

    def _path(self, runner_id: str) -> Path:
        if not runner_id.isalnum() or not runner_id.isascii():
            raise StorageError("no id of a runner")
        return self._folder / f"{runner_id}.key"


def _invalid() -> type[Exception]:
    from cryptography.exceptions import InvalidTag

    return InvalidTag
