"""Sensors whose packets are lost, doubled, silent and late, and a host that is busy: one run, live and read again.

The packets are the sensors' own formats around the motion of one virtual runner. Between a packet's time stamp and its
turn on the event loop lies anything from nothing to seconds; the timer of the run wakes when the host lets it.
"""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from heapq import merge
from itertools import takewhile
from pathlib import Path

import numpy as np

from coach.coaching.engine import CueEngine
from coach.live.batches import PendingRows
from coach.live.feed import LiveFeed
from coach.live.pipeline import TICK_S, Outputs
from coach.live.pipeline_factory import make_pipeline, profile_texts
from coach.live.run import LiveRun
from coach.model.links import LinkEvent, SensorUse
from coach.model.pain import PainEntry, PainMoment
from coach.model.recordings import RecordingHeader
from coach.model.runs import Run, RunState
from coach.model.samples import FloatArray, Notification
from coach.model.sites import WearSite
from coach.packets.coach_board import BoardFrame, BoardScale
from coach.phone.run import Message, PhoneRun
from coach.recording.reference import ReferenceRecording, read_reference
from coach.recording.writer import RecordingWriter
from coach.service.runs.replay_reader import Reading
from coach.virtual_runner.body import VirtualBody
from coach.virtual_runner.runner import VirtualRunner
from firmware_config.loader import load_profile
from tests.support.common import need_reference
from tests.support.encoders import encode_frame

GRAVITY_MPS2 = 9.80665
STARTED_AT = datetime(2026, 11, 1, 9, tzinfo=UTC)
LENGTH_S = 24.0

LEFT = SensorUse("F0:01", "Movesense 1", "movesense", WearSite.LEFT_FOOT)
RIGHT = SensorUse("F0:02", "Board 2", "coach_board", WearSite.RIGHT_FOOT)
CHEST = SensorUse("F0:03", "Movesense 3", "movesense", WearSite.CHEST)
PELVIS = SensorUse("F0:04", "WT901BLE68", "witmotion_wt9011dcl", WearSite.PELVIS)
POD = SensorUse("F0:05", "Pod", "running_speed_cadence")
STRAP = SensorUse("F0:06", "Strap", "heart_rate")
BELT = SensorUse("F0:07", "Treadmill", "ftms_treadmill")
ALL = (LEFT, RIGHT, CHEST, PELVIS, POD, STRAP, BELT)


def data_of(use: SensorUse) -> str:
    """The characteristic on which this sensor sends."""
    return load_profile(use.profile_id).with_role("data")[0].uuid


def movesense(use: SensorUse, acc: FloatArray, gyr: FloatArray, rate_hz: float, n: int = 8) -> Iterator[Notification]:
    """What a Movesense sends of this motion, unharmed; the ranges' answers first, readings `n` to a message."""
    data = data_of(use)
    for t_s, answer in ((0.01, "0161c80010"), (0.011, "0162c800d007"), (0.012, "0163c800")):
        yield Notification(use.sensor_id, data, t_s, bytes.fromhex(answer))
    for k in range(0, len(acc) - n + 1, n):
        head = b"\x02\x63" + struct.pack("<I", round(1000 * (k / rate_hz * (1 + 20e-6) + 40.0)))
        values = acc[k : k + n].astype("<f4").tobytes() + np.degrees(gyr[k : k + n]).astype("<f4").tobytes()
        at = (k + n) / rate_hz + 0.02
        yield Notification(use.sensor_id, data, at, head + values[:152])
        if values[152:]:
            yield Notification(use.sensor_id, data, at + 0.001, b"\x03\x63" + values[152:])


def board(use: SensorUse, acc: FloatArray, gyr: FloatArray, rate_hz: float) -> Iterator[Notification]:
    """What our own board sends of this motion."""
    for number, k in enumerate(range(0, len(acc), 19)):
        part = slice(k, k + 19)
        frame = BoardFrame(number, round(1e6 * k / rate_hz), BoardScale(16, 2000, is_st=False), acc[part], gyr[part])
        at = (k + len(acc[part])) / rate_hz + 0.015
        yield Notification(use.sensor_id, data_of(use), at, encode_frame(frame))


def witmotion(use: SensorUse, acc: FloatArray, gyr: FloatArray, rate_hz: float) -> Iterator[Notification]:
    """What a WT9011DCL sends of this motion: a frame a reading, two frames now and then in one notification."""
    counts = np.hstack([acc * 32768 / (16 * GRAVITY_MPS2), np.degrees(gyr) * 32768 / 2000, np.zeros((len(acc), 3))])
    frames = [b"\x55\x61" + row.astype("<i2").tobytes() for row in np.clip(np.round(counts), -32768, 32767)]
    for k in range(0, len(frames) - 1, 2):
        at = (k + 2) / rate_hz + 0.01
        if k % 6:
            yield Notification(use.sensor_id, data_of(use), at, frames[k] + frames[k + 1])
        else:
            yield Notification(use.sensor_id, data_of(use), at, frames[k])
            yield Notification(use.sensor_id, data_of(use), at + 1e-4, frames[k + 1])


def slow(use: SensorUse, payload: Callable[[float], bytes], phase_s: float) -> Iterator[Notification]:
    """A sensor that speaks once a second."""
    for second in range(1, int(LENGTH_S)):
        yield Notification(use.sensor_id, data_of(use), second + phase_s, payload(float(second)))


@lru_cache
def sent() -> dict[str, tuple[Notification, ...]]:
    """All that the sensors send in `LENGTH_S` of one run, by sensor."""
    runner = VirtualRunner(VirtualBody(standing_s=1.0, tires_after_s=1e9))
    rates = {LEFT: 208.0, RIGHT: 208.0, CHEST: 104.0, PELVIS: 200.0}
    parts: dict[SensorUse, list[tuple[FloatArray, FloatArray]]] = {use: [] for use in rates}
    for second in range(int(LENGTH_S)):  # the virtual body's time only goes forward: all sites together
        for use, rate_hz in rates.items():
            assert use.wear_site is not None
            parts[use].append(runner.imu(use.wear_site, float(second), int(rate_hz), rate_hz))
    motion = {use: tuple(np.concatenate(of) for of in zip(*pieces, strict=True)) for use, pieces in parts.items()}
    streams = {
        LEFT: movesense(LEFT, *motion[LEFT], 208.0),
        RIGHT: board(RIGHT, *motion[RIGHT], 208.0),
        CHEST: movesense(CHEST, *motion[CHEST], 104.0),
        PELVIS: witmotion(PELVIS, *motion[PELVIS], 200.0),
        POD: slow(POD, lambda t: struct.pack("<BHB", 4, round(256 * runner.running_speed(t).speed_mps), 80), 0.3),
        STRAP: slow(STRAP, lambda t: bytes([0, runner.heart_rate(t).heart_rate_bpm]), 0.5),
        BELT: slow(BELT, lambda t: struct.pack("<HH", 0, round(360 * (runner.treadmill(t).speed_mps or 0))), 0.7),
    }
    return {use.sensor_id: tuple(stream) for use, stream in streams.items()}


def harmed(notifications: Iterable[Notification], rng: np.random.Generator) -> list[Notification]:
    """Some lost, doubled, cut short; a silence."""
    silent = sorted(rng.uniform(0.0, LENGTH_S, 2)) if rng.random() < 0.5 else (0.0, 0.0)
    loss, double, torn = rng.choice([0.0, 0.01, 0.05]), rng.choice([0.0, 0.01]), rng.choice([0.0, 0.002])
    found: list[Notification] = []
    for one in notifications:
        if rng.random() < loss or silent[0] < one.t_s < min(silent[1], silent[0] + 5.0):
            continue
        payload = one.payload[: rng.integers(1, len(one.payload) + 1)] if rng.random() < torn else one.payload
        found.append(Notification(one.sensor_id, one.characteristic, one.t_s + rng.uniform(0.0, 1e-4), payload))
        if rng.random() < double:
            found.append(Notification(one.sensor_id, one.characteristic, found[-1].t_s + 1e-5, payload))
    return found


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that happens on the run's event loop at `at_s`."""

    at_s: float
    do: Callable[[LiveRun], object]


class BusyHost:
    """A source whose host is busy: packets wait for their turn, the timer oversleeps, the runner taps between."""

    def __init__(self, streams: Sequence[Sequence[Notification]], rng: np.random.Generator, end_s: float) -> None:
        self._now_s = 0.0
        self._end_s = end_s
        self.run: LiveRun | None = None
        timer = self._timer(rng)
        self._deeds = list(merge(*(self._turns(s, rng) for s in streams), timer, self._taps(rng), key=lambda d: d.at_s))

    def clock(self) -> float:
        return self._now_s

    async def play(self, receive: Callable[[Notification], None], report: Callable[[LinkEvent], None]) -> None:
        run = self.run
        assert run is not None
        for deed in self._deeds:
            self._now_s = max(self._now_s, deed.at_s)
            if self._now_s > self._end_s:
                break
            deed.do(run)

    def _turns(self, stream: Sequence[Notification], rng: np.random.Generator) -> Iterator[Deed]:
        """Each packet's turn comes after its time stamp: mostly at once, now and then a second later."""
        at_s = 0.0
        for one in stream:
            late_s = rng.uniform(0.3, 1.2) if rng.random() < 0.005 else rng.exponential(0.004)
            at_s = max(at_s, one.t_s + late_s)
            yield Deed(at_s, lambda run, one=one: run.receive(one))

    def _timer(self, rng: np.random.Generator) -> Iterator[Deed]:
        at_s = 0.0
        while at_s < self._end_s:
            at_s += TICK_S + (rng.uniform(0.5, 2.0) if rng.random() < 0.02 else rng.exponential(0.003))
            yield Deed(at_s, lambda run: run.tick())

    def _taps(self, rng: np.random.Generator) -> Iterator[Deed]:
        acts: tuple[Callable[[LiveRun], object], ...] = (
            lambda run: run.pause(),
            lambda run: run.resume(),
            lambda run: run.lap(),
            lambda run: run.mute(True),
            lambda run: run.lap(at_s=run.clock() - rng.uniform(0.0, 3.0)),  # taps that reached the run late
            lambda run: run.pause(at_s=run.clock() - rng.uniform(0.0, 3.0)),
            lambda run: run.pain(PainEntry(STARTED_AT, PainMoment.NOW, back=int(rng.integers(0, 11)))),
            lambda run: run.count_by(POD.sensor_id, str(rng.choice(["steps", "strides"]))),
        )
        for at_s in np.sort(rng.uniform(0.0, self._end_s, rng.integers(0, 6))):
            yield Deed(float(at_s), acts[rng.integers(len(acts))])


class Kept:
    """What a live run gives to be kept."""

    def __init__(self) -> None:
        self.reading = Reading()

    def keep(self, run_id: str, batch: PendingRows) -> None:
        self.reading.add(batch.strides, batch.seconds)
        self.reading.decisions += batch.decisions


def reference_of(name: str) -> ReferenceRecording | None:
    """A reference recording; None where it has no gyroscope."""
    reference = read_reference(need_reference(name))
    return reference if all(chunk.gyr_radps is not None for chunk in reference.chunks) else None


def until(notifications: Iterable[Notification], end_s: float) -> list[Notification]:
    """Those before `end_s`."""
    return list(takewhile(lambda one: one.t_s < end_s, notifications))


async def lived(
    uses: Sequence[SensorUse],
    streams: Sequence[Sequence[Notification]],
    rng: np.random.Generator,
    folder: Path,
    coaching: CueEngine | None = None,
    end_s: float = LENGTH_S,
) -> tuple[Reading, Path]:
    """Live through one run; what was kept of it, and its recording."""
    header = RecordingHeader("run", STARTED_AT, "", tuple(uses), profile_texts(uses))
    host, kept = BusyHost(streams, rng, end_s), Kept()
    run = Run("run", STARTED_AT, RunState.RECORDING, sensors=tuple(uses))
    writer = RecordingWriter(folder, header)
    live = LiveRun(run, make_pipeline(uses, coaching=coaching), writer, kept, LiveFeed(), host.clock)
    host.run = live
    await live.play(host)
    kept.reading.laps, kept.reading.pauses = live.laps, live.pauses
    kept.reading.reports, kept.reading.end_s = live.pipeline.reports(), live.end_s
    kept.reading.responses = list(live.pipeline.responses())
    return kept.reading, writer.close()


class _KeptPhoneRun(PhoneRun):
    """A run on the phone that also keeps what a page would throw away."""

    def __init__(self, header: RecordingHeader, uses: Sequence[SensorUse]) -> None:
        super().__init__(header, make_pipeline(uses), None)
        self.reading = Reading()

    def _spread(self, outputs: Outputs) -> list[Message]:
        self.reading.add(outputs.events, outputs.seconds)
        return super()._spread(outputs)


def lived_on_phone(
    uses: Sequence[SensorUse],
    streams: Sequence[Sequence[Notification]],
    rng: np.random.Generator,
    folder: Path,
    end_s: float = LENGTH_S,
) -> tuple[Reading, Path]:
    """Live through one run on the phone, whose timer and packets come late; what it found, and its recording."""
    run = _KeptPhoneRun(RecordingHeader("run", STARTED_AT, "", tuple(uses), profile_texts(uses)), uses)
    turns: list[tuple[float, Callable[[float], object]]] = [
        (one.t_s + rng.exponential(0.02), lambda t_s, one=one: run.feed(one)) for stream in streams for one in stream
    ]
    turns += [(float(at_s), run.tick) for at_s in np.cumsum(rng.uniform(0.2, 0.6, int(end_s / 0.4)))]
    acts = (run.pause, run.resume, run.lap, lambda t_s: run.mute(t_s, True), lambda t_s: run.pain(t_s, 3))
    turns += [(float(at_s), acts[rng.integers(len(acts))]) for at_s in rng.uniform(0.0, end_s, 6)]
    log = bytearray()
    for at_s, do in sorted(turns, key=lambda turn: turn[0]):
        if at_s > end_s:
            break
        do(at_s)
        log += run.take_log()
    run.finish(end_s)
    path = folder / "phone.mcap"
    path.write_bytes(bytes(log) + run.take_end())
    found = run.reading
    found.laps, found.pauses = run.timeline.laps, run.timeline.pauses
    found.reports, found.end_s = run.pipeline.reports(), run.pipeline.counts_at(end_s)
    return found, path
