"""Runs that were cut off get their end at the next start, from whatever is left of them; none stops the others."""

import contextlib
import sqlite3
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from coach.bootstrap import Coach
from coach.errors import ConflictError
from coach.model.links import SensorUse
from coach.model.metrics import LiveMetrics
from coach.model.pain import PainEntry, PainMoment
from coach.model.recordings import RecordingHeader, RunEvent
from coach.model.runs import Run, RunState
from coach.model.samples import Notification
from coach.recording.reader import read_recording
from coach.recording.writer import RecordingWriter
from coach.service.event_loop import LoopThread
from coach.settings import make_settings
from firmware_config.loader import load_profile
from tests.coach.recording.test_log_outlives_a_full_disk import file_limit, until
from tests.coach.service.runs.quiet_run import QuietSource, begin

START = datetime(2026, 1, 1, 10, tzinfo=UTC)


def cut_off(folder: Path, run_id: str, profile_id: str) -> None:
    """A recording of half a minute as a power loss leaves it: under its unfinished name, without an end."""
    use = SensorUse("F0:00", "Pod", profile_id)
    uuid = load_profile("running_speed_cadence").with_role("data")[0].uuid
    writer = RecordingWriter(folder, RecordingHeader(run_id, datetime.now(UTC), "", (use,), {profile_id: ""}))
    for second in range(30):
        writer.write(Notification(use.sensor_id, uuid, float(second), struct.pack("<BHB", 4, 768, 170)))
    unfinished = writer.path
    finished = writer.close()
    unfinished.write_bytes(finished.read_bytes()[:-200])
    finished.unlink()


def test_a_sensor_model_that_exists_no_more_costs_its_own_run_only(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, "127.0.0.1", 0)
    cut_off(settings.recordings, "20260101-100000-aaaa", "discontinued_pod")
    cut_off(settings.recordings, "20260102-100000-bbbb", "running_speed_cadence")
    coach = Coach(settings, loop=LoopThread())
    try:
        found = {run.run_id[-4:]: run for run in coach.recovery.recover()}
        assert found["bbbb"].state is RunState.RECOVERED
        assert found["bbbb"].distance_m
        assert coach.store.runs.unfinished() == []
        lost = coach.store.runs.entry("20260101-100000-aaaa")  # its bytes are kept for a program that knows the model
        assert (lost.run.state, lost.run.recording) == (RunState.RECOVERED, "20260101-100000-aaaa.mcap")
        assert lost.run.duration_s == 29.0
        assert lost.summary is not None
        assert lost.summary.n_strides == 0
    finally:
        coach.close()
        coach.loop.close()


@pytest.fixture
def coach(tmp_path: Path) -> Iterator[Coach]:
    made = Coach(make_settings(tmp_path, "127.0.0.1", 0), loop=LoopThread())
    yield made
    made.close()
    made.loop.close()


def never_ended(coach: Coach, run_id: str, profile_id: str = "running_speed_cadence") -> Run:
    """A row as a kill leaves it: the run was begun and never ended."""
    use = SensorUse("F0:00", "Pod", profile_id)
    run = Run(run_id, START, RunState.RECORDING, recording=f"{run_id}.mcap", sensors=(use,))
    coach.store.runs.create(run)
    return run


def test_killed_between_the_log_and_the_summary_the_run_is_not_lost(coach: Coach) -> None:
    run = never_ended(coach, "20260101-100000-aaaa")
    cut_off(coach.settings.recordings, run.run_id, "running_speed_cadence")
    unfinished = coach.settings.recordings / f"{run.run_id}.mcap.part"
    unfinished.rename(unfinished.with_suffix(""))
    (found,) = coach.recovery.recover()
    assert (found.state, found.run_id) == (RunState.RECOVERED, run.run_id)
    assert found.distance_m
    assert coach.coaching.coached_run(run.run_id) is not None, "the coach learns from it like from any run"
    assert coach.recovery.recover() == []


def test_without_a_log_the_rows_of_the_database_count(coach: Coach) -> None:
    run = never_ended(coach, "20260101-100000-aaaa")
    seconds = [LiveMetrics(float(t), speed_mps=3.0, cadence_spm=170.0, distance_m=3.0 * t) for t in range(1, 61)]
    coach.store.runs.data.add(run.run_id, seconds=seconds)
    never_ended(coach, "20260102-100000-bbbb")
    found = {one.run_id: one for one in coach.recovery.recover()}
    assert {one.state for one in found.values()} == {RunState.RECOVERED}
    assert (found[run.run_id].duration_s, found[run.run_id].recording) == (60.0, None)
    assert found["20260102-100000-bbbb"].duration_s == 0.0
    assert coach.store.runs.unfinished() == []


def test_a_run_that_goes_on_is_left_alone(coach: Coach) -> None:
    run = begin(coach)
    assert coach.recovery.recover() == []
    with pytest.raises(ConflictError, match="going on"):
        coach.recovery.recompute(run.run_id)
    assert coach.runs.stop().state is RunState.FINISHED


def test_a_log_left_behind_by_a_run_that_has_ended_is_made_whole_without_another_summary(coach: Coach) -> None:
    cut_off(coach.settings.recordings, "20260101-100000-aaaa", "running_speed_cadence")
    run = Run("20260101-100000-aaaa", START, RunState.FINISHED, recording="20260101-100000-aaaa.mcap", duration_s=30.0)
    coach.store.runs.create(run)
    assert coach.recovery.recover() == []
    assert [path.name for path in coach.settings.recordings.iterdir()] == ["20260101-100000-aaaa.mcap"]
    assert coach.store.runs.get(run.run_id).state is RunState.FINISHED
    assert coach.recovery.recompute(run.run_id).duration_s == 29.0


def test_a_tap_that_only_the_log_has_comes_back_once_at_its_own_moment(coach: Coach) -> None:
    run = never_ended(coach, "20260101-100000-aaaa")
    use = run.sensors[0]
    writer = RecordingWriter(coach.settings.recordings, RecordingHeader(run.run_id, START, "", (use,), {}))
    tapped_at = START + timedelta(seconds=12)
    writer.write_event(RunEvent(30.0, "pain", {"level": 4, "is_calf": False, "at": tapped_at.isoformat()}))
    writer.write_event(RunEvent(40.0, "pain", {"level": 6, "is_calf": True}))
    writer.close()
    coach.store.pain.add(PainEntry(tapped_at, PainMoment.DURING_RUN, 4, None, run.run_id))
    coach.recovery.recover()
    kept = [(entry.at, entry.back, entry.calf) for entry in coach.store.pain.list(run_id=run.run_id)]
    assert kept == [(tapped_at, 4, None), (START + timedelta(seconds=40), None, 6)]


def test_the_disk_refusing_the_log_is_in_the_status_of_every_page_until_it_goes_on(
    coach: Coach, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coach.recording.writer.TRY_AGAIN_S", 0.05)
    source = QuietSource()
    begin(coach, source)

    def log_link() -> dict[str, Any]:
        links = {link["sensor_id"]: link for link in coach.runs.status()["links"]}
        return links.get("recording", {})

    with file_limit(10):
        coach.runs.lap()
        until(lambda: log_link().get("status") == "lost")
        assert "Free some space" in log_link()["words"]
    until(lambda: log_link().get("status") == "streaming")
    run = coach.runs.stop()
    assert run.recording is not None
    items = read_recording(coach.settings.recordings / run.recording).events()
    events = [event.kind for event in items if event.data.get("sensor_id") != "database"]  # refused, too, by then
    assert events == ["lap", "link", "link", "stop"]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is held refuses at once, and is tried again at once."""
    monkeypatch.setattr("coach.storage.database._BUSY_MS", 50)
    monkeypatch.setattr("coach.live.batches.KEEP_EVERY_S", 0.05)


def test_a_database_that_another_program_holds_is_in_the_status_of_every_page_until_it_answers(
    impatient: None, coach: Coach
) -> None:
    begin(coach, QuietSource())

    def database() -> dict[str, Any]:
        return next((link for link in coach.runs.status()["links"] if link["sensor_id"] == "database"), {})

    with contextlib.closing(sqlite3.connect(coach.settings.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        coach.runs.pain(4)
        until(lambda: database().get("status") == "lost")
        assert "another program holds the database" in database()["words"]
        other.execute("ROLLBACK")
    until(lambda: database().get("status") == "streaming")
    run = coach.runs.stop()
    assert [entry.back for entry in coach.store.pain.list(run_id=run.run_id)] == [4]
