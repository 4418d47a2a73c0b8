"""The reference recordings as the coach reads them, with what is known to be true about them."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from coach.model.samples import FloatArray, ImuChunk
from coach.model.sites import WearSite
from coach.recording.reference import read_reference
from tests.support import as_sent
from tests.support.common import need_reference, reference_folder

WHOLE_S = 1e9


@dataclass(frozen=True, slots=True)
class Recording:
    """One folder of the reference: what it is, what is true, the signal in one chunk.

    strides: the rows of strides.csv with numbers as floats, empty fields as None.
    """

    folder: Path
    about: dict[str, Any]
    truth: dict[str, Any]
    strides: list[dict[str, Any]]
    chunk: ImuChunk

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def wear_site(self) -> WearSite:
        return self.chunk.wear_site

    def chunks(self, size: int = 10**9, mounting: FloatArray | None = None) -> Iterator[ImuChunk]:
        """The recording in chunks of `size`, its sensor turned by `mounting`."""
        chunk = self.chunk if mounting is None else as_sent.changed(self.chunk, lambda values: values @ mounting.T)
        return (as_sent.part(chunk, at, at + size) for at in range(0, len(chunk.t_s), size))

    def at_rate(self, rate_hz: float) -> "Recording":
        """As a sensor of another rate would have sampled it."""
        return replace(self, chunk=as_sent.at_rate(self.chunk, rate_hz))

    def kept(self, chosen: npt.NDArray[np.bool_]) -> "Recording":
        """Only the chosen readings."""
        return replace(self, chunk=as_sent.kept(self.chunk, chosen))


def names(*words: str) -> list[str]:
    """Names of the recordings that contain one of `words`, all without words; empty where there are no recordings."""
    found = sorted(path.parent.name for path in reference_folder().glob("*/recording.json"))
    return [name for name in found if not words or any(word in name for word in words)]


def read(name: str) -> Recording:
    """Skips with a plain reason where the recording is missing, fails in CI."""
    folder = need_reference(name)
    about, truth = (json.loads((folder / file).read_text()) for file in ("recording.json", "truth.json"))
    with (folder / "strides.csv").open(newline="") as file:
        strides = [{key: _number(value) for key, value in row.items()} for row in csv.DictReader(file)]
    return Recording(folder, about, truth, strides, read_reference(folder, WHOLE_S).chunks[0])


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text or None
