"""How many taps and seconds lie between the scanned code and the first number of a run, for somebody new.

Everything is real but the radio and the runner: the invitation, Welcome, the warning signs, pain, one pod, Start.
"""

import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from coach.demo.world import Demo
from coach.settings import make_settings
from tests.support.browser import PHONE, served, wait_until
from tests.support.one_browser import opened
from web.app import create_app

MOST_TAPS = 12
MOST_S = 120.0
READS_S = 75.0  # what a person reads on the way, and a test does not: 300 words at 4 a second; by judgement
A_NUMBER = """() => [...document.querySelectorAll("main [id$=-value]")]
  .some((one) => /^1[4-9]\\d$/.test(one.textContent.trim()))"""
COUNT = """addEventListener('pointerdown', () => {
  localStorage.setItem('taps', Number(localStorage.getItem('taps') ?? 0) + 1);
}, true)"""
A_PHONE: dict[str, Any] = {"viewport": PHONE, "has_touch": True, "is_mobile": True, "locale": "en-GB"}


@pytest.mark.browser
def test_a_new_runner_is_running_after_a_dozen_taps(browser: Browser, tmp_path: Path) -> None:
    with Demo(make_settings(tmp_path, "127.0.0.1", 0), 1.0) as world:
        coach = world.make_coach()
        try:
            with served(create_app(coach, is_testing=True)) as url, opened(browser, **A_PHONE) as context:
                context.add_init_script(COUNT)
                phone = context.new_page()
                started_s = time.monotonic()
                phone.goto(coach.access.invitation(url))
                phone.tap("button[type=submit]")
                phone.wait_for_url("**/welcome")
                phone.tap("input[name=height]")
                phone.fill("input[name=height]", "178")
                phone.tap("#welcome-form button[type=submit]")
                expect(phone.locator("#welcome-words")).to_have_text("Saved")
                phone.locator("#pain-form label", has_text="1").first.tap()
                phone.tap("#pain-form button[type=submit]")
                expect(phone.locator("#pain-words")).to_contain_text("Thank you")
                phone.locator("a[href='/you/red-flags?next=welcome']").tap()
                phone.locator("form:has([name=signs]) button[type=submit]").tap()
                phone.get_by_role("link", name="Go on").tap()
                phone.wait_for_url("**/welcome")
                phone.locator("a[href='/sensors']").last.tap()
                pod = phone.locator("#around .found").filter(has_text="RunPod")
                pod.locator("[data-connect]").tap(timeout=20_000)
                expect(phone.locator("#mine .sensor")).to_have_count(1, timeout=20_000)
                phone.locator("nav a[href='/live']").tap()
                phone.locator("#start:not([disabled])").tap()
                wait_until(phone, A_NUMBER, 20_000)
                taps = int(phone.evaluate("() => localStorage.getItem('taps')"))
                took_s = time.monotonic() - started_s
                coach.runs.stop()
                coach.feed.close()
        finally:
            coach.close()
    print(f"{taps} taps, {took_s:.0f} s without reading")
    assert 8 <= taps <= MOST_TAPS
    assert took_s <= MOST_S - READS_S
