"""The virtual runner obeys physics: what its sensors feel integrates back to how it moves."""

import numpy as np
import pytest

from coach.model.sites import WearSite
from coach.virtual_runner.body import VirtualBody
from coach.virtual_runner.runner import MOUNTING, VirtualRunner, rotation
from tests.support.common import mostly_slow

RATE_HZ = 400.0


def sensed(runner: VirtualRunner, site: WearSite, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Specific force and turn rate in body axes over the first seconds, read in packets."""
    parts = [runner.imu(site, n / RATE_HZ, 20, RATE_HZ) for n in range(0, int(seconds * RATE_HZ), 20)]
    mounting = rotation(MOUNTING[site])
    return np.vstack([a for a, _ in parts]) @ mounting, np.vstack([w for _, w in parts]) @ mounting


def test_a_standing_foot_feels_gravity_and_no_turn() -> None:
    acc, gyr = sensed(VirtualRunner(), WearSite.LEFT_FOOT, 1.0)
    assert np.allclose(acc.mean(0), [0, 0, 9.80665], atol=0.02)
    assert np.abs(gyr.mean(0)).max() < 0.01


@pytest.mark.parametrize(("speed_mps", "cadence_spm"), [(2.4, 160.0), (3.0, 168.0), (4.0, 178.0)])
def test_integrating_the_foot_between_flat_moments_gives_the_stride_length(
    speed_mps: float, cadence_spm: float
) -> None:
    runner = VirtualRunner(VirtualBody(speed_mps=speed_mps, cadence_spm=cadence_spm, contact_time_s=0.23))
    acc, gyr = sensed(runner, WearSite.LEFT_FOOT, 6.0)
    left = [s for s in runner.plan.steps if s.is_left]
    flat = [int((s.contact_s + 0.4 * (s.toe_off_s - s.contact_s)) * RATE_HZ) for s in left[1:4]]
    pitch = -np.cumsum(gyr[flat[0] : flat[1], 1]) / RATE_HZ
    forward = acc[flat[0] : flat[1], 0] * np.cos(pitch) - acc[flat[0] : flat[1], 2] * np.sin(pitch)
    velocity = np.cumsum(forward) / RATE_HZ
    velocity -= np.linspace(0, velocity[-1], len(velocity))
    assert velocity.sum() / RATE_HZ == pytest.approx(left[2].x_m - left[1].x_m, rel=0.04)


def test_the_trunk_bears_body_weight_on_average_and_nothing_in_flight() -> None:
    runner = VirtualRunner()
    acc, _ = sensed(runner, WearSite.PELVIS, 8.0)
    start = int(3 * RATE_HZ)
    assert np.linalg.norm(acc[start:].mean(0)) == pytest.approx(9.80665, rel=0.03)
    assert np.linalg.norm(acc[start:], axis=1).min() < 0.5


def test_a_tired_runner_shuffles_and_a_cue_brings_the_step_back() -> None:
    body = VirtualBody(tires_after_s=30.0, shuffle_pct_per_min=6.0, answer=1.0)
    tired, cued = VirtualRunner(body), VirtualRunner(body)
    assert tired.running_speed(20.0).cadence_spm == pytest.approx(body.cadence_spm)
    cued.hear("lengthen", 120.0)
    before, after = tired.running_speed(150.0), cued.running_speed(150.0)
    assert before.stride_length_m is not None
    assert after.stride_length_m is not None
    assert before.stride_length_m < 0.95 * 120 * body.speed_mps / body.cadence_spm
    assert after.stride_length_m > before.stride_length_m * 1.03
    assert after.speed_mps == before.speed_mps


def test_who_ignores_cues_runs_as_if_never_cued() -> None:
    body = VirtualBody(answer=0.0)
    cued, left_alone = VirtualRunner(body), VirtualRunner(body)
    cued.hear("lengthen", 10.0)
    assert cued.running_speed(60.0) == left_alone.running_speed(60.0)


def test_the_same_seed_gives_the_same_run_and_memory_stays_bounded() -> None:
    one, two = VirtualRunner(), VirtualRunner()
    a, b = sensed(one, WearSite.RIGHT_FOOT, 4.0), sensed(two, WearSite.RIGHT_FOOT, 4.0)
    assert np.array_equal(a[0], b[0])
    for start_s in range(4, 300):
        one.imu(WearSite.RIGHT_FOOT, float(start_s), 100, 100.0)
    assert len(one.plan.steps) < 120


@pytest.mark.parametrize("late", mostly_slow([WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT], n_quick=1))
def test_a_foot_that_was_not_read_for_a_minute_is_read_on(late: WearSite) -> None:
    """As where its sensor was out of range, or the whole machine asleep."""
    other = WearSite.RIGHT_FOOT if late is WearSite.LEFT_FOOT else WearSite.LEFT_FOOT
    runner, whole = VirtualRunner(), VirtualRunner()
    for second in range(60):
        runner.imu(other, float(second), 50, 50.0)
        if second < 5:
            runner.imu(late, float(second), 50, 50.0)
        whole.imu(late, float(second), 50, 50.0)
    assert np.allclose(runner.imu(late, 60.0, 50, 50.0)[0], whole.imu(late, 60.0, 50, 50.0)[0], atol=2.0)


def test_a_second_sensor_on_a_foot_that_sends_later_feels_the_same_steps() -> None:
    alone, shared = VirtualRunner(), VirtualRunner()
    n, late = int(6 * RATE_HZ), int(1.5 * RATE_HZ)
    own = np.vstack([alone.imu(WearSite.LEFT_FOOT, k / RATE_HZ, 20, RATE_HZ)[0] for k in range(0, n, 20)])
    behind = []
    for k in range(0, n + late, 20):
        shared.imu(WearSite.LEFT_FOOT, k / RATE_HZ, 20, RATE_HZ)
        if k >= late:
            behind.append(shared.imu(WearSite.LEFT_FOOT, (k - late) / RATE_HZ, 20, RATE_HZ)[0])
    assert np.abs(np.vstack(behind) - own).max() < 1.0  # each has its own noise; a landing has 80 m/s2
