"""Listening for sensors: one scanner for all who ask, a live list of what is heard, and how to reach one sensor.

bleak's scanner must not run twice at once on BlueZ, so everybody shares this ear; it listens while anybody wants it.

Linux reports an advertiser sparsely: the controller once per scan enable (the kernel filters duplicates and enables
again about every 11 s; bleak issues 235, 394, 1065), and BlueZ after 5.87 not even then unless its signal changed by
8 dB (BlueZ e004414a1). So a sensor counts as heard from one report on, for as long as that scan lasts, and every
`_REOPEN_S` the scan is closed and opened again, which makes BlueZ report everybody who still advertises. While a
connection is being made the scan rests: many controllers cannot do both, and what is reported afterwards is fresh.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection

from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from coach.errors import LinkError
from coach.model.device_reports import Advertised
from coach.model.frozen import dataclass
from coach.model.links import FoundSensor
from coach.radio.backend import Backend
from coach.radio.clock import RunClock
from coach.radio.words import RADIO_FAULTS, explain
from firmware_config.loader import find_profile

_MOST_HEARD = 500
_KEPT_S = 60.0
_LISTED_S = 30.0  # three scans: a sensor that advertises once a second is missed by none of them
_REOPEN_S = 10.0  # many advertising intervals of any sensor (0.02-2 s), and short enough to wait for after a loss
_POLL_S = 1.0
_NO_SIGNAL_DBM = -128  # weaker than any that is received
_INSTANT_S = 0.001  # a rest of rounding is no time to listen in

# Name, service UUIDs, company ids of an advertisement -> id of the profile that knows such a sensor.
Identify = Callable[[str, Collection[str], Collection[int]], str | None]


def by_likelihood(sensor: FoundSensor) -> tuple[bool, int, str]:
    """Sort key: known kinds first, then the strongest signal, those without one last."""
    return (
        sensor.profile_id is None,
        -(_NO_SIGNAL_DBM if sensor.rssi_dbm is None else sensor.rssi_dbm),
        sensor.sensor_id,
    )


def known_profile(name: str, services: Collection[str], _companies: Collection[int]) -> str | None:
    """Return the profile of `firmware_config` that knows this advertisement."""
    profile = find_profile(name, list(services))
    return profile.id if profile else None


@dataclass(frozen=True, slots=True)
class Heard:
    """The newest advertisement of one sensor. device: what bleak connects to."""

    sensor: FoundSensor
    device: BLEDevice
    advertised: Advertised


class Ear:
    """What is heard on the air. Times are of `clock`."""

    def __init__(self, backend: Backend, identify: Identify, clock: RunClock) -> None:
        self._backend = backend
        self._identify = identify
        self._clock = clock
        self._heard: dict[str, Heard] = {}
        self._n_listeners = 0
        self._n_rests = 0
        self._openings_s: deque[float] = deque(maxlen=2)
        self._scanner: BleakScanner | None = None
        self._reopening: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._news = asyncio.Condition()
        self._notifying: set[asyncio.Task[None]] = set()
        self.fault: LinkError | None = None

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Scan while inside; `fault` says why the scan could not go on.

        Raises:
            LinkError: no adapter, switched off, not permitted, no Bluetooth service.
        """
        async with self._turn:
            if self._n_listeners == 0:
                self.fault = None
                if self._n_rests == 0:
                    await self._open()
                self._reopening = asyncio.create_task(self._keep_reopening(), name="scan")
            self._n_listeners += 1
        try:
            yield
        finally:
            async with self._turn:
                self._n_listeners -= 1
                if self._n_listeners == 0:
                    await self._end()

    async def _end(self) -> None:
        if self._reopening:
            self._reopening.cancel()
            self._reopening = None
        await self._close()
        self._openings_s.clear()

    @contextlib.asynccontextmanager
    async def resting(self) -> AsyncIterator[None]:
        """No scan while inside, whoever listens; afterwards those who still do hear again what advertises."""
        async with self._turn:
            self._n_rests += 1
            await self._close()
        try:
            yield
        finally:
            async with self._turn:
                self._n_rests -= 1
                await self._reopen()

    async def _keep_reopening(self) -> None:
        while True:
            await self._clock.sleep(_REOPEN_S)
            async with self._turn:
                if self._scanner is None or self._clock() - self._openings_s[-1] >= _REOPEN_S:
                    await self._close()
                    await self._reopen()

    async def _reopen(self) -> None:
        """Go on scanning if somebody listens; why that cannot be is kept in `fault` until it can."""
        if self._n_rests or not self._n_listeners or self._scanner:
            return
        try:
            await self._open()
            self.fault = None
        except LinkError as fault:
            self.fault = fault
            await self._notify()

    async def _open(self) -> None:
        scanner = self._backend.make_scanner(self._on_advertisement)
        self._openings_s.append(self._clock())
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
        advertised = Advertised(
            name, tuple(advertisement.service_uuids), tuple(advertisement.manufacturer_data), advertisement.rssi
        )
        self._heard[device.address] = Heard(sensor, device, advertised)
        self._forget_old()
        notifying = asyncio.ensure_future(self._notify())
        self._notifying.add(notifying)
        notifying.add_done_callback(self._notifying.discard)

    def _forget_old(self) -> None:
        """Forget old sensors: phones change their addresses all day: keep no more than a street of them."""
        if len(self._heard) > _MOST_HEARD:
            since_s = self._clock() - _KEPT_S
            self._heard = {i: heard for i, heard in self._heard.items() if heard.sensor.seen_s >= since_s}

    async def _notify(self) -> None:
        async with self._news:
            self._news.notify_all()

    def found(self, within_s: float = _LISTED_S) -> list[FoundSensor]:
        """Return sensors heard in the last `within_s`, or since the scan before this one was opened.

        Known kinds come first, then the strongest signal.
        """
        since_s = min(self._clock() - within_s, *self._openings_s, self._clock())
        recent = [heard.sensor for heard in self._heard.values() if heard.sensor.seen_s >= since_s]
        return sorted(recent, key=by_likelihood)

    def advertised(self, sensor_id: str) -> Advertised | None:
        """Return how a sensor was last heard to advertise; None where it was not."""
        heard = self._heard.get(sensor_id)
        return heard.advertised if heard else None

    async def find(self, sensor_id: str, within_s: float) -> BLEDevice | None:
        """Return the sensor as heard since the scan was opened, else as soon as it is;
        None after `within_s` of listening.

        Raises:
            LinkError: the adapter cannot listen.
        """
        async with self.listening():
            left_s = within_s
            while (device := self._heard_in_this_scan(sensor_id)) is None and left_s > _INSTANT_S:
                looked_s, was_resting = self._clock(), self._n_rests > 0
                await self._wait_for(sensor_id, min(left_s, _POLL_S))
                if self.fault is not None:
                    raise self.fault
                left_s -= 0.0 if was_resting else self._clock() - looked_s
        return device

    async def _wait_for(self, sensor_id: str, within_s: float) -> None:
        with contextlib.suppress(TimeoutError):  # who waits looks again, and knows how long it has waited
            async with asyncio.timeout(self._clock.wall_s(within_s)), self._news:
                await self._news.wait_for(
                    lambda: self._heard_in_this_scan(sensor_id) is not None or self.fault is not None
                )

    def _heard_in_this_scan(self, sensor_id: str) -> BLEDevice | None:
        heard = self._heard.get(sensor_id)
        if heard is None or not self._openings_s or heard.sensor.seen_s < self._openings_s[-1]:
            return None
        return heard.device


async def can_listen(backend: Backend, clock: RunClock) -> LinkError | None:
    """Return None if this machine's radio can scan, else why not and what to do."""
    try:
        async with Ear(backend, lambda _name, _services, _companies: None, clock).listening():
            return None
    except LinkError as fault:
        return fault
