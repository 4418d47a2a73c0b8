"""Decode Polar's control answers and data frames to motion.

Acceleration and turn rate are two streams with their own times; where a sensor has both, they are paired at the times
of the acceleration. Rates, ranges and factors are learned from the answers, by the same choice that the start made.
"""

from typing import Final

from coach.errors import PacketError
from coach.model.samples import FloatArray, Sample
from coach.model.units import GRAVITY_MPS2, RADPS_PER_DPS
from coach.packets.formats import Format, Row, SharedReading, triples
from coach.packets.pairing import ClockTrack, Pairing
from coach.packets.polar import Measure, PolarFrame, acceleration, decode_frame, turn_rate
from coach.packets.polar_control import (
    ANSWER,
    FEATURES,
    OK,
    Op,
    Replies,
    Reply,
    Setting,
    chosen,
    decode_features,
    decode_reply,
    decode_settings,
    factor_of,
)
from coach.packets.stream import Duplicates, ImuStream, ImuStreamFacts, Tally

_NS: Final = 1e-9


class PolarReader:
    """One Polar sensor: feed control answers to `control`, data frames to `feed`."""

    def __init__(self, facts: ImuStreamFacts, tally: Tally) -> None:
        self._facts = facts
        self._stream = ImuStream(facts, tally)
        self._duplicates = Duplicates(tally)
        self._replies = Replies()
        self._factors: dict[int, float | None] = {}
        self._base_ns: int | None = None
        self._tracks = {Measure.ACC: ClockTrack(1.0 / facts.rate_hz), Measure.GYRO: ClockTrack(1.0 / facts.rate_hz)}
        self._pairing = Pairing(1.0 / facts.rate_hz) if facts.gyr_range_dps is not None else None

    def feed(self, payload: bytes, t_s: float) -> list[Sample]:
        """Take one data frame; raises PacketError."""
        frame = decode_frame(payload)
        if self._duplicates.has(payload):
            return []
        if frame.measure is Measure.ACC:
            values = acceleration(frame, self._factors.get(Measure.ACC))
        elif frame.measure is Measure.GYRO:
            values = turn_rate(frame, self._factors.get(Measure.GYRO))
        else:
            return []
        times = self._times(frame, payload)
        newest = float(times[-1])
        if self._pairing is None:
            return self._stream.take(times, values, None, t_s, payload) if frame.measure is Measure.ACC else []
        if frame.measure is Measure.ACC:
            self._pairing.add_acc(times, values)
        else:
            self._pairing.add_gyr(times, values)
        paired = self._pairing.take()
        if paired is None:
            return []
        return self._stream.take(*paired, t_s, payload, newest_s=newest)

    def control(self, payload: bytes, t_s: float) -> list[Sample]:
        """Take an answer of the control point, or its feature block; raises PacketError."""
        if payload[:1] == bytes([FEATURES]):
            decode_features(payload)
        elif payload[:1] == bytes([ANSWER]):
            whole = self._replies.join(decode_reply(payload))
            if whole is not None and whole.status == OK:
                self._learn(whole)
        elif payload[:1] != b"\x01":  # 01: the device itself stopped streams
            raise PacketError("not a Polar control answer", payload)
        return []

    def _learn(self, reply: Reply) -> None:
        facts = self._facts
        if reply.op == Op.SETTINGS and reply.measure == Measure.ACC:
            choice = chosen(decode_settings(reply.parameters), facts.rate_hz, facts.acc_range_g)
            if Setting.RATE in choice:
                self._set_rate(float(choice[Setting.RATE]))
            if Setting.RANGE in choice:
                self._stream.acc_range_mps2 = choice[Setting.RANGE] * GRAVITY_MPS2
        elif reply.op == Op.SETTINGS and reply.measure == Measure.GYRO:
            choice = chosen(decode_settings(reply.parameters), facts.rate_hz, facts.gyr_range_dps)
            if Setting.RANGE in choice:
                self._stream.gyr_range_radps = choice[Setting.RANGE] * RADPS_PER_DPS
        elif reply.op == Op.START and reply.measure in (Measure.ACC, Measure.GYRO):
            self._factors[reply.measure] = factor_of(reply.parameters)
            self._tracks[Measure(reply.measure)].restart()

    def _set_rate(self, rate_hz: float) -> None:
        if rate_hz > 0 and self._stream.set_rate(rate_hz):
            for track in self._tracks.values():
                track.interval_s = 1.0 / rate_hz
            if self._pairing is not None:
                self._pairing = Pairing(1.0 / rate_hz)

    def _times(self, frame: PolarFrame, payload: bytes) -> FloatArray:
        """Return device times of a frame's readings: its timestamp is that of the last one."""
        if self._base_ns is None:
            self._base_ns = frame.last_ns
        last, n = (frame.last_ns - self._base_ns) * _NS, len(frame.raw)
        return self._tracks[frame.measure].times(last, n, payload)


def _shared(shared: SharedReading) -> PolarReader:
    return shared.once(PolarReader, PolarReader)


def _data_rows(payload: bytes) -> list[Row]:
    frame = decode_frame(payload)
    row: Row = {"device_time_ns": frame.last_ns}
    if frame.measure is Measure.ACC:
        return [row | {"acc_mps2": triples(acceleration(frame, None))}]
    if frame.measure is Measure.GYRO:
        return [row | {"gyr_radps": triples(turn_rate(frame, None))}]
    return [row | {"raw": triples(frame.raw)}]


def _control_rows(payload: bytes) -> list[Row]:
    if payload[:1] != bytes([ANSWER]):
        return [{"measures": sorted(m.name.lower() for m in decode_features(payload))}]
    reply = decode_reply(payload)
    return [{"request": reply.op, "measure": reply.measure, "status": reply.words}]


FORMATS: Final = (
    Format("polar_data", lambda shared: _shared(shared).feed, _data_rows),
    Format("polar_control", lambda shared: _shared(shared).control, _control_rows),
)
