"""Listening for sensors: one scanner for all who ask, a live list of what is heard, and the way to one sensor.

bleak's scanner must not run twice at once on BlueZ, so everybody shares this ear; it listens while anybody wants it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass

from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from coach.errors import LinkError
from coach.model.links import FoundSensor
from coach.radio.backend import Backend
from coach.radio.clock import RunClock
from coach.radio.words import RADIO_FAULTS, explain
from firmware_config.loader import find_profile

_MOST_HEARD = 500
_KEPT_S = 60.0

# Name, service UUIDs, company ids of an advertisement -> id of the profile that knows such a sensor.
Identify = Callable[[str, Collection[str], Collection[int]], str | None]


def known_profile(name: str, services: Collection[str], _companies: Collection[int]) -> str | None:
    """The profile of `firmware_config` that knows this advertisement."""
    profile = find_profile(name, list(services))
    return profile.id if profile else None


@dataclass(frozen=True, slots=True)
class Heard:
    """The newest advertisement of one sensor. device: what bleak connects to."""

    sensor: FoundSensor
    device: BLEDevice


class Ear:
    """What is heard on the air. Times are of `clock`."""

    def __init__(self, backend: Backend, identify: Identify, clock: RunClock) -> None:
        self._backend = backend
        self._identify = identify
        self._clock = clock
        self._heard: dict[str, Heard] = {}
        self._n_listeners = 0
        self._scanner: BleakScanner | None = None
        self._turn = asyncio.Lock()
        self._news = asyncio.Condition()
        self._tellers: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Scan while inside.

        Raises:
            LinkError: no adapter, switched off, not permitted, no Bluetooth service.
        """
        async with self._turn:
            if self._n_listeners == 0:
                await self._open()
            self._n_listeners += 1
        try:
            yield
        finally:
            async with self._turn:
                self._n_listeners -= 1
                if self._n_listeners == 0:
                    await self._close()

    async def _open(self) -> None:
        scanner = self._backend.make_scanner(self._on_advertisement)
        try:
            await scanner.start()
        except RADIO_FAULTS as fault:
            raise explain(fault) from fault
        self._scanner = scanner

    async def _close(self) -> None:
        scanner, self._scanner = self._scanner, None
        if scanner is not None:
            with contextlib.suppress(*RADIO_FAULTS):  # the adapter may be gone: then nothing is left to stop
                await scanner.stop()

    def _on_advertisement(self, device: BLEDevice, advertisement: AdvertisementData) -> None:
        name = advertisement.local_name or device.name or ""
        before = self._heard.get(device.address)
        profile_id = self._identify(name, advertisement.service_uuids, advertisement.manufacturer_data)
        if before is not None:
            name = name or before.sensor.name
            profile_id = profile_id or before.sensor.profile_id
        sensor = FoundSensor(device.address, name, profile_id, advertisement.rssi, self._clock())
        self._heard[device.address] = Heard(sensor, device)
        self._forget_old()
        teller = asyncio.ensure_future(self._tell())
        self._tellers.add(teller)
        teller.add_done_callback(self._tellers.discard)

    def _forget_old(self) -> None:
        """Phones change their addresses all day: keep no more than a street of them."""
        if len(self._heard) > _MOST_HEARD:
            since_s = self._clock() - _KEPT_S
            self._heard = {i: heard for i, heard in self._heard.items() if heard.sensor.seen_s >= since_s}

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    def found(self, within_s: float = 30.0) -> list[FoundSensor]:
        """Sensors heard in the last `within_s`, known kinds first, the strongest signal first."""
        since_s = self._clock() - within_s
        recent = [heard.sensor for heard in self._heard.values() if heard.sensor.seen_s >= since_s]
        return sorted(recent, key=lambda sensor: (sensor.profile_id is None, -sensor.rssi_dbm, sensor.sensor_id))

    async def find(self, sensor_id: str, within_s: float) -> BLEDevice | None:
        """Listen until the sensor is heard anew; None if it is not within `within_s`.

        Raises:
            LinkError: the adapter cannot listen.
        """
        since_s = self._clock()
        async with self.listening():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._clock.wall_s(within_s)), self._news:
                    await self._news.wait_for(lambda: self._is_heard_since(sensor_id, since_s))
        return self._heard[sensor_id].device if self._is_heard_since(sensor_id, since_s) else None

    def _is_heard_since(self, sensor_id: str, since_s: float) -> bool:
        heard = self._heard.get(sensor_id)
        return heard is not None and heard.sensor.seen_s >= since_s


async def can_listen(backend: Backend, clock: RunClock) -> LinkError | None:
    """None if this machine's radio can scan, else why not and what to do."""
    try:
        async with Ear(backend, lambda _name, _services, _companies: None, clock).listening():
            return None
    except LinkError as fault:
        return fault
