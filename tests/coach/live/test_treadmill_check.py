"""A treadmill that sends miles is found out by the runner's feet, one that is merely inexact is not."""

import struct
from datetime import UTC, datetime

import pytest

from coach.live.feed import LiveFeed
from coach.live.pipeline import Pipeline
from coach.live.run import LiveRun
from coach.live.treadmill_check import TreadmillCheck
from coach.model.links import LinkEvent, LinkStatus, SensorUse
from coach.model.metrics import LiveMetrics
from coach.model.runs import Run, RunState
from coach.model.samples import Notification, Sample
from coach.model.sites import WearSite
from coach.model.strides import GaitEvent, Stride
from coach.packets.decoders import decoder_for
from firmware_config.loader import load_profile


def said(ratio: float, seconds: float, foot_mps: float = 3.0, silent_from_s: float = 1e9) -> list[tuple[float, str]]:
    check = TreadmillCheck()
    found = []
    for n in range(int(seconds / 0.7)):
        t_s = n * 0.7
        if t_s < silent_from_s:
            check.belt(t_s, ratio * foot_mps)
        words = check.stride(t_s, foot_mps * (1.03 if n % 2 else 0.97))
        if words:
            found.append((t_s, words))
    return found


def test_miles_are_said_once_after_half_a_minute() -> None:
    ((t_s, words),) = said(0.6214, 120.0)
    assert 30.0 <= t_s < 31.0
    assert "seems to send miles as kilometres" in words


def test_the_other_way_round_has_its_own_words() -> None:
    ((_, words),) = said(1.609, 60.0)
    assert "kilometres as miles" in words


@pytest.mark.parametrize("ratio", [0.75, 0.9, 1.0, 1.1, 1.3, 1.42])
def test_a_treadmill_that_is_merely_inexact_is_left_alone(ratio: float) -> None:
    assert said(ratio, 300.0) == []


def test_half_a_minute_must_be_whole_and_fresh() -> None:
    assert said(0.6214, 29.0) == []
    assert said(0.6214, 120.0, silent_from_s=25.0) == []


def test_a_slow_start_says_nothing() -> None:
    assert said(0.6214, 120.0, foot_mps=0.8) == []


async def test_the_runner_reads_it_on_the_treadmill_s_line_during_the_run() -> None:
    class Feet:
        """The gait of a runner at 3.05 m/s, whatever the belt says."""

        def feed(self, sample: Sample) -> list[GaitEvent]:
            return [Stride(WearSite.LEFT_FOOT, sample.t_s - 0.7, speed_mps=3.05)]

        def motion_cadence_spm(self, t_s: float) -> None:
            return None

        def metrics(self, t_s: float) -> LiveMetrics:
            return LiveMetrics(t_s)

    belt = SensorUse("belt", "Treadmill", "ftms_treadmill")
    profile = load_profile(belt.profile_id)
    decoders = {belt.sensor_id: decoder_for(profile, belt)}
    feed = LiveFeed()
    start = feed.publish("run", {})
    noun = Run("r", datetime(2026, 11, 1, tzinfo=UTC), RunState.RECORDING, sensors=(belt,))
    pipeline = Pipeline(decoders, Feet())  # type: ignore[arg-type]
    run = LiveRun(noun, pipeline, None, None, feed, lambda: 0.0)  # type: ignore[arg-type]
    run.report(LinkEvent("belt", 0.0, LinkStatus.STREAMING, "streaming", "it is streaming"))
    for second in range(40):
        payload = struct.pack("<HH", 0, round(360 * 1.9))
        run.receive(Notification("belt", profile.with_role("data")[0].uuid, float(second), payload))
    assert run.links["belt"].status is LinkStatus.STREAMING
    assert "set its display to km/h" in run.links["belt"].words
    said = [event.data["reason"] for event in feed.listen(start, 0) if event.event == "sensor"]
    assert said.count("wrong_unit") == 1
