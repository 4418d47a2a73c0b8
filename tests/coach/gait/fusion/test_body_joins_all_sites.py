"""Two feet, pelvis and chest of one recorded run, fed together as they come."""

import numpy as np
import pytest

from coach.gait.fusion.body import BodyGait
from coach.gait.fusion.missing_reasons import Moment, SensorSet, unknown
from coach.model.metrics import Unknown
from coach.model.samples import HeartRateSample, ImuChunk, TreadmillSample
from coach.model.sites import WearSite
from coach.model.strides import GaitState, InitialContact, StateChange, Stride, TrunkStep
from tests.support.recordings import read

FEET = ("biomac_p01_left_foot", "biomac_p01_right_foot")
TRUNK = ("demo_run_pelvis_device", "demo_run_chest_device")
ALL = ("demo_run_left_foot_device", "demo_run_right_foot_device", *TRUNK)
NEAR_ANKLE = "rbds005_run_3p5_left_shank_device"


def run(names, until_s=1e9, size=20, extra=()):
    recordings = [read(name) for name in names]
    body = BodyGait([r.wear_site for r in recordings])
    chunks = [(float(c.t_s[-1]), k, c) for k, r in enumerate(recordings) for c in r.chunks(size)]
    samples = sorted([*chunks, *((s.t_s, -1, s) for s in extra)], key=lambda entry: entry[:2])
    events = [event for t_s, _, sample in samples if t_s <= until_s for event in body.feed(sample)]
    return body, events


def test_four_sensors_give_every_measure_they_promise():
    extra = [TreadmillSample(float(t), speed_mps=4.07, incline_pct=0.5) for t in range(1, 14)]
    extra += [HeartRateSample(t + 0.5, 151) for t in range(1, 14)]
    body, events = run(ALL, until_s=13.5, extra=extra)
    metrics = body.metrics(13.5)
    assert metrics.state is GaitState.RUNNING
    assert metrics.is_steady
    assert metrics.cadence_spm == pytest.approx(175.9, abs=0.7)
    assert metrics.contact_time_ms == pytest.approx(241, abs=12)
    assert metrics.flight_time_ms == pytest.approx(100, abs=15)
    assert metrics.duty_factor == pytest.approx(0.353, abs=0.02)
    assert metrics.speed_source == "treadmill"
    assert metrics.step_length_m == pytest.approx(4.07 * 60 / 175.9, rel=0.01)
    assert metrics.impacts_per_km == pytest.approx(1000 / metrics.step_length_m)
    assert metrics.vertical_oscillation_mm == pytest.approx(87.4, abs=4)
    assert metrics.trunk_lean_deg == pytest.approx(-0.7, abs=1.5)
    assert metrics.axial_rotation_deg == pytest.approx(10.7, abs=1.5)
    assert metrics.pelvis_trunk_crp_deg == pytest.approx(114, abs=6)
    assert sum(metrics.foot_strike_share.values()) == pytest.approx(1.0)
    assert metrics.contact_time_balance_pct == pytest.approx(50, abs=2)
    assert metrics.heart_rate_bpm == 151
    assert metrics.grade_pct == 0.5
    assert not metrics.unknown.keys() - {"stride_time_cv_pct", "power_w"}
    assert {type(e) for e in events} >= {InitialContact, Stride, TrunkStep, StateChange}
    states = [e.state for e in events if isinstance(e, StateChange)]
    assert (states[0], states[-1]) == (GaitState.STANDING, GaitState.RUNNING)
    assert len(states) <= 3


def test_each_stride_comes_once_and_with_its_measured_flight():
    body, events = run(FEET, until_s=40)
    events += body.finish()
    strides = [e for e in events if isinstance(e, Stride)]
    assert len({(s.wear_site, s.initial_contact_s) for s in strides}) == len(strides)
    contacts = {
        site: [s.initial_contact_s for s in strides if s.wear_site is site] for site in {s.wear_site for s in strides}
    }
    late = [s for s in strides if 12 < s.initial_contact_s < 38]
    assert len(late) > 60
    for stride in late:
        other = contacts[WearSite.RIGHT_FOOT if stride.wear_site.is_left else WearSite.LEFT_FOOT]
        landing = min(other, key=lambda t: abs(t - stride.toe_off_s))
        assert stride.flight_time_s == pytest.approx(landing - stride.toe_off_s, abs=1e-9)
    assert body.metrics(40).flight_time_ms == pytest.approx(131, abs=20)
    assert body.metrics(40).stride_time_cv_pct == pytest.approx(1.2, abs=0.5)


def test_one_foot_knows_flight_by_symmetry_with_more_uncertainty():
    body, _ = run(FEET[:1], until_s=40)
    metrics = body.metrics(40)
    assert metrics.flight_time_ms == pytest.approx(131, abs=20)
    both, _ = run(FEET, until_s=40)
    assert metrics.uncertainty["flight_time_ms"] > both.metrics(40).uncertainty["flight_time_ms"]
    assert metrics.contact_time_balance_pct is None
    assert metrics.unknown["contact_time_balance_pct"] is Unknown.NEEDS_BOTH_FEET
    assert metrics.unknown["vertical_oscillation_mm"] is Unknown.NEEDS_TRUNK_SENSOR


def test_the_feet_give_the_trunk_its_landing_side():
    _, events = run(("biomac_p01_left_foot", "biomac_p01_pelvis"), until_s=40)
    left = [e.initial_contact_s for e in events if isinstance(e, Stride)]
    steps = [e for e in events if isinstance(e, TrunkStep) and e.initial_contact_s > 15]
    for step in steps:
        is_near = min(abs(step.initial_contact_s - t) for t in left) < 0.12
        assert step.is_left is is_near or step.initial_contact_s > left[-1]
    assert len(steps) > 60


def test_numbers_vanish_three_seconds_after_the_last_stride():
    body, _ = run(FEET, until_s=40)
    assert body.metrics(40).cadence_spm is not None
    late = body.metrics(44.5)
    assert late.cadence_spm is None
    assert late.foot_strike_share is None
    assert late.speed_mps is None
    assert late.state is None
    assert late.distance_m == pytest.approx(body.metrics(47).distance_m)
    assert late.unknown["cadence_spm"] is Unknown.NO_STRIDES


def test_a_shank_alone_gives_times_and_says_what_it_lacks():
    body, events = run(["shank_run_01"], until_s=14)
    metrics = body.metrics(14)
    assert metrics.state is GaitState.RUNNING
    assert metrics.cadence_spm == pytest.approx(162.1, abs=1)
    for name in ("contact_time_ms", "flight_time_ms", "duty_factor"):
        assert getattr(metrics, name) is None
        assert metrics.unknown[name] is Unknown.NEEDS_ANKLE_GYROSCOPE
    assert metrics.unknown["foot_strike_angle_deg"] is Unknown.NEEDS_FOOT_SENSOR
    assert metrics.unknown["speed_mps"] is Unknown.NEEDS_SPEED
    assert [e for e in events if isinstance(e, Stride)]


def test_a_shank_with_a_gyroscope_gives_contact_time():
    body, _ = run([NEAR_ANKLE], until_s=14)
    metrics = body.metrics(14)
    true = read(NEAR_ANKLE).truth["contact_time_ms"]["mean"]
    assert metrics.contact_time_ms == pytest.approx(true, abs=2 * metrics.uncertainty["contact_time_ms"])
    assert metrics.uncertainty["contact_time_ms"] >= 12  # differs between people: strides do not average it away
    assert metrics.flight_time_ms is not None


def test_a_dash_says_what_the_body_waits_for():
    moments = {8.0: Unknown.FINDING_AXES, 1.0: Unknown.NO_STRIDES}
    for until_s, why in moments.items():
        body, _ = run(FEET[:1], until_s=until_s)
        assert body.metrics(until_s).unknown["cadence_spm"] is why
        assert body.metrics(until_s).unknown["speed_mps"] is why


def test_a_standing_runner_and_a_count_that_is_too_small_are_distinguished():
    feet = SensorSet(True, True, 2, False, False, False, True, False, False, False)
    assert unknown(feet, {}, Moment(GaitState.STANDING))["cadence_spm"] is Unknown.STANDING
    found = unknown(feet, {"cadence_spm": 170.0}, Moment(GaitState.RUNNING))
    assert found["stride_time_cv_pct"] is Unknown.FEW_STRIDES
    assert "cadence_spm" not in found


def test_a_foot_beyond_the_range_of_its_sensor_says_clipped():
    body = BodyGait([WearSite.LEFT_FOOT])
    for chunk in read(FEET[0]).chunks(20):
        if chunk.t_s[-1] < 30:
            acc = np.clip(chunk.acc_mps2, -60.0, 60.0)
            clipped = ImuChunk(chunk.wear_site, chunk.t_s, acc, chunk.gyr_radps, 60.0, np.inf, chunk.rate_hz)
            body.feed(clipped)
    metrics = body.metrics(30)
    assert metrics.cadence_spm is not None
    assert metrics.unknown["impact_g"] is metrics.unknown["step_length_m"] is Unknown.CLIPPED
