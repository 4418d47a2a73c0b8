"""Work in the background: at the start, then every so many seconds and whenever it is woken, until it is stopped."""

import logging
import threading
from collections.abc import Callable
from typing import Final

_log: Final = logging.getLogger(__name__)
_STOPS_WITHIN_S: Final = 5.0  # then the program ends without it: a request may wait for a minute


class RepeatedWork:
    """One thread that calls `work` every `every_s` seconds, never twice at once. Work that fails is done again then."""

    def __init__(self, name: str, work: Callable[[], object], every_s: float) -> None:
        self._name = name
        self._work = work
        self._every_s = every_s
        self._wake = threading.Event()
        self._is_over = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_started(self) -> bool:
        """Whether `start` was called, also once the work has ended."""
        return self._thread is not None

    def start(self) -> None:
        """Do the work now and from then on again and again, in a thread of its own. Call it once."""
        self._thread = threading.Thread(target=self._repeat, name=self._name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Begin now, or again after what is going on: there is something to do. Never waits."""
        self._wake.set()

    def stop(self) -> None:
        """Do the work no more; waits some seconds for what is going on."""
        self._is_over.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(_STOPS_WITHIN_S)

    def _repeat(self) -> None:
        while not self._is_over.is_set():
            try:
                self._work()
            except Exception:  # noqa: BLE001 - an answer of another machine that nobody foresaw must not end it for ever
                _log.warning("the work of %s failed and is tried again", self._name, exc_info=True)
            self._wake.wait(self._every_s)
            self._wake.clear()
