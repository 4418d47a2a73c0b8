"""A folder, a zip, or an export of another service comes in as it is, with a line of report for every file."""

import io
import os
import sys
from collections import Counter
from collections.abc import Generator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from coach.errors import InterchangeError, StorageError, UserError, WorkerError
from coach.model.history import ImportedFile, Outcome
from coach.model.runs import RunFilter, Sport
from coach.service.runs import importing
from coach.service.runs.history import HistoryService
from coach.service.runs.importing import ImportService, ImportStep
from coach.storage.store import Store
from tests.coach.service.runs import exports_of_others as others
from tests.support.common import until


class Account:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store(folder / "coach.sqlite")
        self.history = HistoryService(self.store, folder / "recordings")
        self.imports = ImportService(self.store, self.history.files, folder / "inbox", every_s=0.05)

    def take(self, path: Path) -> dict[str, ImportedFile]:
        done = list(self.imports.each(path))
        shares = [share for _, share in done]
        assert shares == sorted(shares)
        assert all(0 <= share < 1 for share in shares)
        return {one.name.rpartition("/")[2]: one for one, _ in done}

    def n_runs(self, sport: Sport | None = None) -> int:
        return self.history.list(RunFilter(sport=sport)).n_total


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    folder = tmp_path / "account"
    folder.mkdir()
    made = Account(folder)
    yield made
    made.imports.stop()
    made.store.close()


def outcomes(found: dict[str, ImportedFile]) -> dict[str, str]:
    return {name: one.outcome.value for name, one in found.items()}


@pytest.mark.parametrize("is_zip", [True, False])
def test_an_export_of_strava_comes_in_as_it_is(account: Account, tmp_path: Path, is_zip: bool) -> None:
    path = tmp_path / "export.zip"
    if is_zip:
        path.write_bytes(others.zipped(others.strava()))
    else:
        path = others.unpack(tmp_path / "export", others.strava())
    found = account.take(path)
    assert outcomes(found) == {"1.fit.gz": "taken", "2.gpx.gz": "taken", "3.gpx": "refused"}
    assert "Radfahrt" in found["3.gpx"].reason or "radfahrt" in found["3.gpx"].reason
    runs = [entry.run for entry in account.history.list().entries]
    assert [run.title for run in runs] == ["Zum See, locker", "Morgenrunde"]
    assert runs[0].distance_m == pytest.approx(3.0 * 199, rel=0.01)


def test_an_export_of_garmin_comes_in_with_its_zips_within_the_zip(account: Account, tmp_path: Path) -> None:
    path = tmp_path / "garmin.zip"
    path.write_bytes(others.zipped(others.garmin()))
    found = account.take(path)
    assert outcomes(found) == {
        "r_1.fit": "taken",
        "r_2.fit": "refused",
        "r_3.fit": "refused",
        "r_4.fit": "taken",
        "r_5.fit": "refused",
        "UploadedFiles_0-_Part3.zip": "refused",
    }
    assert "daily monitoring" in found["r_2.fit"].reason
    assert "cycling" in found["r_3.fit"].reason
    assert "damaged" in found["UploadedFiles_0-_Part3.zip"].reason
    assert account.n_runs() == 2


def test_an_export_of_apple_health_gives_its_runs_with_routes(account: Account, tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(others.zipped(others.apple()))
    found = account.take(path)
    assert Counter(one.outcome for one in found.values()) == {Outcome.TAKEN: 2, Outcome.REFUSED: 1}
    inside, out = (entry.run for entry in account.history.list().entries)
    assert out.distance_m == pytest.approx(600)
    assert inside.distance_m == pytest.approx(600)
    assert out.duration_s == pytest.approx(200, abs=0.1)
    middle = account.store.runs.data.seconds(out.run_id)[100]
    assert middle.heart_rate_bpm == pytest.approx(150, abs=1)
    assert middle.cadence_spm == pytest.approx(168)  # the telephone's steps are not counted beside the watch's
    assert middle.contact_time_ms == 250
    assert b"<trkpt" in account.history.files.export(out.run_id, "gpx")
    with pytest.raises(InterchangeError):
        account.history.files.export(inside.run_id, "gpx")
    again = account.take(path)
    assert [one.outcome for one in again.values()].count(Outcome.HERE) == 2
    assert account.n_runs() == 2


def test_the_same_run_from_three_services_is_one_run(account: Account, tmp_path: Path) -> None:
    folder = others.unpack(
        tmp_path / "all",
        {
            "a.fit": others.fit(),
            "b.gpx": others.gpx(others.DAY + timedelta(seconds=3), sport="running"),
            "c/copy of a.fit": others.fit(),
        },
    )
    found = account.take(folder)
    assert outcomes(found) == {"a.fit": "taken", "b.gpx": "merged", "copy of a.fit": "here"}
    assert found["copy of a.fit"].run_ids == found["a.fit"].run_ids == found["b.gpx"].run_ids
    assert account.n_runs() == 1


def test_what_was_imported_is_not_read_again_but_what_was_deleted_is(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(others.zipped(others.strava()))
    first = account.take(path)
    n_read = []
    read = account.history.files.import_file
    monkeypatch.setattr(account.history.files, "import_file", lambda *args: n_read.append(1) or read(*args))
    assert outcomes(account.take(path)) == {"1.fit.gz": "here", "2.gpx.gz": "here", "3.gpx": "refused"}
    assert len(n_read) == 1  # the one that was refused: a newer version may read it
    account.history.delete(first["1.fit.gz"].run_ids[0])
    assert outcomes(account.take(path))["1.fit.gz"] == "taken"


def test_a_file_that_no_reader_foresaw_ends_nothing(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = others.unpack(
        tmp_path / "all", {"a.fit": others.fit(), "b.gpx": b"<gpx><trk/></gpx>", "z.tcx": b"\x00" * 99}
    )
    read = account.history.files.import_file

    def stumble(stream: io.BytesIO, name: str, *rest: object) -> object:
        if name == "a.fit":
            raise RecursionError("deep")
        return read(stream, name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(account.history.files, "import_file", stumble)
    found = account.take(folder)
    assert set(outcomes(found).values()) == {"refused"}
    assert "RecursionError" in found["a.fit"].reason

    def full(*_: object) -> object:
        raise StorageError("the disk is full: free some space")

    monkeypatch.setattr(account.history.files, "import_file", full)
    with pytest.raises(StorageError):
        account.take(folder)


def test_hidden_files_and_those_of_other_kinds_are_passed_over(account: Account, tmp_path: Path) -> None:
    folder = others.unpack(
        tmp_path / "all",
        {"._a.fit": b"x", ".hidden/a.fit": b"x", "photo.jpg": b"x", "__MACOSX/a.fit": b"x", "b.fit": others.fit()},
    )
    assert outcomes(account.take(folder)) == {"b.fit": "taken"}
    (folder / "loop").symlink_to(folder)
    assert set(outcomes(account.take(folder)).values()) == {"here"}


def test_a_walk_is_kept_apart_and_says_so(account: Account, tmp_path: Path) -> None:
    folder = others.unpack(tmp_path / "all", {"walk.gpx": others.gpx(speed_mps=1.3)})
    found = account.take(folder)["walk.gpx"]
    assert (found.outcome, found.reason) == (Outcome.APART, "no sport is named, and 1.3 m/s is a walk's speed")
    assert account.n_runs(Sport.RUNNING) == 0


def test_a_route_is_kept_once_read_and_goes_with_its_run(account: Account, tmp_path: Path) -> None:
    folder = others.unpack(tmp_path / "all", {"a.gpx": others.gpx(sport="running")})
    (run_id,) = account.take(folder)["a.gpx"].run_ids
    route = account.history.route(run_id)
    assert route is not None
    assert route.north_m[-1] - route.north_m[0] == pytest.approx(3.0 * 199, rel=0.001)  # type: ignore[operator]
    assert route.values["speed_mps"][100] == pytest.approx(3.0, rel=0.01)
    (account.history.recordings / "imports" / f"{run_id}.gpx").rename(tmp_path / "away.gpx")
    assert account.history.route(run_id) == route
    with account.store.database.write() as connection:  # as after an archive, which holds files and no tracks
        connection.execute("DELETE FROM run_columns WHERE part = 'track'")
    assert account.history.route(run_id) is None
    (tmp_path / "away.gpx").rename(account.history.recordings / "imports" / f"{run_id}.gpx")
    assert account.history.route(run_id) == route


# In the background ------------------------------------------------------------------------------------------------


def ended(account: Account) -> None:
    until(lambda: not account.imports.status().is_running)


def test_uploads_come_in_in_the_background_with_a_report(account: Account) -> None:
    uploads = [("../../up/a.fit", others.fit()), ("=cmd.gpx", b"no"), ("strava.zip", others.zipped(others.strava()))]
    account.imports.receive([(name, io.BytesIO(content)) for name, content in uploads])
    ended(account)
    status = account.imports.status()
    # The first activity of the export is the very run of a.fit.
    assert status.counts == {"taken": 2, "here": 1, "refused": 2}
    assert not status.failure
    assert status.files[0].name == "up/a.fit"
    lines = account.imports.report().splitlines()
    assert lines[0] == "file,outcome,runs,reason"
    assert lines[1].startswith("'=cmd.gpx,refused,")
    assert [path for path in account.history.recordings.iterdir() if path.name.startswith(".")] == []
    assert list(account.folder.parent.glob("up")) == []


def test_one_import_at_a_time_and_a_stopped_one_goes_on_where_it_was(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = {f"{n}.fit": others.fit(others.DAY + timedelta(days=n)) for n in range(6)}
    folder = others.unpack(tmp_path / "all", days)
    read = account.history.files.import_file
    n_read = []

    def slowly(*args: object) -> object:
        n_read.append(1)
        until(lambda: len(n_read) != 3 or account.imports._is_stopping.is_set())
        return read(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(account.history.files, "import_file", slowly)
    account.imports.start(folder)
    with pytest.raises(UserError, match="going on"):
        account.imports.start(folder)
    until(lambda: len(n_read) == 3)
    account.imports.cancel()
    n_before = account.n_runs()
    assert 0 < n_before < 6
    assert "stopped" in account.imports.status().failure
    account.imports.start(folder)
    ended(account)
    assert account.n_runs() == 6
    assert len(n_read) == 6


def test_imports_in_the_background_wait_while_a_run_is_on(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_RUN_POLL_S", 0.01)
    is_on, asked = [True], []

    def is_run_on() -> bool:
        asked.append(1)
        return is_on[0]

    waiting = ImportService(account.store, account.history.files, account.imports.inbox, is_run_on=is_run_on)
    days = {f"{n}.fit": others.fit(others.DAY + timedelta(days=n)) for n in range(3)}
    waiting.start(others.unpack(tmp_path / "all", days))
    others.unpack(waiting.inbox, {"inbox.fit": others.fit(others.DAY + timedelta(days=9))})
    waiting.import_settled(waiting.import_settled({}))
    n_asked = len(asked)
    until(lambda: len(asked) > n_asked + 10)
    assert account.n_runs() <= 1
    is_on[0] = False
    until(lambda: not waiting.status().is_running)
    waiting.import_settled(waiting.import_settled({}))
    assert account.n_runs() == 4
    waiting.stop()


# The inbox -------------------------------------------------------------------------------------------------------


def test_a_file_in_the_inbox_comes_in_once_it_no_longer_grows(account: Account) -> None:
    account.imports.watch()
    content = others.fit()
    path = account.imports.inbox / "run.fit"
    path.write_bytes(content[:100])
    seen = account.imports.import_settled({})
    assert account.n_runs() == 0
    path.write_bytes(content)
    seen = account.imports.import_settled(seen)
    until(lambda: account.n_runs() == 1)
    assert path.exists()  # it may be a watch's own folder


def test_what_came_from_the_inbox_and_was_deleted_stays_away(account: Account, tmp_path: Path) -> None:
    watch = others.unpack(tmp_path / "watch", {"ACTIVITY/run.fit": others.fit(), "ACTIVITY/bad.fit": b"no"})
    account.imports.inbox.mkdir()
    (account.imports.inbox / "watch").symlink_to(watch)
    seen = account.imports.import_settled(account.imports.import_settled({}))
    (entry,) = account.history.list().entries
    account.history.delete(entry.run.run_id)
    again = ImportService(account.store, account.history.files, account.imports.inbox)  # as after a restart
    again.import_settled(again.import_settled(seen))
    assert account.n_runs() == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_pipes_and_devices_are_left_aside_since_reading_them_has_no_end(account: Account) -> None:
    inbox = others.unpack(account.imports.inbox, {"run.fit": others.fit()})
    os.mkfifo(inbox / "pipe.gpx")
    (inbox / "zero.fit").symlink_to("/dev/zero")
    seen = account.imports.import_settled({})
    assert [path.name for path in seen] == ["run.fit"]
    account.imports.import_settled(seen)
    assert account.n_runs() == 1
    (refused,) = account.take(inbox / "pipe.gpx").values()
    assert "is no file" in refused.reason


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep names in Unicode")
def test_a_name_that_is_no_unicode_keeps_no_file_out(account: Account) -> None:
    content = {b"\xff\xfe.fit": others.fit(), b"a\nb.fit": others.fit(others.DAY + timedelta(days=3))}
    account.imports.inbox.mkdir()
    for name, what in content.items():
        (account.imports.inbox / os.fsdecode(name)).write_bytes(what)
    seen = account.imports.import_settled({})
    account.imports.import_settled(seen)
    account.imports.import_settled(seen)
    assert account.n_runs() == 2
    assert account.imports.report() is not None
    assert sorted(outcomes(account.take(account.imports.inbox)).values()) == ["here", "here"]


class Deadly:
    """In the place of a process of its own: one that a.fit ends each time."""

    def __init__(self, imports: ImportService, error: Exception) -> None:
        self.n_tried = 0
        self._imports = imports
        self._error = error

    def steps(self, path: Path, n_done: int) -> Generator[ImportStep]:
        yield from self._imports.steps(path, n_done)

    def inbox_steps(self, path: Path) -> Generator[None]:
        if path.name == "a.fit":
            self.n_tried += 1
            yield
            raise self._error
        yield from self._imports.inbox_steps(path)

    def kill(self) -> None:
        """Nothing goes on for longer than a step."""


@pytest.mark.parametrize("error", [WorkerError("it was ended before it was done"), RecursionError("too deep")])
def test_a_file_of_the_inbox_that_cannot_be_read_keeps_no_other_one_out(account: Account, error: Exception) -> None:
    apart = Deadly(account.imports, error)
    inbox = ImportService(account.store, account.history.files, account.imports.inbox, apart=apart)
    broken = others.zipped({"export.xml": b"<HealthData><Workout"})
    others.unpack(inbox.inbox, {"a.fit": others.fit(), "b.zip": broken, "c.fit": others.fit()})
    seen = inbox.import_settled({})
    for _ in range(3):
        seen = inbox.import_settled(seen)
    assert account.n_runs() == 1
    assert apart.n_tried == 1
    assert len(seen) == 3
