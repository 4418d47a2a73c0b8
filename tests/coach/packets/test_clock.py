"""Device clocks meet the host's: drift, jitter, wraps and restarts, in simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.packets.clock import DeviceClock, WrappingCounter
from tests.support.common import mostly_slow


def radio(rng: np.random.Generator, sent_s: np.ndarray, interval_s: float = 0.045) -> np.ndarray:
    """Arrival of packets sent at `sent_s`: at the next connection event, now and then some events later, in order."""
    phase = rng.uniform(0.0, interval_s)
    events = np.ceil((sent_s - phase) / interval_s) + rng.geometric(0.93, len(sent_s)) - 1
    return np.maximum.accumulate(phase + events * interval_s + 0.001 + rng.exponential(0.0005, len(sent_s)))


def mapped(seed: int, ppm: float, seconds: float = 600.0, rate_hz: float = 26.0) -> tuple[np.ndarray, np.ndarray]:
    """True times of a sensor's packets and what the clock makes of them."""
    rng = np.random.default_rng(seed)
    true_s = rng.uniform(0.0, 1.0) + np.arange(0.0, seconds, 1.0 / rate_hz)
    device_s = 12345.678 * (seed + 1) + true_s * (1.0 + ppm * 1e-6)
    clock = DeviceClock()
    found = []
    for device, arrival in zip(device_s, radio(rng, true_s), strict=True):
        clock.observe(float(device), float(arrival))
        found.append(clock.to_host(np.array([device]))[0])
    return true_s, np.array(found)


@pytest.mark.parametrize("seed", mostly_slow(range(6), n_quick=2))
def test_two_sensors_with_20_ppm_drift_and_radio_jitter_agree_within_5_ms(seed):
    errors = []
    for side, ppm in ((0, 20.0), (1, -20.0)):
        true_s, found = mapped(2 * seed + side, ppm)
        assert (np.diff(found) > 0).all()
        late = true_s > 10.0
        errors.append(np.interp(np.arange(12.0, 599.0, 0.5), true_s[late], (found - true_s)[late]))
    assert np.abs(errors[0] - errors[1]).max() < 0.005


def test_each_sensor_is_within_5_ms_of_the_truth_after_three_seconds():
    true_s, found = mapped(3, 20.0)
    assert np.abs(found - true_s)[true_s > 4.0].max() < 0.005


def test_a_clock_off_by_200_ppm_is_followed():
    true_s, found = mapped(4, 200.0)
    assert np.abs(found - true_s)[true_s > 60.0].max() < 0.005


def test_readings_of_one_packet_keep_their_distance():
    clock = DeviceClock()
    for k in range(200):
        device_s = k * 0.04 + np.arange(8) * 0.005
        clock.observe(float(device_s[-1]), k * 0.04 + 0.05 + (0.03 if k % 3 else 0.0))
        gaps = np.diff(clock.to_host(device_s))
        assert np.abs(gaps / 0.005 - 1.0).max() < 0.101


def test_a_stalled_link_that_delivers_late_does_not_move_the_clock():
    clock = DeviceClock()
    errors = []
    for k in range(3000):
        true_s = k * 0.02
        arrival = max(true_s, 24.0 if 20.0 < true_s < 24.0 else true_s) + 0.01
        clock.observe(500.0 + true_s, arrival)
        errors.append(abs(clock.to_host(np.array([500.0 + true_s]))[0] - true_s - 0.01))
    assert max(errors) < 0.002


def test_a_sensor_that_restarts_is_mapped_again_and_time_goes_on():
    clock = DeviceClock()
    found = []
    for k in range(1500):
        arrival = k * 0.02 + 0.01
        device_s = 900.0 + k * 0.02 if k < 700 else (k - 700) * 0.02
        has_restarted = clock.observe(device_s, arrival)
        assert has_restarted == (k == 700)
        found.append(clock.to_host(np.array([device_s]))[0])
    assert clock.n_restarts == 1
    assert (np.diff(found) > 0).all()
    assert found[-1] == pytest.approx(1499 * 0.02 + 0.01, abs=0.001)


def test_a_device_clock_that_stopped_for_two_seconds_is_found_once_no_stall_explains_it():
    clock = DeviceClock()
    for k in range(1000):
        arrival = k * 0.02
        clock.observe(arrival - (2.0 if k >= 100 else 0.0), arrival)
        host = clock.to_host(np.array([arrival - (2.0 if k >= 100 else 0.0)]))[0]
    assert clock.n_restarts == 1
    assert host == pytest.approx(arrival, abs=0.01)


@given(silence_s=st.floats(0.1, 3600.0), begin=st.integers(0, (1 << 32) - 1), tick_s=st.sampled_from([1e-6, 1e-3]))
def test_a_counter_goes_on_over_its_wraps(silence_s, begin, tick_s):
    counter = WrappingCounter(tick_s, 1 << 32)
    first = counter.seconds(begin, 50.0)
    later = counter.seconds((begin + round(silence_s / tick_s)) & 0xFFFFFFFF, 50.0 + silence_s)
    assert later - first == pytest.approx(silence_s, abs=2 * tick_s)


def test_a_counter_that_restarts_does_not_pretend_to_wrap():
    counter = WrappingCounter(1e-3, 1 << 32)
    counter.seconds(3_000_000, 100.0)
    assert counter.seconds(5, 101.0) == pytest.approx(0.005)
