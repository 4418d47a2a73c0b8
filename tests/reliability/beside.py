"""Heavy work beside a run: the demonstration is on, a phone watches, and a file of 80,000 points comes in.

Measured on the real `coach demo` in a process of its own: the longest time between two live metrics as the phone gets
them, and the memory of the serving process before and after (`VmRSS`, Linux).
"""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

from coach.live.pipeline import TICK_S
from tests.reliability.rows import Row

ROOT: Final = Path(__file__).resolve().parents[2]
LATE_S: Final = 0.3  # numbers come once a tick, and half a second without any was too long when a tick took 0.2 s
MORE_MB: Final = 30.0  # what Python keeps of a request; the points alone take 400
N_POINTS: Final = 80_000
_START: Final = datetime(2026, 2, 1, 6, 0, tzinfo=UTC)
_UP_S: Final = 90.0


@dataclass(frozen=True, slots=True)
class Beside:
    """gap_s: longest between two live metrics. before_mb, after_mb: memory of the serving process. work_s: how long
    the work took, answer: what it was answered."""

    gap_s: float
    quiet_gap_s: float
    before_mb: float
    after_mb: float
    work_s: float
    answer: int


class Watcher(threading.Thread):
    """A phone that watches: keeps when each live metrics event arrived."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.arrived_s: list[float] = []
        self._link = http.client.HTTPConnection("127.0.0.1", port, timeout=180)  # longer than a process is asleep
        self.is_over = False

    def run(self) -> None:
        self._link.request("GET", "/api/v1/live")
        answer = self._link.getresponse()
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):  # the coach ends or is ended
            while not self.is_over and (line := answer.readline()):
                if line == b"event: metrics\n":
                    self.arrived_s.append(time.monotonic())

    def largest_gap_s(self, since_s: float, until_s: float) -> float:
        """The longest wait between two events that touches these moments."""
        times = [since_s, *(t for t in self.arrived_s if since_s <= t <= until_s), until_s]
        return max(b - a for a, b in pairwise(times))


def gpx(n_points: int) -> bytes:
    """A slow run of one point a second."""
    points = "".join(
        f'<trkpt lat="{48 + t * 2.5 / 111_111:.7f}" lon="11.5"><ele>500</ele>'
        f"<time>{_START + timedelta(seconds=t):%Y-%m-%dT%H:%M:%SZ}</time></trkpt>"
        for t in range(n_points)
    )
    head = '<gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1"><trk><type>running</type><trkseg>'
    return f"{head}{points}</trkseg></trk></gpx>".encode()


@contextlib.contextmanager
def demonstration(data: Path) -> Iterator[tuple[int, int]]:
    """`coach demo` in a process of its own, its run on; gives port and process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "coach", "demo", "--data", str(data), "--port", str(port), "--host", "127.0.0.1"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline_s = time.monotonic() + _UP_S
        while not _is_running(port):
            if time.monotonic() > deadline_s or process.poll() is not None:
                raise AssertionError("the demonstration did not start")
            time.sleep(0.2)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(60)


def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    """One request; status and body."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    try:
        link.request(method, path, body or None, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = link.getresponse()
        return answer.status, answer.read()
    finally:
        link.close()


def _is_running(port: int) -> bool:
    try:
        status, body = ask(port, "GET", "/api/v1/run")
        return status == 200 and bool(json.loads(body)["run_id"])
    except (OSError, ValueError, KeyError, http.client.HTTPException):
        return False


def memory_mb(pid: int) -> float:
    """What a process has in memory [MB]."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def measure(folder: Path, n_points: int = N_POINTS, quiet_s: float = 45.0, settle_s: float = 10.0) -> Beside:
    """Import `n_points` beside the demonstration's run, after `quiet_s` in which nothing but the run is on."""
    content = gpx(n_points)
    with demonstration(folder / "data") as (port, pid):
        watcher = Watcher(port)
        watcher.start()
        time.sleep(quiet_s)
        before_mb, began_s = memory_mb(pid), time.monotonic()
        quiet_s = watcher.largest_gap_s(watcher.arrived_s[0], began_s)
        status, _ = ask(port, "POST", "/api/v1/runs/import", content, X_File_Name="long.gpx")
        ended_s = time.monotonic()
        time.sleep(settle_s)
        gap_s = watcher.largest_gap_s(began_s, ended_s + settle_s / 2)
        watcher.is_over = True
        return Beside(gap_s, quiet_s, before_mb, memory_mb(pid), ended_s - began_s, status)


def rows(folder: Path, n_points: int = N_POINTS, quiet_s: float = 45.0) -> Iterator[Row]:
    """One row: the import beside the run."""
    found = measure(folder / "beside", n_points, quiet_s)
    more_mb = found.after_mb - found.before_mb
    words = (
        f"answered with {found.answer} after {found.work_s:.0f} s; the longest wait was {found.gap_s:.2f} s "
        f"({found.quiet_gap_s:.2f} s in the {quiet_s:.0f} s before, on a machine at load {os.getloadavg()[0]:.0f}), "
        f"memory {found.before_mb:.0f} MB and {more_mb:+.0f} MB"
    )
    is_held = found.answer == 200 and found.gap_s < TICK_S + LATE_S and more_mb < MORE_MB
    late = f"numbers, due each {TICK_S:g} s, reach the live page less than {LATE_S:g} s late"
    demanded = f"{late}, memory grows by less than {MORE_MB:g} MB"
    yield Row(f"{n_points:,} points are imported beside a run", demanded, words, is_held)
