"""Whose run uses which sensor, where several runners share one machine and its radio.

A run claims its sensors before it begins and gives them back when it has ended; another runner can then neither start
a run with them nor preview, pair or set them up. One runner alone holds every claim there is and never meets a refusal.
"""

import threading
from collections.abc import Awaitable, Callable, Iterable

from coach.errors import ConflictError

LetGo = Callable[[str], Awaitable[None]]


class SensorClaims:
    """One for all runners of a machine. owner: the runner's name, as others read it. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owners: dict[str, str] = {}
        self._previews: dict[str, LetGo] = {}

    def join(self, owner: str, let_go: LetGo) -> None:
        """Let `owner` share the radio; `let_go` ends what links a sensor outside a run, awaited on the event loop."""
        with self._lock:
            self._previews[owner] = let_go

    def leave(self, owner: str) -> None:
        """Forget `owner` and the claims."""
        self.release(owner)
        with self._lock:
            self._previews.pop(owner, None)

    def take(self, owner: str, sensors: Iterable[tuple[str, str]]) -> None:
        """Claim sensors, each (id, name), for the run of `owner`: all of them or none.

        Raises:
            ConflictError: "in_use": another runner's run has one of them.
        """
        wanted = dict(sensors)
        with self._lock:
            for sensor_id, name in wanted.items():
                holder = self._owners.get(sensor_id, owner)
                if holder != owner:
                    raise in_use(name, holder)
            self._owners |= dict.fromkeys(wanted, owner)

    def release(self, owner: str) -> None:
        """Give back all that `owner` holds."""
        with self._lock:
            self._owners = {sensor_id: holder for sensor_id, holder in self._owners.items() if holder != owner}

    def holder(self, sensor_id: str, owner: str) -> str | None:
        """Return the other runner whose run uses this sensor; None where it is free or `owner`'s own."""
        with self._lock:
            holder = self._owners.get(sensor_id, owner)
        return None if holder == owner else holder

    async def hand_over(self, owner: str, sensor_ids: Iterable[str]) -> None:
        """Have all other runners' previews let these sensors go. On the event loop."""
        with self._lock:
            others = [let_go for name, let_go in self._previews.items() if name != owner]
        for sensor_id in sensor_ids:
            for let_go in others:
                await let_go(sensor_id)


def in_use(name: str, holder: str) -> ConflictError:
    """Return what is said of a sensor that another runner's run has."""
    return ConflictError("in_use", f"{name} is in use in {holder}'s run: end that run, or choose another sensor")
