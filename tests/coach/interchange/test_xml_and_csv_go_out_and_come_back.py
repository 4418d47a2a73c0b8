"""TCX, GPX and CSV: what other programs look for, and damaged text refused in words."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.errors import InterchangeError
from coach.interchange.activity import Activity, Record
from coach.interchange.formats import format_of
from coach.interchange.gpx import write_gpx
from coach.interchange.tables import read_table, write_seconds, write_strides
from coach.interchange.tcx import write_tcx
from coach.model.metrics import LiveMetrics
from coach.model.runs import Lap
from coach.model.sites import WearSite
from coach.model.strides import FootStrike, GaitState, Stride, TrunkStep
from tests.support.imported import read_gpx, read_tcx

START = datetime(2026, 3, 29, 0, 59, 30, 250000, tzinfo=UTC)


def activity(has_place: bool = True) -> Activity:
    def record(i: int) -> Record:
        values = {
            "heart_rate_bpm": 150.0,
            "cadence_spm": 170.0,
            "speed_mps": 3.0125,
            "distance_m": 3.0 * i,
            "power_w": 240.0,
        }
        return Record(float(i), values, *((52.5 + i * 1e-5, 13.4, 34.25) if has_place else ()))

    records = tuple(record(i) for i in range(300) if not 100 < i < 130)
    laps = (Lap(1, 0.0, 200.0), Lap(2, 200.0, 299.0))
    return Activity(START, records, laps, ((100.0, 130.0),), 269.0, 897.0, "A & <B>", is_indoor=not has_place)


@pytest.mark.parametrize("has_place", [True, False])
def test_tcx_comes_back(has_place: bool) -> None:
    ours = activity(has_place)
    content = write_tcx(ours)
    assert format_of(content) == "tcx"
    theirs = read_tcx(content)
    assert theirs.started_at == START
    assert theirs.records == ours.records
    assert theirs.laps == ours.laps
    assert theirs.pauses == ours.pauses
    assert theirs.duration_s == pytest.approx(ours.duration_s)
    assert (theirs.distance_m, theirs.name, theirs.is_indoor) == (897.0, "A & <B>", not has_place)
    assert b"RunCadence>85<" in content


def test_gpx_comes_back() -> None:
    ours = activity()
    content = write_gpx(ours)
    assert format_of(content) == "gpx"
    theirs = read_gpx(content)
    assert [r.latitude_deg for r in theirs.records] == pytest.approx([r.latitude_deg for r in ours.records])
    assert theirs.records[5].values == ours.records[5].values
    assert theirs.pauses == ours.pauses
    assert theirs.name == "A & <B>"
    with pytest.raises(InterchangeError, match="no positions"):
        write_gpx(activity(has_place=False))


def test_strides_and_seconds_come_back_from_csv() -> None:
    strides = [
        Stride(
            WearSite.LEFT_FOOT,
            1.25,
            1.5,
            contact_time_s=0.25,
            foot_strike=FootStrike.MIDFOOT,
            state=GaitState.RUNNING,
            is_clipped=True,
            uncertainty={"contact_time_s": 0.01},
        ),
        TrunkStep(WearSite.PELVIS, 1.5, is_left=False, forward_lean_deg=4.125),
    ]
    table = read_table(write_strides(strides, START))
    assert table.strides == tuple(strides)
    assert table.started_at == START
    seconds = [
        LiveMetrics(
            1.0, GaitState.RUNNING, True, 170.123456789, speed_source="pod", foot_strike_share={"rearfoot": 1.0}
        ),
        LiveMetrics(2.0),
    ]
    assert read_table(write_seconds(seconds, START)).seconds == tuple(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a,b\n1,2\n",
        "time,t_s\n",
        "time,t_s,state\n2026-01-01T00:00:00Z,1,flying\n",
        "time,t_s\nx,nan\n",
        'time,t_s\n"',
    ],
)
def test_other_tables_are_refused_in_words(text: str) -> None:
    with pytest.raises(InterchangeError, match="CSV"):
        read_table(text)


@given(st.text(max_size=200))
def test_any_text_is_refused_in_words(text: str) -> None:
    for read in (read_tcx, read_gpx):
        with pytest.raises(InterchangeError):
            read(text.encode())
    with pytest.raises(InterchangeError):
        read_table(text)


TCX, GPX = write_tcx(activity()), write_gpx(activity())


@given(st.data())
def test_changed_text_is_refused_or_harmless(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from([TCX[:3000], TCX, GPX[:3000], GPX])))
    for _ in range(3):
        content[data.draw(st.integers(0, min(len(content) - 1, 3000)))] = data.draw(st.integers(0, 255))
    for read in (read_tcx, read_gpx):
        with contextlib.suppress(InterchangeError):
            assert read(bytes(content)).records


def test_entities_are_refused() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><gpx>&a;</gpx>'
    with pytest.raises(InterchangeError, match="entities"):
        read_gpx(bomb)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x00" * 100])
def test_unknown_files_are_refused_in_words(content: bytes) -> None:
    with pytest.raises(InterchangeError, match="none of"):
        format_of(content, "photo.jpg")
