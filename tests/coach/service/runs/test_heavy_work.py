"""Imports, archives and recomputing in a process of their own; whatever a kill leaves is put in order."""

import io
import json
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from coach.bootstrap import Coach
from coach.errors import AlreadyHereError, InterchangeError, StorageError, UserError, WorkerError
from coach.model.links import SensorUse
from coach.model.recordings import RecordingHeader
from coach.model.runs import Run, RunFilter, RunState
from coach.model.samples import Notification
from coach.recording.writer import RecordingWriter
from coach.service.phone import arrivals
from coach.service.phone.arrivals import ArrivalState
from coach.service.runs import importing
from coach.service.runs.files import SPARE_BYTES
from coach.settings import Settings, make_settings
from firmware_config.loader import load_profile
from tests.coach.service.runs import exports_of_others as others
from tests.coach.service.runs.test_runs_are_recovered import START
from web.app import create_app


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return make_settings(tmp_path / "data", "127.0.0.1", 0)


@pytest.fixture
def coach(settings: Settings) -> Iterator[Coach]:
    made = Coach(settings)
    made.worker.go_apart()
    yield made
    made.close()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Half a minute of a pod."""
    use = SensorUse("F0:00", "Pod", "running_speed_cadence")
    uuid = load_profile(use.profile_id).with_role("data")[0].uuid
    writer = RecordingWriter(tmp_path_factory.mktemp("log"), RecordingHeader("20260101-100000-aaaa", START, "", (use,)))
    for second in range(30):
        writer.write(Notification(use.sensor_id, uuid, float(second), struct.pack("<BHB", 4, 768, 170)))
    return writer.close().read_bytes()


def next_start(settings: Settings) -> Coach:
    made = Coach(settings)
    made.recover()
    return made


def all_runs(coach: Coach) -> list[Run]:
    return [entry.run for entry in coach.store.runs.list(RunFilter(sport=None), limit=None)]


def kept(settings: Settings) -> list[str]:
    return sorted(path.name for path in settings.recordings.rglob("*") if path.is_file() and path.name[0] != ".")


@pytest.mark.slow
def test_the_page_has_it_done_elsewhere_and_hears_of_the_outcome(coach: Coach, log: bytes) -> None:
    finished: list[Run] = []
    coach.runs._on_finished = finished.append
    imported = coach.heavy.import_file(io.BytesIO(others.gpx()), "a.gpx")
    assert coach.store.runs.get(imported.run_ids[0]).distance_m == pytest.approx(597, abs=5)
    with pytest.raises(AlreadyHereError) as here:
        coach.heavy.import_file(io.BytesIO(others.gpx()), "a.gpx")
    assert here.value.run_ids == imported.run_ids
    with pytest.raises(InterchangeError):
        coach.heavy.import_file(io.BytesIO(b"no run"), "a.gpx")
    run_id = coach.heavy.import_file(io.BytesIO(log), "a.mcap").run_ids[0]
    assert [run.run_id for run in finished] == [run_id]
    assert coach.history.recompute(run_id).duration_s == 29.0
    with coach.heavy.archive() as archive:
        assert archive.read(2) == b"PK"
    assert coach.heavy.export(run_id, "csv") == coach.history.files.export(run_id, "csv")
    with coach.history.files.open_log(run_id) as raw_log:
        assert raw_log.read() == coach.history.files.export(run_id, "mcap")
    with pytest.raises(UserError, match="no format pdf"):
        coach.heavy.export(run_id, "pdf")
    assert [path.name for path in coach.settings.recordings.glob(".incoming*")] == []


def test_many_files_come_in_elsewhere(coach: Coach) -> None:
    coach.imports.receive([("strava.zip", io.BytesIO(others.zipped(others.strava()))), ("no.gpx", io.BytesIO(b"no"))])
    until_s = time.monotonic() + 90
    while coach.imports.status().is_running and time.monotonic() < until_s:
        time.sleep(0.02)
    status = coach.imports.status()
    assert (status.failure, status.counts) == ("", {"taken": 2, "refused": 2})


@pytest.mark.slow
def test_a_file_that_ends_its_process_is_refused_and_the_others_come_in(coach: Coach, tmp_path: Path) -> None:
    """The child is killed whenever it begins b.gpx, as a system short of memory would."""
    folder = others.unpack(tmp_path / "all", {"a.gpx": others.gpx(), "b.gpx": others.gpx(), "c.fit": others.fit()})
    seen = []
    for step in coach.imports._each_apart(folder):
        seen.append((step.name, step.done and step.done.outcome.value))
        if step.name == "b.gpx" and step.done is None:
            coach.worker.kill()
    assert seen[::2] == [("a.gpx", None), ("b.gpx", None), ("c.fit", None)]
    assert seen[1::2] == [("a.gpx", "taken"), ("b.gpx", "refused"), ("c.fit", "merged")]


@pytest.mark.slow
def test_an_import_that_is_stopped_does_not_wait_for_a_file_that_never_ends(
    coach: Coach, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_GRACE_S", 0.2)
    coach.imports.start(others.unpack(tmp_path / "all", {"a.gpx": others.gpx(seconds=60_000)}))
    until_s = time.monotonic() + 90
    while coach.imports.status().current != "a.gpx" and time.monotonic() < until_s:
        time.sleep(0.01)
    began_s = time.monotonic()
    coach.imports.cancel()
    assert time.monotonic() - began_s < 5
    assert "stopped" in coach.imports.status().failure
    assert all_runs(coach) == []
    assert kept(coach.settings) == []


@pytest.mark.slow
def test_a_killed_import_leaves_nothing_behind(coach: Coach) -> None:
    content = others.gpx(seconds=20_000)

    def kill_it() -> None:
        until_s = time.monotonic() + 90
        while not coach.store.runs.unfinished() and time.monotonic() < until_s:
            time.sleep(0.005)
        coach.worker.kill()

    killer = threading.Thread(target=kill_it)
    killer.start()
    with pytest.raises(WorkerError, match="nothing of it is kept"):
        coach.heavy.import_file(io.BytesIO(content), "long.gpx")
    killer.join()
    assert all_runs(coach) == []
    assert kept(coach.settings) == []


def test_nothing_is_erased_while_something_may_yet_come_in(coach: Coach) -> None:
    seen: list[str] = []

    def erase() -> None:
        until_s = time.monotonic() + 90
        while not coach.worker.is_busy and time.monotonic() < until_s:
            time.sleep(0.002)
        try:
            coach.account.erase()
        except UserError as error:
            seen.append(str(error))

    eraser = threading.Thread(target=erase)
    eraser.start()
    coach.heavy.import_file(io.BytesIO(others.gpx()), "a.gpx")
    eraser.join()
    assert "going on" in seen[0]
    coach.account.erase()
    assert all_runs(coach) == []


def test_an_upload_leaves_room_for_the_log_of_a_run(coach: Coach, monkeypatch: pytest.MonkeyPatch) -> None:
    free = SPARE_BYTES + 100
    monkeypatch.setattr(importing.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    with pytest.raises(InterchangeError, match="more space"):
        coach.heavy.import_file(io.BytesIO(others.gpx()), "a.gpx")
    with pytest.raises(InterchangeError, match="more space"):
        coach.imports.receive([("a.gpx", io.BytesIO(others.gpx()))])
    assert [path.name for path in coach.settings.recordings.iterdir()] == []


# The next start ----------------------------------------------------------------------------------------------------


def test_what_was_half_imported_half_unpacked_or_half_written_is_gone_at_the_next_start(
    settings: Settings, log: bytes
) -> None:
    coach = next_start(settings)
    coach.store.runs.create(Run("r1", START, RunState.RECORDING, source="gpx"))
    coach.store.runs.create(Run("r2", START, RunState.RECORDING, recording="import-22222222.mcap"))
    coach.close()
    imports, waiting = settings.recordings / "imports", settings.recordings / ".incoming-archive-x"
    for folder in (imports, waiting):
        folder.mkdir()
    (imports / "r1.gpx").write_bytes(b"a position")
    (imports / "r9.gpx").write_bytes(b"a position")
    (settings.recordings / "r9.mcap").write_bytes(log)
    (waiting / "placed.json").write_text(json.dumps(["imports/r9.gpx", "r9.mcap"]))  # killed before their rows
    (settings.recordings / ".incoming-y").mkdir()
    (settings.recordings / ".incoming-z.zip").write_bytes(b"PK")
    (settings.recordings / "import-22222222.mcap").write_bytes(log)
    (settings.recordings / "import-33333333.mcap.half").write_bytes(log[:900])
    (settings.recordings / "import-44444444.mcap").write_bytes(log[:9])
    coach = next_start(settings)
    assert all_runs(coach) == []
    assert [path.name for path in settings.recordings.rglob("*")] == ["imports"]
    assert not coach.recovery.is_needed()
    coach.close()


def test_a_whole_log_that_no_row_names_becomes_a_run_for_the_database_may_be_another_one(
    settings: Settings, log: bytes
) -> None:
    (settings.recordings / "import-11111111.mcap").write_bytes(log)
    (settings.recordings / "import-22222222.mcap").write_bytes(log)  # the same run once more
    coach = next_start(settings)
    assert [(run.recording, run.duration_s) for run in all_runs(coach)] == [("import-11111111.mcap", 29.0)]
    assert kept(settings) == ["import-11111111.mcap"]
    coach.close()


def test_a_log_of_the_phone_becomes_its_run_wherever_the_making_was_cut_off(settings: Settings, log: bytes) -> None:
    arriving, run_id = settings.recordings / "arriving", "20260101-100000-aaaa"
    for is_finished in (False, True):
        coach = next_start(settings)
        if not is_finished:  # its row was made, and no more
            coach.store.runs.create(Run(run_id, START, RunState.RECORDING, recording=f"{run_id}.mcap"))
            (settings.recordings / f"{run_id}.mcap").write_bytes(log)
        coach.close()
        arriving.mkdir(exist_ok=True)
        (arriving / f"{run_id}.whole").write_bytes(log)
        coach = next_start(settings)
        coach.phone.runs.resume()
        coach.phone.runs.wait()
        assert coach.phone.runs.state(run_id).state is ArrivalState.DONE
        assert [(run.state, run.duration_s) for run in all_runs(coach)] == [(RunState.FINISHED, 29.0)]
        assert kept(settings) == [f"{run_id}.mcap"]
        coach.close()


def test_a_busy_database_costs_the_phone_no_run(
    settings: Settings, log: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:

    monkeypatch.setattr(arrivals, "_AGAIN_S", 0.01)
    coach = next_start(settings)
    make, n_asked = coach.phone.runs._make, []

    def busy(run_id: str) -> object:
        n_asked.append(run_id)
        if len(n_asked) == 1:
            raise StorageError("another program holds the database")
        return make(run_id)

    coach.phone.runs._make = busy
    (settings.recordings / "arriving").mkdir()
    (settings.recordings / "arriving" / "20260101-100000-aaaa.whole").write_bytes(log)
    coach.phone.runs.resume()
    coach.phone.runs.wait()
    assert len(n_asked) == 2
    assert [run.duration_s for run in all_runs(coach)] == [29.0]
    coach.close()


@pytest.mark.slow
def test_cutting_a_run_reading_its_file_again_and_finding_its_route_are_done_elsewhere(
    coach: Coach, log: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that a runner opens beside a run reads no hours of a log or of a file in the process that serves it."""
    gpx_id = coach.heavy.import_file(io.BytesIO(others.gpx()), "a.gpx").run_ids[0]
    log_id = coach.heavy.import_file(io.BytesIO(log), "a.mcap").run_ids[0]
    with coach.store.database.write() as connection:  # as after an archive, which holds files and no tracks
        connection.execute("DELETE FROM run_columns WHERE part = 'track'")

    def refuse(*_: object) -> None:
        raise AssertionError("read in the process that serves")

    for reader in ("route.read_activities", "route.read_recording", "split.read_recording", "devices.completed"):
        monkeypatch.setattr(f"coach.service.runs.{reader}", refuse)
    client = create_app(coach, is_testing=True).test_client()
    assert client.get(f"/runs/{gpx_id}").status_code == 200
    assert coach.store.runs.data.track(gpx_id) is not None, "kept once read"
    route = client.get(f"/api/v1/runs/{gpx_id}/route").get_json()
    assert len(route["t_s"]) > 100
    parts = client.post(f"/api/v1/runs/{log_id}/split", json={"at_s": 12.0})
    assert [part["run_id"] for part in parts.get_json()] == [f"{log_id}-a", f"{log_id}-b"]
    answer = client.post(f"/runs/{gpx_id}/devices", data={"use": "pod"})
    assert (answer.status_code, "FIT" in answer.text) == (400, True)


def test_a_run_whose_file_has_no_route_is_looked_through_once(coach: Coach) -> None:
    run_id = coach.history.files.import_bytes(others.fit(), "a.fit").run_ids[0]
    with coach.store.database.write() as connection:
        connection.execute("DELETE FROM run_columns WHERE part = 'track'")
    assert coach.history.has_unread_route(run_id)
    coach.history.route(run_id)
    assert not coach.history.has_unread_route(run_id)
    coach.history.route(run_id)
