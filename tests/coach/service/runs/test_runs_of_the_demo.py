"""One run on the virtual radio, from start to summary, computed again from its bytes."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from coach.bootstrap import Coach
from coach.demo.world import Demo
from coach.errors import UserError
from coach.model.runs import RunState
from coach.model.samples import CadenceDecision, Counts
from coach.model.sites import WearSite
from coach.service.runs.algorithm import algorithm_id
from coach.settings import make_settings
from tests.support.common import until

SPEED = 4.0  # of the virtual world


@dataclass(frozen=True)
class Lived:
    """A run, and how long its pause was at least and at most [s]."""

    run_id: str
    paused_least_s: float
    paused_most_s: float


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with Demo(make_settings(tmp_path_factory.mktemp("runs"), "127.0.0.1", 0), SPEED) as demo:
        yield demo


@pytest.fixture(scope="module")
def coach(demo: Demo) -> Iterator[Coach]:
    made = demo.make_coach()
    demo.live_through()
    yield made
    made.close()


@pytest.fixture(scope="module")
def run_id(lived: Lived) -> str:
    return lived.run_id


@pytest.fixture(scope="module")
def lived(coach: Coach, demo: Demo) -> Lived:
    """A run with a lap, a pause, a pain tap and a mute in it."""
    with pytest.raises(UserError, match="pair"):
        coach.runs.start()
    assert coach.runs.status()["run_id"] is None
    world = coach.sensors
    found = {sensor.name: sensor for sensor in world.scan(3.0 * SPEED)}  # bumble advertises by the wall
    assert {s.profile_id for s in found.values()} == {"running_speed_cadence", "movesense"}
    for name, site in (("Demo RunPod", None), ("Movesense 214830000002", WearSite.LEFT_FOOT)):
        world.pair(found[name].sensor_id, site)
    run = coach.runs.start(notes="shake-down")
    with pytest.raises(UserError, match="going on"):
        coach.runs.start()
    _wait_for_strides(coach)
    coach.runs.lap()
    coach.runs.pain(2)
    coach.runs.mute(True)
    pod = found["Demo RunPod"].sensor_id
    assert _counts(coach, pod).reason != "set by the runner"
    world.set_cadence_unit(pod, "strides")
    assert _counts(coach, pod).reason == "set by the runner"
    before_s, _, begun_s = demo.world.clock(), coach.runs.pause(), demo.world.clock()
    time.sleep(1.0 / SPEED)
    last_s, _, after_s = demo.world.clock(), coach.runs.resume(), demo.world.clock()
    assert coach.runs.status()["lap"] == 2
    time.sleep(1.0 / SPEED)  # some strides of the second lap
    ended = coach.runs.stop()
    assert ended.run_id == run.run_id
    return Lived(run.run_id, last_s - begun_s, after_s - before_s)


def _counts(coach: Coach, sensor_id: str) -> CadenceDecision:
    """What the sensors page says in the run."""
    (found,) = [state.cadence for state in coach.sensors.states() if state.use.sensor_id == sensor_id]
    assert found is not None
    return found


def _wait_for_strides(coach: Coach) -> None:
    until(lambda: (coach.feed.latest("metrics") or {}).get("contact_time_ms"))


@pytest.mark.slow
def test_the_run_is_kept_with_all_that_happened_in_it(coach: Coach, lived: Lived) -> None:
    entry = coach.store.runs.entry(lived.run_id)
    assert entry.run.state is RunState.FINISHED
    assert entry.run.notes == "shake-down"
    assert [lap.number for lap in entry.run.laps] == [1, 2]
    ((paused_s, resumed_s),) = entry.run.pauses
    assert lived.paused_least_s - 0.01 <= resumed_s - paused_s <= lived.paused_most_s + 0.01
    assert entry.summary is not None
    assert entry.summary.n_strides > 5
    assert entry.summary.n_missing == 0
    assert [pain.back for pain in coach.store.pain.list(run_id=lived.run_id)] == [2]
    assert coach.runs.current() is None
    assert coach.feed.latest("metrics") is None


@pytest.mark.slow
def test_what_the_pod_counts_is_kept_with_the_run_and_read_again_from_its_bytes(coach: Coach, run_id: str) -> None:
    decision = CadenceDecision(Counts.STRIDES, "set by the runner", is_firm=True)
    again = coach.recovery.recompute(run_id)
    for entry in (coach.store.runs.entry(run_id), coach.store.runs.entry(again.run_id)):
        assert entry.summary is not None
        assert [report.cadence for report in entry.summary.streams if report.cadence] == [decision]


@pytest.mark.slow
def test_computed_again_from_its_bytes_it_has_the_same_strides(coach: Coach, run_id: str) -> None:
    before = coach.store.runs.data.strides(run_id)
    coach.recovery.recompute(run_id)
    entry = coach.store.runs.entry(run_id)
    assert entry.summary is not None
    assert entry.summary.algorithm == algorithm_id()
    after = coach.store.runs.data.strides(run_id)
    assert [s.initial_contact_s for s in after] == pytest.approx([s.initial_contact_s for s in before], abs=1e-9)
    assert [s.stride_length_m for s in after] == pytest.approx([s.stride_length_m for s in before], abs=1e-9)


@pytest.mark.slow
def test_laps_and_pauses_come_back_from_the_log(coach: Coach, run_id: str) -> None:
    kept = coach.store.runs.get(run_id)
    coach.recovery.recompute(run_id)
    again = coach.store.runs.get(run_id)
    assert len(again.laps) == len(kept.laps) == 2
    assert again.pauses[0] == pytest.approx(kept.pauses[0], abs=0.05)


@pytest.mark.slow
def test_verbs_of_a_run_are_refused_without_one(coach: Coach, run_id: str) -> None:
    for verb in (coach.runs.pause, coach.runs.lap, coach.runs.stop):
        with pytest.raises(UserError, match="no run"):
            verb()


def test_an_open_sign_lets_a_run_start_only_after_confirmation(tmp_path: Path) -> None:
    coach = Coach(make_settings(tmp_path, "127.0.0.1", 0))
    coach.runner.answer_red_flags(["night_pain"])
    with pytest.raises(UserError, match="confirm"):
        coach.runs.start()
    with pytest.raises(UserError, match="pair"):  # past the question, and on to the next obstacle
        coach.runs.start(is_confirmed=True)
    coach.close()
