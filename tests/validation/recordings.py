"""The reference recordings as chunks with what is known to be true about them."""

import gzip
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from coach.model.samples import FloatArray, ImuChunk
from coach.model.sites import WearSite

GRAVITY = 9.80665
WINDOW_S = 0.080  # in which a found stride is paired with a true one
GYR_RANGE_RADPS = float(np.deg2rad(2000.0))


@dataclass(frozen=True, slots=True)
class Recording:
    """One folder of the reference: the signal, what it is, what is true."""

    folder: Path
    about: dict[str, Any]
    truth: dict[str, Any]
    chunk: ImuChunk

    @property
    def name(self) -> str:
        return self.folder.name


def names(reference: Path) -> list[str]:
    return sorted(p.parent.name for p in reference.glob("*/recording.json"))


def read(folder: Path) -> Recording:
    about = json.loads((folder / "recording.json").read_text())
    truth = json.loads((folder / "truth.json").read_text())
    return Recording(folder, about, truth, chunk_of(folder, about))


def chunk_of(folder: Path, about: dict[str, Any]) -> ImuChunk:
    with gzip.open(folder / "imu.csv.gz", "rt") as file:
        columns = file.readline().strip().split(",")
        values = np.loadtxt(file, delimiter=",")
    named = {name: values[:, k] for k, name in enumerate(columns)}
    missing = np.full(len(values), np.nan)
    acc = _axes(named, "acc_{}_mps2", missing)
    gyr = _axes(named, "gyr_{}_radps", missing)
    return ImuChunk(
        WearSite(about["wear_site"]),
        values[:, 0].copy(),
        acc,
        None if np.isnan(gyr).all() else gyr,
        about["acc_range_g"] * GRAVITY if about.get("acc_range_g") else np.inf,
        GYR_RANGE_RADPS,
        float(about["rate_hz"]),
    )


def _axes(named: dict[str, FloatArray], pattern: str, missing: FloatArray) -> FloatArray:
    return np.stack([named.get(pattern.format(axis), missing) for axis in "xyz"], axis=1)


def scorer(reference: Path) -> ModuleType:
    """The reference's own score.py, so that the numbers are its."""
    spec = importlib.util.spec_from_file_location("reference_score", reference / "score.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
