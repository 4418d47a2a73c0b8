"""A Movesense sensor: the GATT SensorData Protocol with IMU6 streams in one or two notifications a packet.

Source: Movesense documentation, GATT SensorData Protocol (firmware `gatt_sensordata_app`). Commands are
`[command][reference][payload]`; answers `01 reference status(u16)`, data `02 reference ...`, continued as `03`.
"""

import math
import re
import struct
from collections.abc import Iterator

import numpy as np
from bumble.gatt import Service

from coach.model.motion import MotionSource
from coach.model.sites import WearSite
from coach.model.units import GRAVITY_MPS2
from coach.radio.clock import RunClock
from coach.radio.virtual.controller import Air
from coach.radio.virtual.sampler import SampleBlock, Sampler
from coach.radio.virtual.twin import Identity, Outgoing, Twin, notifying, uuid, writable

SERVICE = "34802252-7185-4D5D-B431-630E7050E8F0"
COMMAND = "34800001-7185-4D5D-B431-630E7050E8F0"
DATA = "34800002-7185-4D5D-B431-630E7050E8F0"
_HELLO, _SUBSCRIBE, _UNSUBSCRIBE, _GET = 0, 1, 2, 4
_RATES_HZ = (13, 26, 52, 104, 208, 416, 833, 1666)
_MAX_SUBSCRIPTIONS = 4
_PATH = re.compile(r"/Meas/(Acc|Gyro|IMU6)/(\d+)")


class Movesense(Twin):
    """acc_range_g, gyr_range_dps: full scale; fixed, for the protocol cannot set it (shipped at 8 g, read it).

    n_mixed: packets of which the first part got through and whose second part was replaced by a later one's. ANOMALY:
    parts carry no number, so where a second and the next first part are lost, no listener can notice.
    """

    def __init__(
        self,
        air: Air,
        clock: RunClock,
        source: MotionSource,
        wear_site: WearSite,
        name: str,
        address: str,
        battery_pct: float = 90.0,
        acc_range_g: int = 16,
        gyr_range_dps: int = 2000,
        drift_ppm: float = 0.0,
        boot_s: float = 40.0,
    ) -> None:
        identity = Identity(
            name,
            address,
            "Movesense",
            "Movesense Flash",
            "2.3.1",
            serial=name.split()[-1],
            services=(uuid("FDF3"),),
            mtu=161,
        )
        super().__init__(air, clock, identity, battery_pct)
        self.wear_site = wear_site
        self._source = source
        self._acc_range_g = acc_range_g
        self._gyr_range_dps = gyr_range_dps
        self._drift_ppm = drift_ppm
        self._boot_s = boot_s
        self._streams: dict[int, tuple[str, Sampler]] = {}
        self._is_half_open = False
        self._is_first_lost = False
        self.n_mixed = 0
        self.data = notifying(DATA)
        self.device.add_service(Service(uuid(SERVICE), [writable(COMMAND, self._on_command), self.data]))

    def connected(self) -> None:
        """Begin each connection without subscriptions."""
        self._streams.clear()
        self._is_half_open = False

    # -- commands

    def _on_command(self, request: bytes) -> None:
        if len(request) < 2:
            return
        command, reference, payload = request[0], request[1], request[2:]
        if command == _HELLO:
            who = self.identity
            fields = (who.serial, who.model, who.address, "gatt_sensordata_app", who.firmware)
            self._reply(reference, b"\x01" + b"\0".join(text.encode() for text in fields) + b"\0")
        elif command == _SUBSCRIBE:
            self._reply(reference, struct.pack("<H", self._subscribe(reference, payload)))
        elif command == _UNSUBSCRIBE:
            known = self._streams.pop(reference, None)
            self._reply(reference, struct.pack("<H", 200 if known else 404))
        elif command == _GET:
            self._reply(reference, self._get(payload))
        else:
            self._reply(reference, struct.pack("<H", 501))

    def _reply(self, reference: int, payload: bytes) -> None:
        self.answer(self.data, bytes([1, reference]) + payload)

    def _subscribe(self, reference: int, payload: bytes) -> int:
        path = payload.rstrip(b"\0").decode(errors="replace")
        match = _PATH.fullmatch(path)
        if match is None or int(match[2]) not in _RATES_HZ:
            return 404
        if reference == 0 or reference in self._streams:
            return 409
        if len(self._streams) >= _MAX_SUBSCRIPTIONS:
            return 507
        rate_hz = int(match[2])
        n_block = min(8, max(1, rate_hz // 13))
        sampler = Sampler(self._source, self.wear_site, rate_hz, n_block, self._drift_ppm)
        sampler.restart(self.clock())
        self._streams[reference] = match[1], sampler
        return 200

    def _get(self, payload: bytes) -> bytes:
        path = payload.rstrip(b"\0").decode(errors="replace")
        if path == "/Meas/Acc/Config":
            return struct.pack("<HB", 200, self._acc_range_g)
        if path == "/Meas/Gyro/Config":
            return struct.pack("<HH", 200, self._gyr_range_dps)
        if path == "/Meas/Acc/Info":
            rates = struct.pack(f"<{len(_RATES_HZ)}H", *_RATES_HZ)
            return struct.pack("<HB", 200, len(_RATES_HZ)) + rates + bytes([4, 2, 4, 8, 16])
        return struct.pack("<H", 404)

    # -- data

    def due(self, now_s: float) -> Iterator[Outgoing]:
        """Yield the packets of every subscribed stream since the last call, each in one or two notifications."""
        if not self.is_subscribed(self.data):
            return
        for reference, (kind, sampler) in list(self._streams.items()):
            for block in sampler.take(now_s):
                n_lost = self.count.n_lost
                yield from self._packets(reference, self._values(kind, sampler.rate_hz, block))
                self.count.packet(len(block.acc_mps2), self.count.n_lost > n_lost, block.first)

    def _values(self, kind: str, rate_hz: float, block: SampleBlock) -> bytes:
        first_ms = math.floor(1000.0 * (self._boot_s + block.first / rate_hz))
        acc_limit = self._acc_range_g * GRAVITY_MPS2
        acc = np.clip(block.acc_mps2, -acc_limit, acc_limit).astype("<f4").tobytes()
        gyr = np.clip(np.degrees(block.gyr_radps), -self._gyr_range_dps, self._gyr_range_dps).astype("<f4").tobytes()
        values = {"Acc": acc, "Gyro": gyr, "IMU6": acc + gyr}[kind]
        return struct.pack("<I", first_ms % 2**32) + values

    def _packets(self, reference: int, values: bytes) -> Iterator[Outgoing]:
        room = self.identity.mtu - 3 - 2
        parts = [values[i : i + room] for i in range(0, len(values), room)]
        for number, part in enumerate(parts):
            n_lost = self.count.n_lost
            yield self.data, bytes([2 if number == 0 else 3, reference]) + part
            self._follow_parts(number == 0, len(parts) == 1, self.count.n_lost > n_lost)

    def _follow_parts(self, is_first: bool, is_only: bool, is_lost: bool) -> None:
        """Keep account of a listener that holds a first part and waits for a second one."""
        if is_lost:
            if is_first:
                self._is_first_lost = True
            return
        if is_first:
            self._is_half_open, self._is_first_lost = not is_only, False
            return
        self.n_mixed += self._is_half_open and self._is_first_lost
        self._is_half_open = False
