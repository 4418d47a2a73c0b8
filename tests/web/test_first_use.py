"""First use on a phone: the code is scanned, the runner enters a height, sees a sensor, and runs. And today's page."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from coach.coaching.block import BlockView
from coach.model.runs import Finding, Run, RunState, RunSummary
from tests.support.browser import wait_until
from tests.web.page_coach import PageCoach
from web.first_weeks import first_weeks


@pytest.fixture
def coach(tmp_path: Path) -> Iterator[PageCoach]:
    """A pod in reach, and one run, yesterday."""
    with closing(PageCoach(tmp_path)) as made:
        made.wear_pod()
        runs = made.store.runs
        runs.create(Run("r9", datetime.now(UTC) - timedelta(hours=26), RunState.FINISHED, "Easy run"))
        finding = Finding("drift", "Your steps grew shorter towards the end.", "tired", 1.0)
        summary = RunSummary(1800.0, 1790.0, 5000.0, 2400, 4800, 0, 0, 0, findings=(finding,))
        runs.finish("r9", RunState.FINISHED, summary)
        yield made


@pytest.mark.browser
def test_from_the_code_to_the_run(coach: PageCoach, url: str, phone: Page) -> None:
    phone.goto(coach.access.invitation(url))
    phone.tap("button[type=submit]")
    phone.wait_for_url("**/welcome")
    phone.fill("input[name=name]", "Sam")
    phone.fill("input[name=height]", "70")
    phone.check("input[value=imperial]")
    phone.fill("input[name=height]", "70")
    expect(phone.locator("label[for=field-height]")).to_have_text("Height in inches")
    phone.check("input[value=metric]")
    expect(phone.locator("input[name=height]")).to_have_value("178")  # what was typed is kept, in the other unit
    phone.check("input[name=has_back_pain]")
    phone.tap("#welcome-form button")
    expect(phone.locator("#welcome-words")).to_have_text("Saved")
    profile = coach.runner.profile()
    assert (profile.name, profile.height_m, profile.has_back_pain, profile.units) == ("Sam", 1.78, True, "metric")
    phone.locator("#pain-form label", has_text="1").first.tap()
    phone.tap("#pain-form button")
    expect(phone.locator("#pain-words")).to_contain_text("Thank you")
    coach.runner.answer_red_flags([])
    phone.get_by_role("link", name="Try it").tap()
    phone.locator("#start:not([disabled])").wait_for()
    phone.tap("#start")
    wait_until(phone, "() => document.body.dataset.run === 'on'")
    assert coach.workout_on()["id"] == "trial_3"


@pytest.mark.browser
def test_the_morning_after_asks_once(coach: PageCoach, url: str, phone: Page) -> None:
    coach.runner.change(name="Sam", height_m=1.78)
    phone.goto(url)
    expect(phone.locator("#morning")).to_be_visible()
    phone.tap("#morning button")
    expect(phone.locator("#morning-words")).to_contain_text("Choose a number")
    phone.locator("#morning label", has_text="2").first.tap()
    phone.tap("#morning button")
    expect(phone.locator("#morning-words")).to_contain_text("Thank you")
    [entry] = coach.runner.pain_entries()
    assert (entry.moment.value, entry.back, entry.calf, entry.run_id) == ("next_morning", 2, None, "r9")
    phone.reload()
    expect(phone.locator("#morning")).to_have_count(0)


def test_today_draws_the_first_weeks_until_they_are_over(coach: PageCoach, client: FlaskClient) -> None:
    text = client.get("/").text
    assert "Baseline runs: 0 of 3" in text
    assert "make a plan" in text
    assert text.count("seg-later") == 2
    coach.runner.answer_red_flags([])
    coach.strength.plans.create("home", "mon,thu", "18:30", "UTC")
    assert "Weeks of leg training: 0 of 8" in client.get("/").text
    over = BlockView(None, "", 3, 3, (), ())
    assert first_weeks(over, None) is None
    assert [one.state for one in first_weeks(replace(over, n_baseline=1), None).segments] == ["done", "next", "later"]


def test_today_sums_up_the_last_run_in_a_sentence(coach: PageCoach, client: FlaskClient) -> None:
    text = client.get("/").text
    assert "5.00 km in 30:00" in text
    assert "Your steps grew shorter towards the end." in text
    coach.runner.change(units="imperial")
    assert "3.11 mi in 30:00" in client.get("/").text


def test_today_is_shown_while_the_database_cannot_answer(coach: PageCoach, client: FlaskClient) -> None:
    coach.store.close()
    assert client.get("/").status_code == 200
    assert client.get("/live").status_code == 200


def test_values_that_cannot_be_are_refused(client: FlaskClient) -> None:
    for body in ({"height_m": 17.8}, {"units": "furlongs"}, {"time_zone": "x" * 99}, {"more": 1}):
        assert client.put("/api/v1/welcome", json=body).status_code == 400
