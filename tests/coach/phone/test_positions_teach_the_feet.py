"""Two feet that measure short are corrected by the phone's positions, on the phone as at home from its log."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from coach.live.pipeline_factory import make_pipeline
from coach.model.links import SensorUse
from coach.model.metrics import LiveMetrics
from coach.model.samples import Notification, PositionSample
from coach.recording.reader import read_recording
from tests.coach.phone.scenes import LEFT, RIGHT, TIRED, virtual_run
from tests.coach.phone.test_core import fed, started
from tests.support.encoders import encode_position

POSITION = SensorUse("this-phone-position", "", "phone_position")
CHARACTERISTIC = "c0ac2001-7a1e-4b5c-9d2f-52554e4e4552"
SECONDS = 160  # two stretches of 200 m
METRES_PER_DEGREE = 110_574.0  # of the meridian at the equator


def fixes(speed_mps: float) -> list[Notification]:
    """Straight north, once a second, as a phone without a speed of its own gives it."""
    found = []
    for t in range(1, SECONDS):
        sample = PositionSample(float(t), speed_mps * t / METRES_PER_DEGREE, 8.0, 2.5)  # 1.7 m along each axis
        found.append(Notification(POSITION.sensor_id, CHARACTERISTIC, t + 0.1, encode_position(sample, 1000.0 * t)))
    return found


@pytest.mark.slow
def test_feet_learn_from_positions_and_home_reads_the_same_distance(tmp_path: Path) -> None:
    rested = replace(TIRED, tires_after_s=1e9)
    steps = [n for n in virtual_run(rested, float(SECONDS), 104.0) if n.sensor_id in (LEFT.sensor_id, RIGHT.sensor_id)]
    alone = seconds_of((LEFT, RIGHT), steps)
    feet_mps = (far(alone[-1]) - far(alone[19])) / (alone[-1].t_s - alone[19].t_s)  # they begin two seconds late
    core = started(LEFT, RIGHT, POSITION)
    log = fed(core, sorted([*steps, *fixes(1.05 * feet_mps)], key=lambda n: n.t_s))
    there_m = json.loads(core.finish(float(SECONDS)))["run"]["distance_m"]
    assert there_m == pytest.approx(1.05 * far(alone[-1]), rel=0.015)
    (path := tmp_path / "log.mcap").write_bytes(log + core.take_end())
    items = [item for item in read_recording(path).sound_items() if isinstance(item, Notification)]
    at_home = seconds_of((LEFT, RIGHT, POSITION), items)[-1]
    assert at_home.distance_m == pytest.approx(there_m, abs=3.0)
    assert at_home.uncertainty["distance_m"] / far(at_home) < 0.02, "better than the 0.034 of feet alone"


def seconds_of(uses: Sequence[SensorUse], items: Sequence[Notification]) -> list[LiveMetrics]:
    pipeline = make_pipeline(uses)
    return [second for item in items for second in pipeline.feed(item).seconds]


def far(metrics: LiveMetrics) -> float:
    assert metrics.distance_m is not None
    return metrics.distance_m
