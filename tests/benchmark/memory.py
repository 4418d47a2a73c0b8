"""How much memory a live run holds: six simulated hours of two feet and a chest, bytes to cues, hour by hour.

The virtual runner's motion is packed into the frames of three boards and goes through decoders, gait and coaching as
in a run; only radio, disk and page are left out. Counted are the process's pages (resident set) and Python's memory
blocks, after a collection.
"""

import gc
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import merge
from pathlib import Path

from coach.live.pipeline import Pipeline
from coach.live.pipeline_factory import make_pipeline
from coach.model.links import SensorUse
from coach.model.samples import Notification
from coach.model.sites import WearSite
from coach.packets.coach_board import BoardFrame, BoardScale
from coach.service.runner import RunnerService
from coach.service.runs.coaching import CoachingService
from coach.storage.store import Store
from coach.virtual_runner.body import VirtualBody
from coach.virtual_runner.runner import VirtualRunner
from firmware_config.loader import load_profile
from tests.support.encoders import encode_frame

HOURS = 6
STOPS_S = (60.0, 600.0, *(3600.0 * hour for hour in range(1, HOURS + 1)))
RATES_HZ = {WearSite.LEFT_FOOT: 208, WearSite.RIGHT_FOOT: 208, WearSite.CHEST: 104}
READINGS = 19  # in a frame: what fits the usual MTU of 247
SCALE = BoardScale(16, 2000, is_st=False)


def frames(runner: VirtualRunner, site: WearSite, rate_hz: int, data: str) -> Iterator[Notification]:
    """What the board worn at this site sends, without end."""
    sequence = n = 0
    while True:
        acc, gyr = runner.imu(site, n / rate_hz, rate_hz * 10, float(rate_hz))
        for k in range(0, len(acc), READINGS):
            part = slice(k, k + READINGS)
            first_us = round(1e6 * (n + k) / rate_hz) & 0xFFFFFFFF
            frame = BoardFrame(sequence & 0xFFFF, first_us, SCALE, acc[part], gyr[part])
            yield Notification(site.value, data, (n + k + len(acc[part])) / rate_hz + 0.02, encode_frame(frame))
            sequence += 1
        n += len(acc)


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def run_of(folder: Path) -> Pipeline:
    """A coached run with three boards."""
    store = Store(folder / "coach.sqlite")
    RunnerService(store).answer_red_flags([])
    uses = [SensorUse(site.value, site.value, "coach_board", site) for site in RATES_HZ]
    return make_pipeline(uses, coaching=CoachingService(store).prepare("memory", datetime.now(UTC), "lengthen"))


def main() -> None:
    data = next(c.uuid for c in load_profile("coach_board").characteristics().values() if c.role == "data")
    runner = VirtualRunner(VirtualBody(tires_after_s=1800.0))
    stops, n_strides, n_cues, start = iter(STOPS_S), 0, 0, time.perf_counter()
    stop_s = next(stops)
    print("| simulated | resident, MB | Python's blocks | events | cues |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        pipeline = run_of(Path(folder))
        sensors = [frames(runner, site, rate, data) for site, rate in RATES_HZ.items()]
        for notification in merge(*sensors, key=lambda n: n.t_s):
            if notification.t_s > stop_s:
                gc.collect()
                when = f"{stop_s / 3600:.0f} h" if stop_s >= 3600 else f"{stop_s / 60:.0f} min"
                blocks = sys.getallocatedblocks()
                print(f"| {when} | {resident_mb():.1f} | {blocks} | {n_strides} | {n_cues} |", flush=True)
                stop_s = next(stops, 0.0)
                if stop_s == 0.0:
                    break
            outputs = pipeline.feed(notification)
            n_strides, n_cues = n_strides + len(outputs.events), n_cues + len(outputs.decisions)
            if outputs.faults:
                raise outputs.faults[0]
    print(f"\n{HOURS} hours in {time.perf_counter() - start:.0f} s, the runner's own motion included.")
