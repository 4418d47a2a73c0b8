"""A runner's journey on a phone: pair the sensors, start, see cadence move, hear a cue, stop, read the summary."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from coach.bootstrap import Coach
from coach.demo.world import DEMO_BODY, Demo
from coach.settings import make_settings
from tests.support.browser import PHONE, hold, served
from tests.support.one_browser import opened
from web.app import create_app

SPEED = 2.0  # of the virtual world
SHUFFLER = replace(DEMO_BODY, tires_after_s=5.0, shuffle_pct_per_min=30.0, shuffle_most_pct=7.0)
pytestmark = pytest.mark.browser


@contextmanager
def demonstration(data: Path) -> Iterator[tuple[Coach, str]]:
    """The service on the virtual radio, with the runner's past known and no sensor paired yet."""
    settings = make_settings(data, "127.0.0.1", 0)
    with Demo(settings, SPEED, SHUFFLER) as world:
        coach = world.make_coach()
        world.live_through()
        try:
            with served(create_app(coach, is_testing=True)) as url:
                yield coach, url
                coach.feed.close()
        finally:
            coach.close()


def shown(page: Page) -> str:
    return page.locator("#first-value").inner_text()


def test_pair_run_hear_a_cue_and_read_the_summary(browser: Browser, tmp_path: Path) -> None:
    with demonstration(tmp_path) as (coach, url), opened(browser, viewport=PHONE) as context:
        page = context.new_page()
        _pair_all(page, url, coach)
        page.goto(f"{url}/live")
        page.select_option("#start-focus", "lengthen")
        page.click("#start")
        expect(page.locator("body")).to_have_attribute("data-run", "on", timeout=15_000)
        page.click("#more")
        page.select_option("#choose-first", "cadence_spm")
        page.locator("#more-dialog button[type=submit]").click()
        first = _a_number(page)
        _another_number(page, first)
        expect(page.locator("#cue")).to_be_visible(timeout=90_000)
        spoken = page.locator("#cue-words").inner_text()
        assert spoken
        hold(page, "#stop")
        page.wait_for_url(f"{url}/runs/*", timeout=60_000)
        expect(page.locator("h1")).to_be_visible()
        run = coach.store.runs.list()[0].run
        assert run.run_id in page.url
        summary = coach.store.runs.summary(run.run_id)
        assert summary is not None
        assert summary.n_cues >= 1
        assert spoken in {d.say for d in coach.store.runs.data.decisions(run.run_id) if d.is_spoken}


def _pair_all(page: Page, url: str, coach: Coach) -> None:
    page.goto(f"{url}/sensors")
    expect(page.locator("#around .found")).to_have_count(3, timeout=20_000)
    wanted = {"Demo RunPod": None, "Movesense 214830000002": "left_foot", "Movesense 214830000003": "right_foot"}
    for number, (name, site) in enumerate(wanted.items(), start=1):
        row = page.locator("#around .found").filter(has_text=name)
        if site:
            expect(row.locator("[data-site]")).to_have_value("")  # the order of discovery says nothing of sides
            row.locator("[data-site]").select_option(site)
        row.locator("[data-connect]").click()
        expect(page.locator("#mine .sensor")).to_have_count(number, timeout=40_000)
    assert {use.name: use.wear_site for use in coach.sensors.book.remembered()} == wanted


def _a_number(page: Page) -> str:
    """Wait until cadence is shown; the page writes a dash while it is not known."""
    return _poll(page, lambda text: text.isdigit())


def _another_number(page: Page, first: str) -> str:
    return _poll(page, lambda text: text.isdigit() and text != first)


def _poll(page: Page, is_wanted: Any, timeout_ms: int = 40_000) -> str:
    for _ in range(timeout_ms // 100):
        text = shown(page)
        if is_wanted(text):
            return text
        page.wait_for_timeout(100)
    raise AssertionError(f"cadence stayed {shown(page)!r}")
