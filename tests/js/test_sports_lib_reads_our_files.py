"""FIT, TCX and GPX files that leave, read by npm @sports-alliance/sports-lib; sums are checked."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coach.interchange.activity import Activity
from coach.interchange.fit_writer import write_fit
from coach.interchange.gpx import write_gpx
from coach.interchange.tcx import write_tcx
from tests.coach.interchange.test_sums_of_files_that_leave import activity
from tests.js.test_modules_alone import read_by

NEAR_M = 0.02  # it rounds laps to centimetres


def read(content: bytes, name: str, folder: Path) -> dict[str, Any]:
    path = folder / name
    path.write_bytes(content)
    (found,) = read_by("read_sports_lib.js", "@sports-alliance/sports-lib", path)["activities"]
    return dict(found)


@pytest.mark.parametrize(("kind", "write"), [("fit", write_fit), ("tcx", write_tcx)])
def test_laps_seconds_and_means_agree(kind: str, write: Callable[[Activity], bytes], tmp_path: Path) -> None:
    written = activity()
    found = read(write(written), f"run.{kind}", tmp_path)
    stats = found["stats"]
    assert found["type"] == "Running"
    assert stats["Distance"] == pytest.approx(written.distance_m, abs=NEAR_M)
    for name, within in (("Distance", NEAR_M), ("Duration", 0.11)):  # TCX laps are read to a tenth of a second
        assert sum(lap[name] for lap in found["laps"]) == pytest.approx(stats[name], abs=within), name
    assert len(found["laps"]) == len(written.laps)
    assert stats["Timer time"] == pytest.approx(280.84, abs=0.11)
    assert stats["Average Cadence"] == 86, "it counts strides"
    assert (stats["Average Power"], stats["Maximum Heart Rate"]) == (250, 170)
    for stream in ("Distance", "Heart Rate", "Cadence", "Power", "Latitude", "Altitude"):
        assert found["streams"][stream] == len(written.records), stream


def test_a_fit_files_pause_is_seen(tmp_path: Path) -> None:
    stats = read(write_fit(activity()), "run.fit", tmp_path)["stats"]
    assert stats["Pause Time"] == pytest.approx(20.0, abs=0.01)
    assert stats["Elapsed time"] - stats["Timer time"] == pytest.approx(20.0, abs=0.01)


def test_a_gpx_file_keeps_its_points_and_their_distance(tmp_path: Path) -> None:
    written = activity()
    found = read(write_gpx(written), "run.gpx", tmp_path)
    assert found["type"] == "Running"
    for stream in ("Latitude", "Altitude", "Heart Rate", "Cadence"):
        assert found["streams"][stream] == len(written.records), stream
    latitudes = [record.latitude_deg or 0.0 for record in written.records]
    far_m = (latitudes[-1] - latitudes[0]) * 111_229  # a degree of the meridian at 50 degrees north
    assert found["stats"]["Distance"] == pytest.approx(far_m, rel=0.015), "it leaves out the step over the pause, too"
