"""A phone in the belt as the only sensor of a run at home: real browser, server, coach and log; emulated motion."""

import base64
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, Route

from coach.bootstrap import Coach
from coach.errors import UserError
from coach.model.links import SensorUse
from coach.model.sites import WearSite
from coach.packets.phone_motion import decode_motion
from coach.radio.served import ServedBatch
from coach.recording.reader import read_recording
from tests.support.browser import axe_findings, served, wait_until
from tests.support.common import until
from tests.support.ready_coach import ready_coach
from tests.web.carried_phone import carry
from web.app import create_app

SERVES = "() => /is a sensor/.test(document.querySelector('#serve-words').textContent)"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Coach]:
    with ready_coach(tmp_path / "home") as coach:
        yield coach


@pytest.mark.browser
@pytest.mark.reference
def test_a_phone_in_the_belt_is_the_only_sensor_of_a_run_at_home(home: Coach, phone: Page) -> None:
    lost_answers: list[str] = []

    def lose_answer(route: Route) -> None:
        route.fetch()  # the coach has it; the phone never hears of that
        lost_answers.append(route.request.url)
        route.abort()

    with served(create_app(home, is_testing=True)) as url:
        phone.goto(f"{url}/live")
        wait_until(phone, "() => !document.querySelector('#serve').disabled")
        carry(phone, 24.0, waits=False)
        phone.locator("#serve").click()
        wait_until(phone, SERVES)
        assert axe_findings(phone) == []
        [use] = home.sensors.book.remembered()
        assert (use.profile_id, use.wear_site) == ("phone", WearSite.PELVIS)
        phone.locator("#start").click()
        wait_until(phone, "() => document.body.dataset.run === 'on'")
        wait_until(phone, "() => document.querySelector('#links li[data-status=streaming]') !== null")
        phone.wait_for_timeout(3000)  # its first batches are answered
        phone.route(
            "**/readings", lose_answer, times=2
        )  # more would fill the 3 s that the page keeps, on a busy machine
        wait_until(phone, "() => /^1[5-9][0-9]/.test(document.querySelector('#focus-value').textContent)", 20_000)
        deadline = time.monotonic() + 90
        while len(lost_answers) < 2 and time.monotonic() < deadline:
            phone.wait_for_timeout(50)
        assert len(lost_answers) == 2
        wait_until(phone, "() => document.querySelector('#links li[data-status=silent]') !== null", 30_000)
        run = home.runs.stop()
    recording = read_recording(home.settings.recordings / f"{run.run_id}.mcap")
    packets = [decode_motion(n.payload) for n in recording.notifications() if n.sensor_id == use.sensor_id]
    device_s = np.concatenate([packet.device_s for packet in packets])
    assert len(device_s) > 60 * 15
    assert np.diff(device_s).min() > 0, "a packet that was posted twice counts once"
    assert np.diff(device_s).max() < 1.5 / 60, "and none is lost"
    until(lambda: home.store.runs.summary(run.run_id) is not None)
    assert len([step for step in home.store.runs.data.steps(run.run_id) if step.contact_time_s]) > 25


@pytest.mark.browser
@pytest.mark.reference
def test_a_second_tap_while_the_phone_begins_stops_it_and_starts_no_second_sender(home: Coach, phone: Page) -> None:
    senders: set[str] = set()
    phone.on("request", lambda r: senders.add(r.post_data_json["sender"]) if r.url.endswith("/readings") else None)
    with served(create_app(home, is_testing=True)) as url:
        phone.goto(f"{url}/live")
        wait_until(phone, "() => !document.querySelector('#serve').disabled")
        serve = phone.locator("#serve")
        serve.dblclick()  # no motion yet: the second tap comes while the first still waits for it
        assert "no longer a sensor" in phone.inner_text("#serve-words")
        serve.click()
        carry(phone, 3.0)
        wait_until(phone, SERVES)
        phone.wait_for_timeout(600)  # some batches more
    assert len(senders) == 1


def test_a_phone_takes_no_other_sensors_place_and_never_goes_along_as_a_radio_sensor(home: Coach) -> None:
    use = home.sensors.phone.remember()
    assert home.sensors.phone.remember() == use, "one phone, however often it is asked for"
    assert home.phone.pack().sensors == ()
    with pytest.raises(UserError, match="only sends: there is nothing to read or change"):
        home.sensors.configure(use.sensor_id)
    home.sensors.forget(use.sensor_id)
    with pytest.raises(UserError, match="no such sensor is paired"):
        home.sensors.phone.take(use.sensor_id, ServedBatch("a", 0, (b"P",)))
    home.sensors.book.remember(SensorUse("C4:01", "Movesense 0418", "movesense", WearSite.PELVIS))
    with pytest.raises(UserError, match="Movesense 0418 is worn at the small of the back already"):
        home.sensors.phone.remember()


def test_no_packet_is_larger_than_one_can_be_and_no_number_than_a_page_can_count(home: Coach) -> None:
    use = home.sensors.phone.remember()
    client = create_app(home, is_testing=True).test_client()
    good: dict[str, object] = {"sender": "a", "first": 0, "is_beginning": True, "packets": ["UAEAAA=="]}
    for odd in ({"packets": ["A" * (1 << 20)]}, {"first": 10**400}, {"first": 2**53}):
        answer = client.post(f"/api/v1/sensors/{use.sensor_id}/readings", json=good | odd)
        assert answer.status_code == 400, odd.keys()
    largest = base64.b64encode(bytes(4 + 255 * 32)).decode()
    for fine in ({}, {"packets": [largest] * 100, "first": 1}):
        assert client.post(f"/api/v1/sensors/{use.sensor_id}/readings", json=good | fine).status_code == 200
