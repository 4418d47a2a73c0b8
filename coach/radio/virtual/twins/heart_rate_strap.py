"""A heart rate strap: Heart Rate (0x180D) with RR intervals, sensor location and control point, once a second.

Source: Bluetooth SIG, GATT Specification Supplement, "Heart Rate Measurement".
"""

import struct
from collections.abc import Iterator

from bumble.gatt import Service

from coach.model.motion import MotionSource
from coach.model.samples import HeartRateSample
from coach.radio.clock import RunClock
from coach.radio.virtual.controller import Air
from coach.radio.virtual.twin import Identity, Outgoing, Twin, notifying, readable, uuid, writable

_CHEST = b"\x01"
_HAS_CONTACT, _KNOWS_CONTACT, _HAS_RR = 0x02, 0x04, 0x10


def heart_rate_packet(sample: HeartRateSample) -> bytes:
    """Return the Heart Rate Measurement for a sample: 8-bit rate below 256, RR in 1/1024 s."""
    flags = 0 if sample.heart_rate_bpm < 256 else 1
    if sample.has_skin_contact is not None:
        flags |= _KNOWS_CONTACT | (_HAS_CONTACT if sample.has_skin_contact else 0)
    if sample.rr_s:
        flags |= _HAS_RR
    rate = struct.pack("<H" if flags & 1 else "<B", sample.heart_rate_bpm)
    intervals = b"".join(struct.pack("<H", round(rr_s * 1024)) for rr_s in sample.rr_s)
    return bytes([flags]) + rate + intervals


class HeartRateStrap(Twin):
    """Sends whatever the body's heart does.

    has_running_speed: it speaks Running Speed and Cadence beside, as Garmin HRM-Pro Plus does (qdomyos-zwift 3346).
    """

    def __init__(
        self,
        air: Air,
        clock: RunClock,
        source: MotionSource,
        name: str = "TICKR 0001",
        address: str = "F0:00:00:00:18:0D",
        battery_pct: float = 90.0,
        has_running_speed: bool = False,
    ) -> None:
        identity = Identity(name, address, "Running Coach", "Virtual Strap", "1.0.0", services=(uuid("180D"),))
        super().__init__(air, clock, identity, battery_pct)
        self._source = source
        self._next_s = 0.0
        self.n_energy_resets = 0
        self.measurement = notifying("2A37")
        where = readable("2A38", _CHEST)
        control = writable("2A39", self._on_control)
        self.device.add_service(Service(uuid("180D"), [self.measurement, where, control]))
        self.running_speed = notifying("2A53") if has_running_speed else None
        if self.running_speed is not None:
            self.device.add_service(Service(uuid("1814"), [self.running_speed]))

    def due(self, now_s: float) -> Iterator[Outgoing]:
        """Yield a heart rate measurement, and one of running speed where it has that, once a second."""
        if now_s < self._next_s:
            return
        self._next_s = now_s + 1.0
        if self.is_subscribed(self.measurement):
            n_lost = self.count.n_lost
            yield self.measurement, heart_rate_packet(self._source.heart_rate(now_s))
            self.count.packet(1, self.count.n_lost > n_lost)
        if self.running_speed is not None and self.is_subscribed(self.running_speed):
            now = self._source.running_speed(now_s)
            speed = round(256 * now.speed_mps)
            yield self.running_speed, struct.pack("<BHB", 0b100, speed, min(now.raw_cadence_per_min, 255))

    def _on_control(self, request: bytes) -> None:
        if request == b"\x01":
            self.n_energy_resets += 1
