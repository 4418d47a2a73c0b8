"""How fast the pages are: `python -m tests.web_performance [run] [many] [live] [phones]` measures and prints.

run: the page of a run of six hours. many: lists and trends over 5,000 runs. live: the main thread's share at five
updates a second. phones: from the arrival of a notification at the service to the number painted, with 1, 5 and 50
phones. A command, not a test: the machine's other work shows in every number, so CPU time is beside the clock's.
"""

import json
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright

from coach.bootstrap import Coach
from coach.demo.world import Demo
from coach.settings import make_settings
from tests.support.browser import PHONE, chromium_arguments, served
from tests.web.long_history import keep_long_run, keep_many_runs
from tests.web.watching import WATCH_PLOTS, Wire, metrics_of, watch_numbers
from web.app import create_app
from web.server import THREADS

SECTIONS: Final = ("run", "many", "live", "phones")
N_RUNS: Final = 5000
THROTTLE: Final = 6
LOOK_S: Final = 10.0
N_LOOKS: Final = 3
FLOOR: Final = """<!doctype html><meta name="viewport" content="width=device-width"><p style="font-size: 9rem">170</p>
<script>let n = 0; const number = document.querySelector("p").firstChild;
setInterval(() => { number.data = 170 + (n++ % 5); }, 200);</script>"""
PHONES: Final = (1, 5, 50)
LISTEN_S: Final = 10.0
MANY: Final = (
    "/runs", "/runs?page=90", "/api/v1/runs", "/runs/trends", "/api/v1/trends/step_length_m", "/api/v1/records",
    "/runs/report", "/", "/live", "/api/v1/run", "/you", "/strength",
)  # fmt: skip


def say(words: str = "") -> None:
    print(words, flush=True)


@contextmanager
def timed() -> Iterator[dict[str, float]]:
    """Milliseconds by the clock (`wall`) and of this process (`cpu`)."""
    spent: dict[str, float] = {}
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    yield spent
    spent.update(wall=1000 * (time.perf_counter() - wall_s), cpu=1000 * (time.process_time() - cpu_s))


def fetch(url: str) -> tuple[int, int]:
    """Status, and bytes of the body as packed on the wire."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, len(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, len(error.read())


def measure_answer(url: str, path: str, n_times: int = 3) -> None:
    """Print what the server needs for a page: the first time, and the best of those after it."""
    times = []
    for _ in range(n_times):
        with timed() as spent:
            status, n_bytes = fetch(url + path)
        times.append(spent)
    first, best = times[0], {kind: min(one[kind] for one in times[1:]) for kind in ("wall", "cpu")}
    say(
        f"  {path:32} first {first['wall']:6.0f} ms ({first['cpu']:5.0f} ms CPU), then {best['wall']:6.0f} ms"
        f" ({best['cpu']:5.0f} ms CPU), {n_bytes / 1000:6.1f} kB{'' if status == 200 else f'  STATUS {status}'}"
    )


def measure_load(browser: Browser, url: str, throttle: int) -> None:
    """Print one cold load of a page with plots, on a phone's screen."""
    context = browser.new_context(viewport=PHONE, device_scale_factor=2, is_mobile=True, has_touch=True)
    context.add_init_script(WATCH_PLOTS)
    page = context.new_page()
    cdp = context.new_cdp_session(page)
    wire = Wire(cdp)
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": throttle})
    cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(url, wait_until="commit", timeout=60_000)
    drawing: dict[str, Any] = {}
    for _ in range(300):
        page.wait_for_timeout(100)
        if (drawing := page.evaluate("() => window.drawing"))["drawn_ms"] is not None:
            break
    page.wait_for_timeout(1000)
    busy = metrics_of(cdp)
    answered_ms = page.evaluate("() => performance.getEntriesByType('navigation')[0].responseStart")
    drawn = "never" if drawing["drawn_ms"] is None else f"{drawing['drawn_ms']:.0f} ms"
    say(
        f"  CPU / {throttle}: page answered {answered_ms:.0f} ms, plots on the screen {drawn}, main thread"
        f" {1000 * busy['TaskDuration']:.0f} ms CPU, blocked {drawing['blocked_ms']:.0f} ms;"
        f" {wire.kilobytes(False):.1f} kB before data (150 allowed), {wire.kilobytes(True):.1f} kB data"
    )
    context.close()


# The four measurements ------------------------------------------------------------------------------------------------


def measure_run(coach: Coach, url: str, browser: Browser) -> None:
    """The page of a run of six hours."""
    detail = len(coach.store.runs.data.stride_columns("long", ("stride_time_s",))["stride_time_s"])
    say(f"Run of six hours ({detail} strides):")
    for path in ("/runs/long", "/api/v1/runs/long/series", "/api/v1/runs/long/stretch?start_s=600&end_s=1500"):
        measure_answer(url, path)
    for throttle in (1, THROTTLE):
        measure_load(browser, f"{url}/runs/long", throttle)


def measure_many(coach: Coach, url: str, browser: Browser) -> None:
    """Lists and trends."""
    say(f"{coach.store.runs.count()} runs:")
    for path in MANY:
        measure_answer(url, path)
    measure_load(browser, f"{url}/runs/trends", THROTTLE)


def measure_live(coach: Coach, url: str, browser: Browser) -> None:
    """The main thread's share while a run is on, beside what the browser itself takes to change one number."""
    say(f"Share of the main thread (target below 6 % at CPU / {THROTTLE}, whose brake runs by the clock):")
    for is_live in (False, True):
        context = browser.new_context(viewport=PHONE, device_scale_factor=2, is_mobile=True, has_touch=True)
        page = context.new_page()
        if is_live:
            open_live(page, url)
        else:
            page.set_content(FLOOR)
        clocks = {domain: context.new_cdp_session(page) for domain in ("threadTicks", "timeTicks")}
        for domain, cdp in clocks.items():
            cdp.send("Performance.enable", {"timeDomain": domain})
        for rate in (1, THROTTLE):
            clocks["timeTicks"].send("Emulation.setCPUThrottlingRate", {"rate": rate})
            page.wait_for_timeout(1000)
            n_before, begun_s = coach.feed.newest_id, time.monotonic()
            shares = [shares_of(page, clocks) for _ in range(N_LOOKS)]
            n_a_second = (coach.feed.newest_id - n_before) / (time.monotonic() - begun_s)
            what = f"the live page, {n_a_second:.1f} updates a second" if is_live else "a page of one number only"
            print_shares(f"CPU / {rate}, {what}", shares)
        context.close()


def print_shares(what: str, shares: list[dict[str, dict[str, float]]]) -> None:
    """Print the least of several looks: all else on this machine can only add."""
    for domain, words in (("threadTicks", "CPU time"), ("timeTicks", "by the clock, waiting for others too")):
        least = min((share[domain] for share in shares), key=lambda share: share["TaskDuration"])
        parts = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")
        by_part = ", ".join(f"{name.removesuffix('Duration').lower()} {least[name]:.2f} %" for name in parts)
        n_writes = least["LayoutCount"] / 100
        say(f"  {what}, written {n_writes:.1f} times a second: {least['TaskDuration']:.2f} % {words} ({by_part})")


def shares_of(page: Page, clocks: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Percent of the time that the main thread was busy, by clock and by part, over one look."""
    before, begun_s = {domain: metrics_of(cdp) for domain, cdp in clocks.items()}, time.monotonic()
    page.wait_for_timeout(1000 * LOOK_S)
    after, lasted_s = {domain: metrics_of(cdp) for domain, cdp in clocks.items()}, time.monotonic() - begun_s
    return {
        domain: {name: 100 * (value - before[domain][name]) / lasted_s for name, value in values.items()}
        for domain, values in after.items()
    }


def measure_phones(coach: Coach, url: str, browser: Browser) -> None:
    """From notification to painted number; one phone is a browser, the others only listen."""
    say("From a notification's arrival to the painted number, 5 updates a second:")
    context = browser.new_context(viewport=PHONE, device_scale_factor=2, is_mobile=True, has_touch=True)
    page = context.new_page()
    watch_numbers(page)
    open_live(page, url)
    for n in PHONES:
        heard_words = ""
        others = listeners(url, n - 1) if n > 1 else None
        page.wait_for_timeout(3000 if others else 1000)
        page.evaluate("() => { window.ages.length = 0 }")
        with timed() as cost:
            page.wait_for_timeout(1000 * LISTEN_S)
        ages = page.evaluate("() => window.ages")
        if others:
            heard = json.loads(others.communicate(timeout=60)[0])
            heard_words = f"; the others heard {spread(heard['ages_ms'])}, {heard['n_refused']} refused"
        share = cost["cpu"] / cost["wall"]
        say(f"  {n:2} phones: painted {spread(ages)}; service {100 * share:.0f} % of one processor{heard_words}")
    context.close()


def open_live(page: Page, url: str) -> None:
    page.goto(f"{url}/live")
    for _ in range(100):
        if page.evaluate(
            "() => document.body.dataset.run === 'on' && /\\d/.test(document.querySelector('#focus-value').textContent)"
        ):
            return
        page.wait_for_timeout(100)
    raise SystemExit("the live page shows no number")


def listeners(url: str, n: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.web.phones", url, str(n), str(LISTEN_S + 4)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def spread(ages_ms: list[float]) -> str:
    """Median, 99th percentile and number."""
    if not ages_ms:
        return "nothing"
    ordered = sorted(ages_ms)
    return f"p50 {ordered[len(ordered) // 2]:.0f} ms, p99 {ordered[int(0.99 * len(ordered))]:.0f} ms of {len(ordered)}"


def main() -> None:
    """Measure what was named, by default everything."""
    wanted = [name for name in SECTIONS if name in sys.argv[1:]] or SECTIONS
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        settings = make_settings(Path(folder), "127.0.0.1", 0)
        browser = playwright.chromium.launch(**chromium_arguments())
        with Demo(settings) as world:
            coach = world.make_coach()
            try:
                with served(create_app(coach), THREADS) as url:
                    world.live_through()
                    fill(coach, wanted)
                    if "live" in wanted or "phones" in wanted:
                        world.wear()
                    measure(wanted, coach, url, browser)
                    coach.feed.close()
            finally:
                browser.close()
                coach.close()


def fill(coach: Coach, wanted: Sequence[str]) -> None:
    """Keep the runs that the measurements need."""
    if not {"run", "many"} & {*wanted}:
        return
    now = datetime.now(UTC)
    with timed() as spent:
        keep_long_run(coach.store, "long", now - timedelta(hours=8))
        like = coach.store.runs.summary("long")
        assert like is not None
        keep_many_runs(coach.store, N_RUNS if "many" in wanted else 300, now - timedelta(days=7), like)
    say(f"(history made in {spent['wall'] / 1000:.0f} s)")


def measure(wanted: Sequence[str], coach: Coach, url: str, browser: Browser) -> None:
    for name, work in (("run", measure_run), ("many", measure_many)):
        if name in wanted:
            work(coach, url, browser)
    if "live" in wanted or "phones" in wanted:
        coach.runs.start()
        time.sleep(6)
    for name, work in (("live", measure_live), ("phones", measure_phones)):
        if name in wanted:
            work(coach, url, browser)


if __name__ == "__main__":
    main()
