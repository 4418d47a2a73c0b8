"""The link to a sensor that sends over the network: no connection to make, but the same events for who looks at it.

Packets are stamped as they arrive; the delay of the network goes out where `coach.packets` maps the device's clock.
"""

import asyncio
import contextlib

from coach.model.links import LinkEvent, LinkStatus, SensorUse
from coach.model.samples import Notification
from coach.model.steps import LinkPlan
from coach.radio.link import LinkSettings, OnLinkEvent
from coach.radio.session import Radio
from coach.radio.talk import OnNotification
from coach.radio.words import loss_error


class ServedLink:
    """Behaves like `SensorLink`: runs until `stop`, says silence after `silent_s` and loss after `stalled_s`."""

    is_introduced = True

    def __init__(
        self,
        radio: Radio,
        plan: LinkPlan,
        on_notification: OnNotification,
        on_event: OnLinkEvent,
        settings: LinkSettings | None = None,
    ) -> None:
        self._served = radio.served
        self._clock = radio.clock
        self._on_notification = on_notification
        self._on_event = on_event
        self._settings = settings or LinkSettings()
        self._characteristic = plan.subscribe[0]
        self._stopping = asyncio.Event()
        self._data_s = 0.0
        self.use: SensorUse = plan.use
        self.status = LinkStatus.CONNECTING

    async def run(self) -> None:
        """Listen until `stop`."""
        self._data_s = self._clock()
        self._say(LinkStatus.CONNECTING, "connecting", f"waiting for {self.use.name}")
        with self._served.listening(self.use.sensor_id, self._take):
            while not self._stopping.is_set():
                self._say_quiet(self._clock() - self._data_s)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._clock.wall_s(self._settings.tick_s)):
                        await self._stopping.wait()
        self._say(LinkStatus.STOPPED, "stopped", f"{self.use.name} is stopped")

    def stop(self) -> None:
        """Ask `run` to return."""
        self._stopping.set()

    def _say_quiet(self, quiet_s: float) -> None:
        is_gone = quiet_s > self._settings.stalled_s and self.status is LinkStatus.SILENT
        never_came = quiet_s > self._settings.silent_s and self.status is LinkStatus.CONNECTING
        if is_gone or never_came:
            self._say(LinkStatus.LOST, "not_served", str(loss_error("not_served", self.use.name)))
        elif quiet_s > self._settings.silent_s and self.status is LinkStatus.STREAMING:
            self._say(LinkStatus.SILENT, "silent", str(loss_error("silent", self.use.name, seconds=quiet_s)))

    def _take(self, packet: bytes) -> None:
        self._data_s = self._clock()
        if self.status is not LinkStatus.STREAMING:
            self._say(LinkStatus.STREAMING, "streaming", f"{self.use.name} is streaming")
        self._on_notification(Notification(self.use.sensor_id, self._characteristic, self._data_s, packet))

    def _say(self, status: LinkStatus, reason: str, words: str) -> None:
        self.status = status
        self._on_event(LinkEvent(self.use.sensor_id, self._clock(), status, reason, words))
