"""Who has chosen no time zone lives in the phone's: one zone on every page, and never UTC against the runner's wish."""

import pytest

from tests.support.browser import PHONE, wait_until
from tests.support.one_browser import opened

pytestmark = pytest.mark.browser


def test_the_phones_zone_is_kept_once_and_a_chosen_one_stays(browser, coach, url) -> None:
    assert coach.runner.change(time_zone="UTC").time_zone == "UTC"
    with opened(browser, viewport=PHONE, timezone_id="Europe/Berlin") as context:
        page = context.new_page()
        page.goto(f"{url}/you")
        wait_until(page, "() => localStorage.getItem('zone-kept') === 'Europe/Berlin'")
        assert coach.runner.profile().time_zone == "Europe/Berlin"
        coach.runner.change(time_zone="UTC")
        page.goto(f"{url}/runs")
        page.wait_for_timeout(300)  # long enough to keep the phone's again
        assert coach.runner.profile().time_zone == "UTC", "chosen after the phone's: it stays"
