"""When a metronome ticks, at which rate, and when it rests."""

import itertools
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.web.held_run import HeldRun
from tests.web.listening import open_page

pytestmark = pytest.mark.browser


@pytest.fixture
def running(run: HeldRun, url: str, phone: Page) -> Page:
    return open_page(url, phone)


def choose_metronome(page: Page, mode: str) -> None:
    page.tap("#unlock-yes")
    page.tap("#more")
    page.select_option("#metronome", mode)
    page.keyboard.press("Escape")


def publish(run: HeldRun, page: Page, **more: Any) -> None:
    """Numbers as a run gives them, four times a second."""
    run.numbers(**more)
    page.wait_for_timeout(250)


def tick(run: HeldRun, page: Page, spm: float, n: int, heard: str) -> float:
    """Publish a rate until `heard` counts `n`; return the seconds that it took, which a busy machine makes more."""
    begun_s = time.monotonic()
    while page.evaluate(heard) < n:
        assert time.monotonic() - begun_s < 60.0
        publish(run, page, tick_spm=spm)
    return time.monotonic() - begun_s


def ceased(page: Page, heard: str, meanwhile: Callable[[], None]) -> int:
    """What `heard` counts once it has not risen for a second."""
    counts = [page.evaluate(heard)]
    while len(counts) < 5 or counts[-1] != counts[-5]:
        assert len(counts) < 80, "it never ceased"
        meanwhile()
        counts.append(page.evaluate(heard))
    return counts[-1]


TICKS = "() => window.ticks.length"
PULSES = "() => window.shaken.filter((p) => p === 35).length"


def test_a_metronome_ticks_at_the_rate_the_coach_allows_and_rests_when_it_does_not(run: HeldRun, running: Page) -> None:
    choose_metronome(running, "sound")
    took_s = tick(run, running, 180.0, 9, TICKS)
    ticks = running.evaluate("() => window.ticks")
    assert len(ticks) <= took_s * 180 / 60 + 2
    gaps = [later - earlier for earlier, later in itertools.pairwise(ticks)]
    assert sorted(gaps)[len(gaps) // 2] == pytest.approx(60 / 180, abs=1e-3)
    n_ticks = ceased(running, TICKS, lambda: publish(run, running, tick_spm=None))
    running.tap("#pause")
    for _ in range(4):
        publish(run, running, tick_spm=180.0)
    assert running.evaluate(TICKS) == n_ticks


def test_a_metronome_may_vibrate_and_stops_where_numbers_stop(run: HeldRun, running: Page) -> None:
    choose_metronome(running, "vibration")
    took_s = tick(run, running, 170.0, 6, PULSES)
    assert running.evaluate(PULSES) <= took_s * 170 / 60 + 2
    ceased(running, PULSES, lambda: running.wait_for_timeout(250))  # no word from the coach


def test_nobody_hears_a_metronome_unasked(run: HeldRun, running: Page) -> None:
    running.tap("#unlock-yes")
    for _ in range(6):
        publish(run, running, tick_spm=180.0)
    assert running.evaluate("() => [window.ticks.length, window.shaken.length]") == [0, 0]
