"""A Movella (Xsens) DOT: rate quantities at up to 60 Hz, with the device control that sets the rate.

Source: xsens_dot_server and the DOT BLE service specification: measurement control 2001 `01 on mode`, payloads padded
to 20, 40 or 63 bytes by characteristic, u32 microseconds first; device control 1002 is read, changed and written.
"""

import struct
from collections.abc import Iterator

import numpy as np
from bumble import att
from bumble.gatt import Characteristic, Service

from coach.model.motion import MotionSource
from coach.model.sites import WearSite
from coach.model.units import GRAVITY_MPS2
from coach.radio.clock import RunClock
from coach.radio.virtual.controller import Air
from coach.radio.virtual.sampler import SampleBlock, Sampler
from coach.radio.virtual.twin import Identity, Outgoing, P, Twin, held, notifying, readable, uuid

_RATES_HZ = (1, 4, 10, 12, 15, 20, 30, 60)
_RATE_AT = 24
_VISIT_RATE = 0x10
_FREE_ACCELERATION, _RATE_QUANTITIES, _CUSTOM_5 = 6, 21, 26
_MODES = {_FREE_ACCELERATION: 20, _RATE_QUANTITIES: 40, _CUSTOM_5: 63}


def dot_uuid(short: str) -> str:
    """Return the full UUID of one of the maker's by the four digits that differ."""
    return f"1517{short}-4947-11E9-8646-D663BD873D93"


class MovellaDot(Twin):
    """Clips at 16 g and 2000 deg/s; gives mode 21 (rate quantities), nothing but it."""

    def __init__(
        self,
        air: Air,
        clock: RunClock,
        source: MotionSource,
        wear_site: WearSite,
        name: str = "Movella DOT",
        address: str = "F0:00:00:00:15:17",
        battery_pct: float = 90.0,
        drift_ppm: float = 0.0,
        rate_hz: int = 60,
    ) -> None:
        identity = Identity(name, address, "Movella", "DOT", "3.0.0")
        super().__init__(air, clock, identity, battery_pct)
        self._source = source
        self._wear_site = wear_site
        self._drift_ppm = drift_ppm
        self._sampler: Sampler | None = None
        self._control = bytearray(32)
        struct.pack_into("<H", self._control, _RATE_AT, rate_hz)
        self.medium = notifying(dot_uuid("2003"))
        self._add_services()

    def _add_services(self) -> None:
        settings = held(dot_uuid("1002"), lambda: bytes(self._control), self._on_settings, P.READ | P.WRITE)
        self.device.add_service(Service(uuid(dot_uuid("1000")), [settings]))
        state: Characteristic[bytes] = held(
            dot_uuid("2001"), lambda: bytes([1, self._sampler is not None, _RATE_QUANTITIES]), self._on_control,
            P.READ | P.WRITE,
        )  # fmt: skip
        others = [notifying(dot_uuid("2002")), notifying(dot_uuid("2004"))]
        self.device.add_service(Service(uuid(dot_uuid("2000")), [state, self.medium, *others]))
        battery = readable(dot_uuid("3001"), lambda: bytes([round(self.battery_pct), 0]))
        self.device.add_service(Service(uuid(dot_uuid("3000")), [battery]))

    @property
    def rate_hz(self) -> int:
        """The output rate [Hz] that its device control holds."""
        return int.from_bytes(self._control[_RATE_AT : _RATE_AT + 2], "little")

    def connected(self) -> None:
        """Begin each connection without a stream: a computer has to start it."""
        self._sampler = None

    def _on_settings(self, value: bytes) -> None:
        if len(value) != 32:
            raise att.ATT_Error(error_code=att.ErrorCode.INVALID_ATTRIBUTE_LENGTH)
        rate_hz = int.from_bytes(value[_RATE_AT : _RATE_AT + 2], "little")
        if value[0] & _VISIT_RATE and rate_hz in _RATES_HZ:
            struct.pack_into("<H", self._control, _RATE_AT, rate_hz)

    def _on_control(self, value: bytes) -> None:
        if len(value) != 3 or value[0] != 1:
            return
        self._sampler = None
        if value[1] == 1 and value[2] == _RATE_QUANTITIES:
            self._sampler = Sampler(self._source, self._wear_site, self.rate_hz, 1, self._drift_ppm)
            self._sampler.restart(self.clock())

    def due(self, now_s: float) -> Iterator[Outgoing]:
        """Yield each reading since the last call, once measuring was started and its characteristic subscribed."""
        if self._sampler is None or not self.is_subscribed(self.medium):
            return
        for block in self._sampler.take(now_s):
            n_lost = self.count.n_lost
            yield self.medium, self._packet(block, self._sampler.rate_hz).ljust(_MODES[_RATE_QUANTITIES], b"\0")
            self.count.packet(1, self.count.n_lost > n_lost, block.first)

    @staticmethod
    def _packet(block: SampleBlock, rate_hz: float) -> bytes:
        acc = np.clip(block.acc_mps2[0], -16 * GRAVITY_MPS2, 16 * GRAVITY_MPS2)
        gyr = np.clip(np.degrees(block.gyr_radps[0]), -2000.0, 2000.0)
        return struct.pack("<I6f", round(1e6 * block.first / rate_hz) % 2**32, *acc, *gyr)
