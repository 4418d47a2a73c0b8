"""An answer of the coach that a change has overtaken on its way to the page is old, and is not believed."""

import pytest
from playwright.sync_api import Page, Route, expect

from coach.model.links import LinkStatus
from tests.support.browser import wait_until
from tests.web.live_scene import numbers
from tests.web.small_coach import SmallCoach

LOST = {"sensor_id": "C4:01", "t_s": 9.0, "status": "lost", "reason": "out_of_range", "words": "Too far away"}
IS_LOST = "() => document.querySelector('#links li[data-status=lost]') !== null"
pytestmark = pytest.mark.browser


def test_a_sensor_lost_while_the_page_asks_how_the_run_is_stays_lost(coach: SmallCoach, url: str, phone: Page) -> None:
    coach.runs.start("treadmill")
    phone.goto(f"{url}/live")
    expect(phone.locator("#links")).to_contain_text("Left foot")
    wait_until(phone, "() => document.body.dataset.stream === 'live'")
    n_answers: list[str] = []

    def overtaken(route: Route) -> None:
        answer = route.fetch()
        if not n_answers:
            coach.feed.publish("sensor", LOST)
            wait_until(phone, IS_LOST)
            coach.runs.link_status = LinkStatus.LOST
        n_answers.append(answer.text())
        route.fulfill(response=answer)

    phone.route("**/api/v1/run", overtaken)
    coach.feed.publish("metrics", numbers() | {"run_id": "another"})  # of a run that the page does not know: it asks
    deadline_ms = 5000
    while len(n_answers) < 2 and deadline_ms > 0:
        phone.wait_for_timeout(100)
        deadline_ms -= 100
    assert '"streaming"' in n_answers[0]
    assert len(n_answers) == 2, "it asks again"
    phone.wait_for_timeout(200)
    assert phone.evaluate(IS_LOST)
