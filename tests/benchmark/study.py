"""`python -m tests.benchmark study`: what a study costs, and what of it is the engine's.

Recordings of a virtual runner with two feet at 208 Hz, a pod and a strap are computed here and by two workers of Dask.
CPU time, not wall time: two cores are each other's neighbours. The engine's share is what client, scheduler and workers
take outside the tasks, once all is loaded. Most of it goes with the time that passes, not with the tasks (clocks that
tick, heartbeats), so on a machine that is shared with others it is larger than on one's own; from what they take idle
follows the share where each worker has a core. Memory is that of this process, which holds the scheduler, after 1,000
and after 10,000 tasks that do nothing (Dask keeps the names of its last 100,000 tasks, whatever is under way).
Core-hours for a million run-hours follow, one recording an hour.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from unittest import mock

from coach.service.runs.algorithm import algorithm_id
from coach.service.study import spread
from coach.service.study.recompute import plan, recompute
from coach.service.study.store import Found
from coach.service.study.work import Done, Job
from coach.study.rows import Status
from tests.benchmark.machine import slowness
from tests.benchmark.recordings import make_recording

N_RECORDINGS: Final = 4
N_WORKERS: Final = 2
FEW, MANY = 1_000, 10_000
RUN_HOURS: Final = 1_000_000
MINUTES: Final = 2  # of one recording
IDLE_S: Final = 5.0
QUIET: Final = {  # as `docs/study.md` says; what Dask measures of itself says nothing here
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
}


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds at the reference's speed: of tasks, and of all processes outside of them. peak_mb: of a worker."""

    n: int
    hours: float
    tasks_s: float
    engine_s: float
    peak_mb: float


def nothing(task: Found, job: Job) -> Done:
    """A task that does nothing, in the place of `work`."""
    return Done(task.source, Status.DONE)


def load() -> float:
    """CPU seconds of loading in a worker what a task needs."""
    import pyarrow.parquet  # noqa: F401 - loaded, not used

    from coach.service.study import work  # noqa: F401

    return time.process_time()


def here(store: Path, results: Path) -> Cost:
    """Computed in this process."""
    before, start_s = slowness(), time.process_time()
    done = list(recompute(plan(str(store), str(results)), jobs=0))
    all_s = (time.process_time() - start_s) / (0.5 * (before + slowness()))
    tasks_s = all_s  # what is outside `work` is a listing
    return Cost(len(done), sum(one.hours for one in done), tasks_s, 0.0, max(one.peak_mb for one in done))


def on_dask(client: Any, store: Path, results: Path) -> Cost:
    """Computed by the workers of a cluster whose scheduler is in this process."""
    planned = plan(str(store), str(results))
    before = slowness()
    workers_s, own_s = sum(client.run(time.process_time).values()), time.process_time()
    done = list(spread.by_dask(planned.tasks, planned.job, client))
    own_s = time.process_time() - own_s
    workers_s = sum(client.run(time.process_time).values()) - workers_s
    slow = 0.5 * (before + slowness())
    assert all(one.status is Status.DONE for one in done)
    tasks_s = sum(one.cpu_s for one in done)
    hours = sum(one.hours for one in done)
    return Cost(len(done), hours, tasks_s / slow, (own_s + workers_s - tasks_s) / slow, max(d.peak_mb for d in done))


def empty_tasks(client: Any, n: int) -> tuple[float, float]:
    """CPU seconds of this process a task that does nothing, and this process's resident memory after `n` [MB]."""
    import psutil

    tasks = (Found(f"{k}.mcap", f"{k:016x}", 0) for k in range(n))
    job = Job("/nowhere", "/nowhere", algorithm_id())
    start_s = time.process_time()
    with mock.patch.object(spread, "work", nothing):
        for _ in spread.by_dask(tasks, job, client):
            pass
    return (time.process_time() - start_s) / n, psutil.Process().memory_info().rss / 1e6


def idle(client: Any) -> tuple[float, float]:
    """CPU seconds that a worker, and client with scheduler, take a second in which there is nothing to do."""
    start = sum(client.run(time.process_time).values()), time.process_time(), time.monotonic()
    time.sleep(IDLE_S)
    workers_s, own_s = sum(client.run(time.process_time).values()), time.process_time()
    passed_s = time.monotonic() - start[2]
    return (workers_s - start[0]) / passed_s / N_WORKERS, (own_s - start[1]) / passed_s


def table() -> list[Sequence[str]]:
    """Measure everything."""
    import dask
    from distributed import LocalCluster

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "store" / "anna").mkdir(parents=True)
        for number in range(N_RECORDINGS):
            make_recording(folder / "store" / "anna" / f"run-{number}.mcap", MINUTES, has_chest=False)
        serial = here(folder / "store", folder / "here")
        with (
            dask.config.set(QUIET),
            LocalCluster(N_WORKERS, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as cluster,
            cluster.get_client() as client,
        ):
            bare_s = sum(client.run(time.process_time).values())
            load_s = (sum(client.run(load).values()) - bare_s) / N_WORKERS / slowness()
            on_dask(client, folder / "store", folder / "first")  # what is read on first use is read
            spread_out = on_dask(client, folder / "store", folder / "second")
            worker_idle, own_idle = idle(client)
            _, few_mb = empty_tasks(client, FEW)
            task_s, many_mb = empty_tasks(client, MANY)
    hour_s = spread_out.tasks_s / spread_out.hours
    share = spread_out.engine_s / (spread_out.tasks_s + spread_out.engine_s)
    engine = worker_idle + own_idle / N_WORKERS + task_s / hour_s  # of a second of a task, where each has a core
    return [
        ("a run-hour in this process, CPU s", f"{serial.tasks_s / serial.hours:.1f}"),
        ("a run-hour in tasks of Dask, CPU s", f"{hour_s:.1f}"),
        ("a worker with nothing to do, of a core", f"{100 * worker_idle:.1f} %"),
        ("client and scheduler with nothing to do, of a core", f"{100 * own_idle:.1f} %"),
        ("client and scheduler, CPU ms a task", f"{1000 * task_s:.2f}"),
        (f"engine's share of CPU in this run, recordings of {MINUTES} min", f"{100 * share:.1f} %"),
        (
            f"engine's share, {N_WORKERS} workers with a core each, recordings of an hour",
            f"{100 * engine / (1 + engine):.1f} %",
        ),
        ("loading the program, once a worker, CPU s", f"{load_s:.1f}"),
        (f"memory after {FEW:,} and {MANY:,} tasks, MB", f"{few_mb:.0f}, {many_mb:.0f}"),
        ("memory for each further task, KiB", f"{(many_mb - few_mb) * 1e6 / 1024 / (MANY - FEW):.2f}"),
        ("a worker's most memory, MB", f"{spread_out.peak_mb:.0f}"),
        (f"core-hours for {RUN_HOURS:,} run-hours", f"{RUN_HOURS * hour_s * (1 + engine) / 3600:,.0f}"),
    ]


def main() -> None:
    print("| what | value |\n|---|---|")
    for what, value in table():
        print(f"| {what} | {value} |")
