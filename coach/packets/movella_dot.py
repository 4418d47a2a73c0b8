"""Movella (Xsens) DOT: decode a payload to its reading; plan how its rate is read and set.

Payload of mode 21 "rate quantities", 28 bytes: u32 microseconds, 3 x f32 acceleration [m/s2], 3 x f32 turn rate
[deg/s]. Mode 20 adds the magnetometer (3 x s16), passed over.
Source: Movella DOT BLE Services Specifications; its layout as used in xsens/xsens_dot_server and adamkewley/xdc.
"""

import struct
from typing import Final

from coach.errors import LinkError, PacketError
from coach.model.arrays import np
from coach.model.samples import FloatArray, Sample
from coach.model.steps import Conversation, Read, Write
from coach.model.units import GRAVITY_MPS2, RADPS_PER_DPS
from coach.packets.clock import WrappingCounter
from coach.packets.formats import Format, Row, motion_row
from coach.packets.stream import Duplicates, ImuStream, ImuStreamFacts, Tally

_READING: Final = struct.Struct("<I6f")
_SIZES: Final = (28, 34)  # modes 21 and 20
_LARGEST_MPS2: Final = 17.0 * GRAVITY_MPS2  # 16 g and a little
_LARGEST_DPS: Final = 2300.0
_CONTROL_SIZE: Final = 32
_RATE_AT: Final = 24
_VISIT_RATE: Final = 0x10
DEVICE_CONTROL: Final = "15171002-4947-11e9-8646-d663bd873d93"


def decode_reading(payload: bytes) -> tuple[int, FloatArray, FloatArray]:
    """Return device microseconds, acceleration [m/s2] (3,), turn rate [rad/s] (3,). Zeros may fill the payload up.

    Raises:
        PacketError: cut, longer than a reading, or values that the sensor cannot give.
    """
    if len(payload) < _SIZES[0] or any(payload[_SIZES[1] :]) or len(payload) > 63:
        raise PacketError("not a DOT payload of mode 20 or 21", payload)
    if _SIZES[0] < len(payload) < _SIZES[1]:
        raise PacketError("a DOT payload is cut short", payload)
    us, *values = _READING.unpack_from(payload)
    acc, gyr = np.array(values[:3]), np.array(values[3:])
    if not (np.abs(acc) <= _LARGEST_MPS2).all() or not (np.abs(gyr) <= _LARGEST_DPS).all():
        raise PacketError("a DOT reading is beyond its sensor's range", payload)
    return us, acc, gyr * RADPS_PER_DPS


class MovellaReader:
    """Payloads of one DOT, on the host's clock."""

    def __init__(self, facts: ImuStreamFacts, tally: Tally) -> None:
        self._stream = ImuStream(facts, tally)
        self._counter = WrappingCounter(tick_s=1e-6, modulus=1 << 32)
        self._duplicates = Duplicates(tally)

    def feed(self, payload: bytes, t_s: float) -> list[Sample]:
        """Take one notification; raises PacketError."""
        us, acc, gyr = decode_reading(payload)
        if self._duplicates.has(payload):
            return []
        device_s = np.array([self._counter.seconds(us, t_s)])
        return self._stream.take(device_s, acc[None, :], gyr[None, :], t_s, payload)


def rate_of(control: bytes) -> int:
    """Return the output rate [Hz] in the device control block; raises PacketError where it is cut."""
    if len(control) < _RATE_AT + 2:
        raise PacketError("a DOT device control block is cut short", control)
    return int.from_bytes(control[_RATE_AT : _RATE_AT + 2], "little")


def encode_rate(control: bytes, rate_hz: int) -> bytes:
    """Return the device control block as read, with another output rate and the mark that only this is to change."""
    rate_of(control)
    block = bytearray(control[:_CONTROL_SIZE].ljust(_CONTROL_SIZE, b"\0"))
    block[0] = _VISIT_RATE
    block[_RATE_AT : _RATE_AT + 2] = rate_hz.to_bytes(2, "little")
    return bytes(block)


def set_rate(rate_hz: float) -> Conversation[None]:
    """Read the block, write it back with the rate, where it differs; raises LinkError where there is none."""
    block = yield Read(DEVICE_CONTROL)
    try:
        if block is None or rate_of(block) == round(rate_hz):
            return
    except PacketError:
        raise LinkError("refused", "The DOT's settings are not understood: update it with the Movella app") from None
    yield Write(DEVICE_CONTROL, encode_rate(block, round(rate_hz)))


def read_rate() -> Conversation[dict[str, float | str]]:
    """Read the output rate that the sensor is set to."""
    block = yield Read(DEVICE_CONTROL)
    try:
        return {} if block is None else {"rate_hz": float(rate_of(block))}
    except PacketError:
        return {}


def _rows(payload: bytes) -> list[Row]:
    us, acc, gyr = decode_reading(payload)
    return [motion_row(us * 1e-6, acc[None, :], gyr[None, :])]


FORMATS: Final = (Format("movella_dot", lambda shared: MovellaReader(shared.imu(), shared.tally).feed, _rows),)
