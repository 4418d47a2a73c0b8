"""The link to a sensor that only sends, such as a phone over the network: no connection to make, but the same events.

Packets are stamped as they arrive; the delay of a network goes out where `coach.packets` maps the device's clock.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from coach.model.links import LinkStatus
from coach.model.samples import Notification
from coach.radio.link_state import LinkState
from coach.radio.talk import OnNotification
from coach.radio.words import loss_error


class Senders(Protocol):
    """What such sensors are heard by. absent: the key of LOSS_WORDS for one that sends nothing."""

    absent: str

    def listening(self, sensor_id: str, receive: Callable[[bytes], None]) -> AbstractContextManager[None]:
        """While inside, `receive` gets each packet of this sensor."""


class HeardLink:
    """Runs until its state is stopped; says silence after `silent_s` and loss after `stalled_s`."""

    def __init__(self, senders: Senders, state: LinkState, on_notification: OnNotification) -> None:
        self._senders = senders
        self._on_notification = on_notification
        self.state = state
        state.is_introduced = True

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
        is_gone = state.quiet_s > times.stalled_s and state.status is LinkStatus.SILENT
        never_came = state.quiet_s > times.silent_s and state.status is LinkStatus.CONNECTING
        if is_gone or never_came:
            absent = self._senders.absent
            state.say(LinkStatus.LOST, absent, str(loss_error(absent, state.name)))
        elif state.status is LinkStatus.STREAMING:
            state.say_silence()

    def _take(self, packet: bytes) -> None:
        state = self.state
        state.data_s = state.clock()
        state.say_data()
        self._on_notification(Notification(state.use.sensor_id, state.plan.subscribe[0], state.data_s, packet))
