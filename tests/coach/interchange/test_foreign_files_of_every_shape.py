"""Files of others in every shape that was seen: each run comes in with its distance, nothing else among the runs."""

import dataclasses
import gzip
import io
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coach.errors import CoachError, InterchangeError
from coach.interchange.activity import Activity
from coach.interchange.fit_encoding import EPOCH_S
from coach.interchange.formats import format_of, read_runs, unpacked
from coach.interchange.gpx import read_gpx_tracks
from coach.interchange.originals import own_part
from coach.interchange.positions import completed
from coach.interchange.sport import named_sport
from coach.model.runs import Sport
from tests.coach.interchange import foreign as f
from tests.support.common import examples

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), f.DAY
WRONG_CLOCK = datetime(2000, 1, 1, tzinfo=UTC)
RUN = f.gpx(f.track(f.points(), "running"))
TCX_POINTS = [f.tcx_point(DAY + timedelta(seconds=s), 3.0 * s) for s in range(301)]
TCX = f.tcx(f.activity(f.lap("".join(TCX_POINTS))))
FIT = f.fit((f.RUNNING, DAY, 300, 900.0)).close()


def extension(name: str, value: float, around: str = "TrackPointExtension") -> str:
    inner = f"<{name}>{value}</{name}>"
    return f"<extensions>{f'<{around}>{inner}</{around}>' if around else inner}</extensions>"


def tcx_points(inner: str = "", far: bool = True, places: bool = False, speed_mps: float = 3.0) -> str:
    return "".join(
        f.tcx_point(DAY + timedelta(seconds=s), speed_mps * s if far else None, inner, 3.0 * s if places else None)
        for s in range(301)
    )


def read(content: bytes, name: str = "file") -> tuple[Activity, ...]:
    if content.startswith(b"\x1f\x8b"):
        content = unpacked(io.BytesIO(content))
    return read_runs(content, format_of(content, name))


def later(points_of: Callable[[datetime], str], *hours: float) -> list[str]:
    return [points_of(DAY + timedelta(hours=h)) for h in hours]


POWER_ON = datetime.fromtimestamp(EPOCH_S + 1000, UTC)  # a thousand seconds after the watch was switched on
LESS = {0: ("", ""), 1: ("time>", "cmt>")}
# Away for four fixes, in the middle and at one second.
JUMPED = "".join(
    f.point(DAY + s * SECOND, 3.0 * s + (4e4 if s in (70, 200, 201, 202, 203) else 0.0)) for s in range(301)
)

ONE_RUN = {
    "cadence in steps": f.gpx(f.track(f.points(inner=extension("cad", 172)), "running")),
    "ClueTrust's extension": f.gpx(
        f.track(f.points(inner=extension("gpxdata:cadence", 86, "")), "run"), root='gpx xmlns:gpxdata="x"'
    ),
    "GPX 1.0 with speed": f.gpx(f.track(f.points(inner="<speed>3.0</speed>")), root='gpx version="1.0"'),
    "speed in km/h": f.gpx(f.track(f.points(inner="<speed>10.8</speed>"))),
    "a title that speaks of both": f.gpx(f.track(f.points(), name="Run along the bike path")),
    "a route with times": f.gpx(f"<rte>{f.points().replace('trkpt', 'rtept')}</rte>"),
    "a prefix": RUN.replace(b"<gpx ", b'<g:gpx xmlns:g="x" ').replace(b"</gpx>", b"</g:gpx>"),
    "UTF-16": ('<?xml version="1.0" encoding="UTF-16"?>' + RUN.decode()).encode("utf-16"),
    "decimal commas": RUN.replace(b".", b","),
    "a long comment first": b"<?xml version='1.0'?><!--" + b"x" * 6000 + b"-->" + RUN,
    "a first fix at 0, 0": f.gpx(
        f.track('<trkpt lat="0" lon="0"><time>2026-05-04T06:59:50Z</time></trkpt>' + f.points(from_m=5e6), "running")
    ),
    "a moment of 1970": RUN.replace(
        b"<trkseg>", b'<trkseg><trkpt lat="0" lon="8"><time>1970-01-01T00:00:00Z</time></trkpt>'
    ),
    "a moment of 2038": RUN.replace(
        b"</trkseg>", b'<trkpt lat="0" lon="8"><time>2038-01-01T00:00:00Z</time></trkpt></trkseg>'
    ),
    "times of another zone": RUN.replace(b"Z</time>", b".000+0200</time>"),
    "times without zone": RUN.replace(b"Z</time>", b"</time>"),
    "times in words": RUN.replace(b"Z</time>", b" UTC</time>"),
    "heights that are none": f.gpx(f.track(f.points(inner="<ele>NaN</ele>"), "running")),
    "a pause": f.gpx(
        f"<trk><trkseg>{f.points(seconds=150)}</trkseg>"
        f"<trkseg>{f.points(seconds=150, at=DAY + 10 * MINUTE, from_m=600)}</trkseg></trk>"
    ),
    "a gap": f.gpx(f.track(f.points(seconds=150) + f.points(seconds=150, at=DAY + 10 * MINUTE, from_m=450), "run")),
    "a track per lap": f.gpx(
        *(f.track(f.points(seconds=100, at=DAY + n * 100 * SECOND, from_m=300 * n), "running") for n in range(3))
    ),
    "a fix far away": f.gpx(f.track(JUMPED, "running")),
    "every other point without time": f.gpx(
        f.track("".join(f.point(DAY + s * SECOND, 3.0 * s).replace(*LESS[s % 2]) for s in range(301)), "running")
    ),
    "a point every ten seconds": f.gpx(f.track(f.points(every_s=10), "running")),
    "a control character": f.gpx(f.track(f.points(), "running", "bad \x0b name &#x1F;")),
    "a bare ampersand": f.gpx(f.track(f.points(), "running", "There & back")),
    "another encoding than it says": b'<?xml version="1.0" encoding="UTF-8"?>'
    + f.gpx(f.track(f.points(), "running", "Müritz")).decode().encode("latin-1"),
    "a document type": b'<?xml version="1.0"?><!DOCTYPE gpx>' + RUN,
    "blanks before the declaration": b'\n\n   <?xml version="1.0"?>' + TCX,
    "distance from zero in each lap": f.tcx(
        f.activity(
            f.lap("".join(TCX_POINTS[:151]), seconds=150, distance_m=450),
            f.lap(
                "".join(f.tcx_point(DAY + timedelta(seconds=150 + s), 3.0 * s) for s in range(151)),
                DAY + 2.5 * MINUTE,
                150,
                450,
            ),
        )
    ),
    "a distance lost for a moment": f.tcx(
        f.activity(f.lap("".join([*TCX_POINTS[:200], f.tcx_point(DAY + 200 * SECOND, 0.0), *TCX_POINTS[201:]])))
    ),
    "laps without a start": f.tcx(f.activity(f.lap("".join(TCX_POINTS)))).replace(
        f' StartTime="{f.time_text(DAY)}"'.encode(), b""
    ),
    "laps without points": f.tcx(f.activity(f.lap(""))),
    "speed only, on the treadmill": f.tcx(
        f.activity(f.lap(tcx_points("<Extensions><TPX><Speed>3.0</Speed></TPX></Extensions>", far=False), distance_m=0))
    ),
    "distance of the lap only": f.tcx(f.activity(f.lap(tcx_points(far=False)))),
    "zeros for distance": f.tcx(f.activity(f.lap(tcx_points(places=True, speed_mps=0.0), distance_m=0))),
    "a prefix of TCX": TCX.replace(b"<TrainingC", b"<tc:TrainingC").replace(b"</TrainingC", b"</tc:TrainingC"),
    "an undeclared prefix": f.tcx(
        f.activity(f.lap(tcx_points("<Extensions><n:TPX><n:RunCadence>85</n:RunCadence></n:TPX></Extensions>")))
    ),
    "an end tag twice": TCX + b"\n</TrainingCenterDatabase>\n",
    "a ride in front": f.tcx(
        f.activity(f.lap(tcx_points(speed_mps=7.0)), sport="Biking"),
        f.activity(f.lap("".join(TCX_POINTS).replace("T07:", "T09:"), DAY + 120 * MINUTE)),
    ),
    "FIT": FIT,
    "FIT without session": f.fit().close(),
    "FIT of laps only": f.fit(has_records=False, laps=3).close(),
    "FIT whose laps alone have a distance": f.fit(
        (f.RUNNING, DAY, 300, 0.0), has_distance=False, has_speed=False, laps=3
    ).close(),
    "FIT of a watch without a date": f.fit((f.RUNNING, POWER_ON, 300, 900.0), at=POWER_ON, created=DAY).close(),
    "FIT entered by hand": f.fit((f.RUNNING, DAY, 300, 900.0), has_records=False).close(),
    "FIT with a clock that was set": f.fit((f.RUNNING, DAY, 300, 900.0), strays=[WRONG_CLOCK]).close(),
    "FIT without distance": f.fit((f.RUNNING, DAY, 300, 0.0), has_distance=False).close(),
    "FIT whose cadence is in steps": f.fit((f.RUNNING, DAY, 300, 900.0), cadence=170).close(),
    "FIT with zeros behind": FIT + bytes(512),
    "FIT without its length": FIT[:4] + bytes(4) + FIT[8:],
}  # fmt: skip


@pytest.mark.parametrize("content", ONE_RUN.values(), ids=ONE_RUN)
def test_a_run_comes_in_with_its_distance(content: bytes) -> None:
    kept = [one for one in read(content) if one.kind is Sport.RUNNING]
    assert [one.distance_m for one in kept] == [pytest.approx(900.0, rel=0.01)]
    assert 290 <= kept[0].end_s <= 800  # a clock that was set makes no run of years
    cadences = [r.values["cadence_spm"] for r in kept[0].records if "cadence_spm" in r.values]
    assert all(165 <= one <= 180 for one in cadences)


@pytest.mark.parametrize(
    ("content", "distances_m"),
    [
        (f.gpx(f"<trk><trkseg>{'</trkseg><trkseg>'.join(later(lambda at: f.points(at=at), 0, 24, 72))}</trkseg></trk>"),
         [900.0] * 3),
        (f.gpx(f.track("".join(later(lambda at: f.points(at=at), 0, 10)), "running")), [900.0] * 2),
        (f.fit((18, DAY, 900, 2700.0), (2, DAY, 300, 900.0), (3, DAY + 5 * MINUTE, 60, 180.0),
               (1, DAY + 6 * MINUTE, 540, 1620.0), seconds=900).close(), [1620.0]),
        (f.fit((1, DAY, 300, 900.0), (1, DAY + 5 * MINUTE, 600, 1800.0), seconds=900).close(), [900.0, 1800.0]),
        (FIT + f.fit((1, DAY + 60 * MINUTE, 300, 900.0), at=DAY + 60 * MINUTE).close(), [900.0] * 2),
    ],
    ids=["days in one track", "morning and evening", "multisport", "two sessions", "two files joined"],
)  # fmt: skip
def test_each_run_of_a_file_comes_in(content: bytes, distances_m: list[float]) -> None:
    assert [one.distance_m for one in read(content)] == [pytest.approx(far, rel=0.01) for far in distances_m]


NO_RUN = {
    "wheels": f.gpx(f.track(f.points(6.0, inner=extension("cad", 88)))),
    "wheels with power": f.gpx(f.track(f.points(7.0, inner=extension("power", 220, "")))),
    "slow wheels": f.gpx(f.track(f.points(4.5, 600, inner=extension("cadence", 62, "")))),
    "a long ride at a runner's pace": f.gpx(f.track(f.points(4.5, 3 * 3600, every_s=10))),
    "an evening ride": f.gpx(f.track(f.points(4.0), name="Evening Ride")),
    "a ride in German": f.gpx(f.track(f.points(4.0), name="Radtour am See")),
    "a ride in Spanish": f.gpx(f.track(f.points(4.0), "Bicicleta")),
    "other, on wheels": f.tcx(f.activity(f.lap(tcx_points("<Cadence>90</Cadence>", speed_mps=6.5)), sport="Other")),
    "settings of a ride, no session": f.fit(speed_mps=4.0, cadence=80, sport=f.CYCLING).close(),
    "a ride cut off": f.fit((f.CYCLING, DAY, 300, 1200.0), speed_mps=4.0, cadence=80, sport=f.CYCLING).close()[:-80],
    "multisport as a whole": f.fit((f.MULTISPORT, DAY, 300, 900.0)).close(),
    "a wheelchair": f.gpx(f.track(f.points(), "wheelchair_push_run")),
    "cross-country skis": f.gpx(f.track(f.points(), "Langlauf")),
    "a swim": f.fit((f.SWIMMING, DAY, 300, 900.0), cadence=None).close(),
}


@pytest.mark.parametrize("content", NO_RUN.values(), ids=NO_RUN)
def test_another_sport_is_not_among_the_runs(content: bytes) -> None:
    try:
        found = read(content)
    except InterchangeError:
        return
    assert [one.kind for one in found] == [Sport.OTHER]
    assert found[0].reason


@pytest.mark.parametrize(
    "content",
    [RUN[:-3000], TCX[:-3000], gzip.compress(RUN)[:-300], gzip.compress(FIT)[:-100], FIT[:-300], FIT[:-2],
     ('<?xml version="1.0"?>' + RUN.decode().replace("running", "läufe")).encode()[:-3000]],
    ids=["gpx", "tcx", "gpx.gz", "fit.gz", "fit", "checksum", "letters of two bytes"],
)  # fmt: skip
def test_of_a_file_that_breaks_off_what_is_whole_comes_in(content: bytes) -> None:
    (run,) = read(content)
    assert run.is_cut
    assert run.kind is Sport.RUNNING
    assert 600 <= (run.distance_m or 0.0) <= 901


def test_a_point_that_breaks_off_is_left_out() -> None:
    cut = RUN[: RUN.rindex(b"<time>") + 12]
    assert len(read_gpx_tracks(cut)[0].records) == 300


def test_laps_as_tracks_are_one_run_and_the_kept_file_reads_the_same() -> None:
    laps = [f.track(f.points(seconds=100, at=DAY + n * 100 * SECOND, from_m=300 * n), "run") for n in range(3)]
    content = f.gpx(
        *laps, f.track(f.points(at=DAY + 30 * MINUTE), "run"), f.track(f.points(at=DAY + 36 * MINUTE), "walk")
    )
    first, second, _ = read_gpx_tracks(content)
    assert [len(one.records) for one in (first, second)] == [301, 301]
    kept = read_gpx_tracks(own_part(content, "gpx", completed(first)))
    assert [(one.started_at, len(one.records)) for one in kept] == [(DAY, 301)]


def test_a_watch_without_a_date_is_refused_with_the_reason() -> None:
    with pytest.raises(InterchangeError, match="has no date"):
        read(f.fit((f.RUNNING, POWER_ON, 300, 900.0), at=POWER_ON).close())


def test_a_position_that_was_not_found_costs_no_distance_and_is_on_no_map() -> None:
    lost = range(100, 103)
    content = "".join(
        f'<trkpt lat="0" lon="0"><time>{f.time_text(DAY + s * SECOND)}</time></trkpt>'
        if s in lost
        else f.point(DAY + s * SECOND, 1e3 + 3.0 * s)
        for s in range(301)
    )
    (run,) = read_runs(f.gpx(f.track(content, "running")), "gpx")
    assert run.distance_m == pytest.approx(900.0, abs=2.0)
    assert [record.latitude_deg is None for record in run.records] == [s in lost for s in range(301)]


def test_a_run_of_one_track_of_several_days_keeps_its_own_points_alone() -> None:
    content = f.gpx(f.track("".join(later(lambda at: f.points(at=at), 0, 24))))
    second = read_gpx_tracks(content)[1]
    kept = read_gpx_tracks(own_part(content, "gpx", completed(second)))
    assert [(one.started_at, len(one.records)) for one in kept] == [(DAY + timedelta(days=1), 301)]


@pytest.mark.parametrize(
    ("word", "sport"),
    [
        ("Hardloopsessie", Sport.RUNNING), ("Course à pied", Sport.RUNNING), ("Løbetur", Sport.RUNNING),
        ("Trail Run", Sport.RUNNING), ("Berglauf", Sport.RUNNING),
        ("Treadmill Walk", Sport.WALKING), ("VirtualRun", Sport.RUNNING), ("Бег", Sport.RUNNING),
        ("Corrida", Sport.RUNNING),
        ("Caminhada", Sport.WALKING), ("Spaziergang", Sport.WALKING), ("", None), ("Workout", None),
    ],
)  # fmt: skip
def test_sports_are_known_in_the_languages_of_exports(word: str, sport: Sport | None) -> None:
    assert named_sport(word) == sport


@pytest.mark.parametrize(
    "word",
    ["Bicicleta", "Fietsrit", "Sortie à vélo", "Pedalada", "Cykling", "Велозаезд", "multisport", "Ride", "EBikeRide",
     "Rowing", "Schwimmen", "Kajak fahren kayak", "Inline Skate", "Ski alpin"],
)  # fmt: skip
def test_other_sports_are_known_in_the_languages_of_exports(word: str) -> None:
    assert named_sport(word) not in (None, Sport.RUNNING, Sport.WALKING)


def test_a_bomb_of_elements_is_refused_before_it_is_read() -> None:
    with pytest.raises(InterchangeError, match="too large"):
        read(b"<gpx>" + b"<a/>" * 16_000_001 + b"</gpx>")


@pytest.mark.parametrize("inside", [b"&" * 1_000_000, b"<a/>" * 2_100_000, b"<name>" + b"&#65;" * 9_000 + b" &"])
def test_what_is_broken_and_huge_is_refused_soon(inside: bytes) -> None:
    start_s = time.process_time()
    with pytest.raises(InterchangeError):
        read(b"<gpx>" + inside)
    assert time.process_time() - start_s < 5.0


def test_entities_are_refused_in_every_encoding() -> None:
    bad = '<!DOCTYPE gpx [<!ENTITY a "aaaa">]>' + RUN.decode()
    for encoding in ("utf-8", "utf-16", "utf-8-sig"):
        with pytest.raises(InterchangeError, match="entities"):
            read(bad.encode(encoding))


def changed(content: bytes, at: int, new: int, end: int) -> bytes:
    place = at % len(content)
    return content[:place] + bytes([new]) + content[place + 1 : len(content) - end % (len(content) // 2)]


@pytest.mark.parametrize("content", [RUN[:6000], TCX[:6000], FIT, gzip.compress(RUN)], ids=["gpx", "tcx", "fit", "gz"])
@settings(max_examples=examples(25), deadline=None)
@given(at=st.integers(0, 1 << 16), new=st.integers(0, 255), end=st.integers(0, 1 << 16))
def test_no_byte_of_a_file_makes_it_crash(content: bytes, at: int, new: int, end: int) -> None:
    try:
        found = read(changed(content, at, new, end))
    except CoachError:
        return
    assert all(dataclasses.is_dataclass(one) for one in found)
