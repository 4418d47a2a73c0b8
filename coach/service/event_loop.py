"""The one asyncio loop on which all radio work happens, in a thread of its own; others call in and wait."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import TypeVar

Result = TypeVar("Result")


class LoopThread:
    """Runs an event loop until `close`."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="radio", daemon=True)
        self._thread.start()

    def do(self, work: Coroutine[object, object, Result], timeout_s: float | None = 60.0) -> Result:
        """Run a coroutine on the loop and wait for its result; exceptions come through."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout_s)

    def call(self, function: Callable[[], Result]) -> Result:
        """Call a plain function on the loop and wait for its result."""

        async def once() -> Result:
            return function()

        return self.do(once())

    def close(self) -> None:
        """Cancel what is left and stop the loop."""
        if self.loop.is_closed():
            return
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        left = asyncio.all_tasks(self.loop)
        for task in left:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
