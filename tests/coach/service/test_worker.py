"""Heavy work in a process of its own: results, failures and notes come through; killed, nothing is left behind."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from coach.errors import AlreadyHereError, ConflictError, WorkerError
from coach.recording.locks import is_taken
from coach.service.worker import Note, Worker, memory_limit


class Desk:
    def __init__(self, folder: Path, note: Note = lambda _: None) -> None:
        self.folder = folder
        self.note = note


@contextlib.contextmanager
def open_desk(folder: Path, note: Note) -> Iterator[Desk]:
    yield Desk(folder, note)


def pid(desk: Desk) -> int:
    return os.getpid()


def fail(desk: Desk, kind: str) -> None:
    if kind == "conflict":
        raise ConflictError("already_running", "a run is on")
    if kind == "here":
        raise AlreadyHereError("here already", ("r1",))
    raise RuntimeError("odd")


def noting(desk: Desk) -> str:
    desk.note("one")
    desk.note("two")
    return "done"


def counted(desk: Desk, n: int) -> Iterator[int]:
    for i in range(n):
        if i == 2 and n == 99:
            os.kill(os.getpid(), signal.SIGKILL)
        yield i


def write_slowly(desk: Desk) -> None:
    (desk.folder / "half").write_bytes(b"x")
    time.sleep(60)


def eat(desk: Desk) -> int:
    return len(bytearray(memory_limit() + (64 << 20)))


def clear(desk: Desk) -> None:
    (desk.folder / "half").unlink(missing_ok=True)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker[Desk]]:
    notes: list[object] = []
    made = Worker(lambda: Desk(tmp_path), partial(open_desk, tmp_path), tmp_path, notes.append, clear)
    made.notes = notes  # type: ignore[attr-defined]
    yield made
    made.close()


def test_a_command_does_its_work_itself(worker: Worker[Desk]) -> None:
    assert worker.do(pid) == os.getpid()
    assert list(worker.stream(counted, 3)) == [0, 1, 2]
    with pytest.raises(ConflictError):
        worker.do(fail, "conflict")


def test_a_service_has_it_done_elsewhere_and_hears_how_it_went(worker: Worker[Desk], tmp_path: Path) -> None:
    worker.go_apart()
    child = worker.do(pid)
    assert child != os.getpid()
    assert worker.do(noting) == "done"
    assert worker.notes == ["one", "two"]  # type: ignore[attr-defined]
    with pytest.raises(ConflictError) as conflict:
        worker.do(fail, "conflict")
    assert (conflict.value.code, str(conflict.value)) == ("already_running", "a run is on")
    with pytest.raises(AlreadyHereError) as here:
        worker.do(fail, "here")
    assert here.value.run_ids == ("r1",)
    with pytest.raises(RuntimeError, match="odd"):
        worker.do(fail, "odd")
    stream = worker.stream(counted, 3)
    assert next(stream) == 0
    assert worker.do(pid) == child  # in between
    assert list(stream) == [1, 2]
    assert is_taken(tmp_path / ".worker.lock")
    worker.close()
    assert worker.wait_until_free()
    with pytest.raises(WorkerError, match="being stopped"):
        worker.do(pid)


def test_a_job_that_ends_its_process_is_a_failure_with_words_and_the_next_one_is_done(worker: Worker[Desk]) -> None:
    worker.go_apart()
    stream = worker.stream(counted, 99)
    assert [next(stream), next(stream)] == [0, 1]
    with pytest.raises(WorkerError, match="nothing of it is kept"):
        next(stream)
    with pytest.raises(WorkerError, match="memory"):
        worker.do(eat)
    assert worker.do(noting) == "done"


def test_who_kills_it_finds_nothing_left_behind(worker: Worker[Desk], tmp_path: Path) -> None:
    worker.go_apart()
    worker.do(pid)

    def kill_it() -> None:
        until_s = time.monotonic() + 90
        while not (tmp_path / "half").exists() and time.monotonic() < until_s:
            time.sleep(0.01)
        worker.kill()

    killer = threading.Thread(target=kill_it)
    killer.start()
    with pytest.raises(WorkerError):
        worker.do(write_slowly)
    killer.join()
    assert not (tmp_path / "half").exists()


def test_an_idle_child_goes_and_a_new_one_comes(worker: Worker[Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    worker.go_apart()
    first = worker.do(pid)
    child = worker._child
    assert child is not None
    child.connection.send(None)  # as it does by itself after ten idle seconds
    child.process.join(10)
    assert worker.do(pid) != first
