"""Runs drawn at random go out and come back the same, to the digits that a format keeps; XML fits its schema."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import gpxpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from tcxparser import TCXParser
from tcxreader.tcxreader import TCXReader

from coach.interchange.activity import SHARED, Activity, Record
from coach.interchange.fit_writer import write_fit
from coach.interchange.gpx import write_gpx
from coach.interchange.tables import read_table, write_seconds, write_strides
from coach.interchange.tcx import write_tcx
from coach.interchange.totals import laps_of
from coach.model.metrics import LiveMetrics
from coach.model.runs import Lap
from coach.model.sites import WearSite
from coach.model.strides import FootStrike, GaitState, Stride, TrunkStep
from tests.support.common import examples
from tests.support.imported import read_fit, read_gpx, read_tcx

SCHEMAS: Final = Path(__file__).parents[2] / "data" / "schemas"
# Largest difference through FIT: half a step of the field's scale (Garmin's profile); others are float32.
FIT_STEPS: Final = {
    "heart_rate_bpm": 0.5,
    "cadence_spm": 1 / 128,
    "distance_m": 0.005,
    "speed_mps": 0.0005,
    "power_w": 0.5,
    "grade_pct": 0.005,
    "vertical_oscillation_mm": 0.05,
    "contact_time_ms": 0.05,
    "vertical_ratio_pct": 0.005,
    "contact_time_balance_pct": 0.005,
    "step_length_m": 0.00005,
}
# Ranges that every format can hold, by field; others lie between -90 and 90. Zero of a contact time, a step or a bounce
# is no measurement: FIT readers, ours too, leave it out.
RANGES: Final = {
    "heart_rate_bpm": (30, 220),
    "cadence_spm": (0, 260),
    "distance_m": (0, 50_000),
    "speed_mps": (0, 8),
    "power_w": (0, 900),
    "grade_pct": (-30, 30),
    "vertical_oscillation_mm": (1, 200),
    "contact_time_ms": (1, 600),
    "flight_time_ms": (0, 400),
    "vertical_ratio_pct": (0.1, 30),
    "contact_time_balance_pct": (30, 70),
    "step_length_m": (0.01, 2.5),
}
VALUES: Final = (*SHARED, "foot_strike_angle_left_deg", "foot_strike_angle_right_deg")
TEXTS: Final = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), max_size=30).map(
    lambda text: text.encode()[:120].decode(errors="ignore")
)


def known(name: str) -> st.SearchStrategy[float]:
    return st.floats(*RANGES.get(name, (-90, 90)))


def finite(low: float = -1e6, high: float = 1e6) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False)


@st.composite
def activities(draw: Any, has_place: bool | None = None) -> Activity:
    """A run with whole seconds, as all formats have them, with laps of each kind and up to two pauses."""
    started_at = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=draw(st.integers(0, 10**8)))
    places = draw(st.booleans()) if has_place is None else has_place
    times = sorted(draw(st.sets(st.integers(1, 4000), min_size=6, max_size=14)))
    names = draw(st.sets(st.sampled_from(VALUES)))
    records = [
        Record(
            float(t_s),
            {name: draw(known(name)) for name in names if draw(st.booleans())},
            draw(st.floats(-90, 90)) if places else None,
            draw(st.floats(-180, 179.9)) if places else None,
            draw(st.floats(-400, 8000)) if places else None,
        )
        for t_s in times
    ]
    end_s = float(times[-1])
    marks = [0.0, *sorted(float(m) for m in draw(st.sets(st.integers(1, times[-1] - 1), max_size=3))), end_s]
    kinds = st.sampled_from(("lap", "warm_up", "cool_down"))
    laps = [Lap(i, a, b, draw(kinds)) for i, (a, b) in enumerate(pairwise(marks), start=1)]
    pauses = [(a, b) for a, b in pairwise(times[1:4]) if b - a > 1][: draw(st.integers(0, 2))]
    spans = tuple((float(a), float(b)) for a, b in pauses)
    indoor = draw(st.booleans())
    distance = draw(st.none() | st.floats(1, 50_000))
    duration = draw(st.floats(1, 4000))
    name = draw(TEXTS)
    return Activity(started_at, tuple(records), tuple(laps), spans, duration, distance, name.strip(), indoor)


def same_run(ours: Activity, theirs: Activity) -> None:
    assert theirs.started_at == ours.started_at
    assert theirs.laps == ours.laps
    assert theirs.pauses == ours.pauses
    assert theirs.name == ours.name
    assert theirs.is_indoor == ours.is_indoor
    assert theirs.duration_s == pytest.approx(ours.duration_s, abs=0.001)
    if ours.distance_m is not None:
        assert theirs.distance_m == pytest.approx(ours.distance_m, abs=0.01)


def same_records(ours: Activity, theirs: Activity, steps: dict[str, float]) -> None:
    assert [r.t_s for r in theirs.records] == [r.t_s for r in ours.records]
    for a, b in zip(ours.records, theirs.records, strict=True):
        assert set(b.values) == set(a.values)
        for name, value in a.values.items():
            step = 1.01 * steps.get(name, 0.0)
            assert b.values[name] == pytest.approx(value, abs=max(step, 1e-5), rel=1e-5), name
        if a.latitude_deg is not None:
            assert b.latitude_deg == pytest.approx(a.latitude_deg, abs=1e-7)
            assert b.longitude_deg == pytest.approx(a.longitude_deg, abs=1e-7)
            assert b.altitude_m == pytest.approx(a.altitude_m, abs=0.11)


@given(activities())
def test_fit(ours: Activity) -> None:
    theirs = read_fit(write_fit(ours))
    # The last lap ends with the run where both are moments of one stop; FIT has whole milliseconds, its length not.
    laps = tuple(replace(part.lap, end_s=round(1000.0 * part.end_s) / 1000.0) for part in laps_of(ours))
    same_run(replace(ours, laps=laps), theirs)
    same_records(ours, theirs, FIT_STEPS)


def schema(name: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(SCHEMAS / name)))


TCX_SCHEMA, GPX_SCHEMA = schema("training_center.xsd"), schema("gpx.xsd")


@given(activities())
def test_tcx(ours: Activity) -> None:
    content = write_tcx(ours)
    TCX_SCHEMA.assertValid(etree.fromstring(content))
    theirs = read_tcx(content)
    same_run(ours, theirs)
    same_records(ours, theirs, {"distance_m": 0.0005, "speed_mps": 0.00005})


@given(activities(has_place=True))
def test_gpx(ours: Activity) -> None:
    content = write_gpx(ours)
    GPX_SCHEMA.assertValid(etree.fromstring(content))
    theirs = read_gpx(content)
    same_run(ours, theirs)
    same_records(ours, theirs, {"speed_mps": 0.00005})


def test_values_beyond_what_the_schemas_allow_stay_within_them() -> None:
    wild = {"heart_rate_bpm": 700.0, "cadence_spm": 900.0, "power_w": 1e6, "speed_mps": 1e-9, "distance_m": 0.0}
    calm = {"heart_rate_bpm": 0.0, "cadence_spm": -3.0, "power_w": -20.0}
    records = (Record(0.0, wild, 90.0, -180.0, -430.0), Record(1.0, calm, -90.0, 179.9))
    run = Activity(datetime(2026, 1, 1, tzinfo=UTC), records)
    TCX_SCHEMA.assertValid(etree.fromstring(write_tcx(run)))
    GPX_SCHEMA.assertValid(etree.fromstring(write_gpx(run)))


@pytest.mark.parametrize("broken", [b"<Calories>0</Calories>", b"<TriggerMethod>Manual</TriggerMethod>", b"RunCadence"])
def test_the_schema_would_notice(broken: bytes) -> None:
    content = write_tcx(steady_run()).replace(broken, b"X" if broken == b"RunCadence" else b"")
    assert not TCX_SCHEMA.validate(etree.fromstring(content))


# Programs of others --------------------------------------------------------------------------------------------------


def steady_run() -> Activity:
    """Five minutes at 3 m/s with a pause of half a minute and two laps."""
    values = {"heart_rate_bpm": 150.0, "cadence_spm": 170.0, "speed_mps": 3.0, "power_w": 240.0, "contact_time_ms": 251}
    records = tuple(
        Record(float(i), {**values, "distance_m": 3.0 * i}, 52.5 + i * 2.7e-5, 13.4, 34.0)
        for i in range(301)
        if not 100 < i < 130
    )
    laps = (Lap(1, 0.0, 200.0), Lap(2, 200.0, 300.0, "cool_down"))
    return Activity(
        datetime(2026, 3, 29, 0, 59, 30, tzinfo=UTC), records, laps, ((100.0, 130.0),), 270.0, 900.0, "Ä & <B>"
    )


def test_two_other_readers_understand_tcx(tmp_path: Path) -> None:
    """python-tcxparser and tcxreader share no code with ours nor with each other."""
    path = tmp_path / "run.tcx"
    path.write_bytes(write_tcx(steady_run()))
    one = TCXParser(str(path))
    assert (one.activity_type, one.activity_notes) == ("running", "Ä & <B>")
    assert (one.duration, one.hr_avg, one.hr_max) == (pytest.approx(270.0), 150, 150)
    assert one.distance == pytest.approx(900.0)
    assert len(one.time_values()) == len(steady_run().records)
    other = TCXReader().read(str(path), only_gps=False)
    assert [len(lap.trackpoints) for lap in other.laps] == [171, 101]
    first = other.trackpoints[0]
    assert (first.hr_value, first.distance, first.elevation) == (150, 0.0, 34.0)
    assert (first.tpx_ext["RunCadence"], first.tpx_ext["Speed"], first.tpx_ext["Watts"]) == (85, 3.0, 240)


def test_another_reader_understands_gpx() -> None:
    found = gpxpy.parse(write_gpx(steady_run()).decode())
    track = found.tracks[0]
    assert (track.name, track.type, len(track.segments)) == ("Ä & <B>", "running", 2)
    assert found.get_points_no() == len(steady_run().records)
    assert track.length_2d() == pytest.approx(810, rel=0.01)  # without the pause, over which no line is drawn
    assert track.segments[0].points[1].time == datetime(2026, 3, 29, 0, 59, 31, tzinfo=UTC)
    garmin = track.segments[0].points[0].extensions[0]
    assert {child.tag.rpartition("}")[2]: float(child.text) for child in garmin} == {"hr": 150, "cad": 85, "speed": 3}


# Tables --------------------------------------------------------------------------------------------------------------


def some(names: tuple[str, ...]) -> st.SearchStrategy[dict[str, float]]:
    return st.dictionaries(st.sampled_from(names), finite(), max_size=len(names))


STRIDE_VALUES: Final = tuple(
    name for name in Stride.__dataclass_fields__ if name.endswith(("_s", "_m", "_mps", "_deg", "_degps", "_g", "_pct"))
)
STEP_VALUES: Final = tuple(
    name for name in TrunkStep.__dataclass_fields__ if name.endswith(("_s", "_m", "_deg", "_g")) and name != "is_left"
)
SECOND_VALUES: Final = tuple(
    name
    for name in LiveMetrics.__dataclass_fields__
    if name not in ("t_s", "state", "is_steady", "speed_source", "foot_strike_share", "uncertainty", "unknown")
)
STATES: Final = st.none() | st.sampled_from(GaitState)


@st.composite
def strides(draw: Any) -> Stride:
    values = {**draw(some(STRIDE_VALUES)), "initial_contact_s": draw(finite(0, 1e5))}
    strike = draw(st.none() | st.sampled_from(FootStrike))
    sites = st.sampled_from([site for site in WearSite if site.is_foot])
    uncertainty = {name: abs(value) for name, value in draw(some(STRIDE_VALUES)).items()}
    return Stride(
        draw(sites),
        **values,
        foot_strike=strike,
        state=draw(STATES),
        is_clipped=draw(st.booleans()),
        uncertainty=uncertainty,
    )


@st.composite
def steps(draw: Any) -> TrunkStep:
    values = {**draw(some(STEP_VALUES)), "initial_contact_s": draw(finite(0, 1e5))}
    side = draw(st.none() | st.booleans())
    sites = st.sampled_from((WearSite.PELVIS, WearSite.CHEST))
    return TrunkStep(draw(sites), **values, is_left=side, state=draw(STATES), is_clipped=draw(st.booleans()))


@given(st.lists(strides() | steps(), min_size=1, max_size=8))
@settings(max_examples=examples(60))
def test_csv_of_strides(found: list[Stride | TrunkStep]) -> None:
    found.sort(key=lambda one: one.initial_contact_s)
    started_at = datetime(2026, 1, 1, 7, 0, 0, 250000, tzinfo=UTC)
    table = read_table(write_strides(found, started_at))
    assert table.strides == tuple(found)
    assert abs(table.started_at - started_at) <= timedelta(milliseconds=1)


@st.composite
def seconds(draw: Any) -> LiveMetrics:
    shares = draw(st.none() | st.fixed_dictionaries(dict.fromkeys(("rearfoot", "midfoot", "forefoot"), finite(0, 1))))
    source = draw(st.none() | st.sampled_from(("left_foot", "treadmill")))
    uncertainty = {name: abs(value) for name, value in draw(some(SECOND_VALUES)).items()}
    unknown = draw(st.dictionaries(st.sampled_from(SECOND_VALUES), TEXTS.filter(bool), max_size=3))
    return LiveMetrics(
        draw(finite(0, 1e5)), draw(STATES), draw(st.booleans()), **draw(some(SECOND_VALUES)),
        speed_source=source, foot_strike_share=shares, uncertainty=uncertainty, unknown=unknown,
    )  # fmt: skip


@given(st.lists(seconds(), min_size=1, max_size=6))
@settings(max_examples=examples(60))
def test_csv_of_seconds(found: list[LiveMetrics]) -> None:
    started_at = datetime(2026, 1, 1, 7, 0, 0, 250000, tzinfo=UTC)
    table = read_table(write_seconds(found, started_at))
    assert table.seconds == tuple(found)
    assert abs(table.started_at - started_at) <= timedelta(milliseconds=1)
