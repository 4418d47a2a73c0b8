"""The page in motion, in a real browser at a phone's size: numbers, targets, ages, cues, and a stream that dies."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from coach.model.links import LinkStatus
from coach.model.metrics import Unknown
from tests.support.browser import overlapping, wait_until
from tests.web.held_run import HeldRun
from tests.web.listening import hasten
from tests.web.live_scene import FallingSilent, numbers
from tests.web.page_coach import PageCoach
from web.words import read_words

pytestmark = pytest.mark.browser

LISTEN = """() => {
  window.said = []; window.shaken = [];
  speechSynthesis.speak = (u) => { if (u.text.trim()) window.said.push(u.text); };
  navigator.vibrate = (pattern) => { if (pattern) window.shaken.push(pattern); return true; };
}"""


@pytest.fixture
def running(run: HeldRun, url: str, phone: Page) -> Page:
    """A phone that looks at a run which is on."""
    phone.add_init_script(f"({LISTEN})()")
    phone.goto(f"{url}/live")
    expect(phone.locator("#stream-words")).to_have_text("")
    wait_until(phone, "() => document.body.dataset.run === 'on' && document.body.dataset.stream === 'live'")
    return phone


def show(run: HeldRun, page: Page, selector: str = "", text: str = "", **event: Any) -> None:
    """Publish numbers until the page shows them: a new page may have asked a moment later, and a value settles.

    Shown they are once `selector` has `text`; without one, once the large number has its place.
    """
    for _ in range(60):
        run.numbers(**event)
        page.wait_for_timeout(60)
        if selector:
            if " ".join((page.locator(selector).text_content() or "").split()) == text:
                return
        elif page.locator("#focus").get_attribute("data-place") == event.get("place", "on"):
            return
    raise AssertionError(page.inner_text("body"))


def test_numbers_of_the_run_are_large_with_their_units(run: HeldRun, running: Page) -> None:
    show(run, running)
    expect(running.locator("#focus-value")).to_have_text("172")
    expect(running.locator("#clock")).to_contain_text("24:1")
    expect(running.locator("#distance_m")).to_have_text("4.12")
    expect(running.locator("#speed_mps")).to_have_text("5:52")
    expect(running.locator("#heart_rate_bpm")).to_have_text("142")
    expect(running.locator("#first-value")).to_have_text("243")
    size = float(
        running.evaluate("() => parseFloat(getComputedStyle(document.querySelector('#focus-value')).fontSize)")
    )
    assert size > 100


@pytest.mark.parametrize(
    ("place", "vs_usual_pct", "words"), [("below", 0.6, "Below"), ("on", 5.0, "On target"), ("above", 9.5, "Above")]
)
def test_the_target_is_shown_by_word_shape_and_band(
    run: HeldRun, running: Page, place: str, vs_usual_pct: float, words: str
) -> None:
    show(run, running, place=place, vs_usual_pct=vs_usual_pct)
    expect(running.locator("#focus-words")).to_have_text(words)
    expect(running.locator("#focus-band")).to_contain_text("Target 1")
    assert running.locator("#focus-shape").bounding_box()["width"] > 10
    band = running.locator("#gauge-band").bounding_box()
    mark = running.locator("#gauge-mark").bounding_box()
    middle = mark["x"] + mark["width"] / 2
    is_within = band["x"] <= middle <= band["x"] + band["width"]
    assert is_within == (place == "on")


@pytest.mark.parametrize(("sd", "words"), [(0.2, "Below"), (0.6, "Near the edge")])
def test_a_number_that_may_as_well_be_in_its_band_is_not_called_out_of_it(
    run: HeldRun, running: Page, sd: float, words: str
) -> None:
    """172 is 1.6 % above a usual of 169.3; the band begins at 2 %, that is at 172.7."""
    metrics = numbers(place="below", vs_usual_pct=1.6)
    show(run, running, "#focus-words", words, **metrics | {"uncertainty": {"cadence_spm": sd}})


def test_a_step_near_its_edge_is_shown_finely_enough_to_see_which_side_it_is_on(run: HeldRun, running: Page) -> None:
    """A step of 98.2 cm against an edge of 98.4: in whole centimetres both would read 98."""
    usual_m = 0.9842 / 0.97
    metrics = numbers(step_length_m=0.982, step_length_vs_baseline_pct=100 * (0.982 / usual_m - 1))
    target = {"metric": "step_length_vs_baseline_pct", "value": metrics["step_length_vs_baseline_pct"], "low": -3.0}
    event = metrics | {"target": target | {"high": None, "place": "below"}}
    show(run, running, "#focus-words", "Near the edge", **event)
    expect(running.locator("#focus-value")).to_have_text("98.2")
    expect(running.locator("#focus-unit")).to_have_text("cm")
    expect(running.locator("#focus-band")).to_contain_text("98.4")
    expect(running.locator("#focus-note")).to_have_text("±5.3")


def test_values_dim_and_then_blank_each_by_its_own_age(run: HeldRun, running: Page) -> None:
    show(run, running)
    running.evaluate("() => { window.saw_old = false; }")
    wait_until(running, "() => document.querySelector('#first-value').dataset.age === 'old'")
    wait_until(running, "() => document.querySelector('#first-value').textContent === '–'")
    expect(running.locator("#focus-value")).to_have_text("–")
    expect(running.locator("#focus")).to_have_attribute("data-place", "none")
    show(run, running, "#first-value", "243", cadence_spm=None, target=None)
    expect(running.locator("#focus-value")).to_have_text("–")


def test_each_number_says_how_sure_it_is_in_its_own_digits(run: HeldRun, running: Page) -> None:
    show(run, running)
    expect(running.locator("#focus-note")).to_have_text("±1")
    expect(running.locator("#first-note")).to_have_text("±13")
    expect(running.locator("#second-note")).to_have_text("±5")
    show(run, running, "#focus-note", "", uncertainty={"cadence_spm": 0.15})
    expect(running.locator("#first-note")).to_have_text("")


def test_a_dash_says_why(run: HeldRun, running: Page) -> None:
    why = dict.fromkeys(("cadence_spm", "contact_time_ms"), "finding_axes")
    why["heart_rate_bpm"] = "needs_heart_rate_sensor"
    blank = {"target": None, "contact_time_ms": None, "heart_rate_bpm": None, "unknown": why}
    show(run, running, "#focus-words", "finding the axes", cadence_spm=None, **blank)
    expect(running.locator("#focus-value")).to_have_text("–")
    expect(running.locator("#first-note")).to_have_text("finding the axes")
    expect(running.locator("#heart_rate_bpm-note")).to_have_text("no strap")


def test_a_target_without_its_usual_still_shows_the_number_and_says_what_it_waits_for(
    run: HeldRun, running: Page
) -> None:
    usual = {"cadence_vs_baseline_pct": "needs_three_runs"}
    metrics = numbers(place="on", unknown=usual, cadence_vs_baseline_pct=None)
    metrics["target"] |= {"value": None, "place": None}
    show(run, running, "#focus-words", "after three runs", **metrics)
    expect(running.locator("#focus-name")).to_have_text("Cadence")
    expect(running.locator("#focus-value")).to_have_text("172")
    expect(running.locator("#focus-band")).to_have_text("")


def test_there_are_words_for_every_reason() -> None:
    words = read_words()
    for reason in Unknown:
        assert words[f"metrics.why.{reason}.short"]
        assert words[f"metrics.why.{reason}.long"].endswith((".", "?"))


def test_a_paused_runner_finds_all_numbers_with_uncertainties_and_reasons(run: HeldRun, running: Page) -> None:
    expect(running.locator("#numbers")).to_be_hidden()
    run.numbers(unknown={"grade_pct": "needs_treadmill"})
    running.tap("#pause")
    running.tap("#numbers")
    cadence = running.locator("[data-detail=cadence_spm] .details-value")
    expect(cadence).to_have_text("172 spm ±1")
    expect(running.locator("[data-detail=grade_pct]")).to_contain_text("Needs a treadmill that reports its incline.")
    expect(running.locator("[data-detail=impact_g] .details-value")).to_contain_text("–")
    top = running.locator("#numbers-heading").bounding_box()
    assert top["y"] >= 0


def test_numbers_beside_the_large_one_settle_once_a_second(run: HeldRun, running: Page) -> None:
    show(run, running)
    running.evaluate(
        """() => {
          window.written = [];
          for (const id of ["focus-value", "first-value"]) {
            const watch = new MutationObserver(() => window.written.push(id));
            watch.observe(document.getElementById(id), {characterData: true, subtree: true, childList: true});
          }
        }"""
    )
    for step in range(20):
        more = {"cadence_spm": 170.0 + step % 2, "contact_time_ms": 240.0 + step % 3, "elapsed_s": 1460 + 0.2 * step}
        run.numbers(**more)
        running.wait_for_timeout(200)  # as often as a run gives them
    written = running.evaluate("() => window.written")
    assert written.count("first-value") <= 8
    assert written.count("focus-value") > written.count("first-value")


def test_without_a_worker_the_page_watches_by_itself(run: HeldRun, url: str, phone: Page) -> None:
    phone.context.route("**/live_worker.js", lambda route: route.abort())
    phone.goto(f"{url}/live")
    wait_until(phone, "() => document.body.dataset.stream === 'live'")
    show(run, phone)
    expect(phone.locator("#focus-value")).to_have_text("172")


def test_a_watcher_that_falls_silent_is_replaced(run: HeldRun, url: str, phone: Page) -> None:
    mute = "self.postMessage = () => {};"
    phone.context.route(
        "**/live_worker.js", lambda route: route.fulfill(body=mute, content_type="text/javascript"), times=1
    )
    hasten(phone, "live_channel.js", by=2)
    phone.goto(f"{url}/live")
    wait_until(phone, "() => document.body.dataset.stream === 'live'", 20_000)
    show(run, phone)
    expect(phone.locator("#focus-value")).to_have_text("172")


@pytest.mark.parametrize(("width", "height"), [(390, 844), (390, 664), (844, 390), (1280, 800)])
@pytest.mark.parametrize("is_paused", [False, True])
def test_everything_is_seen_at_one_glance(
    run: HeldRun, running: Page, width: int, height: int, is_paused: bool
) -> None:
    running.tap("#unlock-no")
    running.set_viewport_size({"width": width, "height": height})
    show(run, running)
    if is_paused:
        running.tap("#pause")
        expect(running.locator("#numbers")).to_be_visible()
    else:
        run.cue()
        expect(running.locator("#cue")).to_be_visible()
    room = running.evaluate("() => [document.documentElement.scrollHeight, innerHeight]")
    assert room[0] <= room[1] or (height, is_paused) == (664, True)
    values = "() => [...document.querySelectorAll('.quick-value, .second-value, .focus-value')]"
    cut = running.evaluate(f"({values})().filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.id)")
    assert cut == []


@pytest.mark.parametrize(("width", "height"), [(390, 844), (390, 664), (360, 780), (412, 915)])
def test_no_number_is_half_hidden_while_the_page_asks_to_speak(
    run: HeldRun, running: Page, width: int, height: int
) -> None:
    running.set_viewport_size({"width": width, "height": height})
    show(run, running)
    expect(running.locator("#unlock")).to_be_visible()
    controls = running.locator(".controls").bounding_box()["y"]
    for part in running.locator(".motion > :is(.quick, .focus, .seconds):visible").all():
        box = part.bounding_box()
        assert box["y"] + box["height"] <= controls, part.get_attribute("class")
    assert running.locator(".focus").is_visible()


@pytest.mark.parametrize("width", [320, 390])
def test_no_words_lie_upon_others_at_twice_the_text_size(run: HeldRun, running: Page, width: int) -> None:
    running.set_viewport_size({"width": width, "height": 844})
    running.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    show(run, running)
    running.evaluate("() => { document.querySelector('.controls').style.position = 'static'; }")  # it is scrolled over
    assert overlapping(running, ".motion") == []
    running.tap("#unlock-no")
    assert overlapping(running, ".motion") == []
    assert running.evaluate("() => document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("width", "height"), [(390, 844), (844, 390), (1280, 800)])
def test_a_run_in_pain_shows_to_walk_in_place_of_its_target(
    coach: PageCoach, run: HeldRun, running: Page, width: int, height: int
) -> None:
    running.tap("#unlock-no")
    running.set_viewport_size({"width": width, "height": height})
    show(run, running)
    coach.runs.pain(7)
    expect(running.locator("#hold")).to_be_visible()
    run.numbers()
    running.wait_for_timeout(300)  # numbers that come must not bring the target back
    expect(running.locator("#focus")).to_be_hidden()
    expect(running.locator("#hold")).to_contain_text("Walk")
    expect(running.locator("#hold")).to_contain_text("The coach says no more today")
    expect(running.locator("#clock")).to_be_visible()
    expect(running.locator("#stop")).to_be_visible()
    assert running.evaluate("() => document.documentElement.scrollHeight <= innerHeight")
    running.reload()
    expect(running.locator("#hold")).to_be_visible()


def test_a_cue_is_shown_said_and_vibrated_once_and_can_be_asked_why(run: HeldRun, running: Page) -> None:
    run.cue()
    expect(running.locator("#cue-words")).to_have_text("Quick, light steps, as on hot sand")
    wait_until(running, "() => window.said.length === 1 && window.shaken.length === 1")
    run.cue()
    run.cue("c0002", is_spoken=False, say="Withheld")
    run.cue("c0003", say="Third")
    expect(running.locator("#cue-words")).to_have_text("Third")
    wait_until(running, "() => window.said.length === 2")
    assert running.evaluate("() => window.said") == ["Quick, light steps, as on hot sand", "Third"]
    running.tap("#why")
    expect(running.locator("#why-body")).to_contain_text("Your steps are few")
    expect(running.locator("#why-body")).to_contain_text("Heiderscheit 2011")
    expect(running.locator("#why-body")).to_contain_text("0.6 %")


def test_channels_of_cues_can_be_turned_off_on_this_phone(run: HeldRun, running: Page) -> None:
    running.tap("#more")
    for name in ("speech", "vibration", "text"):
        running.uncheck(f"input[name={name}]")
    running.keyboard.press("Escape")
    run.cue()
    run.cue("c0002", kind="safety", say="Ease off")
    expect(running.locator("#cue-words")).to_have_text("Ease off")
    assert running.evaluate("() => [window.said.length, window.shaken.length]") == [0, 0]
    running.reload()
    running.tap("#more")
    expect(running.locator("input[name=speech]")).not_to_be_checked()


def test_old_cues_are_not_replayed_to_a_page_that_is_opened_again(run: HeldRun, running: Page) -> None:
    run.cue()
    expect(running.locator("#cue")).to_be_visible()
    running.reload()
    show(run, running)
    expect(running.locator("#cue")).to_be_hidden()
    assert running.evaluate("() => window.said") == []


def test_a_dead_stream_is_noticed_by_the_page_and_opened_again(
    coach: PageCoach, run: HeldRun, url: str, phone: Page
) -> None:
    feed = FallingSilent(coach.feed)
    phone.goto(f"{url}/live")
    show(run, phone)
    phone.evaluate(
        """() => {
          const words = document.querySelector("#stream-words");
          window.heard = [];
          new MutationObserver(() => window.heard.push(words.textContent)).observe(words, {childList: true});
        }"""
    )
    feed.hang()
    phone.wait_for_timeout(300)  # what was under way is through
    n_streams = feed.n_listens
    wait_until(phone, "() => window.heard.some((words) => words.includes('Connection lost'))", 20_000)
    assert phone.locator("#stream-words").get_attribute("role") == "status"
    for _ in range(100):
        if feed.n_listens > n_streams:
            break
        phone.wait_for_timeout(100)
    assert feed.n_listens > n_streams
    feed.go_on()
    show(run, phone)
    expect(phone.locator("#stream-words")).to_have_text("")


def test_two_phones_see_the_same_run(run: HeldRun, running: Page, url: str) -> None:
    second = running.context.new_page()
    second.goto(f"{url}/live")
    wait_until(second, "() => document.body.dataset.run === 'on'")
    show(run, running)
    show(run, second)
    expect(second.locator("#focus-value")).to_have_text("172")
    second.close()


def test_a_browser_that_cannot_keep_its_screen_on_says_so(run: HeldRun, url: str, phone: Page) -> None:
    phone.add_init_script("delete Navigator.prototype.wakeLock")
    phone.goto(f"{url}/live")
    expect(phone.locator("#wake-words")).to_contain_text("cannot keep the screen on")


def test_sensors_are_named_by_place_and_a_lost_one_aloud(run: HeldRun, running: Page) -> None:
    expect(running.locator("#links")).to_contain_text("Left foot")
    run.link("C4:01", LinkStatus.LOST, "out_of_range", "Too far away")
    expect(running.locator("#links li[data-status=lost]")).to_contain_text("Left foot lost")
    expect(running.get_by_role("status").filter(has_text="Left foot lost")).to_have_count(1)


def test_a_phone_that_was_away_hears_the_fresh_cue_once_and_no_old_one(run: HeldRun, running: Page) -> None:
    running.tap("#unlock-no")
    run.cue("c0001", say="Before")
    expect(running.locator("#cue-words")).to_have_text("Before")
    running.context.set_offline(True)
    running.wait_for_timeout(300)  # what was under way is through
    run.cue("c0002", say="While it was away")
    running.wait_for_timeout(1200)  # away for a second after it, and less than a cue lives
    running.context.set_offline(False)
    running.evaluate("() => window.dispatchEvent(new Event('online'))")
    expect(running.locator("#cue-words")).to_have_text("While it was away")
    show(run, running)
    assert running.evaluate("() => window.said") == ["Before", "While it was away"]
