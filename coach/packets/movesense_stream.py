"""Decode Movesense notifications to motion: join parts, learn ranges from the answers, unwrap time.

Nothing in a DATA message says whether a part follows, and a first part can look like a whole body. So the length of a
whole body is learned: it is that of the first body whose readings last until the next DATA message begins.
"""

import struct
from collections.abc import Sequence
from typing import Final

import numpy as np

from coach.errors import PacketError
from coach.model.samples import FloatArray, ImuChunk, Notification, Sample
from coach.model.units import GRAVITY_MPS2, RADPS_PER_DPS
from coach.packets.clock import WrappingCounter
from coach.packets.formats import Format, Row, SharedReading, motion_row
from coach.packets.movesense import (
    LARGEST_DPS,
    LARGEST_MPS2,
    REF_ACC_CONFIG,
    REF_GYR_CONFIG,
    REF_STREAM,
    Message,
    StreamKind,
    decode_imu6,
    decode_message,
)
from coach.packets.stream import Duplicates, ImuStream, ImuStreamFacts, Tally

_HEAD: Final = 4
_READING: Final = 24
_DATA: Final = bytes([StreamKind.DATA, REF_STREAM])
_PART: Final = bytes([StreamKind.DATA_PART2, REF_STREAM])
_MS: Final = struct.Struct("<I")
_CLOSE_MPS2: Final = 1.0  # neighbouring readings of a still sensor. chosen by eye, 2026-11-20
_RATES_HZ: Final = (13.0, 26.0, 52.0, 104.0, 208.0)  # those of the profile: each twice the one before
_RATE_WITHIN: Final = 0.08  # times are whole milliseconds: 1.4 ms of the 38 that eight readings last, and a little
_RATE_AFTER: Final = 5  # bodies in a row that say so: as many second parts are not lost in a row at the very start
_RELEARN_AFTER: Final = 3  # bodies lost in a row: the length we wait for is not what the sensor sends


class MovesenseReader:
    """The data characteristic of one Movesense. Ranges are unknown until its answers give them."""

    def __init__(self, facts: ImuStreamFacts, tally: Tally) -> None:
        self._facts = facts
        self._stream = ImuStream(facts, tally)
        self._stream.acc_range_mps2 = self._stream.gyr_range_radps = np.inf
        self._counter = WrappingCounter(tick_s=1e-3, modulus=1 << 32)
        self._doubles = Doubles(tally)
        self._parts = Parts(self._facts.rate_hz)
        self._last: tuple[float, int] | None = None  # device time and number of readings of the packet before

    def feed(self, payload: bytes, t_s: float) -> list[Sample]:
        """Take one notification; raises PacketError."""
        message = decode_message(payload)
        if message.reference == REF_STREAM and message.kind is not StreamKind.RESPONSE:
            if self._doubles.has(message.kind, payload, self._parts.is_waiting):
                return []
            samples: list[Sample] = []
            bodies = self._parts.join(message, payload)
            self._stream.set_rate(self._parts.rate_hz)  # before the first readings only
            for body in bodies:
                samples += self._readings(body, t_s)
            return samples
        self._learn(message)
        return []

    def read_ahead(self, notifications: Sequence[Notification]) -> tuple[list[int], list[ImuChunk]]:
        """Read whole packets that come as they should together: the same as `feed` gives of each.

        How many notifications were read by the end of each packet, and their readings as one chunk, as many of each
        packet; nothing where the next notification is odd (`feed` it).
        """
        whole = self._parts.whole
        if whole is None or self._parts.is_waiting or self._last is None:
            return [], []
        packets = whole_packets(notifications, whole)
        if not packets:
            return [], []
        payloads, arrival_s, bodies, ends = zip(*packets, strict=True)
        n = (whole - _HEAD) // _READING
        rows = np.frombuffer(b"".join(bodies), np.dtype([("ms", "<u4"), ("values", "<f4", (2, n, 3))]))
        k = _n_readable(rows["values"])
        first_s = (rows["ms"][:k].astype(np.float64) * 1e-3).tolist()
        steps = self._stream.follow(first_s, arrival_s[:k], n, self._last)
        if not steps:
            return [], []
        k = len(steps)
        self._counter.seconds(int(rows["ms"][k - 1]), arrival_s[k - 1])
        self._doubles.saw(payloads[:k])
        self._parts.took_whole()
        self._last = (first_s[k - 1], n)
        acc, gyr = (rows["values"][:k, part].reshape(-1, 3).astype(np.float64) for part in (0, 1))
        return list(ends[:k]), [self._stream.take_steps(steps, acc, gyr * RADPS_PER_DPS)]

    def _learn(self, message: Message) -> None:
        if message.reference == REF_ACC_CONFIG and message.is_ok and message.body:
            self._stream.acc_range_mps2 = message.body[0] * GRAVITY_MPS2
        elif message.reference == REF_GYR_CONFIG and message.is_ok and len(message.body) >= 2:
            self._stream.gyr_range_radps = int.from_bytes(message.body[:2], "little") * RADPS_PER_DPS
        elif message.reference == REF_STREAM and message.kind is StreamKind.RESPONSE:
            self._parts.drop_half()

    def _readings(self, body: bytes, t_s: float) -> list[Sample]:
        ms, acc, gyr = decode_imu6(body)
        first = self._counter.seconds(ms, t_s)
        n = len(acc)
        if self._last is not None:
            elapsed = first - self._last[0]
            if abs(elapsed - self._last[1] * self._stream.interval_s) < 0.5 * self._stream.interval_s:
                self._stream.follow_pace(elapsed, self._last[1])
        times = first + self._stream.interval_s * np.arange(n, dtype=np.float64)
        samples = self._stream.take(times, acc, gyr, t_s, body)
        self._last = (first, n)
        return samples


class Doubles:
    """Knows messages that came twice.

    DATA has its time and is known by itself; a part has nothing, and at rest each can be alike. So a part is a double
    only of one of its own packet, and as often as the packet's DATA came again.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._duplicates = Duplicates(tally)
        self._n_came = 1  # the DATA of the packet at hand
        self._parts: list[bytes] = []  # of that packet
        self._n_parts_came: list[int] = []

    def has(self, kind: StreamKind, payload: bytes, is_waiting: bool) -> bool:
        """Whether this message came already; counts it if so. is_waiting: a body is begun and not whole."""
        if kind is not StreamKind.DATA:
            return self._has_part(payload, is_waiting)
        if self._duplicates.has(payload):
            self._n_came += 1
            return True
        self._n_came, self._parts, self._n_parts_came = 1, [], []
        return False

    def saw(self, packets: Sequence[list[bytes]]) -> None:
        """Note that whole packets of DATA and parts came, none of them a double."""
        self._duplicates.remember(*(payloads[0] for payloads in packets))
        parts = packets[-1][1:]
        self._n_came, self._parts, self._n_parts_came = 1, parts, [1] * len(parts)

    def _has_part(self, payload: bytes, is_waiting: bool) -> bool:
        for number, (part, n) in enumerate(zip(self._parts, self._n_parts_came, strict=True)):
            if part == payload and (n < self._n_came or not is_waiting):
                self._n_parts_came[number] += 1
                self._tally.n_duplicates += 1
                return True
        self._parts.append(payload)
        self._n_parts_came.append(1)
        return False


def whole_packets(notifications: Sequence[Notification], whole: int) -> list[tuple[list[bytes], float, bytes, int]]:
    """Return payloads, arrival, body of `whole` bytes and end of each packet, up to the first odd one."""
    found: list[tuple[list[bytes], float, bytes, int]] = []
    payloads: list[bytes] = []
    body = b""
    for k, notification in enumerate(notifications, start=1):
        payload = notification.payload
        if payload[:2] != (_PART if payloads else _DATA):
            break
        payloads.append(payload)
        body += payload[2:]
        if len(body) > whole:
            break
        if len(body) == whole:
            found.append((payloads, notification.t_s, body, k))
            payloads, body = [], b""
    return found


def _n_readable(values: FloatArray) -> int:
    """Count bodies that follow on one another with readings that the chip can give; NaN is not. values: (n, 2, ...)."""
    largest = np.abs(values).max(axis=(2, 3))
    is_readable = (largest[:, 0] <= LARGEST_MPS2) & (largest[:, 1] <= LARGEST_DPS)
    return len(values) if is_readable.all() else int(is_readable.argmin())


class Parts:
    """Join DATA and DATA_PART2 messages to whole bodies.

    n_lost: bodies that missed a part (their readings are a gap). rate_hz: as set, or what the bodies say where the
    sensor sends at another rate than it was set to.
    """

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self._is_rate_known = False  # a body lasted as long as it should at this rate
        self._candidate_hz, self._n_candidate = 0.0, 0
        self._pending: bytes | None = None
        self._whole: int | None = None
        self._n_lost_in_a_row = 0
        self.n_lost = 0

    @property
    def is_waiting(self) -> bool:
        """Whether a body is begun."""
        return self._pending is not None

    @property
    def whole(self) -> int | None:
        """Length of a whole body [bytes]; None until it is known."""
        return self._whole

    def drop_half(self) -> None:
        """Begin the stream again: what it began before never becomes whole. Its bodies are as long as before."""
        self._pending = None

    def took_whole(self) -> None:
        """Note that whole bodies were taken without `join`."""
        self._n_lost_in_a_row = 0

    def join(self, message: Message, payload: bytes) -> list[bytes]:
        """Return bodies that are whole now; raises PacketError for a part whose beginning was lost."""
        done: list[bytes] = []
        if message.kind is StreamKind.DATA_PART2:
            if self._pending is None:
                raise PacketError("a Movesense part came without its beginning", payload)
            self._pending += message.body
        else:
            if self._pending is not None:
                done += self._close(self._pending, message.body)
            self._pending = message.body
        if len(self._pending) == self._whole:
            done.append(self._pending)
            self._pending, self._n_lost_in_a_row = None, 0
        return done

    def _close(self, body: bytes, following: bytes) -> list[bytes]:
        """Close `body`, which is followed by the next: it is whole if its readings last until then,
        else a part of it was lost."""
        if self._whole is None and (self._lasts_until(body, following) or self._learns_rate(body, following)):
            self._whole = len(body)
            self._is_rate_known = True
            return [body]
        self.n_lost += 1
        self._n_lost_in_a_row += 1
        if self._n_lost_in_a_row >= _RELEARN_AFTER:
            self._whole, self._n_lost_in_a_row = None, 0
        return []

    def _lasts_until(self, body: bytes, following: bytes) -> bool:
        n, span_s = _readings_and_span(body, following)
        return n > 0 and abs(span_s * self.rate_hz - n) < 0.5

    def _learns_rate(self, body: bytes, following: bytes) -> bool:
        """Whether bodies said often enough that the sensor sends at another of its rates, which counts from then on."""
        n, span_s = _readings_and_span(body, following)
        found_hz = n / span_s if span_s > 0.0 else 0.0
        nearest_hz = min(_RATES_HZ, key=lambda rate_hz: abs(rate_hz - found_hz))
        if self._is_rate_known or abs(found_hz - nearest_hz) > _RATE_WITHIN * nearest_hz:
            self._n_candidate = 0
            return False
        self._n_candidate = self._n_candidate + 1 if nearest_hz == self._candidate_hz else 1
        self._candidate_hz = nearest_hz
        if self._n_candidate < _RATE_AFTER:
            return False
        self.rate_hz = nearest_hz
        return True


def _readings_and_span(body: bytes, following: bytes) -> tuple[int, float]:
    """Return how many whole readings a body holds, 0 where it is cut, and the time until the next one begins [s]."""
    n, rest = divmod(len(body) - _HEAD, _READING)
    if rest or n < 1 or len(following) < _HEAD:
        return 0, 0.0
    (begin,), (end,) = _MS.unpack_from(body), _MS.unpack_from(following)
    return n, (end - begin) * 1e-3


def _rows(payload: bytes) -> list[Row]:
    message = decode_message(payload)
    if message.kind is StreamKind.RESPONSE:
        return [{"reference": message.reference, "status": message.status}]
    if message.kind is StreamKind.DATA_PART2:
        raise PacketError("this is a second part: it makes sense behind its first one only", payload)
    ms, acc, gyr = decode_imu6(message.body)
    if _goes_on(acc, gyr):
        raise PacketError("this is a first part or a cut packet: its readings are not all there", payload)
    return [motion_row(ms * 1e-3, acc, gyr)]


def _goes_on(acc: FloatArray, gyr: FloatArray) -> bool:
    """Whether what is where turn rates should be goes on as acceleration: the sign of a body that was cut.

    Nothing in a packet says how many readings it should hold; in a stream `Parts` knows.
    """
    first_dps = np.degrees(gyr[0])
    return bool(np.linalg.norm(first_dps - acc[-1]) < min(_CLOSE_MPS2, 0.25 * float(np.linalg.norm(acc[-1]))))


def _reader(shared: SharedReading) -> MovesenseReader:
    return shared.once(MovesenseReader, MovesenseReader)


FORMATS: Final = (
    Format("movesense", lambda shared: _reader(shared).feed, _rows, lambda shared: _reader(shared).read_ahead),
)
