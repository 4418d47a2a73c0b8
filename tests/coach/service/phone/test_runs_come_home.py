"""A run made on the phone alone comes home: in pieces, once, and as a coached run in every respect."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from coach.bootstrap import Coach
from coach.demo.past import live_through
from coach.errors import UserError
from coach.model.pain import PainMoment, RedFlagAnswers
from coach.model.plain import to_plain
from coach.model.recordings import RecordingHeader
from coach.model.runs import RunPlace, RunState
from coach.model.samples import Notification
from coach.phone.core import PhoneCore
from coach.recording.layout import McapFile
from coach.recording.reader import read_recording
from coach.service.event_loop import LoopThread
from coach.service.phone.arrivals import ArrivalState
from coach.settings import make_settings
from coach.wall_clock import utc_now
from tests.coach.phone.scenes import LEFT, POD, RIGHT, STRAP, TIRED, answers, virtual_run

PIECE = 200_000
USES = (LEFT, RIGHT, POD, STRAP)


@pytest.fixture(scope="module")
def sent() -> list[Notification]:
    return virtual_run(TIRED, 150.0)


@pytest.fixture
def coach(tmp_path: Path) -> Iterator[Coach]:
    loop = LoopThread()
    made = Coach(make_settings(tmp_path, "127.0.0.1", 0), loop=loop)
    made.runner.change(height_m=1.75)
    live_through(made.store, TIRED)
    for entry in made.store.runs.list(limit=None):  # the phone runs outdoors: only runs there are compared
        made.store.runs.change(entry.run.run_id, place=RunPlace.OUTDOOR, shoes="Blue")
    made.store.pain.add_red_flags(RedFlagAnswers(utc_now() - timedelta(days=1), ()))
    yield made
    made.close()
    loop.close()


@dataclass(frozen=True, slots=True)
class Made:
    """What a phone holds after a run."""

    run_id: str
    log: bytes
    messages: list[tuple[str, dict]]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.log).hexdigest()


def run_on_phone(
    coach: Coach, sent: list[Notification], is_torn: bool = False, ago: timedelta = timedelta(minutes=5)
) -> Made:
    """The whole run as the page's worker would do it: pack, answers, start, notifications, one tap of pain, end."""
    now = utc_now() - ago
    pack = coach.phone.pack("lengthen")
    core = PhoneCore("0.1.0", "core")
    core.open_pack(json.dumps(to_plain(pack)), False)
    for use in USES:
        core.link(json.dumps(to_plain(use)))
    log = bytearray()
    answers_json = json.dumps(to_plain(answers(1, now - timedelta(seconds=30))))
    core.start(pack.run_id, now.isoformat(), answers_json, json.dumps({"place": "outdoor", "shoes": "Blue"}))
    messages, flushed_s, has_tapped = [], 0.0, False
    for item in sent:
        text = core.feed(item.sensor_id, item.characteristic, item.t_s, item.payload)
        messages += json.loads(text) if text else []
        if item.t_s > 140.0 and not has_tapped:
            has_tapped = True
            messages += json.loads(core.act("pain", item.t_s, json.dumps({"level": 6})))
            messages += json.loads(core.act("pain", item.t_s + 0.01, json.dumps({"level": 9})))
            messages += json.loads(core.act("take_back_pain", item.t_s + 0.02))
        if item.t_s - flushed_s > 1.0:
            log += core.take_log()
            flushed_s = item.t_s
    if not is_torn:
        core.finish(sent[-1].t_s)
        log += core.take_end()
    return Made(pack.run_id, bytes(log), messages)


def bring_home(coach: Coach, made: Made, run_id: str = "") -> ArrivalState:
    run_id = run_id or made.run_id
    for offset in range(0, len(made.log), PIECE):
        coach.phone.runs.append(run_id, offset, made.log[offset : offset + PIECE])
    coach.phone.runs.finish(run_id, made.sha256)
    coach.phone.runs.wait()
    return coach.phone.runs.state(run_id).state


@pytest.mark.slow
def test_it_becomes_a_coached_run_in_every_respect(
    coach: Coach, sent: list[Notification], caplog: pytest.LogCaptureFixture
) -> None:
    before = coach.coaching.progress().n_runs
    made = run_on_phone(coach, sent)
    spoken = [data["rule_id"] for kind, data in made.messages if kind == "cue"]
    assert spoken, "the run on the phone got no cue: nothing is shown"
    assert bring_home(coach, made) is ArrivalState.DONE
    run = coach.store.runs.get(made.run_id)
    assert (run.state, run.place.value, run.shoes) == (RunState.FINISHED, "outdoor", "Blue")
    assert run.plan is not None
    assert run.plan.focus == "lengthen"
    assert [d.rule_id for d in coach.store.runs.data.decisions(made.run_id) if d.is_spoken] == spoken
    assert coach.coaching.coached_run(made.run_id) is not None
    assert coach.coaching.progress().n_runs == before + 1
    taps = coach.store.pain.list(run_id=made.run_id)
    assert [(t.moment, t.back) for t in taps] == [(PainMoment.DURING_RUN, 6)]
    assert coach.coaching.pain_state().level == 6
    assert not coach.coaching.next_plan().focus, "pain above 5 on the phone must close tomorrow's gate at home"
    assert "spoken in the run" not in caplog.text, "home works out other cues than the phone spoke"


def test_a_cut_upload_goes_on_where_it_was_and_damage_is_sent_again(coach: Coach, sent: list[Notification]) -> None:
    made = run_on_phone(coach, sent[:20_00])
    runs = coach.phone.runs
    half = len(made.log) // 2
    assert runs.append(made.run_id, 0, made.log[:half]).n_bytes == half
    assert runs.append(made.run_id, 0, made.log[:half]).n_bytes == half  # the answer was lost: sent again
    assert runs.append(made.run_id, half + 7, b"from elsewhere").n_bytes == half
    assert runs.state(made.run_id).state is ArrivalState.ARRIVING
    runs.append(made.run_id, half, made.log[half:-1] + b"!")
    assert runs.finish(made.run_id, made.sha256).state is ArrivalState.UNKNOWN
    assert bring_home(coach, made) is ArrivalState.DONE
    assert runs.state(made.run_id).sha256 == made.sha256


def test_a_disk_without_second_names_for_files_takes_the_run_in_too(
    coach: Coach, sent: list[Notification], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")  # what Linux answers on FAT

    monkeypatch.setattr("os.link", refused)
    made = run_on_phone(coach, sent[:20_00])
    assert bring_home(coach, made) is ArrivalState.DONE
    assert coach.store.runs.knows(made.run_id)


def test_the_same_log_twice_is_one_run(coach: Coach, sent: list[Notification]) -> None:
    made = run_on_phone(coach, sent[:20_00])
    assert bring_home(coach, made) is ArrivalState.DONE
    n_runs = coach.store.runs.count()
    assert bring_home(coach, made) is ArrivalState.DONE
    assert coach.store.runs.count() == n_runs
    assert coach.phone.runs.finish(made.run_id, made.sha256).sha256 == made.sha256


def test_a_killed_tab_costs_what_was_not_flushed_and_the_run_is_recovered(
    coach: Coach, sent: list[Notification]
) -> None:
    made = run_on_phone(coach, sent[:40_00], is_torn=True)
    assert bring_home(coach, made) is ArrivalState.DONE
    run = coach.store.runs.get(made.run_id)
    assert run.state is RunState.RECOVERED
    assert run.duration_s == pytest.approx(sent[3999].t_s, abs=1.5)
    assert coach.coaching.coached_run(made.run_id) is not None


def test_a_service_that_ended_in_between_makes_the_run_at_its_next_start(
    coach: Coach, sent: list[Notification], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = run_on_phone(coach, sent[:20_00])
    monkeypatch.setattr(coach.phone.runs, "_begin", lambda run_id: None)
    assert bring_home(coach, made) is ArrivalState.KEPT
    monkeypatch.undo()
    coach.phone.runs.resume()
    coach.phone.runs.wait()
    assert coach.phone.runs.state(made.run_id).state is ArrivalState.DONE


@pytest.mark.slow
def test_one_recorded_at_home_and_on_the_phone_is_one_run(
    coach: Coach, sent: list[Notification], tmp_path: Path
) -> None:
    home, phone = run_on_phone(coach, sent[:40_00]), run_on_phone(coach, sent[:40_00])
    assert bring_home(coach, home) is ArrivalState.DONE
    n_runs, n_coached = coach.store.runs.count(), coach.coaching.progress().n_runs
    assert bring_home(coach, phone) is ArrivalState.MERGED
    found = coach.phone.runs.state(phone.run_id)
    assert (found.run_id, found.sha256) == (home.run_id, phone.sha256)
    assert coach.store.runs.count() == n_runs
    assert coach.coaching.progress().n_runs == n_coached


def test_the_same_log_under_another_id_is_refused_by_import(
    coach: Coach, sent: list[Notification], tmp_path: Path
) -> None:
    made = run_on_phone(coach, sent[:20_00])
    assert bring_home(coach, made) is ArrivalState.DONE
    (path := tmp_path / "other.mcap").write_bytes(made.log)
    recording = read_recording(path)
    header = recording.header
    with (tmp_path / "again.mcap").open("wb") as stream:
        moved = RecordingHeader(
            "home-1", header.started_at + timedelta(seconds=2), "", header.sensors, header.profiles, header.settings
        )
        file = McapFile(stream, moved)
        for item in recording.items():
            file.add_notification(item) if isinstance(item, Notification) else file.add_event(item)
        file.finish()
    with pytest.raises(Exception, match=f"here already, as {made.run_id}"):
        coach.history.files.import_bytes((tmp_path / "again.mcap").read_bytes(), "again.mcap")


def test_a_run_of_yesterday_that_comes_home_today_comes_before_todays(coach: Coach, sent: list[Notification]) -> None:
    today = run_on_phone(coach, sent[:20_00])
    yesterday = run_on_phone(coach, sent[:20_00], ago=timedelta(hours=20))
    assert bring_home(coach, today) is ArrivalState.DONE
    assert bring_home(coach, yesterday) is ArrivalState.DONE
    runs = [run.run_id for run in sorted(coach.coaching._runs(), key=lambda run: run.at)]
    assert runs.index(yesterday.run_id) < runs.index(today.run_id)


def test_what_is_no_log_is_kept_and_said(coach: Coach) -> None:
    made = Made("20260101-100000-abcd", b"not a log at all", [])
    assert bring_home(coach, made) is ArrivalState.UNREADABLE
    assert "kept at home" in coach.phone.runs.state(made.run_id).words
    with pytest.raises(UserError):
        coach.phone.runs.append("../../etc/passwd", 0, b"x")


def test_a_log_of_another_run_id_than_it_is_sent_under_is_not_believed(coach: Coach, sent: list[Notification]) -> None:
    made = run_on_phone(coach, sent[:20_00])
    assert bring_home(coach, made, "20260101-100000-ffff") is ArrivalState.UNREADABLE
    assert not coach.store.runs.knows(made.run_id)
