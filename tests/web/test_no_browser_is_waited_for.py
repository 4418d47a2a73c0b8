"""A page that never answers fails its own test, and no other."""

import signal
import time

import pytest
from playwright.sync_api import Error

from tests.support import one_browser as limits
from tests.support.one_browser import OneBrowser, opened, signal_browsers


@pytest.mark.browser
def test_a_page_that_never_answers_ends_with_its_browser_and_the_next_test_gets_another(
    one_browser: OneBrowser,
) -> None:
    began_s = time.monotonic()
    with pytest.raises(Error), one_browser.lent(longest_s=2.0) as first:
        first.new_page().evaluate("() => new Promise(() => {})")
    assert time.monotonic() - began_s < 60.0
    with one_browser.lent() as second:
        assert second is not first
        assert second.new_page().evaluate("() => 1 + 1") == 2


@pytest.mark.browser
def test_a_context_that_is_never_closed_costs_its_browser_and_not_the_verdict(
    one_browser: OneBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LONGEST_CLOSE_S", 1.0)
    with one_browser.lent() as first, opened(first) as context:
        assert context.new_page().evaluate("() => 1 + 1") == 2
        signal_browsers(signal.SIGSTOP)
    with one_browser.lent() as second:
        assert second is not first
