"""From shoe to page: `python -m tests.latency [SECONDS]` measures the path of a number through the whole service.

A demonstration runs in this process; Chromium listens to its live stream. Printed: from the arrival of a notification
at the service to the event in the browser, over all metrics events of the time.
"""

import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from coach.demo.world import Demo
from coach.settings import make_settings
from tests.support.browser import chromium_arguments, served
from web.app import create_app

LISTEN = """
() => {
  window.ages = [];
  const source = new EventSource("/api/v1/live");
  source.addEventListener("metrics", (event) => {
    const now = (performance.timeOrigin + performance.now()) / 1000;
    window.ages.push(1000 * (now - JSON.parse(event.data).arrived_wall_s));
  });
}
"""


def measure(seconds: float) -> list[float]:
    """Ages [ms] of the newest notification when each metrics event reached the browser."""
    with tempfile.TemporaryDirectory() as folder:
        settings = make_settings(Path(folder), "127.0.0.1", 0)
        with Demo(settings) as world, sync_playwright() as playwright:
            coach = world.make_coach()
            world.live_through()
            world.wear()
            browser = playwright.chromium.launch(**chromium_arguments())
            try:
                with served(create_app(coach)) as url:
                    page = browser.new_page()
                    page.goto(f"{url}/healthz")
                    page.evaluate(LISTEN)
                    coach.runs.start()
                    time.sleep(5)
                    page.evaluate("() => { window.ages.length = 0 }")
                    page.wait_for_timeout(1000 * seconds)
                    ages: list[float] = page.evaluate("() => window.ages")
                    coach.feed.close()
            finally:
                browser.close()
                coach.close()
    return sorted(ages)


def main() -> None:
    """Print median and 99th percentile."""
    ages = measure(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0)
    print(f"{len(ages)} metrics events, notification at the service to event in the browser:")
    print(f"median {ages[len(ages) // 2]:.1f} ms, p99 {ages[int(0.99 * len(ages))]:.1f} ms")


if __name__ == "__main__":
    main()
