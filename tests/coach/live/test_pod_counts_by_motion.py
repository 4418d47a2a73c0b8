"""What a running pod counts, judged by a motion sensor worn beside it: real bytes of both through the pipeline."""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import merge
from pathlib import Path

import numpy as np
import pytest

from coach.live.pipeline import Pipeline
from coach.live.pipeline_factory import make_pipeline, profile_texts
from coach.model.links import SensorUse
from coach.model.recordings import RecordingHeader, RunEvent
from coach.model.samples import CadenceDecision, Counts, Notification, RunningSpeedSample
from coach.model.sites import WearSite
from coach.packets.wearable_my_foot import encode_reading
from coach.recording.reader import read_recording
from coach.recording.writer import RecordingWriter
from coach.service.runs.replay_reader import read_again
from coach.virtual_runner.body import VirtualBody
from coach.virtual_runner.runner import VirtualRunner
from firmware_config.loader import load_profile

POD = SensorUse("F0:00", "Pod", "running_speed_cadence")
SHOE = SensorUse("F0:01", "Shoe", "wearable_my_foot", WearSite.LEFT_FOOT)
BOTH = (POD, SHOE)
JOG = VirtualBody(speed_mps=2.1, cadence_spm=160.0)
MARCH = VirtualBody(speed_mps=2.3, cadence_spm=108.0, contact_time_s=0.32)
RATE_HZ = 100.0
BEGINS_S = 2.0  # the runner is standing until here


def pod_says(raw: int, speed_mps: float, begin_s: float, end_s: float) -> Iterator[Notification]:
    uuid = load_profile(POD.profile_id).with_role("data")[0].uuid
    for t_s in np.arange(begin_s, end_s, 1.0) + 0.03:
        yield Notification(POD.sensor_id, uuid, float(t_s), struct.pack("<BHB", 0x04, round(speed_mps * 256), raw))


def shoe_says(body: VirtualBody, end_s: float) -> Iterator[Notification]:
    uuid = load_profile(SHOE.profile_id).with_role("data")[0].uuid
    n = round(end_s * RATE_HZ)
    for i, (acc, gyr) in enumerate(zip(*VirtualRunner(body).imu(WearSite.LEFT_FOOT, 0.0, n, RATE_HZ), strict=True)):
        yield Notification(SHOE.sensor_id, uuid, i / RATE_HZ, encode_reading(i / RATE_HZ, acc, gyr))


def run_with(body: VirtualBody, raw: int, end_s: float = 30.0, shoe_until_s: float = 30.0) -> list[Notification]:
    """A pod that says `raw` per minute beside a shoe sensor on the same runner."""
    pod = pod_says(raw, body.speed_mps, BEGINS_S, end_s)
    return list(merge(shoe_says(body, shoe_until_s), pod, key=lambda notification: notification.t_s))


def played(pipeline: Pipeline, notifications: list[Notification]) -> list[float | None]:
    """The pod's cadence, one for each of its measurements."""
    outputs = [pipeline.feed(notification) for notification in notifications] + [
        pipeline.tick(notifications[-1].t_s + 0.2)
    ]
    samples = [sample for output in outputs for sample in output.samples]
    assert not any(report.n_bad_packets for report in pipeline.reports())
    return [sample.cadence_spm for sample in samples if isinstance(sample, RunningSpeedSample)]


def decision(pipeline: Pipeline) -> CadenceDecision:
    (found,) = [report.cadence for report in pipeline.reports() if report.cadence is not None]
    return found


@pytest.mark.parametrize(
    ("body", "raw", "counts"),
    [
        (JOG, 80, Counts.STRIDES),  # at 2.1 m/s neither running nor walking: by itself the pod cannot be read
        (JOG, 160, Counts.STEPS),
        (MARCH, 108, Counts.STEPS),  # by itself: "too slow for running steps", and twice the truth
        (MARCH, 54, Counts.STRIDES),
    ],
)
def test_beside_a_shoe_sensor_the_pod_is_read_as_the_shoe_steps(body: VirtualBody, raw: int, counts: Counts) -> None:
    pipeline = make_pipeline(BOTH)
    cadences = played(pipeline, run_with(body, raw))
    assert decision(pipeline).counts is counts
    assert "our own sensor counts" in decision(pipeline).reason
    assert cadences[-1] == pytest.approx(body.cadence_spm, rel=0.02)
    assert {c for c in cadences if c is not None} == {float(raw * counts.steps)}


def test_without_the_shoe_the_same_pod_stays_unread_and_is_no_witness_for_itself() -> None:
    pipeline = make_pipeline((POD,))
    assert set(played(pipeline, list(pod_says(80, 2.1, BEGINS_S, 60.0)))) == {None}
    assert decision(pipeline).counts is None


def test_the_decision_outlives_the_shoe_sensor() -> None:
    pipeline = make_pipeline(BOTH)
    cadences = played(pipeline, run_with(JOG, 80, end_s=120.0, shoe_until_s=20.0))
    assert cadences[-100:] == [160.0] * 100
    assert pipeline.tick(120.0).metrics[-1].cadence_spm == pytest.approx(160.0)


def test_the_runners_word_holds_against_the_shoe() -> None:
    pipeline = make_pipeline(BOTH)
    first, then = run_with(JOG, 80), list(pod_says(80, 2.1, 30.0, 40.0))
    assert played(pipeline, first)[-1] == 160.0
    word = {"sensor_id": POD.sensor_id, "cadence_unit": "steps"}
    pipeline.apply(RunEvent(first[-1].t_s, "cadence_unit", word))
    assert set(played(pipeline, then)) == {80.0}
    assert decision(pipeline) == CadenceDecision(Counts.STEPS, "set by the runner", is_firm=True)


def test_a_recording_read_again_decides_as_the_run_did(tmp_path: Path) -> None:
    notifications = run_with(JOG, 80)
    live = make_pipeline(BOTH)
    writer = RecordingWriter(tmp_path, RecordingHeader("run", datetime.now(UTC), "", BOTH, profile_texts(BOTH)))
    for notification in notifications:
        notification = notification._replace(t_s=live.counts_at(notification.t_s))
        writer.write(notification)
        live.feed(notification)
        live.tick(notification.t_s + 0.004)  # the timer of a live run falls where it likes
    live.finish()
    recording = read_recording(writer.close())
    again = make_pipeline(recording.header.sensors)
    assert decision(again).counts is None
    reading = read_again(recording.items(), again)
    assert reading.reports == live.reports()
    assert decision(again).counts is Counts.STRIDES


def test_a_word_said_during_the_run_is_heard_when_it_is_read_again() -> None:
    pipeline = make_pipeline(BOTH)
    word = RunEvent(29.5, "cadence_unit", {"sensor_id": POD.sensor_id, "cadence_unit": "steps"})
    read_again([*run_with(JOG, 80, end_s=29.5), word], pipeline)
    assert decision(pipeline).reason == "set by the runner"
