"""Keep answers to writes by the key of their request, so that what a phone sends twice is done once.

A phone that gets no answer sends its write again with the same key. The repeat waits for the first where that is still
being worked on, and is given its answer. Only what was done is remembered: a refused write changed nothing and may be
tried again. Answers outlive a restart. One that was written a moment before a power loss may be lost with it; then the
repeat is done again, because a lost pain tap is worse than a double one.
"""

import hashlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Final

from coach.errors import StorageError
from coach.model.frozen import dataclass
from coach.model.plain import from_plain, to_plain
from coach.storage.store import Store
from coach.wall_clock import utc_now

_log: Final = logging.getLogger(__name__)
KEPT_FOR: Final = timedelta(days=7)  # a phone that was off for longer has forgotten its writes, too: by judgement
_IN_MEMORY: Final = 500  # a strength session of an hour has about a hundred taps
_LONGEST: Final = 65536  # characters; a run with its plan has a few thousand
_PREFIX: Final = "answer."


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it was sent. at: aware UTC time of it."""

    status: int
    text: str
    mimetype: str
    at: datetime


class RepeatGuard:
    """Does each keyed write once. Thread-safe. clock: aware UTC time."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[str, KeptAnswer] = OrderedDict()
        self._going: dict[str, Future[KeptAnswer | None]] = {}
        self._keeper = ThreadPoolExecutor(1, "answers")

    def once(self, parts: tuple[str, ...], work: Callable[[], tuple[int, str, str] | None]) -> KeptAnswer | None:
        """Do `work` unless it was done before under this key, and return its answer.

        parts: phone, method, path and key of the request. work: returns status, text and media type, or None where
        its answer cannot be given again; then a repeat is done again. Its exceptions come through, to repeats that
        wait for it, too.
        """
        key = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                return known
            before = self._going.get(key)
            mine: Future[KeptAnswer | None] = Future()
            if before is None:
                self._going[key] = mine
        if before is not None:
            return before.result()
        try:
            answer = self._kept(key) or self._made(key, work)
            mine.set_result(answer)
            return answer
        except BaseException as error:  # any: who waits for this answer must not wait for ever
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._going[key]

    def forget_old(self) -> None:
        """Forget answers that no phone can ask for any more."""
        oldest = self._clock() - KEPT_FOR
        for name, value in self._store.settings.all(_PREFIX).items():
            if datetime.fromisoformat(value["at"]) < oldest:
                self._store.settings.forget(name)

    def forget_all(self) -> None:
        """Forget every answer: the account was erased."""
        with self._lock:
            self._known.clear()

    def settle(self) -> None:
        """Wait until all answers are kept that were given."""
        self._keeper.submit(lambda: None).result()

    def close(self) -> None:
        """Write what is left; the store must still be open."""
        self._keeper.shutdown()

    def _made(self, key: str, work: Callable[[], tuple[int, str, str] | None]) -> KeptAnswer | None:
        made = work()
        if made is None:
            return None
        answer = KeptAnswer(*made, at=self._clock())
        with self._lock:
            self._known[key] = answer
            while len(self._known) > _IN_MEMORY:
                self._known.popitem(last=False)
        if len(answer.text) <= _LONGEST:
            self._keeper.submit(self._keep, key, answer)  # not in the way of the answer: the database may be busy
        return answer

    def _keep(self, key: str, answer: KeptAnswer) -> None:
        try:
            self._store.settings.put(_PREFIX + key, to_plain(answer))
        except StorageError as error:
            _log.warning("an answer is kept in memory only: %s", error)

    def _kept(self, key: str) -> KeptAnswer | None:
        try:
            value = self._store.settings.get(_PREFIX + key)
        except StorageError as error:
            _log.warning("earlier answers cannot be read: %s", error)
            return None
        return None if value is None else from_plain(KeptAnswer, value)
