"""The pipeline: bytes in, metrics on a fixed beat out, whatever else happens."""

import struct

import pytest

from coach.live.pipeline import BEAT_S
from coach.live.pipeline_factory import make_pipeline
from coach.model.links import SensorUse
from coach.model.samples import Notification

POD = SensorUse("F0:00", "Pod", "running_speed_cadence")
MEASUREMENT = "00002a53-0000-1000-8000-00805f9b34fb"


def said(t_s: float, speed_mps: float = 3.0, cadence: int = 170) -> Notification:
    payload = struct.pack("<BHBI", 0x02, round(speed_mps * 256), cadence, round(30 * t_s))
    return Notification(POD.sensor_id, MEASUREMENT, t_s, payload)


def test_metrics_come_on_the_beat_however_far_apart_notifications_are() -> None:
    pipeline = make_pipeline([POD])
    beats = [m.t_s for t in (0.5, 1.5, 2.51) for m in pipeline.feed(said(t)).metrics]
    assert beats == pytest.approx([BEAT_S * n for n in range(1, 13)])


def test_what_the_beat_shows_rests_on_the_notification_that_completed_it() -> None:
    pipeline = make_pipeline([POD])
    assert pipeline.feed(said(1.0, speed_mps=3.0)).metrics[-1].speed_mps == pytest.approx(3.0, abs=0.01)


def test_a_bad_packet_becomes_a_fault_and_ends_nothing() -> None:
    pipeline = make_pipeline([POD])
    bad = pipeline.feed(Notification(POD.sensor_id, MEASUREMENT, 1.0, b"\x03\x5c"))
    assert len(bad.faults) == 1
    assert bad.samples == ()
    assert pipeline.feed(said(2.0)).samples
    assert pipeline.reports()[0].n_bad_packets == 1


def test_a_sensor_nobody_knows_is_left_alone() -> None:
    pipeline = make_pipeline([POD])
    outputs = pipeline.feed(Notification("AA:AA", MEASUREMENT, 1.0, b"\x00"))
    assert outputs.samples == ()
    assert outputs.faults == ()
    assert len(outputs.metrics) == 5


def test_values_go_blank_within_three_seconds_of_silence() -> None:
    pipeline = make_pipeline([POD])
    pipeline.feed(said(1.0))
    assert pipeline.tick(3.8).metrics[-1].speed_mps is not None
    assert pipeline.tick(4.4).metrics[-1].speed_mps is None
