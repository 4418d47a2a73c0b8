"""A store of recordings for a study: short runs of a virtual runner, and all that can be wrong with a file."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np

from coach.live.pipeline_factory import profile_texts
from coach.model.links import SensorUse
from coach.model.recordings import RecordingHeader
from coach.model.sites import WearSite
from coach.recording.layout import McapFile
from coach.virtual_runner.body import VirtualBody
from coach.virtual_runner.runner import VirtualRunner
from tests.coach.live.mean_radio import LEFT, movesense
from tests.support.common import free_port

STARTED_AT = datetime(2026, 5, 4, 6, 30, tzinfo=UTC)
RATE_HZ = 208.0
USE = replace(LEFT, sensor_id="F0:0D:00:00:00:02", name="Movesense 214830000002", manufacturer="Movesense")
MARKER = "a free note of the runner"


@cache
def recording(
    number: int = 0, length_s: int = 10, lost: tuple[int, int] = (0, 0), uses: tuple[SensorUse, ...] = (USE,)
) -> bytes:
    """The bytes of a run with one foot sensor; each number is another run, with other bytes. lost: messages of eight
    readings, from and to, that never arrive. uses: of several sensors at one foot."""
    runner = VirtualRunner(VirtualBody(tires_after_s=1e9))
    parts = [runner.imu(WearSite.LEFT_FOOT, float(k), int(RATE_HZ), RATE_HZ) for k in range(length_s)]
    acc, gyr = (np.concatenate(of) for of in zip(*parts, strict=True))
    at = STARTED_AT + timedelta(days=number)
    settings = {"place": "treadmill", "shoes": "blue ones", "notes": MARKER}
    header = RecordingHeader(f"{at:%Y%m%d-%H%M%S}-{number:04x}", at, "0.1.0", uses, profile_texts(uses), settings)
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"coach-test-{os.getpid()}-{number}.mcap"
    try:
        with path.open("wb") as stream:
            file = McapFile(stream, header)
            for k, together in enumerate(zip(*(movesense(use, acc, gyr, RATE_HZ) for use in uses), strict=True)):
                if not 2 * lost[0] <= k - 3 < 2 * lost[1]:  # three answers first, two packets to a message
                    for notification in together:
                        file.add_notification(notification)
                if k % 50 == 49:
                    file.flush()
            file.finish()
        return path.read_bytes()
    finally:
        path.unlink(missing_ok=True)


def store_of(folder: Path, n: int, runner: str = "anna") -> Path:
    """A folder with `n` sound raw logs of one runner."""
    for number in range(n):
        path = folder / runner / f"run-{number}.mcap"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(recording(number))
    return folder


@contextlib.contextmanager
def object_server() -> Iterator[dict[str, str]]:
    """Moto's S3 server, in memory; gives the environment in which clients find it."""
    port = free_port()
    words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(port)
            yield {
                "AWS_ACCESS_KEY_ID": "x",
                "AWS_SECRET_ACCESS_KEY": "y",
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
                "AWS_DEFAULT_REGION": "us-east-1",
            }
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    import socket

    until_s = time.monotonic() + 90.0
    while time.monotonic() < until_s:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return
        time.sleep(0.1)
    raise TimeoutError("moto's server does not start")
