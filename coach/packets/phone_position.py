"""Where a phone is, as its browser gives it: one fix of the Geolocation API a packet, packed by the page.

A packet, little-endian: magic 47, version 1, flags (bit 0: altitude, bit 1: speed), 0, then f64 Unix time of the fix
[ms], f64 latitude and f64 longitude [deg, WGS 84], f32 accuracy [m, radius as the system states it],
f32 altitude [m above the ellipsoid], f32 speed over ground [m/s]. What a flag denies is 0.
Source: W3C Geolocation, section GeolocationCoordinates.
"""

import math
import struct
from typing import Final

from coach.errors import PacketError
from coach.model.samples import PositionSample, Sample
from coach.packets.formats import Format, SharedReading, plain_rows

MAGIC: Final = 0x47
VERSION: Final = 1
_PACKET: Final = struct.Struct("<BBBBdddfff")
_HAS_ALTITUDE: Final = 0x01
_HAS_SPEED: Final = 0x02
_FASTEST_MPS: Final = 15.0  # above any runner: a jump of the fix, not a speed


def decode_position(payload: bytes, t_s: float = 0.0) -> PositionSample:
    """Read one fix that arrived at `t_s`.

    Raises:
        PacketError: of other length, magic or version, or no place on earth.
    """
    if len(payload) != _PACKET.size:
        raise PacketError("a fix of the phone's position has another length", payload)
    magic, version, flags, _, _unix_ms, latitude, longitude, accuracy, altitude, speed = _PACKET.unpack(payload)
    if magic != MAGIC or version != VERSION or flags & ~(_HAS_ALTITUDE | _HAS_SPEED):
        raise PacketError("not a fix of the phone's position, version 1", payload)
    if not all(map(math.isfinite, (latitude, longitude, accuracy, altitude, speed))) or accuracy < 0:
        raise PacketError("a fix of the phone's position is not a number", payload)
    if abs(latitude) > 90.0 or abs(longitude) > 180.0:
        raise PacketError("a fix of the phone's position is no place on earth", payload)
    has_speed = bool(flags & _HAS_SPEED) and 0.0 <= speed <= _FASTEST_MPS
    return PositionSample(
        t_s, latitude, longitude, accuracy, altitude if flags & _HAS_ALTITUDE else None, speed if has_speed else None
    )


class PhonePositionReader:
    """The fixes of one phone."""

    def __init__(self, shared: SharedReading) -> None:
        self._tally = shared.tally
        self._last: bytes = b""

    def feed(self, payload: bytes, t_s: float) -> list[Sample]:
        """Take one fix; raises PacketError. Browsers give the last fix again on a new watch: it counts once."""
        sample = decode_position(payload, t_s)
        if payload == self._last:
            self._tally.n_duplicates += 1
            return []
        self._last = payload
        return [sample]


FORMATS: Final = (
    Format("phone_position", lambda shared: PhonePositionReader(shared).feed, plain_rows(decode_position)),
)
