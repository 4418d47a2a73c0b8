"""A run that is killed without warning is found again, with all but its last moment."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from datetime import datetime
from pathlib import Path

import pytest

from tests.support.common import free_port

KILLED_AFTER_S = 12.0  # of the run's clock
# A second, and one for a machine that others keep busy; `python -m tests.reliability kills` measures it alone. Lost is
# what the run itself had reached, not the wall: a process that waited for a processor has nothing to lose meanwhile.
LOST_S = 2.0


@pytest.mark.slow
def test_a_demo_killed_in_full_run_is_recovered_by_the_next_command(tmp_path: Path) -> None:
    coach = [sys.executable, "-m", "coach"]
    data = tmp_path / "data"
    port = free_port()
    command = [*coach, "demo", "--data", str(data), "--port", str(port), "--host", "127.0.0.1"]
    demo = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        recording = _wait_for_recording(data)
        ran_s = _in_full_run(port)
    finally:
        killed_at = time.time()
        os.kill(demo.pid, signal.SIGKILL)
        demo.wait()
    listing = subprocess.run(
        [*coach, "runs", "list", "--json", "--data", str(data)], capture_output=True, text=True, check=True
    )
    run, summary = (json.loads(listing.stdout)["runs"][0][key] for key in ("run", "summary"))
    assert recording.name.startswith(run["run_id"])
    assert run["state"] == "recovered"
    assert ran_s - LOST_S <= run["duration_s"] <= killed_at - datetime.fromisoformat(run["started_at"]).timestamp()
    assert 150 < summary["cadence_spm"] < 185
    assert summary["n_strides"] > 10


def _wait_for_recording(data: Path) -> Path:
    """The raw log once the demo has begun to write it."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = list((data / "recordings").glob("*.mcap*"))
        if found:
            return found[0]
        time.sleep(0.1)
    raise AssertionError("the demo began no recording within a minute")


def _in_full_run(port: int) -> float:
    """The time of the run [s], once it is long enough and has numbers."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/run") as answer:
            status = json.load(answer)
            metrics = status.get("metrics") or {}
            if (status.get("elapsed_s") or 0.0) >= KILLED_AFTER_S and metrics.get("contact_time_ms"):
                return float(status["elapsed_s"])
        time.sleep(0.1)
    raise AssertionError("the demo was not in full run within two minutes")
