"""Only running comes in, every run of a file, with distance where positions and times are given: files made by hand."""

import dataclasses
import gzip
import io
import math
from datetime import UTC, datetime

import pytest

from coach.errors import InterchangeError
from coach.interchange.activity import Activity, Record, seconds_of
from coach.interchange.formats import read_runs, unpacked
from coach.interchange.positions import completed
from coach.interchange.sport import verdict_of
from coach.model.runs import Sport
from coach.summary.summarise import summarise
from tests.support.common import mostly_slow, need_reference
from tests.support.imported import read_fit


def track(speed_mps: float, sport: str = "", seconds: int = 200, hour: int = 8) -> str:
    """A straight track northwards at the equator, one point a second."""
    degree_m = 6378137.0 * (1 - 0.00669437999014) * math.pi / 180
    points = "".join(
        f'<trkpt lat="{speed_mps * s / degree_m:.9f}" lon="8">'
        f"<time>2026-05-04T{hour:02}:{s // 60:02}:{s % 60:02}Z</time>"
        "</trkpt>"
        for s in range(seconds)
    )
    return f"<trk>{f'<type>{sport}</type>' if sport else ''}<trkseg>{points}</trkseg></trk>"


def gpx(*tracks: str) -> bytes:
    return f"<gpx>{''.join(tracks)}</gpx>".encode()


@pytest.mark.parametrize(("latitude", "longitude"), [(0.0, 8.0), (35.0, 139.0), (65.0, 170.0), (-45.0, -180.0)])
def test_a_jump_there_and_back_costs_no_distance_wherever_the_run_is(latitude: float, longitude: float) -> None:
    def record(t_s: int) -> Record:
        north = 4.5 * t_s / 111e3 + (0.01 if t_s in range(100, 103) else 0.0)
        return Record(float(t_s), {}, latitude + north, longitude)

    records = tuple(record(t_s) for t_s in range(301))
    run = Activity(datetime(2026, 5, 4, 6, 30, tzinfo=UTC), records, duration_s=300.0)
    assert completed(run).distance_m == pytest.approx(4.5 * 300, rel=0.01)


def test_distance_and_speed_come_from_positions() -> None:
    (run,) = read_runs(gpx(track(3.0, "running")), "gpx")
    assert run.distance_m == pytest.approx(3.0 * 199, rel=0.001)
    assert run.records[100].values["speed_mps"] == pytest.approx(3.0, rel=0.001)


@pytest.mark.parametrize("name", ["activity-small-fenix2-run", "developer-types-sample"])
def test_positions_give_the_watchs_own_distance(name: str) -> None:
    whole = read_fit(need_reference(f"fit/{name}.fit").read_bytes())
    bare = tuple(dataclasses.replace(r, values={}) for r in whole.records)
    found = completed(dataclasses.replace(whole, records=bare, distance_m=None))
    assert found.distance_m == pytest.approx(whole.distance_m, rel=0.01)


@pytest.mark.parametrize(
    "name",
    mostly_slow(
        ["activity-small-fenix2-run", "developer-types-sample", "garmin-fenix-5-run", "sample_mulitple_header"], 2
    ),
)
def test_a_distance_summed_from_positions_says_how_sure_it_is(name: str) -> None:
    whole = read_fit(need_reference(f"fit/{name}.fit").read_bytes())
    bare = tuple(dataclasses.replace(r, values={"cadence_spm": 170.0}) for r in whole.records)
    activity = completed(dataclasses.replace(whole, records=bare, distance_m=None))
    summary = summarise([], seconds=seconds_of(activity))
    sd_m = summary.total_uncertainty("distance_m")
    assert sd_m is not None
    assert activity.distance_m is not None
    assert abs(activity.distance_m - (whole.distance_m or 0.0)) < 2 * sd_m
    # 1 % of scale; of the short one, 161 m, its two ends are 2.9 %: sqrt(2) x 5 m / 1.51 (circle of 68 %) is 4.7 m.
    assert 0.01 <= sd_m / activity.distance_m < (0.032 if activity.distance_m < 300 else 0.0105)


def test_a_distance_that_the_file_states_has_no_uncertainty_of_ours() -> None:
    stated = completed(read_fit(need_reference("fit/garmin-fenix-5-run.fit").read_bytes()))
    assert stated.distance_m
    assert any(record.latitude_deg is not None for record in stated.records)
    assert summarise([], seconds=seconds_of(stated)).total_uncertainty("distance_m") is None


@pytest.mark.parametrize("sport", ["cycling", "road_biking", "1", "17", "16", "Swim"])
def test_another_sport_is_no_run(sport: str) -> None:
    with pytest.raises(InterchangeError, match="holds no running"):
        read_runs(gpx(track(3.0, sport)), "gpx")


@pytest.mark.parametrize(
    ("speed_mps", "kind", "reason"),
    [(3.0, Sport.RUNNING, ""), (1.3, Sport.WALKING, "a walk's speed"), (6.3, Sport.OTHER, "a ride's speed")],
)
def test_without_a_name_speed_decides(speed_mps: float, kind: Sport, reason: str) -> None:
    (found,) = read_runs(gpx(track(speed_mps)), "gpx")
    assert found.kind is kind
    assert reason in found.reason


def unnamed(speeds: list[float], cadences: list[float | None]) -> Activity:
    """An activity that names no sport, one record a second, with positions."""
    values = [
        {"speed_mps": v} | ({} if c is None else {"cadence_spm": c}) for v, c in zip(speeds, cadences, strict=True)
    ]
    records = tuple(Record(float(t), value, 50.0, 8.0) for t, value in enumerate(values))
    return Activity(datetime(2026, 5, 4, tzinfo=UTC), records, duration_s=len(speeds), distance_m=sum(speeds))


JOG, FINISH = [3.0] * 300, [6.7] * 25


def test_a_fast_finish_makes_no_ride_of_a_run() -> None:
    with_steps = unnamed(JOG + FINISH, [168.0] * 300 + [195.0] * 25)
    assert verdict_of(with_steps).sport is Sport.RUNNING
    assert verdict_of(unnamed(JOG + FINISH, [None] * 325)).sport is Sport.RUNNING


@pytest.mark.parametrize(
    ("speeds", "cadences", "reason"),
    [
        (JOG + FINISH, [168.0] * 300 + [0.0] * 25, "without steps"),  # rolls down a hill
        (JOG + FINISH, [168.0] * 300 + [90.0] * 25, "no runner's"),  # 4.5 m a step
        (JOG + [9.5] * 25, [None] * 325, "ride's speed"),
        (JOG + [6.7] * 120, [None] * 420, "ride's speed"),
        ([6.0] * 300, [176.0] * 300, "ride's speed"),  # a bicycle at 88 turns a minute
    ],
)
def test_a_ride_that_begins_like_a_run_is_kept_apart(
    speeds: list[float], cadences: list[float | None], reason: str
) -> None:
    found = verdict_of(unnamed(speeds, cadences))
    assert found.sport is Sport.OTHER
    assert reason in found.reason


def test_a_button_pressed_by_mistake_is_no_run() -> None:
    with pytest.raises(InterchangeError, match="1 points within 0 s"):
        read_runs(gpx(track(3.0, "running", seconds=1)), "gpx")


def test_every_run_of_a_file_comes_in_and_rides_stay_out() -> None:
    found = read_runs(gpx(track(3.0, "9"), track(8.0, "1", hour=9), track(2.5, "Run", hour=10)), "gpx")
    assert [run.started_at.hour for run in found] == [8, 10]


def test_blanks_and_undeclared_prefixes_are_read() -> None:
    content = gpx(track(3.0, "running").replace("</trkseg>", "</trkseg><extensions><no:x>1</no:x></extensions>"))
    assert len(read_runs(b'  \n<?xml version="1.0"?>' + content, "gpx")) == 1


def test_gzip_is_unpacked_as_far_as_it_is_whole() -> None:
    packed = gzip.compress(gpx(track(3.0, "running")))
    assert len(read_runs(unpacked(io.BytesIO(packed)), "gpx")) == 1
    (cut,) = read_runs(unpacked(io.BytesIO(packed[: len(packed) * 2 // 3])), "gpx")
    assert cut.is_cut
    with pytest.raises(InterchangeError, match="damaged"):
        unpacked(io.BytesIO(packed[:12]))
    with pytest.raises(InterchangeError, match="damaged"):
        unpacked(io.BytesIO(b"\x1f\x8b" + bytes(50)))
