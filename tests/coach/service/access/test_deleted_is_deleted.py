"""Deleted is deleted: after a purge or an erasure the folder's bytes hold nothing of what was there."""

import contextlib
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner

from coach.bootstrap import Coach
from coach.cli.root import coach as command
from coach.errors import StorageError, UserError
from coach.model.pain import PainEntry, PainMoment
from coach.model.runner import RunnerProfile
from coach.service.access.repeats import KeptAnswer
from coach.settings import make_settings
from coach.storage.coaching import CoachedRuns
from tests.coach.service.runs.test_history import keep_run
from web.app import create_app

NAME = "Zebulon Quartermain"
LATITUDE = "52.987654"
START = datetime(2026, 1, 5, 8, tzinfo=UTC)


@pytest.fixture
def coach(tmp_path: Path) -> Iterator[Coach]:
    made = Coach(make_settings(tmp_path / "data", "127.0.0.1", 0))
    yield made
    made.close()


def gpx() -> bytes:
    points = "".join(
        f'<trkpt lat="{LATITUDE}" lon="4.{4 * i:05d}">'
        f"<time>{(START + timedelta(days=9, seconds=i)).isoformat()}</time></trkpt>"
        for i in range(0, 600, 5)
    )
    head = '<?xml version="1.0"?><gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1">'
    return f"{head}<trk><trkseg>{points}</trkseg></trk></gpx>".encode()


def fill(coach: Coach) -> str:
    """Put the name and a position into many places; returns the id of the imported run."""
    coach.store.runner.save(RunnerProfile(name=NAME))
    keep_run(coach.history, minutes=0.2)  # type: ignore[arg-type]
    coach.history.edit("r1", title=NAME, notes=NAME)
    coach.store.pain.add(PainEntry(START, PainMoment.NOW, back=3, note=NAME))
    coach.access.let_in(coach.access.invitation("http://x").partition("token=")[2], NAME)
    run_id = coach.history.files.import_bytes(gpx(), "x.gpx").run_ids[0]
    CoachedRuns(coach.store.database).save(run_id, START, {"note": NAME})
    return run_id


def traces(folder: Path, *words: str) -> list[str]:
    return [
        f"{path.name}: {word}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for word in words
        if word.encode() in path.read_bytes()
    ]


def test_erasing_leaves_no_trace_in_any_byte(coach: Coach) -> None:
    data = coach.settings.data
    fill(coach)
    assert {one.partition(": ")[2] for one in traces(data, NAME, LATITUDE)} == {NAME, LATITUDE}
    coach.account.erase()
    assert traces(data, NAME, LATITUDE) == []
    assert list(coach.settings.recordings.iterdir()) == []
    assert coach.runner.profile() == RunnerProfile()
    assert coach.access.phones() == []
    keep_run(coach.history, minutes=0.2)  # type: ignore[arg-type]  (the service goes on)
    assert coach.history.list().n_total == 1


def test_a_purged_run_takes_its_original_its_memory_and_its_rows_along(coach: Coach) -> None:
    run_id = fill(coach)
    coach.history.edit(run_id, title="Along the Vltava")
    coach.store.runs.delete(run_id, datetime.now(UTC) - timedelta(days=29))
    coach.account.purge()
    assert traces(coach.settings.data, LATITUDE)
    coach.store.runs.delete(run_id, datetime.now(UTC) - timedelta(days=31))
    coach.account.purge()
    assert traces(coach.settings.data, LATITUDE, "Along the Vltava") == []
    assert CoachedRuns(coach.store.database).get(run_id) is None
    assert coach.history.entry("r1").run.title == NAME


def test_the_service_purges_when_it_starts(coach: Coach) -> None:
    run_id = fill(coach)
    coach.store.runs.delete(run_id, datetime.now(UTC) - timedelta(days=31))
    waiting = coach.account
    waiting.stop()  # one round only
    waiting._daily()
    assert not coach.store.runs.knows(run_id)


def test_a_service_that_goes_on_purges_again_every_day(coach: Coach, monkeypatch: pytest.MonkeyPatch) -> None:
    waits_s: list[float] = []

    def wait(seconds: float) -> bool:
        """A day that is over at once, twice."""
        waits_s.append(seconds)
        if len(waits_s) == 1:
            coach.store.runs.delete(run_id, datetime.now(UTC) - timedelta(days=31))
        return len(waits_s) > 1

    run_id = fill(coach)
    monkeypatch.setattr(coach.account._is_over, "wait", wait)
    coach.account._daily()
    assert not coach.store.runs.knows(run_id)
    assert max(waits_s) <= 24 * 3600.0


def test_nothing_is_erased_while_a_run_is_on(coach: Coach, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(coach)
    monkeypatch.setattr(coach.runs, "current", lambda: coach.store.runs.get("r1"))
    with pytest.raises(UserError, match="stop it"):
        coach.account.erase()
    monkeypatch.undo()
    assert coach.runner.profile().name == NAME


def test_the_page_deletes_after_the_word_was_typed(coach: Coach) -> None:
    fill(coach)
    client = create_app(coach, is_testing=True).test_client()
    assert "Delete everything" in client.get("/you").text
    assert client.post("/you/delete", data={"sure": "yes"}).status_code == 400
    assert coach.runner.profile().name == NAME
    answer = client.post("/you/delete", data={"sure": " Delete "})
    assert answer.status_code == 200
    assert "Everything is deleted" in answer.text
    assert traces(coach.settings.data, NAME, LATITUDE) == []
    for page in ("/", "/runs", "/you", "/live", "/strength", "/progress"):
        assert client.get(page).status_code in (200, 302), page


def test_the_command_erases_after_a_question(coach: Coach) -> None:
    fill(coach)
    data = coach.settings.data
    shell = CliRunner()
    assert shell.invoke(command, ["account", "erase", "--data", str(data)], input="n\n").exit_code == 1
    assert traces(data, NAME)
    done = shell.invoke(command, ["account", "erase", "--yes", "--json", "--data", str(data)])
    assert json.loads(done.stdout)["n_files"] == 2
    assert traces(data, NAME, LATITUDE) == []


def test_an_archive_holds_nothing_of_what_was_erased(coach: Coach) -> None:
    fill(coach)
    coach.account.erase()
    out = BytesIO()
    coach.history.files.archive(out)
    assert NAME.encode() not in out.getvalue()


def test_erasing_empties_inbox_and_outbox_but_not_what_is_linked_there(coach: Coach, tmp_path: Path) -> None:
    watch = tmp_path / "watch"
    watch.mkdir()
    (watch / "run.gpx").write_bytes(gpx())
    for folder in (coach.settings.inbox, coach.settings.outbox):
        folder.mkdir(exist_ok=True)
        (folder / "run.gpx").write_bytes(gpx())
    (coach.settings.inbox / "watch").symlink_to(watch)
    coach.account.erase()
    assert list(coach.settings.inbox.iterdir()) == []
    assert list(coach.settings.outbox.iterdir()) == []
    assert (watch / "run.gpx").exists()
    coach.settings.inbox.rmdir()
    coach.settings.inbox.symlink_to(watch)
    coach.account.erase()
    assert (watch / "run.gpx").exists()


def test_erasing_that_was_cut_off_goes_on_at_the_next_start(coach: Coach, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before, an imported log whose row was gone already came back as a run."""
    data = coach.settings.data
    fill(coach)
    n_gone, unlink = 0, Path.unlink

    def killed(path: Path, missing_ok: bool = False) -> None:
        nonlocal n_gone
        n_gone += path.parent == coach.settings.recordings
        if n_gone:
            raise KeyboardInterrupt
        unlink(path, missing_ok)

    with monkeypatch.context() as patched, contextlib.suppress(KeyboardInterrupt):
        patched.setattr(Path, "unlink", killed)
        coach.account.erase()
    assert n_gone == 1
    assert list(coach.settings.recordings.glob("*.mcap")) != []
    assert coach.recover() == []
    assert list(coach.settings.recordings.iterdir()) == []
    assert traces(data, NAME, LATITUDE) == []
    keep_run(coach.history, minutes=0.2)  # type: ignore[arg-type]  (what is kept from now on stays)
    assert coach.recover() == []
    assert coach.history.list().n_total == 1


def test_erasing_that_a_file_resists_names_it_and_does_not_begin_again(
    coach: Coach, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(coach)
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".mcap":
            raise PermissionError(13, "Permission denied", str(path))
        unlink(path, missing_ok)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refuse)
        with pytest.raises(StorageError, match=r"r1\.mcap could not be deleted"):
            coach.account.erase()
    keep_run(coach.history, minutes=0.2)  # type: ignore[arg-type]
    assert coach.recover() == []
    assert coach.history.list().n_total == 1


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finds the database busy waits half a second for it, not five; ask for it before the coach."""
    monkeypatch.setattr("coach.storage.database._BUSY_MS", 500)


@pytest.mark.usefixtures("impatient")
def test_an_older_view_that_is_still_read_is_said_before_anything_is_deleted(coach: Coach) -> None:
    """A backup of the folder reads the database as it was before, and its log keeps that: bytes that nobody deletes."""
    fill(coach)
    with coach.store.database.read() as connection:
        connection.execute("SELECT * FROM runs").fetchone()
        coach.history.edit("r1", notes="after the backup began")
        with pytest.raises(UserError, match="reads the database"):
            coach.account.erase()
    assert coach.runner.profile().name == NAME
    coach.account.erase()
    assert traces(coach.settings.data, NAME, LATITUDE) == []


@pytest.mark.usefixtures("impatient")
def test_what_a_purge_had_to_leave_in_the_log_goes_with_the_next(coach: Coach) -> None:
    run_id = fill(coach)
    coach.history.edit(run_id, title="Along the Vltava")
    coach.store.runs.delete(run_id, datetime.now(UTC) - timedelta(days=31))
    with coach.store.database.read() as connection:
        connection.execute("SELECT * FROM runs").fetchone()
        coach.account.purge()
    assert traces(coach.settings.data, "Along the Vltava")
    coach.account.purge()
    assert traces(coach.settings.data, "Along the Vltava") == []


def test_an_answer_that_waits_to_be_kept_is_gone_before_all_is_deleted(
    coach: Coach, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, asked, go_on = coach.repeats._keep, threading.Event(), threading.Event()

    def late(key: str, answer: KeptAnswer) -> None:
        asked.set()
        assert go_on.wait(10.0)
        keep(key, answer)

    monkeypatch.setattr(coach.repeats, "_keep", late)
    coach.repeats.once(("phone", "PATCH", "/runner", "id"), lambda: (200, NAME, "application/json"))
    assert asked.wait(10.0)
    erasing = threading.Thread(target=coach.account.erase)
    erasing.start()
    erasing.join(0.3)
    go_on.set()
    erasing.join(20.0)
    coach.repeats._keeper.submit(lambda: None).result(10.0)
    assert traces(coach.settings.data, NAME) == []


def test_a_purged_run_takes_its_file_for_others_along(coach: Coach) -> None:
    fill(coach)
    coach.handover.change(is_outbox=True)
    coach.handover.on_finished(coach.store.runs.get("r1"))
    coach.handover.work()
    (coach.settings.outbox / "of_the_runner.txt").write_text("stays")
    assert len(list(coach.settings.outbox.iterdir())) == 2
    coach.store.runs.delete("r1", datetime.now(UTC) - timedelta(days=31))
    coach.account.purge()
    assert [path.name for path in coach.settings.outbox.iterdir()] == ["of_the_runner.txt"]


@pytest.mark.parametrize("left", ["part", "part2", "part.unreadable", "part2.unreadable"])
def test_a_purged_run_takes_along_what_a_crash_left_of_its_log(coach: Coach, left: str) -> None:
    """A part that could not be read is set aside, and nobody would ever have deleted it."""
    mark = "of a run that is gone"
    fill(coach)
    coach.store.runs.change("r1", recording="r1.mcap")
    (coach.settings.recordings / f"r1.mcap.{left}").write_text(mark)
    of_another = coach.settings.recordings / "r10.mcap.part.unreadable"
    of_another.write_text("stays")
    coach.store.runs.delete("r1", datetime.now(UTC) - timedelta(days=31))
    coach.account.purge()
    assert traces(coach.settings.recordings, mark) == []
    assert of_another.exists()
