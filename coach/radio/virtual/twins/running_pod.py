"""A running pod: Running Speed and Cadence (0x1814) with feature, location, control point; one measurement a second.

Source: Bluetooth SIG, GATT Specification Supplement, "RSC Measurement", "SC Control Point".
"""

import struct
from collections.abc import Iterator

from bumble.gatt import Characteristic, Service

from coach.model.motion import MotionSource
from coach.radio.clock import RunClock
from coach.radio.virtual.controller import Air
from coach.radio.virtual.twin import Identity, Outgoing, P, Twin, notifying, readable, uuid, writable

_FEATURES = 0x1F
_LOCATIONS = (0, 1, 2, 3)
_OK, _UNSUPPORTED, _INVALID = 1, 2, 3
_RUNNING_MPS = 2.2


class RunningPod(Twin):
    """cadence_unit: "steps" or "strides" per minute: pods disagree. has_stride_length: sends the optional field."""

    def __init__(
        self,
        air: Air,
        clock: RunClock,
        source: MotionSource,
        name: str = "Demo RunPod",
        address: str = "F0:00:00:00:18:14",
        battery_pct: float = 90.0,
        cadence_unit: str = "strides",
        has_stride_length: bool = True,
        location: int = 1,
    ) -> None:
        identity = Identity(name, address, "Running Coach", "Virtual RunPod", "1.0.0", services=(uuid("1814"),))
        super().__init__(air, clock, identity, battery_pct)
        self._source = source
        self._counts_per_step = 0.5 if cadence_unit == "strides" else 1.0
        self._has_stride_length = has_stride_length
        self._location = location
        self._distance_offset_m = 0.0
        self._distance_m = 0.0
        self._next_s = 0.0
        self.measurement = notifying("2A53")
        self.control_point: Characteristic[bytes] = writable("2A55", self._on_control, P.WRITE | P.INDICATE)
        feature = readable("2A54", struct.pack("<H", _FEATURES))
        where = readable("2A5D", lambda: bytes([self._location]))
        self.device.add_service(Service(uuid("1814"), [self.measurement, feature, where, self.control_point]))

    def due(self, now_s: float) -> Iterator[Outgoing]:
        """Yield one measurement a second, after what a subclass sends beside it."""
        if now_s < self._next_s:
            return
        self._next_s = now_s + 1.0
        yield from self.beside(now_s)
        if self.is_subscribed(self.measurement):
            n_lost = self.count.n_lost
            yield self.measurement, self.measure(now_s)
            self.count.packet(1, self.count.n_lost > n_lost)

    def beside(self, _now_s: float) -> Iterator[Outgoing]:
        """Yield what a pod of some maker sends beside its measurement, each second, subscribed or not."""
        yield from ()

    def measure(self, now_s: float) -> bytes:
        """Return the packet for this moment."""
        now = self._source.running_speed(now_s)
        self._distance_m = now.distance_m or 0.0
        steps_per_min = now.cadence_spm if now.cadence_spm is not None else float(now.raw_cadence_per_min)
        flags = 0b010 | (0b001 if self._has_stride_length else 0) | (0b100 if now.speed_mps >= _RUNNING_MPS else 0)
        cadence = min(round(steps_per_min * self._counts_per_step), 255)
        packet = struct.pack("<BHB", flags, round(now.speed_mps * 256), cadence)
        if self._has_stride_length:
            per_count_m = 60.0 * now.speed_mps / cadence if cadence else 0.0
            packet += struct.pack("<H", round(100 * per_count_m))
        return packet + struct.pack("<I", round(10 * (self._distance_m + self._distance_offset_m)) % 2**32)

    def _on_control(self, request: bytes) -> None:
        self.demand_subscription(self.control_point)
        opcode = request[0] if request else 0
        result, extra = self._obey(opcode, request[1:])
        self.answer(self.control_point, bytes([0x10, opcode, result]) + extra, indicate=True)

    def _obey(self, opcode: int, operand: bytes) -> tuple[int, bytes]:
        if opcode == 1:
            if len(operand) != 4:
                return _INVALID, b""
            self._distance_offset_m = int.from_bytes(operand, "little") / 10 - self._distance_m
            return _OK, b""
        if opcode == 2:
            return _OK, b""
        if opcode == 3:
            if len(operand) != 1 or operand[0] not in _LOCATIONS:
                return _INVALID, b""
            self._location = operand[0]
            return _OK, b""
        if opcode == 4:
            return _OK, bytes(_LOCATIONS)
        return _UNSUPPORTED, b""
