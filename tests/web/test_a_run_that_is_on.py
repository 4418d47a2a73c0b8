"""A run that is on is shown on every page, and to nobody who was not let in."""

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page

from tests.support.browser import axe_findings
from tests.support.common import mostly_slow
from tests.web.held_run import HeldRun
from tests.web.page_coach import PageCoach

ELSEWHERE = {"REMOTE_ADDR": "192.168.1.20"}
PAGES = ("/", "/runs", "/strength", "/progress", "/you", "/sensors", "/phones", "/install", "/no/such/page")
HTML = {"Accept": "text/html"}


@pytest.mark.parametrize("path", mostly_slow(PAGES, n_quick=3))
def test_every_page_leads_back_to_a_run_that_is_on(coach: PageCoach, client: FlaskClient, path: str) -> None:
    assert "run-on" not in client.get(path, headers=HTML).text
    HeldRun(coach)
    text = client.get(path, headers=HTML, follow_redirects=True).text
    assert '<a class="run-on" href="/live">' in text
    assert "A run is on since" in text


@pytest.mark.browser
def test_axe_finds_nothing_while_a_run_is_on(coach: PageCoach, url: str, phone: Page) -> None:
    HeldRun(coach)
    phone.goto(f"{url}/you")
    assert phone.locator(".run-on").is_visible()
    assert axe_findings(phone) == []


def test_the_page_of_the_run_itself_and_the_page_that_phones_keep_do_not(coach: PageCoach, client: FlaskClient) -> None:
    HeldRun(coach)
    for path in ("/live", "/offline"):
        assert "run-on" not in client.get(path, headers=HTML).text


def test_a_device_that_was_not_let_in_learns_nothing_and_is_shown_no_menu(
    coach: PageCoach, client: FlaskClient
) -> None:
    HeldRun(coach)
    invitation = coach.access.invitation("http://x").removeprefix("http://x")
    for path, status in (("/", 401), ("/runs", 401), (invitation, 200)):
        answer = client.get(path, headers=HTML, environ_overrides=ELSEWHERE)
        assert answer.status_code == status
        assert "run-on" not in answer.text
        assert "<nav" not in answer.text
        assert "/phones" not in answer.text
