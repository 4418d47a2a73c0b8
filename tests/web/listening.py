"""A page of a run that keeps what it says, vibrates and ticks: speech and vibration are the browser's."""

from playwright.sync_api import Page

from tests.support.browser import wait_until

LISTEN = """() => {
  window.said = []; window.tongues = []; window.shaken = []; window.ticks = [];
  speechSynthesis.speak = (u) => { if (u.text.trim()) { window.said.push(u.text); window.tongues.push(u.lang); } };
  navigator.vibrate = (pattern) => { if (pattern) window.shaken.push(pattern); return true; };
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (at) { window.ticks.push(at); start.call(this, at); };
}"""


def open_page(url: str, phone: Page) -> Page:
    phone.add_init_script(f"({LISTEN})()")
    phone.goto(f"{url}/live")
    wait_until(phone, "() => document.body.dataset.run === 'on' && document.body.dataset.stream === 'live'")
    return phone
