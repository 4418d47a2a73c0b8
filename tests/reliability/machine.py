"""What befalls the machine in a run: a full disk, a locked database, a wall clock that jumps, a sleeping process.

A disk that turns read-only or answers late is in `disk`.
"""

import contextlib
import json
import os
import resource
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import time_machine

from coach.bootstrap import Coach
from coach.recording import writer
from tests.reliability import beside, disk
from tests.reliability.rows import Row
from tests.reliability.scene import WHOLE, befallen, is_shown
from tests.reliability.workload import Feeder

AWAKE_S: Final = 2.0
BACK_S: Final = 10.0  # a sensor that lost its connection is connected again in so much


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process may grow: every write beyond fails in the kernel (setrlimit(2), RLIMIT_FSIZE)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def disk_full(folder: Path, harm_s: float = 8.0) -> Row:
    """Log and database are refused for some seconds."""
    seen: list[bool] = []

    def harm(coach: Coach, tap: Callable[[], None], _feeder: Feeder) -> None:
        with full_disk():
            time.sleep(harm_s / 2)
            tap()
            seen.append(is_shown(coach))
            time.sleep(harm_s / 2)
        time.sleep(2 * writer.TRY_AGAIN_S)

    after = befallen(folder, harm)
    words = f"{after}; {'shown' if seen == [True] else 'not shown'} to a phone that opens"
    return Row(
        f"the disk is full for {harm_s:g} s", f"{WHOLE}; the state shown", words, after.is_whole and seen == [True]
    )


def database_locked(folder: Path, harm_s: float = 8.0) -> Row:
    """Another program holds the database for longer than the coach waits for it."""

    def harm(coach: Coach, tap: Callable[[], None], _feeder: Feeder) -> None:
        with contextlib.closing(sqlite3.connect(coach.settings.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(harm_s / 2)
            tap()
            time.sleep(harm_s / 2)
            other.execute("ROLLBACK")

    after = befallen(folder, harm)
    return Row(f"the database is locked for {harm_s:g} s", WHOLE, str(after), after.is_whole)


def clock_jumps(folder: Path, hours: float, rest_s: float = 2.0) -> Row:
    """The wall clock jumps; monotonic time goes on, as on a machine that is set to another time."""

    def harm(_: Coach, tap: Callable[[], None], _feeder: Feeder) -> None:
        with time_machine.travel(datetime.now(UTC) + timedelta(hours=hours), tick=True):
            time.sleep(rest_s / 2)
            tap()
            time.sleep(rest_s / 2)

    after = befallen(folder, harm)
    return Row(f"the clock jumps by {hours:+g} h and back", WHOLE, str(after), after.is_whole)


def suspended(folder: Path, harm_s: float = 60.0) -> Row:
    """The process of `coach demo` sleeps (SIGSTOP) in a run, as a laptop whose lid is closed.

    Its sensors lose their connections meanwhile, as real ones do.
    """
    with beside.demonstration(folder / "data") as (port, pid):
        watcher = beside.Watcher(port)
        watcher.start()
        _wait(lambda: _streaming(port, 0.0), time.monotonic())
        began_s = time.monotonic()
        os.kill(pid, signal.SIGSTOP)
        time.sleep(harm_s)
        os.kill(pid, signal.SIGCONT)
        woken_s = time.monotonic()
        status, run = beside.ask(port, "GET", "/api/v1/run")
        answer_s = time.monotonic() - woken_s
        live_s = _wait(lambda: any(t > woken_s for t in watcher.arrived_s), woken_s)
        back_s = _wait(lambda: _streaming(port, woken_s - began_s), woken_s)
        body = json.dumps({"run_id": json.loads(run)["run_id"]}).encode()
        stopped, _ = beside.ask(port, "POST", "/api/v1/run/stop", body, Content_Type="application/json")
    is_held = (status, stopped) == (200, 200) and max(answer_s, live_s) < AWAKE_S and back_s < BACK_S
    words = (
        f"a page after {answer_s:.1f} s, live numbers after {live_s:.1f} s, all sensors after {back_s:.1f} s, "
        f"the stop answered with {stopped}"
    )
    demanded = (
        f"a page and live numbers within {AWAKE_S:g} s, all sensors back in {BACK_S:g} s, and the run can be stopped"
    )
    return Row(f"the process sleeps for {harm_s:g} s", demanded, words, is_held)


def _wait(is_so: Callable[[], bool], since_s: float, longest_s: float = 60.0) -> float:
    """How long after `since_s` it is so [s]; infinite where it never is."""
    while not is_so():
        if time.monotonic() - since_s > longest_s:
            return float("inf")
        time.sleep(0.05)
    return time.monotonic() - since_s


def _streaming(port: int, since_s: float) -> bool:
    """Whether a page sees that all sensors stream, since that time of the run."""
    _, run = beside.ask(port, "GET", "/api/v1/run")
    links = json.loads(run)["links"]
    return bool(links) and all(link["status"] == "streaming" and link["t_s"] >= since_s for link in links)


def rows(folder: Path) -> Iterator[Row]:
    """All of them, as long as they really take."""
    yield disk_full(folder / "full")
    yield from disk.rows(folder / "disk")
    yield database_locked(folder / "lock")
    yield clock_jumps(folder / "forward", 1.0, 8.0)
    yield clock_jumps(folder / "back", -2.0, 8.0)
    yield suspended(folder / "sleep")
