"""A foot pod and a strap of ANT+ on the page, in a check and in a run: real browser, service, log and recomputing.

The machine has no Bluetooth at all: a stick is enough.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coach.bootstrap import Coach
from coach.errors import LinkError, UserError
from coach.recording.reader import read_recording
from tests.support.ant_stick import FakeUsb, Faults, foot_pod, plugged_in, strap
from tests.support.browser import axe_findings, served, wait_until
from tests.support.common import until
from tests.support.ready_coach import ready_coach
from web.app import create_app

POD, STRAP = "ant-124-12345", "ant-120-54321"


@pytest.fixture
def usb(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeUsb]:
    monkeypatch.setattr("coach.radio.ant.air._AGAIN_S", 0.3)
    fake = FakeUsb([foot_pod(), strap(battery_every=16)], Faults(noise_share=0.05))
    with plugged_in(fake):
        yield fake


@pytest.fixture
def home(tmp_path: Path, usb: FakeUsb) -> Iterator[Coach]:
    with ready_coach(tmp_path / "home") as coach:
        yield coach
    assert not usb.is_scanning


@pytest.mark.browser
def test_a_pod_and_a_strap_are_found_connected_checked_and_run_with(home: Coach, usb: FakeUsb, phone: Any) -> None:
    with served(create_app(home, is_testing=True)) as url:
        phone.goto(f"{url}/sensors")
        for sensor_id, kind in ((POD, "ANT+ foot pod"), (STRAP, "ANT+ heart rate strap")):
            row = phone.locator("#around > li", has_text=sensor_id)
            row.locator("[data-connect]").click(timeout=20_000)
            card = phone.locator("#mine .sensor", has_text=kind)
            card.locator("[data-status]", has_text="Ready").wait_for(timeout=20_000)
            assert card.locator("[data-set-up]").is_hidden(), "it only sends"
        battery = "() => /80 %/.test(document.querySelector('#mine').textContent)"
        wait_until(phone, battery)
        assert axe_findings(phone) == []
        checked = home.sensors.checks.check(3.0)
        assert [sensor.problems for sensor in checked.sensors] == [(), ()]
        phone.goto(f"{url}/live")
        phone.locator("#start").click()
        wait_until(phone, "() => document.querySelectorAll('#links li[data-status=streaming]').length === 2", 15_000)
        until(lambda: (home.feed.latest("metrics") or {}).get("heart_rate_bpm") == 150)
        until(lambda: (home.feed.latest("metrics") or {}).get("cadence_spm") == 170)
        usb.pull_out()
        wait_until(phone, "() => document.querySelectorAll('#links li[data-status=lost]').length === 2", 10_000)
        usb.plug_in()
        wait_until(phone, "() => document.querySelectorAll('#links li[data-status=streaming]').length === 2", 20_000)
        phone.wait_for_timeout(3000)  # pages of both, behind the gap
        run = home.runs.stop()
    recording = read_recording(home.settings.recordings / f"{run.run_id}.mcap")
    pages = [n.payload for n in recording.notifications() if n.sensor_id in (POD, STRAP)]
    assert {len(page) for page in pages} == {8}
    until(lambda: home.store.runs.summary(run.run_id) is not None)
    summary = home.store.runs.summary(run.run_id)
    assert summary is not None
    assert summary.heart_rate_bpm == pytest.approx(150, abs=0.5)
    again = home.recovery.recompute(run.run_id)
    assert again.duration_s == pytest.approx(summary.duration_s, abs=0.01)
    assert home.store.runs.summary(run.run_id) == summary, "the log holds all that the run knew"


def test_a_sensor_of_ant_that_is_not_heard_is_refused_in_its_own_words(
    home: Coach, usb: FakeUsb, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("coach.service.sensors.service._FIRST_HEARD_S", 0.5)
        with pytest.raises(LinkError, match=r"ant-124-1 is not heard over ANT\+"):
            home.sensors.pair("ant-124-1")
    home.sensors.pair(STRAP)
    for ask in (home.sensors.read_settings, home.sensors.configure):
        with pytest.raises(UserError, match="only sends"):
            ask(STRAP)


def test_a_scan_on_the_command_line_hears_them_without_any_bluetooth(home: Coach, usb: FakeUsb) -> None:
    assert {sensor.sensor_id for sensor in home.sensors.scan(3.0)} == {POD, STRAP}
    usb.pull_out()
    until(lambda: home.sensors.ant_problem() is None)
    with pytest.raises(LinkError, match="Bluetooth"):
        home.sensors.scan(2.0)


def test_a_stick_that_may_not_be_used_is_said_on_the_page_and_one_that_is_not_there_is_not(
    home: Coach, usb: FakeUsb
) -> None:
    usb.faults.open_errno = 13
    until(lambda: home.sensors.surroundings().ant_problem is not None)
    assert "70-ant.rules" in str(home.sensors.surroundings().ant_problem)
    usb.faults.open_errno = None
    until(lambda: home.sensors.surroundings().ant_problem is None)
    until(lambda: len(home.sensors.surroundings().found) == 2)
    usb.pull_out()
    until(lambda: "pulled out" in str(home.sensors.surroundings().ant_problem))
    until(lambda: home.sensors.surroundings().ant_problem is None)
