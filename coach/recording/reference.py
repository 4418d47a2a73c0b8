"""Read recordings in the open reference format: a folder with `recording.json` and `imu.csv.gz`.

The table may also lie there unpacked, as `imu.csv`; see `reference_table`. The stated mounting is not read: the gait
room finds the body axes by itself.
"""

import gzip
import json
import math
import zlib
from pathlib import Path
from typing import Final

import numpy as np

from coach.errors import RecordingError
from coach.model.documents import JsonObject
from coach.model.frozen import dataclass
from coach.model.samples import FloatArray, ImuChunk
from coach.model.sites import WearSite
from coach.model.units import GRAVITY_MPS2
from coach.recording.reference_table import read_table

_TABLES: Final = ("imu.csv.gz", "imu.csv")
_GZIP: Final = b"\x1f\x8b"
_LEAST_HZ, _MOST_HZ = 18.0, 5000.0  # slower ones miss whole contacts, faster ones are no seconds: by eye, 2026-11-25
_OFF: Final = 1.5  # times faster or slower than even the densest, sparsest tenth of the readings: a rate misstated
_FEW: Final = 20  # readings that are too few for a rate


@dataclass(frozen=True, slots=True)
class ReferenceRecording:
    """A reference recording; chunks hold about `chunk_s` seconds each, readings in the order of their times.

    rate_hz: as stated where the times agree, else as measured. n_duplicates, n_unreadable: as `Table` says.
    """

    id: str
    wear_site: WearSite
    rate_hz: float
    description: str
    chunks: tuple[ImuChunk, ...]
    n_duplicates: int = 0
    n_unreadable: int = 0


def is_reference(path: Path) -> bool:
    """Whether a folder holds a recording of this format, by its `recording.json`."""
    return (path / "recording.json").is_file()


def read_reference(folder: Path, chunk_s: float = 1.0) -> ReferenceRecording:
    """Read a reference folder.

    Raises:
        RecordingError: a file is missing or does not hold what the format says.
    """
    try:
        facts = _facts(folder / "recording.json")
        table = read_table(_text(folder))
        acc_range, gyr_range = _range(facts, "acc_range_g"), _range(facts, "gyr_range_dps")
        rate_hz = _rate_hz(facts, table.t_s)
        wear_site = WearSite(facts["wear_site"])
    except OSError as error:
        raise RecordingError(f"cannot read {error.filename}: {error.strerror}") from error
    except (ValueError, EOFError, zlib.error) as error:
        raise RecordingError(f"{folder} is not a recording in the reference format: {error}") from error
    ranges = (acc_range * GRAVITY_MPS2, math.radians(gyr_range))
    whole = ImuChunk(wear_site, table.t_s, table.acc_mps2, table.gyr_radps, *ranges, rate_hz)
    return ReferenceRecording(
        id=str(facts.get("id", folder.name)),
        wear_site=wear_site,
        rate_hz=rate_hz,
        description=str(facts.get("description", "")),
        chunks=_cut(whole, max(1, round(chunk_s * rate_hz))),
        n_duplicates=table.n_duplicates,
        n_unreadable=table.n_unreadable,
    )


def _facts(path: Path) -> JsonObject:
    facts = json.loads(path.read_text("utf-8-sig"))
    if not isinstance(facts, dict) or "wear_site" not in facts:
        raise ValueError(f"{path.name} does not say the wear_site")
    return facts


def _text(folder: Path) -> str:
    path = next((folder / name for name in _TABLES if (folder / name).exists()), folder / _TABLES[0])
    content = path.read_bytes()
    try:
        return (gzip.decompress(content) if content.startswith(_GZIP) else content).decode("utf-8-sig")
    except gzip.BadGzipFile as error:
        raise ValueError(f"{path.name} is damaged: {error}") from error


def _rate_hz(facts: dict[str, object], t_s: FloatArray) -> float:
    """Return the readings per second: what is stated where the times bear it out, else what they say;
    raises ValueError."""
    stated = facts.get("rate_hz")
    known = float(stated) if isinstance(stated, (int, float)) and math.isfinite(stated) and stated > 0 else None
    if len(t_s) < _FEW:
        return known or 100.0  # of so few readings nothing follows
    densest, middle, sparsest = (1.0 / np.quantile(np.diff(t_s), share) for share in (0.1, 0.5, 0.9))
    is_borne_out = known is not None and sparsest / _OFF <= known <= densest * _OFF
    rate = known if known is not None and is_borne_out else float(middle)
    if not _LEAST_HZ <= rate <= _MOST_HZ:
        raise ValueError(f"its readings come {rate:.3g} times a second: steps need 20 and more (is t_s in seconds?)")
    return rate


def _range(facts: dict[str, object], name: str) -> float:
    value = facts.get(name)
    if value is None:
        return math.inf
    if not isinstance(value, (int, float)) or not value > 0:
        raise ValueError(f"{name} is {value!r}: it must be a number above 0, or left out where it is not known")
    return float(value)


def _cut(whole: ImuChunk, n: int) -> tuple[ImuChunk, ...]:
    def part(i: int) -> ImuChunk:
        rows = slice(i, i + n)
        gyr = None if whole.gyr_radps is None else whole.gyr_radps[rows]
        ranges = (whole.acc_range_mps2, whole.gyr_range_radps)
        return ImuChunk(whole.wear_site, whole.t_s[rows], whole.acc_mps2[rows], gyr, *ranges, whole.rate_hz)

    return tuple(part(i) for i in range(0, len(whole.t_s), n))
