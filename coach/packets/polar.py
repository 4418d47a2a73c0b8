"""Polar Measurement Data frames (FB005C82): bytes to readings.

A frame: u8 kind, u64 nanoseconds of its LAST reading since 2000-01-01, u8 frame type (bit 7: delta-compressed), then
readings.
Source: polarofficial/polar-ble-sdk, technical_documentation/online_measurement.pdf and unit tests.
"""

import struct
from enum import IntEnum
from typing import Final

from coach.errors import PacketError
from coach.model.arrays import np
from coach.model.frozen import dataclass
from coach.model.samples import FloatArray
from coach.model.units import GRAVITY_MPS2, RADPS_PER_DPS

_HEAD: Final = struct.Struct("<BQB")
_COMPRESSED: Final = 0x80
_KIND_MASK: Final = 0x3F
_VERITY_FACTOR: Final = 2.44e-4  # g per count of compressed type 0 at +-8 g, of the SDK's AccDataTest
_LARGEST_MPS2: Final = 40 * GRAVITY_MPS2  # beyond any range on offer: broken bytes
_LARGEST_DPS: Final = 4600.0


class Measure(IntEnum):
    """Kinds of measurement that we read."""

    ACC = 2
    GYRO = 5
    MAG = 6
    SDK = 9


@dataclass(frozen=True, slots=True, eq=False)
class PolarFrame:
    """One data frame. last_ns: device time of the last reading. raw: (n, 3) as sent, without factor and unit."""

    measure: Measure
    frame_type: int
    is_compressed: bool
    last_ns: int
    raw: FloatArray


def decode_frame(payload: bytes) -> PolarFrame:
    """Read one frame.

    Raises:
        PacketError: cut, of a kind or frame type that is not known here, or without readings.
    """
    if len(payload) <= _HEAD.size:
        raise PacketError("a Polar frame is cut short", payload)
    kind, last_ns, form = _HEAD.unpack_from(payload)
    is_compressed, frame_type = bool(form & _COMPRESSED), form & ~_COMPRESSED
    if kind & _KIND_MASK not in (Measure.ACC, Measure.GYRO, Measure.MAG):
        raise PacketError("a Polar frame of a measurement that is not read here", payload)
    measure = Measure(kind & _KIND_MASK)
    body = payload[_HEAD.size :]
    if is_compressed:
        raw = _compressed(measure, frame_type, body, payload)
    else:
        raw = _plain(measure, frame_type, body, payload)
    return PolarFrame(measure, frame_type, is_compressed, last_ns, raw)


def acceleration(frame: PolarFrame, factor: float | None) -> FloatArray:
    """Return the readings of an ACC frame in m/s2 (n, 3). factor: from the answer to the start; None: it had none.

    ANOMALY: compressed type 0 counts g / factor, all others milli-g / factor. Without a factor a count of type 0 would
    be 1 g; then the factor of the SDK's own test holds.
    """
    if frame.is_compressed and frame.frame_type == 0:
        return _bounded(frame.raw * (factor or _VERITY_FACTOR) * GRAVITY_MPS2, _LARGEST_MPS2)
    return _bounded(frame.raw * (factor or 1.0) * 1e-3 * GRAVITY_MPS2, _LARGEST_MPS2)


def turn_rate(frame: PolarFrame, factor: float | None) -> FloatArray:
    """Return the readings of a GYRO frame in rad/s (n, 3); factor as for `acceleration`."""
    return _bounded(frame.raw * (factor or 1.0), _LARGEST_DPS) * RADPS_PER_DPS


def _bounded(values: FloatArray, largest: float) -> FloatArray:
    if not (np.abs(values) <= largest).all():  # NaN fails too
        raise PacketError("Polar readings are beyond any range on offer", values[:1].astype("<f4").tobytes())
    return values


def _plain(measure: Measure, frame_type: int, body: bytes, payload: bytes) -> FloatArray:
    width = frame_type + 1
    if measure is not Measure.ACC or frame_type > 2:
        raise PacketError("an uncompressed Polar frame of unknown type", payload)
    if len(body) % (3 * width):
        raise PacketError("a Polar frame ends within a reading", payload)
    values = [int.from_bytes(body[i : i + width], "little", signed=True) for i in range(0, len(body), width)]
    return np.array(values, dtype=np.float64).reshape(-1, 3)


def _compressed(measure: Measure, frame_type: int, body: bytes, payload: bytes) -> FloatArray:
    if frame_type == 0 or (measure is Measure.ACC and frame_type == 1):
        return np.array(unpack_deltas(body, 3, 16), dtype=np.float64)
    if measure is Measure.GYRO and frame_type == 1:
        patterns = np.array(unpack_deltas(body, 3, 32), dtype=np.int64) & 0xFFFFFFFF
        with np.errstate(invalid="ignore"):  # a bit pattern that is no number is refused where ranges are checked
            return patterns.astype("<u4").view("<f4").astype(np.float64)
    raise PacketError("a compressed Polar frame of unknown type", payload)


def unpack_deltas(body: bytes, n_channels: int, bits: int) -> list[list[int]]:
    """Read a reference reading, then blocks of deltas, packed LSB first; return the readings as signed integers.

    Readings are sums; they stay within `bits` by wrapping, which is how float patterns are meant to be added.

    Raises:
        PacketError: cut within the reference or a block, or a delta wider than 32 bits.
    """
    width = bits // 8
    at = n_channels * width
    if len(body) < at:
        raise PacketError("a Polar frame ends within its reference", body)
    reading = [int.from_bytes(body[i : i + width], "little", signed=True) for i in range(0, at, width)]
    readings = [list(reading)]
    while at < len(body):
        if len(body) - at < 2:
            raise PacketError("a Polar frame ends within a block's head", body)
        n_bits, count = body[at], body[at + 1]
        size = (n_bits * count * n_channels + 7) // 8
        block = body[at + 2 : at + 2 + size]
        if len(block) < size or n_bits > 32:
            raise PacketError("a Polar frame ends within a block", body)
        at += 2 + size
        for deltas in _block(block, n_bits, count, n_channels):
            reading = [_wrapped(value + delta, bits) for value, delta in zip(reading, deltas, strict=True)]
            readings.append(list(reading))
    return readings


def _block(block: bytes, n_bits: int, count: int, n_channels: int) -> list[list[int]]:
    packed, mask, sign = int.from_bytes(block, "little"), (1 << n_bits) - 1, 1 << n_bits >> 1
    fields = [packed >> i * n_bits & mask for i in range(count * n_channels)]
    signed = [field - (1 << n_bits) if field & sign else field for field in fields]
    return [signed[i : i + n_channels] for i in range(0, len(signed), n_channels)]


def _wrapped(value: int, bits: int) -> int:
    half = 1 << (bits - 1)
    return (value + half) % (1 << bits) - half
