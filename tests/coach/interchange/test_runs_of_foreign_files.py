"""Only running comes in, every run of a file, with distance where positions and times stand: files made by hand."""

import dataclasses
import gzip
import io
import math

import pytest

from coach.errors import InterchangeError
from coach.interchange.fit_reader import read_fit
from coach.interchange.formats import read_runs, unpacked
from coach.interchange.positions import completed
from tests.support import need_reference


def track(speed_mps: float, sport: str = "", seconds: int = 200, hour: int = 8) -> str:
    """A straight track northwards at the equator, one point a second."""
    degree_m = 6378137.0 * (1 - 0.00669437999014) * math.pi / 180
    points = "".join(
        f'<trkpt lat="{speed_mps * s / degree_m:.9f}" lon="0">'
        f"<time>2026-05-04T{hour:02}:{s // 60:02}:{s % 60:02}Z</time>"
        "</trkpt>"
        for s in range(seconds)
    )
    return f"<trk>{f'<type>{sport}</type>' if sport else ''}<trkseg>{points}</trkseg></trk>"


def gpx(*tracks: str) -> bytes:
    return f"<gpx>{''.join(tracks)}</gpx>".encode()


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


@pytest.mark.parametrize("sport", ["cycling", "road_biking", "1", "17", "16", "Swim"])
def test_another_sport_is_no_run(sport: str) -> None:
    with pytest.raises(InterchangeError, match="holds no running"):
        read_runs(gpx(track(3.0, sport)), "gpx")


def test_without_a_name_speed_decides() -> None:
    assert len(read_runs(gpx(track(3.0)), "gpx")) == 1
    with pytest.raises(InterchangeError, match="ride's speed"):
        read_runs(gpx(track(6.3)), "gpx")


def test_every_run_of_a_file_comes_in_and_rides_stay_out() -> None:
    found = read_runs(gpx(track(3.0, "9"), track(8.0, "1", hour=9), track(2.5, "Run", hour=10)), "gpx")
    assert [run.started_at.hour for run in found] == [8, 10]


def test_blanks_and_undeclared_prefixes_are_read() -> None:
    content = gpx(track(3.0, "running").replace("</trkseg>", "</trkseg><extensions><no:x>1</no:x></extensions>"))
    assert len(read_runs(b'  \n<?xml version="1.0"?>' + content, "gpx")) == 1


def test_gzip_is_unpacked_or_refused() -> None:
    packed = gzip.compress(gpx(track(3.0, "running")))
    assert len(read_runs(unpacked(io.BytesIO(packed)), "gpx")) == 1
    with pytest.raises(InterchangeError, match="damaged"):
        unpacked(io.BytesIO(packed[:100]))
