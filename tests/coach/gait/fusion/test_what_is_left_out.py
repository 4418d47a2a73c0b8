"""What cannot be true is left out of the metrics: samples, strides and signals at the edge."""

import math

import numpy as np
import pytest

from coach.gait.fusion.body import BodyGait
from coach.gait.fusion.coordination import PelvisTrunk
from coach.gait.fusion.flight_time import FlightJoiner
from coach.gait.fusion.sites import Rolling, fuse
from coach.gait.signal.filters import hann_smooth, period
from coach.gait.signal.window import SignalWindow
from coach.model.metrics import Unknown
from coach.model.samples import BatterySample, HeartRateSample, ImuChunk, RunningSpeedSample, TreadmillSample
from coach.model.sites import WearSite
from coach.model.strides import GaitState, Stride

LEFT, RIGHT = WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT


@pytest.mark.parametrize(
    "sample",
    [HeartRateSample(1.0, 0), HeartRateSample(1.0, 71, has_skin_contact=False), TreadmillSample(1.0, heart_rate_bpm=0)],
)
def test_a_strap_without_skin_contact_gives_no_heart_rate(sample: HeartRateSample | TreadmillSample) -> None:
    body = BodyGait([])
    body.feed(sample)
    assert body.metrics(1.0).heart_rate_bpm is None


def test_a_treadmill_that_sends_incline_and_pulse_but_no_speed_gives_those_two() -> None:
    body = BodyGait([])
    assert body.feed(TreadmillSample(1.0, incline_pct=2.5, heart_rate_bpm=140)) == []
    now = body.metrics(1.0)
    assert (now.grade_pct, now.heart_rate_bpm, now.speed_mps) == (2.5, 140.0, None)


def test_samples_of_no_use_for_gait_change_nothing() -> None:
    body = BodyGait([LEFT])
    assert body.feed(BatterySample(1.0, "x", 80.0)) == []
    chunk = ImuChunk(RIGHT, np.array([1.0]), np.zeros((1, 3)), None, 156.9, 0.0, 100.0)
    assert body.feed(chunk) == []


@pytest.mark.parametrize(("is_running", "state"), [(True, GaitState.RUNNING), (False, GaitState.WALKING)])
def test_a_pod_that_says_what_its_wearer_does_is_believed_while_it_moves(is_running: bool, state: GaitState) -> None:
    body = BodyGait([])
    for t_s in np.arange(0.0, 5.0, 1.0):
        body.feed(
            RunningSpeedSample(float(t_s), 1.9, 80, cadence_spm=160.0, is_running=is_running, contact_time_s=0.26)
        )
    now = body.metrics(4.0)
    assert now.state is state
    assert now.contact_time_ms == pytest.approx(260.0)


def test_a_pod_without_counts_or_contact_gives_speed_alone() -> None:
    body = BodyGait([])
    body.feed(RunningSpeedSample(1.0, 2.5, 0, cadence_spm=0.0, contact_time_s=0.0))
    now = body.metrics(1.0)
    assert now.speed_mps == pytest.approx(2.5, rel=0.05)
    assert (now.cadence_spm, now.contact_time_ms) == (None, None)
    assert now.unknown["cadence_spm"] != Unknown.NEEDS_MOTION_SENSOR


def stride(site: WearSite, at_s: float, contact_s: float | None = 0.24) -> Stride:
    toe_off_s = None if contact_s is None else at_s + contact_s
    return Stride(site, at_s, toe_off_s, contact_s, None, 0.72, state=GaitState.RUNNING)


def test_a_contact_of_a_site_that_is_not_worn_is_no_step() -> None:
    joiner = FlightJoiner(frozenset({LEFT, RIGHT}))
    joiner.contact(WearSite.PELVIS, 1.36)
    joiner.hold(stride(LEFT, 1.0))
    (joined,) = joiner.release(at_end=True)
    assert joined.step_time_s is None


def test_a_stride_without_toe_off_waits_for_nobody() -> None:
    joiner = FlightJoiner(frozenset({LEFT, RIGHT}))
    joiner.hold(stride(LEFT, 1.0, None))
    assert [joined.step_time_s for joined in joiner.release()] == [None]


def test_a_contact_that_is_known_better_replaces_the_first() -> None:
    joiner = FlightJoiner(frozenset({LEFT, RIGHT}))
    for t_s in (1.30, 1.36):
        joiner.contact(RIGHT, t_s)
    joiner.hold(stride(LEFT, 1.0))
    joiner.saw(RIGHT, 3.0)
    (joined,) = joiner.release()
    assert joined.step_time_s == pytest.approx(0.36)


def test_values_that_are_no_numbers_do_not_enter_a_median() -> None:
    roll = Rolling()
    for value in (None, math.nan, math.inf):
        roll.add(1.0, value)
    assert roll.estimate(1.0) is None
    roll.add(1.0, 3.0, math.nan)
    found = roll.estimate(1.0)
    assert found is not None
    assert (found.value, found.sd) == (3.0, 0.0)
    assert roll.estimate(100.0) is None


def test_nothing_to_fuse_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing to fuse"):
        fuse([])


def test_a_pair_whose_chest_fell_silent_has_no_coordination() -> None:
    pair = PelvisTrunk()
    t = np.arange(0.0, 10.0, 0.01)
    pair.feed(WearSite.PELVIS, t, np.sin(2 * np.pi * t / 0.7))
    for at in np.arange(2.0, 9.0, 0.35):
        pair.contact(float(at), is_next=True)
    assert pair.result(9.0) is None
    pair.feed(WearSite.CHEST, t, np.where((t > 5.0) & (t < 5.5), np.nan, np.sin(2 * np.pi * t / 0.7)))
    pair.contact(9.2, is_next=True)
    assert pair.result(9.2) is None


def test_a_signal_that_does_not_repeat_has_no_period() -> None:
    assert period(np.zeros(500), 10, 100) is None
    assert period(np.sin(np.arange(20) / 3.0), 10, 100) is None
    assert period(np.random.default_rng(1).normal(size=400), 10, 100) is None
    assert period(np.sin(2 * np.pi * np.arange(500) / 50.0), 10, 100) == 50


def test_a_signal_of_one_reading_is_smooth_already() -> None:
    assert hann_smooth(np.array([3.0]), 9).tolist() == [3.0]


def test_an_empty_window_has_nothing_to_say_at_the_end() -> None:
    window = SignalWindow(4.0, 0.5)
    assert list(window.flush()) == []
    nothing = ImuChunk(LEFT, np.array([math.nan]), np.zeros((1, 3)), None, 156.9, 0.0, 100.0)
    assert list(window.push(nothing)) == []
