"""A phone's own motion sensors as its browser gives them: `devicemotion` events, packed by the page.

A packet, little-endian: magic 50, version 1, n, flags (bit 0: has turn rates), then n readings of f64 milliseconds on
the page's clock, 3 x f32 acceleration including gravity [m/s2, at rest upwards, as an accelerometer] and 3 x f32 turn
rate [deg/s]. Axes: x to the right of the screen, y to its top, z out of it, whichever way the screen is turned.

Browsers round to 0.1 m/s2 and 0.1 deg/s and give some 60 readings a second (Chromium 156, measured). rotationRate's
alpha, beta and gamma are the rates about x, y and z there (measured with an emulated gyroscope; MDN says z, x, y).
Source: W3C Device Orientation and Motion.
"""

import struct
from typing import Final

from coach.errors import PacketError
from coach.model.arrays import np
from coach.model.frozen import dataclass
from coach.model.samples import FloatArray, Sample
from coach.model.units import RADPS_PER_DPS
from coach.packets.formats import Format, Row, SharedReading, motion_row
from coach.packets.stream import Duplicates, ImuStream, ImuStreamFacts, Tally

MAGIC: Final = 0x50
VERSION: Final = 1
_HEAD: Final = struct.Struct("<BBBB")
_READING: Final = [("t_ms", "<f8"), ("acc", "<f4", 3), ("gyr", "<f4", 3)]  # as numpy reads it
_READING_BYTES: Final = struct.calcsize("<d3f3f")
LONGEST: Final = _HEAD.size + 255 * _READING_BYTES  # bytes of a packet: n is one of them
_HAS_GYRO: Final = 0x01
# A page counts from its own beginning, older browsers from 1970. No packet reaches over a sleep of the page:
# `motion.js` sends what waits first.
_LATEST_MS, _LONGEST_MS = 1e13, 60_000.0
# Thirty times what a trunk of a runner reaches: beyond any phone's chip, so that a bent bit is no landing. By judgement
_MOST_MPS2, _MOST_DEGPS = 3000.0, 10_000.0
_GAP: Final = 1.5  # sampling intervals, as `ImuChunk` says


@dataclass(frozen=True, slots=True, eq=False)
class MotionPacket:
    """device_s: (n,) [s], rising. acc_mps2: (n, 3). gyr_radps: (n, 3), None where the phone has no gyroscope."""

    device_s: FloatArray
    acc_mps2: FloatArray
    gyr_radps: FloatArray | None


def decode_motion(payload: bytes) -> MotionPacket:
    """Read one packet.

    Raises:
        PacketError: of other length than its count says, wrong magic or version, times that do not rise or that no page
            has, readings that no phone measures, no number.
    """
    if len(payload) < _HEAD.size + _READING_BYTES:
        raise PacketError("a packet of the phone's motion is cut short", payload)
    magic, version, n, flags = _HEAD.unpack_from(payload)
    if magic != MAGIC or version != VERSION or flags & ~_HAS_GYRO:
        raise PacketError("not a packet of the phone's motion, version 1", payload)
    if len(payload) != _HEAD.size + n * _READING_BYTES:
        raise PacketError("a packet of the phone's motion is not as long as its count says", payload)
    rows = np.frombuffer(payload, _READING, n, _HEAD.size)
    device_s = rows["t_ms"].astype(np.float64) / 1000.0
    acc, gyr = rows["acc"].astype(np.float64), rows["gyr"].astype(np.float64)
    if not (np.isfinite(device_s).all() and np.isfinite(acc).all() and np.isfinite(gyr).all()):
        raise PacketError("a reading of the phone's motion is not a number", payload)
    if np.abs(acc).max() > _MOST_MPS2 or np.abs(gyr).max() > _MOST_DEGPS:
        raise PacketError("a reading of the phone's motion is beyond what a phone measures", payload)
    is_of_a_page = rows["t_ms"][0] >= 0.0 and rows["t_ms"][-1] < _LATEST_MS
    if not is_of_a_page or rows["t_ms"][-1] - rows["t_ms"][0] > _LONGEST_MS:
        raise PacketError("the times of the phone's motion are those of no page", payload)
    if (np.diff(device_s) <= 0).any():
        raise PacketError("the times of the phone's motion do not rise", payload)
    return MotionPacket(device_s, acc, gyr * RADPS_PER_DPS if flags & _HAS_GYRO else None)


class PhoneMotionReader:
    """The packets of one phone, on the host's clock."""

    def __init__(self, facts: ImuStreamFacts, tally: Tally) -> None:
        self._stream = ImuStream(facts, tally)
        self._duplicates = Duplicates(tally)
        self._last_s: float | None = None

    def feed(self, payload: bytes, t_s: float) -> list[Sample]:
        """Take one packet; raises PacketError."""
        packet = decode_motion(payload)
        if self._duplicates.has(payload):
            return []
        times, n = packet.device_s, len(packet.device_s)
        if self._last_s is not None:
            self._stream.follow_pace(float(times[-1]) - self._last_s, n)
        self._last_s = float(times[-1])
        cuts = np.flatnonzero(np.diff(times) > _GAP * self._stream.interval_s) + 1  # events that the browser left out
        samples: list[Sample] = []
        for part in np.split(np.arange(n), cuts):
            gyr = None if packet.gyr_radps is None else packet.gyr_radps[part]
            newest_s = float(times[-1])
            samples += self._stream.take(times[part], packet.acc_mps2[part], gyr, t_s, payload, newest_s)
        return samples


def _rows(payload: bytes) -> list[Row]:
    packet = decode_motion(payload)
    gyr = np.zeros_like(packet.acc_mps2) if packet.gyr_radps is None else packet.gyr_radps
    return [motion_row(float(packet.device_s[0]), packet.acc_mps2, gyr) | {"has_gyro": packet.gyr_radps is not None}]


def _feed(shared: SharedReading) -> PhoneMotionReader:
    return shared.once(PhoneMotionReader, PhoneMotionReader)


FORMATS: Final = (Format("phone_motion", lambda shared: _feed(shared).feed, _rows),)
