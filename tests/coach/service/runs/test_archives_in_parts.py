"""An account in several archives, encrypted or not: all of it comes back, and none is read without its password."""

import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from coach.cli.runs import runs
from coach.errors import LockedArchiveError
from coach.model.runs import RunFilter
from coach.service.runs.history import HistoryService
from coach.storage.store import Store
from tests.coach.interchange import foreign


@pytest.fixture
def account(tmp_path: Path) -> Iterator[HistoryService]:
    folder = tmp_path / "account"
    folder.mkdir()
    store = Store(folder / "coach.sqlite")
    yield HistoryService(store, folder / "recordings")
    store.close()


def a_run(day: int) -> bytes:
    at = foreign.DAY + timedelta(days=day)
    return foreign.fit((foreign.RUNNING, at, 300, 900.0), at=at).close()


def call(folder: Path, *words: str, answer: str = "") -> Result:
    return CliRunner().invoke(runs, [*words, "--data", str(folder)], input=answer)


def n_runs(folder: Path) -> int:
    store = Store(folder / "coach.sqlite")
    try:
        return store.runs.count(RunFilter())
    finally:
        store.close()


def test_an_account_in_parts_comes_back_whole_in_any_order(account: HistoryService, tmp_path: Path) -> None:
    folder = account.recordings.parent
    first, second, third = (tmp_path / f"{n}.zip" for n in range(3))
    account.files.import_bytes(a_run(0), "a.fit")
    assert call(folder, "archive", "--out", str(first), "--incremental").exit_code == 0
    account.files.import_bytes(a_run(-7), "b.fit")  # imported later, and run before
    account.files.import_bytes(a_run(1), "c.fit")
    assert "2 runs" in call(folder, "archive", "--out", str(second), "--incremental").output
    assert "0 runs" in call(folder, "archive", "--out", str(third), "--incremental").output
    names = zipfile.ZipFile(second).namelist()
    assert sum(name.startswith("files/imports/") for name in names) == 2
    for order in ((first, second, third), (third, second, first)):
        new = tmp_path / f"new{order[0].stem}"
        for part in order:
            assert call(new, "import", str(part)).exit_code == 0
        assert n_runs(new) == 3
        assert len(list((new / "recordings" / "imports").iterdir())) == 3
        store = Store(new / "coach.sqlite")
        assert all(len(store.runs.data.seconds(entry.run.run_id)) == 301 for entry in store.runs.list())
        store.close()


def test_runs_since_a_day(account: HistoryService, tmp_path: Path) -> None:
    for day in (0, 5):
        account.files.import_bytes(a_run(day), f"{day}.fit")
    out = tmp_path / "since.zip"
    assert "1 run" in call(account.recordings.parent, "archive", "--out", str(out), "--since", "2026-05-07").output
    assert sum(name.startswith("files/") for name in zipfile.ZipFile(out).namelist()) == 1


def test_an_encrypted_archive_opens_with_its_password_alone(account: HistoryService, tmp_path: Path) -> None:
    account.files.import_bytes(a_run(0), "a.fit")
    out, word, new = tmp_path / "secret.zip", tmp_path / "word", tmp_path / "new"
    word.write_text("a long word, with blanks\n")
    folder = account.recordings.parent
    assert call(folder, "archive", "--out", str(out), "--encrypt", "--password-file", str(word)).exit_code == 0
    content = out.read_bytes()
    assert b"started_at" not in content
    assert b"running-coach-account" not in content
    wrong = call(new, "import", str(out), answer="another\n")
    assert wrong.exit_code != 0
    assert "not the archive's password" in wrong.output
    assert n_runs(new) == 0
    right = call(new, "import", str(out), answer="a long word, with blanks\n")
    assert right.exit_code == 0, right.output
    assert n_runs(new) == 1
    with out.open("rb") as stream, pytest.raises(LockedArchiveError, match="encrypted"):
        account.files.import_file(stream, "secret.zip")


def test_a_changed_byte_of_an_encrypted_archive_is_noticed(account: HistoryService, tmp_path: Path) -> None:
    account.files.import_bytes(a_run(0), "a.fit")
    out, word, new = tmp_path / "secret.zip", tmp_path / "word", tmp_path / "new"
    word.write_text("word\n")
    call(account.recordings.parent, "archive", "--out", str(out), "--encrypt", "--password-file", str(word))
    content = bytearray(out.read_bytes())
    entry = next(info for info in zipfile.ZipFile(out).infolist() if info.filename.startswith("files/"))
    content[entry.header_offset + 30 + len(entry.filename) + entry.compress_size // 2] ^= 1
    out.write_bytes(content)
    found = call(new, "import", str(out), "--password-file", str(word))
    assert found.exit_code != 0
    assert n_runs(new) == 0
