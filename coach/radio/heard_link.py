"""The link to a sensor that only sends, as a phone over the network or a foot pod over ANT+.

There is no connection to make; whoever looks at it sees the same events.

Packets are stamped as they arrive; the delay of a network goes out where `coach.packets` maps the device's clock.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from coach.errors import LinkError
from coach.model.links import LinkStatus
from coach.model.samples import Notification
from coach.radio.link_state import LinkState
from coach.radio.talk import OnNotification
from coach.radio.words import loss_error


class Senders(Protocol):
    """What such sensors are heard by.

    absent: the key of LOSS_WORDS for one that sends nothing. fault: why none can be heard.
    """

    absent: str
    fault: LinkError | None

    def listening(self, sensor_id: str, receive: Callable[[bytes], None]) -> AbstractContextManager[None]:
        """Give `receive` each packet of this sensor while inside."""


class HeardLink:
    """Runs until its state is stopped; says silence after `silent_s` and loss after `stalled_s`."""

    def __init__(self, senders: Senders, state: LinkState, on_notification: OnNotification) -> None:
        self._senders = senders
        self._on_notification = on_notification
        self._lost_reason = ""
        self.state = state

    async def run(self) -> None:
        """Listen until `stop`."""
        state = self.state
        state.data_s = state.clock()
        state.say(LinkStatus.CONNECTING, "connecting", f"waiting for {state.name}")
        with self._senders.listening(state.use.sensor_id, self._take):
            while not state.is_stopping():
                self._say_quiet()
                await state.pause(state.settings.tick_s)
        state.say_stopped()

    def _say_quiet(self) -> None:
        state, times = self.state, self.state.settings
        fault = self._senders.fault
        patience_s = times.stalled_s if state.status is LinkStatus.SILENT else times.silent_s
        if fault is None and state.status is not LinkStatus.STREAMING and state.quiet_s > patience_s:
            fault = loss_error(self._senders.absent, state.name)
        if fault is not None:
            self._say_lost(fault)
        elif state.status is LinkStatus.STREAMING:
            state.say_silence()

    def _say_lost(self, fault: LinkError) -> None:
        if (self.state.status, self._lost_reason) != (LinkStatus.LOST, fault.reason):
            self._lost_reason = fault.reason
            self.state.say(LinkStatus.LOST, fault.reason, str(fault))

    def _take(self, packet: bytes) -> None:
        state = self.state
        state.data_s = state.clock()
        state.is_introduced = True
        state.say_data()
        if state.plan.read_charge is not None and (charge := state.plan.read_charge(packet)) is not None:
            state.note_charge(charge)
        self._on_notification(Notification(state.use.sensor_id, state.plan.subscribe[0], state.data_s, packet))
