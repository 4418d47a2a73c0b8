"""Recordings in the open reference format: a folder with `recording.json` and `imu.csv.gz` in, motion chunks out.

Columns are `t_s, acc_x_mps2 ... gyr_z_radps`; those a sensor lacks are left out. The stated mounting is not read: the
gait room finds the body axes by itself.
"""

import gzip
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from coach.errors import RecordingError
from coach.model.samples import FloatArray, ImuChunk
from coach.model.sites import WearSite

_G_MPS2: Final = 9.80665
_ACC: Final = ("acc_x_mps2", "acc_y_mps2", "acc_z_mps2")
_GYR: Final = ("gyr_x_radps", "gyr_y_radps", "gyr_z_radps")


@dataclass(frozen=True, slots=True)
class ReferenceRecording:
    """A reference recording; chunks hold about `chunk_s` seconds each."""

    id: str
    wear_site: WearSite
    rate_hz: float
    description: str
    chunks: tuple[ImuChunk, ...]


def is_reference(path: Path) -> bool:
    return (path / "recording.json").is_file()


def read_reference(folder: Path, chunk_s: float = 1.0) -> ReferenceRecording:
    """Read a reference folder.

    Raises:
        RecordingError: a file is missing or does not hold what the format says.
    """
    try:
        facts = json.loads((folder / "recording.json").read_text())
        columns = _columns(folder / "imu.csv.gz")
        wear_site, rate_hz = WearSite(facts["wear_site"]), float(facts["rate_hz"])
        t_s = columns["t_s"]
    except OSError as error:
        raise RecordingError(f"cannot read {error.filename}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, EOFError) as error:
        raise RecordingError(f"{folder} is not a recording in the reference format: {error}") from error
    keep = np.isfinite(t_s) & (t_s > np.maximum.accumulate(np.concatenate(([-np.inf], t_s[:-1]))))
    acc, gyr = _axes(columns, _ACC, len(t_s)), _axes(columns, _GYR, len(t_s))
    if acc is None:
        raise RecordingError(f"{folder} has no acceleration: nothing can be found in it")
    whole = ImuChunk(
        wear_site,
        t_s[keep],
        acc[keep],
        None if gyr is None else gyr[keep],
        _range(facts.get("acc_range_g")) * _G_MPS2,
        math.radians(_range(facts.get("gyr_range_dps"))),
        rate_hz,
    )
    chunks = _cut(whole, max(1, round(chunk_s * rate_hz)))
    return ReferenceRecording(str(facts.get("id", folder.name)), wear_site, rate_hz, _description(facts), chunks)


def _columns(path: Path) -> dict[str, FloatArray]:
    with gzip.open(path, "rt", newline="") as stream:
        names = stream.readline().strip().split(",")
        rows = stream.readlines()
    if not rows:
        raise ValueError("it has no rows")
    table = np.loadtxt(rows, delimiter=",", dtype=np.float64, ndmin=2)
    if table.shape[1:] != (len(names),):
        raise ValueError("its rows are not as long as its heading")
    return dict(zip(names, table.T, strict=True))


def _axes(columns: dict[str, FloatArray], names: tuple[str, ...], n: int) -> FloatArray | None:
    """(n, 3) of three columns, NaN where one is missing; None where all are."""
    if not any(name in columns for name in names):
        return None
    return np.column_stack([columns.get(name, np.full(n, np.nan)) for name in names])


def _range(value: Any) -> float:
    return math.inf if value is None else float(value)


def _description(facts: dict[str, Any]) -> str:
    return str(facts.get("description", ""))


def _cut(whole: ImuChunk, n: int) -> tuple[ImuChunk, ...]:
    def part(i: int) -> ImuChunk:
        rows = slice(i, i + n)
        gyr = None if whole.gyr_radps is None else whole.gyr_radps[rows]
        ranges = (whole.acc_range_mps2, whole.gyr_range_radps)
        return ImuChunk(whole.wear_site, whole.t_s[rows], whole.acc_mps2[rows], gyr, *ranges, whole.rate_hz)

    return tuple(part(i) for i in range(0, len(whole.t_s), n))
