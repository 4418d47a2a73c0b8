"""The coach on the phone alone, end to end: real Chromium, its own Web Bluetooth, the core in WebAssembly, real bytes.

Sensors are played on a scripted org.bluez (`scripted_radio`): what Chromium does with a radio is its own code. No phone
and no radio has been tried.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from coach.bootstrap import Coach
from coach.model.runs import RunState
from coach.recording.reader import read_recording
from coach.service.event_loop import LoopThread
from coach.settings import make_settings
from tests.browser import PHONE, chromium_arguments, wait_until
from tests.coach.phone.scenes import LEFT, MOVESENSE, POD, RIGHT, RUNNING_SPEED, recorded_run
from tests.support import free_port
from tests.web.scripted_radio import ScriptedRadio, ScriptedSensor, scripted_radio
from web.app import create_app
from web.server import Server, serve

pytestmark = [pytest.mark.browser, pytest.mark.reference]
COMMAND = "34800001-7185-4d5d-b431-630e7050e8f0"
GSP = "34802252-7185-4d5d-b431-630e7050e8f0"
RSC = "00001814-0000-1000-8000-00805f9b34fb"
START_WITHIN_MS = 120_000  # on a machine that others use, too
READY = "() => document.body.dataset.ready === 'true'"
CADENCE = "() => /^1[5-9][0-9]/.test(document.querySelector('#focus-value').textContent)"


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


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    loop = LoopThread()
    coach = Coach(make_settings(tmp_path / "home", "127.0.0.1", 0), loop=loop)
    coach.runner.change(height_m=1.75)
    coach.runner.tell_red_flags([])
    for use in (LEFT, RIGHT, POD):
        coach.store.sensors.remember(use)
    made = Home(coach, free_port())
    made.open()
    yield made
    made.close()
    coach.close()
    loop.close()


@dataclass
class Away:
    """The runner's phone: a browser of its own over a scripted radio."""

    radio: ScriptedRadio
    context: Any
    page: Any
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

    def start(self, back: int = 1) -> None:
        self.page.locator(f"input[name=back][value='{back}']").check(force=True)
        self.page.locator("#start").click()
        wait_until(self.page, "() => document.body.dataset.run === 'on'")

    def stop(self) -> None:
        """Hold the button, as a finger does."""
        box = self.page.locator("#stop").bounding_box()
        self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.page.mouse.down()
        self.page.wait_for_timeout(1200)
        self.page.mouse.up()
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


@pytest.fixture
def away(home: Home, playwright: Any, tmp_path: Path) -> Iterator[Away]:
    with ExitStack() as stack:
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
        made = Away(radio, context, context.pages[0], home.url, [])
        made.open()
        yield made
        assert not made.complaints, made.complaints


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


def test_taken_along_it_runs_without_home_and_its_run_comes_home_coached(home: Home, away: Away) -> None:
    page = away.page
    assert "can do it" in page.inner_text("#needs")
    away.take_along()
    assert "You can leave" in page.inner_text("#take-words")
    wait_until(page, "() => document.querySelectorAll('#sensor-list [data-sensor]').length === 3")
    home.close()
    away.kill()
    away.open()
    page = away.page
    wait_until(page, READY, START_WITHIN_MS)
    assert "You can leave" in page.inner_text("#take-words")
    for sensor in away.radio.sensors:
        away.link(sensor)
    away.start()
    left = away.radio.sensors[0]
    n_sent = play(away, 10.0)
    wait_until(page, CADENCE)
    before = left.n_connects
    away.radio.lose(left)
    wait_until(page, "() => [...document.querySelectorAll('#links li')].some((li) => li.dataset.status === 'lost')")
    left.is_in_range = True
    wait_until(
        page, "() => [...document.querySelectorAll('#links li')].every((li) => li.dataset.status !== 'lost')", 30_000
    )
    assert left.n_connects > before, "the sensor came back without a tap"
    n_sent += play(away, 5.0, 12.0)
    page.locator("#pain").click()
    page.locator("[data-pain='4']").click()
    away.stop()
    assert " cue" in page.inner_text("#finished-words")
    [name] = away.waiting()
    run_id = name.removesuffix(".mcap")
    assert "cannot be reached" in page.inner_text("#home-words")
    home.open()
    page.evaluate("window.dispatchEvent(new Event('online'))")
    wait_until(page, "() => document.querySelector('#home-list a') !== null", 60_000)
    assert away.waiting() == []
    home.coach.phone.runs.wait()
    run = home.coach.store.runs.get(run_id)
    assert run.state is RunState.FINISHED
    assert run.plan is not None, "the pack's plan came with it"
    assert [tap.back for tap in home.coach.store.pain.list(run_id=run_id)][-1] == 4
    recording = read_recording(home.coach.settings.recordings / f"{run_id}.mcap")
    data = [n for n in recording.notifications() if n.characteristic in (MOVESENSE, RUNNING_SPEED) and n.t_s > 0]
    assert len(data) >= n_sent, "a notification that was sent is not in the log"
    assert home.coach.store.runs.summary(run_id) is not None
