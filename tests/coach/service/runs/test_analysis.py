"""One recording analysed whole: strides on the clock of its file, and what became of its readings."""

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coach.service.runs.analysis import analyse_path
from tests.support.common import need_reference

pytestmark = pytest.mark.reference
UNIX_S = 1_764_000_000.0


@pytest.fixture(scope="module")
def original() -> Path:
    return need_reference("demo_run_right_foot_device")


def changed(original: Path, folder: Path, change: Any) -> Path:
    """A copy of a reference folder whose table went through `change`."""
    shutil.copytree(original, folder)
    with gzip.open(original / "imu.csv.gz", "rt") as stream:
        heading, *rows = stream.read().splitlines()
    table = change(np.array([[float(cell) for cell in row.split(",")] for row in rows]))
    lines = (",".join(f"{value:.6f}" for value in row) for row in table)
    (folder / "imu.csv.gz").write_bytes(gzip.compress("\n".join([heading, *lines]).encode(), 1))
    return folder


def test_times_since_1970_give_the_same_strides_on_their_own_clock(original: Path, tmp_path: Path) -> None:
    late = analyse_path(changed(original, tmp_path / "late", lambda rows: rows + UNIX_S * (np.arange(7) == 0)))
    plain = analyse_path(original)
    assert len(late["strides"]) == len(plain["strides"]) > 8
    for one, other in zip(late["strides"], plain["strides"], strict=True):
        for name in ("initial_contact_s", "toe_off_s"):
            assert (one[name] is None) == (other[name] is None)
            assert one[name] is None or one[name] - UNIX_S == pytest.approx(other[name], abs=1e-5)
        assert one["foot_strike_angle_deg"] == pytest.approx(other["foot_strike_angle_deg"], abs=0.01)


def test_lost_and_doubled_readings_are_counted(original: Path, tmp_path: Path) -> None:
    def damage(rows: np.ndarray) -> np.ndarray:
        rows = rows.copy()
        rows[1000:1010, 2] = np.nan
        return np.concatenate([rows, rows[:30]])

    (stream,) = analyse_path(changed(original, tmp_path / "damaged", damage))["recording"]["streams"]
    assert (stream["n_missing"], len(stream["gaps"])) == (10, 1)
    assert (stream["n_bad_packets"], stream["n_duplicates"]) == (10, 30)


def test_a_second_of_readings_has_no_strides_and_is_no_failure(original: Path, tmp_path: Path) -> None:
    document = analyse_path(changed(original, tmp_path / "short", lambda rows: rows[:200]))
    assert document["strides"] == []
    assert document["summary"]["cadence_spm"] is None
    json.dumps(document, allow_nan=False)
