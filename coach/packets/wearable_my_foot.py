"""The open shoe sensor Wearable My Foot (0x2FFF): 28 bytes, one reading each, to motion.

Layout, little-endian: u32 device milliseconds, 3 x f32 acceleration [g], 3 x f32 turn rate [deg/s].
Source: the firmware of github.com/fuzzylabs/wearable-my-foot.

ANOMALY: the board's clock moves in steps of 10 ms and about one reading in nine never comes.
"""

import struct
from typing import Final

import numpy as np

from coach.errors import PacketError
from coach.model.samples import FloatArray, Sample
from coach.model.units import GRAVITY_MPS2, RADPS_PER_DPS
from coach.packets.clock import WrappingCounter
from coach.packets.formats import Format, Row, motion_row
from coach.packets.stream import Duplicates, ImuStream, ImuStreamFacts, Tally

_READING: Final = struct.Struct("<I6f")
_LARGEST_G: Final = 16.5  # the chip's 16 g range, and a little
_NARROW_G: Final = 4.0
_EDGE: Final = 0.002  # share of the range: twice what the recording's edge lies below it
_LEAST_AT_EDGE: Final = 20  # readings, of some six landings; chosen by judgement
_LARGEST_DPS: Final = 2300.0  # its 2000 deg/s range is 2294 at full scale of 16 bits and 70 mdps


def decode_reading(payload: bytes) -> tuple[int, FloatArray, FloatArray]:
    """Return device milliseconds, acceleration [m/s2] (3,), turn rate [rad/s] (3,).

    Raises:
        PacketError: not 28 bytes, or values that the board's chip cannot give.
    """
    if len(payload) != _READING.size:
        raise PacketError("a shoe sensor reading has 28 bytes", payload)
    ms, *values = _READING.unpack(payload)
    acc, gyr = np.array(values[:3]), np.array(values[3:])
    if not (np.abs(acc) <= _LARGEST_G).all() or not (np.abs(gyr) <= _LARGEST_DPS).all():
        raise PacketError("a shoe sensor reading is beyond its chip's range", payload)
    return ms, acc * GRAVITY_MPS2, gyr * RADPS_PER_DPS


def encode_reading(t_s: float, acc_mps2: FloatArray, gyr_radps: FloatArray) -> bytes:
    """Return the notification that the sensor would have sent at device time `t_s`: (3,) and (3,) to 28 bytes."""
    return _READING.pack(round(t_s * 1000), *(acc_mps2 / GRAVITY_MPS2), *(gyr_radps / RADPS_PER_DPS))


class RangeFinder:
    """Whether a board has the chip's 16 g or, by the stock library that many were flashed with, 4 g.

    A board of 4 g stops just below it (at 3.9956 g in a recording of its own repository, where another board reaches
    16 g). So many readings there and none above it are no chance; one above it settles the matter for good.
    """

    def __init__(self, wide_mps2: float) -> None:
        self._wide_mps2 = wide_mps2
        self._n_at_edge = 0
        self._is_wide = False

    def observe(self, acc_mps2: FloatArray) -> float:
        """Return the range [m/s2] as known after this reading (3,)."""
        peak_g = float(np.abs(acc_mps2).max()) / GRAVITY_MPS2
        self._is_wide |= peak_g > (1 + _EDGE) * _NARROW_G
        self._n_at_edge += peak_g >= (1 - _EDGE) * _NARROW_G
        is_narrow = not self._is_wide and self._n_at_edge >= _LEAST_AT_EDGE
        return min(self._wide_mps2, _NARROW_G * GRAVITY_MPS2) if is_narrow else self._wide_mps2


class WearableMyFootReader:
    """Readings of one board, on the host's clock."""

    def __init__(self, facts: ImuStreamFacts, tally: Tally) -> None:
        self._stream = ImuStream(facts, tally)
        self._counter = WrappingCounter(tick_s=1e-3, modulus=1 << 32)
        self._duplicates = Duplicates(tally)
        self._range = RangeFinder(self._stream.acc_range_mps2)

    def feed(self, payload: bytes, t_s: float) -> list[Sample]:
        """Take one notification; raises PacketError."""
        ms, acc, gyr = decode_reading(payload)
        if self._duplicates.has(payload):
            return []
        self._stream.acc_range_mps2 = self._range.observe(acc)
        device_s = np.array([self._counter.seconds(ms, t_s)])
        return self._stream.take(device_s, acc[None, :], gyr[None, :], t_s, payload)


def _rows(payload: bytes) -> list[Row]:
    ms, acc, gyr = decode_reading(payload)
    return [motion_row(ms * 1e-3, acc[None, :], gyr[None, :])]


FORMATS: Final = (
    Format("wearable_my_foot", lambda shared: WearableMyFootReader(shared.imu(), shared.tally).feed, _rows),
)
