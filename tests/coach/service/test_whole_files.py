"""A file that is written whole is the old one or the new one, and closed to others whatever the umask."""

import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from coach.service.clinic.keys import own_key
from coach.service.clinic_host.vault import Vault
from coach.service.whole_files import sha256_of, write_first, write_whole


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_private_file_is_open_to_its_owner_alone(umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "account" / "keys" / "one.key", b"secret")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "account" / "keys" / "one.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "account" / "keys").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "account").stat().st_mode) == 0o700


def test_a_full_disk_leaves_the_old_file_and_no_half_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "members.json"
    write_whole(path, b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["members.json"]


def test_two_threads_that_write_the_same_file_leave_one_of_theirs_whole(tmp_path: Path) -> None:
    path = tmp_path / "members.json"
    contents = [bytes([65 + k]) * 200_000 for k in range(8)]
    with ThreadPoolExecutor(8) as threads:
        for _ in range(5):
            list(threads.map(lambda content: write_whole(path, content), contents))
            assert path.read_bytes() in contents
    assert [one.name for one in tmp_path.iterdir()] == ["members.json"]


def test_a_half_file_of_a_crash_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / f".members.json.{os.getpid()}.{threading.get_ident()}.half").write_bytes(b"torn")
    write_whole(tmp_path / "members.json", b"whole")
    assert (tmp_path / "members.json").read_bytes() == b"whole"
    assert [one.name for one in tmp_path.iterdir()] == ["members.json"]
    assert sha256_of(tmp_path / "members.json") == "5d5766cf2d78701614200418ee1450690d9af12c84d52545e4802f001ad53099"


@pytest.mark.parametrize("has_links", [True, False])
def test_what_is_there_first_stays(has_links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")  # what FAT answers

    if not has_links:
        monkeypatch.setattr(Path, "hardlink_to", refuse)
    assert write_first(tmp_path / "one.key", b"first")
    assert not write_first(tmp_path / "one.key", b"second")
    assert (tmp_path / "one.key").read_bytes() == b"first"
    assert stat.S_IMODE((tmp_path / "one.key").stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["one.key"]


@pytest.mark.parametrize("which", ["a runner's own", "one of a clinic's"])
def test_a_key_that_another_wrote_meanwhile_is_not_replaced(
    which: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, is_own = bytes(range(32)), which == "a runner's own"
    path = tmp_path / ("clinic.key" if is_own else "r1.key")

    def meanwhile(n: int) -> bytes:
        path.write_bytes(first.hex().encode() if is_own else first)
        return bytes(n)

    monkeypatch.setattr(os, "urandom", meanwhile)
    if is_own:
        assert own_key(tmp_path) == first
    else:
        Vault(tmp_path).make("r1")
        assert path.read_bytes() == first


def test_a_copy_that_a_full_disk_cuts_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault, recording = Vault(tmp_path / "keys"), tmp_path / "run.mcap"
    vault.make("r1")
    recording.write_bytes(b"readings")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            vault.lock_away("r1", recording, tmp_path / "copies" / "one")
    assert list((tmp_path / "copies").iterdir()) == []
    vault.lock_away("r1", recording, tmp_path / "copies" / "one")
    vault.bring_back("r1", tmp_path / "copies" / "one", tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == b"readings"
