"""A phone away from home: its browser over a scripted radio, what a finger does, and a home that comes and goes."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright

from coach.bootstrap import Coach
from tests.coach.phone.scenes import LEFT, MOVESENSE, POD, RIGHT, RUNNING_SPEED, recorded_run
from tests.support.browser import PHONE, chromium_arguments, hold, wait_until
from tests.support.common import free_port
from tests.support.one_browser import LONGEST_S, killed_after
from tests.support.ready_coach import ready_coach
from tests.web.scripted_radio import ScriptedRadio, ScriptedSensor, scripted_radio
from web.app import create_app
from web.server import Server, serve

COMMAND = "34800001-7185-4d5d-b431-630e7050e8f0"
GSP = "34802252-7185-4d5d-b431-630e7050e8f0"
RSC = "00001814-0000-1000-8000-00805f9b34fb"
START_WITHIN_MS = 120_000  # on a machine that others use, too
READY = "() => document.body.dataset.ready === 'true'"
LEAVE = "() => /You can leave/.test(document.querySelector('#take-words').textContent)"
CADENCE = "() => /^1[5-9][0-9]/.test(document.querySelector('#focus-value').textContent)"


# Notes when the browser gave the page something: on a busy machine it lags behind what was sent.
NOTE_WHEN = """() => {
  window.heard_ms = [];
  const listen = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (type, ...more) {
    if (type === "characteristicvaluechanged") listen.call(this, type, () => window.heard_ms.push(performance.now()));
    return listen.call(this, type, ...more);
  };
}"""


def movesense_answer(payload: bytes) -> tuple[str, bytes]:
    """What a Movesense answers to a command: status 200, and its range where that was asked for."""
    reach = b"\x10" if payload[0] == 4 and b"Acc" in payload else b""
    return MOVESENSE, bytes([1, payload[1]]) + (200).to_bytes(2, "little") + reach


def make_sensors() -> list[ScriptedSensor]:
    feet = [
        ScriptedSensor(
            use.sensor_id,
            use.name,
            {GSP: {MOVESENSE: ["notify"], COMMAND: ["write", "write-without-response"]}},
            movesense_answer,
        )
        for use in (LEFT, RIGHT)
    ]
    return [*feet, ScriptedSensor(POD.sensor_id, POD.name, {RSC: {RUNNING_SPEED: ["notify"]}})]


@dataclass
class Home:
    """The coach at home, which can go away and come back at the same address."""

    coach: Coach
    port: int
    server: Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        self.server = serve(create_app(self.coach, is_testing=True), "127.0.0.1", self.port, 12)

    def close(self) -> None:
        if self.server is not None:
            self.server.stop()
            self.server = None


@dataclass
class Away:
    """The runner's phone: a browser of its own over a scripted radio."""

    radio: ScriptedRadio
    context: BrowserContext
    page: Page
    url: str
    complaints: list[str]

    def open(self) -> None:
        """Open the page as from the home screen."""
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console", lambda m: self.complaints.append(m.text) if "Content Security Policy" in m.text else None
        )
        self.page.on("dialog", lambda dialog: dialog.accept())
        self.page.goto(f"{self.url}/phone/")

    def take_along(self) -> None:
        self.page.locator("#take").click()
        wait_until(self.page, READY, START_WITHIN_MS)
        wait_until(self.page, LEAVE)

    def link(self, sensor: ScriptedSensor) -> None:
        """Tap a sensor's button and choose it in the browser's own dialog."""
        session = self.context.new_cdp_session(self.page)
        session.send("DeviceAccess.enable")
        chosen: list[str] = []

        def choose(event: dict[str, Any]) -> None:
            for device in event["devices"]:
                if device["name"] == sensor.name and not chosen:
                    chosen.append(event["id"])
                    session.send("DeviceAccess.selectPrompt", {"id": event["id"], "deviceId": device["id"]})

        session.on("DeviceAccess.deviceRequestPrompted", choose)
        self.page.locator(f"[data-sensor='{sensor.address}']").click()
        row = f"""() => [...document.querySelectorAll('#sensor-list li')].some(
            (li) => li.textContent.includes({json.dumps(sensor.name)}) && li.dataset.status === 'streaming')"""
        wait_until(self.page, row, 30_000)
        session.detach()

    def answer(self, back: int) -> None:
        """How the back is: the page may still move below a finger while its sensors come in."""
        self.page.locator(f"input[name=back][value='{back}']").evaluate("(radio) => radio.click()")

    def start(self, back: int = 1) -> None:
        self.answer(back)
        self.page.locator("#start").click()
        wait_until(self.page, "() => document.body.dataset.run === 'on'")

    def stop(self) -> None:
        """Hold the button, as a finger does."""
        hold(self.page, "#stop")
        wait_until(self.page, "() => document.body.dataset.run === 'ready'", 30_000)

    def kill(self) -> None:
        """The tab is gone without a word, as when the system needs its memory."""
        self.page.close(run_before_unload=False)

    def waiting(self) -> list[str]:
        """Names of the logs that this phone holds."""
        return self.page.evaluate(
            """async () => { const names = []; const root = await navigator.storage.getDirectory();
            const runs = await root.getDirectoryHandle('runs', { create: true });
            for await (const name of runs.keys()) names.push(name); return names; }"""
        )


def play(away: Away, seconds: float, from_s: float = 0.0, meanwhile: Callable[[float], None] = lambda _: None) -> int:
    """Send what both feet of a recorded runner and a pod sent, at the pace it was sent; gives how many were sent."""
    sensors = {sensor.address: sensor for sensor in away.radio.sensors}
    items = recorded_run([("biomac_p01_left_foot", LEFT), ("biomac_p01_right_foot", RIGHT)])
    began, n_sent, next_pod_s = time.monotonic(), 0, from_s
    for item in items:
        if item.t_s < from_s:
            continue
        if item.t_s > from_s + seconds:
            break
        while (wait_s := began + item.t_s - from_s - time.monotonic()) > 0.01:
            away.page.wait_for_timeout(1000 * wait_s)  # lets the browser's own messages through, too
        away.radio.notify(sensors[item.sensor_id], item.characteristic, item.payload)
        n_sent += 1
        if item.t_s > next_pod_s:
            next_pod_s += 1.0
            away.radio.notify(sensors[POD.sensor_id], RUNNING_SPEED, b"\x04\x00\x03\x54")
            n_sent += 1
            meanwhile(item.t_s - from_s)
    return n_sent


def hide(page: Page, is_hidden: bool) -> None:
    """The page goes behind another one, or comes back: what a browser then says to it."""
    page.evaluate(
        """(is_hidden) => { Object.defineProperty(document, 'hidden', { configurable: true, get: () => is_hidden });
        document.dispatchEvent(new Event('visibilitychange')); }""",
        is_hidden,
    )


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with ready_coach(tmp_path / "home") as coach:
        for use in (LEFT, RIGHT, POD):
            coach.sensors.book.remember(use)
        made = Home(coach, free_port())
        made.open()
        yield made
        made.close()


@pytest.fixture
def away(home: Home, playwright: Playwright, tmp_path: Path) -> Iterator[Away]:
    with ExitStack() as stack:
        stack.enter_context(killed_after(LONGEST_S))
        bus = tmp_path / "bus"
        bus.mkdir()
        radio, address = stack.enter_context(scripted_radio(make_sensors(), bus))
        options = chromium_arguments()
        options["args"] = [*options["args"], "--enable-experimental-web-platform-features"]
        context = playwright.chromium.launch_persistent_context(
            str(tmp_path / "profile"),
            env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address},
            viewport=PHONE,
            **options,
        )
        stack.callback(context.close)
        context.add_init_script(f"({NOTE_WHEN})()")
        made = Away(radio, context, context.pages[0], home.url, [])
        made.open()
        yield made
        assert not made.complaints, made.complaints
