"""A board that someone flashed with our open protocol: framed, numbered, timed, checked; set up by one command.

Source: firmware_config/boards/README.md, version 1. Written apart from the decoder, so that each checks the other.
"""

import binascii
import struct
from collections.abc import Iterator

import numpy as np
from bumble.gatt import Characteristic, Service

from coach.model.motion import MotionSource
from coach.model.sites import WearSite
from coach.model.units import GRAVITY_MPS2
from coach.radio.clock import RunClock
from coach.radio.virtual.controller import Air
from coach.radio.virtual.sampler import SampleBlock, Sampler
from coach.radio.virtual.twin import Identity, Outgoing, Twin, notifying, readable, uuid, writable

_BASE = "-7A1E-4B5C-9D2F-52554E4E4552"
SERVICE, FRAMES, DESCRIPTION, CONTROL = (f"C0AC000{n}{_BASE}" for n in range(4))
_ACC_RANGES_G = (2, 4, 8, 16, 32)
_GYR_RANGES_DPS = (125, 250, 500, 1000, 2000, 4000)
_RATES_HZ = (52, 104, 208, 416)
_N_BLOCK = 10
_FRAME = 10 + 12 * _N_BLOCK + 2  # bytes; a link whose notifications hold fewer gets small frames of one reading
_NOTIFICATION_HEAD = 3


def crc16(data: bytes) -> int:
    """Return CRC-16/CCITT-FALSE."""
    return binascii.crc_hqx(data, 0xFFFF)


def _checked(body: bytes) -> bytes:
    return body + struct.pack("<H", crc16(body))


class CoachBoard(Twin):
    """Comes as 104 Hz, 8 g, 2000 deg/s, 50 Hz bandwidth; `settings` is (rate, g, deg/s, bandwidth)."""

    def __init__(
        self,
        air: Air,
        clock: RunClock,
        source: MotionSource,
        wear_site: WearSite,
        name: str = "Coach 01",
        address: str = "F0:00:00:00:C0:AC",
        battery_pct: float = 90.0,
        drift_ppm: float = 0.0,
        mtu: int = 247,
    ) -> None:
        super().__init__(air, clock, Identity(name, address, "Maker", "Coach board", "1.0.0", mtu=mtu), battery_pct)
        self._source = source
        self._wear_site = wear_site
        self._drift_ppm = drift_ppm
        self.settings = (104, 8, 2000, 50)
        self._sequence = 0
        self._sampler: Sampler | None = None
        self.frames = notifying(FRAMES)
        description: Characteristic[bytes] = readable(DESCRIPTION, self._describe)
        control = writable(CONTROL, self._on_control)
        self.device.add_service(Service(uuid(SERVICE), [self.frames, description, control]))

    def connected(self) -> None:
        """Begin each connection without a stream."""
        self._sampler = None

    def _describe(self) -> bytes:
        return _checked(struct.pack("<BBHHHH", 1, 0, *self.settings))

    def _on_control(self, request: bytes) -> None:
        if len(request) != 9 or request[0] != 1:
            return
        rate_hz, acc_g, gyr_dps, bandwidth_hz = struct.unpack_from("<4H", request, 1)
        if rate_hz in _RATES_HZ and acc_g in _ACC_RANGES_G and gyr_dps in _GYR_RANGES_DPS:
            self.settings = (rate_hz, acc_g, gyr_dps, bandwidth_hz)
            self._sampler = None

    def due(self, now_s: float) -> Iterator[Outgoing]:
        """Yield a frame for every full block of readings since the last call. A computer that subscribes starts the
        stream."""
        if not self.is_subscribed(self.frames):
            self._sampler = None
            return
        if self._sampler is None:
            n_block = 1 if self._is_small() else _N_BLOCK
            self._sampler = Sampler(self._source, self._wear_site, self.settings[0], n_block, self._drift_ppm)
            self._sampler.restart(now_s)
        for block in self._sampler.take(now_s):
            n_lost = self.count.n_lost
            yield self.frames, self._frame(block)
            self.count.packet(len(block.acc_mps2), self.count.n_lost > n_lost, block.first)

    def _is_small(self) -> bool:
        return self.connection is not None and self.connection.att_mtu - _NOTIFICATION_HEAD < _FRAME

    def _frame(self, block: SampleBlock) -> bytes:
        rate_hz, acc_g, gyr_dps, _ = self.settings
        code = _ACC_RANGES_G.index(acc_g) | _GYR_RANGES_DPS.index(gyr_dps) << 4
        first_us = round(1e6 * block.first / rate_hz) % 2**32
        if self._is_small():
            ticks = (first_us >> 4) % 2**24
            head = bytes([0xA6, self._sequence % 256, ticks & 0xFF, ticks >> 8 & 0xFF, ticks >> 16, code])
        else:
            head = struct.pack("<BBHIBB", 0xA5, 1, self._sequence, first_us, len(block.acc_mps2), code)
        self._sequence = (self._sequence + 1) % 2**16
        share = np.hstack([block.acc_mps2 / (acc_g * GRAVITY_MPS2), np.degrees(block.gyr_radps) / gyr_dps])
        counts = np.clip(np.round(share * 32768), -32768, 32767).astype("<i2")
        return _checked(head + counts.tobytes())
