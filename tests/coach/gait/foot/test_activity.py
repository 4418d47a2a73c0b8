"""When a foot is standing, walking and running."""

import numpy as np
import pytest

from coach.gait.foot.activity import FootState, moving_in
from coach.gait.fusion.sites import POD, TREADMILL, StateFusion, state_at_speed
from coach.model.samples import ImuChunk
from coach.model.sites import WearSite
from coach.model.strides import GaitState, Stride

FOOT = WearSite.LEFT_FOOT


def signal(parts):
    """Chunk of a foot that is still (False) or moves (True) for so many seconds each."""
    moving = np.concatenate([np.full(int(100 * seconds), is_moving) for seconds, is_moving in parts])
    t = np.arange(len(moving)) / 100.0
    gyr = np.where(moving, 5.0, 0.01)[:, None] * np.ones(3)
    acc = np.tile([0.0, 0.0, 9.81], (len(t), 1))
    return ImuChunk(FOOT, t, acc, gyr, 156.9, 34.9, 100.0)


def cut(chunk, size):
    for k in range(0, len(chunk.t_s), size):
        part = slice(k, k + size)
        assert chunk.gyr_radps is not None
        yield ImuChunk(FOOT, chunk.t_s[part], chunk.acc_mps2[part], chunk.gyr_radps[part], 156.9, 34.9, 100.0)


def run_stride(t_s, state=GaitState.RUNNING):
    return Stride(FOOT, t_s, contact_time_s=0.25, stride_time_s=0.7, state=state)


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_two_still_seconds_are_standing_dated_to_their_beginning(size):
    foot = FootState()
    changes = [c for part in cut(signal([(1.0, True), (3.0, False), (1.0, True)]), size) for c in foot.saw(part)]
    assert [c.state for c in changes] == [GaitState.STANDING]
    assert changes[0].t_s == pytest.approx(0.99)
    assert not foot.is_known


def test_a_shifted_foot_is_still_standing():
    foot = FootState()
    for part in cut(signal([(3.0, False), (0.4, True)]), 20):
        foot.saw(part)
    assert foot.state is GaitState.STANDING
    assert foot.is_known


def test_one_stride_starts_a_run_and_two_change_it():
    foot = FootState()
    foot.saw(signal([(3.0, False)]))
    assert foot.stride(run_stride(3.2))[0].state is GaitState.RUNNING
    assert foot.stride(run_stride(3.9, GaitState.WALKING)) == []
    assert foot.stride(run_stride(4.6)) == []
    assert foot.stride(run_stride(5.3, GaitState.WALKING)) == []
    change = foot.stride(run_stride(6.0, GaitState.WALKING))
    assert [(c.t_s, c.state) for c in change] == [(5.3, GaitState.WALKING)]


def test_a_foot_that_moves_on_without_strides_does_not_run():
    foot = FootState()
    chunk = signal([(10.0, True)])
    foot.stride(run_stride(1.0))
    changes = [c for part in cut(chunk, 50) for c in foot.saw(part)]
    assert [c.state for c in changes] == [GaitState.WALKING]


def test_feet_speak_before_the_pod_and_any_of_them_before_the_belt():
    fusion = StateFusion()
    fusion.observe(TREADMILL, 0.0, GaitState.RUNNING)
    assert fusion.current(1.0) is GaitState.RUNNING
    fusion.observe(POD, 1.0, GaitState.WALKING)
    assert fusion.current(1.0) is GaitState.WALKING
    fusion.observe(FOOT, 1.0, GaitState.STANDING)
    fusion.observe(WearSite.RIGHT_FOOT, 1.0, GaitState.RUNNING)
    assert fusion.current(1.0) is GaitState.RUNNING
    fusion.withdraw(WearSite.RIGHT_FOOT)
    assert fusion.current(1.0) is GaitState.STANDING
    fusion.withdraw(FOOT)
    fusion.withdraw(POD)
    assert fusion.current(1.0) is None
    assert fusion.current(9.0) is None


def test_speed_separates_walking_from_running_with_a_band_between():
    assert state_at_speed(0.1, None) is GaitState.STANDING
    assert state_at_speed(1.5, None) is GaitState.WALKING
    assert state_at_speed(2.05, GaitState.WALKING) is GaitState.WALKING
    assert state_at_speed(2.05, GaitState.RUNNING) is GaitState.RUNNING
    assert state_at_speed(3.0, GaitState.WALKING) is GaitState.RUNNING


def test_what_moves_does_not_depend_on_what_is_looked_at_together():
    rng = np.random.default_rng(3)
    acc, gyr = rng.normal(0.0, 6.0, (60, 3)), rng.normal(0.0, 0.3, (60, 3))
    acc[13, 1] = np.nan
    parts = list(cut(ImuChunk(FOOT, np.arange(60) / 100.0, acc, gyr, 156.9, 34.9, 100.0), 12))
    together = moving_in(parts)
    assert [part.tolist() for part in together] == [moving_in([part])[0].tolist() for part in parts]
    assert 10 < sum(int(part.sum()) for part in together) < 60
    assert moving_in([]) == []
