"""What the coach keeps is open to its owner alone, whatever the umask and whatever an earlier version left."""

import os
import stat
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from coach.bootstrap import Coach
from coach.settings import make_settings
from tests.coach.service.runs.test_history import keep_run


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {str(path): stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}


def test_no_file_and_no_folder_is_open_to_others(tmp_path: Path) -> None:
    data = tmp_path / "data"
    coach = Coach(make_settings(data, "127.0.0.1", 0))
    keep_run(coach.history, minutes=0.1)  # type: ignore[arg-type]
    out = BytesIO()
    coach.history.files.archive(out)
    coach.store.runs.delete("r1", coach.store.runs.get("r1").started_at)
    coach.history.purge()
    coach.history.files.import_bytes(out.getvalue())
    assert {name: oct(mode) for name, mode in modes(data).items() if mode & 0o077} == {}
    coach.close()


def test_what_an_earlier_version_left_open_is_closed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "recordings" / "imports").mkdir(parents=True)
    (data / "recordings" / "imports" / "x.gpx").write_text("x")
    (data / "coach.sqlite").touch()
    make_settings(data, "127.0.0.1", 0)
    assert {name: oct(mode) for name, mode in modes(data).items() if mode & 0o077} == {}


def test_a_folder_that_holds_other_things_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir(mode=0o755)
    tmp_path.chmod(0o755)
    make_settings(tmp_path, "127.0.0.1", 0)
    assert modes(tmp_path)[str(tmp_path)] == 0o755
    assert modes(tmp_path)[str(tmp_path / "photos")] == 0o755
    assert modes(tmp_path)[str(tmp_path / "secrets")] == 0o700
