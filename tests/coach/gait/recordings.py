"""Reference recordings as chunks, and their scores: what the gait tests share."""

import csv
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from coach.model.samples import FloatArray, ImuChunk
from coach.model.sites import WearSite
from tests import as_sent
from tests.support import need_reference

GRAVITY = 9.80665


@dataclass(frozen=True)
class Recording:
    """One recording with its truth. strides: rows of strides.csv with numbers as floats, empty fields as None."""

    meta: dict[str, Any]
    truth: dict[str, Any]
    strides: list[dict[str, Any]]
    t_s: FloatArray
    acc_mps2: FloatArray
    gyr_radps: FloatArray | None

    @property
    def wear_site(self) -> WearSite:
        return WearSite(self.meta["wear_site"])

    def chunks(self, size: int = 10**9, mounting: FloatArray | None = None) -> Iterator[ImuChunk]:
        """The recording in chunks of `size`, its sensor turned by `mounting`."""
        acc, gyr = self.acc_mps2, self.gyr_radps
        if mounting is not None:
            acc, gyr = acc @ mounting.T, None if gyr is None else gyr @ mounting.T
        full_scale = self.meta.get("acc_range_g")
        for at in range(0, len(self.t_s), size):
            part = slice(at, at + size)
            yield ImuChunk(
                self.wear_site,
                self.t_s[part].copy(),
                acc[part].copy(),
                None if gyr is None else gyr[part].copy(),
                full_scale * GRAVITY if full_scale else np.inf,
                np.inf,
                float(self.meta["rate_hz"]),
            )


def at_rate(recording: Recording, rate_hz: float) -> Recording:
    """The recording as a sensor of another rate would have sampled it."""
    return _sent_as(recording, as_sent.at_rate(next(recording.chunks()), rate_hz))


def without(recording: Recording, lost: npt.NDArray[np.bool_]) -> Recording:
    """The recording without the readings marked as lost."""
    return _sent_as(recording, as_sent.kept(next(recording.chunks()), ~lost))


def _sent_as(recording: Recording, chunk: ImuChunk) -> Recording:
    samples = {"t_s": chunk.t_s, "acc_mps2": chunk.acc_mps2, "gyr_radps": chunk.gyr_radps}
    return replace(recording, meta={**recording.meta, "rate_hz": chunk.rate_hz}, **samples)


def load(name: str) -> Recording:
    folder = need_reference(name)
    with gzip.open(folder / "imu.csv.gz", "rt") as file:
        header = file.readline().strip().split(",")
        table = np.loadtxt(file, delimiter=",", ndmin=2)
    missing = np.full(len(table), np.nan)

    def axes(kind: str, unit: str) -> FloatArray:
        names = [f"{kind}_{axis}_{unit}" for axis in "xyz"]
        return np.stack([table[:, header.index(n)] if n in header else missing for n in names], axis=1)

    has_gyro = any(name.startswith("gyr") for name in header)
    return Recording(
        json.loads((folder / "recording.json").read_text()),
        json.loads((folder / "truth.json").read_text()),
        _rows(folder),
        table[:, header.index("t_s")],
        axes("acc", "mps2"),
        axes("gyr", "radps") if has_gyro else None,
    )


def _rows(folder: Path) -> list[dict[str, Any]]:
    def number(text: str) -> Any:
        try:
            return float(text)
        except ValueError:
            return text or None

    with (folder / "strides.csv").open(newline="") as file:
        return [{key: number(value) for key, value in row.items()} for row in csv.DictReader(file)]


def names(*words: str) -> list[str]:
    """Names of the recordings that contain one of `words`; empty where there are no recordings."""
    from tests.support import reference_folder

    folder = reference_folder()
    found = sorted(p.name for p in folder.iterdir() if (p / "imu.csv.gz").exists()) if folder.exists() else []
    return [name for name in found if any(word in name for word in words)]


def events(engine: Any, recording: Recording, size: int = 10**9, mounting: FloatArray | None = None) -> list[Any]:
    """All events of an engine over a recording."""
    found = [event for chunk in recording.chunks(size, mounting) for event in engine.feed(chunk)]
    return found + engine.finish()


def pairs(found: list[Any], truth: list[dict[str, Any]], window_s: float = 0.08) -> list[tuple[Any, dict[str, Any]]]:
    """Each true row with the event nearest to its contact, where one is within the window."""
    out = []
    for row in truth:
        near = min(found, key=lambda e: abs(e.initial_contact_s - row["initial_contact_s"]), default=None)
        if near is not None and abs(near.initial_contact_s - row["initial_contact_s"]) <= window_s:
            out.append((near, row))
    return out


def random_rotation(seed: int) -> FloatArray:
    """A proper rotation matrix, uniform over all."""
    q, r = np.linalg.qr(np.random.default_rng(seed).standard_normal((3, 3)))
    q = q * np.sign(np.diag(r))
    return q if np.linalg.det(q) > 0 else -q
