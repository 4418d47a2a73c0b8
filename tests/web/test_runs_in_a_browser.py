"""Pages of runs in a real browser: plots are drawn, a stretch is chosen, nothing runs off, axe is content."""

import dataclasses
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from coach.model.runner import RunnerProfile
from coach.model.runs import Run, RunState
from coach.summary.summarise import summarise
from tests.coach.service.runs.exports_of_others import fit, gpx
from tests.coach.summary.runs import START, make_seconds
from tests.support.browser import THEMES, axe_findings, choose_theme, overflowing, wait_until
from tests.web.kept_runs import keep_run, kept_coach
from tests.web.strength_coach import StrengthCoach, half_a_year
from web.app import create_app

pytestmark = pytest.mark.browser
PAGES = (
    "/runs",
    "/runs/import",
    "/runs/r0",
    "/runs/r0#details",
    "/runs/compare?run=r0&run=r2",
    "/runs/trends",
    "/runs/report",
)
DRAWN = "() => document.querySelectorAll('.plot canvas').length"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from tests.support.browser import served

    coach = kept_coach(tmp_path_factory.mktemp("kept"), 3, 5)
    with served(create_app(coach, is_testing=True)) as url:
        yield url
        coach.feed.close()  # open streams leave at once
    coach.close()


def test_a_stretch_is_chosen_and_zoomed_into(address: str, phone: Page) -> None:
    phone.goto(f"{address}/runs/r0#details")
    wait_until(phone, DRAWN)
    before = phone.evaluate(DRAWN)
    phone.get_by_role("button", name="Heart").click()
    assert phone.evaluate(DRAWN) == before + 1
    phone.fill("#stretch-from", "1:00")
    phone.fill("#stretch-to", "2:30")
    phone.get_by_role("button", name="Select").click()
    phone.get_by_role("heading", name="The chosen stretch: 1:00 – 2:30").wait_for()
    assert "Step length" in phone.inner_text("#stretch")
    phone.get_by_role("button", name="Zoom in").click()
    wait_until(phone, f"() => ({DRAWN})() === {before + 1}")
    phone.get_by_role("button", name="Whole run").click()
    wait_until(phone, "() => document.querySelector('#stretch').textContent === ''")


def test_many_files_are_chosen_and_followed_to_their_end(address: str, phone: Page) -> None:
    phone.goto(f"{address}/runs#import")
    day = datetime(2024, 5, 4, 7, tzinfo=UTC)
    files = {"a.fit": fit(day), "b.fit": fit(day + timedelta(days=1)), "c.fit": b"no"}
    phone.set_input_files(
        "#field-file", [{"name": name, "mimeType": "", "buffer": content} for name, content in files.items()]
    )
    phone.get_by_role("button", name="Import", exact=True).click()
    phone.wait_for_url("**/runs/import")
    wait_until(phone, "() => document.querySelector('#import-words').textContent === 'The import has ended.'")
    assert phone.inner_text("[data-outcome=taken]") == "2"
    assert phone.inner_text("[data-outcome=refused]") == "1"
    assert "c.fit" in phone.inner_text("#import-files")
    phone.get_by_role("link", name="Open").first.click()
    phone.get_by_role("heading", level=1).wait_for()


def test_a_route_is_drawn_without_any_server(address: str, phone: Page) -> None:
    phone.goto(f"{address}/runs#import")
    buffer = gpx(datetime(2023, 5, 4, 7, tzinfo=UTC), sport="running", seconds=900)
    phone.set_input_files("#field-file", [{"name": "r.gpx", "mimeType": "", "buffer": buffer}])
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    phone.get_by_role("button", name="Import", exact=True).click()
    phone.get_by_role("img", name=re.compile("The route from above: 2.7")).wait_for()
    assert phone.locator("#map path.map-line").count() >= 1
    assert phone.locator("#map .map-split").count() == 2
    assert phone.locator("#map .map-start").count() == 1
    assert phone.locator("#map-legend .map-chip").count() == 5
    phone.select_option("#map-colour", "")
    assert phone.locator("#map path.map-line").count() == 1
    phone.get_by_role("img", name=re.compile("Heights over distance, from 100 to 190 m")).wait_for()
    assert re.search("Up (89|90) ± 1 m, down 0 ± 1 m", phone.inner_text("#map-card"))
    assert all(url.startswith(address) for url in asked)
    for theme in THEMES:
        choose_theme(phone, theme)
        assert axe_findings(phone) == [], theme
    assert overflowing(phone) == []


def test_a_stretch_is_chosen_by_dragging(address: str, desktop: Page) -> None:
    desktop.goto(f"{address}/runs/r0#details")
    wait_until(desktop, DRAWN)
    box = desktop.locator(".u-over").first
    box.scroll_into_view_if_needed()
    place = box.bounding_box()
    desktop.mouse.move(place["x"] + 100, place["y"] + 40)
    desktop.mouse.down()
    desktop.mouse.move(place["x"] + 300, place["y"] + 45, steps=5)
    desktop.mouse.up()
    desktop.get_by_role("heading", name="The chosen stretch").wait_for()
    desktop.mouse.move(place["x"] + 200, place["y"] + 40)
    assert desktop.locator(".plot-now").nth(2).inner_text() != ""  # one cursor across all


def test_a_finger_chooses_a_stretch_and_moves_the_common_cursor(address: str, phone: Page) -> None:
    phone.goto(f"{address}/runs/r0#details")
    wait_until(phone, DRAWN)
    drag = """shares => { const over = document.querySelector(".u-over"), box = over.getBoundingClientRect();
      for (const [kind, share] of shares) over.dispatchEvent(new PointerEvent(kind, { pointerType: "touch",
        clientX: box.left + share * box.width, clientY: box.top + 20, bubbles: true })); }"""
    phone.evaluate(drag, [["pointerdown", 0.2], ["pointermove", 0.4], ["pointermove", 0.6], ["pointerup", 0.6]])
    phone.get_by_role("heading", name="The chosen stretch").wait_for()
    assert all(text != "" for text in phone.locator(".plot:not(.plot-cues) .plot-now").all_inner_texts())


def test_cues_are_with_their_response_on_the_axis_of_the_plots(address: str, desktop: Page) -> None:
    desktop.goto(f"{address}/runs/r0#details")
    wait_until(desktop, DRAWN)
    lane = desktop.locator(".plot-cues")
    assert lane.locator(".plot-head").inner_text().startswith("Cues and what they did: Step length (cm)")
    over = lane.locator(".u-over")
    over.scroll_into_view_if_needed()
    place = over.bounding_box()
    for nudge in (0, 1):  # the first cue, at two of five minutes
        desktop.mouse.move(place["x"] + 0.4 * place["width"] + nudge, place["y"] + 20)
    wait_until(desktop, "() => document.querySelector('.plot-cues .plot-now').textContent !== ''")
    assert "2:00 Push the ground away behind you: +2.8 cm (+1.0 to +4.6 cm)" in " ".join(lane.inner_text().split())
    desktop.get_by_role("button", name="Show this cue in the plots: 2:00").click()
    desktop.get_by_role("heading", name="The chosen stretch: 1:00 – 3:00").wait_for()


def test_two_runs_are_chosen_in_the_list_and_compared(address: str, desktop: Page) -> None:
    desktop.goto(f"{address}/runs")
    for box in desktop.locator("input[name=run]").all()[:2]:
        box.check()
    desktop.get_by_role("button", name="Compare the two chosen").click()
    wait_until(desktop, DRAWN)
    desktop.select_option("#compare-metric", label="Cadence")
    assert "Cadence" in desktop.inner_text("#compare-plot")


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_accessible_and_nothing_runs_off(address: str, phone: Page, path: str) -> None:
    phone.goto(address + path)
    phone.wait_for_timeout(500)  # plots are drawn, where there are any
    for theme in THEMES:
        choose_theme(phone, theme)
        assert axe_findings(phone) == [], (path, theme)
    phone.set_viewport_size({"width": 320, "height": 700})
    phone.wait_for_timeout(300)  # and drawn again
    assert overflowing(phone) == [], path


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_the_report_is_printed_on_one_page(paper: str, tmp_path: Path, browser: Browser, serve_coach: Any) -> None:
    """Twelve weeks, every test answered, every session logged: as full as a report gets."""
    coach = full_coach(tmp_path)
    page = browser.new_page()
    page.goto(f"{serve_coach(coach)}/runs/report")
    choose_theme(page, "night")
    assert page.locator(".report-changes li").count() >= 7
    assert page.locator(".spark").count() >= 5
    printed = page.pdf(format=paper)
    assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) == 1
    page.close()


def full_coach(folder: Path) -> Any:
    """Ten weeks of sessions, answers and runs in one account."""
    coach = StrengthCoach(folder)
    half_a_year(coach)
    coach.store.runner.save(RunnerProfile(name="Sam", birth_year=1984))
    for i in range(5):
        keep_run(coach.history, f"k{i}", datetime.now(UTC) - timedelta(days=14 * i + 1), 6, 0.01 * (5 - i), seed=i)
    return coach


def test_a_run_of_six_hours_is_soon_there(tmp_path: Path, phone: Page, serve_coach: Callable[[Any], str]) -> None:
    coach = kept_coach(tmp_path, 0)
    seconds = make_seconds(6 * 3600)
    run = dataclasses.replace(Run("long", START, RunState.FINISHED), duration_s=21600.0)
    coach.store.runs.create(run)
    coach.store.runs.data.add("long", (), seconds)
    coach.store.runs.finish("long", RunState.FINISHED, summarise([], (), seconds))
    sizes: list[int] = []
    phone.on("response", lambda r: sizes.append(int(r.headers.get("content-length", 0))))
    phone.goto(f"{serve_coach(coach)}/runs/long#details")
    wait_until(phone, DRAWN, 20_000)
    ready_ms = phone.evaluate("() => performance.now()")
    print(f"run of six hours: plots after {ready_ms:.0f} ms, {sum(sizes) / 1000:.0f} kB on the wire")
    assert sum(sizes) < 300_000
