"""How fast the gait core is: ten minutes of one foot, six axes, 200 Hz, one core; best processor time of several runs.

Compared with one plain numpy pass over the same array and, where a Python with gaitmap is named in
COACH_GAITMAP_PYTHON, with gaitmap end to end on the same samples in the same run. They take turns, so that what
else the machine does meets all of them.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from coach.gait.bulk import analyse
from coach.gait.foot.analyzer import FootGait
from coach.model.samples import FloatArray, ImuChunk
from coach.model.sites import WearSite
from coach.model.strides import GaitEvent, Stride
from coach.virtual_runner.body import VirtualBody
from coach.virtual_runner.runner import VirtualRunner

DURATION_S, RATE_HZ, CHUNK = 600.0, 200.0, 20
ROUNDS, LEAST_S = 5, 0.5  # each candidate gets this long a round at least


def recorded() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Times, specific force and turn rate of a virtual runner's left foot."""
    runner = VirtualRunner(VirtualBody(tires_after_s=1e9))
    n = int(DURATION_S * RATE_HZ)
    parts = [runner.imu(WearSite.LEFT_FOOT, k / RATE_HZ, 4000, RATE_HZ) for k in range(0, n, 4000)]
    acc, gyr = (np.concatenate(of) for of in zip(*parts, strict=True))
    return np.arange(n) / RATE_HZ, acc, gyr


LEAST_SHARE = 0.9  # of our strides, for a peer to have done the same work; chosen by judgement


def chunks_of(t: FloatArray, acc: FloatArray, gyr: FloatArray, size: int) -> list[ImuChunk]:
    return [
        ImuChunk(WearSite.LEFT_FOOT, t[k : k + size], acc[k : k + size], gyr[k : k + size], 156.9, 34.9, RATE_HZ)
        for k in range(0, len(t), size)
    ]


def streamed(chunks: list[ImuChunk]) -> list[GaitEvent]:
    gait = FootGait(WearSite.LEFT_FOOT)
    events = [event for chunk in chunks for event in gait.feed(chunk)]
    return events + gait.finish()


def taken_s(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def best_s(candidates: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Least processor time of several runs of each: the machine is noisy, the program is not."""
    best = dict.fromkeys(candidates, np.inf)
    for _ in range(ROUNDS):
        for name, run in candidates.items():
            start = time.perf_counter()
            while True:
                best[name] = min(best[name], taken_s(run))
                if time.perf_counter() - start > LEAST_S:
                    break
    return {name: float(seconds) for name, seconds in best.items()}


class Peer(NamedTuple):
    """What gaitmap took and found on one foot."""

    best_s: float
    n_strides: int


def gaitmap_on(
    acc: FloatArray, gyr: FloatArray, rate_hz: float, strides: list[Stride], side: str = "left"
) -> Peer | str:
    """gaitmap end to end on the samples of a foot, its running template cut at our toe-offs; or why it did not run."""
    python = os.environ.get("COACH_GAITMAP_PYTHON")
    if not python:
        return "COACH_GAITMAP_PYTHON names no Python that has it"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "foot.npz"
        toe_off = np.array([s.toe_off_s for s in strides[5:26] if s.toe_off_s is not None], dtype=float)
        np.savez(file, acc=acc, gyr=gyr, toe_off_s=toe_off, rate_hz=rate_hz, side=side)
        script = Path(__file__).with_name("gaitmap_end_to_end.py")
        one_core = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
        command = [python, str(script), str(file)]
        done = subprocess.run(command, env=one_core, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"it failed, {done.stderr.strip().splitlines()[-1]}"
    found = json.loads(done.stdout.splitlines()[-1])
    return Peer(float(found["best_s"]), int(found["strides"]))


def main() -> None:
    t, acc, gyr = recorded()
    whole, pieces = chunks_of(t, acc, gyr, len(t)), chunks_of(t, acc, gyr, CHUNK)
    strides = [event for event in analyse(whole) if isinstance(event, Stride)]
    rows = np.ascontiguousarray(np.hstack([acc, gyr]))
    candidates: dict[str, Callable[[], object]] = {
        "one numpy pass (cumsum)": lambda: np.cumsum(rows, axis=0),
        f"stream, chunks of {CHUNK}": lambda: streamed(pieces),
        "whole recording in one chunk": lambda: analyse(whole),
    }
    times = best_s(candidates)
    found = gaitmap_on(acc, gyr, RATE_HZ, strides)
    peer = found.best_s if isinstance(found, Peer) and found.n_strides >= LEAST_SHARE * len(strides) else None
    print(f"{len(strides)} strides in {DURATION_S / 60:.0f} minutes of one foot at {RATE_HZ:.0f} Hz\n")
    print("| what | ms | times real time | numpy passes | times gaitmap |\n|---|---|---|---|---|")
    for name, seconds in times.items():
        ratio = "" if peer is None else f"{peer / seconds:.1f}"
        passes = f"{seconds / times['one numpy pass (cumsum)']:.1f}"
        print(f"| {name} | {1e3 * seconds:.1f} | {DURATION_S / seconds:.0f} | {passes} | {ratio} |")
    if peer is not None:
        print(f"| gaitmap, end to end | {1e3 * peer:.0f} | {DURATION_S / peer:.0f} | | 1 |")
    elif isinstance(found, Peer):
        print(f"\nNot compared with gaitmap: it found {found.n_strides} of {len(strides)} strides.")
    else:
        print(f"\nNot compared with gaitmap: {found}.")
