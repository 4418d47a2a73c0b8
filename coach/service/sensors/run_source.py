"""Give a run its sensors as a source of notifications; while it plays, previews make way and pages see its links."""

from collections.abc import Awaitable, Callable

from coach.model.links import LinkEvent
from coach.model.samples import Notification
from coach.radio.links import LinkedSensors


class RunSource:
    """Linked sensors as a run's source.

    begin: ends previews and scans before the first link. note: hears each change of a link. end: runs at the end.
    """

    def __init__(
        self,
        links: LinkedSensors,
        begin: Callable[[], Awaitable[None]],
        note: Callable[[LinkEvent], None],
        end: Callable[[], None],
    ) -> None:
        self._links = links
        self._begin = begin
        self._note = note
        self._end = end

    async def play(self, receive: Callable[[Notification], None], report: Callable[[LinkEvent], None]) -> None:
        """Give notifications and changes of links until cancelled."""

        def report_both(event: LinkEvent) -> None:
            self._note(event)
            report(event)

        await self._begin()
        try:
            await self._links.play(receive, report_both)
        finally:
            self._end()
