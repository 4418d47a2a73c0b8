"""A guided session in a real browser: set up a plan, train with timers, lose the network, come back, see it counted."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from coach.model.pain import PainEntry, PainMoment
from coach.model.strength import SessionState
from coach.strength.loader import load_exercises
from tests.support.browser import axe_findings, overflowing, wait_until
from tests.web.strength_coach import StrengthCoach, do_session, half_a_year

pytestmark = pytest.mark.browser


@pytest.fixture
def coach(tmp_path: Path):
    made = StrengthCoach(tmp_path)
    yield made
    made.close()


def seen(page, selector: str, **options):
    return page.locator(f".stage:not([hidden]) {selector}", **options)


def ready(page) -> None:
    """Wait for the page's script: a tap before it is heard by nobody."""
    page.locator('body[data-guide="ready"]').wait_for()


def feel(page, rpe: int = 7, pain: int = 0) -> None:
    seen(page, f'.effort input[value="{rpe}"]').check()
    seen(page, f'fieldset input[name^="pain-"][value="{pain}"]').check()


def test_from_setting_up_a_plan_to_seeing_the_session_in_progress(phone, serve_coach, coach: StrengthCoach) -> None:
    url = serve_coach(coach)
    phone.goto(f"{url}/strength")
    phone.get_by_label("Home").check()
    phone.get_by_role("button", name="Make my plan").click()
    phone.wait_for_url(f"{url}/strength")
    assert phone.locator(".session-link").count() == 16

    session = coach.strength.plans.next_session(coach.strength.show())
    coach.clock["moment"] = session.due_at
    phone.clock.install(time=session.due_at)
    phone.goto(f"{url}/strength")
    phone.get_by_role("link", name="Start the session").click()
    ready(phone)
    phone.get_by_role("button", name="Start the warm-up timer").click()
    assert phone.locator(".timer-left").inner_text() == "5:00"
    phone.clock.run_for(61_000)
    assert phone.locator(".timer-left").inner_text() in ("4:00", "3:59")
    phone.locator('input[name="pain_before"][value="1"]').check()
    phone.get_by_role("button", name="Begin").click()

    train_first_exercise(phone)
    phone.context.set_offline(True)
    train_next_exercise(phone)
    assert "Kept on this phone" in phone.locator("#sync-words").inner_text()
    n_before = n_sets(coach)
    assert n_before == 2, "while the network is away nothing reaches the coach"
    phone.context.set_offline(False)
    phone.clock.run_for(16_000)
    wait_until(phone, "() => document.querySelector('#sync-words').textContent === ''")
    assert n_sets(coach) == 4

    phone.get_by_role("button", name="Stop early").locator("visible=true").click()
    phone.get_by_role("button", name="Save the session").click()
    assert "Choose a number" in seen(phone, ".missing").inner_text()
    phone.locator('input[name="pain_after"][value="1"]').check()
    phone.get_by_role("button", name="Save the session").click()
    phone.get_by_text("Saved. Well done.").wait_for()
    plan = coach.strength.show()
    following = plan.sessions[1].due_at.astimezone(ZoneInfo(plan.wish.tz))
    seen(phone, ".next-date", has_text=f"{following.day} {following:%B} at {following:%H:%M}").wait_for()
    assert [line.split()[-2:] for line in seen(phone, ".done-list li").all_inner_texts()] == [["8,", "8"], ["10,", "8"]]
    wait_until(phone, "() => JSON.parse(localStorage.getItem('outbox') ?? '[]').length === 0")
    after_the_session(phone, url, coach)


def train_first_exercise(phone) -> None:
    """Two sets with the rest between, across a reload."""
    seen(phone, ".set-done").nth(0).click()
    assert phone.locator(".timer-name").inner_text() == "Rest"
    phone.clock.run_for(30_000)
    phone.reload()
    ready(phone)
    assert phone.locator(".stage:not([hidden])").get_attribute("data-stage") == "0"
    assert phone.locator(".timer-left").inner_text() in ("1:00", "59", "58"), "the rest goes on across a reload"
    assert seen(phone, ".set.is-done").count() == 1
    phone.clock.run_for(61_000)
    assert phone.locator("#timer").is_hidden()
    assert "Rest is over" in phone.locator("#timer-words").inner_text()
    seen(phone, ".set-done").nth(1).click()
    seen(phone, ".go-next").click()
    seen(phone, ".go-next").click()
    assert "effort and pain" in seen(phone, ".missing").inner_text(), "a second tap does not pass either"
    feel(phone)
    seen(phone, ".go-next").click()


def train_next_exercise(phone) -> None:
    """Two sets, one of them taken back and done again."""
    assert phone.locator("#position").inner_text() == "2 of 6"
    seen(phone, ".reps").nth(0).fill("10")
    seen(phone, ".set-done").nth(0).click()
    seen(phone, ".set-done").nth(0).click()
    assert seen(phone, ".set.is-done").count() == 0
    seen(phone, ".set-done").nth(0).click()
    phone.locator(".timer-skip").click()
    seen(phone, ".set-done").nth(1).click()
    feel(phone, rpe=8)
    seen(phone, ".go-next").click()


def n_sets(coach: StrengthCoach) -> int:
    log = coach.strength.show().sessions[0].log
    return sum(len(item.sets) for item in log.exercises) if log else 0


def after_the_session(phone, url: str, coach: StrengthCoach) -> None:
    one = coach.strength.show().sessions[0]
    assert one.state is SessionState.PARTIAL
    assert (one.log.pain_before, one.log.pain_after) == (1, 1)
    assert [len(item.sets) for item in one.log.exercises] == [2, 2]
    assert one.log.exercises[1].sets[0].reps == 10
    phone.goto(f"{url}/progress")
    assert phone.locator(".figure").first.inner_text().startswith("1")
    assert phone.locator(".chart canvas").count() >= 2


def test_a_hold_counts_down_ticks_its_set_off_and_survives_a_locked_screen(phone, serve_coach, coach) -> None:
    url = serve_coach(coach)
    made = coach.strength.plans.create("ladder", "mon,thu", "18:30", "UTC")
    session = coach.strength.plans.next_session(made)
    coach.clock["moment"] = session.due_at
    phone.clock.install(time=session.due_at)
    phone.goto(f"{url}/strength/session/{session.session_id}")
    ready(phone)
    phone.get_by_role("button", name="Begin").click()
    assert "Choose a number" in seen(phone, ".missing").inner_text(), "pain decides: nothing begins without it"
    phone.locator('input[name="pain_before"][value="0"]').check()
    phone.get_by_role("button", name="Begin").click()
    seen(phone, ".start-hold").nth(0).click()
    phone.clock.run_for(4_000)
    assert phone.locator(".timer-name").inner_text() == "Get ready", "five seconds to get into position"
    phone.clock.run_for(5_000)
    assert phone.locator(".timer-left").inner_text() in ("6", "7")
    phone.clock.fast_forward(60_000)  # the screen was locked: no timer ran in between
    phone.clock.run_for(400)
    assert seen(phone, ".set.is-done").count() == 1
    wait_until(phone, "() => true")
    phone.clock.fast_forward(timedelta(hours=1).total_seconds() * 1000)
    phone.reload()
    ready(phone)
    assert phone.locator("#timer").is_hidden()
    assert seen(phone, ".set.is-done").count() == 1


def test_a_voice_counts_both_sides_while_the_figure_moves(phone, serve_coach, coach) -> None:
    phone.add_init_script(
        """window.said = []; speechSynthesis.speak = (utterance) => { window.said.push(utterance.text); };"""
    )
    url = serve_coach(coach)
    coach.strength.plans.create("home", "mon,thu", "18:30", "UTC")
    session = begun(phone, url, coach, 0)
    sided = next(i for i, p in enumerate(session.exercises) if load_exercises()[p.exercise_id].is_each_side and p.reps)
    for index in range(sided):
        seen(phone, ".go-next").click()
        assert phone.locator(".stage:not([hidden])").get_attribute("data-stage") == str(index + 1)
    assert seen(phone, ".figure-moves svg animate").count() > 4
    seen(phone, ".start-hold").nth(0).click()
    reps = session.exercises[sided].reps
    phone.clock.run_for(2 * (5 + 4 * reps) * 1000 + 2000)
    said = [text for text in phone.evaluate("() => window.said") if text.strip()]
    counted = [str(n) for n in range(1, reps)]
    one_side = ["Begin.", *counted]
    assert said[: 2 * reps + 3] == ["Get ready", *one_side, "Other side.", *one_side, f"{reps}. Done."]
    assert seen(phone, ".set.is-done").count() == 1
    seen(phone, ".figure-choice").click()
    assert seen(phone, ".poses").is_visible()
    assert seen(phone, ".figure-moves").is_hidden()
    phone.emulate_media(reduced_motion="reduce")
    phone.reload()
    ready(phone)
    assert seen(phone, ".poses").is_visible(), "who asked for less motion sees the two ends"
    assert axe_findings(phone) == []


@pytest.mark.parametrize(
    "path",
    ["/strength", "/strength/setup", "/strength/tests/week_0", "/strength/daily", "/strength/reminders", "/progress"],
)
def test_pages_are_accessible_and_fit_at_twice_the_text_size(phone, serve_coach, coach, path: str) -> None:
    half_a_year(coach, weeks=6)
    url = serve_coach(coach)
    phone.goto(url + path)
    assert axe_findings(phone) == []
    assert overflowing(phone) == []


def test_an_old_import_does_not_press_the_programme_into_a_sliver(phone, serve_coach, coach) -> None:
    half_a_year(coach, weeks=6)
    old = datetime(2015, 5, 4, 7, tzinfo=UTC)
    coach.store.pain.add(PainEntry(old, PainMoment.DURING_RUN, 3))
    phone.goto(f"{serve_coach(coach)}/progress")
    chart = phone.locator(".chart").first
    chart.locator("canvas").wait_for()
    assert "2015" not in chart.get_attribute("aria-label")
    assert chart.get_attribute("aria-label").count(str(datetime.now(UTC).year)) >= 1
    phone.get_by_role("button", name="All", exact=True).click()
    assert "2015" in chart.get_attribute("aria-label")
    phone.get_by_role("button", name="12 weeks").click()
    assert "2015" not in chart.get_attribute("aria-label")


def test_lengths_on_the_progress_page_are_in_the_runners_unit(phone, serve_coach, coach) -> None:
    half_a_year(coach, weeks=6)
    url = serve_coach(coach)
    for units, unit in (("metric", "cm"), ("imperial", "in")):
        coach.runner.change(units=units)
        phone.goto(f"{url}/progress")
        phone.get_by_text(f"step length ({unit})").first.wait_for()


def test_a_reminder_is_closed_on_the_page_and_each_channel_says_what_happened(phone, serve_coach, coach) -> None:
    made = coach.strength.plans.create("home", "mon,thu", "18:30", "UTC")
    session = coach.strength.plans.next_session(made)
    kept, due = coach.strength.push.kept, session.due_at
    coach.clock["moment"] = due
    coach.strength.reminders.refresh()
    assert kept.take(next(r.key for r in kept.waiting() if r.due_at <= due and "session:" in r.key), "test", due)
    url = serve_coach(coach)
    phone.goto(f"{url}/strength/reminders")
    phone.get_by_text("Time for your legs").wait_for()
    phone.get_by_role("button", name="Dealt with").first.click()
    wait_until(phone, "() => !document.querySelector('.reminder')")
    for _ in range(100):
        if "closed" in {sent.state for sent in kept.all()}:
            break
        phone.wait_for_timeout(50)
    assert "closed" in {sent.state for sent in kept.all()}
    phone.locator('body[data-bell="on"]').wait_for()
    for kind, says in (("page", "Shown on"), ("ntfy", "name an ntfy address"), ("push", "no phone")):
        phone.locator(f'[data-try="{kind}"]').click()
        wait_until(phone, f"() => document.querySelector('[data-for={kind}]').textContent.includes('{says}')")
    phone.get_by_text("It works").wait_for()


def begun(phone, url: str, coach: StrengthCoach, pain: int):
    """Open the next session at its time, enter pain, and begin."""
    made = coach.strength.plans.plan()
    session = coach.strength.plans.next_session(made)
    coach.clock["moment"] = session.due_at
    phone.clock.install(time=session.due_at)
    phone.goto(f"{url}/strength/session/{session.session_id}")
    ready(phone)
    phone.locator(f'input[name="pain_before"][value="{pain}"]').check()
    phone.get_by_role("button", name="Begin").click()
    return session


def test_pain_of_nine_before_a_session_ends_it_and_asks_the_signs(phone, serve_coach, coach) -> None:
    url = serve_coach(coach)
    coach.strength.plans.create("gym", "mon,thu", "18:30", "UTC")
    begun(phone, url, coach, 9)
    words = seen(phone, ".heed").inner_text()
    assert "no session today" in words
    assert "doctor or physiotherapist" in words
    assert seen(phone, ".signs a").get_attribute("href") == "/you/red-flags?next=strength"
    assert phone.locator(".set-done").locator("visible=true").count() == 0
    wait_until(phone, "() => JSON.parse(localStorage.getItem('outbox') ?? '[]').length === 0")
    assert coach.strength.plans.plan().sessions[0].log is None
    assert [entry.back for entry in coach.store.pain.list()] == [9]


def test_pain_of_nine_in_an_exercise_ends_the_session_also_without_a_network(phone, serve_coach, coach) -> None:
    url = serve_coach(coach)
    coach.strength.plans.create("gym", "mon,thu", "18:30", "UTC")
    session = begun(phone, url, coach, 1)
    seen(phone, ".set-done").nth(0).click()
    phone.context.set_offline(True)
    seen(phone, 'fieldset input[name^="pain-"][value="4"]').check()
    assert "leave out the rest" in seen(phone, ".heed").inner_text()
    assert seen(phone, ".set-done").nth(1).is_disabled()
    seen(phone, 'fieldset input[name^="pain-"][value="1"]').check()
    assert seen(phone, ".set-done").nth(1).is_enabled(), "another number takes it back"
    seen(phone, 'fieldset input[name^="pain-"][value="9"]').check()
    assert phone.locator(".stage:not([hidden])").get_attribute("data-stage") == "end"
    assert "stop the session here" in seen(phone, ".heed").inner_text()
    phone.context.set_offline(False)
    phone.locator('input[name="pain_after"][value="9"]').check()
    phone.get_by_role("button", name="Save the session").click()
    assert seen(phone, "h2").inner_text() == "Saved. What you did counts."
    assert "doctor or physiotherapist" in seen(phone, ".heed").inner_text()
    phone.clock.run_for(16_000)
    wait_until(phone, "() => JSON.parse(localStorage.getItem('outbox') ?? '[]').length === 0")
    log = coach.strength.plans.session(session.session_id).log
    assert [p.exercise_id for p in log.prescribed] == [p.exercise_id for p in session.exercises]
    assert (log.exercises[0].pain, log.pain_after) == (9, 9)


def test_pain_of_four_before_a_session_shows_the_easier_one_before_it_begins(phone, serve_coach, coach) -> None:
    url = serve_coach(coach)
    coach.strength.plans.create("home", "mon,thu", "18:30", "UTC")
    do_session(coach, pain=2)
    session = begun(phone, url, coach, 4)
    phone.locator("#eased:not([hidden])").wait_for()
    assert "made easier" in phone.locator("#eased").inner_text()
    eased = coach.strength.plans.session(session.session_id).exercises
    assert eased != session.exercises
    ready(phone)
    phone.get_by_role("button", name="Begin").click()
    seen(phone, ".set-done").nth(0).click()
    wait_until(phone, "() => JSON.parse(localStorage.getItem('outbox') ?? '[]').length === 0")
    log = coach.strength.plans.session(session.session_id).log
    assert (log.prescribed, log.pain_before) == (eased, 4)


def test_a_rise_of_three_before_a_session_asks_the_signs_first(phone, serve_coach, coach) -> None:
    url = serve_coach(coach)
    coach.strength.plans.create("home", "mon,thu", "18:30", "UTC")
    do_session(coach, pain=1)
    session = begun(phone, url, coach, 5)
    phone.locator('.stage[data-stage="not_today"] .heed', has_text="rose by 3").wait_for()
    assert seen(phone, ".signs a").is_visible()
    phone.goto(f"{url}/strength/session/{session.session_id}")
    assert phone.get_by_role("link", name="Go through the warning signs").is_visible()
