"""Recompute many runs on several processes; each run's id comes with its fault, or none, as it is done.

A run is one piece of work: it is read from its own log and its numbers are replaced in one transaction, so that a
process that is stopped leaves each run either as it was or computed again, and the rest for another time.

The command's own process works like the others: it is loaded already. A further one that loads the program itself
takes as long for it as for five minutes of a run, so on Linux it is forked from this one, before anything is open that
two processes must not share (https://www.sqlite.org/howtocorrupt.html#_carrying_an_open_database_across_a_fork_).
"""

import os
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache, partial
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from coach.bootstrap import Coach
from coach.errors import CoachError
from coach.packets.registry import formats
from coach.recording.layout import SUFFIX
from coach.service.runs.algorithm import algorithm_id
from coach.service.worker import end_with_parent
from coach.settings import Settings

_THREADS: Final = Path("/proc/self/task")  # all of this process, those of C libraries too: proc(5)


def processes_for(n_runs: int, wanted: int | None) -> int:
    """How many processes to use: as many as there are processors, or as wanted, and not more than runs."""
    return max(1, min(n_runs, wanted or os.cpu_count() or 1))


def n_recordings(settings: Settings) -> int:
    """How many runs of a data folder may have a recording."""
    return len(list(settings.recordings.glob(f"*{SUFFIX}")))


@contextmanager
def further_processes(settings: Settings, n: int) -> Iterator[Executor | None]:
    """Have `n` processes beside this one, None for none. Enter it before the Coach of these settings is made.

    Where they are forked, that is here: before there is a thread, an event loop or an open database.
    """
    if n < 1:
        yield None
        return
    _load()
    is_forked = _may_fork()
    workers = ProcessPoolExecutor(n, get_context("fork" if is_forked else "spawn"), _watch_command)
    try:
        if is_forked:
            workers.submit(os.getpid)  # the first task makes all processes, then the pool's threads
        yield workers
    finally:
        workers.shutdown(cancel_futures=True)


def recompute_runs(
    coach: Coach, run_ids: Sequence[str], workers: Executor | None = None, n_workers: int = 0
) -> Iterator[tuple[str, str]]:
    """Compute runs again; (run id, why it could not be computed or "") of each, in the order in which they are done.

    workers: further processes of the same settings, so many.
    """
    if workers is None:
        for run_id in run_ids:
            yield run_id, _recompute(coach, run_id)
        return
    yield from SharedRuns(workers, coach.settings, run_ids).work_off(coach, n_workers)


class SharedRuns:
    """Runs that wait for this process and the workers: each takes the next one as it is done with one."""

    def __init__(self, workers: Executor, settings: Settings, run_ids: Sequence[str]) -> None:
        self._workers = workers
        self._settings = settings
        self._waiting = deque(run_ids)
        self._n_left = len(run_ids)
        self._done: SimpleQueue[tuple[str, Future[str]]] = SimpleQueue()

    def work_off(self, coach: Coach, n_workers: int) -> Iterator[tuple[str, str]]:
        """As `recompute_runs`. A worker that dies raises BrokenProcessPool, and ends all."""
        for _ in range(n_workers):
            self._hand_over()
        while self._n_left:
            while not (self._done.empty() and self._waiting):
                run_id, computed = self._done.get()
                yield run_id, computed.result()
                self._n_left -= 1
                if not self._n_left:
                    return
            own = self._take()
            if own is not None:
                yield own, _recompute(coach, own)
                self._n_left -= 1

    def _hand_over(self) -> None:
        """Give a worker the next run."""
        run_id = self._take()
        if run_id is None:
            return
        try:
            computed = self._workers.submit(_recompute_there, self._settings, run_id)
            computed.add_done_callback(partial(self._is_done, run_id))
        except RuntimeError:  # no worker is left: whose fault that is has been handed in with its run
            self._waiting.appendleft(run_id)

    def _take(self) -> str | None:
        """The next run; None where another took the last one, on whatever thread."""
        with suppress(IndexError):
            return self._waiting.popleft()
        return None

    def _is_done(self, run_id: str, computed: Future[str]) -> None:
        """Called on a thread of the pool."""
        self._done.put((run_id, computed))
        self._hand_over()


def _load() -> None:
    """Load what computing a run needs at first use, so that a forked process has it."""
    for stage in ("fusion.body", "foot.analyzer", "shank.analyzer", "trunk.analyzer"):  # numpy with them
        import_module(f"coach.gait.{stage}")
    formats()
    algorithm_id()


def _may_fork() -> bool:
    """Whether this process can be forked safely: on Linux, where it has one thread."""
    try:
        return sys.platform == "linux" and len(list(_THREADS.iterdir())) == 1
    except OSError:
        return False


def _watch_command() -> None:
    """Have a further process end with the command: one that was killed cannot end it."""
    threading.Thread(target=end_with_parent, daemon=True).start()


@cache
def _coach_of(settings: Settings) -> Coach:
    """A further process's own service, made at its first run: by then the command has migrated the database."""
    return Coach(settings)


def _recompute_there(settings: Settings, run_id: str) -> str:
    """In a further process."""
    return _recompute(_coach_of(settings), run_id)


def _recompute(coach: Coach, run_id: str) -> str:
    try:
        coach.recovery.recompute(run_id)
    except CoachError as error:
        return str(error)
    return ""
