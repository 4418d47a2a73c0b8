"""Commands measured as processes of their own: start-up, memory, and how well two processes share the work."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.benchmark.machine import slowness

ROOT: Final = Path(__file__).parents[2]
_ROUNDS: Final = 3
IDLE_S: Final = 5.0  # after which a service has begun all that it begins
PAGES: Final = (
    *("/", "/live", "/runs", "/runs/trends", "/progress", "/strength", "/workouts", "/sensors", "/you", "/phones"),
    *("/phone/", "/phone/manifest.json"),
)


def command_s(*words: str) -> float:
    """CPU seconds of a command of its own, normalised."""
    before, start = slowness(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "coach", *words], cwd=ROOT, check=True, capture_output=True)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken_s = end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime
    return taken_s / (0.5 * (before + slowness()))


@contextmanager
def served(folder: Path) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """`coach serve` on a data folder, from the first byte of its page on; with the page's address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    words = ["serve", "--data", str(folder), "--port", port, "--host", "127.0.0.1"]
    with subprocess.Popen(
        [sys.executable, "-m", "coach", *words], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        until_s = time.monotonic() + 60.0
        while time.monotonic() < until_s and process.poll() is None:
            with suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/static/css/tokens.css", timeout=5).read(1)
                break
            time.sleep(0.05)
        yield process, f"http://127.0.0.1:{port}"
        process.send_signal(signal.SIGINT)
        process.wait(30)


def serve(folder: Path) -> tuple[float, float]:
    """CPU seconds of `coach serve` until the first byte of its page, normalised, and resident memory idle [MB]."""
    before = slowness()
    with served(folder) as (process, _):
        fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        cpu_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        time.sleep(IDLE_S)
        idle_mb = resident_mb(process.pid)
    return cpu_s / (0.5 * (before + slowness())), idle_mb


def opened_mb(folder: Path) -> float:
    """Resident memory [MB] of the service once each page was opened, those of a run and what a phone takes along."""
    adopt(folder)
    with served(folder) as (process, address):
        runs = json.loads(urllib.request.urlopen(f"{address}/api/v1/runs", timeout=30).read())["entries"]
        paths = [*PAGES, *(f"/runs/{entry['run']['run_id']}" for entry in runs)]
        for path in paths:
            urllib.request.urlopen(f"{address}{path}", timeout=60).read()
        time.sleep(IDLE_S)
        return resident_mb(process.pid)


def resident_mb(process_id: int) -> float:
    pages = int(Path(f"/proc/{process_id}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def recompute_peak_mb(folder: Path) -> float:
    """Peak resident memory [MB] of `coach runs recompute` in a process of its own."""
    words = "import resource, subprocess, sys; subprocess.run([sys.executable, '-m', 'coach', 'runs', 'recompute', "
    words += f"'--all', '--processes', '1', '--data', {str(folder)!r}], check=True, capture_output=True); "
    words += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    done = subprocess.run([sys.executable, "-c", words], cwd=ROOT, check=True, capture_output=True, text=True)
    return int(done.stdout) * 1024 / 1e6


def adopt(folder: Path) -> None:
    """Make runs of a data folder's recordings."""
    words = "import sys; from pathlib import Path; from coach.bootstrap import Coach; "
    words += "from coach.settings import make_settings; "
    words += "Coach(make_settings(Path(sys.argv[1]), '127.0.0.1', 0)).recovery.adopt()"
    subprocess.run([sys.executable, "-c", words, str(folder)], cwd=ROOT, check=True)


def live_mb(recording: Path, folder: Path) -> float:
    """Resident memory [MB] of the service after the whole recording was played to it as a live run."""
    words = [sys.executable, "-m", "tests.benchmark.live_service", str(recording), str(folder)]
    done = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def efficiency_pct(folder: Path, other: Path) -> tuple[float, float]:
    """How much of twice the speed is reached over all runs of a folder [%], by the clock, best of several.

    By two processes of one command; and by two commands at once, each with one process, on a folder of its own: what
    the machine's processors lose to each other, which no program can win back.
    """
    best_s = {words: float("inf") for words in ("one", "shared", "apart")}
    for _ in range(_ROUNDS):
        for words, (n, folders) in {
            "one": (1, [folder]),
            "shared": (2, [folder]),
            "apart": (1, [folder, other]),
        }.items():
            start_s = time.monotonic()
            started = [_recompute_all(one, n) for one in folders]
            assert not any(process.wait() for process in started)
            best_s[words] = min(best_s[words], time.monotonic() - start_s)
    return 100.0 * best_s["one"] / (2.0 * best_s["shared"]), 100.0 * best_s["one"] / best_s["apart"]


def _recompute_all(folder: Path, n_processes: int) -> subprocess.Popen[bytes]:
    words = ["runs", "recompute", "--all", "--processes", str(n_processes), "--data", str(folder)]
    return subprocess.Popen(
        [sys.executable, "-m", "coach", *words], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
