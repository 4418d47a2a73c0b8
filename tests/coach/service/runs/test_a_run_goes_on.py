"""A run that was cut off with the coach goes on for half an hour: same run, one log, the gap a pause."""

import functools
import shutil
import struct
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coach.bootstrap import Coach
from coach.errors import ConflictError
from coach.model.runs import Run, RunState
from coach.model.samples import Notification
from coach.radio.clock import RunClock
from coach.service.event_loop import LoopThread
from coach.service.runs import making
from coach.settings import make_settings
from tests.coach.service.runs.quiet_run import POD, QuietSource

MEASUREMENT = "00002a53-0000-1000-8000-00805f9b34fb"
SPEED = 20.0


def opened(folder: Path) -> Coach:
    return Coach(make_settings(folder, "127.0.0.1", 0), loop=LoopThread(), speed=SPEED)


def closed(coach: Coach) -> None:
    coach.close()
    coach.loop.close()


def feed(coach: Coach, source: QuietSource, clock: Callable[[], float], until_s: float) -> float:
    """A pod at 3 m/s that notifies once a second of the run's clock; gives the seconds from first to last."""
    first_s = at_s = float(int(clock()) + 1)
    while at_s <= until_s:
        while clock() < at_s:
            time.sleep(0.002)
        sent = Notification(POD.sensor_id, MEASUREMENT, at_s, struct.pack("<BHB", 4, 768, 170))
        coach.loop.call(functools.partial(source.receive, sent))
        at_s += 1.0
    return at_s - 1.0 - first_s


def since_start_s(run: Run) -> float:
    """Seconds of the run's clock since it began, by the wall."""
    return (datetime.now(UTC) - run.started_at).total_seconds() * SPEED


@pytest.fixture
def cut(tmp_path: Path) -> Iterator[tuple[Coach, Run, float]]:
    """What a kill after 20 s of a run leaves behind, at the next start; and the metres of them that the pod sent."""
    before = opened(tmp_path / "before")
    source, clocks = QuietSource(), []

    def make() -> tuple[QuietSource, RunClock]:
        clocks.append(RunClock(SPEED))
        return source, clocks[0]

    run = before.runs.begin((POD,), make)
    before.runs.lap("warm_up")
    sent_m = 3.0 * feed(before, source, clocks[0], 20.0)
    time.sleep(0.1)  # the log is written behind the run: what the kill would leave
    shutil.copytree(tmp_path / "before", tmp_path / "after")  # a kill: nothing is closed, nothing written after it
    closed(before)
    after = opened(tmp_path / "after")
    after.recovery.recover()
    yield after, run, sent_m
    closed(after)


def test_the_run_goes_on_with_its_log_its_laps_and_its_distance(cut: tuple[Coach, Run, float]) -> None:
    coach, run, sent_m = cut
    recovered = coach.store.runs.get(run.run_id)
    assert recovered.state is RunState.RECOVERED
    assert recovered.duration_s == pytest.approx(20.0, abs=1.0)
    assert coach.runs.status()["cut_off"] == run.run_id
    source, clocks = QuietSource(), []

    def make(now_s: float) -> tuple[QuietSource, RunClock]:
        clocks.append(RunClock(SPEED, start_s=now_s))
        return source, clocks[0]

    begun_s = since_start_s(run)
    assert begun_s > 22.0, "there is a gap"
    again = coach.runs.go_on_with(run.run_id, make)
    assert (again.run_id, again.state) == (run.run_id, RunState.RECORDING)
    status = coach.runs.status()
    assert (status["lap"], status["lap_kind"]) == (1, "warm_up")
    assert status["elapsed_s"] < 21.0 + clocks[0]() - begun_s, "the gap is no running time"
    gap_end_s = clocks[0]()
    fed_s = feed(coach, source, clocks[0], clocks[0]() + 15.0)
    ended = coach.runs.stop()
    assert ended.state is RunState.FINISHED
    ((pause_s, resume_s),) = ended.pauses
    assert pause_s == pytest.approx(20.0, abs=1.0)
    assert begun_s <= resume_s <= gap_end_s, "the gap ends where the run goes on"
    assert 34.0 < ended.duration_s < 21.0 + clocks[0]() - begun_s
    # A pod's speed is that of the second before it: of the first one on each side of the gap, too.
    assert ended.distance_m == pytest.approx(sent_m + 3.0 + 3.0 * fed_s + 3.0, abs=6.0)
    assert len(list(coach.settings.recordings.iterdir())) == 1, "one log, whole"
    computed = coach.recovery.recompute(run.run_id)
    assert (computed.distance_m, computed.pauses) == (pytest.approx(ended.distance_m, abs=0.1), ended.pauses)
    assert len(coach.history.list().entries) == 1


def test_killed_once_more_it_is_found_once_more(cut: tuple[Coach, Run, float], tmp_path: Path) -> None:
    coach, run, sent_m = cut
    source = QuietSource()
    coach.runs.go_on_with(run.run_id, lambda now_s: (source, RunClock(SPEED, start_s=now_s)))
    time.sleep(0.2)  # it has gone on for four seconds of its clock
    shutil.copytree(tmp_path / "after", tmp_path / "third")
    third = opened(tmp_path / "third")
    try:
        (found,) = third.recovery.recover()
        assert (found.run_id, found.state) == (run.run_id, RunState.RECOVERED)
        assert found.distance_m == pytest.approx(sent_m, abs=6.0)
        assert [path.name for path in third.settings.recordings.iterdir()] == [f"{run.run_id}.mcap"]
    finally:
        closed(third)


def test_a_start_that_fails_leaves_the_run_as_it_was(cut: tuple[Coach, Run, float]) -> None:
    coach, run, _ = cut
    log = (coach.settings.recordings / f"{run.run_id}.mcap").stat().st_size

    def broken(now_s: float) -> tuple[QuietSource, RunClock]:
        raise OSError("no radio")

    with pytest.raises(OSError, match="no radio"):
        coach.runs.go_on_with(run.run_id, broken)
    assert coach.store.runs.get(run.run_id).state is RunState.RECOVERED
    assert (coach.settings.recordings / f"{run.run_id}.mcap").stat().st_size >= log - 200
    assert coach.runs.cut_off() is not None


def test_it_is_offered_for_half_an_hour_once_and_only_to_the_run_that_was_cut_off(
    cut: tuple[Coach, Run, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    coach, run, _ = cut
    with pytest.raises(ConflictError, match="cannot go on any more"):
        coach.runs.go_on_with("another", lambda now_s: (QuietSource(), RunClock()))
    together, refused = threading.Barrier(4), []

    def tap() -> None:
        together.wait()
        try:
            coach.runs.go_on_with(run.run_id, lambda now_s: (QuietSource(), RunClock(start_s=now_s)))
        except ConflictError as error:
            refused.append(error.code)

    taps = [threading.Thread(target=tap) for _ in range(4)]
    for one in taps:
        one.start()
    for one in taps:
        one.join()
    assert len(refused) == 3
    assert coach.runs.cut_off() is None
    coach.runs.stop()
    assert coach.runs.cut_off() is None, "it was stopped, not cut off"
    coach.store.runs.change(run.run_id, state=RunState.RECOVERED)
    monkeypatch.setattr(making, "GO_ON_WITHIN", timedelta(seconds=-1))
    assert coach.runs.cut_off() is None
