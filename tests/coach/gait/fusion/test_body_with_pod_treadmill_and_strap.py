"""What the body's numbers are when no motion sensor is worn: each source gives what it can and says what it cannot."""

from dataclasses import replace

import pytest

from coach.gait.fusion.body import BodyGait
from coach.gait.fusion.speed import SpeedCorrection
from coach.model.metrics import Unknown
from coach.model.samples import HeartRateSample, PowerSample, RunningSpeedSample, TreadmillSample
from coach.model.strides import GaitState, StateChange


def pod(t_s: float, speed_mps: float = 3.0, cadence_spm: float | None = 170.0) -> RunningSpeedSample:
    return RunningSpeedSample(t_s, speed_mps, 170, cadence_spm, is_running=True)


def test_a_pod_alone_gives_speed_cadence_and_step_length_and_says_what_it_cannot_know():
    body = BodyGait([])
    events = [event for t in range(20) for event in body.feed(pod(float(t)))]
    assert events == [StateChange(0.0, GaitState.RUNNING)]
    metrics = body.metrics(19.5)
    assert metrics.cadence_spm == pytest.approx(170)
    assert metrics.speed_mps == pytest.approx(3.0)
    assert metrics.speed_source == "pod"
    assert metrics.step_length_m == pytest.approx(3.0 * 60 / 170)
    assert metrics.impacts_per_km == pytest.approx(1000 * 170 / 180)
    assert metrics.distance_m == pytest.approx(3.0 * 19)
    assert metrics.is_steady
    assert metrics.contact_time_ms is None
    assert metrics.unknown["contact_time_ms"] is Unknown.NEEDS_MOTION_SENSOR
    assert metrics.unknown["foot_strike_angle_deg"] is Unknown.NEEDS_FOOT_SENSOR
    assert metrics.uncertainty["speed_mps"] == pytest.approx(0.12)


def test_a_pod_that_sends_contact_time_gives_it_and_flight_time_with_the_uncertainty_that_was_measured():
    body = BodyGait([])
    for t in range(20):
        body.feed(replace(pod(float(t)), contact_time_s=0.240))
    metrics = body.metrics(19.5)
    assert metrics.contact_time_ms == pytest.approx(240)
    assert metrics.uncertainty["contact_time_ms"] == pytest.approx(0.052 * 240, rel=0.05)  # it does not average out
    assert metrics.flight_time_ms == pytest.approx(60e3 / 170 - 240)
    assert metrics.uncertainty["flight_time_ms"] >= 12
    assert metrics.duty_factor == pytest.approx(0.240 / (120 / 170))
    assert metrics.unknown["contact_time_balance_pct"] is Unknown.NEEDS_BOTH_FEET
    late = body.metrics(22.6)
    assert (late.contact_time_ms, late.flight_time_ms) == (None, None)


def test_a_walkers_pod_gives_contact_time_and_no_flight():
    body = BodyGait([])
    for t in range(20):
        walking = RunningSpeedSample(float(t), 1.4, 110, 110.0, is_running=False, contact_time_s=0.680)
        body.feed(walking)
    metrics = body.metrics(19.5)
    assert metrics.contact_time_ms == pytest.approx(680)
    assert metrics.flight_time_ms is None
    assert metrics.unknown["flight_time_ms"] is Unknown.ONLY_RUNNING


def test_values_go_when_nothing_came_for_three_seconds():
    body = BodyGait([])
    body.feed(pod(0.0))
    body.feed(HeartRateSample(0.0, 150))
    assert body.metrics(2.9).speed_mps is not None
    assert body.metrics(2.9).heart_rate_bpm == 150
    late = body.metrics(3.1)
    assert (late.speed_mps, late.cadence_spm, late.heart_rate_bpm, late.state) == (None, None, None, None)
    assert late.distance_m == 0.0
    assert late.unknown["heart_rate_bpm"] is Unknown.HEART_RATE_SILENT


def test_a_treadmill_is_the_truth_beside_a_pod():
    body = BodyGait([])
    for t in range(60):
        body.feed(TreadmillSample(float(t), speed_mps=3.0, incline_pct=1.5))
        body.feed(pod(t + 0.5, speed_mps=2.7))
    metrics = body.metrics(59.9)
    assert metrics.speed_source == "treadmill"
    assert metrics.speed_mps == pytest.approx(3.0)
    assert metrics.grade_pct == pytest.approx(1.5)


def test_only_a_chest_strap_gives_heart_rate_and_nothing_else():
    body = BodyGait([])
    body.feed(HeartRateSample(1.0, 143))
    body.feed(HeartRateSample(2.0, 0))
    body.feed(HeartRateSample(2.0, 99, has_skin_contact=False))
    metrics = body.metrics(2.5)
    assert metrics.heart_rate_bpm == 143
    assert metrics.state is None
    assert metrics.unknown["speed_mps"] is Unknown.NEEDS_SPEED


def test_a_pods_power_is_shown_as_it_is_stated_and_its_silence_is_no_zero():
    body = BodyGait([])
    assert body.metrics(0.5).unknown["power_w"] is Unknown.NEEDS_POWER_POD
    for t in range(8):
        body.feed(PowerSample(float(t), 250.0))
    assert body.metrics(7.5).power_w == 250.0
    silent = body.metrics(20.0)
    assert silent.power_w is None
    assert silent.unknown["power_w"] is Unknown.POWER_SILENT


def test_a_correction_learns_from_a_known_distance_and_refuses_nonsense():
    learned = SpeedCorrection().learned_from("foot", 5000.0, 4850.0, ratio_sd=0.005, floor_sd=0.005)
    assert learned.foot == pytest.approx(5000 / 4850, abs=0.002)
    assert learned.foot_sd < 0.01
    for known, measured in ((0.0, 3.0), (3.0, 0.0), (9.0, 3.0), (float("nan"), 3.0)):
        assert learned.learned_from("foot", known, measured, 0.03, 0.005) == learned


def test_pauses_and_silences_add_no_distance():
    """But for the second before the first speed behind them, which is that speed's."""
    body = BodyGait([])
    for t in (*range(11), *range(100, 111)):
        body.feed(pod(float(t)))
    assert body.metrics(111.0).distance_m == pytest.approx(63.0)
    body.feed(pod(111.0, speed_mps=0.0))
    assert body.metrics(130.0).distance_m == pytest.approx(63.0)
