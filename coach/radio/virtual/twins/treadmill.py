"""A treadmill: Fitness Machine (0x1826) with Treadmill Data once a second, whole or split as some machines do.

Source: Bluetooth SIG, GATT Specification Supplement, "Treadmill Data". Bit 0 "more data" is inverted: the part of a
split record that carries the speed has it clear and comes last.
"""

import struct
from collections.abc import Iterator

from bumble.gatt import Service

from coach.model.motion import MotionSource
from coach.model.samples import TreadmillSample
from coach.radio.clock import RunClock
from coach.radio.virtual.controller import Air
from coach.radio.virtual.twin import Identity, Outgoing, Twin, notifying, readable, uuid

_MORE, _AVERAGE, _DISTANCE, _INCLINE, _ENERGY, _HEART, _ELAPSED = 1, 1 << 1, 1 << 2, 1 << 3, 1 << 7, 1 << 8, 1 << 10
_NO_RAMP = 0x7FFF
_NO_ENERGY = struct.pack("<HHB", 0xFFFF, 0xFFFF, 0xFF)


def _kmh(speed_mps: float | None) -> bytes:
    return struct.pack("<H", round((speed_mps or 0.0) * 360))


class Treadmill(Twin):
    """is_split: each record in two notifications, as Matrix machines send it."""

    def __init__(
        self,
        air: Air,
        clock: RunClock,
        source: MotionSource,
        name: str = "Treadmill 0001",
        address: str = "F0:00:00:00:18:26",
        is_split: bool = False,
    ) -> None:
        identity = Identity(name, address, "Running Coach", "Virtual Treadmill", "1.0.0", services=(uuid("1826"),))
        super().__init__(air, clock, identity)
        self._source = source
        self._is_split = is_split
        self._next_s = 0.0
        self.data = notifying("2ACD")
        features = readable("2ACC", struct.pack("<II", 0x1 << 0 | 0x1 << 2 | 0x1 << 3 | 0x1 << 12, 0))
        speeds = readable("2AD4", struct.pack("<HHH", 80, 2200, 10))
        inclines = readable("2AD5", struct.pack("<hhH", -30, 150, 5))
        self.device.add_service(Service(uuid("1826"), [features, self.data, speeds, inclines]))

    def due(self, now_s: float) -> Iterator[Outgoing]:
        """Yield one record a second, whole or in two packets."""
        if now_s < self._next_s:
            return
        self._next_s = now_s + 1.0
        if self.is_subscribed(self.data):
            n_lost = self.count.n_lost
            for packet in self.record(self._source.treadmill(now_s)):
                yield self.data, packet
            self.count.packet(1, self.count.n_lost > n_lost)

    def record(self, now: TreadmillSample) -> list[bytes]:
        """Return the notifications of one record."""
        distance = round(now.distance_m or 0.0).to_bytes(3, "little")
        incline = struct.pack("<hH", round(10 * (now.incline_pct or 0.0)), _NO_RAMP)
        elapsed = struct.pack("<H", round(now.elapsed_s or 0.0) % 2**16)
        heart_flag, heart = (_HEART, bytes([now.heart_rate_bpm])) if now.heart_rate_bpm else (0, b"")
        if not self._is_split:
            flags = _AVERAGE | _DISTANCE | _INCLINE | heart_flag | _ELAPSED
            speed = _kmh(now.speed_mps)
            return [struct.pack("<H", flags) + speed + speed + distance + incline + heart + elapsed]
        first = struct.pack("<H", _MORE | _AVERAGE | _DISTANCE | _INCLINE | _ENERGY)
        last = struct.pack("<H", heart_flag | _ELAPSED) + _kmh(now.speed_mps)
        return [first + _kmh(now.speed_mps) + distance + incline + _NO_ENERGY, last + heart + elapsed]
