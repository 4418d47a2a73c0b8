"""The whole path against gaitmap: file to database here, gaitmap's core end to end there, on both feet of a person.

The recording: half a minute of a person on a treadmill at 3.5 m/s, virtual sensors moved as the markers on both shoes
were, again and again, each time with the standing before it. gaitmap finds its strides, where it finds none of the
virtual runner's that the other lines measure, and 15 of 760 of the longest recording with real sensors on both feet
(biomac_p01). It is given the sensors' mounting, which we find ourselves.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from coach.gait.bulk import analyse
from coach.model.samples import FloatArray, ImuChunk
from coach.model.strides import Stride
from tests.benchmark.gait import LEAST_SHARE, gaitmap_on
from tests.benchmark.machine import slowness
from tests.benchmark.recordings import RIGHT, write_recording
from tests.coach.live.mean_radio import LEFT, movesense
from tests.support.recordings import names, read

FEET: Final = ("rbds001_run_3p5_left_foot_device", "rbds001_run_3p5_right_foot_device")
MINUTES: Final = 5
Recomputed = tuple[float, int]  # CPU seconds, normalised; strides


class Compared(NamedTuple):
    """times: how many times faster the whole path is; None where not compared. words: what was run on both sides."""

    times: float | None
    words: str


def compared(folder: Path, recompute: Callable[[Path, Path], Recomputed]) -> Compared:
    """Run both. recompute: the whole path, of a recording in a folder."""
    if set(FEET) - set(names()):
        return Compared(None, f"Not compared with gaitmap: COACH_REFERENCE names no folder with {' and '.join(FEET)}.")
    recordings = [read(name) for name in FEET]
    feet = [_again(one.chunk) for one in recordings]
    recording = folder / "person.mcap"
    sent = [movesense(use, *_rows(foot), foot.rate_hz) for use, foot in zip((LEFT, RIGHT), feet, strict=True)]
    write_recording(recording, (LEFT, RIGHT), sent)
    ours_s, n_ours = recompute(recording, folder / "person")
    peer_s, n_peer = 0.0, 0
    for foot, about in zip(feet, (one.about for one in recordings), strict=True):
        mounting = np.array([about["mounting"][axis] for axis in ("forward", "left", "up")])
        strides = [event for event in analyse([foot]) if isinstance(event, Stride)]
        before = slowness()
        turned = [rows @ mounting.T for rows in _rows(foot)]
        found = gaitmap_on(*turned, foot.rate_hz, strides, "left" if foot.wear_site.is_left else "right")
        if isinstance(found, str):
            return Compared(None, f"Not compared with gaitmap: {found}.")
        peer_s += found.best_s / min(before, slowness())
        n_peer += found.n_strides
    words = (
        f"gaitmap: of {MINUTES} minutes of both feet of a person ({' and '.join(FEET)}, repeated) the whole path, file "
        f"to database, took {ours_s:.2f} CPU s for {n_ours} strides, gaitmap's core end to end {peer_s:.2f} for "
        f"{n_peer}"
    )
    if n_peer < LEAST_SHARE * n_ours:
        return Compared(None, f"{words}: too few to compare.")
    return Compared(peer_s / ours_s, f"{words}.")


def _again(chunk: ImuChunk) -> ImuChunk:
    """The signal of a foot so often that it lasts `MINUTES`."""
    assert chunk.gyr_radps is not None
    times = round(MINUTES * 60.0 * chunk.rate_hz / len(chunk.t_s))
    acc, gyr = np.tile(chunk.acc_mps2, (times, 1)), np.tile(chunk.gyr_radps, (times, 1))
    t_s = np.arange(len(acc)) / chunk.rate_hz
    return ImuChunk(chunk.wear_site, t_s, acc, gyr, chunk.acc_range_mps2, chunk.gyr_range_radps, chunk.rate_hz)


def _rows(chunk: ImuChunk) -> tuple[FloatArray, FloatArray]:
    assert chunk.gyr_radps is not None
    return chunk.acc_mps2, chunk.gyr_radps
