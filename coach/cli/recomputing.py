"""Recompute many runs on several processes; each run's id comes with its fault, or none, as it is done.

A run is one piece of work: it is read from its own log and its numbers are replaced in one transaction, so that a
process that is stopped leaves each run either as it was or computed again, and the rest for another time.

The command's own process works like the others: it is loaded already, while a further one must
start first, which takes as long as five minutes of a run.
"""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from multiprocessing import get_context
from queue import SimpleQueue

from coach.bootstrap import Coach
from coach.errors import CoachError
from coach.settings import Settings

_here: list[Coach] = []  # of a further process: its own service, opened once


def processes_for(n_runs: int, wanted: int | None) -> int:
    """How many processes to use: as many as there are processors, or as wanted, and not more than runs."""
    return max(1, min(n_runs, wanted or os.cpu_count() or 1))


def recompute_runs(coach: Coach, run_ids: Sequence[str], n_processes: int) -> Iterator[tuple[str, str]]:
    """Compute runs again; (run id, why it could not be computed or "") of each, in the order in which they are done."""
    if n_processes == 1:
        for run_id in run_ids:
            yield run_id, _recompute(coach, run_id)
        return
    workers = ProcessPoolExecutor(n_processes - 1, get_context("spawn"), _open, (coach.settings,))
    try:
        yield from SharedRuns(workers, run_ids).work_off(coach, n_processes - 1)
    finally:
        workers.shutdown(cancel_futures=True)


class SharedRuns:
    """Runs that wait for this process and the workers: each takes the next one as it is done with one."""

    def __init__(self, workers: Executor, run_ids: Sequence[str]) -> None:
        self._workers = workers
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
            self._workers.submit(_recompute_here, run_id).add_done_callback(partial(self._is_done, run_id))
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


def _open(settings: Settings) -> None:
    _here.append(Coach(settings))


def _recompute_here(run_id: str) -> str:
    return _recompute(_here[0], run_id)


def _recompute(coach: Coach, run_id: str) -> str:
    try:
        coach.recovery.recompute(run_id)
    except CoachError as error:
        return str(error)
    return ""
