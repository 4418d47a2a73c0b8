"""A sensor that wobbles on the shoe says so and gives no times or angles; a firm one is never called loose."""

from dataclasses import replace

import numpy as np
import pytest

from coach.gait.foot.analyzer import FootGait
from coach.gait.fusion.missing_reasons import Moment, SensorSet, unknown
from coach.model.metrics import Unknown
from coach.model.samples import FloatArray, ImuChunk
from coach.model.strides import GaitState, Stride
from tests.coach.gait.on_recordings import events, pairs
from tests.support.common import mostly_slow
from tests.support.recordings import names, read

REAL = ["biomac_p01_right_foot", "pyshoe_jog_2017-11-27-11-13-41", "wmf_shoe_run"]
HEEL, MIDFOOT, FOREFOOT = (f"rbds{who}_left_foot_device" for who in ("023_run_3p5", "013_run_3p5", "018_run_4p5"))
SETTLED = 12  # strides


def wobbling(chunk: ImuChunk, amplitude_deg: float, hz: float, axis: FloatArray) -> ImuChunk:
    """A sensor 2 cm above a loose mount, set ringing about `axis` by each shock, decaying in 0.15 s."""
    dt, omega, amplitude = 1.0 / chunk.rate_hz, 2.0 * np.pi * hz, np.radians(amplitude_deg)
    shock = np.abs(np.diff(np.linalg.norm(chunk.acc_mps2, axis=1), prepend=0.0))
    is_hit = shock > 0.5 * np.percentile(shock, 99)
    angle, turn = np.zeros(len(shock)), 0.0
    for k in range(1, len(shock)):
        x = angle[k - 1]
        if is_hit[k] and x * x + (turn / omega) ** 2 < 0.25 * amplitude**2:
            turn += amplitude * omega
        turn += (-(omega**2) * x - turn / 0.075) * dt
        angle[k] = x + turn * dt
    axis = axis / np.linalg.norm(axis)
    cross = np.array([[0, axis[2], -axis[1]], [-axis[2], 0, axis[0]], [axis[1], -axis[0], 0]])
    turned = np.eye(3) + np.sin(angle)[:, None, None] * cross + (1 - np.cos(angle))[:, None, None] * (cross @ cross)
    rate = np.gradient(angle, dt)
    swung = np.gradient(rate, dt)[:, None] * np.cross(axis, [0.0, 0.0, 0.02])
    acc = np.einsum("nij,nj->ni", turned, chunk.acc_mps2) + swung
    gyr = np.einsum("nij,nj->ni", turned, chunk.gyr_radps) + rate[:, None] * axis
    return replace(chunk, acc_mps2=acc, gyr_radps=gyr)


@pytest.mark.parametrize("rate_hz", mostly_slow([52.0, 104.0, 200.0], n_quick=1))
@pytest.mark.parametrize(
    ("name", "hz", "axis", "least_found"),
    [(HEEL, 10, (5, 8, 3), 0.95), (MIDFOOT, 7, (1, 0, 3), 0.95), (FOREFOOT, 14, (0, 1, 0), 0.25)],
)
def test_a_sensor_that_wobbles_by_eight_degrees_gives_no_times_and_angles(name, hz, axis, least_found, rate_hz):
    recording = read(name)
    loose = replace(recording, chunk=wobbling(recording.chunk, 8.0, hz, np.array(axis))).at_rate(rate_hz)
    engine = FootGait(loose.wear_site)
    strides = [e for e in events(engine, loose) if isinstance(e, Stride)]
    assert engine.is_loose
    matched = [stride for stride, _ in pairs(strides, loose.strides)]
    assert len(matched) >= least_found * len(loose.strides)
    for stride in matched[SETTLED:]:
        assert (stride.contact_time_s, stride.foot_strike_angle_deg, stride.impact_g) == (None, None, None)
        assert stride.stride_time_s is not None


@pytest.mark.parametrize("rate_hz", mostly_slow([52.0, 104.0, 200.0], n_quick=2))
@pytest.mark.parametrize(
    "name", mostly_slow(REAL + [n for n in names("rbds") if n.endswith("4p5_right_foot_device")][::3], n_quick=4)
)
def test_a_firm_strap_is_never_called_loose(name, rate_hz):
    recording = read(name)
    if rate_hz < 0.95 * recording.chunk.rate_hz:
        recording = recording.at_rate(rate_hz)
    engine = FootGait(recording.wear_site)
    for chunk in recording.chunks(200):
        engine.feed(chunk)
        assert not engine.is_loose


def test_the_reason_is_said():
    sensors = SensorSet(True, True, 1, False, False, False, True, False, False, False)
    why = unknown(sensors, {"cadence_spm": 170.0}, Moment(GaitState.RUNNING, is_loose=True))
    assert {why[name] for name in ("contact_time_ms", "foot_strike_angle_deg", "impact_g")} == {Unknown.LOOSE}
