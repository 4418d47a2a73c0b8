"""The page in motion, in a real browser at a phone's size: numbers, targets, ages, cues, and a stream that dies."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import wait_until
from tests.web.live_scene import FallingSilent, cue, numbers
from tests.web.small_coach import SmallCoach, SmallRuns

pytestmark = pytest.mark.browser

LISTEN = """() => {
  window.said = []; window.shaken = [];
  speechSynthesis.speak = (u) => { if (u.text.trim()) window.said.push(u.text); };
  navigator.vibrate = (pattern) => { if (pattern) window.shaken.push(pattern); return true; };
}"""


@pytest.fixture
def running(coach: SmallCoach, url: str, phone: Page) -> Page:
    """A phone that looks at a run which is on."""
    coach.runs.start("treadmill")
    phone.add_init_script(f"({LISTEN})()")
    phone.goto(f"{url}/live")
    expect(phone.locator("#stream-words")).to_have_text("")
    wait_until(phone, "() => document.body.dataset.run === 'on' && document.body.dataset.stream === 'live'")
    return phone


def show(coach: SmallCoach, page: Page, **event: Any) -> None:
    """Publish numbers until the page shows them: a new page may have asked a moment later."""
    for _ in range(40):
        coach.feed.publish("metrics", numbers(**event))
        page.wait_for_timeout(60)
        if page.locator("#focus").get_attribute("data-place") == event.get("place", "on"):
            return
    raise AssertionError(page.inner_text("body"))


def test_numbers_of_the_run_stand_large_with_their_units(coach: SmallCoach, running: Page) -> None:
    show(coach, running)
    expect(running.locator("#focus-value")).to_have_text("172")
    expect(running.locator("#clock")).to_contain_text("24:1")
    expect(running.locator("[data-value=distance_m]")).to_have_text("4.12")
    expect(running.locator("[data-value=speed_mps]")).to_have_text("5:52")
    expect(running.locator("[data-value=heart_rate_bpm]")).to_have_text("142")
    expect(running.locator("#first-value")).to_have_text("243")
    size = float(
        running.evaluate("() => parseFloat(getComputedStyle(document.querySelector('#focus-value')).fontSize)")
    )
    assert size > 100


@pytest.mark.parametrize(
    ("place", "vs_usual_pct", "words"), [("below", 0.6, "Below"), ("on", 5.0, "On target"), ("above", 9.5, "Above")]
)
def test_the_target_is_told_by_word_shape_and_band(
    coach: SmallCoach, running: Page, place: str, vs_usual_pct: float, words: str
) -> None:
    show(coach, running, place=place, vs_usual_pct=vs_usual_pct)
    expect(running.locator("#focus-words")).to_have_text(words)
    expect(running.locator("#focus-band")).to_contain_text("Target 1")
    assert running.locator("#focus-shape").bounding_box()["width"] > 10
    band = running.locator("#gauge-band").bounding_box()
    mark = running.locator("#gauge-mark").bounding_box()
    middle = mark["x"] + mark["width"] / 2
    is_within = band["x"] <= middle <= band["x"] + band["width"]
    assert is_within == (place == "on")


def test_values_dim_and_then_blank_each_by_its_own_age(coach: SmallCoach, running: Page) -> None:
    show(coach, running)
    running.evaluate("() => { window.saw_old = false; }")
    wait_until(running, "() => document.querySelector('#first-value').classList.contains('is-old')")
    wait_until(running, "() => document.querySelector('#first-value').textContent === '–'")
    expect(running.locator("#focus-value")).to_have_text("–")
    expect(running.locator("#focus")).to_have_attribute("data-place", "none")
    for _ in range(5):
        coach.feed.publish("metrics", numbers(cadence_spm=None, target=None))
        running.wait_for_timeout(100)
    expect(running.locator("#first-value")).to_have_text("243")
    expect(running.locator("#focus-value")).to_have_text("–")


def test_a_cue_is_shown_said_and_felt_once_and_can_be_asked_why(coach: SmallCoach, running: Page) -> None:
    coach.feed.publish("cue", cue())
    expect(running.locator("#cue-words")).to_have_text("Quick, light steps, as on hot sand")
    wait_until(running, "() => window.said.length === 1 && window.shaken.length === 1")
    coach.feed.publish("cue", cue())
    coach.feed.publish("cue", cue("c0002", is_spoken=False, say="Withheld"))
    coach.feed.publish("cue", cue("c0003", say="Third"))
    expect(running.locator("#cue-words")).to_have_text("Third")
    wait_until(running, "() => window.said.length === 2")
    assert running.evaluate("() => window.said") == ["Quick, light steps, as on hot sand", "Third"]
    running.tap("#why")
    expect(running.locator("#why-body")).to_contain_text("Your steps are few")
    expect(running.locator("#why-body")).to_contain_text("Heiderscheit 2011")
    expect(running.locator("#why-body")).to_contain_text("0.6 %")


def test_channels_of_cues_can_be_turned_off_on_this_phone(coach: SmallCoach, running: Page) -> None:
    running.tap("#more")
    for name in ("speech", "vibration", "text"):
        running.uncheck(f"input[name={name}]")
    running.keyboard.press("Escape")
    coach.feed.publish("cue", cue())
    coach.feed.publish("cue", cue("c0002", kind="safety", say="Ease off"))
    expect(running.locator("#cue-words")).to_have_text("Ease off")
    assert running.evaluate("() => [window.said.length, window.shaken.length]") == [0, 0]
    running.reload()
    running.tap("#more")
    expect(running.locator("input[name=speech]")).not_to_be_checked()


def test_old_cues_are_not_replayed_to_a_page_that_is_opened_again(coach: SmallCoach, running: Page) -> None:
    coach.feed.publish("cue", cue())
    expect(running.locator("#cue")).to_be_visible()
    running.reload()
    show(coach, running)
    expect(running.locator("#cue")).to_be_hidden()
    assert running.evaluate("() => window.said") == []


def test_a_dead_stream_is_noticed_by_the_page_and_opened_anew(phone: Page, serve_coach: Callable[[Any], str]) -> None:
    feed = FallingSilent()
    coach = SmallCoach(feed=feed, runs=SmallRuns(feed))
    coach.runs.start("treadmill")
    phone.goto(f"{serve_coach(coach)}/live")
    show(coach, phone)
    phone.evaluate(
        """() => {
          const words = document.querySelector("#stream-words");
          window.heard = [];
          new MutationObserver(() => window.heard.push(words.textContent)).observe(words, {childList: true});
        }"""
    )
    feed.hang()
    phone.wait_for_timeout(300)
    n_streams = feed.n_listens
    wait_until(phone, "() => window.heard.some((words) => words.includes('Connection lost'))", 20_000)
    assert phone.locator("#stream-words").get_attribute("role") == "status"
    for _ in range(100):
        if feed.n_listens > n_streams:
            break
        phone.wait_for_timeout(100)
    assert feed.n_listens > n_streams
    feed.go_on()
    show(coach, phone)
    expect(phone.locator("#stream-words")).to_have_text("")
    feed.close()


def test_two_phones_see_the_same_run(coach: SmallCoach, running: Page, url: str) -> None:
    second = running.context.new_page()
    second.goto(f"{url}/live")
    wait_until(second, "() => document.body.dataset.run === 'on'")
    show(coach, running)
    show(coach, second)
    expect(second.locator("#focus-value")).to_have_text("172")
    second.close()


def test_a_browser_that_cannot_keep_its_screen_on_says_so(coach: SmallCoach, url: str, phone: Page) -> None:
    coach.runs.start("treadmill")
    phone.add_init_script("delete Navigator.prototype.wakeLock")
    phone.goto(f"{url}/live")
    expect(phone.locator("#wake-words")).to_contain_text("cannot keep the screen on")


def test_sensors_are_told_by_place_and_a_lost_one_aloud(coach: SmallCoach, running: Page) -> None:
    expect(running.locator("#links")).to_contain_text("Left foot")
    lost = {"sensor_id": "C4:01", "t_s": 9.0, "status": "lost", "reason": "out_of_range", "words": "Too far away"}
    coach.feed.publish("sensor", lost)
    expect(running.locator("#links li[data-status=lost]")).to_contain_text("Left foot lost")
