"""FIT: every field comes back, an independent reader finds no mismatch, and damaged bytes are refused in words."""

import contextlib
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import fitdecode
import fitdecode.profile
import fitparse
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.errors import InterchangeError
from coach.interchange import fit_messages as fm
from coach.interchange.activity import Activity, Record, activity_of, run_of, seconds_of
from coach.interchange.fit_devices import candidates, chosen
from coach.interchange.fit_encoding import FitFile, crc
from coach.interchange.fit_writer import write_fit
from coach.model.metrics import LiveMetrics
from coach.model.runs import Lap, Run, RunPlace, RunState
from coach.model.sites import WearSite
from coach.model.strides import Stride
from tests.support.common import need_reference
from tests.support.imported import read_fit

START = datetime(2026, 3, 29, 0, 59, 30, tzinfo=UTC)


def values(i: int) -> dict[str, float]:
    return {
        "heart_rate_bpm": 140.0 + i % 20,
        "cadence_spm": 171.0 + 0.25 * (i % 9),
        "distance_m": 3.01 * i,
        "speed_mps": 3.012,
        "power_w": 250.0 + i % 7,
        "grade_pct": -1.25,
        "vertical_oscillation_mm": 88.4,
        "contact_time_ms": 251.3,
        "vertical_ratio_pct": 8.41,
        "contact_time_balance_pct": 49.72,
        "step_length_m": 1.0557,
        "flight_time_ms": 101.5,
        "peak_force_bw": 2.375,
        "foot_strike_angle_deg": 12.25,
        "foot_strike_angle_left_deg": 12.5,
        "foot_strike_angle_right_deg": -1.5,
        "impact_g": 8.125,
        "eversion_deg": 11.0,
        "step_time_asymmetry_pct": -1.5,
        "stride_time_cv_pct": 1.75,
        "trunk_lean_deg": 6.5,
        "axial_rotation_deg": 9.25,
        "lateral_drop_deg": 5.5,
    }


def activity(n: int = 600, **changes: Any) -> Activity:
    records = tuple(Record(float(i), values(i), 52.5 + i * 1e-5, -13.4, 34.2) for i in range(n) if not 200 <= i < 230)
    laps = (Lap(1, 0.0, 120.0, "warm_up"), Lap(2, 120.0, 400.0), Lap(3, 400.0, n - 1.0, "cool_down"))
    known = {"laps": laps, "pauses": ((200.0, 230.0),), "duration_s": n - 31.0, "distance_m": 3.01 * (n - 1)}
    return Activity(START, records, **{**known, **changes})


def close(ours: Record, theirs: Record) -> None:
    assert theirs.t_s == ours.t_s
    assert set(theirs.values) == set(ours.values)
    tolerance = {"cadence_spm": 1 / 128, "power_w": 0.5, "heart_rate_bpm": 0.5, "step_length_m": 5e-5}
    for name, value in ours.values.items():
        assert theirs.values[name] == pytest.approx(value, abs=tolerance.get(name, 0.051)), name
    assert theirs.latitude_deg == pytest.approx(ours.latitude_deg, abs=1e-7)
    assert theirs.longitude_deg == pytest.approx(ours.longitude_deg, abs=1e-7)
    assert theirs.altitude_m == pytest.approx(ours.altitude_m, abs=0.11)


def test_every_field_comes_back() -> None:
    ours = activity()
    theirs = read_fit(write_fit(ours))
    assert theirs.started_at == START
    assert len(theirs.records) == len(ours.records)
    for a, b in zip(ours.records, theirs.records, strict=True):
        close(a, b)
    assert theirs.laps == ours.laps
    assert theirs.pauses == ours.pauses
    assert theirs.duration_s == pytest.approx(ours.duration_s, abs=1e-3)
    assert theirs.distance_m == pytest.approx(ours.distance_m or 0, abs=0.01)
    assert read_fit(write_fit(activity(is_indoor=True))).is_indoor


def frames(content: bytes) -> list[Any]:
    with fitdecode.FitReader(io.BytesIO(content), check_crc=fitdecode.CrcCheck.RAISE) as reader:
        return [f for f in reader if f.frame_type == fitdecode.FIT_FRAME_DATA]


def test_messages_are_in_the_order_that_readers_expect() -> None:
    names = [frame.name for frame in frames(write_fit(activity(20, laps=(), pauses=())))]
    order = [
        "file_id",
        "file_creator",
        "developer_data_id",
        "field_description",
        "device_info",
        "event",
        "record",
        "event",
        "lap",
        "session",
        "activity",
    ]
    assert list(dict.fromkeys(names)) == list(dict.fromkeys(order))
    assert names[-4:] == ["event", "lap", "session", "activity"]
    assert names.count("record") == 20


def test_cadence_is_strides_per_minute_with_a_fraction() -> None:
    record = next(frame for frame in frames(write_fit(activity())) if frame.name == "record")
    assert record.get_value("cadence") == 85
    assert record.get_value("fractional_cadence") == pytest.approx(0.5)
    assert record.get_value("stance_time_percent") == pytest.approx(100 * 251.3 / (120000 / 171), abs=0.01)


def test_developer_fields_are_named_for_other_programs() -> None:
    record = next(frame for frame in frames(write_fit(activity())) if frame.name == "record")
    own = {
        field.name: (field.value, field.units) for field in record.fields if getattr(field.field_def, "is_dev", False)
    }
    assert own["foot_strike_angle_left"] == (12.5, "deg")
    assert own["impact_g"] == (8.125, "g")
    assert len(own) == len(fm.DEVELOPER_VALUES) - 2  # what only pods state is not in this run


def test_field_numbers_kinds_and_scales_are_those_of_the_profile() -> None:
    types = fitdecode.profile.MESSAGE_TYPES

    def check(message: int, field: Any) -> None:
        known = types[message].fields[field.number]
        base = known.base_type
        assert base.identifier == field.kind.code or known.type.name != base.name, (message, known.name)
        assert (known.scale or 1) == pytest.approx(field.scale) or known.units == "semicircles", (message, known.name)
        assert (known.offset or 0) == field.offset, (message, known.name)

    for field, _ in fm.RECORD_VALUES.values():
        check(fm.RECORD, field)
    for field in (fm.CADENCE, fm.FRACTIONAL_CADENCE, fm.STANCE_TIME_PERCENT, fm.ALTITUDE, fm.LATITUDE, fm.LONGITUDE):
        check(fm.RECORD, field)
    for in_session, in_lap, kind, scale, _ in fm.AVERAGES.values():
        check(fm.SESSION, fm.Field(in_session, kind, scale))
        check(fm.LAP, fm.Field(in_lap, kind, scale))
    for pair in (fm.AVERAGE_CADENCE, fm.AVERAGE_FRACTION, fm.MAX_HEART_RATE):
        check(fm.SESSION, pair[0])
        check(fm.LAP, pair[1])
    for pair in (
        fm.MAX_CADENCE,
        fm.MAX_FRACTION,
        fm.MAX_SPEED,
        fm.MAX_POWER,
        fm.TOTAL_STRIDES,
        fm.TOTAL_ASCENT,
        fm.TOTAL_DESCENT,
    ):
        check(fm.SESSION, pair[0])
        check(fm.LAP, pair[1])
    for field in (fm.DEVICE_INDEX, fm.DEVICE_SOFTWARE, fm.SENSOR_POSITION, fm.SOURCE_TYPE, fm.DEVICE_NAME):
        check(fm.DEVICE_INFO, field)
    check(fm.ACTIVITY, fm.LOCAL_TIMESTAMP)
    check(fm.FILE_CREATOR, fm.SOFTWARE_VERSION)
    check(fm.FIELD_DESCRIPTION, fm.NATIVE_MESSAGE)
    for field in (fm.TOTAL_ELAPSED, fm.TOTAL_TIMER, fm.TOTAL_DISTANCE, fm.START_TIME):
        check(fm.SESSION, field)
        check(fm.LAP, field)


def test_unknown_values_stay_unknown() -> None:
    records = (Record(0.0, {"cadence_spm": 170.0}), Record(1.0, {"heart_rate_bpm": 150.0}), Record(2.0, {}))
    back = read_fit(write_fit(Activity(START, records, duration_s=2.0))).records
    assert [dict(record.values) for record in back] == [{"cadence_spm": 170.0}, {"heart_rate_bpm": 150.0}, {}]
    wild = (Record(0.0, {"cadence_spm": 700.0, "contact_time_ms": 1e9, "heart_rate_bpm": 100.0}),)
    assert dict(read_fit(write_fit(Activity(START, wild))).records[0].values) == {"heart_rate_bpm": 100.0}


def test_more_than_sixteen_layouts_fit_into_one_file() -> None:
    file = FitFile()
    for i in range(40):
        file.add(fm.FILE_ID, [(fm.FILE_TYPE, 4)])
        file.add(fm.EVENT, [(fm.TIMESTAMP, i), *[(fm.EVENT_KIND, 0)] * (1 + i % 20)])
    found = frames(file.close())
    assert [f.get_value("timestamp", raw_value=True) for f in found if f.name == "event"] == list(range(40))


def test_a_run_of_ours_goes_out_with_its_trim_and_sides() -> None:
    run = Run("r", START, RunState.FINISHED, laps=(Lap(1, 0.0, 100.0),), place=RunPlace.TREADMILL, trim_start_s=10.0)
    seconds = [LiveMetrics(float(i), cadence_spm=170.0, distance_m=3.0 * i) for i in range(100)]
    strides = [Stride(WearSite.LEFT_FOOT, 0.7 * i, foot_strike_angle_deg=5.0) for i in range(60)]
    out = activity_of(run, seconds, strides)
    assert out.started_at == START + timedelta(seconds=10)
    assert out.records[0].values["distance_m"] == 0.0
    assert out.records[20].values["foot_strike_angle_left_deg"] == 5.0
    assert "foot_strike_angle_left_deg" not in out.records[80].values
    assert out.laps == (Lap(1, 0.0, 90.0),)
    assert out.is_indoor
    back = seconds_of(read_fit(write_fit(out)))
    assert back[0].cadence_spm == 170.0
    assert run_of(out, "x", "fit").source == "fit"


def test_files_of_watches_and_pods_are_read() -> None:
    folder = need_reference("fit")
    found = {path.name: read_fit(path.read_bytes()) for path in sorted(folder.glob("*run*.fit"))}
    found |= {path.name: read_fit(path.read_bytes()) for path in sorted(folder.glob("stryd*.fit"))}
    assert len(found) >= 8
    for name, read in found.items():
        cadences = [r.values["cadence_spm"] for r in read.records if r.values.get("cadence_spm", 0) > 100]
        assert read.records, name
        if cadences:
            assert 130 < sum(cadences) / len(cadences) < 200, name
    fenix = found["activity-small-fenix2-run.fit"]
    assert fenix.distance_m
    assert any(r.latitude_deg for r in fenix.records)
    again = read_fit(write_fit(fenix))
    assert len(again.records) == len({int(r.t_s) for r in fenix.records})


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_in_words(content: bytes) -> None:
    with pytest.raises(InterchangeError):
        read_fit(content)


WHOLE = write_fit(activity(40, pauses=()))


@given(place=st.integers(0, len(WHOLE) - 1), value=st.integers(0, 255), is_mended=st.booleans())
def test_a_changed_byte_is_refused_or_harmless(place: int, value: int, is_mended: bool) -> None:
    content = bytearray(WHOLE)
    content[place] = value
    if is_mended:  # a file that is wrong inside but right by its checksum
        content[-2:] = crc(bytes(content[:-2])).to_bytes(2, "little")
    with contextlib.suppress(InterchangeError):
        assert read_fit(bytes(content)).records


@given(cut=st.integers(0, len(WHOLE) - 1))
def test_a_cut_file_gives_whole_records_and_says_so_or_is_refused(cut: int) -> None:
    with contextlib.suppress(InterchangeError):
        found = read_fit(WHOLE[:cut])
        assert found.is_cut
        assert found.records == read_fit(WHOLE).records[: len(found.records)]


def test_a_second_reader_finds_the_same_numbers() -> None:
    """fitparse shares no code with fitdecode; it gives cadence in strides and keeps its fraction apart."""
    written = activity()
    found = [m.get_values() for m in fitparse.FitFile(io.BytesIO(write_fit(written))).get_messages("record")]
    assert len(found) == len(written.records)
    for record, fields in zip(written.records, found, strict=True):
        kept = values(round(record.t_s))
        assert fields["timestamp"].replace(tzinfo=UTC) == START + timedelta(seconds=record.t_s)
        assert fields["heart_rate"] == kept["heart_rate_bpm"]
        assert 2 * (fields["cadence"] + fields["fractional_cadence"]) == pytest.approx(kept["cadence_spm"], abs=1 / 64)
        assert fields["stance_time"] == pytest.approx(kept["contact_time_ms"], abs=0.05)
        assert fields["vertical_oscillation"] == pytest.approx(kept["vertical_oscillation_mm"], abs=0.05)
        assert fields["distance"] == pytest.approx(kept["distance_m"], abs=0.01)
        assert fields["enhanced_speed"] == pytest.approx(kept["speed_mps"], abs=0.001)


def chosen_of(*records: dict[str, float], prefers_pods: bool = False) -> list[dict[str, float]]:
    found = [candidates(record) for record in records]
    devices = chosen(found, prefers_pods)
    return [
        {name: one[name][device] for name, device in devices.items() if device in one.get(name, ())} for one in found
    ]


def test_the_watchs_own_fields_win_over_a_pods_and_zeros_are_no_measurements() -> None:
    both = {"stance_time": 262.0, "Ground Time": 242.0, "power": 250, "Power": 300}
    assert chosen_of(both) == [{"contact_time_ms": 262.0, "power_w": 250.0}]
    assert chosen_of(both, prefers_pods=True) == [{"contact_time_ms": 242.0, "power_w": 300.0}]
    pod = {"stance_time": 0.0, "Ground Time": 242.0, "Vertical Oscillation": 7.5}
    assert chosen_of(pod) == [{"contact_time_ms": 242.0, "vertical_oscillation_mm": 75.0}]
    assert chosen_of({"Ground Time": 0, "Vertical Oscillation": 0.0, "speed": 0.0}) == [{"speed_mps": 0.0}]


def test_a_metric_comes_from_one_device_through_the_whole_file() -> None:
    both, pod = {"stance_time": 262.0, "Ground Time": 242.0}, {"Ground Time": 240.0}
    assert chosen_of(both, both, pod) == [{"contact_time_ms": 262.0}, {"contact_time_ms": 262.0}, {}]
    assert chosen_of(both, pod, pod, pod)[0] == {"contact_time_ms": 242.0}  # a watch that lost its strap at once


def test_what_runscribe_measured_is_kept() -> None:
    record = {"RS_Impact_GS_L": 9.0, "RS_Impact_GS_R": 11.0, "RS_FootStrike_L": 4, "RS_FootStrike_R": 6,
              "RS_Pronation_L": -10.0, "RS_Pronation_R": -12.0}  # fmt: skip
    assert chosen_of(record) == [{"impact_g": 10.0, "foot_strike_type": 5.0, "pronation_deg": -11.0}]
