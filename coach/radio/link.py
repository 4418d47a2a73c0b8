"""The link to one sensor for the length of a run: connect, start, stream, notice loss and silence, come back.

In: a LinkPlan. Out: every notification with its arrival time, and a LinkEvent for each change, in words.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from coach.errors import LinkError
from coach.model.links import LinkEvent, LinkStatus, SensorUse
from coach.model.samples import Notification
from coach.model.steps import LinkPlan
from coach.radio.session import Radio, Session, connected, introduce
from coach.radio.talk import OnNotification, Wire
from coach.radio.words import loss_error

OnLinkEvent = Callable[[LinkEvent], None]


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """Times in seconds of the run's clock.

    silent_s: no data for so long is said (values blank within 3 s). stalled_s: then the connection is made again.
    faded_s: silence before a loss that tells fading out from a connection the sensor ended. first_wait_s, max_wait_s:
    back-off between attempts, doubled each time. battery_s: how often the charge is read. low_pct: charges to warn at.
    tick_s: how often the link is looked at. mute_s: a sensor that has notified nothing so long after it was set up is
    read instead, every poll_s, where it can be (QZ reads 0x2A53 of some pods so after 5 s). set_up_s, stop_s: how long
    the conversations may take.
    """

    silent_s: float = 3.0
    stalled_s: float = 30.0
    faded_s: float = 2.0
    first_wait_s: float = 1.0
    max_wait_s: float = 15.0
    battery_s: float = 300.0
    low_pct: tuple[float, ...] = (20.0, 10.0, 5.0)
    tick_s: float = 0.25
    set_up_s: float = 45.0
    stop_s: float = 5.0
    mute_s: float = 5.0
    poll_s: float = 1.0


class SensorLink:
    """Runs one sensor until `stop`. status, use and battery_pct tell where it stands.

    is_introduced: the sensor has been connected, and `use` holds what it says of itself.
    """

    def __init__(
        self,
        radio: Radio,
        plan: LinkPlan,
        on_notification: OnNotification,
        on_event: OnLinkEvent,
        settings: LinkSettings | None = None,
    ) -> None:
        self._radio = radio
        self._clock = radio.clock
        self._plan = plan
        self._on_notification = on_notification
        self._on_event = on_event
        self._settings = settings or LinkSettings()
        self._stopping = asyncio.Event()
        self._streams = frozenset((*plan.subscribe, *plan.optional))
        self._data_s = 0.0
        self._is_set_up = False
        self._has_data = False
        self.use: SensorUse = plan.use
        self.status = LinkStatus.CONNECTING
        self.reason = ""
        self.battery_pct: float | None = None
        self.n_connections = 0
        self.is_introduced = False

    async def run(self) -> None:
        """Keep the sensor linked until `stop`; failures become events, never exceptions."""
        wait_s = self._settings.first_wait_s
        while not self._stopping.is_set():
            had_data = await self._session_until_stop()
            if self._stopping.is_set():
                break
            wait_s = self._settings.first_wait_s if had_data else wait_s
            await self._pause(wait_s)
            wait_s = min(2 * wait_s, self._settings.max_wait_s)
        self._say(LinkStatus.STOPPED, "stopped", f"{self._plan.use.name} is stopped")

    def stop(self) -> None:
        """Ask `run` to say the stop commands, disconnect and return."""
        self._stopping.set()

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._clock.wall_s(seconds)):
                await self._stopping.wait()

    async def _session_until_stop(self) -> bool:
        """One connection, to its loss or to `stop`; True if it gave data."""
        session = asyncio.create_task(self._session())
        stop = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait([session, stop], return_when=asyncio.FIRST_COMPLETED)
            if not session.done() and not self._is_set_up:
                session.cancel()
            await asyncio.wait([session])
        finally:
            stop.cancel()
            session.cancel()
        fault = None if session.cancelled() else session.exception()
        if not self._stopping.is_set():
            self._say_lost(fault)
        return self._has_data

    def _say_lost(self, fault: BaseException | None) -> None:
        if not isinstance(fault, LinkError):  # nothing may end a link but `stop`: what it was is said, and it goes on
            fault = loss_error("radio_fault", self._plan.use.name, repr(fault))
        self._say(LinkStatus.LOST, fault.reason, str(fault))

    # -- one connection

    async def _session(self) -> None:
        name = self._plan.use.name
        self._has_data = self._is_set_up = False
        if self.status is LinkStatus.CONNECTING:
            self._say(LinkStatus.CONNECTING, "connecting", f"looking for {name}")
        async with connected(self._radio, self._plan.use, self._on_value, self._plan.needs_bond) as session:
            self.n_connections += 1
            self._say(LinkStatus.STARTING, "starting", f"{name} is connected and being set up")
            try:
                await self._set_up_in_time(session.wire)
                await session.settled()
                battery = asyncio.create_task(self._keep_reading_battery(session.wire))
                polling = asyncio.create_task(self._read_one_that_is_mute(session.wire))
                try:
                    await self._watch(session)
                finally:
                    battery.cancel()
                    polling.cancel()
            finally:
                if not session.lost.is_set():
                    await self._say_stop(session.wire)

    async def _set_up_in_time(self, wire: Wire) -> None:
        try:
            async with asyncio.timeout(self._clock.wall_s(self._settings.set_up_s)):
                await self._set_up(wire)
        except TimeoutError as fault:
            raise loss_error("no_answer", self._plan.use.name) from fault
        self._is_set_up = True

    async def _set_up(self, wire: Wire) -> None:
        self.use = await introduce(wire, self.use)
        self.is_introduced = True
        for characteristic in self._plan.subscribe:
            await wire.subscribe(characteristic)
        for characteristic in self._plan.optional:
            if wire.can_notify(characteristic):
                await wire.subscribe(characteristic)
        await self._read_battery(wire)
        if wire.can_notify(self._plan.battery) and self._plan.battery not in self._plan.subscribe:
            await wire.subscribe(self._plan.battery)
        await wire.hold(self._plan.start())
        self._data_s = max(self._data_s, self._clock())

    async def _say_stop(self, wire: Wire) -> None:
        with contextlib.suppress(LinkError, TimeoutError):  # best effort: the connection is closed right after
            async with asyncio.timeout(self._clock.wall_s(self._settings.stop_s)):
                await wire.hold(self._plan.stop())

    async def _watch(self, session: Session) -> None:
        """Until stop; raises LinkError with the reason once the connection is lost or stalled."""
        while not self._stopping.is_set():
            if session.lost.is_set():
                raise await self._why_lost()
            quiet_s = self._clock() - self._data_s
            if quiet_s > self._settings.stalled_s:
                raise loss_error("stalled", self._plan.use.name)
            if quiet_s > self._settings.silent_s and self.status is not LinkStatus.SILENT:
                words = str(loss_error("silent", self._plan.use.name, seconds=quiet_s))
                self._say(LinkStatus.SILENT, "silent", words)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._clock.wall_s(self._settings.tick_s)):
                    await session.lost.wait()

    async def _why_lost(self) -> LinkError:
        """bleak tells no reason: a sensor that fell silent first has faded out, else it (or the adapter) hung up."""
        if self._clock() - self._data_s > self._settings.faded_s:
            return loss_error("out_of_range", self._plan.use.name)
        return loss_error("dropped", self._plan.use.name)

    # -- what arrives

    def _on_value(self, notification: Notification) -> None:
        if notification.characteristic == self._plan.battery:
            self._on_battery(notification.payload)
        elif notification.characteristic in self._streams:
            self._data_s = notification.t_s
            if self._is_set_up and self.status is not LinkStatus.STREAMING:
                self._has_data = True
                self._say(LinkStatus.STREAMING, "streaming", f"{self._plan.use.name} is streaming")
        self._on_notification(notification)

    async def _keep_reading_battery(self, wire: Wire) -> None:
        """Beside the watch: a read that waits for an answer must not hide a silence."""
        while True:
            await self._clock.sleep(self._settings.battery_s)
            await self._read_battery(wire)

    async def _read_one_that_is_mute(self, wire: Wire) -> None:
        """Some pods only answer reads. One that has ever notified is not read: its silence must not look like data."""
        await self._clock.sleep(self._settings.mute_s)
        readable = [characteristic for characteristic in self._plan.subscribe if wire.can_read(characteristic)]
        if self._has_data or not readable:
            return
        while True:
            for characteristic in readable:
                with contextlib.suppress(LinkError):  # a loss is seen by the watch
                    await wire.read(characteristic)
            await self._clock.sleep(self._settings.poll_s)

    async def _read_battery(self, wire: Wire) -> None:
        with contextlib.suppress(LinkError):  # many sensors have none; a loss is seen by the watch
            await wire.read(self._plan.battery)

    def _on_battery(self, payload: bytes) -> None:
        if len(payload) != 1 or payload[0] > 100:
            return
        before, self.battery_pct = self.battery_pct, float(payload[0])
        for limit in self._settings.low_pct:
            if self.battery_pct <= limit and (before is None or before > limit):
                words = f"{self._plan.use.name}: battery at {self.battery_pct:.0f} %. Charge it or change the cell soon"
                self._say(self.status, "battery_low", words)
                return

    def _say(self, status: LinkStatus, reason: str, words: str) -> None:
        self.status, self.reason = status, reason
        self._on_event(LinkEvent(self._plan.use.sensor_id, self._clock(), status, reason, words, self.battery_pct))
