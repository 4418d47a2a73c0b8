"""Frames without time or number: losses found by their arrival, in simulation."""

import numpy as np
import pytest

from coach.packets.frame_clock import FrameClock
from tests.support.common import mostly_slow


def played(
    lost: set[int], seconds: float, rate_hz: float = 200.0, off: float = 0.0, seed: int = 1, event_s: float = 0.03
):
    """True sampling times of the frames that come, and those that the clock gives; arrivals in connection events."""
    rng = np.random.default_rng(seed)
    interval = (1.0 + off) / rate_hz
    n = round(seconds / interval)
    clock = FrameClock(rate_hz)
    true, found = [], []
    for k in range(n):
        if k in lost:
            continue
        arrival = np.ceil((k * interval + 0.001) / event_s) * event_s + rng.uniform(0.0, 0.002)
        number = clock.number(1, float(arrival))
        true.append(k)
        found.append(number)
    return np.array(true), np.array(found), clock


def test_nothing_lost_is_nothing_missing():
    true, found, _ = played(set(), 60.0)
    assert (true == found).all()


@pytest.mark.parametrize("off", mostly_slow([-0.015, -0.004, 0.01], n_quick=1))
def test_an_oscillator_off_by_a_percent_is_no_loss(off):
    true, found, clock = played(set(), 60.0, off=off)
    assert (true == found).all()
    assert clock.interval_s == pytest.approx((1 + off) / 200.0, rel=0.002)


@pytest.mark.parametrize("seed", mostly_slow(range(3), n_quick=1))
def test_losses_of_ten_frames_are_counted_within_a_second(seed):
    starts = [2000, 4000, 6001, 9000]
    lost = {s + i for s in starts for i in range(10)}
    true, found, _ = played(lost, 60.0, seed=seed)
    for start in starts:
        settled = (true > start + 150) & (true < start + 950)
        assert np.abs(found - true)[settled].max() <= 1


def test_a_dropout_of_three_seconds_is_a_loss_of_as_many_frames():
    true, found, _ = played(set(range(2000, 2600)), 30.0)
    after = true >= 2600
    assert np.abs(found - true)[after].max() <= 6  # one connection event
