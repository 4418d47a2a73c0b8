"""One run at a time by construction; each tap reaches its own run at its own moment, or is refused in words."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from coach.bootstrap import Coach
from coach.errors import ConflictError, StorageError, UserError
from coach.model.recordings import RunEvent
from coach.model.runs import Run, RunState
from coach.recording.reader import read_recording
from coach.service.event_loop import LoopThread
from coach.settings import make_settings
from tests.coach.service.runs.quiet_run import begin
from tests.support.clock import ManualClock
from tests.support.common import until


@pytest.fixture
def coach(tmp_path: Path) -> Iterator[Coach]:
    made = Coach(make_settings(tmp_path, "127.0.0.1", 0), loop=LoopThread())
    yield made
    made.close()
    made.loop.close()


def test_two_starts_at_once_make_one_run(coach: Coach) -> None:
    together = threading.Barrier(8)

    def start(_: int) -> Run | ConflictError:
        together.wait()
        try:
            return begin(coach)
        except ConflictError as error:
            return error

    with ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(start, range(8)))
    (run,) = [one for one in ends if isinstance(one, Run)]
    assert {one.code for one in ends if isinstance(one, ConflictError)} == {"already_running"}
    assert [one.run_id for one in coach.store.runs.unfinished()] == [run.run_id]
    coach.runs.stop()
    assert coach.store.runs.unfinished() == []
    assert len(list(coach.settings.recordings.iterdir())) == 1


def test_the_place_is_taken_before_anything_is_made(coach: Coach, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare, is_making, may_go_on = coach.coaching.prepare, threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Any:
        is_making.set()
        assert may_go_on.wait(10)
        return prepare(*arguments)

    monkeypatch.setattr(coach.coaching, "prepare", slow)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(begin, coach)
        assert is_making.wait(10)
        with pytest.raises(ConflictError, match="going on"):
            begin(coach)
        may_go_on.set()
        assert first.result().state is RunState.RECORDING


def test_a_start_that_fails_leaves_nothing_and_the_place_free(coach: Coach, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Run) -> None:
        raise StorageError("the disk is full: free some space")

    with monkeypatch.context() as patch:
        patch.setattr(coach.store.runs, "create", refuse)
        with pytest.raises(StorageError):
            begin(coach)
    assert list(coach.settings.recordings.iterdir()) == []
    assert coach.runs.current() is None
    assert begin(coach).state is RunState.RECORDING


def test_the_place_is_held_until_the_run_was_summed_up(coach: Coach, monkeypatch: pytest.MonkeyPatch) -> None:
    finish, is_ending, may_go_on = coach.coaching.finish, threading.Event(), threading.Event()

    def slow(*arguments: Any) -> None:
        is_ending.set()
        assert may_go_on.wait(10)
        finish(*arguments)

    monkeypatch.setattr(coach.coaching, "finish", slow)
    run = begin(coach)
    with ThreadPoolExecutor(2) as pool:
        stops = [pool.submit(coach.runs.stop, run.run_id) for _ in range(2)]
        assert is_ending.wait(10)
        with pytest.raises(ConflictError, match="going on"):
            begin(coach)
        assert coach.runs.current() == run
        may_go_on.set()
        assert [one.result().state for one in stops] == [RunState.FINISHED] * 2
    assert coach.runs.current() is None


def test_a_run_is_summed_up_as_soon_as_the_database_answers(coach: Coach, monkeypatch: pytest.MonkeyPatch) -> None:
    finish, n_refused = coach.store.runs.finish, [0]

    def busy(*arguments: Any, **fields: Any) -> Run:
        if n_refused[0] < 2:
            n_refused[0] += 1
            raise StorageError("another program holds the database: close it and try again")
        return finish(*arguments, **fields)

    monkeypatch.setattr(coach.store.runs, "finish", busy)
    monkeypatch.setattr("coach.service.runs.finish_run._TRY_AGAIN_S", 0.01)
    begin(coach)
    assert coach.runs.stop().state is RunState.FINISHED
    assert n_refused == [2]


def test_closing_ends_a_run_that_is_being_started(coach: Coach, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare, is_making = coach.coaching.prepare, threading.Event()

    def slow(*arguments: Any) -> Any:
        is_making.set()
        until(lambda: coach.runs._is_closed)
        return prepare(*arguments)

    monkeypatch.setattr(coach.coaching, "prepare", slow)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(begin, coach)
        assert is_making.wait(10)
        coach.runs.close()
        assert coach.store.runs.get(first.result().run_id).state is RunState.FINISHED
    with pytest.raises(ConflictError, match="being stopped"):
        begin(coach)


def test_a_late_pain_goes_to_its_own_run_and_moment(coach: Coach) -> None:
    clock = ManualClock(0.0)
    first = begin(coach, clock=clock)
    clock.now = 1.2
    coach.runs.stop()
    second = begin(coach)
    coach.runs.pain(7, run_id=first.run_id, age_s=0.5)
    coach.runs.pain(2, run_id=second.run_id)
    coach.runs.stop()
    (late,), (own,) = (coach.store.pain.list(run_id=one.run_id) for one in (first, second))
    assert (late.back, own.back) == (7, 2)
    end = coach.store.runs.get(first.run_id)
    assert end.duration_s is not None
    assert timedelta() <= late.at - first.started_at <= timedelta(seconds=end.duration_s)
    assert own.at >= second.started_at


def test_a_late_tap_of_another_run_is_refused_and_changes_nothing(coach: Coach) -> None:
    first = begin(coach)
    ended = coach.runs.stop()
    second = begin(coach)
    for tap in (
        lambda: coach.runs.mute(True, first.run_id),
        lambda: coach.runs.pause(first.run_id),
        lambda: coach.runs.resume(first.run_id),
        lambda: coach.runs.lap("lap", first.run_id),
    ):
        with pytest.raises(ConflictError, match="has ended"):
            tap()
    assert coach.runs.stop(first.run_id) == ended
    status = coach.runs.status()
    assert (status["run_id"], status["state"]) == (second.run_id, "recording")
    assert (status["lap"], status["is_muted"]) == (1, False)
    with pytest.raises(UserError, match="no run nobody"):
        coach.runs.pain(3, run_id="nobody")


def test_a_lap_counts_from_its_moment_unless_it_is_very_old(coach: Coach) -> None:
    clock = ManualClock(0.0)
    run = begin(coach, clock=clock)
    clock.now = 1.0
    lap = coach.runs.lap("lap", run.run_id, age_s=0.6)
    assert lap.start_s == pytest.approx(0.4)
    assert coach.runs.lap("lap", run.run_id, age_s=20.0).start_s == lap.start_s
    with pytest.raises(ConflictError, match="45 s old"):
        coach.runs.pause(run.run_id, age_s=45.0)


@pytest.mark.parametrize("is_stored", [False, True])
def test_a_mis_tap_is_taken_back_from_engine_log_and_database(coach: Coach, is_stored: bool) -> None:
    run = begin(coach)
    coach.runs.pain(2, run_id=run.run_id)
    coach.runs.pain(9, run_id=run.run_id)
    until(lambda: not is_stored or len(coach.store.pain.list(run_id=run.run_id)) == 2)
    coach.runs.take_back_pain(run.run_id)
    with pytest.raises(ConflictError, match="ten seconds"):
        coach.runs.take_back_pain(run.run_id)
    coach.runs.stop(run.run_id)
    assert [one.back for one in coach.store.pain.list(run_id=run.run_id)] == [2]
    log = read_recording(coach.settings.recordings / f"{run.run_id}.mcap")
    kinds = [item.kind for item in log.sound_items() if isinstance(item, RunEvent)]
    assert kinds.count("pain_undone") == 1


def test_a_tap_of_a_minute_ago_stays(coach: Coach, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(coach)
    coach.runs.pain(9, run_id=run.run_id)
    assert coach.runs._slot is not None
    live = coach.runs._slot.live
    assert live is not None
    clock = live.clock
    monkeypatch.setattr(live, "clock", lambda: clock() + 60.0)
    with pytest.raises(ConflictError, match="ten seconds"):
        coach.runs.take_back_pain(run.run_id)
    monkeypatch.undo()
    coach.runs.stop(run.run_id)
    assert [one.back for one in coach.store.pain.list(run_id=run.run_id)] == [9]


def test_an_undo_that_was_held_up_takes_back_its_own_tap_and_no_newer_one(coach: Coach) -> None:
    """The second phone's 8 was taken back by the first one's undo of a minute before."""
    clock = ManualClock(0.0)
    run = begin(coach, clock=clock)
    clock.now = 1.0
    coach.runs.pain(8, run_id=run.run_id)
    with pytest.raises(ConflictError, match="ten seconds"):
        coach.runs.take_back_pain(run.run_id, age_s=60.0)
    coach.runs.take_back_pain(run.run_id)  # its own
    coach.runs.pain(3, run_id=run.run_id, age_s=0.9)  # tapped and taken back without a network: both come late
    coach.runs.take_back_pain(run.run_id, age_s=0.4)
    coach.runs.stop(run.run_id)
    assert coach.store.pain.list(run_id=run.run_id) == []


def test_a_stop_that_was_held_up_for_minutes_does_not_end_a_run_that_went_on(coach: Coach) -> None:
    run = begin(coach)
    with pytest.raises(ConflictError, match="300 s old"):
        coach.runs.stop(run.run_id, age_s=300.0)
    with pytest.raises(ConflictError, match="300 s old"):
        coach.runs.go_on(run.run_id, age_s=300.0)
    assert coach.runs.status()["run_id"] == run.run_id
    ended = coach.runs.stop(run.run_id, age_s=5.0)
    assert coach.runs.stop(run.run_id, age_s=300.0) == ended, "it has ended already"


def test_a_pain_tap_is_taken_while_the_database_is_busy(coach: Coach, monkeypatch: pytest.MonkeyPatch) -> None:
    run, is_busy, add = begin(coach), threading.Event(), coach.store.pain.add
    is_busy.set()
    refused: list[int] = []

    def busy(*entries: Any) -> None:
        if is_busy.is_set():
            refused.append(len(entries))
            raise StorageError("another program holds the database: close it and try again")
        add(*entries)

    monkeypatch.setattr(coach.store.pain, "add", busy)
    coach.runs.pain(7, run_id=run.run_id)
    coach.runs.pain(3, is_calf=True, run_id=run.run_id)
    until(lambda: 2 in refused)
    assert coach.store.pain.list(run_id=run.run_id) == []
    is_busy.clear()
    coach.runs.stop()
    assert [(one.back, one.calf) for one in coach.store.pain.list(run_id=run.run_id)] == [(7, None), (None, 3)]
