"""Heavy work in a process of its own, so that the one that serves a run stays quick and small.

A job is a module's function `job(desk, ...)`: the desk holds the parts it works with, opened once in the child on the
same files. Jobs come one after the other; a long one that is a generator (`stream`) lets others in between its items.
The child has the lowest right to the processor, a limit of memory, and is the first that a system short of memory ends;
it ends by itself when there is nothing to do, when its parent dies, and is killed where one step takes too long. What a
killed child left is put in order by `tidy`, a job of its own, before the failure is reported.

The database: parent and child each write in short transactions and wait for each other (`coach.storage.database`).
Sources: https://docs.python.org/3/library/multiprocessing.html ("spawn"); setrlimit(2) RLIMIT_DATA; proc(5)
oom_score_adj; flock(2).
"""

import contextlib
import itertools
import logging
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, BinaryIO, Concatenate, Final, Generic, ParamSpec, TypeVar

from coach.errors import CoachError, WorkerError
from coach.recording.locks import is_taken, take

_log: Final = logging.getLogger(__name__)
Desk = TypeVar("Desk")
Found = TypeVar("Found")
Given = ParamSpec("Given")
Note = Callable[[object], None]
Message = tuple[Any, ...]  # verb and number; of a new job its function, arguments and named arguments, too
OpenDesk = Callable[[Note], AbstractContextManager[Desk]]

IDLE_S: Final = 10.0  # a child that waits takes 100 MB, and a new one a second to start: by judgement
# Six hours of eight sensors on a Raspberry Pi take a quarter of an hour: twice that, by judgement.
STEP_S: Final = 1800.0
# Of memory: a run of 22 hours takes 400 MB; half of a machine's, within these bounds.
_LEAST_BYTES, _MOST_BYTES = 768 << 20, 4 << 30
_NICE: Final = 10
_OOM_SCORE: Final = 500  # of 1000; others of the user have 0
_GRACE_S: Final = 5.0
_LOCK: Final = ".worker.lock"
_FREE_S: Final = 30.0
# One step at a time, also where several runners share this machine: one processor stays with whoever runs.
_turn: Final = threading.BoundedSemaphore(max(1, (os.cpu_count() or 1) - 1))


class _GoneError(Exception):
    """The child ended before its answer. has_begun: it had taken the job up."""

    def __init__(self, has_begun: bool, words: str) -> None:
        super().__init__(words)
        self.has_begun = has_begun


class _Child:
    def __init__(self, open_desk: OpenDesk[object], lock: Path) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.connection, theirs = spawn.Pipe()
        self.process: BaseProcess = spawn.Process(
            target=_serve, args=(open_desk, theirs, lock, memory_limit()), name="coach-worker", daemon=True
        )
        self.process.start()
        theirs.close()
        self.streams: set[int] = set()

    def end(self, grace_s: float) -> None:
        """Take no more jobs; killed once the grace is over."""
        with contextlib.suppress(OSError):
            self.connection.send(None)
        self.process.join(grace_s)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.connection.close()


class Worker(Generic[Desk]):
    """Thread-safe. Until `go_apart` jobs are done in this process, as a command has them done.

    here: gives the desk of this process. open_desk: opens the desk in the child, and is pickled. folder: where the
    child marks that it is at work. on_note: given what a job notes while it is done. tidy: a job for what a killed
    child left.
    """

    def __init__(
        self,
        here: Callable[[], Desk],
        open_desk: OpenDesk[Desk] | None = None,
        folder: Path | None = None,
        on_note: Note = lambda _: None,
        tidy: Callable[[Desk], object] | None = None,
    ) -> None:
        self._here = here
        self._open_desk = open_desk
        self._lock_path = folder / _LOCK if folder else None
        self._on_note = on_note
        self._tidy = tidy
        self._is_apart = False
        self._is_closed = False
        self._guard = threading.Lock()
        self._child: _Child | None = None
        self._numbers = itertools.count()

    def go_apart(self) -> None:
        """Do jobs in a process of their own from now on."""
        self._is_apart = self._open_desk is not None

    def do(self, job: Callable[Concatenate[Desk, Given], Found], *args: Given.args, **named: Given.kwargs) -> Found:
        """Have a job done and wait for its result; what it raises comes through.

        Raises:
            WorkerError: it was ended from outside, or took more memory or time than there is.
        """
        if not self._is_apart:
            return job(self._here(), *args, **named)
        found: Found = self._step(("do", 0, job, args, named))
        return found

    def stream(
        self, job: Callable[Concatenate[Desk, Given], Iterator[Found]], *args: Given.args, **named: Given.kwargs
    ) -> Iterator[Found]:
        """Yield the items of a job that is a generator, each made when it is asked for. Raises as `do` does."""
        if not self._is_apart:
            yield from job(self._here(), *args, **named)
            return
        number = next(self._numbers)
        self._step(("open", number, job, args, named))
        try:
            while (found := self._step(("next", number))) is not None:
                yield found[0]
        finally:
            child = self._child
            if child is not None and number in child.streams:
                with contextlib.suppress(CoachError):
                    self._step(("close", number))

    @property
    def is_busy(self) -> bool:
        """Whether a job is being done by the child, or waits for its next step."""
        child = self._child
        return self._guard.locked() or bool(child is not None and child.streams)

    def kill(self) -> None:
        """End what is being done, at once; whoever waits for it gets a WorkerError."""
        child = self._child
        if child is not None:
            child.process.kill()

    def close(self) -> None:
        """Take no more jobs; one that is being done is killed."""
        self._is_closed = True
        self.kill()
        with self._guard:
            child, self._child = self._child, None
            if child is not None:
                child.end(_GRACE_S)

    def wait_until_free(self) -> bool:
        """Wait for a child of a parent that was killed: it ends within moments. False: it still is at work."""
        until_s = time.monotonic() + _FREE_S
        while self._lock_path is not None and self._lock_path.exists() and is_taken(self._lock_path):
            if time.monotonic() > until_s:
                return False
            time.sleep(0.02)
        return True

    # Inside --------------------------------------------------------------------------------------------------------

    def _step(self, message: Message) -> Any:
        with _turn, self._guard:
            try:
                return self._asked(message)
            except _GoneError as error:
                self._put_in_order()
                raise WorkerError(str(error)) from error

    def _put_in_order(self) -> None:
        if self._tidy is None or self._is_closed:
            return
        try:
            self._asked(("do", 0, self._tidy, (), {}))
        except (_GoneError, CoachError) as error:
            _log.warning("what a cut-off job left stays until the next start: %s", error)

    def _asked(self, message: Message) -> object:
        """Send a message and wait for its answer; a child that ended for want of work is replaced."""
        try:
            return self._exchanged(message)
        except _GoneError as error:
            if error.has_begun or message[0] not in ("do", "open"):
                raise
            return self._exchanged(message)

    def _exchanged(self, message: Message) -> object:
        if self._is_closed:
            raise WorkerError("the coach is being stopped: start it again first")
        verb, number = message[:2]
        child = self._child
        if verb in ("next", "close") and (child is None or number not in child.streams):
            raise _GoneError(True, "it broke off")
        if child is None:
            assert self._open_desk is not None
            child = self._child = _Child(self._open_desk, self._lock_path or Path(os.devnull))
        has_begun = False
        try:
            child.connection.send(message)
            while True:
                if not child.connection.poll(STEP_S):
                    raise _GoneError(True, "it takes too long and was stopped: nothing of it is kept; do it in parts")
                kind, value = child.connection.recv()
                if kind == "begun":
                    has_begun = True
                elif kind == "note":
                    self._noted(value)
                else:
                    break
        except _GoneError:
            self._lose(child)
            raise
        except (EOFError, OSError) as error:
            self._lose(child)
            words = "it was ended before it was done, by hand or for want of memory: nothing of it is kept"
            raise _GoneError(has_begun, words) from error
        if verb == "open" and kind == "done":
            child.streams.add(number)
        if verb in ("next", "close") and (kind == "failed" or value is None):
            child.streams.discard(number)
        if kind == "failed":
            raise value
        return value

    def _noted(self, what: object) -> None:
        try:
            self._on_note(what)
        except Exception:  # noqa: BLE001  (the job goes on)
            _log.exception("what a job noted could not be followed")

    def _lose(self, child: _Child) -> None:
        child.process.kill()
        child.end(_GRACE_S)
        if self._child is child:
            self._child = None


def memory_limit() -> int:
    """Return how much memory a child may take [B]: half of the machine's, within bounds."""
    try:
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows does not say
        return _MOST_BYTES
    return min(_MOST_BYTES, max(_LEAST_BYTES, whole // 2))


# In the child ------------------------------------------------------------------------------------------------------


def _serve(open_desk: OpenDesk[object], connection: Connection, lock: Path, most_bytes: int) -> None:
    _keep_small(most_bytes)
    threading.Thread(target=end_with_parent, daemon=True).start()
    stream = _marked(lock)
    jobs: dict[int, Iterator[object]] = {}

    def note(what: object) -> None:
        connection.send(("note", what))

    try:
        with open_desk(note) as desk:
            while connection.poll(None if jobs else IDLE_S) and (message := connection.recv()) is not None:
                connection.send(("begun", None))
                connection.send(_answer(desk, jobs, message))
    except (EOFError, BrokenPipeError):  # the parent is gone
        pass
    finally:
        stream.close()


def _answer(desk: object, jobs: dict[int, Iterator[object]], message: Message) -> tuple[str, object]:
    """Return the answer to one message: ("done", result) or ("failed", exception)."""
    verb, number, *job = message
    try:
        match verb:
            case "do":
                return "done", job[0](desk, *job[1], **job[2])
            case "open":
                jobs[number] = iter(job[0](desk, *job[1], **job[2]))
                return "done", True
            case "next":
                for item in jobs[number]:
                    return "done", (item,)
        _closed(jobs, number)
        return "done", None
    except MemoryError:
        _closed(jobs, number)
        return "failed", WorkerError("this takes more memory than this machine has to spare: do it in parts")
    except Exception as error:  # noqa: BLE001  (whatever it is, the one who asked has to know it)
        _closed(jobs, number)
        if not isinstance(error, CoachError | OSError):
            _log.exception("a job failed")
        return "failed", _portable(error)


def _closed(jobs: dict[int, Iterator[object]], number: int) -> None:
    job = jobs.pop(number, None)
    if job is not None and hasattr(job, "close"):
        with contextlib.suppress(Exception):
            job.close()


def _portable(error: Exception) -> Exception:
    """Return the exception itself where it can be sent to the parent, else its words."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001  (an exception's own pickling may fail by any error)
        return WorkerError(f"it broke off ({type(error).__name__}: {str(error)[:200]})")
    return error


def _keep_small(most_bytes: int) -> None:
    """Take the processor last, memory within the limit; Ctrl-C in the terminal is the parent's to hear."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "win32":
        return
    import resource  # not on Windows

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, most_bytes))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(f"{_OOM_SCORE}\n", "ascii")


def end_with_parent() -> None:
    """Wait for the end of the process that started this one, however it ends, and end then: a thread's work."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


def _marked(path: Path) -> BinaryIO:
    """Return the open file that says that a child is at work; another one's, whose parent was killed, is waited for."""
    stream = path.open("ab")
    until_s = time.monotonic() + _FREE_S
    while True:
        try:
            take(stream)
            return stream
        except OSError:
            if time.monotonic() > until_s:
                return stream
            time.sleep(0.05)
