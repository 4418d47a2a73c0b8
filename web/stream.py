"""Send the live stream of one phone: the feed's events as server-sent events.

Source: WHATWG HTML, 9.2 Server-sent events. A phone that returns sends the id of the last event it saw: it gets the
newest numbers, and cues only while they are still worth saying. A stream ends itself after ten minutes, so that
nothing that hangs is held for ever; the page opens the next one at once.
"""

import functools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from coach.language.phrases import in_language, phrases_of
from coach.language.signs import DEFAULT
from coach.live.feed import FeedEvent, LiveFeed
from coach.model.documents import JsonObject
from web.units import VIEWS
from web.wire import to_text, to_wire

HEARTBEAT_S: Final = 2.0
LONGEST_S: Final = 600.0
CUE_LIFE_S: Final = 10.0
METRICS_LIFE_S: Final = 3.0  # older numbers would be blank on the page
_LIFE_S: Final = {"cue": CUE_LIFE_S, "metrics": METRICS_LIFE_S, "signal": METRICS_LIFE_S}


@dataclass(slots=True)
class StreamSlots:
    """How many streams may be open at once, in all and by one phone; more would leave no thread for others.

    most_each: a page that reloads holds its old stream for up to two seconds, and a browser has some tabs; by eye.
    free: a name that may take all, for programs of this machine.
    """

    most: int
    most_each: int = 8
    free: str | None = None
    _taken: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def taken(self) -> int:
        """Return how many streams are open."""
        return self._taken.total()

    def take(self, phone_id: str = "") -> bool:
        """Take a slot for a stream of this phone; return False where none is left, for it or for anyone."""
        with self._lock:
            is_over = phone_id != self.free and self._taken[phone_id] >= self.most_each
            if is_over or self._taken.total() >= self.most:
                return False
            self._taken[phone_id] += 1
            return True

    def give_back(self, phone_id: str = "") -> None:
        """Free a slot that `take` gave; once for each."""
        with self._lock:
            self._taken[phone_id] -= 1
            if self._taken[phone_id] <= 0:
                del self._taken[phone_id]


class LiveStream(Iterator[bytes]):
    """What one phone is sent, piece by piece. `close` gives its slot back, whether or not a piece was ever taken.

    is_allowed: asked before each piece, at least every two seconds; no ends the stream, as when the phone was removed.
    """

    def __init__(
        self,
        feed: LiveFeed,
        slots: StreamSlots,
        after_id: int | None,
        phone_id: str = "",
        is_allowed: Callable[[], bool] = lambda: True,
        is_welcome: bool = True,
        language: str = DEFAULT,
    ) -> None:
        self._language = language
        self._feed = feed
        self._slots = slots
        self._phone_id = phone_id
        self._is_allowed = is_allowed
        self._is_new = after_id is None or after_id > feed.newest_id
        self._after = feed.newest_id if self._is_new or after_id is None else after_id
        self._welcome = is_welcome
        self._ends_s = time.monotonic() + LONGEST_S
        self._is_open = True

    def __next__(self) -> bytes:
        if not self._is_open:
            raise StopIteration
        if self._welcome:
            self._welcome = False
            return b"retry: 1000\n\n" + _heartbeat()
        if self._feed.is_closed or time.monotonic() >= self._ends_s:
            self.close()
            return b"event: bye\ndata: {}\n\n"
        events = self._news()
        if not self._is_allowed():  # after the wait: what came in meanwhile is not for this phone any more
            self.close()
            return b"event: bye\ndata: {}\n\n"
        return b"".join(_piece(event, self._language) for event in events if _is_alive(event)) or _heartbeat()

    def close(self) -> None:
        """Give the slot back; called by the server when the phone is gone."""
        if self._is_open:
            self._is_open = False
            self._slots.give_back(self._phone_id)

    def _news(self) -> list[FeedEvent]:
        """Return what came after the last event sent; for a new phone first the newest numbers,
        and nothing else of the past.

        The past ends where the stream was opened: what is said from then on is never lost.
        """
        if self._is_new:
            self._is_new = False
            return [event for event in self._feed.listen(None, 0.0) if event.id <= self._after]
        events = self._feed.listen(self._after, HEARTBEAT_S)
        if events:
            self._after = events[-1].id
        return events


def _is_alive(event: FeedEvent) -> bool:
    return event.age_s <= _LIFE_S.get(event.event, float("inf"))


@functools.lru_cache(maxsize=64)
def _piece(event: FeedEvent, language: str = DEFAULT) -> bytes:
    """Return the bytes of an event in a language, made once for all phones that watch."""
    data = _for_a_glance(event.data) if event.event == "metrics" else dict(event.data)
    return f"id: {event.id}\nevent: {event.event}\ndata: {to_text(_in_language(event, data, language))}\n\n".encode()


def _in_language(event: FeedEvent, data: object, language: str) -> object:
    is_plain = language == DEFAULT or event.event in ("metrics", "signal")  # numbers, ten times a second
    return data if is_plain else in_language(to_wire(data), phrases_of(language))


def _for_a_glance(metrics: Mapping[str, object]) -> dict[str, object]:
    """Return numbers to four decimals; how sure (two digits) and why not known, of what a page can show only.

    `GET /api/v1/metrics` gives everything.
    """
    glance: JsonObject = {
        name: round(value, 4) if isinstance(value, float) else value for name, value in metrics.items()
    }
    if "uncertainty" in glance:
        known = glance["uncertainty"].items()
        glance["uncertainty"] = {name: float(f"{sd:.2g}") for name, sd in known if name in VIEWS}
    if "unknown" in glance:
        glance["unknown"] = {name: why for name, why in glance["unknown"].items() if name in VIEWS}
    return glance


def _heartbeat() -> bytes:
    return b"event: heartbeat\ndata: {}\n\n"
