"""An answer of the coach that a change has overtaken on its way to the page is old, and is not believed."""

import pytest
from playwright.sync_api import Page, Route, expect

from coach.model.links import LinkStatus
from tests.support.browser import wait_until
from tests.web.held_run import HeldRun

IS_LOST = "() => document.querySelector('#links li[data-status=lost]') !== null"
pytestmark = pytest.mark.browser


def test_a_sensor_lost_while_the_page_asks_how_the_run_is_stays_lost(run: HeldRun, url: str, phone: Page) -> None:
    phone.goto(f"{url}/live")
    expect(phone.locator("#links")).to_contain_text("Left foot")
    wait_until(phone, "() => document.body.dataset.stream === 'live'")
    n_answers: list[str] = []

    def overtaken(route: Route) -> None:
        answer = route.fetch()
        if not n_answers:
            run.link("C4:01", LinkStatus.LOST, "out_of_range", "Too far away")
            wait_until(phone, IS_LOST)
        n_answers.append(answer.text())
        route.fulfill(response=answer)

    phone.route("**/api/v1/run", overtaken)
    run.numbers(run_id="another")  # of a run that the page does not know: it asks
    deadline_ms = 5000
    while len(n_answers) < 2 and deadline_ms > 0:
        phone.wait_for_timeout(100)
        deadline_ms -= 100
    assert '"streaming"' in n_answers[0]
    assert len(n_answers) == 2, "it asks again"
    phone.wait_for_timeout(200)  # and it stays so
    assert phone.evaluate(IS_LOST)
