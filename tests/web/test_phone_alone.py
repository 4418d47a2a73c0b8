"""The coach on the phone alone, end to end: real Chromium, its own Web Bluetooth, the core in WebAssembly, real bytes.

Sensors are played on a scripted org.bluez (`scripted_radio`): what Chromium does with a radio is its own code. No phone
and no radio has been tried.
"""

import json
import re
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from coach.model.plain import to_plain
from coach.model.runs import RunState
from coach.phone.core import PhoneCore
from coach.recording.reader import read_recording
from coach.wall_clock import utc_now
from tests.coach.phone.scenes import LEFT, MOVESENSE, POD, RIGHT, RUNNING_SPEED, TIRED, virtual_run
from tests.support.browser import axe_findings, choose_theme, overflowing, wait_until
from tests.web.away_phone import CADENCE, LEAVE, READY, START_WITHIN_MS, Away, Home, hide, play
from tests.web.carried_phone import carry

pytestmark = [pytest.mark.browser, pytest.mark.reference]


def test_taken_along_it_runs_without_home_and_its_run_comes_home_coached(home: Home, away: Away) -> None:
    page = away.page
    wait_until(page, "() => /can do it/.test(document.querySelector('#needs').textContent)")
    away.take_along()
    wait_until(page, LEAVE)
    wait_until(page, "() => document.querySelectorAll('#sensor-list [data-sensor]').length === 5")
    home.close()
    away.kill()
    away.open()
    page = away.page
    wait_until(page, READY, START_WITHIN_MS)
    wait_until(page, LEAVE)
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
    n_sent += play(away, 5.0, 10.0)
    page.locator("#pain").click()
    page.locator("[data-pain='4']").click()
    away.stop()
    assert " cue" in page.inner_text("#finished-words")
    with page.expect_download() as download:
        page.locator("#report").click()
    report = json.loads(Path(download.value.path()).read_text())
    assert {"lost", "streaming"} <= {one.get("status") for one in report["happened"]}
    assert [one["n_samples"] > 500 for one in report["sensors"] if one["wear_site"] == "right_foot"] == [True]
    for secret in (LEFT.sensor_id, LEFT.name, POD.name, "pain"):
        assert secret not in json.dumps(report), secret
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


def test_a_pocket_stops_nothing_a_gap_is_reported_and_a_killed_tab_loses_no_more_than_a_second(
    home: Home, away: Away
) -> None:
    away.take_along()
    left, right, _ = away.radio.sensors
    away.link(left)
    away.link(right)
    away.start()
    page = away.page
    play(away, 3.0)
    hide(page, True)
    page.wait_for_timeout(6000)  # hidden for so long, by the clocks of page and log
    hide(page, False)
    wait_until(page, "() => /was hidden for [67] seconds/.test(document.querySelector('#toast').textContent)")
    page.locator("#pocket").click()
    for x in (20, 200, 370):
        for y in (20, 400, 640, 700, 740, 800):  # wherever Lap, Stop and Pause were
            page.mouse.move(x, y)
            page.mouse.down()
            page.mouse.move(x, y - 60)
            page.mouse.up()
    assert page.locator("#pocket-dialog").is_visible()
    assert page.evaluate("document.body.dataset.run") == "on"
    assert page.evaluate("document.querySelector('#pain-dialog').open") is False
    page.mouse.move(200, 400)
    page.mouse.down()
    page.locator("#pocket-out").wait_for()
    page.mouse.up()
    page.locator("#pocket-out").click()
    assert not page.locator("#pocket-dialog").is_visible()
    page.evaluate("window.heard_ms.length = 0")
    play(away, 4.0, 10.0)
    # A busy machine's radio sends late, and then many at once. 0.3 s are for the page's worker on such a machine.
    n_due = page.evaluate("() => window.heard_ms.filter((at_ms) => at_ms < performance.now() - 1300).length")
    away.kill()
    home.close()
    away.open()
    page = away.page
    wait_until(page, READY, START_WITHIN_MS)
    assert "for one run, and that run has been" in page.inner_text("#plan-words")
    [name] = away.waiting()
    assert "Waits for home" in page.inner_text("#home-list")
    home.open()
    page.evaluate("window.dispatchEvent(new Event('online'))")
    wait_until(page, "() => document.querySelector('#home-list a') !== null", 60_000)
    assert away.waiting() == []
    home.coach.phone.runs.wait()
    run_id = name.removesuffix(".mcap")
    assert home.coach.store.runs.get(run_id).state is RunState.RECOVERED
    recording = read_recording(home.coach.settings.recordings / f"{run_id}.mcap")
    items = list(recording.sound_items())
    late = [n for n in items if getattr(n, "characteristic", "") == MOVESENSE and n.t_s > 9.0]
    assert n_due > 100
    assert len(late) >= n_due - 4, "more than a second was lost"  # 4 of the pod's at most are among those heard
    gaps = [e.data for e in items if getattr(e, "kind", "") == "hidden"]
    assert len(gaps) == 1
    assert 5.0 < gaps[0]["end_s"] - gaps[0]["start_s"] < 9.0


def test_what_was_taken_along_yesterday_only_listens(home: Home, away: Away) -> None:
    away.take_along()
    page = away.page
    away.answer(1)
    wait_until(page, "() => !/Listening only/.test(document.querySelector('#plan-words').textContent)")
    page.clock.set_system_time(time.time() + 25 * 3600)
    away.answer(2)
    wait_until(
        page, "() => /Listening only: .*older than a day/.test(document.querySelector('#plan-words').textContent)"
    )


def test_an_open_sign_asks_for_the_runners_word_before_start(home: Home, away: Away) -> None:
    home.coach.runner.answer_red_flags(["saddle_numbness"])
    away.take_along()
    page = away.page
    away.answer(1)
    wait_until(page, "() => !document.querySelector('#signs-open').hidden")
    assert "Get medical help" in page.inner_text("#signs-words")
    assert page.evaluate("document.querySelector('#phone-start').checkValidity()") is False
    page.locator("input[name=is_confirmed]").check()
    assert page.evaluate("document.querySelector('#phone-start').checkValidity()") is True


def test_a_cut_upload_goes_on_where_home_has_it(home: Home, away: Away) -> None:
    page = away.page
    log = a_long_log(home.coach.phone.pack().run_id)
    run_id, content = log
    offsets: list[int] = []
    third, go_on = threading.Event(), threading.Event()
    append = home.coach.phone.runs.append

    def slow(run_id: str, offset: int, piece: bytes) -> Any:
        offsets.append(offset)
        if len(offsets) == 3:
            third.set()
            go_on.wait(20)
        return append(run_id, offset, piece)

    home.coach.phone.runs.append = slow  # type: ignore[method-assign]
    page.evaluate(
        """async ([name, hex]) => { const root = await navigator.storage.getDirectory();
        const runs = await root.getDirectoryHandle('runs', { create: true });
        const writer = await (await runs.getFileHandle(name, { create: true })).createWritable();
        await writer.write(Uint8Array.from(hex.match(/../g), (x) => parseInt(x, 16))); await writer.close(); }""",
        [f"{run_id}.mcap", content.hex()],
    )
    page.reload()
    deadline = time.monotonic() + 30
    while not third.is_set() and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    assert third.is_set()
    away.context.set_offline(True)
    wait_until(page, "() => /cannot be reached/.test(document.querySelector('#home-words').textContent)", 40_000)
    go_on.set()
    assert away.waiting() == [f"{run_id}.mcap"]
    away.context.set_offline(False)
    wait_until(page, "() => document.querySelector('#home-list a') !== null", 60_000)
    assert away.waiting() == []
    assert offsets == sorted(offsets), "the upload began again"
    assert offsets.count(0) == 1
    home.coach.phone.runs.wait()
    assert home.coach.store.runs.get(run_id).state is RunState.FINISHED


@cache
def a_long_log(run_id: str) -> tuple[str, bytes]:
    """Two minutes of a virtual runner as a phone would have logged them."""
    core = PhoneCore()
    for use in (LEFT, RIGHT):
        core.link(json.dumps(to_plain(use)))
    core.start(run_id, utc_now().isoformat(), "{}")
    content = bytearray()
    for item in virtual_run(TIRED, 120.0):
        if item.sensor_id in (LEFT.sensor_id, RIGHT.sensor_id):
            core.feed(item.sensor_id, item.characteristic, item.t_s, item.payload)
    core.finish(120.0)
    content += core.take_end()
    return run_id, bytes(content)


def test_the_page_can_be_read_by_everyone(home: Home, away: Away) -> None:
    page = away.page
    for theme in ("day", "night", "sun"):
        choose_theme(page, theme)
        assert axe_findings(page) == [], theme
    page.set_viewport_size({"width": 320, "height": 700})
    assert overflowing(page) == []


def test_a_phone_in_a_belt_needs_no_sensor_at_all(home: Home, away: Away) -> None:
    away.take_along()
    page = away.page
    session = away.context.new_cdp_session(page)
    session.send("Browser.grantPermissions", {"origin": home.url, "permissions": ["sensors"]})
    session.send("Emulation.setFocusEmulationEnabled", {"enabled": True})
    for kind in ("accelerometer", "linear-acceleration", "gyroscope"):
        able = {"available": True, "maximumFrequency": 60}
        session.send("Emulation.setSensorOverrideEnabled", {"enabled": True, "type": kind, "metadata": able})
    page.locator("[data-sensor='this-phone']").evaluate("(button) => button.click()")
    page.wait_for_timeout(300)  # Chromium drops readings that come before the page listens
    for kind, z in (("accelerometer", 9.8), ("linear-acceleration", 0.0), ("gyroscope", 0.1)):
        reading = {"xyz": {"x": 0.1, "y": 0.2, "z": z}}
        session.send("Emulation.setSensorOverrideReadings", {"type": kind, "reading": reading})
    wait_until(page, "() => document.querySelector('#sensor-list li[data-status=streaming]') !== null")
    for kind in ("accelerometer", "linear-acceleration", "gyroscope"):
        session.send("Emulation.setSensorOverrideEnabled", {"enabled": False, "type": kind})
    session.send("Browser.grantPermissions", {"origin": home.url, "permissions": ["sensors", "geolocation"]})
    place = {"latitude": 47.5, "longitude": 8.25, "accuracy": 5.0, "altitude": 412.0, "speed": 3.0}
    session.send("Emulation.setGeolocationOverride", place)
    page.locator("[data-sensor='this-phone-position']").evaluate("(button) => button.click()")
    wait_until(page, "() => document.querySelectorAll('#sensor-list li[data-status=streaming]').length === 2")
    away.start()
    carry(page, 7.0)
    for second in range(4):
        session.send("Emulation.setGeolocationOverride", place | {"latitude": 47.5 + 0.00003 * (second + 1)})
        page.wait_for_timeout(900)  # 3 m/s, as it is given
    assert page.inner_text("#speed_mps").startswith("5:3"), "3 m/s are 5:33 a kilometre"
    carry(page, 10.0)
    wait_until(page, CADENCE)
    assert re.fullmatch(r"[12]\d\d", page.inner_text("#first-value")), "contact time"
    away.stop()
    wait_until(page, "() => document.querySelector('#home-list a') !== null", 60_000)
    home.coach.phone.runs.wait()
    [entry] = home.coach.store.runs.list()
    assert sorted(use.profile_id for use in entry.run.sensors) == ["phone", "phone_position"]
    assert home.coach.history.route(entry.run.run_id) is not None, "the map line"
    assert b"47.5" in home.coach.history.files.export(entry.run.run_id, "gpx"), "the route is in what leaves home"
    summary = home.coach.store.runs.summary(entry.run.run_id)
    assert summary is not None
    steps = home.coach.store.runs.data.steps(entry.run.run_id)
    assert len([step for step in steps if step.contact_time_s]) > 25
