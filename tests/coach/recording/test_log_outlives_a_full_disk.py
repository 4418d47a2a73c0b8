"""A disk that refuses a write holds the log up, and no more: it goes on in further parts, which become one file.

The refusals are the kernel's own: a limit on the size of files makes every write beyond it fail, in the middle of a
chunk too. Source: setrlimit(2), RLIMIT_FSIZE.
"""

import contextlib
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from coach.errors import RecordingError
from coach.model.recordings import RunEvent
from coach.model.samples import Notification
from coach.recording import writer as writer_module
from coach.recording.part import refusal
from coach.recording.reader import read_recording
from coach.recording.recovery import find_unfinished, parts_of, recover
from coach.recording.writer import RecordingWriter
from tests.coach.recording.test_recordings_survive import HEADER, IMU
from tests.support.common import until

resource = pytest.importorskip("resource", reason="needs setrlimit")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "TRY_AGAIN_S", 0.05)


@contextlib.contextmanager
def file_limit(n_bytes: int) -> Iterator[None]:
    """No file of this process may grow beyond so much."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def readings(first: int, last: int) -> list[Notification]:
    """Readings that cannot be packed, so that a chunk has the size of its content."""
    return [Notification("AA:BB", IMU, n / 100, os.urandom(200)) for n in range(first, last)]


def feed(writer: RecordingWriter, items: list[Notification]) -> list[Notification]:
    for item in items:
        writer.write(item)
    return items


@pytest.mark.parametrize("beyond", [0, 1, 100, 3000, 9000])
def test_nothing_is_lost_while_the_disk_refuses(tmp_path: Path, beyond: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tries, go_on = [], RecordingWriter._go_on
    monkeypatch.setattr(RecordingWriter, "_go_on", lambda writer: tries.append(go_on(writer)))
    monkeypatch.setattr(writer_module, "TRY_AGAIN_S", 3600.0)  # a further part would fit below the first limit
    writer = RecordingWriter(tmp_path, HEADER)
    sent = feed(writer, readings(0, 200))
    until(lambda: writer.path.stat().st_size > 20000)
    with file_limit(writer.path.stat().st_size + beyond):
        sent += feed(writer, readings(200, 300))
        until(lambda: "File too large" in writer.problem)
        with file_limit(10):
            monkeypatch.setattr(writer_module, "TRY_AGAIN_S", 0.05)
            sent += feed(writer, readings(300, 400))
            until(lambda: len(tries) >= 3)
            assert writer.problem
            assert len(parts_of(writer.path)) == 1, "what could not be begun leaves nothing behind"
    until(lambda: not writer.problem)
    sent += feed(writer, readings(400, 500))
    assert find_unfinished(tmp_path) == [], "it is still being written"
    recording = read_recording(writer.close())
    assert [path.name for path in tmp_path.iterdir()] == ["run-1.mcap"]
    assert recording.is_complete
    assert recording.header == HEADER
    assert [n.payload for n in recording.notifications()] == [n.payload for n in sent]


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.EDQUOT, "Free some space, or"),
        (errno.EROFS, "Make its folder writable, or"),
        (errno.EACCES, "Make its folder writable, or"),
        (errno.EIO, "Check the disk, or"),
    ],
)
def test_what_a_disk_refuses_is_said_with_what_helps(number: int, remedy: str) -> None:
    words = str(refusal(Path("run-1.mcap"), OSError(number, os.strerror(number))))
    assert words == f"cannot write the recording run-1.mcap: {os.strerror(number)}. {remedy} choose another folder"


def test_a_disk_that_is_full_to_the_end_keeps_the_parts_and_a_later_close_joins_them(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path, HEADER)
    sent = feed(writer, readings(0, 200))
    until(lambda: writer.path.stat().st_size > 20000)
    with file_limit(10):
        sent += feed(writer, readings(200, 300))
        with pytest.raises(RecordingError, match="Free some space"):
            writer.close()
        with pytest.raises(RecordingError, match="Free some space"):
            writer.close()
    back = [n.payload for n in read_recording(writer.path).notifications()]
    assert back == [n.payload for n in sent[: len(back)]]
    recording = read_recording(writer.close())
    assert [n.payload for n in recording.notifications()] == [n.payload for n in sent]
    assert [path.name for path in tmp_path.iterdir()] == ["run-1.mcap"]


def test_what_is_too_much_to_hold_is_left_out_and_the_log_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "HELD_BYTES", 40_000)
    writer = RecordingWriter(tmp_path, HEADER)
    with file_limit(10):
        sent = feed(writer, readings(0, 400))
        until(lambda: bool(writer.problem))
    until(lambda: not writer.problem)
    recording = read_recording(writer.close())
    back = [n.payload for n in recording.notifications()]
    assert back == [n.payload for n in sent[-len(back) :]]
    (said,) = [event for event in recording.events() if event.kind == "log_left_out"]
    assert said.data["n_items"] == 400 - len(back)
    assert said.data["since_s"] == 0.0
    assert said.data["until_s"] == pytest.approx((399 - len(back)) / 100)


KILLED = """
import resource, sys, time
from pathlib import Path
from coach.recording import writer as writer_module
from coach.recording.writer import RecordingWriter
from tests.coach.recording.test_log_outlives_a_full_disk import HEADER, feed, file_limit, readings
from tests.support.common import until
writer_module.TRY_AGAIN_S = 0.05
writer = RecordingWriter(Path(sys.argv[1]), HEADER)
feed(writer, readings(0, 200))
for first in (200, 400):
    with file_limit(10):
        feed(writer, readings(first, first + 100))
        until(lambda: bool(writer.problem))
    until(lambda: not writer.problem)
feed(writer, readings(600, 700))
time.sleep(0.5)  # its thread writes them meanwhile
print("written", flush=True)
time.sleep(60)
"""


def test_parts_that_a_kill_left_become_one_recording(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"written"
        assert find_unfinished(tmp_path) == []
        os.kill(process.pid, signal.SIGKILL)
    (first,) = find_unfinished(tmp_path)
    assert [path.name for path in parts_of(first)] == ["run-1.mcap.part", "run-1.mcap.part2", "run-1.mcap.part3"]
    recording = recover(first)
    times = [n.t_s for n in recording.notifications()]
    assert times == sorted(times)
    assert times[-1] > 6.0
    assert [round(t * 100) for t in times] == [*range(300), *range(400, 500), *range(600, 600 + len(times) - 400)]
    assert [path.name for path in tmp_path.iterdir()] == ["run-1.mcap"]


def test_a_kill_while_parts_are_joined_neither_loses_nor_doubles(tmp_path: Path) -> None:
    whole = RecordingWriter(tmp_path, HEADER)
    sent = feed(whole, readings(0, 100))
    path = whole.close()
    part = path.with_name(path.name + ".part")
    part.write_bytes(path.read_bytes()[:-300])  # the whole has its name, the part is not yet removed
    assert [n.payload for n in recover(part).notifications()] == [n.payload for n in sent]
    assert [one.name for one in tmp_path.iterdir()] == ["run-1.mcap"]


def test_a_log_goes_on_after_it_was_finished(tmp_path: Path) -> None:
    first = RecordingWriter(tmp_path, HEADER)
    sent = feed(first, readings(0, 100))
    first.close()
    more = RecordingWriter(tmp_path, HEADER, is_further=True)
    sent += feed(more, readings(100, 200))
    more.write_event(RunEvent(2.0, "lap", {}))
    recording = read_recording(more.close())
    assert [n.payload for n in recording.notifications()] == [n.payload for n in sent]
    assert [event.kind for event in recording.events()] == ["lap"]
    assert [one.name for one in tmp_path.iterdir()] == ["run-1.mcap"]
