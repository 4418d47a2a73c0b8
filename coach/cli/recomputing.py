"""Recompute many runs on several processes; each run's id comes with its fault, or none, as it is done.

A run is one piece of work: it is read from its own log and its numbers are replaced in one transaction, so that a
process that is stopped leaves each run either as it was or computed again, and the rest for another time.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from coach.bootstrap import Coach
from coach.errors import CoachError
from coach.settings import Settings

_here: list[Coach] = []  # of a working process: its own service, opened once


def processes_for(n_runs: int, wanted: int | None) -> int:
    """How many processes to use: as many as there are processors, or as wanted, and not more than runs."""
    return max(1, min(n_runs, wanted or os.cpu_count() or 1))


def recompute_runs(coach: Coach, run_ids: Sequence[str], n_processes: int) -> Iterator[tuple[str, str]]:
    """Compute runs again; (run id, why it could not be computed or "") of each, in the order in which they are done."""
    if n_processes == 1:
        for run_id in run_ids:
            yield run_id, _recompute(coach, run_id)
        return
    workers = ProcessPoolExecutor(n_processes, get_context("spawn"), _open, (coach.settings,))
    try:
        waiting = {workers.submit(_recompute_here, run_id): run_id for run_id in run_ids}
        for done in as_completed(waiting):
            yield waiting[done], done.result()
    finally:
        workers.shutdown(cancel_futures=True)


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
