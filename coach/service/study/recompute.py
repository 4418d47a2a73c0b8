"""Compute all recordings of a study once, by this version of the program.

The key is the SHA-256 of the bytes with the identity of the algorithm. What has a row already is left out, so that the
same command goes on after a stop, and does nothing when all is done.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from coach.errors import UserError
from coach.model.frozen import dataclass
from coach.service.runs.algorithm import algorithm_id
from coach.service.study.extra import needed
from coach.service.study.results import Results
from coach.service.study.spread import by_dask, by_pool, in_this_process
from coach.service.study.store import RESULTS, Found, StudyStore
from coach.service.study.work import Done, Job
from coach.study.rows import Status

if TYPE_CHECKING:
    from distributed import Client


_CONNECT_S = "20s"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done. n_done: recordings that have their row already; tasks: the others."""

    job: Job
    n_done: int
    tasks: tuple[Found, ...]


def plan(store_url: str, results_url: str | None = None, *, retry: bool = False) -> Plan:
    """Look at a store and its results. retry: recordings whose workers died are tried again, too.

    Raises:
        UserError: the extra is not installed, or there is no recording.
    """
    needed("pyarrow", "a study")
    store = StudyStore(store_url)
    results = StudyStore(results_url or f"{store.url}/{RESULTS}")
    job = Job(store.url, results.url, algorithm_id())
    known = Results(results, job.algorithm).marks()
    finished = {mark for mark, name in known.items() if not _is_again(name, retry)}
    n_done, tasks = 0, []
    for found in store.recordings():
        if found.mark in finished:
            n_done += 1
        else:
            tasks.append(found)
    if not n_done and not tasks:
        raise UserError(f"{store.url} holds no recordings: it needs sealed runs, or raw logs (*.mcap)")
    return Plan(job, n_done, tuple(tasks))


def forget(store_url: str, results_url: str | None = None) -> int:
    """Delete the results, of every algorithm, of recordings that are not in the store any more; gives how many rows.

    Raises:
        UserError: the store holds no recordings at all: it may not be there just now.
    """
    store = StudyStore(store_url)
    results = StudyStore(results_url or f"{store.url}/{RESULTS}")
    marks = {found.mark for found in store.recordings()}
    if not marks:
        raise UserError(f"{store.url} holds no recordings: if that is right, delete {results.url} yourself")
    algorithms = {name.split("/", 1)[0] for name in results.names("")}
    return sum(Results(results, algorithm).forget(marks) for algorithm in sorted(algorithms))


def _is_again(name: str, retry: bool) -> bool:
    key = name.rsplit("/", 1)[-1].partition("-")[0]
    again = {one.value for one in Status if one.is_passing}
    return key in again or (retry and key == Status.KILLED_WORKER.value)


def recompute(planned: Plan, jobs: int | None = None, scheduler: str | None = None) -> Iterator[Done]:
    """Do what is planned. jobs: processes of this machine, by default one a processor; 0: in this process.
    scheduler: address of a Dask scheduler, such as tcp://host:8786, instead.

    Raises:
        UserError: no scheduler answers, or its workers have another version of the program.
    """
    if not planned.tasks:
        return
    if scheduler is not None:
        with connected(scheduler) as client:
            yield from by_dask(planned.tasks, planned.job, client)
    elif jobs == 0:
        yield from in_this_process(planned.tasks, planned.job)
    else:
        n = min(jobs or os.cpu_count() or 1, len(planned.tasks))
        yield from by_pool(planned.tasks, planned.job, n)


@contextmanager
def connected(address: str) -> Iterator["Client"]:
    """Connect to the Dask scheduler at this address.

    Raises:
        UserError: the extra is not installed, or nobody answers.
    """
    distributed = needed("distributed", "a scheduler")
    try:
        client = distributed.Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise UserError(f"no Dask scheduler answers at {address}: start one with `dask scheduler`") from error
    try:
        yield client
    finally:
        client.close()
