"""Three jumps are three landings on every sensor: else the check says of which one they are not, and what to do."""

from collections.abc import Callable

import numpy as np
import pytest

from coach.model.links import LinkEvent, LinkStatus, SensorUse
from coach.model.samples import FloatArray, ImuChunk
from coach.model.sensing import CheckReport
from coach.model.sites import WearSite
from coach.service.sensors.preview import Viewer
from coach.service.sensors.quality_check import Before, landings_s, report
from coach.virtual_runner.body import VirtualBody
from coach.virtual_runner.runner import VirtualRunner, rotation

LEFT, RIGHT, PELVIS = WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT, WearSite.PELVIS
RATE_HZ = 104.0
Change = Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]


def as_is(t_s: FloatArray, acc: FloatArray) -> tuple[FloatArray, FloatArray]:
    return t_s, acc


def lying(t_s: FloatArray, acc: FloatArray) -> tuple[FloatArray, FloatArray]:
    return t_s, np.tile((0.0, 0.0, 9.81), (len(t_s), 1))


def late(t_s: FloatArray, acc: FloatArray) -> tuple[FloatArray, FloatArray]:
    return t_s, np.roll(acc, round(0.6 * RATE_HZ), axis=0)


def turning(t_s: FloatArray, acc: FloatArray) -> tuple[FloatArray, FloatArray]:
    return t_s, np.where((t_s < 3.5)[:, np.newaxis], acc, acc @ rotation((0.6, 0.0, 0.0)).T)


def swinging(t_s: FloatArray, acc: FloatArray) -> tuple[FloatArray, FloatArray]:
    blows = (np.abs(t_s - 6.5) < 0.02) | (np.abs(t_s - 7.2) < 0.02)
    return t_s, acc + np.where(blows[:, np.newaxis], (0.0, 0.0, 40.0), 0.0)


def viewer(runner: VirtualRunner, site: WearSite, change: Change = as_is) -> Viewer:
    """A sensor that has seen the runner for eight seconds."""
    made = Viewer(SensorUse(site.value, site.value.replace("_", " "), "movesense", site))
    made.last_event = LinkEvent(site.value, 0.0, LinkStatus.STREAMING, "ok", "")
    n = round(8 * RATE_HZ)
    acc, gyr = runner.imu(site, 0.0, n, RATE_HZ)
    t_s, acc = change(np.arange(n) / RATE_HZ, acc)
    made.chunks.append(ImuChunk(site, t_s, acc, gyr, 157.0, 35.0, RATE_HZ))
    return made


def checked(*viewers: Viewer) -> CheckReport:
    return report(viewers, {one.use.sensor_id: Before(0, 0) for one in viewers}, 0.0, 8.0)


@pytest.fixture
def jumper(monkeypatch: pytest.MonkeyPatch) -> VirtualRunner:
    monkeypatch.setattr(Viewer, "expected_rate_hz", RATE_HZ)
    made = VirtualRunner(VirtualBody(standing_s=0.0))
    made.jump(0.0)
    return made


def test_three_jumps_are_three_landings_on_feet_and_trunk(jumper: VirtualRunner) -> None:
    found = checked(viewer(jumper, LEFT), viewer(jumper, RIGHT), viewer(jumper, PELVIS))
    assert [sensor.n_landings for sensor in found.sensors] == [3, 3, 3]
    assert found.problems == ()
    assert [sensor.problems for sensor in found.sensors] == [(), (), ()]
    assert found.is_good


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lying, "right foot measured nothing of the jumps that the others measured"),
        (late, "right foot did not land with the others"),
        (swinging, "right foot measured 5 landings for 3 jumps: it swings"),
        (turning, "right foot turned by 32 degrees in the jumps"),
    ],
)
def test_what_is_wrong_is_said_of_the_sensor_that_it_is_wrong_with(
    jumper: VirtualRunner, change: Change, words: str
) -> None:
    found = checked(viewer(jumper, LEFT), viewer(jumper, RIGHT, change), viewer(jumper, PELVIS))
    said = [*found.problems, *(problem for sensor in found.sensors for problem in sensor.problems)]
    assert any(problem.startswith(words) for problem in said), said
    assert not any("left foot" in problem or "pelvis" in problem for problem in said)
    assert not found.is_good


def test_a_missing_foot_does_not_hide_that_the_sensors_disagree(jumper: VirtualRunner) -> None:
    """Of two that differ either may be the wrong one: both are named."""
    assert checked(viewer(jumper, LEFT), viewer(jumper, PELVIS)).is_good
    found = checked(viewer(jumper, LEFT), viewer(jumper, PELVIS, late))
    assert [problem.split(":")[0] for problem in found.problems] == [
        "No sensor on the right foot",
        "left foot did not land with the others",
        "pelvis did not land with the others",
    ]
    assert not found.is_good


def test_each_shoe_of_a_pair_that_is_not_worn_is_named(jumper: VirtualRunner) -> None:
    found = checked(viewer(jumper, LEFT, lying), viewer(jumper, RIGHT, lying), viewer(jumper, PELVIS))
    assert [problem.split(" measured nothing")[0] for problem in found.problems] == ["left foot", "right foot"]


def test_who_runs_did_not_jump_three_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """All is well, was the answer to a runner who ran: 22 landings."""
    monkeypatch.setattr(Viewer, "expected_rate_hz", RATE_HZ)
    runner = VirtualRunner(VirtualBody(standing_s=0.0))
    found = checked(viewer(runner, LEFT), viewer(runner, RIGHT), viewer(runner, PELVIS))
    assert not found.is_good
    assert "landings for 3 jumps: stand still" in found.problems[0]


def test_who_is_standing_did_not_jump(jumper: VirtualRunner) -> None:
    found = checked(viewer(jumper, LEFT, lying), viewer(jumper, RIGHT, lying), viewer(jumper, PELVIS, lying))
    assert not found.is_good
    assert all("measured 0 of 3 landings" in " ".join(sensor.problems) for sensor in found.sensors)


def test_a_blow_on_the_trunk_without_a_fall_is_no_landing() -> None:
    t_s = np.arange(400) / 100.0
    acc = np.tile((0.0, 0.0, 9.81), (400, 1))
    acc[200:205, 2] = 40.0
    chunk = ImuChunk(PELVIS, t_s, acc, np.zeros((400, 3)), 157.0, 35.0, 100.0)
    assert landings_s([chunk], PELVIS) == []
    acc = acc.copy()
    acc[175:200] = 0.0
    assert landings_s([ImuChunk(PELVIS, t_s, acc, np.zeros((400, 3)), 157.0, 35.0, 100.0)], PELVIS) == [2.0]
