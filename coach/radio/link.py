"""The link to one sensor for the length of a run: connect, start, stream, notice loss and silence, come back.

In: the state of a link, which holds its LinkPlan. Out: every notification with its arrival time, and a LinkEvent for
each change, in words.
"""

import asyncio
import contextlib

from coach.errors import LinkError
from coach.model.links import LinkStatus
from coach.model.samples import Notification
from coach.model.steps import Charge
from coach.radio.link_state import LinkState
from coach.radio.session import Radio, Session, connected, introduce
from coach.radio.talk import OnNotification, Wire
from coach.radio.words import loss_error


class SensorLink:
    """Runs one sensor until its state is stopped."""

    def __init__(self, radio: Radio, state: LinkState, on_notification: OnNotification) -> None:
        self._radio = radio
        self._clock = radio.clock
        self._plan = state.plan
        self._on_notification = on_notification
        self._settings = state.settings
        self._streams = frozenset((*state.plan.subscribe, *state.plan.optional))
        self._is_set_up = False
        self._has_data = False
        self.state = state

    async def run(self) -> None:
        """Keep the sensor linked until `stop`; failures become events, never exceptions."""
        wait_s = self._settings.first_wait_s
        while not self.state.is_stopping():
            had_data = await self._session_until_stop()
            if self.state.is_stopping():
                break
            wait_s = self._settings.first_wait_s if had_data else wait_s
            await self.state.pause(wait_s)
            wait_s = min(2 * wait_s, self._settings.max_wait_s)
        self.state.say_stopped()

    async def _session_until_stop(self) -> bool:
        """Hold one connection, to its loss or to `stop`; True if it gave data."""
        session = asyncio.create_task(self._session())
        stop = asyncio.create_task(self.state.stopped())
        try:
            await asyncio.wait([session, stop], return_when=asyncio.FIRST_COMPLETED)
            if not session.done() and not self._is_set_up:
                session.cancel()
            await asyncio.wait([session])
        finally:
            stop.cancel()
            session.cancel()
        fault = None if session.cancelled() else session.exception()
        if not self.state.is_stopping():
            self._say_lost(fault)
        return self._has_data

    def _say_lost(self, fault: BaseException | None) -> None:
        if not isinstance(fault, LinkError):  # nothing may end a link but `stop`: what it was is said, and it goes on
            fault = loss_error("radio_fault", self._plan.use.name, repr(fault))
        self.state.say(LinkStatus.LOST, fault.reason, str(fault))

    # -- one connection

    async def _session(self) -> None:
        name = self._plan.use.name
        self._has_data = self._is_set_up = False
        if self.state.status is LinkStatus.CONNECTING:
            self.state.say(LinkStatus.CONNECTING, "connecting", f"looking for {name}")
        async with connected(self._radio, self._plan.use, self._on_value, self._plan.needs_bond) as session:
            self.state.say(LinkStatus.STARTING, "starting", f"{name} is connected and being set up")
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
        self.state.use = await introduce(wire, self.state.use)
        self.state.is_introduced = True
        for characteristic in self._plan.subscribe:
            await wire.subscribe(characteristic)
        for characteristic in self._plan.optional:
            if wire.can_notify(characteristic):
                await wire.subscribe(characteristic)
        await self._read_battery(wire)
        if wire.can_notify(self._plan.battery) and self._plan.battery not in self._plan.subscribe:
            await wire.subscribe(self._plan.battery)
        await wire.hold(self._plan.start())
        self.state.data_s = max(self.state.data_s, self._clock())

    async def _say_stop(self, wire: Wire) -> None:
        with contextlib.suppress(LinkError, TimeoutError):  # best effort: the connection is closed right after
            async with asyncio.timeout(self._clock.wall_s(self._settings.stop_s)):
                await wire.hold(self._plan.stop())

    async def _watch(self, session: Session) -> None:
        """Watch until stop; raises LinkError with the reason once the connection is lost or stalled."""
        while not self.state.is_stopping():
            if session.lost.is_set():
                raise await self._why_lost()
            if self.state.quiet_s > self._settings.stalled_s:
                raise loss_error("stalled", self._plan.use.name)
            self.state.say_silence()
            with contextlib.suppress(TimeoutError):  # nothing was lost in this tick
                async with asyncio.timeout(self._clock.wall_s(self._settings.tick_s)):
                    await session.lost.wait()

    async def _why_lost(self) -> LinkError:
        """Return why the link was lost. bleak gives no reason: a sensor that fell silent first has faded out,
        else it (or the adapter) hung up."""
        if self.state.quiet_s > self._settings.faded_s:
            return loss_error("out_of_range", self._plan.use.name)
        return loss_error("dropped", self._plan.use.name)

    # -- what arrives

    def _on_value(self, notification: Notification) -> None:
        if notification.characteristic == self._plan.battery:
            self._on_battery(notification.payload)
        elif notification.characteristic in self._streams:
            self.state.data_s = notification.t_s
            if self._is_set_up:
                self._has_data = True
                self.state.say_data()
        self._on_notification(notification)

    async def _keep_reading_battery(self, wire: Wire) -> None:
        """Read the battery beside the watch: a read that waits for an answer must not hide a silence."""
        while True:
            await self._clock.sleep(self._settings.battery_s)
            await self._read_battery(wire)

    async def _read_one_that_is_mute(self, wire: Wire) -> None:
        """Read a pod that only answers reads. One that has ever notified is not read: its silence must not look like
        data."""
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
        if len(payload) == 1 and payload[0] <= 100:
            self.state.note_charge(Charge(float(payload[0]), is_low=False))
