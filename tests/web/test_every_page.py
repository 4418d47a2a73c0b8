"""What holds for every page of the frame: axe finds nothing in any theme, large text fits, the weight is small."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from coach.model.links import SensorUse
from coach.model.sites import WearSite
from tests.support.browser import DESKTOP, PHONE, THEMES, axe_findings, choose_theme, overflowing, wait_until
from tests.support.one_browser import opened
from tests.web.held_run import HeldRun
from tests.web.page_coach import PageCoach

PAGES = (
    "/",
    "/welcome",
    "/live",
    "/sensors",
    "/phones",
    "/install",
    "/offline",
    "/you/delete",
    "/you/flare-up",
    "/you/lessons",
    "/you/lessons/load?answer=0",
    "/you/clinic",
    "/you/handover",
    "/no/such/page",
)
MOTION = "/live in motion"
ALL = (*PAGES, MOTION)
MOST_BYTES = 150_000


@pytest.fixture
def coach(tmp_path: Path) -> Iterator[PageCoach]:
    with closing(PageCoach(tmp_path)) as made:
        made.access.let_in(made.access.invitation("http://x").partition("token=")[2], "iPhone, Safari")
        remember_sensors(made)
        yield made


def remember_sensors(coach: PageCoach) -> None:
    """Two of which nothing is heard, so that /sensors has something to show."""
    coach.sensors.book.remember(SensorUse("F0:01", "Movesense 0418", "movesense", WearSite.LEFT_FOOT))
    coach.sensors.book.remember(SensorUse("F0:02", "RunPod", "running_speed_cadence"))


@pytest.fixture
def small_phone(browser: Browser) -> Iterator[Page]:
    with opened(browser, viewport={"width": 320, "height": 640}, has_touch=True) as context:
        yield context.new_page()


def open_page(coach: PageCoach, page: Page, url: str, path: str) -> None:
    run = HeldRun(coach) if path == MOTION else None
    page.goto(url + path.removesuffix(" in motion"))
    page.wait_for_timeout(150)  # its scripts have begun
    if run:
        wait_until(page, "() => document.body.dataset.run === 'on' && document.body.dataset.stream === 'live'")
        run.cue()
        for _ in range(3):
            run.numbers()
            page.wait_for_timeout(60)
    if path == "/sensors":
        wait_until(page, "() => document.querySelectorAll('.sensor').length === 2")


@pytest.mark.browser
@pytest.mark.parametrize("path", ALL)
def test_axe_finds_nothing_in_any_theme_and_size(coach: PageCoach, url: str, desktop: Page, path: str) -> None:
    open_page(coach, desktop, url, path)
    for size, themes in ((DESKTOP, THEMES[:1]), (PHONE, THEMES)):
        desktop.set_viewport_size(size)
        for theme in themes:
            choose_theme(desktop, theme)
            assert axe_findings(desktop) == [], (path, theme)


@pytest.mark.browser
def test_contrast_of_the_page_in_motion_is_seven_to_one(coach: PageCoach, url: str, phone: Page) -> None:
    open_page(coach, phone, url, MOTION)
    for theme in THEMES:
        choose_theme(phone, theme)
        assert axe_findings(phone, {"color-contrast-enhanced": {"enabled": True}}) == [], theme
    phone.evaluate("() => document.querySelector('#more').click()")
    assert axe_findings(phone, {"color-contrast-enhanced": {"enabled": True}}) == []


@pytest.mark.browser
@pytest.mark.parametrize("path", ALL)
def test_text_of_twice_the_size_fits_a_small_phone(coach: PageCoach, url: str, small_phone: Page, path: str) -> None:
    open_page(coach, small_phone, url, path)
    assert overflowing(small_phone, 1.0) == []
    assert overflowing(small_phone, 2.0) == []
    small_phone.set_viewport_size({"width": 640, "height": 320})
    assert overflowing(small_phone, 2.0) == []


@pytest.mark.browser
@pytest.mark.parametrize("path", ALL)
def test_a_page_weighs_little_before_its_data(coach: PageCoach, url: str, phone: Page, path: str) -> None:
    network = phone.context.new_cdp_session(phone)
    network.send("Network.enable")
    sizes: dict[str, float] = {}
    network.on(
        "Network.dataReceived",
        lambda e: sizes.update({e["requestId"]: sizes.get(e["requestId"], 0) + e["encodedDataLength"]}),
    )
    network.on("Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]}))
    open_page(coach, phone, url, path)
    weight = sum(sizes.values())
    assert 1_000 < weight <= MOST_BYTES, f"{path} weighs {weight / 1000:.0f} kB"


@pytest.mark.parametrize("path", ALL)
def test_no_page_carries_scripts_or_styles_within(coach: PageCoach, client: Any, path: str) -> None:
    if path == MOTION:
        HeldRun(coach)
    text = client.get(path.removesuffix(" in motion"), headers={"Accept": "text/html"}).text
    assert not re.search(r"<[^>]+\son\w+\s*=", text), "an inline handler"
    assert not re.search(r"<[^>]+\sstyle\s*=", text), "an inline style"
    assert "<style" not in text
    for script in re.findall(r"<script([^>]*)>", text):
        assert 'src="/static/' in script or 'type="application/json"' in script
    loading = re.sub(r"<a\s[^>]*>", "", text)  # a link to a source loads nothing until it is followed
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", loading), "something from elsewhere"
    assert '<html lang="en"' in text


def test_inks_are_at_seven_to_one_on_every_ground() -> None:
    css = (Path(__file__).parents[2] / "web/static/css/tokens.css").read_text("utf-8")
    themes = re.findall(r"^:root(?:\[data-theme=\"(\w+)\"\])? \{(.*?)^\}", css, re.M | re.S)
    assert [name for name, _ in themes] == ["", "night", "sun"]
    base: dict[str, str] = {}
    for name, body in themes:
        colours = base | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", body))
        base = base or colours
        for ink, grounds in {
            "ink": ("ground", "card", "sunk"),
            "soft": ("ground", "card", "sunk"),
            "accent": ("ground", "card"),
            "on-accent": ("accent",),
            "on-glow": ("glow",),
            "warn": ("warn-ground",),
            "bad": ("bad-ground", "card", "ground"),
        }.items():
            for ground in grounds:
                assert contrast(colours[ink], colours[ground]) >= 7, (name or "day", ink, ground)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two colours."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
