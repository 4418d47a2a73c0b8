"""Fixtures for the pages: an app over the coach, a test client, a real server and a real browser.

Tests that need a past of the runner build their own coach and call `serve_coach`.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from coach.bootstrap import Coach
from tests.support.browser import DESKTOP, PHONE, chromium_arguments, served
from tests.support.one_browser import browser as browser
from tests.support.one_browser import one_browser as one_browser
from tests.support.one_browser import opened
from tests.web.away_phone import away as away  # fixtures of the phone alone, for more than one file of tests
from tests.web.away_phone import home as home
from tests.web.held_run import HeldRun
from tests.web.page_coach import PageCoach, page_coach
from web.app import create_app


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return chromium_arguments()


@pytest.fixture
def coach(tmp_path: Path) -> Iterator[PageCoach]:
    with page_coach(tmp_path / "data") as made:
        yield made


@pytest.fixture
def run(coach: PageCoach) -> HeldRun:
    """A run that is on."""
    return HeldRun(coach)


@pytest.fixture
def app(coach: PageCoach) -> Flask:
    return create_app(coach, is_testing=True)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def serve_coach() -> Iterator[Callable[..., str]]:
    """Puts a coach on a real server and gives its address; closes both at the end."""
    with ExitStack() as stack:

        def serve(coach: Coach, app: Flask | None = None) -> str:
            stack.callback(coach.close)
            address = stack.enter_context(served(app or create_app(coach, is_testing=True)))
            stack.callback(coach.feed.close)  # first of all at the end: open streams leave at once
            return address

        yield serve


@pytest.fixture
def url(coach: PageCoach, app: Flask, serve_coach: Callable[..., str]) -> str:
    return serve_coach(coach, app)


@pytest.fixture
def start_again(coach: PageCoach, app: Flask, url: str, tmp_path: Path) -> Iterator[Callable[[], PageCoach]]:
    """Starts the coach again at its address, as after a kill: another one on what its folder held at that moment."""
    with ExitStack() as stack:

        def again() -> PageCoach:
            shutil.copytree(tmp_path / "data", tmp_path / "after")
            after = stack.enter_context(closing(PageCoach(tmp_path / "after")))
            after.recovery.recover()
            app.wsgi_app = create_app(after, is_testing=True).wsgi_app  # type: ignore[method-assign]
            coach.feed.close()  # open streams end
            return after

        yield again


@pytest.fixture
def phone(browser: Browser) -> Iterator[Any]:
    """A page the size of a phone; a failing script fails the test."""
    yield from _page(browser, viewport=PHONE, device_scale_factor=2, has_touch=True, is_mobile=True)


@pytest.fixture
def desktop(browser: Browser) -> Iterator[Any]:
    """A page the size of a desktop screen."""
    yield from _page(browser, viewport=DESKTOP)


def _page(browser: Browser, **options: Any) -> Iterator[Any]:
    complaints: list[str] = []
    with opened(browser, **options) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda m: complaints.append(m.text) if "Content Security Policy" in m.text else None)
        yield page
    assert not complaints, complaints
