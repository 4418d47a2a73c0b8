"""One browser for all tests of a process, none of which it can hold up for ever.

Playwright's `evaluate` and `close` wait without end, and a Chromium on a busy machine was seen never to answer a
`close`. Here the browser is killed where a test takes too long: whatever waits for it fails at once, and the next test
gets another one.
"""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error

# The longest test of a browser takes some 60 s alone; on the busiest machine seen, four times as long.
LONGEST_S = 240.0
LONGEST_CLOSE_S = 30.0  # it takes half a second on a busy machine


class OneBrowser:
    """launch: starts a browser."""

    def __init__(self, launch: Callable[[], Browser]) -> None:
        self._launch = launch
        self._browser: Browser | None = None

    @contextmanager
    def lent(self, longest_s: float = LONGEST_S) -> Iterator[Browser]:
        """The browser, or another one where it was killed; whoever holds it longer loses it."""
        if self._browser is None or not self._browser.is_connected():
            self._browser = self._launch()
        with killed_after(longest_s):
            yield self._browser

    def close(self) -> None:
        if self._browser is not None:
            with contextlib.suppress(Error), killed_after(60.0):  # Error: it was killed
                self._browser.close()


@pytest.fixture(scope="session")
def one_browser(launch_browser: Callable[[], Browser]) -> Iterator[OneBrowser]:
    one = OneBrowser(launch_browser)
    yield one
    one.close()


@pytest.fixture
def browser(one_browser: OneBrowser) -> Iterator[Browser]:
    """In the place of pytest-playwright's: no test waits for it without end."""
    with one_browser.lent() as lent:
        yield lent


@contextmanager
def opened(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    """A context of the browser, closed at the end. One that is never closed costs its browser and no test's verdict.

    options: of `Browser.new_context`.
    """
    context = browser.new_context(**options)
    try:
        yield context
    finally:
        with contextlib.suppress(Error), killed_after(LONGEST_CLOSE_S):
            context.close()


@contextmanager
def killed_after(longest_s: float) -> Iterator[None]:
    """Kill the browsers of this process where the block lasts longer."""
    timer = threading.Timer(longest_s, signal_browsers, [signal.SIGKILL])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def signal_browsers(number: signal.Signals) -> None:
    """Send a signal to all browsers that this process has started."""
    for process in _descendants(os.getpid()):
        with contextlib.suppress(OSError):  # it has ended by itself
            if b"chrom" in Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")[0]:
                os.kill(process, number)


def _descendants(process: int) -> Iterator[int]:
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield int(child)
                yield from _descendants(int(child))
