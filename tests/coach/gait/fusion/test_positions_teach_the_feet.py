"""A phone's positions correct what feet and pods measure long or short; in a tunnel the feet carry on, corrected."""

import math
from collections.abc import Iterator

import numpy as np
import pytest

from coach.gait.fusion.body import BodyGait
from coach.gait.fusion.speed import Odometer, PositionComparison, SpeedComparison, SpeedCorrection
from coach.model.earth import RADIUS_68
from coach.model.samples import PositionSample, RunningSpeedSample, TreadmillSample
from tests.support.common import mostly_slow

SPEED_MPS = 3.0
METRES_PER_DEGREE = 111_229.0  # of the meridian at 50 degrees north
SEEDS = range(10)


def at(t_s: float, east_m: float, north_m: float, accuracy_m: float = 5.0, **more: float) -> PositionSample:
    return PositionSample(
        t_s, 50.0 + north_m / METRES_PER_DEGREE, 8.0 + east_m / (METRES_PER_DEGREE * 0.6455), accuracy_m, **more
    )


def noise(n: int, seed: int, sd_m: float = 2.0, time_s: float = 30.0) -> np.ndarray:
    """Errors of a receiver, east and north: they wander within half a minute (a Gauss-Markov process)."""
    kicks = np.random.default_rng(seed).normal(0.0, sd_m, (n, 2))
    keep = math.exp(-1.0 / time_s)
    found = kicks.copy()
    for i in range(1, n):
        found[i] = keep * found[i - 1] + math.sqrt(1 - keep**2) * kicks[i]
    return found


def blocks(far_m: float, block_m: float = 330.0) -> tuple[float, float]:
    """Streets: east and north in turn, with right angles."""
    n, rest = divmod(far_m, block_m)
    return (math.ceil(n / 2) if n % 2 else n / 2) * block_m + (rest if n % 2 == 0 else 0), (n // 2) * block_m + (
        rest if n % 2 else 0
    )


def run(
    pod_share: float, minutes: float = 20.0, seed: int = 0, tunnel: tuple[int, int] = (0, 0), turns: float = 330.0
) -> BodyGait:
    """A pod that measures `pod_share` of the distance and a phone's fixes once a second, but for the tunnel."""
    body, n = BodyGait([]), round(60 * minutes)
    errors = noise(n, seed)
    for t in range(n):
        body.feed(RunningSpeedSample(t + 0.5, SPEED_MPS * pod_share, 170, 170.0, is_running=True))
        if not tunnel[0] <= t < tunnel[1]:
            east, north = blocks(SPEED_MPS * t, turns)
            body.feed(at(float(t), east + errors[t][0], north + errors[t][1]))
    return body


@pytest.mark.parametrize("share", mostly_slow([0.94, 1.0, 1.05], n_quick=1))
def test_a_pods_drift_is_corrected_from_the_first_metre_on(share: float) -> None:
    true_m = SPEED_MPS * 1199.5
    errors = []
    for seed in SEEDS:
        body = run(share, seed=seed)
        metrics = body.metrics(1199.6)
        assert metrics.distance_m is not None
        errors.append((metrics.distance_m - true_m) / metrics.uncertainty["distance_m"])
        assert metrics.distance_m == pytest.approx(true_m, rel=0.02)
        assert 0.01 - 1e-12 <= metrics.uncertainty["distance_m"] / metrics.distance_m < 0.016
    assert np.mean(np.abs(errors) < 2) >= 0.9, "the uncertainty is that of what is seen"


def test_in_a_tunnel_the_pod_carries_on_corrected() -> None:
    body = run(0.94, tunnel=(600, 1200))
    metrics = body.metrics(1199.6)
    assert metrics.distance_m == pytest.approx(SPEED_MPS * 1199, rel=0.015)
    assert metrics.speed_mps == pytest.approx(SPEED_MPS, rel=0.015)
    assert metrics.speed_source == "pod"


def test_without_positions_the_uncertainty_stays_what_it_was() -> None:
    metrics = run(0.94, minutes=2, tunnel=(0, 120)).metrics(119.6)
    assert metrics.distance_m == pytest.approx(0.94 * SPEED_MPS * 119.5)
    assert metrics.uncertainty["distance_m"] == pytest.approx(0.04 * (metrics.distance_m or 0))


def test_the_shown_distance_never_falls_and_never_jumps() -> None:
    for share in (0.9, 1.1):
        body, far_m = BodyGait([]), []
        for t in range(600):
            body.feed(RunningSpeedSample(t + 0.5, SPEED_MPS * share, 170, 170.0, is_running=True))
            body.feed(at(float(t), SPEED_MPS * t, 0.0))
            far_m.append(body.metrics(t + 0.6).distance_m or 0.0)
        steps = np.diff(far_m)
        assert steps.min() > 0
        assert steps.max() < 1.25 * SPEED_MPS * max(share, 1.0)
        assert far_m[-1] == pytest.approx(SPEED_MPS * 599.5, rel=0.01)


def straight(n: int = 400, **more: float) -> Iterator[PositionSample]:
    return (at(float(t), SPEED_MPS * t, 0.0, **more) for t in range(n))


def compared(fixes: Iterator[PositionSample], silent: range = range(0)) -> list[SpeedComparison]:
    comparison, found = PositionComparison(), []
    for fix in fixes:
        t = fix.t_s
        if int(t) not in silent:
            comparison.measured("foot", t - 0.7, t, SPEED_MPS)
        found += comparison.position(fix)
    return found


def test_straight_stretches_are_compared() -> None:
    found = compared(straight())
    assert len(found) == 5
    for one in found:
        assert one.sensor == "foot"
        assert one.known_m == pytest.approx(one.measured_m, rel=0.002)
        assert one.ratio_sd == pytest.approx(0.0255, abs=0.002)  # two ends of 3.3 m on 200 m, and the scale


@pytest.mark.parametrize("wander_s", [1.0, 30.0])
@pytest.mark.parametrize("accuracy_m", mostly_slow([5.0, 10.0, 15.0], n_quick=1))
def test_comparisons_are_as_sure_as_the_fixes_are(accuracy_m: float, wander_s: float) -> None:
    inside = []
    for seed in range(4):
        errors = noise(1500, seed, accuracy_m / RADIUS_68, wander_s)
        fixes = (at(float(t), SPEED_MPS * t + east, north, accuracy_m) for t, (east, north) in enumerate(errors))
        inside += [abs(one.known_m / one.measured_m - 1.0) <= 1.96 * one.ratio_sd for one in compared(fixes)]
    assert len(inside) > 50
    assert np.mean(inside) >= 0.9


def test_a_wide_bend_is_measured_as_the_arc_that_it_is() -> None:
    radius_m = 120.0

    def bend() -> Iterator[PositionSample]:
        for t in range(400):
            angle = SPEED_MPS * t / radius_m
            yield at(float(t), radius_m * math.sin(angle), radius_m * math.cos(angle))

    found = compared(bend())
    assert len(found) >= 4
    assert sum(one.known_m for one in found) == pytest.approx(sum(one.measured_m for one in found), rel=0.002)


def test_what_cannot_be_known_is_not_compared() -> None:
    assert compared(straight(accuracy_m=65.0)) == [], "fixes of a network"
    assert compared(straight(accuracy_m=29.0)) == [], "in a minute nobody runs far enough for such fixes"
    assert compared(fix for fix in straight() if int(fix.t_s) % 8 == 0) == [], "too few fixes"
    assert compared(at(float(t), 0.3 * t, 0.0) for t in range(800)) == [], "a stroll"
    corners = (at(float(t), *blocks(SPEED_MPS * t, 50.0)) for t in range(600))
    assert compared(corners) == [], "a corner every 50 m"
    silent = range(130, 140)
    with_hole = compared(straight(), silent)
    assert len(with_hole) == 4
    assert all(one.measured_m == pytest.approx(one.known_m, rel=0.002) for one in with_hole)


def test_across_the_date_line() -> None:
    fixes = (
        PositionSample(float(t), 0.0, math.remainder(179.995 + SPEED_MPS * t / 111_319.5, 360.0), 5.0)
        for t in range(400)
    )
    assert sum(one.known_m for one in compared(fixes)) == pytest.approx(5 * 204, rel=0.05)


def test_a_jump_of_the_receiver_teaches_nothing_absurd() -> None:
    learned = SpeedCorrection().learned_from("foot", 300.0, 200.0, 0.0175, 0.01)
    assert learned == SpeedCorrection()


def test_on_a_treadmill_positions_change_no_distance() -> None:
    body = BodyGait([])
    for t in range(300):
        body.feed(TreadmillSample(t + 0.2, speed_mps=SPEED_MPS))
        body.feed(at(float(t), 0.0, 0.0, speed_mps=0.4))
    assert body.metrics(299.5).distance_m == pytest.approx(SPEED_MPS * 299, rel=0.01)


def test_an_odometer_forgets_what_lies_before_a_silence() -> None:
    odometer = Odometer()
    for t in (1.0, 2.0, 3.0, 20.0, 21.0):
        odometer.add(t - 1.0, t, 2.0)
    assert odometer.between(1.0, 3.0) is None
    assert odometer.between(19.5, 20.5) == pytest.approx(2.0)
    assert odometer.between(19.5, 21.5) is None
    odometer.add(19.0, 20.5, 99.0)
    assert odometer.between(19.0, 21.0) == pytest.approx(4.0)
