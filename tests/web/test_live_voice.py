"""What a run says besides its cues, and the pocket: speech and vibration are the browser's."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from coach.language.phrases import phrases_of
from coach.model.links import LinkEvent, LinkStatus
from coach.model.pain import PainMoment
from coach.model.plain import to_plain
from coach.model.workouts import PartKind, Workout, WorkoutPart
from tests.support.browser import hold, wait_until
from tests.support.one_browser import opened
from tests.web.held_run import USES, HeldRun
from tests.web.listening import hasten, open_page
from tests.web.live_scene import cue
from tests.web.page_coach import PageCoach

pytestmark = pytest.mark.browser


@pytest.fixture
def running(run: HeldRun, url: str, phone: Page) -> Page:
    return open_page(url, phone)


def move(run: HeldRun, page: Page, distance_m: float, elapsed_s: float, times: int = 1, **more: Any) -> None:
    """times: more where nothing may replace these numbers before a busy page has fetched them; they count in means."""
    metrics = {"distance_m": distance_m, "elapsed_s": elapsed_s, "cadence_vs_baseline_pct": 0.4, **more}
    for _ in range(times):
        run.numbers(**metrics)
        page.wait_for_timeout(60)  # the page fetches each, not the newest of some


def heard(page: Page, n: int, timeout_ms: float = 10_000) -> list[str]:
    wait_until(page, "n => window.said.length >= n", timeout_ms, n)
    page.wait_for_timeout(200)  # and no more
    return page.evaluate("() => window.said")


def test_each_kilometre_is_said_with_its_own_time_and_steps_against_the_runners_usual(
    run: HeldRun, running: Page
) -> None:
    move(run, running, 1990.0, 690.0)
    assert running.evaluate("() => window.said") == []  # nothing of what was before this page
    move(run, running, 2001.0, 700.0)
    move(run, running, 2500.0, 880.0, step_length_m=1.01, step_length_vs_baseline_pct=-3.2)
    move(run, running, 3002.0, 1048.0, step_length_m=1.01, step_length_vs_baseline_pct=-3.2)
    move(run, running, 3003.0, 1049.0)
    assert heard(running, 2) == [
        "2 kilometres after 11 minutes 40 seconds. Cadence 172, as usual. Step length 98 centimetres.",
        "Kilometre 3 in 5 minutes 48 seconds. Cadence 172, as usual. "
        "Step length 101 centimetres, 3 percent shorter than your usual.",
    ]


def test_miles_and_inches_are_said_to_those_who_read_them(coach: PageCoach, url: str, phone: Page) -> None:
    coach.runner.change(units="imperial")
    run = HeldRun(coach)
    page = open_page(url, phone)
    for distance_m, elapsed_s in ((0.0, 0.0), (1600.0, 500.0), (1610.0, 503.0)):
        move(run, page, distance_m, elapsed_s, times=5)
    assert heard(page, 1)[0].startswith(
        "Mile 1 in 8 minutes 23 seconds. Cadence 172, as usual. Step length 38.6 inches"
    )


def test_a_gap_over_two_kilometres_has_no_time_of_one(run: HeldRun, running: Page) -> None:
    move(run, running, 0.0, 0.0, times=10)
    move(run, running, 2100.0, 720.0, times=10)
    assert heard(running, 1)[0].startswith("2 kilometres after 12 minutes.")


def test_a_start_is_announced_when_every_sensor_is_ready_and_what_is_missing_is_named(
    coach: PageCoach, url: str, phone: Page
) -> None:
    run = HeldRun(coach, LinkStatus.CONNECTING, at_s=1.0)
    page = open_page(url, phone)
    for use in USES[:2]:
        run.link(use.sensor_id, LinkStatus.STREAMING)
    page.wait_for_timeout(1200)  # two of the page's looks, of which none may speak
    assert page.evaluate("() => window.said") == []
    run.link(USES[2].sensor_id, LinkStatus.STREAMING)
    assert heard(page, 1) == ["Sensors ready. Go."]


def test_a_lost_sensor_is_said_and_vibrated_once_it_stays_away_and_said_when_it_is_back(
    run: HeldRun, running: Page
) -> None:
    running.wait_for_timeout(700)  # seen to be well
    run.link("C4:01", LinkStatus.SILENT)
    running.wait_for_timeout(1500)
    run.link("C4:01", LinkStatus.STREAMING)  # shorter than a sentence
    running.wait_for_timeout(700)  # seen to be well again
    run.link("C4:01", LinkStatus.LOST)
    assert heard(running, 1) == ["Left foot lost."]
    assert running.evaluate("() => window.shaken") == [[300, 100, 300]]
    run.link("C4:01", LinkStatus.STREAMING)
    assert heard(running, 2) == ["Left foot lost.", "Left foot connected."]


def test_a_log_that_the_disk_refuses_is_said_and_so_is_that_it_goes_on(
    coach: PageCoach, run: HeldRun, url: str, phone: Page
) -> None:
    hasten(phone, "live_announcer.js")
    running = open_page(url, phone)

    def log(status: LinkStatus) -> None:
        """As the run reports it (`tests/coach/recording/test_log_outlives_a_full_disk.py`)."""
        coach.feed.publish("sensor", to_plain(LinkEvent("recording", 1.0, status, "ok", "")))

    log(LinkStatus.LOST)
    assert heard(running, 1) == ["The run is not being saved: the disk is full or refuses."]
    expect(running.locator("#links li[data-status=lost]")).to_have_text(
        "Recording not saved: the disk is full or refuses"
    )
    log(LinkStatus.STREAMING)
    assert heard(running, 2)[1:] == ["The run is being saved again."]


def test_laps_are_said_with_the_time_of_the_one_before(coach: PageCoach, run: HeldRun, running: Page) -> None:
    for elapsed_s in (70.0, 320.0):
        run.at_s = elapsed_s
        coach.runs.lap()
        running.wait_for_timeout(100)  # the page fetches each
    assert heard(running, 2) == [
        "Lap 2. Lap 1 took 1 minute 10 seconds.",
        "Lap 3. Lap 2 took 4 minutes 10 seconds.",
    ]


def test_a_workout_is_led_by_voice_and_page(coach: PageCoach, url: str, phone: Page) -> None:
    run, walk = (WorkoutPart(kind, 60.0, 1) for kind in (PartKind.RUN, PartKind.WALK))
    parts = (WorkoutPart(PartKind.WARM_UP, 60.0), run, walk, replace(run, round=2), replace(walk, round=2))
    held = HeldRun(coach, at_s=0.0, workout=Workout("run_walk", 1, parts))
    coach.workout_on()
    running = open_page(url, phone)
    expect(running.locator("#phase")).to_contain_text("Warm-up: walk", timeout=20_000)
    for number, at_s in ((1, 60.1), (2, 120.1)):
        held.at_s = at_s
        coach.workout_on(number)
    expect(running.locator("#phase")).to_have_text(re.compile(r"Walk, (1:00|0:\d\d) left"), timeout=20_000)
    held.at_s = 300.1
    assert [words for words in heard(running, 5) if not words.startswith("Sensors ready")] == [
        "Walk for 1 minute to warm up.",
        "Run for 1 minute. 1 of 2.",
        "Walk for 1 minute.",
        "The whole session is done.",
    ]
    assert running.evaluate("() => window.shaken.length") == 4


def test_a_pace_is_asked_for_and_heard_about(coach: PageCoach, run: HeldRun, running: Page) -> None:
    """What a workout's follower reports (`tests/coach/live/test_workout_leads_a_run.py`), as page and voice say it."""

    def report(workout: dict[str, Any]) -> None:
        coach.feed.publish("run", coach.runs.status() | {"workout": workout})
        running.wait_for_timeout(200)  # the page fetches each

    part = {"kind": "run", "part": 1, "id": "own-1", "round": 2, "n_rounds": 6, "seconds": 0.0, "ends_s": None}
    asked = {"metres": 400.0, "ends_m": 4500.0, "low_mps": 1000 / 285, "high_mps": 1000 / 270, "pace": ""}
    report({**part, "part": 0, "kind": "warm_up", "seconds": 600.0, "ends_s": 1460.0})
    for pace in ("", "slow", "slow", "on"):
        report({**part, **asked, "pace": pace})
    run.numbers(distance_m=4266.0)
    expect(running.locator("#phase")).to_have_text("Run 2 of 6, 240 m left · 4:30–4:45 /km")
    report({**part, "part": 2, "kind": "easy", "is_by_lap": True, "is_eased": True})
    expect(running.locator("#phase")).to_have_text("Easy: hold Lap when it is done · easy, no pace today")
    assert heard(running, 4)[-4:] == [
        "Run for 400 metres. 2 of 6. At 4 minutes 30 seconds to 4 minutes 45 seconds per kilometre.",
        "A little faster.",
        "That is the pace.",
        "Run easily for as long as you like. Hold Lap when it is done. No pace today because of your pain: run easily.",
    ]


def test_run_walk_is_chosen_on_the_page_where_pain_allows_it(coach: PageCoach, url: str, phone: Page) -> None:
    coach.wear_pod()
    phone.goto(f"{url}/live")
    expect(phone.locator("option[value=run_walk]")).to_be_disabled()  # no answers on signs or pain
    coach.runner.answer_red_flags([])
    coach.runner.report_pain(PainMoment.BEFORE_RUN, back=1, calf=0)
    phone.reload()
    phone.get_by_text("Run-walk for a sore back").click()
    expect(phone.locator(".ready")).to_contain_text("10 times 0:15 of running and 1:45 of walking")
    expect(phone.locator(".ready")).to_contain_text("ASTEROID")
    phone.select_option("#start-workout", "run_walk")
    phone.tap("#start")
    wait_until(phone, "() => document.body.dataset.run === 'on'")
    run = coach.runs.current()
    assert run.plan.focus is None
    part = coach.workout_on()
    assert (part["id"], part["kind"], part["n_rounds"]) == ("run_walk", "warm_up", 10)


def test_a_target_is_called_regained_after_a_cue_only_and_once(run: HeldRun, url: str, phone: Page) -> None:
    hasten(phone, "live_announcer.js")  # a target is regained after a second
    running = open_page(url, phone)

    def stay(place: str, for_s: float) -> None:
        for _ in range(round(for_s / 0.25)):
            run.numbers(place=place)
            running.wait_for_timeout(250)  # as often as a run gives them

    stay("below", 0.5)
    stay("on", 1.5)
    assert running.evaluate("() => window.said") == []  # nobody had asked
    run.cue(modality="text")
    stay("below", 0.5)
    stay("on", 4.0)  # on a busy machine numbers come late, and the second on target starts over
    assert heard(running, 1) == ["On target again."]
    stay("on", 0.5)
    assert len(running.evaluate("() => window.said")) == 1


def test_the_end_is_said_before_the_page_leaves(coach: PageCoach, run: HeldRun, running: Page) -> None:
    move(run, running, 5230.0, 1860.0)
    running.evaluate(
        """() => {
          const until = performance.now() + 2500;  // as long as the sentence takes
          Object.defineProperty(speechSynthesis, "speaking", { get: () => performance.now() < until });
        }"""
    )
    run.at_s = 124.0
    coach.runs.stop()
    assert heard(running, 1) == ["Run ended and saved. 5.23 kilometres in 2 minutes 4 seconds."]
    assert running.url.endswith("/live")
    running.wait_for_url(f"**/runs/{run.run_id}")


def test_each_kind_can_be_turned_off_and_mute_silences_all(coach: PageCoach, run: HeldRun, running: Page) -> None:
    running.tap("#unlock-no")
    running.tap("#more")
    running.uncheck("input[name=say_splits]")
    running.keyboard.press("Escape")
    move(run, running, 1990.0, 690.0)
    move(run, running, 2001.0, 700.0)
    coach.runs.lap()
    assert heard(running, 1) == ["Lap 2. Lap 1 took 1 minute."]
    running.tap("#mute")
    wait_until(running, "() => document.querySelector('#mute').getAttribute('aria-pressed') === 'true'")
    coach.runs.lap()
    running.wait_for_timeout(300)  # long enough to be said, were it not muted
    assert running.evaluate("() => window.said") == ["Lap 2. Lap 1 took 1 minute."]


def test_what_the_coach_said_before_a_tap_on_mute_does_not_undo_it(
    coach: PageCoach, run: HeldRun, running: Page
) -> None:
    """While the tap is on its way, and while it waits for the network; from then on the coach counts again."""
    is_muted = "wanted => document.querySelector('#mute').getAttribute('aria-pressed') === String(wanted)"

    def late(route: Route) -> None:
        for lap in (2, 3):
            coach.runs.lap()
            wait_until(running, "lap => document.querySelector('#phase').textContent.includes(lap)", argument=str(lap))
        run.cue()  # the coach speaks until it has heard of the tap
        expect(running.locator("#cue")).to_be_visible()
        route.continue_()

    running.route("**/api/v1/run/mute", late, times=1)
    running.tap("#mute")
    expect(running.locator("#toast")).to_have_text("Cues are silent")
    wait_until(running, is_muted, argument=True)
    assert coach.runs.status()["is_muted"]
    assert running.evaluate("() => [window.ticks.length, window.shaken.length]") == [0, 1], "it only vibrates"
    running.route("**/api/v1/run/mute", lambda route: route.abort(), times=1)
    running.tap("#mute")
    expect(running.locator("#outbox-words")).to_contain_text("waits for the network")
    coach.runs.lap()
    wait_until(running, "() => document.querySelector('#phase').textContent.includes('4')")
    wait_until(running, is_muted, argument=False)
    running.evaluate("() => window.dispatchEvent(new Event('online'))")
    expect(running.locator("#outbox-words")).to_have_text("Everything is saved.")
    wait_until(running, is_muted, argument=False)
    coach.runs.mute(True)  # on another phone
    wait_until(running, is_muted, argument=True)
    assert heard(running, 1) == ["Lap 4."]


def test_a_kilometre_waits_for_a_cue_and_a_cue_for_nothing(run: HeldRun, running: Page) -> None:
    running.evaluate(
        """() => {
          window.cut = 0;
          Object.defineProperty(speechSynthesis, "speaking", { get: () => true });
          speechSynthesis.cancel = () => { window.cut += 1; };
        }"""
    )
    move(run, running, 1990.0, 690.0, times=5)
    move(run, running, 2001.0, 700.0, times=5)
    heard(running, 1)
    assert running.evaluate("() => window.cut") == 0
    run.cue()
    assert heard(running, 2)[1] == "Quick, light steps, as on hot sand"
    assert running.evaluate("() => window.cut") == 1


def test_in_the_pocket_the_run_speaks_and_touches_do_nothing(coach: PageCoach, run: HeldRun, running: Page) -> None:
    running.tap("#unlock-no")
    before = coach.runs.status()
    running.tap("#pocket")
    expect(running.locator("#pocket-hold")).to_contain_text("The run goes on")
    box = running.locator("#pocket-dialog").bounding_box()
    assert (box["width"], box["height"]) == (390, 844)
    for x in range(20, 390, 60):
        for y in range(20, 844, 100):
            running.touchscreen.tap(x, y)
    running.keyboard.press("Escape")
    expect(running.locator("#pocket-out")).to_be_visible()  # the way out is asked for, not taken
    expect(running.locator("#pocket-dialog")).to_have_attribute("open", "")
    assert coach.runs.status() == before
    move(run, running, 1990.0, 690.0, times=5)
    move(run, running, 2001.0, 700.0, times=5)
    assert heard(running, 1)[0].startswith("2 kilometres")
    hold(running, "#pocket-hold", at=(0.5, 0.25))  # beside the button that it brings
    running.tap("#pocket-out")
    expect(running.locator("#pocket-dialog")).to_be_hidden()
    expect(running.locator("#stop")).to_be_visible()


def test_a_run_that_ends_leaves_nobody_in_the_dark(coach: PageCoach, run: HeldRun, running: Page) -> None:
    running.tap("#pocket")
    coach.runs.stop()
    expect(running.locator("#pocket-dialog")).to_be_hidden()


def test_other_sound_is_softer_while_a_sentence_is_said_where_the_browser_allows_it(url: str, phone: Page) -> None:
    phone.add_init_script(
        """
        window.types = [];
        Object.defineProperty(navigator, "audioSession", { value: { set type(t) { window.types.push(t); } } });
        speechSynthesis.speak = (one) => { one.onstart?.(); one.onend?.(); };
        """
    )
    phone.goto(f"{url}/install")
    phone.evaluate("async () => { const s = await import('/static/js/speech.js'); s.speak('Kilometre one.'); }")
    wait_until(phone, "() => window.types.length === 2")
    assert phone.evaluate("() => window.types") == ["transient", "auto"]
    expect(phone.locator("[data-ability=ducking]")).to_have_text("yes")


def test_a_run_that_was_cut_off_says_so_before_the_page_offers_to_go_on(
    coach: PageCoach, url: str, phone: Page, start_again: Callable[[], PageCoach]
) -> None:
    HeldRun(coach, at_s=0.5)
    running = open_page(url, phone)
    running.evaluate("() => addEventListener('pagehide', () => sessionStorage.setItem('said', window.said.join(' ')))")
    start_again()
    running.get_by_role("button", name="Go on with this run").wait_for()
    assert "Your run was cut off" in running.evaluate("() => sessionStorage.getItem('said')")


def test_a_german_runner_hears_german_sentences_in_a_german_voice(run: HeldRun, url: str, browser: Browser) -> None:
    with opened(browser, locale="de-DE") as context:
        page = open_page(url, context.new_page())
        run.cue()
        english = cue()["say"]
        said = heard(page, 1)
        tongues = page.evaluate("() => window.tongues")
    assert set(tongues) == {"de"}
    assert said[0] == phrases_of("de")(str(english)) != english
