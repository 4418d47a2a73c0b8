"""The open reference format: every recording of it is read, with the axes its sensor has."""

import gzip
import json
import math
from pathlib import Path

import numpy as np
import pytest

from coach.errors import RecordingError
from coach.model.sites import WearSite
from coach.recording.reference import is_reference, read_reference
from tests.support import need_reference


def make(folder: Path, table: str, **facts: object) -> Path:
    (folder / "recording.json").write_text(json.dumps({"id": "x", "wear_site": "pelvis", "rate_hz": 100, **facts}))
    (folder / "imu.csv.gz").write_bytes(gzip.compress(table.encode()))
    return folder


def test_the_real_shoe_recording_is_read_whole() -> None:
    recording = read_reference(need_reference("wmf_shoe_run"))
    assert recording.wear_site is WearSite.RIGHT_FOOT
    assert sum(len(chunk.t_s) for chunk in recording.chunks) == 9064
    assert recording.chunks[0].acc_range_mps2 == pytest.approx(16 * 9.80665)
    assert recording.chunks[0].acc_mps2[0] == pytest.approx([1.2115, 5.6264, 7.944])
    t_s = np.concatenate([chunk.t_s for chunk in recording.chunks])
    assert np.all(np.diff(t_s) > 0)


def test_every_reference_recording_is_read() -> None:
    folders = [path for path in need_reference().iterdir() if is_reference(path) and "adept" not in path.name]
    assert len(folders) > 40
    for folder in folders:
        facts = json.loads((folder / "recording.json").read_text())
        n = sum(len(chunk.t_s) for chunk in read_reference(folder).chunks)
        assert n == facts["samples"], folder.name


def test_missing_axes_are_unknown_not_zero(tmp_path: Path) -> None:
    folder = make(tmp_path, "t_s,acc_x_mps2,acc_z_mps2\n0.00,1,2\n0.01,3,4\n0.01,5,6\n0.02,7,8\n")
    (chunk,) = read_reference(folder).chunks
    assert chunk.gyr_radps is None
    assert np.isnan(chunk.acc_mps2[:, 1]).all()
    assert chunk.t_s.tolist() == [0.0, 0.01, 0.02]
    assert chunk.acc_range_mps2 == math.inf


@pytest.mark.parametrize("table", ["", "t_s\n0.0\n", "t_s,acc_x_mps2\n0.0\n", "t_s,acc_x_mps2\n0.0,abc\n", "a\n1\n"])
def test_a_broken_folder_is_refused_in_words(tmp_path: Path, table: str) -> None:
    with pytest.raises(RecordingError):
        read_reference(make(tmp_path, table))
    with pytest.raises(RecordingError, match="pelvs"):
        read_reference(make(tmp_path, "t_s,acc_x_mps2\n0.0,1\n", wear_site="pelvs"))


def test_a_missing_folder_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot read"):
        read_reference(tmp_path / "none")
