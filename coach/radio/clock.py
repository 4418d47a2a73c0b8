"""Time for the radio: seconds since the run started, possibly faster than the wall's (a demonstration at 20x)."""

import asyncio
from dataclasses import dataclass, field


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


@dataclass(slots=True)
class RunClock:
    """Call it for the time [s] since it was made, on the event loop's clock. speed: its seconds per second."""

    speed: float = 1.0
    origin_s: float = field(default_factory=_loop_time)

    def __call__(self) -> float:
        return (_loop_time() - self.origin_s) * self.speed

    def wall_s(self, seconds: float) -> float:
        """How long `seconds` of this clock last on the wall: what timeouts of asyncio want."""
        return seconds / self.speed

    async def sleep(self, seconds: float) -> None:
        """Sleep `seconds` of this clock."""
        await asyncio.sleep(max(0.0, seconds) / self.speed)
