"""Of a file with several runs each keeps its own part: its positions go with it, and come back on export."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coach.interchange import fit_messages as fm
from coach.interchange.fit_encoding import FitFile, fit_time
from coach.interchange.formats import read_activities
from coach.service.runs.history import HistoryService
from coach.storage.store import Store

START = datetime(2026, 5, 4, 8, tzinfo=UTC)
HOME, AWAY = (50.1, 8.6), (48.2, 16.4)  # of the first and of the second run
WALK_M = 3.0 / 110574  # degrees a second northwards


def fit() -> bytes:
    """Two sessions an hour apart, a lap each."""
    file = FitFile()
    file.add(fm.FILE_ID, [(fm.FILE_TYPE, 4)])
    for n, (lat, lon) in enumerate((HOME, AWAY)):
        start = fit_time(START) + 3600 * n
        for t in range(120):
            place = [(fm.LATITUDE, lat + t * WALK_M), (fm.LONGITUDE, lon)]
            file.add(fm.RECORD, [(fm.TIMESTAMP, start + t), *place, (fm.HEART_RATE, 140)])
        head = [(fm.TIMESTAMP, start + 120), (fm.START_TIME, start), (fm.TOTAL_ELAPSED, 120.0)]
        file.add(fm.LAP, head)
        file.add(fm.SESSION, [*head, (fm.TOTAL_TIMER, 120.0), (fm.SPORT_SESSION, 1)])
    return file.close()


def _times(n: int) -> list[str]:
    return [(START + timedelta(hours=n, seconds=t)).strftime("%Y-%m-%dT%H:%M:%SZ") for t in range(120)]


def gpx() -> bytes:
    tracks = ""
    for n, (lat, lon) in enumerate((HOME, AWAY)):
        points = "".join(
            f'<trkpt lat="{lat + t * WALK_M:.7f}" lon="{lon}"><time>{at}</time></trkpt>'
            for t, at in enumerate(_times(n))
        )
        tracks += f"<trk><type>running</type><trkseg>{points}</trkseg></trk>"
    return f'<gpx><wpt lat="47.0" lon="9.0"/>{tracks}</gpx>'.encode()


def tcx() -> bytes:
    runs = ""
    for n, (lat, lon) in enumerate((HOME, AWAY)):
        points = "".join(
            f"<Trackpoint><Time>{at}</Time><Position><LatitudeDegrees>{lat + t * WALK_M:.7f}</LatitudeDegrees>"
            f"<LongitudeDegrees>{lon}</LongitudeDegrees></Position></Trackpoint>"
            for t, at in enumerate(_times(n))
        )
        runs += f'<Activity Sport="Running"><Id>{_times(n)[0]}</Id><Lap StartTime="{_times(n)[0]}"><Track>{points}'
        runs += "</Track></Lap></Activity>"
    return f"<TrainingCenterDatabase><Activities>{runs}</Activities></TrainingCenterDatabase>".encode()


@pytest.fixture
def history(tmp_path: Path) -> Iterator[HistoryService]:
    service = HistoryService(Store(tmp_path / "coach.sqlite"), tmp_path / "recordings")
    yield service
    service._store.close()


def latitudes(content: bytes, kind: str) -> set[int]:
    return {int(r.latitude_deg) for a in read_activities(content, kind) for r in a.records if r.latitude_deg}


@pytest.mark.parametrize(("kind", "content"), [("fit", fit()), ("gpx", gpx()), ("tcx", tcx())])
def test_positions_stay_with_their_run(kind: str, content: bytes, history: HistoryService) -> None:
    first, second = history.files.import_bytes(content, f"x.{kind}").run_ids
    kept = {path.stem: path.read_bytes() for path in (history.recordings / "imports").iterdir()}
    assert latitudes(kept[first], kind) == {50}
    assert latitudes(kept[second], kind) == {48}
    assert b'lat="47.0"' not in kept[first] + kept[second]
    for run_id, degrees in ((first, 50), (second, 48)):
        for out in ("fit", "gpx"):
            exported = read_activities(history.files.export(run_id, out), out)[0]
            places = [r.latitude_deg for r in exported.records if r.latitude_deg is not None]
            assert len(places) >= 119
            assert {int(place) for place in places} == {degrees}


def test_a_kept_part_is_a_whole_file_of_its_own(history: HistoryService) -> None:
    fitparse = pytest.importorskip("fitparse")
    _, second = history.files.import_bytes(fit(), "x.fit").run_ids
    path = history.recordings / "imports" / f"{second}.fit"
    messages = list(fitparse.FitFile(str(path)).get_messages())  # checks the checksum
    names = [message.name for message in messages]
    assert (names.count("record"), names.count("lap"), names.count("session"), names.count("file_id")) == (120, 1, 1, 1)


def test_a_file_of_one_run_is_kept_as_it_is(history: HistoryService) -> None:
    content = gpx().replace(b'<wpt lat="47.0" lon="9.0"/>', b"").split(b"</trk>")[0] + b"</trk></gpx>"
    (run_id,) = history.files.import_bytes(content, "x.gpx").run_ids
    assert (history.recordings / "imports" / f"{run_id}.gpx").read_bytes() == content
