"""Work that goes on while someone asks for it: a page that polls keeps it alive, a closed page ends it."""

import asyncio
from collections.abc import Callable, Coroutine

LEASE_S = 20.0


class Leases:
    """Named pieces of work on one event loop. Times in seconds of that loop."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._until_s: dict[str, float] = {}

    def renew(self, what: str, work: Callable[[], Coroutine[object, object, None]]) -> None:
        """Begin `work` if it is not going on, and let it go on for LEASE_S from now."""
        loop = asyncio.get_running_loop()
        self._until_s[what] = loop.time() + LEASE_S
        task = self._tasks.get(what)
        if task is None or task.done():
            self._tasks[what] = loop.create_task(work(), name=what)

    async def expiry(self, what: str) -> None:
        """Return once nobody has renewed `what` for LEASE_S."""
        while (left_s := self._until_s[what] - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(left_s)

    async def end(self) -> None:
        """End all work now."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
