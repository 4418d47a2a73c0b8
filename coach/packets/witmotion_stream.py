"""Decode WitMotion notifications to motion and charge, on a clock made by counting frames.

ANOMALY: the frames carry no time and no number. A packet that came twice cannot be distinguished from two equal
readings, and a loss is only seen from 15 ms on.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from coach.errors import PacketError
from coach.model.plain import to_plain
from coach.model.samples import BatterySample, Sample
from coach.packets.formats import Feed, Format, Row, SharedReading
from coach.packets.frame_clock import OSCILLATOR, FrameClock
from coach.packets.stream import ImuStream, ImuStreamFacts, Tally
from coach.packets.witmotion import BATTERY_REGISTER, FrameCutter, charge_pct, decode_motion, decode_register

_IS_MOTION: Final = 0x61
_MEASURE_S: Final = 1.0
_SILENCE_S: Final = 0.5  # longer than between two notifications at any rate: the connection may have been lost


class WitmotionReader:
    """The notify characteristic of one sensor. rates_hz: those it can send at, to know the one it does send at."""

    def __init__(self, facts: ImuStreamFacts, rates_hz: Sequence[float], tally: Tally) -> None:
        self._facts = facts
        self._tally = tally
        self._rates_hz = rates_hz
        self._cutter = FrameCutter()
        self._stream = ImuStream(facts, tally, OSCILLATOR)
        self._clock = FrameClock(facts.rate_hz)
        self._rate_hz = facts.rate_hz
        self._seen: tuple[float, int] | None = None  # arrival of the first frames, how many came after them
        self._is_measured = False
        self._last_arrival_s = 0.0

    def feed(self, payload: bytes, t_s: float) -> list[Sample]:
        """Take one notification; raises PacketError where it holds no frame and some of its bytes can be of none."""
        n_skipped = self._cutter.n_skipped
        if t_s - self._last_arrival_s > _SILENCE_S:
            self._cutter.restart(payload)
        self._last_arrival_s = t_s
        frames = self._cutter.feed(payload)
        samples: list[Sample] = []
        motion = [frame for frame in frames if frame[1] == _IS_MOTION]
        for frame in frames:
            if frame[1] != _IS_MOTION:
                samples += self._charge(frame, t_s)
        if motion:
            samples += self._motion(motion, t_s, payload)
        if self._cutter.n_skipped > n_skipped:
            if not frames:
                raise PacketError("WitMotion bytes that are no frame", payload)
            self._tally.n_bad_packets += 1
        return samples

    def _motion(self, frames: list[bytes], t_s: float, payload: bytes) -> list[Sample]:
        self._measure_rate(len(frames), t_s)
        acc, gyr = decode_motion(frames)
        first = self._clock.number(len(frames), t_s)
        device_s = np.arange(first, first + len(frames), dtype=np.float64) / self._rate_hz
        self._tally.rate_hz = 1.0 / self._clock.interval_s
        return self._stream.take(device_s, acc, gyr, t_s, payload)

    def _measure_rate(self, n: int, t_s: float) -> None:
        """Measure, after a second of frames, the rate the sensor does send at, of those it can."""
        if self._is_measured:
            return
        if self._seen is None:
            self._seen = (t_s, 0)
            return
        begun_s, count = self._seen
        self._seen = (begun_s, count + n)
        if t_s - begun_s < _MEASURE_S:
            return
        self._is_measured = True
        measured = (count + n) / (t_s - begun_s)
        nearest = min(self._rates_hz, key=lambda rate: abs(math.log(rate / measured)), default=self._rate_hz)
        if nearest != self._rate_hz:
            self._rate_hz = nearest
            self._clock = FrameClock(nearest)
            self._stream.restart(nearest)

    def _charge(self, frame: bytes, t_s: float) -> list[Sample]:
        register, values = decode_register(frame)
        if register != BATTERY_REGISTER:
            return []
        return [BatterySample(t_s, self._facts.sensor_id, charge_pct(values[0]))]


def _reader(shared: SharedReading) -> Feed:
    return WitmotionReader(shared.imu(), shared.profile.rates_hz, shared.tally).feed


def _rows(payload: bytes) -> list[Row]:
    cutter = FrameCutter()
    frames = [*cutter.feed(payload), *cutter.finish()]
    if not frames or cutter.n_skipped or sum(map(len, frames)) != len(payload):
        raise PacketError("these are not whole WitMotion frames", payload)
    if any(frame[1] == 0x71 for frame in frames):
        answers = [decode_register(frame) for frame in frames]
        return [{"register": register, "values": list(values)} for register, values in answers]
    acc, gyr = decode_motion(frames)
    return [{"acc_mps2": to_plain(acc), "gyr_radps": to_plain(gyr)}]


FORMATS: Final = (Format("witmotion", _reader, _rows),)
