"""Hand events from the run's thread to the web's threads: the one door between them; the newest count first.

`metrics` events replace each other: a slow or vanished reader gets the newest one only, never a backlog. All other
events are kept in order in a short ring, so that a reader which returns can catch up.
"""

import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Final

from coach.model.frozen import dataclass

KEPT_EVENTS: Final = 256  # chosen by eye: hours of cues and sensor events, a few hundred kB at most
REPLACED: Final = frozenset({"metrics", "signal"})


@dataclass(frozen=True, slots=True, eq=False)
class FeedEvent:
    """One event; equal to itself only. id: rising through the life of the feed.

    t_s, t_wall_s: when it was published, on the monotonic clock, which halts while the computer sleeps, and in Unix
    time, which may be set.
    """

    id: int
    event: str
    data: Mapping[str, object]
    t_s: float
    t_wall_s: float

    @property
    def age_s(self) -> float:
        """How old it is at least [s]: neither a clock that is set back nor a sleeping computer makes it young again."""
        return max(time.monotonic() - self.t_s, time.time() - self.t_wall_s)


class LiveFeed:
    """Publish from any thread; listen from any number of threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._kept: deque[FeedEvent] = deque(maxlen=KEPT_EVENTS)
        self._latest: dict[str, FeedEvent] = {}
        self._newest_id = 0
        self._is_closed = False

    @property
    def newest_id(self) -> int:
        """The number of the newest event; a page that has it has missed none."""
        return self._newest_id

    @property
    def is_closed(self) -> bool:
        """Whether the feed has ended: no more events come."""
        return self._is_closed

    def publish(self, event: str, data: Mapping[str, object]) -> int:
        """Add an event of JSON-ready data and wake every listener; returns its id."""
        with self._changed:
            self._newest_id += 1
            item = FeedEvent(self._newest_id, event, data, time.monotonic(), time.time())
            self._latest[event] = item
            if event not in REPLACED:
                self._kept.append(item)
            self._changed.notify_all()
            return item.id

    def latest(self, event: str) -> Mapping[str, object] | None:
        """Return the data of the newest event of this name, None where there was none."""
        item = self._latest.get(event)
        return item.data if item else None

    def forget(self, event: str) -> None:
        """Drop the newest event of this name: nobody who comes later shall see it."""
        with self._changed:
            self._latest.pop(event, None)

    def listen(self, after_id: int | None, timeout_s: float) -> list[FeedEvent]:
        """Return events after `after_id` in order (None: only what is newest of each replaced kind, and what comes).

        Waits up to `timeout_s`; an empty list means that nothing came. Of `metrics` only the newest is given.
        """
        with self._changed:
            if not self._is_closed and not self._after(after_id):
                self._changed.wait(timeout_s)
            return self._after(after_id)

    def close(self) -> None:
        """Wake every listener for good: `is_closed` asks them to leave."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _after(self, after_id: int | None) -> list[FeedEvent]:
        start = -1 if after_id is None else after_id
        replaced = [item for name, item in self._latest.items() if name in REPLACED and item.id > start]
        kept = [item for item in self._kept if item.id > start] if after_id is not None else []
        return sorted(replaced + kept, key=lambda item: item.id)
