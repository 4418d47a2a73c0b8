"""Archives of strangers: nothing in them leaves its folder, lets anybody in, or breaks a page."""

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest

from coach.bootstrap import Coach
from coach.errors import CoachError, InterchangeError
from coach.model.daily_life import DailyActivity, TalkTest
from coach.model.links import SensorUse
from coach.model.pain import PainEntry, PainMoment, RedFlagAnswers
from coach.model.plain import to_plain
from coach.model.recordings import RecordingHeader, RunEvent
from coach.model.reminders import Channels
from coach.model.runner import RunnerProfile
from coach.model.runs import Run, RunState, Shoe
from coach.model.samples import Notification
from coach.model.sites import WearSite
from coach.recording.folder import inside
from coach.recording.writer import RecordingWriter
from coach.service.runs import files
from coach.service.runs.files import SPARE_BYTES
from coach.settings import make_settings
from coach.storage.strength import Strength
from tests.coach.service.runs.quiet_run import begin
from tests.coach.service.runs.test_history import keep_run
from tests.support.common import mostly_slow
from web.app import create_app

AT: Final = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
PAGES: Final = (
    "/", "/live", "/runs", "/runs/trends", "/runs/report", "/strength", "/strength/daily", "/strength/tests", "/you",
    "/you/pain", "/you/rules", "/you/block", "/progress", "/sensors", "/phones", "/strength/reminders",
    "/you/red-flags", "/you/profile", "/runs/r1", "/api/v1/runs", "/api/v1/run", "/strength/calendar.ics",
)  # fmt: skip
Tables = dict[str, list[dict[str, Any]]]


def make_coach(folder: Path) -> Coach:
    return Coach(make_settings(folder, "127.0.0.1", 0))


@pytest.fixture
def coach(tmp_path: Path) -> Iterator[Coach]:
    one = make_coach(tmp_path / "here")
    yield one
    one.close()


def packed(tables: Mapping[str, Sequence[Mapping[str, Any]]], files: Mapping[str, bytes] | None = None) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("account.json", json.dumps({"format": "running-coach-account", "version": 1}))
        for name, rows in tables.items():
            archive.writestr(f"tables/{name}.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        for name, content in (files or {}).items():
            archive.writestr(f"files/{name}", content)
    return out.getvalue()


def run_row(**fields: object) -> dict[str, Any]:
    return {"run_key": 1, "deleted_at": None, **to_plain(Run("r1", AT, RunState.FINISHED)), **fields}


def tables_of(content: bytes) -> Tables:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {
            Path(name).stem: [json.loads(line) for line in archive.read(name).splitlines()]
            for name in archive.namelist()
            if name.startswith("tables/")
        }


def full_account(folder: Path) -> Tables:
    """An account with a few rows in most tables."""
    one = make_coach(folder)
    store = one.store
    keep_run(one.history, minutes=1)  # type: ignore[arg-type]
    store.pain.add(PainEntry(AT, PainMoment.AFTER_RUN, back=2, run_id="r1"))
    store.pain.add_red_flags(RedFlagAnswers(AT, ()))
    one.runner.answer_red_flags([])
    store.runner.save(RunnerProfile(name="Sam", height_m=1.8, goals=("half",)))
    store.shoes.save(Shoe("Old ones"))
    store.sensors.remember(SensorUse("A", "Pod", "movesense", WearSite.LEFT_FOOT), AT)
    one.coaching.finish(one.store.runs.get("r1"), one.coaching.prepare("r1", AT))
    one.strength.create("home", "mon,thu", "18:30", "Europe/London", date(2026, 3, 2))
    Strength(store.database).put_activity(DailyActivity("d1", date(2026, 1, 5), "Walking", 30, TalkTest.LIGHT))
    out = BytesIO()
    one.history.files.archive(out)
    one.close()
    return {name: rows[:4] for name, rows in tables_of(out.getvalue()).items()}


# Files --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"recording": "/etc/hostname"},
        {"recording": "../secrets/https/ca.key"},
        {"recording": "..\\secret.mcap"},
        {"run_id": "../../victim/owned"},
        {"run_id": ".."},
        {"run_id": "a/b"},
        {"run_id": "a\n"},
        {"run_id": ""},
    ],
)
def test_a_row_that_names_a_path_is_refused_whole(coach: Coach, fields: dict[str, Any]) -> None:
    shoes = [{"name": "Mine", "start_m": 0.0}]
    runs = [run_row(), run_row(run_key=2, **{"run_id": "r2", **fields})]
    with pytest.raises(InterchangeError, match=r"row 2 of runs"):
        coach.history.files.import_bytes(packed({"shoes": shoes, "runs": runs}))
    assert coach.history.list().n_total == 0
    assert coach.store.shoes.list() == []


def test_a_deleted_run_of_an_archive_takes_no_other_run_s_log_along(coach: Coach) -> None:
    """Whoever has an older archive knows the names of recordings: his row names one, as of a run deleted long ago."""
    kept = keep_run(coach.history, "r1", minutes=0.1)
    forged = run_row(run_id="forged", recording=kept.recording, deleted_at="2020-01-02T00:00:00Z")
    coach.history.files.import_bytes(packed({"runs": [forged]}))
    assert coach.store.runs.knows("forged")
    coach.history.purge()
    assert not coach.store.runs.knows("forged")
    assert (coach.history.recordings / str(kept.recording)).is_file()


def test_a_recording_whose_header_names_a_path_is_none_of_ours(coach: Coach, tmp_path: Path) -> None:
    content = keep_run(coach.history, "r1", minutes=0.1).recording  # type: ignore[arg-type]
    recorded = (coach.history.recordings / str(content)).read_bytes()
    coach.store.runs.delete("r1", AT)
    coach.history.purge()
    before = sorted(coach.settings.data.rglob("*"))
    forged = recorded.replace(b"\x02\x00\x00\x00r1", b"\x02\x00\x00\x00..")
    assert forged != recorded
    with pytest.raises(CoachError):
        coach.history.files.import_bytes(forged, "x.mcap")
    assert [path for path in coach.settings.data.rglob("*.mcap") if path not in before] == []


@pytest.mark.parametrize("level", ["x", [1], None, {}])
def test_a_recording_with_an_odd_event_leaves_nothing_behind(coach: Coach, level: object) -> None:
    folder = coach.settings.data / "other"
    writer = RecordingWriter(folder, RecordingHeader("r9", AT))
    writer.write(Notification("A", "c", 1.0, b"x"))
    writer.write_event(RunEvent(2.0, "pain", {"level": level}))
    with pytest.raises(InterchangeError, match="no run can hold"):
        coach.history.files.import_bytes(writer.close().read_bytes(), "x.mcap")
    assert not coach.store.runs.knows("r9")
    assert list(coach.history.recordings.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["../x.mcap", "/x.mcap", "a:b.mcap", "evil.sh", ".bashrc", "imports/x.mcap", "a/b.mcap", "x.MCAP"]
)
def test_only_recordings_and_originals_come_out_of_an_archive(coach: Coach, name: str) -> None:
    with pytest.raises(InterchangeError):
        coach.history.files.import_bytes(packed({"runs": [run_row()]}, {name: b"x"}))
    assert coach.history.list().n_total == 0
    assert [path for path in coach.history.recordings.rglob("*") if path.is_file()] == []


def test_a_link_in_the_folder_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.mcap").symlink_to(tmp_path / "secret")
    with pytest.raises(InterchangeError):
        inside(tmp_path / "in", "x.mcap")
    assert inside(tmp_path / "in", "imports/y.fit") == (tmp_path / "in" / "imports" / "y.fit").resolve()


def test_rows_that_would_fill_the_disk_are_refused_before_they_are_read(
    coach: Coach, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four megabytes of rows: a megabyte of disk, beside what stays free for the log of a run."""
    rows = {"pain_entries": [{"note": "x" * 1000} for _ in range(4000)]}
    for free, words in ((SPARE_BYTES + 500_000, "more space than the disk has"), (SPARE_BYTES + 5_000_000, "row 1 of")):
        monkeypatch.setattr(files.shutil, "disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        with pytest.raises(InterchangeError, match=words):
            coach.history.files.import_bytes(packed(rows))


def test_a_bomb_is_refused_before_it_is_unpacked(coach: Coach) -> None:
    with pytest.raises(InterchangeError, match="far more"):
        coach.history.files.import_bytes(packed({}, {"x.mcap": bytes(40_000_000)}))
    many = {f"x{i}.mcap": b"" for i in range(20_001)}
    with pytest.raises(InterchangeError, match="more than an account"):
        coach.history.files.import_bytes(packed({}, many))


def test_a_bad_row_leaves_no_file_of_the_archive_behind(coach: Coach) -> None:
    with pytest.raises(InterchangeError):
        coach.history.files.import_bytes(packed({"runs": [run_row(state="complete")]}, {"r1.mcap": b"log"}))
    assert list(coach.history.recordings.rglob("*")) == []


# Secrets ------------------------------------------------------------------------------------------------------------


def test_a_run_that_was_only_listened_to_comes_back_from_an_archive(coach: Coach, tmp_path: Path) -> None:
    """Its plan has no focus; what is empty in a plan was taken for missing, and the archive refused whole."""
    run = begin(coach)
    coach.runs.stop()
    assert run.plan is not None
    assert run.plan.focus is None
    out = BytesIO()
    coach.history.files.archive(out)
    other = make_coach(tmp_path / "there")
    try:
        other.history.files.import_bytes(out.getvalue())
        assert other.store.runs.get(run.run_id) == coach.store.runs.get(run.run_id)
    finally:
        other.close()


def test_no_secret_goes_out_and_none_comes_in(coach: Coach) -> None:
    coach.access.invitation("http://x")
    secret = coach.store.settings.get("access.secret")
    coach.strength.push.set_channels(Channels("https://ntfy.sh/my-secret-word", "tk_secret"))
    coach.store.settings.put("some.future", "thing")
    out = BytesIO()
    coach.history.files.archive(out)
    with zipfile.ZipFile(out) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    for word in (secret, "tk_secret", "my-secret-word", "some.future"):
        assert str(word).encode() not in everything
    planted = [{"key": "access.secret", "value": "known"}, {"key": "reminders.channels", "value": {"ntfy_url": "x"}}]
    coach.store.settings.forget("access.secret")
    coach.history.files.import_bytes(packed({"settings": planted}))
    assert coach.store.settings.get("access.secret") is None
    assert coach.strength.push.channels().ntfy_token == "tk_secret"


# Rows ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("runs", run_row(state="complete")),
        ("runs", run_row(started_at="9999-12-31T23:59:59+00:00")),
        ("runs", run_row(duration_s=1e300)),
        ("runs", run_row(run_key=None)),
        ("pain_entries", {"at": AT.isoformat(), "moment": "x"}),
        ("pain_entries", {"at": AT.isoformat(), "moment": "now", "back": "x"}),
        ("pain_entries", {"at": AT.isoformat(), "moment": "now", "back": 11}),
        ("pain_entries", {"at": AT.isoformat(), "moment": "now", "back": 10**30}),
        ("runner", {"runner_key": 1, "time_zone": "Mars/Base"}),
        ("settings", {"key": "strength.daily", "value": {"sitting_from": "x"}}),
        ("coached_runs", {"run_id": "r1", "at": AT.isoformat(), "document": {}}),
    ],
)
def test_a_row_that_is_not_its_noun_is_named_and_nothing_comes_in(
    coach: Coach, table: str, row: dict[str, Any]
) -> None:
    with pytest.raises(InterchangeError, match=table.replace("runs", "run")[:4]):
        coach.history.files.import_bytes(packed({"shoes": [{"name": "Mine", "start_m": 0.0}], table: [row]}))
    assert coach.store.shoes.list() == []


DAMAGE = {"state": "complete", "started_at": "yesterday", "slope_pct": "steep"}


@pytest.mark.parametrize("field", mostly_slow(DAMAGE, n_quick=1))
def test_the_list_of_runs_shows_all_others_says_what_is_left_out_and_lets_it_be_deleted(
    coach: Coach, field: str
) -> None:
    """An older version let such rows in; a damaged time stopped the whole list."""
    for run_id in ("good-1", "bad-1", "good-2"):
        coach.store.runs.create(Run(run_id, AT, RunState.FINISHED, recording=f"{run_id}.mcap"))
        (coach.settings.recordings / f"{run_id}.mcap").write_bytes(b"bytes")
    with coach.store.database.write() as connection:
        connection.execute(f"UPDATE runs SET {field} = ? WHERE run_id = 'bad-1'", (DAMAGE[field],))
    found = coach.history.list(per_page=50)
    assert {entry.run.run_id for entry in found.entries} == {"good-1", "good-2"}
    assert found.unreadable == ("bad-1",)
    client = create_app(coach, is_testing=False).test_client()
    page = client.get("/runs").get_data(as_text=True)
    assert "1 run cannot be read" in page
    assert 'action="/runs/bad-1/delete"' in page
    for path in (*PAGES[:-4], "/runs/good-1", "/api/v1/runs"):
        assert client.get(path).status_code < 500, path
    assert client.get("/runs/bad-1").status_code == 503
    assert client.post("/runs/bad-1/delete", headers={"Origin": "http://localhost"}).status_code == 302
    assert coach.history.list().unreadable == ()
    with coach.store.database.write() as connection:
        connection.execute("UPDATE runs SET deleted_at = '2020-01-01 00:00:00.000000' WHERE run_id = 'bad-1'")
    coach.history.purge()
    assert not (coach.settings.recordings / "bad-1.mcap").exists()
    assert not coach.store.runs.knows("bad-1")


def test_a_page_shows_all_rows_but_the_one_that_it_cannot_read(coach: Coach) -> None:
    for run_id in ("r1", "r2", "r3"):
        keep_run(coach.history, run_id, minutes=0.2)  # type: ignore[arg-type]
    coach.store.pain.add(PainEntry(AT, PainMoment.NOW, back=3))
    coach.store.pain.add(PainEntry(AT, PainMoment.NOW, back=4))
    with coach.store.database.write() as connection:
        connection.execute("UPDATE runs SET state = 'complete' WHERE run_id = 'r2'")
        connection.execute("UPDATE pain_entries SET back = 'x' WHERE back = 3")
    assert [entry.run.run_id for entry in coach.store.runs.list()] == ["r3", "r1"]
    assert [entry.back for entry in coach.store.pain.list()] == [4]
    client = create_app(coach, is_testing=False).test_client()
    for page in PAGES:
        assert client.get(page).status_code < 500, page
