"""A run's raw log: written beside the run, read back byte for byte, and whole again after a crash."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.errors import RecordingError
from coach.model.links import SensorUse
from coach.model.recordings import RecordingHeader, RunEvent
from coach.model.samples import Notification
from coach.model.sites import WearSite
from coach.recording.reader import read_recording
from coach.recording.recovery import find_unfinished, recover
from coach.recording.writer import RecordingWriter

START = datetime(2026, 3, 29, 0, 59, 58, 123456, tzinfo=UTC)
USE = SensorUse("AA:BB", "pod", "movesense_imu6", WearSite.LEFT_FOOT, settings=(("rate", "208"),))
HEADER = RecordingHeader("run-1", START, "0.1", (USE,), {"movesense_imu6": 'id = "x"\n'}, {"units": "metric", "n": 3})
IMU, BATTERY = "34800002-7185-4d5d-b431-630e7050e8f0", "00002a19-0000-1000-8000-00805f9b34fb"


def notifications(n: int) -> list[Notification]:
    kinds = (IMU, IMU, IMU, BATTERY)
    return [Notification("AA:BB", kinds[i % 4], i / 26, bytes([i % 256]) * (i % 40)) for i in range(n)]


def write(folder: Path, n: int = 300) -> Path:
    writer = RecordingWriter(folder, HEADER)
    for notification in notifications(n):
        writer.write(notification)
    writer.write_event(RunEvent(9.5, "pain", {"back": 3}))
    return writer.close()


def test_all_comes_back_in_order_with_its_arrival_time(tmp_path: Path) -> None:
    recording = read_recording(write(tmp_path))
    assert recording.is_complete
    assert recording.header == HEADER
    assert list(recording.events()) == [RunEvent(9.5, "pain", {"back": 3})]
    back = list(recording.notifications())
    assert [(n.sensor_id, n.characteristic, n.payload) for n in back] == [
        (n.sensor_id, n.characteristic, n.payload) for n in notifications(300)
    ]
    assert all(abs(a.t_s - b.t_s) <= 1e-9 for a, b in zip(back, notifications(300), strict=True))
    assert find_unfinished(tmp_path) == []


def test_a_sensor_that_comes_later_is_in_the_header(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path, HEADER)
    writer.write(notifications(1)[0])
    late = SensorUse("CC", "strap", "heart_rate", WearSite.CHEST)
    writer.add_sensor(late, "text")
    header = read_recording(writer.close()).header
    assert header.sensors == (USE, late)
    assert header.profiles == {"movesense_imu6": 'id = "x"\n', "heart_rate": "text"}


def test_a_recording_being_written_is_not_taken_for_a_torn_one(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path, HEADER)
    assert find_unfinished(tmp_path) == []
    writer.close()
    with pytest.raises(RecordingError, match="closed"):
        writer.write(notifications(1)[0])
    assert writer.close() == tmp_path / "run-1.mcap"


KILLED = """
import os, signal, sys, time
from pathlib import Path
sys.path.insert(0, ".")
from tests.coach.recording.test_recordings_survive import HEADER, notifications
from coach.recording.writer import RecordingWriter
writer = RecordingWriter(Path(sys.argv[1]), HEADER)
for n, item in enumerate(notifications(5200)):
    writer.write(item)
    if n % 26 == 25:
        time.sleep(0.01)
    if n == 2080:
        print("written", flush=True)
time.sleep(60)
"""


def test_kill_minus_nine_loses_at_most_a_second(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[3]
    with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, cwd=root) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"written"
        time.sleep(0.2)  # in the middle of writing
        os.kill(process.pid, signal.SIGKILL)
    (torn,) = find_unfinished(tmp_path)
    assert not read_recording(torn).is_complete
    recording = recover(torn)
    assert recording.is_complete
    assert recording.header == HEADER
    back = list(recording.notifications())
    assert len(back) >= 2080 - 26
    assert [n.payload for n in back] == [n.payload for n in notifications(len(back))]
    assert find_unfinished(tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == ["run-1.mcap"]


@given(cut=st.floats(0.0, 1.0), tail=st.sampled_from([b"", bytes(4096), b"\xff" * 100]))
def test_a_torn_tail_costs_only_the_tail(cut: float, tail: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("torn")
    whole = write(folder)
    content = whole.read_bytes()
    whole.unlink()
    torn = folder / "run-1.mcap.part"
    torn.write_bytes(content[: round(cut * len(content))] + tail)
    try:
        recording = recover(torn)
    except RecordingError:
        assert cut < 0.2
        assert (folder / "run-1.mcap.part.unreadable").exists()
        return
    back = [n.payload for n in recording.notifications()]
    assert back == [n.payload for n in notifications(len(back))]


@given(place=st.floats(0.0, 1.0, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_never_looks_like_data(place: float, bit: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("flip")
    path = write(folder)
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    path.write_bytes(content)
    payloads: list[bytes] = []
    with contextlib.suppress(RecordingError):
        payloads.extend(n.payload for n in read_recording(path).notifications())
    assert payloads == [n.payload for n in notifications(len(payloads))]


def test_what_cannot_be_read_or_written_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="No such file"):
        read_recording(tmp_path / "none.mcap")
    other = tmp_path / "other.mcap"
    other.write_bytes(b"hello")
    with pytest.raises(RecordingError, match="not a recording"):
        read_recording(other)
    write(tmp_path)
    (tmp_path / "run-1.mcap.part").write_bytes(b"")
    with pytest.raises(RecordingError, match="exists already"):
        RecordingWriter(tmp_path, HEADER)
    with pytest.raises(RecordingError, match="cannot write"):
        RecordingWriter(other / "below", HEADER)
