"""What is heard over ANT+: one stick for all who listen, opened while anybody does and opened again after a loss.

ANT+ sensors make no connection: they send to everybody, some four times a second, so hearing one is all there is to it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Final, Protocol

from coach.errors import LinkError
from coach.model.frozen import dataclass
from coach.model.links import FoundSensor
from coach.radio.ant.messages import Page
from coach.radio.ant.words import HARMLESS, ant_error
from coach.radio.clock import RunClock
from coach.radio.words import loss_error
from firmware_config.loader import find_ant_profile
from firmware_config.schema import DeviceProfile

_log: Final = logging.getLogger(__name__)
Receive = Callable[[bytes], None]
_PREFIX: Final = "ant-"
_AGAIN_S: Final = 3.0  # between two looks for a stick; short enough to wait for once it is plugged in again
_LINGER_S: Final = 3.0  # a stick is kept so long after the last listener: opening takes two seconds
_LISTED_S: Final = 5.0  # twenty pages of any sensor
_POLL_S: Final = 0.05


class Stick(Protocol):
    """What hears; all methods block, and are called by one thread after the other. Raises LinkError."""

    def open(self) -> None:
        """Claim the stick and begin to receive.

        Raises:
            LinkError: there is none, it may not be used, or another program has it.
        """

    def read(self) -> list[Page]:
        """Return what was received since the last call; empty where nothing was.

        Raises:
            LinkError: the stick is gone.
        """

    def close(self) -> None:
        """Give the stick back; allowed also where it was never opened or is gone."""


def usb_stick() -> Stick:
    """Return this machine's stick; raises LinkError where the extra [ant] is not installed."""
    try:
        from coach.radio.ant.stick import UsbStick
    except ImportError as fault:
        raise ant_error("ant_no_extra") from fault
    return UsbStick()


def no_stick() -> Stick:
    """Raise LinkError, for a radio that is not this machine's: it hears nothing over ANT+."""
    raise ant_error("ant_no_stick")


def sensor_id_of(page: Page) -> str:
    """Return what a sensor is known by: its device type and number."""
    return f"{_PREFIX}{page.device_type}-{page.number}"


def is_ant(sensor_id: str) -> bool:
    """Whether a sensor is one of ANT+, by its id."""
    return sensor_id.startswith(_PREFIX)


def profile_of(sensor_id: str) -> DeviceProfile | None:
    """Return the profile of a sensor of ANT+, by its id; None for others."""
    if not is_ant(sensor_id) or not (device_type := sensor_id.split("-")[1]).isdecimal():
        return None
    return find_ant_profile(int(device_type))


@dataclass(frozen=True, slots=True)
class _Heard:
    sensor: FoundSensor
    heard_s: float  # of the event loop


class AntAir:
    """Who listens and what is heard. On one event loop only, but it may be made anywhere.

    absent: as `Senders` has it. fault: why nothing can be heard, None while it can or nobody listens.
    """

    absent = "ant_absent"

    def __init__(self, make_stick: Callable[[], Stick] = usb_stick) -> None:
        self._make_stick = make_stick
        self._listeners: dict[str, list[Receive]] = {}
        self._heard: dict[str, _Heard] = {}
        self._n_wanting = 0
        self._work: asyncio.Task[None] | None = None
        self._ending: asyncio.TimerHandle | None = None
        self._closing: Future[None] | None = None
        self.fault: LinkError | None = None

    @property
    def problem(self) -> str | None:
        """What a runner must know: a stick is there, or was, and cannot be used."""
        return None if self.fault is None or self.fault.reason in HARMLESS else str(self.fault)

    @contextlib.contextmanager
    def wanted(self) -> Iterator[None]:
        """Listen while inside, for what is found."""
        self._n_wanting += 1
        if self._ending:
            self._ending.cancel()
            self._ending = None
        if self._work is None:
            self._work = asyncio.get_running_loop().create_task(self._keep_listening(), name="ant")
        try:
            yield
        finally:
            self._n_wanting -= 1
            if not self._n_wanting:
                self._ending = asyncio.get_running_loop().call_later(_LINGER_S, self._end)

    @contextlib.contextmanager
    def listening(self, sensor_id: str, receive: Receive) -> Iterator[None]:
        """While inside, `receive` gets each page of this sensor."""
        listeners = self._listeners.setdefault(sensor_id, [])
        listeners.append(receive)
        try:
            with self.wanted():
                yield
        finally:
            listeners.remove(receive)

    async def close(self) -> None:
        """Let the stick go now, if nobody listens."""
        if not self._n_wanting:
            work = self._end()
            if work:
                await asyncio.gather(work, return_exceptions=True)
            await self._closed()

    def found(self, clock: RunClock) -> list[FoundSensor]:
        """Return sensors of known kinds that are heard now."""
        now_s = asyncio.get_running_loop().time()
        return [
            replace(heard.sensor, seen_s=clock() - (now_s - heard.heard_s) * clock.speed)
            for heard in self._heard.values()
            if now_s - heard.heard_s <= _LISTED_S
        ]

    async def find(self, sensor_id: str, within_s: float, clock: RunClock) -> FoundSensor | None:
        """Return the sensor as soon as it is heard; None after `within_s` of the clock.

        Raises:
            LinkError: there is no stick that could hear it.
        """
        until_s = clock() + within_s
        with self.wanted():
            while True:
                found = next((one for one in self.found(clock) if one.sensor_id == sensor_id), None)
                if found is not None or clock() > until_s:
                    return found
                if self.fault is not None:
                    raise self.fault
                await asyncio.sleep(_POLL_S)

    # -- the stick

    def _end(self) -> asyncio.Task[None] | None:
        if self._ending:
            self._ending.cancel()  # else it would end what somebody begins meanwhile
        work, self._work, self._ending = self._work, None, None
        if work:
            work.cancel()
        self.fault = None
        return work

    async def _keep_listening(self) -> None:
        while True:
            try:
                await self._listen()
            except LinkError as fault:
                self.fault = fault
            except Exception as fault:  # noqa: BLE001  (of the USB libraries: a run goes on listening)
                _log.exception("the ANT+ stick failed")
                self.fault = loss_error("radio_fault", "the ANT+ stick", repr(fault))
            await asyncio.sleep(_AGAIN_S)

    async def _listen(self) -> None:
        """Listen until the stick fails: raises LinkError with the reason, or what its libraries raise."""
        await self._closed()
        loop, stick = asyncio.get_running_loop(), self._make_stick()
        thread = ThreadPoolExecutor(1, "ant")
        try:
            await loop.run_in_executor(thread, stick.open)
            self.fault = None
            while True:
                for page in await loop.run_in_executor(thread, stick.read):
                    self._hear(page, loop.time())
        finally:
            self._closing = thread.submit(stick.close)  # after a read that is going on
            thread.shutdown(wait=False)

    async def _closed(self) -> None:
        if self._closing is not None:
            await asyncio.wait([asyncio.wrap_future(self._closing)])
            self._closing = None

    def _hear(self, page: Page, now_s: float) -> None:
        profile = find_ant_profile(page.device_type)
        if profile is None:
            return
        sensor_id = sensor_id_of(page)
        sensor = FoundSensor(sensor_id, f"{profile.title} {page.number}", profile.id, page.rssi_dbm, 0.0)
        self._heard[sensor_id] = _Heard(sensor, now_s)
        for receive in tuple(self._listeners.get(sensor_id, ())):
            try:
                receive(page.payload)
            except Exception:  # noqa: BLE001  (the fault of one listener takes nothing from the others)
                _log.exception("a page of %s could not be taken", sensor_id)


async def can_hear_ant(make_stick: Callable[[], Stick] = usb_stick) -> LinkError | None:
    """Return None if this machine can hear ANT+ sensors, else why not and what to do."""
    try:
        stick = make_stick()
        try:
            await asyncio.to_thread(stick.open)
        finally:
            await asyncio.to_thread(stick.close)
    except LinkError as fault:
        return fault
    return None
