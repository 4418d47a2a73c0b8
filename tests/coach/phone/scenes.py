"""Packs and notifications for tests of the phone: what a phone takes along, and what sensors would have sent it."""

import struct
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np

from coach.coaching.baseline import FULL_STEADY_S, BaselineRun
from coach.coaching.facts import HistoryFacts
from coach.coaching.progress import BlockProgress
from coach.demo.past import SPEED_FACTORS, _point
from coach.model.links import SensorUse
from coach.model.pain import PainEntry, PainMoment, RedFlagAnswers
from coach.model.runner import RunnerProfile
from coach.model.runs import RunPlace
from coach.model.samples import FloatArray, Notification
from coach.model.sites import WearSite
from coach.phone.pack import Answers, Pack
from coach.virtual_runner.body import VirtualBody
from coach.virtual_runner.runner import VirtualRunner
from tests.support.recordings import read

NOW = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)
MOVESENSE = "34800002-7185-4d5d-b431-630e7050e8f0"
RUNNING_SPEED = "00002a53-0000-1000-8000-00805f9b34fb"
HEART_RATE = "00002a37-0000-1000-8000-00805f9b34fb"
LEFT = SensorUse("C0:00:00:00:00:01", "Movesense 000001", "movesense", WearSite.LEFT_FOOT)
RIGHT = SensorUse("C0:00:00:00:00:02", "Movesense 000002", "movesense", WearSite.RIGHT_FOOT)
PELVIS = SensorUse("C0:00:00:00:00:05", "Movesense 000005", "movesense", WearSite.PELVIS)
POD = SensorUse("C0:00:00:00:00:03", "Pod 7", "running_speed_cadence")
STRAP = SensorUse("C0:00:00:00:00:04", "Strap 3", "heart_rate")
TIRED = VirtualBody(tires_after_s=20.0, shuffle_pct_per_min=9.0, shuffle_most_pct=8.0)
READINGS = 8  # of one packet; 8 readings of 24 bytes do not fit one notification
LARGEST = 158  # bytes of a notification: an MTU of 161


@cache
def baseline() -> tuple[BaselineRun, ...]:
    """Three baseline runs of the virtual runner when rested."""
    rested = replace(TIRED, tires_after_s=1e9)
    points = tuple(_point(rested, factor) for factor in SPEED_FACTORS)
    days = [NOW - timedelta(days=6 - 2 * n) for n in range(3)]
    return tuple(BaselineRun(f"b{n}", at, FULL_STEADY_S, points, RunPlace.OUTDOOR) for n, at in enumerate(days))


def make_pack(sensors: Sequence[SensorUse] = (LEFT, RIGHT, POD, STRAP), focus: str | None = "lengthen") -> Pack:
    """A pack of a runner with a baseline who was asked about warning signs yesterday."""
    return Pack(
        run_id="20261129-090000-abcd",
        made_at=NOW - timedelta(minutes=30),
        program_version="0.1.0",
        profile=RunnerProfile(height_m=1.75),
        pain=(PainEntry(NOW - timedelta(days=1), PainMoment.NOW, 1, 0),),
        red_flags=(RedFlagAnswers(NOW - timedelta(days=1), ()),),
        baseline=baseline(),
        progress=BlockProgress(n_runs=3),
        facts=HistoryFacts(longest_30d_m=5000.0, week_distance_m=15000.0, n_runs=3),
        strength_week=3,
        sensors=tuple(sensors),
        focus=focus,
    )


def answers(back: int = 1, at: datetime = NOW) -> Answers:
    """The runner's answer on the phone, just before the run."""
    return Answers((PainEntry(at, PainMoment.BEFORE_RUN, back, 0),))


def movesense(sensor: SensorUse, t_s: FloatArray, acc: FloatArray, gyr: FloatArray, lag_s: float) -> list[Notification]:
    """Readings [m/s2, rad/s] as a Movesense sends them: two notifications a packet, arriving `lag_s` late."""
    sent: list[Notification] = []
    degrees = np.degrees(gyr)
    for k in range(0, len(t_s) - READINGS + 1, READINGS):
        part = slice(k, k + READINGS)
        body = struct.pack("<I", round((t_s[k] + 40.0) * 1000))
        body += acc[part].astype("<f4").tobytes() + degrees[part].astype("<f4").tobytes()
        at_s = float(t_s[k + READINGS - 1]) + lag_s
        room = LARGEST - 2
        sent.append(Notification(sensor.sensor_id, MOVESENSE, at_s, b"\x02\x63" + body[:room]))
        sent.append(Notification(sensor.sensor_id, MOVESENSE, at_s + 0.001, b"\x03\x63" + body[room:]))
    return sent


def virtual_run(body: VirtualBody, seconds: float, rate_hz: float = 208.0) -> list[Notification]:
    """Both feet, a running pod and a chest strap of one virtual runner, in the order of arrival."""
    runner, n, sent = VirtualRunner(body), round(seconds * rate_hz), []
    for sensor, lag_s in ((LEFT, 0.02), (RIGHT, 0.023)):
        assert sensor.wear_site
        acc, gyr = runner.imu(sensor.wear_site, 0.0, n, rate_hz)
        sent += movesense(sensor, np.arange(n) / rate_hz, acc, gyr, lag_s)
    for second in range(1, int(seconds)):
        speed = runner.running_speed(float(second))
        pod = struct.pack("<BHB", 0x04, round(speed.speed_mps * 256), speed.raw_cadence_per_min // 2)
        sent.append(Notification(POD.sensor_id, RUNNING_SPEED, second + 0.3, pod))
        sent.append(Notification(STRAP.sensor_id, HEART_RATE, second + 0.5, bytes([0, 140 + second % 7])))
    return sorted(sent, key=lambda one: one.t_s)


def recorded_run(names: Sequence[tuple[str, SensorUse]], rate_hz: float = 208.0) -> list[Notification]:
    """Reference recordings of one run as Movesense would have sent them."""
    sent: list[Notification] = []
    for i, (name, sensor) in enumerate(names):
        chunk = read(name).at_rate(rate_hz).chunk
        assert chunk.gyr_radps is not None
        sent += movesense(sensor, chunk.t_s - chunk.t_s[0], chunk.acc_mps2, chunk.gyr_radps, 0.02 + 0.003 * i)
    return sorted(sent, key=lambda one: one.t_s)
