"""The pipeline gives metrics at fixed ticks, whatever else happens."""

import struct

import pytest

from coach.live.pipeline import TICK_S
from coach.live.pipeline_factory import make_pipeline
from coach.model.links import SensorUse
from coach.model.recordings import RunEvent
from coach.model.samples import Notification

POD = SensorUse("F0:00", "Pod", "running_speed_cadence")
MEASUREMENT = "00002a53-0000-1000-8000-00805f9b34fb"


def said(t_s: float, speed_mps: float = 3.0, cadence: int = 170) -> Notification:
    payload = struct.pack("<BHBI", 0x02, round(speed_mps * 256), cadence, round(30 * t_s))
    return Notification(POD.sensor_id, MEASUREMENT, t_s, payload)


def test_metrics_come_at_each_tick_however_far_apart_notifications_are() -> None:
    pipeline = make_pipeline([POD])
    ticks = [m.t_s for t in (0.6, 3.1, 5.01) for m in pipeline.feed(said(t)).metrics]
    assert ticks == pytest.approx([TICK_S * n for n in range(1, 11)])


def test_a_tick_shows_what_came_before_it_and_nothing_later() -> None:
    pipeline = make_pipeline([POD])
    pipeline.feed(said(0.9, speed_mps=3.0))
    assert pipeline.feed(said(1.0, speed_mps=4.0)).metrics[-1].speed_mps == pytest.approx(3.0, abs=0.01)
    assert pipeline.tick(1.0 + TICK_S).metrics[-1].speed_mps == pytest.approx(4.0, abs=0.01)


def test_what_is_due_follows_from_time_whoever_moves_it_on() -> None:
    said_s = [0.9, 1.0, 1.49999, 1.5, 1.7]
    patient, busy = make_pipeline([POD]), make_pipeline([POD])
    whole = [m for t_s in said_s for m in patient.feed(said(t_s)).metrics] + list(patient.tick(3.0).metrics)
    pieces = []
    for t_s in said_s:
        pieces += [*busy.tick(t_s).metrics, *busy.apply(RunEvent(t_s, "pause")).metrics, *busy.feed(said(t_s)).metrics]
    assert pieces + [m for k in range(14) for m in busy.tick(1.7 + 0.1 * k).metrics] == whole


def test_an_item_counts_on_the_grid_of_the_log_and_never_before_the_last_tick() -> None:
    pipeline = make_pipeline([POD])
    assert pipeline.counts_at(0.9999999996) == 1.0
    pipeline.tick(1.05)
    assert pipeline.counts_at(0.93) == 1.0
    assert pipeline.counts_at(1.03) == 1.03


def test_a_second_is_kept_once() -> None:
    pipeline = make_pipeline([POD])
    assert [m.t_s for m in pipeline.tick(4.3).seconds] == [1.0, 2.0, 3.0, 4.0]
    assert pipeline.tick(4.9).seconds == ()


def test_seconds_alone_are_those_of_a_run_with_all_ticks_and_no_tick_between_them() -> None:
    whole, alone = make_pipeline([POD]), make_pipeline([POD], seconds_only=True)
    said_s = [0.9, 1.4, 2.2, 3.9]
    wanted = [second for t_s in said_s for second in whole.feed(said(t_s, speed_mps=t_s)).seconds]
    outputs = [alone.feed(said(t_s, speed_mps=t_s)) for t_s in said_s]
    assert [second for output in outputs for second in output.seconds] == wanted
    assert [metrics.t_s for output in outputs for metrics in output.metrics] == [1.0, 2.0, 3.0]


def test_a_tap_counts_from_the_next_tick_on_and_moves_time_to_itself() -> None:
    pipeline = make_pipeline([POD])
    assert [m.t_s for m in pipeline.apply(RunEvent(1.2, "pain", {"level": 3})).metrics] == [0.5, 1.0]
    assert pipeline.apply(RunEvent(9.0, "link")).metrics == ()


def test_a_bad_packet_becomes_a_fault_and_ends_nothing() -> None:
    pipeline = make_pipeline([POD])
    pipeline.feed(Notification(POD.sensor_id, MEASUREMENT, 1.0, b"\x03\x5c"))
    bad = pipeline.feed(said(2.0))
    assert len(bad.faults) == 1
    assert bad.samples == ()
    assert pipeline.tick(2.0 + TICK_S).samples
    assert pipeline.reports()[0].n_bad_packets == 1


def test_a_sensor_nobody_knows_is_left_alone() -> None:
    pipeline = make_pipeline([POD])
    outputs = pipeline.feed(Notification("AA:AA", MEASUREMENT, 1.0, b"\x00"))
    assert len(outputs.metrics) == round(1.0 / TICK_S)
    outputs = pipeline.tick(1.0 + TICK_S)
    assert outputs.samples == ()
    assert outputs.faults == ()


def test_values_go_blank_within_three_seconds_of_silence() -> None:
    pipeline = make_pipeline([POD])
    pipeline.feed(said(1.0))
    assert pipeline.tick(3.8).metrics[-1].speed_mps is not None
    assert pipeline.tick(4.0 + TICK_S).metrics[-1].speed_mps is None
