"""A page of a run that keeps what it says, vibrates and ticks: speech and vibration are the browser's."""

import re
from pathlib import Path

from playwright.sync_api import Page

from tests.support.browser import wait_until

SCRIPTS = Path(__file__).parents[2] / "web" / "static" / "js"

LISTEN = """() => {
  window.said = []; window.tongues = []; window.shaken = []; window.ticks = [];
  speechSynthesis.speak = (u) => { if (u.text.trim()) { window.said.push(u.text); window.tongues.push(u.lang); } };
  navigator.vibrate = (pattern) => { if (pattern) window.shaken.push(pattern); return true; };
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (at) { window.ticks.push(at); start.call(this, at); };
}"""


def hasten(page: Page, script: str, by: int = 5) -> None:
    """Serve a script whose times (its constants `..._MS`) are a fraction: for what must come, however late.

    Not for what must come before something else: a busy machine takes from the margins. Of the context, not the page:
    what the service worker fetches for a page is no request of the page.
    """
    times = re.compile(r"(?<=_MS = )([\d_]+)(?=;)")
    found, n = times.subn(lambda ms: str(int(ms[1].replace("_", "")) // by), (SCRIPTS / script).read_text("utf-8"))
    assert n > 0, f"{script} has no times"
    page.context.route(f"**/js/{script}", lambda route: route.fulfill(body=found, content_type="text/javascript"))


def open_page(url: str, phone: Page) -> Page:
    phone.add_init_script(f"({LISTEN})()")
    phone.goto(f"{url}/live")
    wait_until(phone, "() => document.body.dataset.run === 'on' && document.body.dataset.stream === 'live'")
    return phone
