"""Movesense GATT SensorData Protocol: decode notifications to messages, and IMU6 bodies to motion.

A message is `<kind> <reference> <body>`. An IMU6 body is u32 milliseconds of the first reading, n acceleration vectors
[m/s2, f32], then n turn rate vectors [deg/s, f32]; n follows from the length.
Source: movesense.com, "GATT SensorData Protocol" (GD-77); sensein/movesense-py test fixtures.
"""

import struct
from enum import IntEnum
from typing import Final

import numpy as np

from coach.errors import PacketError
from coach.model.frozen import dataclass
from coach.model.samples import FloatArray
from coach.model.units import GRAVITY_MPS2, RADPS_PER_DPS

REF_ACC_CONFIG: Final = 0x61  # the references that our profile uses
REF_GYR_CONFIG: Final = 0x62
REF_STREAM: Final = 0x63
LARGEST_MPS2: Final = 16.5 * GRAVITY_MPS2  # the chip's widest ranges, and a little
LARGEST_DPS: Final = 2300.0
_VECTOR: Final = 12
_STATUSES: Final = frozenset({100, 200, 201, 202, 204, 400, 401, 403, 404, 405, 409, 413, 423, 429, 500, 501, 503, 507})


class StreamKind(IntEnum):
    """The first byte of a notification. DATA_PART2: the rest of a body that is too long for one notification."""

    RESPONSE = 1
    DATA = 2
    DATA_PART2 = 3


@dataclass(frozen=True, slots=True)
class Message:
    """One notification. status: HTTP-like code of a response, None for data."""

    kind: StreamKind
    reference: int
    body: bytes
    status: int | None = None

    @property
    def is_ok(self) -> bool:
        """Whether the sensor did what it was asked; data always are."""
        return self.status is None or self.status < 300


def decode_message(payload: bytes) -> Message:
    """Read the head of a notification.

    ANOMALY: early firmware sends the status in big-endian order (`01 FB` for 507); a status that is only known with
    its bytes swapped is swapped.

    Raises:
        PacketError: shorter than its head, or of unknown kind or status.
    """
    if len(payload) < 2 or payload[1] == 0 or payload[0] not in list(StreamKind):
        raise PacketError("not a Movesense message", payload)
    kind, reference, body = StreamKind(payload[0]), payload[1], bytes(payload[2:])
    if kind is not StreamKind.RESPONSE:
        return Message(kind, reference, body)
    if len(body) < 2:
        raise PacketError("a Movesense response is cut before its status", payload)
    little, big = int.from_bytes(body[:2], "little"), int.from_bytes(body[:2], "big")
    if little not in _STATUSES and big not in _STATUSES:
        raise PacketError("a Movesense response has an unknown status", payload)
    return Message(kind, reference, body[2:], little if little in _STATUSES else big)


def decode_imu6(body: bytes) -> tuple[int, FloatArray, FloatArray]:
    """Return milliseconds of the first reading, acceleration [m/s2] (n, 3), turn rate [rad/s] (n, 3).

    Raises:
        PacketError: no whole number of readings, or values that the chip cannot give (a part was lost).
    """
    ms, (acc, gyr) = decode_arrays(body, 2)
    if not (np.abs(acc) <= LARGEST_MPS2).all() or not (np.abs(gyr) <= LARGEST_DPS).all():
        raise PacketError("Movesense readings are beyond the chip's range", body)
    return ms, acc, gyr * RADPS_PER_DPS


def decode_arrays(body: bytes, n_arrays: int) -> tuple[int, list[FloatArray]]:
    """Return milliseconds of the first reading and `n_arrays` arrays (n, 3) as sent: /Meas/Acc 1, /Meas/IMU6 2,
    /Meas/IMU9 3.

    Raises:
        PacketError: no whole number of readings, or not a number among them.
    """
    n_bytes = len(body) - 4
    if n_bytes <= 0 or n_bytes % (_VECTOR * n_arrays):
        raise PacketError("Movesense data holds no whole number of readings", body)
    (ms,) = struct.unpack_from("<I", body)
    with np.errstate(invalid="ignore"):  # a torn body may hold a signalling NaN
        values = np.frombuffer(body, "<f4", offset=4).astype(np.float64)
    if not np.isfinite(values).all():
        raise PacketError("a Movesense reading is not a number", body)
    return ms, list(values.reshape(n_arrays, -1, 3))
