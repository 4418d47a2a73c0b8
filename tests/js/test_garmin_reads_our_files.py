"""FIT files that leave, read by Garmin's SDK for JavaScript (npm @garmin/fitsdk); sums are checked."""

from pathlib import Path
from typing import Any

import pytest

from coach.interchange.fit_writer import write_fit
from tests.coach.interchange.test_sums_of_files_that_leave import activity
from tests.js.test_modules_alone import read_by


def read(content: bytes, folder: Path) -> dict[str, Any]:
    path = folder / "run.fit"
    path.write_bytes(content)
    found: dict[str, Any] = read_by("read_fit.js", "@garmin/fitsdk", path)
    return found


def test_garmins_sdk_finds_no_error_and_sums_that_agree(tmp_path: Path) -> None:
    written = activity()
    found = read(write_fit(written), tmp_path)
    assert (found["isFit"], found["isWhole"], found["errors"]) == (True, True, [])
    messages = found["messages"]
    (session,), laps, records = messages["sessionMesgs"], messages["lapMesgs"], messages["recordMesgs"]
    assert session["sport"] == "running"
    assert len(records) == len(written.records)
    for name in ("totalDistance", "totalTimerTime", "totalElapsedTime", "totalStrides"):
        assert sum(lap[name] for lap in laps) == pytest.approx(session[name], abs=2.0)
    assert session["totalDistance"] == pytest.approx(written.distance_m, abs=0.01)
    assert session["totalTimerTime"] <= session["totalElapsedTime"]
    assert session["avgPower"] == round(sum(r["power"] for r in records) / len(records))
    beats = [r["heartRate"] for r in records]
    assert session["maxHeartRate"] == max(beats)
    assert session["avgHeartRate"] == pytest.approx(sum(beats) / len(beats), abs=0.51)
    assert 2 * (session["avgRunningCadence"] + session["avgFractionalCadence"]) == pytest.approx(172.0, abs=0.02)
