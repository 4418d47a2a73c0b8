"""All links of a run on one event loop: add a sensor, let it go, end them all."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from coach.model.steps import Carrier, LinkPlan
from coach.radio.backend import Backend
from coach.radio.clock import RunClock
from coach.radio.heard_link import HeardLink
from coach.radio.link import SensorLink
from coach.radio.link_state import LinkSettings, LinkState, OnLinkEvent
from coach.radio.scan import Ear, Identify, known_profile
from coach.radio.session import Radio
from coach.radio.talk import OnNotification


def open_radio(backend: Backend, clock: RunClock, identify: Identify = known_profile) -> Radio:
    """Return what all connections of this machine share; make it on the event loop."""
    return Radio(backend, Ear(backend, identify, clock), clock)


class LinkSet:
    """The links of one run. Callbacks come on the event loop; they must be quick.

    clock: of the run; the radio's own where none is given.
    """

    def __init__(
        self,
        radio: Radio,
        on_notification: OnNotification,
        on_event: OnLinkEvent,
        settings: LinkSettings | None = None,
        clock: RunClock | None = None,
    ) -> None:
        self._radio = replace(radio, clock=clock or radio.clock)
        self._on_notification = on_notification
        self._on_event = on_event
        self._settings = settings or LinkSettings()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.links: dict[str, SensorLink | HeardLink] = {}

    def add(self, plan: LinkPlan) -> SensorLink | HeardLink:
        """Link a sensor from now on; one that is linked already stays as it is."""
        sensor_id = plan.use.sensor_id
        if sensor_id not in self.links:
            link = self.links[sensor_id] = self._link(plan)
            self._tasks[sensor_id] = asyncio.create_task(link.run(), name=f"link {plan.use.name}")
        return self.links[sensor_id]

    def _link(self, plan: LinkPlan) -> SensorLink | HeardLink:
        state = LinkState(plan, self._radio.clock, self._on_event, self._settings)
        if plan.carrier is Carrier.NETWORK:
            return HeardLink(self._radio.served, state, self._on_notification)
        if plan.carrier is Carrier.ANT:
            return HeardLink(self._radio.backend.ant, state, self._on_notification)
        return SensorLink(self._radio, state, self._on_notification)

    async def remove(self, sensor_id: str) -> None:
        """Stop the sensor and disconnect."""
        if link := self.links.pop(sensor_id, None):
            link.state.stop()
            await self._tasks.pop(sensor_id)

    async def stop(self) -> None:
        """Stop all sensors, each with its stop commands; returns when all are disconnected."""
        for link in self.links.values():
            link.state.stop()
        tasks = list(self._tasks.values())
        self.links.clear()
        self._tasks.clear()
        await asyncio.gather(*tasks)


class LinkedSensors:
    """A run's source of notifications: its sensors, linked from `play` until that is cancelled."""

    def __init__(
        self, radio: Radio, plans: Sequence[LinkPlan], clock: RunClock, settings: LinkSettings | None = None
    ) -> None:
        self._radio = radio
        self._plans = tuple(plans)
        self._clock = clock
        self._settings = settings
        self._links: LinkSet | None = None

    def battery_pct(self, sensor_id: str) -> float | None:
        """Return the charge of a sensor as it last said it [%]: most of what it says is no change of its link."""
        link = self._links.links.get(sensor_id) if self._links else None
        return link.state.battery_pct if link else None

    async def play(self, receive: OnNotification, report: OnLinkEvent) -> None:
        """Give notifications and changes of links until cancelled; then stop and disconnect every sensor."""
        links = self._links = LinkSet(self._radio, receive, report, self._settings, self._clock)
        try:
            for plan in self._plans:
                links.add(plan)
            await asyncio.Event().wait()
        finally:
            await links.stop()
