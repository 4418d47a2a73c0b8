"""Fixtures for the pages: an app over a small coach, a test client, a real server and a real browser.

Tests of one subject that need their real service build their own coach object and call `serve_coach`.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from tests.support.browser import DESKTOP, PHONE, chromium_arguments, served
from tests.support.one_browser import browser as browser
from tests.support.one_browser import one_browser as one_browser
from tests.web.away_phone import away as away  # fixtures of the phone alone, for more than one file of tests
from tests.web.away_phone import home as home
from tests.web.small_coach import SmallCoach
from web.app import create_app


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return chromium_arguments()


@pytest.fixture
def coach() -> Iterator[SmallCoach]:
    small = SmallCoach()
    yield small
    small.feed.close()


@pytest.fixture
def app(coach: SmallCoach) -> Flask:
    return create_app(coach, is_testing=True)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def serve_coach() -> Iterator[Callable[[Any], str]]:
    """Puts any coach object on a real server and gives its address."""
    with ExitStack() as stack:

        def serve(coach: Any) -> str:
            address = stack.enter_context(served(create_app(coach, is_testing=True)))
            stack.callback(coach.feed.close)  # first of all at the end: open streams leave at once
            return address

        yield serve


@pytest.fixture
def url(coach: SmallCoach, serve_coach: Callable[[Any], str]) -> str:
    return serve_coach(coach)


@pytest.fixture
def phone(browser: Browser) -> Iterator[Any]:
    """A page the size of a phone; a failing script fails the test."""
    yield from _page(browser, viewport=PHONE, device_scale_factor=2, has_touch=True, is_mobile=True)


@pytest.fixture
def desktop(browser: Browser) -> Iterator[Any]:
    """A page the size of a desktop screen."""
    yield from _page(browser, viewport=DESKTOP)


def _page(browser: Browser, **options: Any) -> Iterator[Any]:
    context = browser.new_context(**options)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if "Content Security Policy" in m.text else None)
    yield page
    context.close()
    assert not complaints, complaints
