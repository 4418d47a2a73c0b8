"""Spread tasks over processes or machines; what became of each comes in the order in which they are done.

Two engines do it, both of others: a pool of processes of this machine (standard library), and Dask distributed where
one machine is not enough. At most `AHEAD` tasks a worker are under way at once, so that what the engine remembers does
not grow with the number of recordings (Dask keeps 7 to 16 KiB of each task it knows).

A recording may kill its worker, for want of memory or by a fault of a library. Who else was under way then is
innocent, but the engine does not know; so all of them are tried once more at the end, each alone, and only what kills a
worker alone is given up, with a row of its own.
"""

import time
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final

from coach.errors import UserError
from coach.service.runs.algorithm import algorithm_id
from coach.service.study.extra import needed
from coach.service.study.store import Found
from coach.service.study.work import Done, Job, failed, work
from coach.study.rows import Status

if TYPE_CHECKING:
    from distributed import Client


AHEAD: Final = 3  # one is computed, one waits, one result is on its way; more gains nothing. Chosen by judgement
_FEWEST: Final = 8  # under way where no worker is there yet: a cluster may start with the first task
_LOOK_EVERY_S: Final = 5.0  # how often a growing or shrinking cluster is counted
_GONE: Final = "the scheduler is gone or ended the job: give the same command again, it goes on from here"
_KILLED: Final = "each process that computed it died: too little memory, or a fault in a library"


def in_this_process(tasks: Iterable[Found], job: Job) -> Iterator[Done]:
    """Work off one after another, here: to look for a fault. A recording that kills its process ends the program."""
    for task in tasks:
        yield work(task, job)


def by_pool(tasks: Iterable[Found], job: Job, n_processes: int) -> Iterator[Done]:
    """Work on several processes of this machine."""
    left, suspects = iter(tasks), list[Found]()
    while unfinished := (yield from _one_pool(left, job, n_processes, AHEAD * n_processes)):
        suspects += unfinished
    left = iter(suspects)
    while guilty := (yield from _one_pool(left, job, 1, 1)):
        yield failed(guilty[0], job, Status.KILLED_WORKER, _KILLED)


def _one_pool(tasks: Iterator[Found], job: Job, n_processes: int, window: int) -> Generator[Done, None, list[Found]]:
    """Work until all is done, or a process dies; return the tasks that were under way then."""
    pool = ProcessPoolExecutor(n_processes, get_context("spawn"))
    under_way: dict[Future[Done], Found] = {}
    unfinished: list[Found] = []
    latest: Found | None = None
    try:
        while not unfinished:
            while len(under_way) < window and (latest := next(tasks, None)) is not None:
                under_way[pool.submit(work, latest, job)] = latest
            if not under_way:
                break
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                task = under_way.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    unfinished.append(task)
    except BrokenProcessPool:  # it died between two tasks: the one that was to be submitted comes again
        unfinished += [latest] if latest is not None else []
    finally:
        pool.shutdown(cancel_futures=True)
    return [*unfinished, *under_way.values()] if unfinished else []


def by_dask(tasks: Iterable[Found], job: Job, client: "Client") -> Iterator[Done]:
    """Work on the workers of a Dask client (`distributed.Client`).

    Raises:
        UserError: a worker has another version of the program, or the scheduler is gone.
    """
    check_workers(client, job)
    left, suspects = iter(tasks), list[Found]()
    yield from _windowed(left, job, client, None, suspects)
    guilty: list[Found] = []
    yield from _windowed(iter(suspects), job, client, 1, guilty)
    for task in guilty:
        yield failed(task, job, Status.KILLED_WORKER, _KILLED)


def check_workers(client: "Client", job: Job) -> None:
    """Raise UserError where a worker would compute other numbers than this program.

    One that dies before it answers computes nothing; whoever comes later is asked by each task (`work`).
    """
    lost = needed("distributed", "a scheduler").comm.CommClosedError
    try:
        answers = client.run(algorithm_id, on_error="return").values()
        found = {one for one in answers if not isinstance(one, lost)}
    except (OSError, RuntimeError, TimeoutError) as error:
        raise UserError(f"the workers do not answer ({error}): look at the scheduler's page") from error
    if other := [str(one) for one in found if one != job.algorithm]:
        raise UserError(
            f"workers compute by another program ({', '.join(other)[:200]}), here it is {job.algorithm}: install the "
            "same version of running-coach[study] everywhere"
        )


def _windowed(
    tasks: Iterator[Found], job: Job, client: "Client", window: int | None, killers: list[Found]
) -> Iterator[Done]:
    """Work off tasks with at most `window` of them under way (None: as many as the workers need);
    those whose workers died go into `killers`."""
    distributed = needed("distributed", "a scheduler")
    done = distributed.as_completed(loop=client.loop)
    under_way: dict[object, Found] = {}
    width, looked_s, number = 0, -_LOOK_EVERY_S, 0
    name = f"recording-{time.time_ns():x}"  # one group of tasks for the scheduler, another for each job

    def fill() -> None:
        nonlocal width, looked_s, number
        if window is None and time.monotonic() - looked_s >= _LOOK_EVERY_S:
            n_threads = sum(client.nthreads().values())  # type: ignore[no-untyped-call]  # distributed has no types here
            width, looked_s = max(_FEWEST, AHEAD * n_threads), time.monotonic()
        while len(under_way) < (window or width) and (task := next(tasks, None)) is not None:
            number += 1
            future = client.submit(work, task, job, key=(name, number), pure=False)
            under_way[future.key] = task
            done.add(future)

    try:
        fill()
        for future in done:
            task = under_way.pop(future.key)
            if future.status == "error" and isinstance(future.exception(), distributed.KilledWorker):
                killers.append(task)
            else:
                yield future.result()
            future.release()
            fill()
    except (OSError, distributed.CancelledError, distributed.client.ClosedClientError) as error:
        raise UserError(_GONE) from error
