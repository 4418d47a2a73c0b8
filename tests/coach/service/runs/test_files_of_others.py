"""Real files of watches and pods through the account: each comes in with what it has, beside or into a run of ours.

Files: shared/reference/fit, see SOURCE.md there.
"""

import dataclasses
import zipfile
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from coach.errors import InterchangeError
from coach.interchange import fit_messages as fm
from coach.interchange.activity import Activity, run_of, seconds_of
from coach.interchange.fit_encoding import FitFile
from coach.model.metrics import LiveMetrics
from coach.model.runs import RunFilter, Sport
from coach.service.runs.history import HistoryService
from coach.storage.store import Store
from coach.summary.summarise import summarise
from tests.support.common import mostly_slow, need_reference
from tests.support.imported import read_fit

# What each file must bring: (kilometres, minutes, laps, fields of its seconds)
DYNAMICS: Final = ("cadence_spm", "contact_time_ms", "heart_rate_bpm", "speed_mps", "vertical_oscillation_mm")
FULL: Final = (*DYNAMICS, "step_length_m", "vertical_ratio_pct", "contact_time_balance_pct")
FILES: Final = {
    "activity-small-fenix2-run": (9.01, 47.2, 4, DYNAMICS),
    "developer-types-sample": (6.75, 57.1, 1, DYNAMICS),
    "garmin-fenix-5-run": (0.16, 0.9, 1, FULL),
    "garmin-fenix-5-walk": (0.07, 0.8, 1, FULL),
    "sample_mulitple_header": (9.81, 47.5, 1, FULL),  # the run of a triathlon
    "stryd-backgaden-0.3km": (0.31, 2.2, 1, DYNAMICS),
    "stryd-backgaden-1km": (1.06, 6.6, 1, DYNAMICS),
    "stryd-sport-field": (0.42, 2.8, 1, DYNAMICS),
    "stryd-sport-field-circles": (0.33, 1.7, 1, DYNAMICS),
    "stryd-sport-field-lap": (0.55, 3.7, 1, DYNAMICS),
    "stryd-up-and-down": (0.36, 1.9, 1, DYNAMICS),
}


def content_of(name: str) -> bytes:
    return need_reference(f"fit/{name}.fit").read_bytes()


@pytest.fixture
def history(tmp_path: Path) -> Iterator[HistoryService]:
    service = HistoryService(Store(tmp_path / "coach.sqlite"), tmp_path / "recordings")
    yield service
    service._store.close()


def test_every_file_of_the_folder_is_tried() -> None:
    assert {path.stem for path in need_reference("fit").glob("*.fit")} == set(FILES)


@pytest.mark.parametrize("name", mostly_slow(FILES, 2))
def test_a_file_comes_in_with_what_it_has(name: str, history: HistoryService) -> None:
    kilometres, minutes, n_laps, fields = FILES[name]
    run = history.entry(history.files.import_bytes(content_of(name), f"{name}.fit").run_ids[0]).run
    assert run.distance_m == pytest.approx(1000 * kilometres, abs=6)
    assert run.duration_s == pytest.approx(60 * minutes, abs=3)
    assert len(run.laps) == n_laps
    seconds = history._store.runs.data.seconds(run.run_id)
    for field in fields:
        known = [value for s in seconds if (value := getattr(s, field)) is not None]
        assert len(known) >= 0.4 * len(seconds), field
    cadences = [s.cadence_spm for s in seconds if s.cadence_spm]
    assert (95 if "walk" in name else 140) < np.median(cadences) < 190
    far = [s.distance_m for s in seconds if s.distance_m is not None]
    assert far[0] < 30
    assert far == sorted(far)
    assert far[-1] == pytest.approx(1000 * kilometres, rel=0.05)
    with pytest.raises(InterchangeError, match="already"):
        history.files.import_bytes(content_of(name))


@pytest.mark.parametrize("name", mostly_slow([name for name, facts in FILES.items() if facts[1] > 2.1], n_quick=1))
def test_a_file_is_merged_by_time_into_the_run_that_was_recorded(name: str, history: HistoryService) -> None:
    """The recorded run knows cadence and strides only, and its clock is 12 s ahead of the watch."""
    activity = read_fit(content_of(name))
    mine = record(history, activity, ahead_s=12.0)
    imported = history.files.import_bytes(content_of(name))
    assert (imported.is_merged, imported.run_ids) == (True, ("mine",))
    filled = {s.t_s: s for s in history._store.runs.data.seconds("mine")}
    beats = {round(r.t_s) + 12: r.values["heart_rate_bpm"] for r in activity.records if "heart_rate_bpm" in r.values}
    both = [(filled[t_s].heart_rate_bpm, bpm) for t_s, bpm in beats.items() if t_s in filled]
    is_clear = np.std([s.cadence_spm for s in mine]) > 3  # else nothing shows where the clocks meet
    if is_clear:
        assert np.mean([a == b for a, b in both]) > 0.9
    assert sum(a is not None for a, _ in both) > 0.8 * len(both)
    assert [s.cadence_spm for s in mine] == [filled[s.t_s].cadence_spm for s in mine]
    assert history.list(RunFilter()).n_total == 1


def record(history: HistoryService, activity: Activity, ahead_s: float) -> list[LiveMetrics]:
    """Keep the run that a pod of ours would have recorded beside the watch."""
    whole = [LiveMetrics(s.t_s + ahead_s, s.state, cadence_spm=s.cadence_spm) for s in seconds_of(activity)]
    mine = [s for s in whole if s.cadence_spm is not None]
    run = dataclasses.replace(run_of(activity, "mine", "recorded"), distance_m=None)
    history._store.runs.create(run)
    history._store.runs.data.add("mine", seconds=mine)
    history._store.runs.finish("mine", run.state, summarise([], (), mine, duration_s=activity.end_s))
    return mine


def ride() -> bytes:
    """A FIT file of half a minute on a bicycle."""
    file = FitFile()
    for second in range(30):
        file.add(fm.RECORD, [(fm.TIMESTAMP, 10**9 + second), (fm.CADENCE, 90)])
    file.add(fm.SESSION, [(fm.TIMESTAMP, 10**9 + 30), (fm.START_TIME, 10**9), (fm.SPORT_SESSION, 2)])
    return file.close()


def test_a_ride_is_refused_in_words(history: HistoryService) -> None:
    with pytest.raises(InterchangeError, match="holds cycling, not running"):
        history.files.import_bytes(ride())
    tcx = b'<TrainingCenterDatabase><Activities><Activity Sport="Biking"/></Activities></TrainingCenterDatabase>'
    with pytest.raises(InterchangeError, match="holds Biking, not running"):
        history.files.import_bytes(tcx)
    assert history.list().n_total == 0


def test_a_cut_or_changed_file_gives_what_is_whole_and_says_so(history: HistoryService) -> None:
    content = content_of("stryd-sport-field")
    cut = history.files.import_bytes(content[:6000])
    assert cut.is_cut
    assert 100 < (history.entry(cut.run_ids[0]).run.distance_m or 0.0) < 416
    whole = read_fit(content)
    changed = read_fit(content[:-1] + bytes([content[-1] ^ 1]))
    assert changed.is_cut
    assert changed.records == whole.records
    with pytest.raises(InterchangeError, match="damaged"):
        history.files.import_bytes(content[:300])


def uncertain_sport() -> bytes:
    """A GPX track that names no sport, at 6.3 m/s for twelve minutes."""
    points = "".join(
        f'<trkpt lat="{6.3 * s / 110574:.9f}" lon="8"><time>2026-05-04T08:{s // 60:02}:{s % 60:02}Z</time></trkpt>'
        for s in range(720)
    )
    return f"<gpx><trk><trkseg>{points}</trkseg></trk></gpx>".encode()


def test_what_is_uncertain_is_kept_apart_until_the_runner_says_what_it_was(history: HistoryService) -> None:
    run_id = history.files.import_bytes(content_of("stryd-backgaden-1km")).run_ids[0]
    ride = history.files.import_bytes(uncertain_sport()).run_ids[0]
    assert "ride's speed" in history.entry(ride).run.sport_reason
    assert [e.run.run_id for e in history.list().entries] == [run_id]
    assert [e.run.run_id for e in history.list(RunFilter(sport=Sport.OTHER)).entries] == [ride]
    assert history.list(RunFilter(sport=None)).n_total == 2
    assert {record.run_id for record in history.records()} == {run_id}
    assert {point.run_id for point in history.trend("cadence_spm").points} == {run_id}
    assert [day.n_runs for day in history.calendar(date(2026, 5, 4), date(2026, 5, 4))] == []
    with pytest.raises(InterchangeError, match="already"):
        history.files.import_bytes(uncertain_sport())
    history.edit(ride, sport="running")
    assert history.entry(ride).run.sport_reason == ""
    assert ride in {record.run_id for record in history.records()}


def test_a_named_walk_is_a_walk(history: HistoryService) -> None:
    walk = history.files.import_bytes(content_of("garmin-fenix-5-walk")).run_ids[0]
    assert (history.entry(walk).run.sport, history.list().n_total) == (Sport.WALKING, 0)


def test_seconds_that_no_person_can_have_never_enter_a_summary() -> None:
    """A pod that reports zero contact time, a receiver that jumps 500 m, wheels at 90 turns a minute."""
    seconds = [
        LiveMetrics(float(t), cadence_spm=170.0, contact_time_ms=250.0, speed_mps=3.0, distance_m=3.0 * t)
        for t in range(300)
    ]
    whole = summarise([], (), seconds)
    odd = list(seconds)
    odd[100:160] = [dataclasses.replace(s, contact_time_ms=0.0) for s in odd[100:160]]
    odd[200:220] = [dataclasses.replace(s, cadence_spm=90.0, speed_mps=9.0) for s in odd[200:220]]
    odd[250:] = [dataclasses.replace(s, distance_m=(s.distance_m or 0.0) + 500.0) for s in odd[250:]]
    found = summarise([], (), odd)
    assert found.contact_time_ms == whole.contact_time_ms
    assert (found.speed_mps, found.cadence_spm) == (pytest.approx(whole.speed_mps), pytest.approx(whole.cadence_spm))
    assert found.distance_m == pytest.approx(whole.distance_m, abs=4)
    assert found.best_s["400"] == pytest.approx(whole.best_s["400"], abs=2)


def test_an_archive_that_would_fill_the_disk_is_refused(history: HistoryService) -> None:
    """Forty megabytes of nothing pack to forty kilobytes: no run of ours does."""
    bomb = BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("account.json", '{"format": "running-coach-account", "version": 1}')
        archive.writestr("files/run.mcap", bytes(40_000_000))
    with pytest.raises(InterchangeError, match="unpacks to far more"):
        history.files.import_bytes(bomb.getvalue(), "account.zip")
    assert not list(history.recordings.rglob("*"))
