"""Files that leave add up: laps to the session, timer and pauses to elapsed time, as independent readers compute it."""

import io
import re
from datetime import UTC, datetime
from typing import Any

import fitparse
import numpy as np
import pytest
from garmin_fit_sdk import Decoder, Stream  # type: ignore[import-untyped]
from tcxreader.tcxreader import TCXReader

from coach.interchange.activity import Activity, Record
from coach.interchange.climb import climb_of
from coach.interchange.fit_writer import write_fit
from coach.interchange.tcx import write_tcx
from coach.interchange.totals import laps_of, whole_of
from coach.model.links import SensorUse
from coach.model.runs import Lap
from coach.model.sites import WearSite
from tests.support.common import mostly_slow, need_reference
from tests.support.imported import read_fit

START = datetime(2026, 5, 4, 6, 30, tzinfo=UTC)


def activity(every_s: float = 1.0, tail_s: float = 0.84) -> Activity:
    """Five minutes in three laps with a pause. As in runs of the coach, the stop comes after the last lap's end."""
    t_s = [t for t in np.arange(0.0, 301.0, every_s).tolist() if not 150 < t < 170]
    records = tuple(
        Record(
            t,
            {
                "distance_m": 2.9 * (t - max(0, min(20, t - 150))),
                "speed_mps": 2.9,
                "cadence_spm": 172.0,
                "heart_rate_bpm": 140.0 + t / 10,
                "power_w": 250.0,
            },
            50.0 + t * 1e-5,
            8.0,
            100 + 10 * np.sin(t / 50),
        )
        for t in t_s
    )
    laps = (Lap(1, 0.0, 61.5), Lap(2, 61.5, 200.25), Lap(3, 200.25, 300.0))
    feet = (
        SensorUse("a", "Pod L", "movesense", WearSite.LEFT_FOOT),
        SensorUse("b", "Pod R", "movesense", WearSite.RIGHT_FOOT),
    )
    return Activity(
        START, records, laps, ((150.0, 170.0),), 280.0 + tail_s, 2.9 * 280 + 2, sensors=feet, utc_offset_s=7200.0
    )


def sdk(content: bytes) -> dict[str, Any]:
    decoder = Decoder(Stream.from_byte_array(bytearray(content)))
    messages, errors = decoder.read()
    assert errors == []
    return dict(messages)


@pytest.mark.parametrize("every_s", [1.0, 5.0, 7.0])
def test_laps_of_a_fit_file_add_up_to_its_session(every_s: float) -> None:
    found = sdk(write_fit(activity(every_s)))
    (session,), laps = found["session_mesgs"], found["lap_mesgs"]
    for name in ("total_distance", "total_timer_time", "total_elapsed_time"):
        assert sum(lap[name] for lap in laps) == pytest.approx(session[name], abs=0.02), name
    assert sum(lap["total_cycles"] for lap in laps) == pytest.approx(session["total_cycles"], abs=4)
    assert session["total_timer_time"] <= session["total_elapsed_time"]
    assert session["total_elapsed_time"] - session["total_timer_time"] == pytest.approx(20.0, abs=0.01)
    assert found["activity_mesgs"][0]["total_timer_time"] == session["total_timer_time"]
    assert session["total_distance"] == pytest.approx(2.9 * 280 + 2)


def test_a_session_says_what_readers_look_for() -> None:
    found = sdk(write_fit(activity()))
    (session,) = found["session_mesgs"]
    assert session["total_strides"] == pytest.approx(280 * 172 / 120, abs=2)
    assert session["enhanced_max_speed"] == pytest.approx(2.9)
    assert session["max_running_cadence"] == 86
    assert session["max_heart_rate"] == 170
    assert session["enhanced_avg_speed"] == pytest.approx(
        session["total_distance"] / session["total_timer_time"], abs=0.001
    )
    assert (session["avg_power"], session["max_power"]) == (250, 250)
    assert session["total_ascent"] == pytest.approx(17.2, abs=1.5)
    whole = found["activity_mesgs"][0]
    assert whole["local_timestamp"] - (whole["timestamp"] - datetime(1989, 12, 31, tzinfo=UTC)).total_seconds() == 7200
    devices = found["device_info_mesgs"]
    assert [d.get("sensor_position") for d in devices] == [None, "left_leg", "right_leg"]
    assert [d["product_name"] for d in devices] == ["running-coach", "Pod L", "Pod R"]


def test_a_second_reader_of_fit_finds_the_same_sums() -> None:
    file = fitparse.FitFile(io.BytesIO(write_fit(activity())))
    laps = [m.get_values() for m in file.get_messages("lap")]
    (session,) = (m.get_values() for m in file.get_messages("session"))
    assert sum(lap["total_distance"] for lap in laps) == pytest.approx(session["total_distance"], abs=0.02)


def test_laps_of_a_tcx_file_add_up(tmp_path: Any) -> None:
    path = tmp_path / "run.tcx"
    path.write_bytes(write_tcx(activity()))
    found = TCXReader().read(str(path))
    assert sum(lap.distance for lap in found.laps) == pytest.approx(2.9 * 280 + 2, abs=0.01)
    times = re.findall(rb"<TotalTimeSeconds>([\d.]+)<", path.read_bytes())
    assert sum(map(float, times)) == pytest.approx(280.84, abs=0.01)
    assert found.laps[0].lx_ext["AvgRunCadence"] == 86


@pytest.mark.parametrize(
    "name", mostly_slow(["activity-small-fenix2-run", "developer-types-sample", "sample_mulitple_header"], n_quick=1)
)
def test_laps_of_real_runs_add_up(name: str) -> None:
    read = read_fit(need_reference(f"fit/{name}.fit").read_bytes())
    assert sum(lap.distance_m or 0 for lap in laps_of(read)) == pytest.approx(read.distance_m, rel=0.001)
    whole = whole_of(read)
    assert whole.timer_s <= whole.end_s


def test_a_timer_that_ran_longer_than_the_clock_is_not_believed() -> None:
    wrong = Activity(START, tuple(Record(float(t)) for t in range(100)), duration_s=900.0)
    content = write_fit(wrong)
    assert read_fit(content).duration_s == pytest.approx(900.0)  # its session says so of both
    assert whole_of(wrong).end_s == 900.0


def test_strides_are_counted_over_gaps_only_as_long_as_a_reading_holds() -> None:
    def n_strides(*t_s: float, pauses: tuple[tuple[float, float], ...] = ()) -> float | None:
        return whole_of(Activity(START, tuple(Record(t, {"cadence_spm": 180.0}) for t in t_s), (), pauses)).n_strides

    assert n_strides(*map(float, range(60))) == pytest.approx(90)
    assert n_strides(0.0, 600.0) == pytest.approx(1.5 * (10 + 1))
    assert n_strides(*map(float, range(60)), pauses=((10.0, 30.0),)) == pytest.approx(60)
    assert whole_of(Activity(START, (Record(0.0),))).n_strides is None


# Climb ------------------------------------------------------------------------------------------------------------


def hills(noise_m: float = 0.0, n_hills: int = 5, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Hills of 20 m, each up and down within ten minutes."""
    t_s = np.arange(600.0 * n_hills)
    height = 100 + 10 * (1 - np.cos(2 * np.pi * t_s / 600))
    return t_s, height + noise_m * np.random.default_rng(seed).normal(size=len(t_s))


@pytest.mark.parametrize("noise_m", [0.0, 0.2, 1.0])
def test_climb_of_hills_is_found_within_its_uncertainty(noise_m: float) -> None:
    found = [climb_of(*hills(noise_m, seed=seed)) for seed in range(8)]
    for climb in found:
        assert climb is not None
        assert climb.up_m == pytest.approx(100, abs=3 * climb.up_sd_m + 1)
        assert climb.down_m == pytest.approx(100, abs=3 * climb.down_sd_m + 1)


def test_a_flat_run_does_not_climb_by_noise() -> None:
    t_s = np.arange(3600.0)
    for noise_m in (0.2, 1.0, 3.0):
        climb = climb_of(t_s, 50 + noise_m * np.random.default_rng(2).normal(size=len(t_s)))
        assert climb is not None
        assert climb.up_m < 3


def test_a_jump_of_the_barometer_is_no_climb() -> None:
    t_s, height = hills()
    jumped = height + 80.0 * (t_s > 900)
    assert climb_of(t_s, jumped).up_m == pytest.approx(climb_of(t_s, height).up_m, abs=0.5)  # type: ignore[union-attr]
    assert climb_of(t_s[:5], height[:5]) is None
    assert climb_of(t_s, np.full(len(t_s), np.nan)) is None


def test_climb_agrees_with_the_watchs_own() -> None:
    """The watch says 64 m up and 61 m down."""
    read = read_fit(need_reference("fit/activity-small-fenix2-run.fit").read_bytes())
    heights = np.array([np.nan if r.altitude_m is None else r.altitude_m for r in read.records])
    climb = climb_of(np.array([r.t_s for r in read.records]), heights)
    assert climb is not None
    assert climb.up_m == pytest.approx(64, abs=6)
    assert climb.down_m == pytest.approx(61, abs=6)
