"""Time for the radio: seconds since the run started, possibly faster than the wall's (a demonstration at 20x)."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field


def _time_source() -> Callable[[], float]:
    """Return the running loop's clock, else the machine's; on ordinary loops they are the same."""
    try:
        return asyncio.get_running_loop().time
    except RuntimeError:
        return time.monotonic


@dataclass(slots=True)
class RunClock:
    """Call it, from any thread, for the time [s] since it was made. speed: its seconds per second of the wall.

    start_s: what it showed when it was made, for a run that goes on.
    """

    speed: float = 1.0
    time_source: Callable[[], float] = field(default_factory=_time_source, repr=False)
    start_s: float = 0.0
    origin_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.origin_s = self.time_source()

    def __call__(self) -> float:
        """Return the time [s] that this clock shows now."""
        return self.start_s + (self.time_source() - self.origin_s) * self.speed

    def wall_s(self, seconds: float) -> float:
        """Return how long `seconds` of this clock last on the wall: what timeouts of asyncio want."""
        return seconds / self.speed

    async def sleep(self, seconds: float) -> None:
        """Sleep `seconds` of this clock."""
        await asyncio.sleep(max(0.0, seconds) / self.speed)
