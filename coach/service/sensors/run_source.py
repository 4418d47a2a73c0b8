"""A run's sensors as its source of notifications; while it plays, previews make way and pages see the run's links."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from coach.model.links import LinkEvent
from coach.model.samples import Notification
from coach.radio.links import LinkedSensors

if TYPE_CHECKING:
    from coach.service.sensors.service import SensorService


class RunSource:
    """Linked sensors as a run's source."""

    def __init__(self, service: "SensorService", links: LinkedSensors) -> None:
        self._service = service
        self._links = links

    async def play(self, receive: Callable[[Notification], None], tell: Callable[[LinkEvent], None]) -> None:
        """Give notifications and changes of links until cancelled."""

        def tell_both(event: LinkEvent) -> None:
            self._service.note_event(event)
            tell(event)

        await self._service.begin_run()
        try:
            await self._links.play(receive, tell_both)
        finally:
            self._service.end_run()
