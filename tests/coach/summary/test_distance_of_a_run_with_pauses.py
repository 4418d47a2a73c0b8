"""The distance of a run with many pauses against the truth: no metre before a pause is lost, none of it counted."""

import random
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest

from coach.gait.fusion.body import BodyGait
from coach.model.metrics import LiveMetrics
from coach.model.runs import Lap
from coach.model.samples import ImuChunk, RunningSpeedSample, Sample, TreadmillSample
from coach.model.sites import WearSite
from coach.model.strides import GaitState, Stride
from coach.summary.summarise import summarise
from coach.virtual_runner.body import VirtualBody
from coach.virtual_runner.runner import VirtualRunner
from tests.support.common import mostly_slow

RUN_MPS, WALK_MPS = 3.0, 1.2
Spans = Sequence[tuple[float, float]]
Make = Callable[[float, float], Sample]
Beside = Callable[[float], float | None]


def stretches(n: int, seed: int, run_s: tuple[float, float] = (20.0, 60.0)) -> tuple[Spans, Spans]:
    """Running, and pauses tapped up to 1.5 s after each stop, which end up to 1.5 s before the runner starts again."""
    chance, at_s = random.Random(seed), 3.0
    running, pauses = [], []
    for _ in range(n):
        ends_s = at_s + chance.uniform(*run_s)
        running.append((at_s, ends_s))
        at_s = ends_s + chance.uniform(10.0, 30.0)
        pauses.append((ends_s + chance.uniform(0.0, 1.5), at_s - chance.uniform(0.0, 1.5)))
    return running, pauses[:-1]


def is_in(spans: Spans, t_s: float) -> bool:
    return any(start <= t_s < end for start, end in spans)


def length_s(spans: Spans) -> float:
    return sum(end - start for start, end in spans)


def heard(
    running: Spans,
    sample: Callable[[float, float], object],
    beside_mps: Callable[[float], float | None],
    phase_s: float,
) -> list[LiveMetrics]:
    """Seconds of a sensor that notifies once a second. beside_mps: its speed where the runner does not run."""
    gait, seconds = BodyGait(()), []
    for t in range(1, int(running[-1][1]) + 1):
        at_s = t - 1 + phase_s
        speed = RUN_MPS if is_in(running, at_s - 0.5) else beside_mps(at_s)  # the mean of the second before
        if speed is not None:
            gait.feed(sample(at_s, speed))
        seconds.append(gait.metrics(float(t)))
    return seconds


def pod(t_s: float, speed_mps: float) -> RunningSpeedSample:
    cadence = 170.0 if speed_mps > 2 else 100.0 if speed_mps else 0.0
    return RunningSpeedSample(t_s, speed_mps, round(cadence), cadence, is_running=speed_mps > 2)


def treadmill(t_s: float, speed_mps: float) -> TreadmillSample:
    return TreadmillSample(t_s, speed_mps)


@pytest.mark.parametrize("sample", [pod, treadmill])
@pytest.mark.parametrize(
    "beside_mps",
    [lambda _: 0.0, lambda _: WALK_MPS, lambda _: None],
    ids=["is still in pauses", "walks in pauses", "not heard in pauses"],
)
@pytest.mark.parametrize("phase_s", mostly_slow([0.1, 0.5, 0.9], 1))
def test_metres_of_a_pod_or_treadmill_are_speed_times_time(sample: Make, beside_mps: Beside, phase_s: float) -> None:
    """Of pauses that lost up to 5.8 m each, and counted up to 23 m that were walked in them."""
    running, pauses = stretches(30, seed=5)
    summary = summarise([], seconds=heard(running, sample, beside_mps, phase_s), pauses=pauses)
    unpaused_s = running[-1][1] - running[0][0] - length_s(pauses)
    beside_m = (beside_mps(0.0) or 0.0) * (unpaused_s - length_s(running))  # between stop and tap, tap and start
    assert summary.distance_m == pytest.approx(RUN_MPS * length_s(running) + beside_m, abs=0.6 * len(pauses))


def worn(running: Spans, sites: Sequence[WearSite], rate_hz: float = 104.0) -> tuple[list[Stride], list[LiveMetrics]]:
    """Strides and seconds of a runner who is still before each stretch and stops at once behind it."""
    gait, strides, seconds, n, left = BodyGait(sites), [], [], 13, list(running)
    runner = VirtualRunner(VirtualBody(speed_mps=RUN_MPS, standing_s=2.0))
    for k in range(int(running[-1][1] * rate_hz / n)):
        t_s = k * n / rate_hz
        if t_s >= left[0][1]:
            del left[0]
            runner = VirtualRunner(VirtualBody(speed_mps=RUN_MPS, standing_s=2.0))
        for site in sites:
            acc, gyr = runner.imu(site, max(0.0, t_s - left[0][0] + 2.0), n, rate_hz)
            chunk = ImuChunk(site, t_s + np.arange(n) / rate_hz, acc, gyr, np.inf, np.inf, rate_hz)
            strides += [event for event in gait.feed(chunk) if isinstance(event, Stride)]
        if int(t_s + n / rate_hz) > len(seconds):
            seconds.append(gait.metrics(float(len(seconds) + 1)))
    strides += [event for event in gait.finish() if isinstance(event, Stride)]
    return strides, seconds


@pytest.mark.parametrize("sites", mostly_slow([(WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT), (WearSite.RIGHT_FOOT,)], 1))
def test_metres_of_feet_are_speed_times_moving_time(sites: Sequence[WearSite]) -> None:
    """The first step from standing is no stride: neither its time nor its metres are known."""
    running, pauses = stretches(5, seed=5, run_s=(10.0, 16.0))
    strides, seconds = worn(running, sites)
    summary = summarise(strides, seconds=seconds, pauses=pauses)
    assert summary.speed_mps == pytest.approx(RUN_MPS, rel=0.01)
    assert summary.moving_s == pytest.approx(length_s(running), abs=1.5 * len(running))
    assert summary.distance_m == pytest.approx(RUN_MPS * summary.moving_s, abs=0.8 * len(running))


def test_laps_share_the_metres_of_the_run_and_none_of_its_pauses() -> None:
    running, pauses = stretches(12, seed=3)
    seconds = heard(running, pod, lambda _: WALK_MPS, 0.4)
    edges = [0.0, 100.25, pauses[3][0] + 2.0, pauses[7][1] - 0.5, running[-1][1] + 1.0]
    laps = [Lap(n, start, end) for n, (start, end) in enumerate(pairwise(edges), start=1)]
    summary = summarise([], seconds=seconds, pauses=pauses, laps=laps)
    assert summary.distance_m is not None
    assert sum(split.distance_m or 0.0 for split in summary.lap_splits) == pytest.approx(summary.distance_m)
    assert sum(split.distance_m or 0.0 for split in summary.splits) == pytest.approx(summary.distance_m)


def test_a_file_that_keeps_no_seconds_of_its_pauses_loses_no_metre() -> None:
    """A watch that stops itself: the first record behind a pause holds the metres since."""
    seconds = [
        LiveMetrics(t_s, GaitState.RUNNING, cadence_spm=170.0, speed_mps=RUN_MPS, distance_m=far_m)
        for t_s, far_m in ((0.0, 0.0), (1.0, 3.0), (2.0, 6.0), (62.0, 9.0), (63.0, 12.0))
    ]
    summary = summarise([], seconds=seconds, pauses=((2.4, 61.4),))
    assert summary.distance_m == pytest.approx(12.0)
