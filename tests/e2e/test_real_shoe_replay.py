"""A real runner with a real shoe sensor, its lost packets and its clipping, played through the whole service."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.support.common import free_port, need_reference

pytestmark = [pytest.mark.reference, pytest.mark.slow]  # half a minute by the clock


def test_the_recording_of_a_real_shoe_runs_through_the_live_page_and_is_saved(tmp_path: Path) -> None:
    folder, port = need_reference("wmf_shoe_run"), free_port()
    where = ["--data", str(tmp_path), "--port", str(port), "--host", "127.0.0.1"]
    replay = subprocess.Popen(
        [sys.executable, "-m", "coach", "replay", str(folder), "--speed", "8", "--json", *where], stdout=subprocess.PIPE
    )
    live = _live_cadences(port, replay)
    output, _ = replay.communicate(timeout=120)
    assert replay.returncode == 0
    summary = json.loads(output)["summary"]
    # The publisher of the recording expects 75 to 95 strides a minute of it.
    assert 2 * 75 <= summary["cadence_spm"] <= 2 * 95
    assert summary["n_strides"] > 60
    assert summary["n_missing"] > 500
    assert any(150 <= cadence <= 190 for cadence in live)


def _live_cadences(port: int, replay: "subprocess.Popen[bytes]") -> list[float]:
    """What the page would have shown while the recording was played."""
    seen: list[float] = []
    deadline = time.monotonic() + 100
    while replay.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/metrics", timeout=5) as answer:
                metrics = json.load(answer) or {}
        except (urllib.error.URLError, ConnectionError):
            metrics = {}
        if metrics.get("cadence_spm"):
            seen.append(metrics["cadence_spm"])
        time.sleep(0.2)
    return seen
