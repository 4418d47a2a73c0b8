"""A page that never answers fails its own test, and no other."""

import time

import pytest
from playwright.sync_api import Error

from tests.support.one_browser import OneBrowser


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
