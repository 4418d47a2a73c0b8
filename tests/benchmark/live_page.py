"""How busy the live page keeps a slow phone's main thread while every number changes in every update."""

import tempfile
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from playwright.sync_api import Error, sync_playwright

from coach.demo.world import Demo
from coach.live.feed import LiveFeed
from coach.settings import make_settings
from tests.support.browser import PHONE, chromium_arguments, served
from tests.web.watching import metrics_of
from tests.web_performance import LOOK_S, N_LOOKS, THROTTLE, open_live
from web.app import create_app
from web.server import THREADS

_STEP: Final = 0.01  # by which a number changes: every digit that the page shows of it


class _Restless(LiveFeed):
    """Publishes metrics with every number a hundredth larger or smaller than it is."""

    def __init__(self) -> None:
        super().__init__()
        self._n = count()

    def publish(self, event: str, data: Mapping[str, Any]) -> int:
        if event == "metrics":
            factor = 1.0 + _STEP * (next(self._n) % 3 - 1)
            data = {name: value * factor if type(value) is float else value for name, value in data.items()}
        return super().publish(event, data)


def main_thread_pct() -> float | None:
    """CPU time of the page's main thread [% of the time], slowed sixfold, least of three looks; None: no browser."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(**chromium_arguments())
        except Error:
            return None
        with Demo(make_settings(Path(folder), "127.0.0.1", 0)) as world:
            with patch("coach.bootstrap.LiveFeed", _Restless):
                coach = world.make_coach()
            try:
                with served(create_app(coach), THREADS) as url:
                    world.live_through()
                    world.wear()
                    coach.runs.start()
                    page = browser.new_page(viewport=PHONE, device_scale_factor=2, is_mobile=True, has_touch=True)
                    open_live(page, url)
                    return _busy_pct(page)
            finally:
                coach.feed.close()
                browser.close()
                coach.close()


def _busy_pct(page: Any) -> float:
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
    page.wait_for_timeout(1000)
    looks = []
    for _ in range(N_LOOKS):
        before = metrics_of(cdp)
        page.wait_for_timeout(1000 * LOOK_S)
        looks.append(metrics_of(cdp)["TaskDuration"] - before["TaskDuration"])
    return 100.0 * min(looks) / LOOK_S
