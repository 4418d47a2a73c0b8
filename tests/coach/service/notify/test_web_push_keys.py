"""The key pair of Web Push is on the disk whole or not at all: phones know its public half."""

import errno
import os
import stat
from pathlib import Path

import pytest

from coach.errors import UserError
from coach.service.notify.web_push import VapidKeys


def test_a_disk_that_is_full_for_a_moment_leaves_no_torn_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(UserError, match="No space left"):
            VapidKeys(tmp_path / "secrets").private()
    public = VapidKeys(tmp_path / "secrets").public_key()
    assert VapidKeys(tmp_path / "secrets").public_key() == public
    (path,) = (tmp_path / "secrets").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
