"""The open protocol for boards that people flash themselves: frames to motion.

Specified in `firmware_config/boards/README.md`. A frame, little-endian: magic A5, version, u16 sequence, u32
microseconds of the first reading, n, scale code, n x 6 s16 (acceleration, turn rate), CRC-16 of all before. A small
frame, for a link whose notifications hold 20 bytes: magic A6, u8 sequence, u24 time in 16 us, scale code, one reading,
CRC-16.
"""

import binascii
import struct
from typing import Final

import numpy as np

from coach.errors import PacketError
from coach.model.frozen import dataclass
from coach.model.samples import FloatArray, Sample
from coach.model.units import GRAVITY_MPS2, RADPS_PER_DPS
from coach.packets.clock import WrappingCounter
from coach.packets.formats import Format, Row, SharedReading, motion_row, plain_rows
from coach.packets.stream import Duplicates, ImuStream, ImuStreamFacts, Tally

MAGIC: Final = 0xA5
SMALL_MAGIC: Final = 0xA6
VERSION: Final = 1
_HEAD: Final = struct.Struct("<BBHIBB")
_CRC: Final = struct.Struct("<H")
_DESCRIPTION: Final = struct.Struct("<BBHHHH")
_READING: Final = 12
_SMALL_HEAD: Final = struct.Struct("<BB3sB")
_SMALL_SIZE: Final = _SMALL_HEAD.size + _READING + _CRC.size
_SMALL_TICK_US: Final = 16
ACC_RANGES_G: Final = (2, 4, 8, 16, 32)  # low 4 bits of the scale code
GYR_RANGES_DPS: Final = (125, 250, 500, 1000, 2000, 4000)  # bits 4 to 6
_ST_GYRO: Final = 0x80  # bit 7: ST's chips, 4.375 mdps per count at 125 deg/s instead of range / 32768
_ST_DPS: Final = 4.375e-3 / 125


@dataclass(frozen=True, slots=True)
class BoardScale:
    """What one count means, by scale code. *_range: nominal full scale in the units of data sheets."""

    acc_range_g: int
    gyr_range_dps: int
    is_st: bool

    @property
    def acc_mps2(self) -> float:
        """m/s2 per count."""
        return self.acc_range_g * GRAVITY_MPS2 / 32768

    @property
    def gyr_radps(self) -> float:
        """rad/s per count."""
        return self.gyr_range_dps * RADPS_PER_DPS * (_ST_DPS if self.is_st else 1 / 32768)


def scale_of(code: int, payload: bytes) -> BoardScale:
    """Return the scale of a code; raises PacketError for one that is not specified."""
    acc, gyr = code & 0x0F, code >> 4 & 0x07
    if acc >= len(ACC_RANGES_G) or gyr >= len(GYR_RANGES_DPS):
        raise PacketError("a board's scale code is not specified", payload)
    return BoardScale(ACC_RANGES_G[acc], GYR_RANGES_DPS[gyr], bool(code & _ST_GYRO))


@dataclass(frozen=True, slots=True, eq=False)
class BoardFrame:
    """One notification. first_us: device time of the first reading. acc_mps2, gyr_radps: (n, 3).

    is_small: its sequence has 8 bits and its time 28, in steps of 16 us; else 16 and 32.
    """

    sequence: int
    first_us: int
    scale: BoardScale
    acc_mps2: FloatArray
    gyr_radps: FloatArray
    is_small: bool = False


def decode_frame(payload: bytes) -> BoardFrame:
    """Read one frame.

    Raises:
        PacketError: of other length than its kind or count says, wrong magic, version, scale or checksum.
    """
    if payload[:1] == bytes([SMALL_MAGIC]):
        return _decode_small(payload)
    if len(payload) < _HEAD.size + _READING + _CRC.size:
        raise PacketError("a board's frame is cut short", payload)
    magic, version, sequence, first_us, n, code = _HEAD.unpack_from(payload)
    if magic != MAGIC or version != VERSION:
        raise PacketError("not a board's frame of version 1", payload)
    if len(payload) != _HEAD.size + n * _READING + _CRC.size:
        raise PacketError("a board's frame is not as long as its count says", payload)
    _check(payload)
    scale = scale_of(code, payload)
    return BoardFrame(sequence, first_us, scale, *_readings(payload, _HEAD.size, n, scale))


def _decode_small(payload: bytes) -> BoardFrame:
    if len(payload) != _SMALL_SIZE:
        raise PacketError(f"a board's small frame has {_SMALL_SIZE} bytes", payload)
    _check(payload)
    _, sequence, time, code = _SMALL_HEAD.unpack_from(payload)
    scale, first_us = scale_of(code, payload), int.from_bytes(time, "little") * _SMALL_TICK_US
    return BoardFrame(sequence, first_us, scale, *_readings(payload, _SMALL_HEAD.size, 1, scale), is_small=True)


def _readings(payload: bytes, at: int, n: int, scale: BoardScale) -> tuple[FloatArray, FloatArray]:
    counts = np.frombuffer(payload, "<i2", n * 6, at).reshape(n, 6).astype(np.float64)
    return counts[:, :3] * scale.acc_mps2, counts[:, 3:] * scale.gyr_radps


@dataclass(frozen=True, slots=True)
class BoardDescription:
    """What a board is set to (its description characteristic). bandwidth_hz: of its filter, 0 where it has none."""

    rate_hz: int
    acc_range_g: int
    gyr_range_dps: int
    bandwidth_hz: int


def decode_description(payload: bytes) -> BoardDescription:
    """Read the description; raises PacketError for other length, version or checksum."""
    if len(payload) != _DESCRIPTION.size + _CRC.size or payload[0] != VERSION:
        raise PacketError("not a board's description of version 1", payload)
    _check(payload)
    _, _, rate, acc, gyr, bandwidth = _DESCRIPTION.unpack_from(payload)
    if rate == 0:
        raise PacketError("a board's description has no rate", payload)
    return BoardDescription(rate, acc, gyr, bandwidth)


def checksum(body: bytes) -> int:
    """Return CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF, of all bytes before it."""
    return binascii.crc_hqx(body, 0xFFFF)


def _check(payload: bytes) -> None:
    (sent,) = _CRC.unpack_from(payload, len(payload) - _CRC.size)
    if sent != checksum(payload[: -_CRC.size]):
        raise PacketError("a board's checksum is wrong", payload)


class CoachBoardReader:
    """Frames of one board, on the host's clock; `describe` takes the value of its description."""

    def __init__(self, facts: ImuStreamFacts, tally: Tally) -> None:
        self._stream = ImuStream(facts, tally)
        self._counter = WrappingCounter(1e-6, 1 << 32)
        self._duplicates = Duplicates(tally)
        self._before: tuple[int, float, int] | None = None  # sequence, device time and readings of the frame before

    def feed(self, payload: bytes, t_s: float) -> list[Sample]:
        """Take one notification; raises PacketError."""
        frame = decode_frame(payload)
        if self._duplicates.has(payload):
            return []
        modulus = 1 << (28 if frame.is_small else 32)
        n, first = len(frame.acc_mps2), self._counter.seconds(frame.first_us, t_s, modulus)
        if self._before is not None and frame.sequence == (self._before[0] + 1) & (0xFF if frame.is_small else 0xFFFF):
            self._stream.follow_pace(first - self._before[1], self._before[2])
        self._stream.acc_range_mps2 = frame.scale.acc_mps2 * 32768
        self._stream.gyr_range_radps = frame.scale.gyr_radps * 32768
        times = first + self._stream.interval_s * np.arange(n, dtype=np.float64)
        samples = self._stream.take(times, frame.acc_mps2, frame.gyr_radps, t_s, payload)
        self._before = (frame.sequence, first, n)
        return samples

    def describe(self, payload: bytes, t_s: float) -> list[Sample]:
        """Take the description as it was read or notified; raises PacketError."""
        self._stream.set_rate(float(decode_description(payload).rate_hz))
        return []


def _shared(shared: SharedReading) -> CoachBoardReader:
    return shared.once(CoachBoardReader, CoachBoardReader)


def _rows(payload: bytes) -> list[Row]:
    frame = decode_frame(payload)
    return [motion_row(frame.first_us * 1e-6, frame.acc_mps2, frame.gyr_radps) | {"sequence": frame.sequence}]


FORMATS: Final = (
    Format("coach_board", lambda shared: _shared(shared).feed, _rows),
    Format("coach_board_description", lambda shared: _shared(shared).describe, plain_rows(decode_description)),
)
