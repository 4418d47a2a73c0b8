"""The open reference format: every recording of it is read, with the axes its sensor has."""

import gzip
import json
import math
from pathlib import Path

import numpy as np
import pytest

from coach.errors import RecordingError
from coach.model.sites import WearSite
from coach.recording.reference import ReferenceRecording, is_reference, read_reference
from tests.support.common import need_reference


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


@pytest.mark.slow
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


def still(n: int = 200, rate_hz: float = 100.0) -> np.ndarray:
    """(n, 7): a sensor that lies and hums a little, so that every row differs."""
    t_s = np.arange(n) / rate_hz
    hum = 0.01 * np.sin(t_s[:, np.newaxis] * (17, 23, 31, 5, 7, 11))
    return np.column_stack([t_s, hum + np.array([0, 0, 9.81, 0, 0, 0])])


SIX = "t_s,acc_x_mps2,acc_y_mps2,acc_z_mps2,gyr_x_radps,gyr_y_radps,gyr_z_radps"


def text(rows: np.ndarray, heading: str = SIX) -> str:
    return "\n".join([heading, *(",".join("" if np.isnan(v) else f"{v:.6f}" for v in row) for row in rows)]) + "\n"


def joined(recording: ReferenceRecording) -> tuple[np.ndarray, np.ndarray]:
    """Times and acceleration of all chunks."""
    chunks = recording.chunks
    return np.concatenate([c.t_s for c in chunks]), np.concatenate([c.acc_mps2 for c in chunks])


def test_rows_out_of_order_and_doubled_are_put_in_order_and_counted(tmp_path: Path) -> None:
    rows = still()
    mixed = np.concatenate([rows, rows[50:60]])[np.random.default_rng(3).permutation(210)]
    recording = read_reference(make(tmp_path, text(mixed)))
    t_s, acc = joined(recording)
    assert t_s == pytest.approx(rows[:, 0])
    assert acc == pytest.approx(rows[:, 1:4], abs=1e-6)
    assert (recording.n_duplicates, recording.n_unreadable) == (10, 0)


def test_rows_with_an_empty_or_broken_cell_are_missing_and_counted(tmp_path: Path) -> None:
    rows = still()
    rows[20, 0], rows[40, 2], rows[60, 6], rows[80, 3] = np.nan, np.nan, np.nan, np.inf
    recording = read_reference(make(tmp_path, text(rows)))
    t_s, acc = joined(recording)
    assert len(t_s) == 196
    assert np.isfinite(acc).all()
    assert recording.n_unreadable == 4


@pytest.mark.parametrize("left_out", [["gyr_y_radps"], ["acc_x_mps2"], ["acc_y_mps2", "gyr_y_radps"]])
def test_a_gyroscope_without_all_six_axes_is_not_used(tmp_path: Path, left_out: list[str]) -> None:
    kept = [i for i, name in enumerate(SIX.split(",")) if name not in left_out]
    table = text(still()[:, kept], ",".join(SIX.split(",")[i] for i in kept))
    assert all(chunk.gyr_radps is None for chunk in read_reference(make(tmp_path, table)).chunks)


@pytest.mark.parametrize(("stated", "true"), [(50, 200), (200, 52), (None, 143), ("fast", 104), (0, 416), (100, 104)])
def test_a_rate_that_the_times_deny_is_measured(tmp_path: Path, stated: object, true: float) -> None:
    recording = read_reference(make(tmp_path, text(still(400, true)), rate_hz=stated))
    assert recording.rate_hz == pytest.approx(100 if stated == 100 else true, rel=0.01)


def test_half_of_the_readings_lost_do_not_change_the_rate(tmp_path: Path) -> None:
    rows = still(1000, 200)
    kept = np.sort(np.random.default_rng(5).choice(1000, 500, replace=False))
    assert read_reference(make(tmp_path, text(rows[kept]), rate_hz=200)).rate_hz == 200


def test_the_table_may_lie_unpacked_with_columns_in_any_order_and_of_other_kinds(tmp_path: Path) -> None:
    rows = still(30)
    lines = ["note,acc_z_mps2,t_s", *(f'"run",{row[3]:.6f},{row[0]:.2f}' for row in rows)]
    folder = make(tmp_path, "")
    (folder / "imu.csv.gz").unlink()
    (folder / "imu.csv").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    t_s, acc = joined(read_reference(folder))
    assert t_s == pytest.approx(rows[:, 0])
    assert acc[:, 2] == pytest.approx(rows[:, 3], abs=1e-6)
    (folder / "imu.csv").rename(folder / "imu.csv.gz")  # its name says packed, it is not
    assert len(joined(read_reference(folder))[0]) == 30


def test_rows_written_a_second_time_at_the_end_are_doubled_no_more(tmp_path: Path) -> None:
    rows = still(1000)
    recording = read_reference(make(tmp_path, text(np.concatenate([rows, rows[100:400]]))))
    assert joined(recording)[0] == pytest.approx(rows[:, 0])
    assert recording.n_duplicates == 300


def restarted(by_s: float) -> np.ndarray:
    rows = still(1000)
    rows[500:, 0] -= by_s
    return rows


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (restarted(4.0), "goes back by 3.99 s at row 501: cut it there"),
        (restarted(4.003), "goes back by 3.99 s at row 501: cut it there"),
        (still() * [1, 0.1, 0.1, 0.1, 1, 1, 1], "is it in g"),
        (still() * [1000, 1, 1, 1, 1, 1, 1], "is t_s in seconds"),
        (still() * [1, np.nan, np.nan, np.nan, 1, 1, 1], "no acceleration"),
        (still() * [np.nan, 1, 1, 1, 1, 1, 1], "no row of its table is whole"),
        (still(0), "has no rows"),
    ],
    ids=["clock restarts", "clock restarts between", "in g", "in ms", "no acceleration", "no times", "no rows"],
)
def test_what_cannot_be_read_says_what_to_do(tmp_path: Path, rows: np.ndarray, words: str) -> None:
    with pytest.raises(RecordingError, match=words):
        read_reference(make(tmp_path, text(rows)))


def test_a_damaged_or_incomplete_folder_says_what_is_wrong(tmp_path: Path) -> None:
    folder = make(tmp_path, text(still()))
    whole = (folder / "imu.csv.gz").read_bytes()
    for broken in (whole[:-200], whole[:40] + b"\0\0\0\0" + whole[44:], whole[:3], b""):
        (folder / "imu.csv.gz").write_bytes(broken)
        with pytest.raises(RecordingError, match="not a recording in the reference format"):
            read_reference(folder)
    (folder / "recording.json").write_text("[]")
    with pytest.raises(RecordingError, match="does not say the wear_site"):
        read_reference(folder)
    with pytest.raises(RecordingError, match="acc_range_g is -16"):
        read_reference(make(tmp_path, text(still()), acc_range_g=-16))


@pytest.mark.parametrize("table", ["", "t_s\n0.0\n", "t_s,acc_x_mps2\n0.0\n", "t_s,acc_x_mps2\n0.0,abc\n", "a\n1\n"])
def test_a_broken_folder_is_refused_in_words(tmp_path: Path, table: str) -> None:
    with pytest.raises(RecordingError):
        read_reference(make(tmp_path, table))
    with pytest.raises(RecordingError, match="pelvs"):
        read_reference(make(tmp_path, "t_s,acc_x_mps2\n0.0,1\n", wear_site="pelvs"))


def test_a_missing_folder_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot read"):
        read_reference(tmp_path / "none")
