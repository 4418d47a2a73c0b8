"""A WitMotion WT9011DCL: 0x61 frames in a byte stream, registers behind an unlock, a bandwidth that smears.

Source: WitBluetooth_BWT901BLE5_0 and the "WT9011DCL-BT50 Communication Protocol". As sold: 10 Hz, 20 Hz bandwidth.
Frames of 20 bytes, or 28 with chip time on newer firmware; no checksum, counter or timestamp in the short one.
"""

import math
import struct
from collections.abc import Iterator

import numpy as np
from bumble.gatt import Service

from coach.model.motion import MotionSource
from coach.model.samples import FloatArray
from coach.model.sites import WearSite
from coach.model.units import GRAVITY_MPS2
from coach.radio.clock import RunClock
from coach.radio.virtual.controller import Air
from coach.radio.virtual.sampler import Sampler
from coach.radio.virtual.twin import Identity, Outgoing, P, Twin, notifying, uuid, writable

_BASE = "-0000-1000-8000-00805F9A34FB"
SERVICE, NOTIFY, WRITE = (f"0000{number}{_BASE}" for number in ("FFE5", "FFE4", "FFE9"))
_RATES_HZ = {3: 1.0, 4: 2.0, 5: 5.0, 6: 10.0, 7: 20.0, 8: 50.0, 9: 100.0, 11: 200.0}
_BANDWIDTHS_HZ = {0: 256.0, 1: 188.0, 2: 98.0, 3: 42.0, 4: 20.0, 5: 10.0, 6: 5.0}
_SAVE, _RATE, _BANDWIDTH, _AXES, _VERSION, _VOLTS, _UNLOCK = 0x00, 0x03, 0x1F, 0x24, 0x2E, 0x64, 0x69
_AS_SOLD = {_RATE: 6, _BANDWIDTH: 4, _AXES: 0}
_UNLOCKED_S = 10.0
_ROOM = 20


class WitMotion(Twin):
    """is_long: 28-byte frames. is_chopped: notifications of 20 bytes whatever the frames, as a serial bridge cuts them.

    saved, registers: what it keeps over a power cut, and what it does now.
    """

    def __init__(
        self,
        air: Air,
        clock: RunClock,
        source: MotionSource,
        wear_site: WearSite,
        name: str = "WT901BLE68",
        address: str = "F0:00:00:00:FF:E5",
        drift_ppm: float = 0.0,
        is_long: bool = False,
        is_chopped: bool = False,
    ) -> None:
        mtu = 64 if is_long and not is_chopped else 23
        super().__init__(air, clock, Identity(name, address, "WitMotion", "WT9011DCL-BT50", "1.0.6", mtu=mtu))
        self._source = source
        self._wear_site = wear_site
        self._drift_ppm = drift_ppm
        self._is_long = is_long
        self._is_chopped = is_chopped
        self.saved = dict(_AS_SOLD)
        self.registers = dict(_AS_SOLD)
        self._unlocked_until_s = -math.inf
        self._sampler: Sampler | None = None
        self._smooth: FloatArray | None = None
        self._stream = b""
        self._register_answers: list[bytes] = []
        self.notify = notifying(NOTIFY)
        write = writable(WRITE, self._on_write, P.WRITE | P.WRITE_WITHOUT_RESPONSE)
        self.device.add_service(Service(uuid(SERVICE), [self.notify, write]))

    def connected(self) -> None:
        """Begin each connection without a stream, and without what was left of the last one."""
        self._sampler = None
        self._stream = b""
        self._register_answers.clear()

    def cut_power(self) -> None:
        """Switch off and on: what was not saved is forgotten."""
        self.registers = dict(self.saved)

    # -- registers

    def _on_write(self, request: bytes) -> None:
        if len(request) != 5 or request[:2] != b"\xff\xaa":
            return
        register, value = request[2], int.from_bytes(request[3:], "little")
        if register == 0x27:
            self._register_answers.append(self._register_answer(value))
        elif register == _UNLOCK and value == 0xB588:
            self._unlocked_until_s = self.clock() + _UNLOCKED_S
        elif self.clock() <= self._unlocked_until_s:
            self._set(register, value)

    def _set(self, register: int, value: int) -> None:
        if register == _SAVE and value == 0:
            self.saved = dict(self.registers)
        elif register in self.registers:
            self.registers[register] = value
            self._sampler = None

    def _register_answer(self, register: int) -> bytes:
        volts = round(340 + 56 * self.battery_pct / 100)
        known = {**self.registers, _VOLTS: volts, _VERSION: 10006}
        values = [known.get(register + i, 0) for i in range(8)]
        return struct.pack("<BBH8h", 0x55, 0x71, register, *values)

    # -- data

    @property
    def rate_hz(self) -> float:
        """The output rate [Hz] that its register holds; 10 Hz, as sold, where the register holds none that it knows."""
        return _RATES_HZ.get(self.registers[_RATE], 10.0)

    def due(self, now_s: float) -> Iterator[Outgoing]:
        """Yield a frame for each reading since the last call, after answers to what was asked of its registers."""
        if not self.is_subscribed(self.notify):
            self._sampler = None
            return
        if self._sampler is None:
            self._sampler = Sampler(self._source, self._wear_site, self.rate_hz, 1, self._drift_ppm)
            self._sampler.restart(now_s)
            self._smooth = None
        for block in self._sampler.take(now_s):
            reading = np.concatenate([block.acc_mps2[0] / GRAVITY_MPS2, np.degrees(block.gyr_radps[0])])
            n_lost = self.count.n_lost
            frames = [*self._register_answers, self._frame(self._through_filter(reading), now_s)]
            self._register_answers.clear()
            for payload in self._notifications(frames):
                yield self.notify, payload
            self.count.packet(1, self.count.n_lost > n_lost)

    def _notifications(self, frames: list[bytes]) -> list[bytes]:
        if not self._is_chopped:
            return frames
        self._stream += b"".join(frames)
        n_whole = len(self._stream) // _ROOM * _ROOM
        whole, self._stream = self._stream[:n_whole], self._stream[n_whole:]
        return [whole[i : i + _ROOM] for i in range(0, n_whole, _ROOM)]

    def _through_filter(self, reading: FloatArray) -> FloatArray:
        """Return the chip's low pass, of first order, as far as the rate lets it show."""
        bandwidth_hz = _BANDWIDTHS_HZ.get(self.registers[_BANDWIDTH], 20.0)
        share = 1.0 - math.exp(-2.0 * math.pi * bandwidth_hz / self.rate_hz)
        self._smooth = reading if self._smooth is None else self._smooth + share * (reading - self._smooth)
        return self._smooth

    def _frame(self, reading: FloatArray, now_s: float) -> bytes:
        acc_g, gyr_dps = reading[:3], reading[3:]
        roll = math.degrees(math.atan2(acc_g[1], acc_g[2]))
        pitch = math.degrees(math.atan2(-acc_g[0], math.hypot(acc_g[1], acc_g[2])))
        scaled = [*(acc_g / 16), *(gyr_dps / 2000), roll / 180, pitch / 180, 0.0]
        raw = np.clip(np.round(np.array(scaled) * 32768), -32768, 32767).astype("<i2")
        return b"\x55\x61" + raw.tobytes() + (self._chip_time(now_s) if self._is_long else b"")

    @staticmethod
    def _chip_time(now_s: float) -> bytes:
        seconds, ms = divmod(round(now_s * 1000), 1000)
        minutes, second = divmod(seconds, 60)
        hours, minute = divmod(minutes, 60)
        return struct.pack("<6BH", 24, 1, 1 + hours // 24, hours % 24, minute, second, ms)
