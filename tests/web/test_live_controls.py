"""What a runner does with one tap or a hold: start, pain, mute, pause, lap, stop; also without a network."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from coach.model.pain import PainMoment
from coach.model.runs import RunPlace, RunState
from coach.wall_clock import utc_now
from tests.coach.coaching.metric_runner import Body
from tests.support.browser import hold, wait_until
from tests.support.coaching import baseline_runs
from tests.support.signs import answer_signs
from tests.web.held_run import HeldRun
from tests.web.page_coach import PageCoach

pytestmark = pytest.mark.browser


def watching(url: str, phone: Page) -> Page:
    phone.goto(f"{url}/live")
    wait_until(phone, "() => document.body.dataset.run === 'on' && document.body.dataset.stream === 'live'")
    return phone


@pytest.fixture
def running(run: HeldRun, url: str, phone: Page) -> Page:
    return watching(url, phone)


def eventually(page: Page, look: Callable[[], Any], wanted: Any) -> None:
    """Wait until the coach has it: a tap is on its way."""
    for _ in range(200):
        if look() == wanted:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{look()} is not {wanted}")


def status(coach: PageCoach, name: str) -> Callable[[], Any]:
    return lambda: coach.runs.status()[name]


def pains(coach: PageCoach) -> list[tuple[int | None, int | None]]:
    """What was tapped in runs: back and calf. In no order of time: the clock of a held run stands still."""
    return sorted(((entry.back, entry.calf) for entry in coach.store.pain.list()), key=str)


def test_a_run_that_was_cut_off_is_offered_where_it_was_watched_and_goes_on(
    coach: PageCoach, url: str, phone: Page, start_again: Callable[[], PageCoach]
) -> None:
    run = HeldRun(coach, at_s=0.5)
    watching(url, phone)
    after = start_again()
    phone.get_by_role("button", name="Go on with this run").tap()
    wait_until(phone, "() => document.body.dataset.run === 'on'")
    going_on = after.runs.current()
    assert going_on is not None
    assert going_on.run_id == run.run_id
    assert phone.url.endswith("/live")


def test_a_run_is_started_from_the_page(coach: PageCoach, url: str, phone: Page) -> None:
    pod = coach.wear_pod()
    phone.goto(f"{url}/live")
    expect(phone.locator(".ready")).to_contain_text(pod.name)
    phone.check("input[value=outdoor]")
    phone.check("input[name=has_warm_up]")
    phone.tap("#start")
    wait_until(phone, "() => document.body.dataset.run === 'on'")
    run = coach.runs.current()
    assert run is not None
    assert (run.place, run.shoes, run.slope_pct, run.notes) == (RunPlace.OUTDOOR, "", None, "")
    assert coach.runs.status()["lap_kind"] == "warm_up"
    eventually(phone, lambda: [link["status"] for link in coach.runs.status()["links"]], ["streaming"])


def test_the_plan_on_the_page_is_that_of_the_place_chosen(coach: PageCoach, url: str, phone: Page) -> None:
    coach.coaching.learn([replace(r, place=RunPlace.TREADMILL) for r in baseline_runs(Body(), now=utc_now())])
    answer_signs(coach.store, utc_now() - timedelta(minutes=1), weeks=1)
    coach.runner.report_pain(PainMoment.NOW, 0, 0)
    coach.runner.change(focus_wish="quicker")
    phone.goto(f"{url}/live")
    assert phone.get_by_label("Not said").is_checked(), "nothing is known of the place: nothing is chosen"
    phone.get_by_label("Treadmill").check()
    expect(phone.locator("#plan-words")).to_contain_text("3 runs on the treadmill")
    phone.get_by_label("Outdoors").check()
    expect(phone.locator("#plan-words")).to_contain_text("Baseline run 1 of 3 outdoors")


def test_why_a_run_cannot_start_is_said(coach: PageCoach, url: str, phone: Page) -> None:
    coach.wear_pod()
    phone.goto(f"{url}/live")
    coach.sensors.forget(coach.sensors.book.remembered()[0].sensor_id)  # on another phone
    phone.tap("#start")
    expect(phone.locator("#start-words")).to_contain_text("pair one on the Sensors page")


def test_pain_is_one_tap_away_and_one_tap_long(coach: PageCoach, running: Page) -> None:
    running.tap("#pain")
    running.tap("[data-pain='3']")
    eventually(running, lambda: pains(coach), [(3, None)])
    expect(running.locator("#toast")).to_have_text("Pain 3 of 10 noted")
    running.tap("#pain")
    running.tap("[data-where=calf]")
    running.tap("[data-pain='0']")
    eventually(running, lambda: pains(coach), [(3, None), (None, 0)])


def test_a_mis_tap_of_pain_is_taken_back_for_ten_seconds(coach: PageCoach, run: HeldRun, url: str, phone: Page) -> None:
    phone.clock.install()
    running = watching(url, phone)
    expect(running.locator("#undo")).to_be_hidden()
    running.tap("#pain")
    running.tap("[data-pain='8']")
    eventually(running, lambda: pains(coach), [(8, None)])
    running.tap("#undo")
    eventually(running, lambda: pains(coach), [])
    expect(running.locator("#toast")).to_have_text("Undone")
    expect(running.locator("#undo")).to_be_hidden()
    running.tap("#pain")
    running.tap("[data-pain='2']")
    expect(running.locator("#undo")).to_be_visible()
    running.clock.fast_forward(10_300)
    expect(running.locator("#undo")).to_be_hidden()


def test_mute_and_pause_are_one_tap_and_show_their_state(coach: PageCoach, running: Page) -> None:
    running.tap("#mute")
    eventually(running, status(coach, "is_muted"), True)
    expect(running.locator("#mute")).to_have_attribute("aria-pressed", "true")
    running.tap("#pause")
    eventually(running, status(coach, "state"), "paused")
    expect(running.locator("#pause")).to_contain_text("Go on")
    expect(running.locator("#phase")).to_have_text("Paused")
    running.tap("#pause")
    eventually(running, status(coach, "state"), "recording")


def test_lap_and_stop_need_a_hold(coach: PageCoach, run: HeldRun, running: Page) -> None:
    before = coach.runs.status()
    for selector in ("#lap", "#stop"):
        running.tap(selector)
        hold(running, selector, for_ms=300)
    assert coach.runs.status() == before
    hold(running, "#lap")
    eventually(running, status(coach, "lap"), 2)
    hold(running, "#stop")
    running.wait_for_url(f"**/runs/{run.run_id}")
    assert coach.store.runs.get(run.run_id).state is RunState.FINISHED


def test_a_short_tap_on_lap_or_stop_says_to_hold(coach: PageCoach, running: Page) -> None:
    for selector in ("#lap", "#stop"):
        running.tap(selector)
        expect(running.locator("#toast")).to_have_text("Keep your finger on it for a second.")
        running.evaluate("() => { document.querySelector('#toast').textContent = ''; }")
    hold(running, "#lap")
    eventually(running, status(coach, "lap"), 2)
    expect(running.locator("#toast")).to_have_text("Lap marked")
    running.wait_for_timeout(200)  # and no word of the release takes its place
    expect(running.locator("#toast")).to_have_text("Lap marked")


def test_the_keyboard_holds_by_pressing_twice(coach: PageCoach, running: Page) -> None:
    running.focus("#lap")
    running.keyboard.press("Enter")
    expect(running.locator("#toast")).to_contain_text("Press again")
    running.keyboard.press("Enter")
    eventually(running, status(coach, "lap"), 2)


def test_pain_entered_without_a_network_arrives_when_it_is_back(coach: PageCoach, running: Page) -> None:
    running.context.set_offline(True)
    running.tap("#pain")
    running.tap("[data-pain='5']")
    expect(running.locator("#outbox-words")).to_contain_text("waits for the network")
    assert pains(coach) == []
    running.context.set_offline(False)
    eventually(running, lambda: pains(coach), [(5, None)])
    expect(running.locator("#outbox-words")).to_have_text("Everything is saved.")
    assert pains(coach) == [(5, None)]


def test_every_target_in_motion_is_large_enough_for_a_wet_thumb(run: HeldRun, running: Page) -> None:
    run.cue()
    expect(running.locator("#why")).to_be_visible()
    for button in running.locator(".motion :is(button, a):visible").all():
        box = button.bounding_box()
        assert box["width"] >= 64, button.inner_text()
        assert box["height"] >= 64, button.inner_text()
    running.tap("#pain")
    for button in running.locator("#pain-dialog button").all():
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 63.9, button.inner_text()


def test_what_waits_leaves_every_button_free(running: Page) -> None:
    running.context.set_offline(True)
    running.tap("#pain")
    running.tap("[data-pain='6']")
    expect(running.locator("#outbox-words")).to_contain_text("waits for the network")
    for name in ("pain", "pause", "lap", "stop"):
        at_its_middle = f"""() => {{
          const box = document.querySelector("#{name}").getBoundingClientRect();
          return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2).closest("button")?.id;
        }}"""
        assert running.evaluate(at_its_middle) == name
    running.context.set_offline(False)


def test_a_page_whose_storage_refuses_holds_the_tap_and_says_so(
    coach: PageCoach, run: HeldRun, url: str, phone: Page
) -> None:
    phone.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }")
    watching(url, phone)
    phone.context.set_offline(True)
    phone.tap("#pain")
    phone.tap("[data-pain='7']")
    expect(phone.locator("#outbox-words")).to_contain_text("on this page only: leave it open")
    expect(phone.locator("#toast")).to_contain_text("leave it open")
    phone.context.set_offline(False)
    eventually(phone, lambda: pains(coach), [(7, None)])
    expect(phone.locator("#outbox-words")).to_have_text("Everything is saved.")


def test_a_tap_for_a_run_that_has_ended_is_left_out_and_said(coach: PageCoach, running: Page) -> None:
    running.context.set_offline(True)
    running.tap("#mute")
    expect(running.locator("#outbox-words")).to_contain_text("waits for the network")
    coach.runs.stop()
    HeldRun(coach)
    running.context.set_offline(False)
    expect(running.locator("#outbox-words")).to_contain_text("left out")
    assert coach.runs.status()["is_muted"] is False
