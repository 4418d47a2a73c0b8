"""Runs that were cut off are made whole at the next start; one that cannot be read stops none of the others."""

import struct
from datetime import UTC, datetime
from pathlib import Path

from coach.bootstrap import Coach
from coach.model.links import SensorUse
from coach.model.recordings import RecordingHeader
from coach.model.runs import RunState
from coach.model.samples import Notification
from coach.recording.writer import RecordingWriter
from coach.service.event_loop import LoopThread
from coach.settings import make_settings
from firmware_config.loader import load_profile


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
        (found,) = coach.runs.recover()
        assert (found.run_id, found.state) == ("20260102-100000-bbbb", RunState.RECOVERED)
        assert coach.store.runs.entry(found.run_id).summary is not None
    finally:
        coach.close()
        coach.loop.close()
