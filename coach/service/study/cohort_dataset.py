"""An exported dataset as a table of recordings and their readings: an example to begin with. Needs pandas.

    cohort = CohortDataset("path/of/the/dataset")
    for one in cohort.subset(group="leg", sensor="leftfoot"):
        print(one.label, one.sampling_rate_hz, one.data.describe())

`data` has the columns of gaitmap (acc_x ... gyr_z, turn rates in degrees per second) over the time of each reading.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pandas import DataFrame


_NAME = re.compile(r"sub-(\w+?)_ses-(\w+?)_task-run_tracksys-(\w+?)_run-(\d+)_motion\.tsv")
_COLUMNS = ["participant", "session", "sensor", "run", "group", "path"]


class CohortDataset:
    """Recordings of a dataset, one sensor of one run each. index: a table of them (participant, session, sensor, run,
    group, path), in the order of their names."""

    def __init__(self, root: str | Path, index: DataFrame | None = None) -> None:
        self.root = Path(root)
        self.index = self._found() if index is None else index

    def __len__(self) -> int:
        return len(self.index)

    def __iter__(self) -> Iterator[CohortDataset]:
        """Yield each recording as a dataset of its own."""
        for k in range(len(self.index)):
            yield CohortDataset(self.root, self.index.iloc[k : k + 1])

    def subset(self, **values: str) -> CohortDataset:
        """Return those whose columns have these values."""
        index = self.index
        for column, value in values.items():
            index = index[index[column] == value]
        return CohortDataset(self.root, index)

    @property
    def label(self) -> str:
        """Name of the one recording."""
        return str(self._path().name.removesuffix("_motion.tsv"))

    @property
    def sampling_rate_hz(self) -> float:
        """Rate of the one recording as set; the true one follows from the times."""
        return float(json.loads(self._path().with_suffix(".json").read_text())["SamplingFrequency"])

    @property
    def data(self) -> object:
        """Readings of the one recording over time [s]: acc [m/s^2], gyr [deg/s]."""
        import pandas as pd

        path = self._path()
        channels = pd.read_csv(str(path).replace("_motion.tsv", "_channels.tsv"), sep="\t")
        names = [name.replace("gyro", "gyr") for name in channels["name"]]
        table = pd.read_csv(path, sep="\t", header=None, names=names, na_values="n/a").set_index("latency")
        turns = [name for name in names if name.startswith("gyr")]
        table[turns] = table[turns] * 57.29577951308232
        return table

    def _path(self) -> Path:
        if len(self.index) != 1:
            raise ValueError(f"choose one recording first: these are {len(self.index)}")
        return self.root / str(self.index.iloc[0]["path"])

    def _found(self) -> DataFrame:
        import pandas as pd

        people = pd.read_csv(self.root / "participants.tsv", sep="\t", na_values="n/a").set_index("participant_id")
        rows = []
        for path in sorted(self.root.glob("sub-*/ses-*/motion/*_motion.tsv")):
            if match := _NAME.fullmatch(path.name):
                participant, session, sensor, run = match.groups()
                group = people["group"].get(f"sub-{participant}")
                rows.append((participant, session, sensor, run, group, path.relative_to(self.root).as_posix()))
        return pd.DataFrame(rows, columns=_COLUMNS)
