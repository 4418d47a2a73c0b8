"""Laps and pauses are the same whoever keeps them: a live run, the phone, or a recording that is read again."""

from coach.live.timeline import Timeline
from coach.model.runs import Lap


def test_running_time_stops_in_a_pause() -> None:
    timeline = Timeline()
    assert timeline.elapsed_s(10.0) == 10.0
    assert timeline.pause(10.0)
    assert timeline.elapsed_s(25.0) == 10.0
    assert timeline.resume(30.0)
    assert timeline.elapsed_s(35.0) == 15.0
    assert timeline.pauses == [(10.0, 30.0)]


def test_pausing_twice_and_resuming_without_a_pause_change_nothing() -> None:
    timeline = Timeline()
    assert not timeline.resume(5.0)
    timeline.pause(10.0)
    assert not timeline.pause(12.0)
    timeline.resume(20.0)
    assert not timeline.resume(21.0)
    assert timeline.pauses == [(10.0, 20.0)]


def test_laps_follow_each_other_and_the_end_closes_lap_and_pause() -> None:
    timeline = Timeline()
    assert timeline.lap(100.0, "warm_up") == Lap(2, 100.0, None, "warm_up")
    timeline.pause(150.0)
    timeline.end(160.0)
    assert timeline.laps == [Lap(1, 0.0, 100.0), Lap(2, 100.0, 160.0, "warm_up")]
    assert timeline.pauses == [(150.0, 160.0)]


def test_a_workouts_first_part_takes_the_place_of_the_runs_first_lap() -> None:
    timeline = Timeline()
    assert timeline.lap(1.0, "warm_up", part=0) == Lap(1, 0.0, None, "warm_up")
    assert timeline.lap(1.5, "lap", part=1) == Lap(2, 1.5, None, "lap")
    assert [(lap.start_s, lap.end_s) for lap in timeline.laps] == [(0.0, 1.5), (1.5, None)]


def test_a_lap_that_the_runner_takes_at_once_and_a_part_that_begins_later_keep_their_own() -> None:
    taken, later = Timeline(), Timeline()
    assert taken.lap(1.0).number == 2
    assert later.lap(10.0, "lap", part=0).number == 2
