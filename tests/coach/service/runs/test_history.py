"""Runs afterwards through the real store: lists, edits, cuts, trends, files out and in, the whole account."""

import contextlib
import dataclasses
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest

from coach.errors import InterchangeError, StorageError, UserError
from coach.model.cues import CueDecision
from coach.model.metrics import LiveMetrics
from coach.model.pain import PainEntry, PainMoment
from coach.model.recordings import RecordingHeader
from coach.model.runs import Lap, Run, RunFilter, RunPlace, RunState, RunSummary, Shoe
from coach.model.samples import Notification
from coach.model.strides import Stride
from coach.recording.reader import read_recording
from coach.recording.writer import RecordingWriter
from coach.service.runs.history import HistoryService
from coach.service.runs.leftovers import clear_leftovers, has_leftovers
from coach.storage.dump import rows_of, table_names
from coach.storage.store import Store
from coach.summary.summarise import summarise
from tests.coach.summary.runs import START, make_entry, make_seconds, make_strides
from tests.support.common import mostly_slow_rows, need_reference

CUE = CueDecision("c", 400.0, "r", "stride", "cue", True, False, "Push", None, None, "", (), "", "")


def open_account(folder: Path) -> HistoryService:
    return HistoryService(Store(folder / "coach.sqlite"), folder / "recordings")


@pytest.fixture
def history(tmp_path: Path) -> Iterator[HistoryService]:
    service = open_account(tmp_path)
    yield service
    service._store.close()


@cache
def lived(minutes: float, laps: tuple[Lap, ...]) -> tuple[list[Stride], list[LiveMetrics], RunSummary]:
    strides, seconds = make_strides(minutes), make_seconds(int(minutes * 60))
    return strides, seconds, summarise(strides, (), seconds, [CUE], laps=laps)


def keep_run(history: HistoryService, run_id: str = "r1", days: int = 0, minutes: float = 10, **fields: object) -> Run:
    """A run with strides, seconds, a cue, a raw log and its summary."""
    started_at = START + timedelta(days=days)
    writer = RecordingWriter(history.recordings, RecordingHeader(run_id, started_at))
    for i in range(int(minutes * 60)):
        writer.write(Notification("A", "c", float(i), bytes([i % 256])))
    name = writer.close().name
    run = Run(run_id, started_at, RunState.FINISHED, recording=name, laps=(Lap(1, 0.0, None),))
    run = dataclasses.replace(run, **fields)  # type: ignore[arg-type]
    store = history._store
    store.runs.create(run)
    strides, seconds, summary = lived(minutes, run.laps)
    store.runs.data.add(run_id, strides, seconds, [CUE])
    return store.runs.finish(run_id, RunState.FINISHED, summary)


def test_a_run_is_shown_with_all_that_is_known_of_it(history: HistoryService) -> None:
    run = keep_run(history)
    history._store.pain.add(PainEntry(START, PainMoment.AFTER_RUN, back=2, run_id="r1"))
    detail = history.detail("r1")
    assert detail.entry.run == run
    assert [split.number for split in detail.splits] == [1, 2]
    assert len(detail.strides) == 2
    assert detail.cues == (CUE,)
    assert detail.pain[0].back == 2
    assert detail.laps == ()
    assert history.detail("r1", split_m=400).splits[0].distance_m == pytest.approx(400, abs=4)
    with pytest.raises(UserError, match="no run"):
        history.detail("r9")


def test_series_are_thinned_for_the_plot_and_gaps_stay_gaps(history: HistoryService) -> None:
    keep_run(history)
    whole = history.series("r1", n_points=100)
    assert len(whole.t_s) == 100
    assert whole.step_s == 6.0
    assert "impact_g" not in whole.values
    assert set(whole.values["cadence_spm"]) == {170.0}
    near = history.series("r1", ["heart_rate_bpm"], 60.0, 119.0)
    assert near.t_s[0] == 60.0
    assert near.values["heart_rate_bpm"][0] == pytest.approx(141, abs=1e-3)
    history._store.runs.data.replace("r1", [], [], [s for s in make_seconds(600) if not 200 < s.t_s < 300])
    assert None in history.series("r1", ["cadence_spm"], n_points=60).values["cadence_spm"]
    with pytest.raises(UserError, match="no plot"):
        history.series("r1", ["t_s; DROP TABLE runs"])


def test_a_run_is_edited_trimmed_and_its_laps_changed(history: HistoryService) -> None:
    keep_run(history)
    run = history.edit("r1", title="Hills", place="outdoor", shoes="Blue")
    assert (run.title, run.place, run.shoes) == ("Hills", RunPlace.OUTDOOR, "Blue")
    assert history.shoes()[0].n_runs == 1
    history.save_shoe(Shoe("Blue", start_m=1e5))
    assert history.shoes()[0].distance_m == pytest.approx(1e5 + 1800, rel=0.01)
    assert history.trim("r1", 60.0, 360.0).duration_s == 300
    assert history.trim("r1", None, None).duration_s == pytest.approx(600, abs=2)
    history.set_laps("r1", [Lap(1, 0.0, 300.0, "warm_up"), Lap(2, 300.0, None)])
    summary = history.entry("r1").summary
    assert summary is not None
    assert summary.moving_s == pytest.approx(300, abs=2)
    assert len(history.detail("r1").laps) == 2
    assert history.stretch("r1", 10.0, 70.0).moving_s == pytest.approx(60, abs=2)
    for wrong in (lambda: history.edit("r1", state="x"), lambda: history.trim("r1", 50.0, 50.0)):
        with pytest.raises(UserError):
            wrong()
    with pytest.raises(UserError, match="laps"):
        history.set_laps("r1", [Lap(1, 0.0, None), Lap(2, 5.0, None)])


def test_a_run_is_cut_in_two_and_the_whole_can_come_back(history: HistoryService) -> None:
    keep_run(history)
    first, second = history.split("r1", 240.0)
    assert (first.duration_s, second.duration_s) == (pytest.approx(240, abs=2), pytest.approx(360, abs=2))
    assert second.started_at == START + timedelta(seconds=240)
    assert first.distance_m == pytest.approx(720, rel=0.02)
    assert second.distance_m == pytest.approx(1080, rel=0.02)
    assert next(read_recording(history.files.raw_log(second)).notifications()).payload == bytes([240])
    assert history._store.runs.data.decisions(second.run_id)[0].t_s == 160.0
    assert history.list().n_total == 2
    assert [e.run.run_id for e in history.list(RunFilter(is_deleted=True)).entries] == ["r1"]
    history.restore("r1")
    assert history.list().n_total == 3
    with pytest.raises(UserError, match="between"):
        history.split("r1", 5000.0)


@pytest.mark.parametrize(
    ("cut", "n_before"),
    mostly_slow_rows(
        [("create", 0), ("create", 1), ("save_summary", 0), ("save_summary", 1), ("finish", 1), ("exchange", 0)],
        n_quick=3,
    ),
)
def test_a_cut_that_ends_anywhere_leaves_the_whole_run_alone(
    history: HistoryService, monkeypatch: pytest.MonkeyPatch, cut: str, n_before: int
) -> None:
    """Before, the parts were there beside the whole: the same metres twice."""
    keep_run(history, minutes=6)
    runs, n_calls = history._store.runs, 0
    real = getattr(runs, cut)

    def killed(*args: object, **named: object) -> object:
        nonlocal n_calls
        n_calls += 1
        if n_calls > n_before:
            raise KeyboardInterrupt
        return real(*args, **named)

    with monkeypatch.context() as patched:
        patched.setattr(runs, cut, killed)
        with contextlib.suppress(KeyboardInterrupt):
            history.split("r1", 240.0)
    assert n_calls > n_before
    assert [entry.run.run_id for entry in history.list().entries] == ["r1"]
    clear_leftovers(history._store, history.recordings)  # as the next start does
    hidden = history.list(RunFilter(is_deleted=True)).entries
    assert all(entry.summary is not None for entry in hidden), "a part without numbers could be brought back"
    logs = {"r1.mcap", *(entry.run.recording for entry in hidden)}
    assert {path.name for path in history.recordings.iterdir()} == logs
    assert len(history.split("r1", 240.0)) == 2
    assert history.list().n_total == 2


def test_only_half_made_parts_are_taken_back(history: HistoryService) -> None:
    keep_run(history)
    for run_id in ("r1-a", "r1-c", "20260301-070000-b123"):  # the last two are nobody's part
        history._store.runs.create(Run(run_id, START, RunState.FINISHED), deleted_at=START)
    assert has_leftovers(history._store, history.recordings)
    clear_leftovers(history._store, history.recordings)
    assert not has_leftovers(history._store, history.recordings)
    left = {entry.run.run_id for entry in history.list(RunFilter(is_deleted=True)).entries}
    assert left == {"r1-c", "20260301-070000-b123"}


def test_a_deleted_run_comes_back_whole(history: HistoryService) -> None:
    run = keep_run(history)
    history.delete("r1")
    assert history.list().entries == ()
    history.restore("r1")
    assert history.entry("r1").run == run
    assert history.files.raw_log(run).exists()


@pytest.mark.parametrize("kind", ["fit", "tcx", "csv"])
def test_a_run_goes_out_and_comes_back(kind: str, history: HistoryService, tmp_path: Path) -> None:
    keep_run(history)
    content = history.files.export("r1", kind)
    other = open_account(tmp_path / "other")
    imported = other.files.import_bytes(content, history.files.export_name("r1", kind))
    entry = other.entry(imported.run_ids[0])
    assert imported.kind == kind
    assert entry.run.source == kind
    assert entry.run.started_at == START
    assert entry.summary is not None
    assert entry.summary.cadence_spm == pytest.approx(170, abs=0.1)
    assert entry.summary.distance_m == pytest.approx(1800, rel=0.01)
    if kind == "csv":
        assert other.files.import_bytes(history.files.export("r1", "strides")).is_merged
        assert len(other._store.runs.data.strides(entry.run.run_id)) == len(make_strides(10))
    else:
        with pytest.raises(InterchangeError, match="already"):
            other.files.import_bytes(content)
    other._store.close()


def test_formats_that_cannot_be_are_refused_in_words(history: HistoryService) -> None:
    keep_run(history, recording=None)
    for kind in ("mcap", "pdf"):
        with pytest.raises(UserError):
            history.files.export("r1", kind)
    with pytest.raises(InterchangeError, match="positions"):
        history.files.export("r1", "gpx")
    for content in (b"", b"GIF89a", b"PK\x03\x04junk"):
        with pytest.raises(InterchangeError):
            history.files.import_bytes(content, "x.gif")
    assert history.list().n_total == 1


def test_a_watch_fills_only_what_the_recorded_run_does_not_know(history: HistoryService, tmp_path: Path) -> None:
    watch = open_account(tmp_path / "watch")
    keep_run(watch)
    content = watch.files.export("r1", "fit")
    watch._store.close()
    keep_run(history)
    blind = [dataclasses.replace(s, heart_rate_bpm=None, cadence_spm=166.0) for s in make_seconds(600)]
    history._store.runs.data.replace("r1", [], [], blind)
    imported = history.files.import_bytes(content)
    assert imported.is_merged
    assert imported.run_ids == ("r1",)
    seconds = history._store.runs.data.seconds("r1")
    assert seconds[300].heart_rate_bpm == pytest.approx(145)
    assert seconds[300].cadence_spm == 166.0
    summary = history.entry("r1").summary
    assert summary is not None
    assert summary.heart_rate_bpm == pytest.approx(145, abs=1)


def test_a_real_watch_file_becomes_a_run_and_keeps_its_places(history: HistoryService) -> None:
    content = need_reference("fit/activity-small-fenix2-run.fit").read_bytes()
    run_id = history.files.import_bytes(content, "run.fit").run_ids[0]
    detail = history.detail(run_id)
    assert detail.entry.run.distance_m
    assert detail.splits
    assert b"<trkpt" in history.files.export(run_id, "gpx")


@pytest.mark.slow
def test_the_whole_account_goes_out_and_comes_back_without_loss(history: HistoryService, tmp_path: Path) -> None:
    keep_run(history)
    keep_run(history, "r2", days=1)
    history._store.pain.add(PainEntry(START, PainMoment.NOW, back=1))
    history._store.settings.put("x", {"a": 1})
    out = BytesIO()
    history.files.archive(out)
    other = open_account(tmp_path / "other")
    keep_run(other, "own", days=9)
    imported = other.files.import_bytes(out.getvalue(), "account.zip")
    assert imported.n_runs == 2
    for run_id in ("r1", "r2"):
        assert other.detail(run_id) == history.detail(run_id)
        assert other.files.raw_log(other.entry(run_id).run).read_bytes() == history.files.export(run_id, "mcap")
        assert other._store.runs.data.strides(run_id) == history._store.runs.data.strides(run_id)
    ours = {name: len(list(rows_of(history._store.database, name))) for name in table_names()}
    again = other.files.import_bytes(out.getvalue())
    assert (again.n_runs, again.n_rows) == (0, 0)
    other.delete("own")
    assert ours["pain_entries"] == len(other._store.pain.list()) == 1
    assert other.list().n_total == 2
    other._store.close()


def test_a_damaged_archive_changes_nothing(history: HistoryService, tmp_path: Path) -> None:
    keep_run(history)
    out = BytesIO()
    history.files.archive(out)
    content = bytearray(out.getvalue())
    content[len(content) // 2] ^= 0xFF
    other = open_account(tmp_path / "other")
    with pytest.raises((InterchangeError, StorageError)):
        other.files.import_bytes(bytes(content[: len(content) // 2]))
    assert other.list().n_total == 0
    other._store.close()


def test_many_runs_have_trends_a_calendar_and_records(history: HistoryService) -> None:
    for i in range(6):
        entry = make_entry(
            f"r{i}", 7 * i, minutes=8, seed=i, speed=lambda t, i=i: 2.8 + 0.1 * (i % 3) + 0.1 * (t // 60 % 2)
        )
        history._store.runs.create(dataclasses.replace(entry.run, duration_s=None))
        assert entry.summary is not None
        history._store.runs.finish(entry.run.run_id, RunState.FINISHED, entry.summary)
    trend = history.trend("step_length_m")
    assert len(trend.points) == 6
    assert history.trend("step_length_m", since=START + timedelta(days=20)).points[0].run_id == "r3"
    days = history.calendar(date(2026, 1, 1), date(2026, 1, 31))
    assert [day.day for day in days] == ["2026-01-05", "2026-01-12", "2026-01-19", "2026-01-26"]
    assert {record.kind for record in history.records()} >= {"distance", "duration", "1000"}
    assert history.compare("r0", "r2").differences
    assert "step_length_m" in history.detail("r5").usual
    with pytest.raises(UserError, match="no trend"):
        history.trend("shoe_size")


@pytest.mark.slow
def test_five_thousand_runs_are_listed_page_by_page(history: HistoryService) -> None:
    entry = make_entry("x", 0, minutes=3)
    assert entry.summary is not None
    from coach.storage.run_tables import RUNS
    from coach.storage.runs import put_summaries

    with history._store.database.write() as connection:
        runs = [
            dataclasses.replace(entry.run, run_id=f"r{i}", started_at=START + timedelta(hours=i)) for i in range(5000)
        ]
        RUNS.table.put(connection, (RUNS.row(r, run_key=i, deleted_at=None) for i, r in enumerate(runs)))
        put_summaries(connection, dict.fromkeys(range(5000), entry.summary))
    page = history.list(page=100, per_page=50)
    assert (page.n_total, page.n_pages, page.page) == (5000, 100, 100)
    assert page.entries[-1].run.run_id == "r0"
    assert len(history.trend("step_length_m").points) == 5000
