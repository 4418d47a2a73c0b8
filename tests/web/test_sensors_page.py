"""The sensors page on a phone: what is around, connecting, the live signal, the place on the body, the check."""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from bleak.exc import BleakBluetoothNotAvailableReason
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from coach.model.samples import CadenceDecision, Counts
from coach.model.sites import WearSite
from coach.radio.virtual.twin import Identity, Twin
from tests.support.browser import overflowing, wait_until
from tests.support.radio import JumpingBody, LiftingBody
from tests.web.page_coach import PageCoach

SOON_MS = 20_000  # a virtual radio scans, connects and reads as a real one; on a busy machine not faster


@pytest.fixture
def coach(tmp_path: Path) -> Iterator[PageCoach]:
    """Its runner jumps three times when the check asks for it."""
    body = JumpingBody()
    with closing(PageCoach(tmp_path, body)) as made:
        made.sensors.checks.on_check = lambda: setattr(body, "jumps_s", made.world.clock())
        yield made


def remembered(coach: PageCoach) -> list[tuple[str, str, WearSite | None]]:
    return [(use.sensor_id, use.profile_id, use.wear_site) for use in coach.sensors.book.remembered()]


@pytest.mark.browser
def test_a_sensor_nearby_is_connected_with_its_place(coach: PageCoach, url: str, phone: Page) -> None:
    shoe = coach.wear_shoe(WearSite.LEFT_FOOT)
    strap = coach.switch_on(lambda world: world.add_heart_rate_strap())
    phone.goto(f"{url}/sensors")
    row = phone.locator("#around > li", has_text=strap.sensor_id)
    expect(row).to_contain_text("very near", timeout=SOON_MS)
    row.locator("[data-connect]").tap()
    expect(phone.locator("#mine .sensor")).to_have_count(2, timeout=SOON_MS)
    expect(row).to_have_count(0)
    assert remembered(coach) == [
        (shoe.sensor_id, "movesense", WearSite.LEFT_FOOT),
        (strap.sensor_id, "heart_rate", None),
    ]


@pytest.mark.browser
def test_an_armband_is_connected_as_a_heart_rate_sensor_where_its_wearer_chooses_that(
    coach: PageCoach, url: str, phone: Page
) -> None:
    armband = coach.switch_on(lambda world: world.add_polar_verity_sense(WearSite.LEFT_SHANK))
    strap = coach.switch_on(lambda world: world.add_heart_rate_strap())
    unknown = coach.switch_on(add_unknown)
    phone.goto(f"{url}/sensors")
    row = phone.locator("#around > li", has_text=armband.sensor_id)
    choice = row.locator("[data-profile]")
    expect(choice.locator("option")).to_have_text(
        ["Heart rate strap (standard)", "Polar Verity Sense"], timeout=SOON_MS
    )
    expect(choice).to_have_value("polar_verity_sense")
    site = row.locator("[data-site]")
    expect(site).to_be_visible()
    expect(site).to_have_value("")  # could be worn on a leg: no side is guessed
    strap_row = phone.locator("#around > li", has_text=strap.sensor_id)
    expect(strap_row.locator("[data-profile]")).to_be_hidden(timeout=SOON_MS)
    unknown_row = phone.locator("#around > li", has_text=unknown.sensor_id)
    expect(unknown_row.locator("[data-profile]")).to_be_visible(timeout=SOON_MS)
    choice.select_option("heart_rate")
    expect(site).to_be_hidden()
    row.locator("[data-connect]").tap()
    expect(row).to_have_count(0, timeout=SOON_MS)
    assert remembered(coach) == [(armband.sensor_id, "heart_rate", None)]


def add_unknown(world) -> Twin:
    twin = Twin(world.air, world.clock, Identity("Unknown thing", "F0:0D:00:00:00:77", "Nobody", "Thing", "1"))
    world.twins[twin.sensor_id] = twin
    return twin


@pytest.mark.browser
def test_lifting_the_left_foot_says_which_shoe_is_which(tmp_path: Path, serve_coach, phone: Page) -> None:
    coach = PageCoach(tmp_path / "swapped", LiftingBody(WearSite.LEFT_FOOT))
    url = serve_coach(coach)
    left = coach.wear_shoe(WearSite.LEFT_FOOT, remembered_at=WearSite.RIGHT_FOOT)
    right = coach.wear_shoe(WearSite.RIGHT_FOOT, remembered_at=WearSite.LEFT_FOOT)
    phone.goto(f"{url}/sensors")
    phone.tap("#lift-start")
    expect(phone.locator("#lift-words")).to_contain_text(f"on your left foot is {left.name}", timeout=3 * SOON_MS)
    places = {sensor_id: site for sensor_id, _, site in remembered(coach)}
    assert places == {left.sensor_id: WearSite.LEFT_FOOT, right.sensor_id: WearSite.RIGHT_FOOT}


@pytest.mark.browser
def test_each_sensor_shows_its_signal_state_and_facts(
    coach: PageCoach, url: str, phone: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, right = coach.wear_shoe(WearSite.LEFT_FOOT), coach.wear_shoe(WearSite.RIGHT_FOOT)
    coach.loop.do(coach.world.set_battery(right.sensor_id, 81.0))
    look = coach.sensors.states
    monkeypatch.setattr(  # no sensor of ours was tried on hardware yet
        coach.sensors,
        "states",
        lambda: [replace(s, is_tried_on_hardware=s.use.sensor_id == left.sensor_id) for s in look()],
    )
    phone.goto(f"{url}/sensors")
    card = phone.locator("#mine .sensor", has_text="Right foot").filter(has_text=right.name)
    expect(card.locator("[data-status]")).to_have_text("Ready", timeout=SOON_MS)
    expect(card).to_contain_text("81 %")
    expect(card).to_contain_text("2.3.1")
    expect(card.locator("[data-rate]")).to_contain_text("of 208", timeout=SOON_MS)
    expect(card.locator("[data-untried]")).to_be_visible()
    expect(phone.locator("#mine .sensor", has_text=left.name).locator("[data-untried]")).to_be_hidden()
    line = "document.querySelectorAll('#mine .sensor')[1].querySelector('polyline').getAttribute('points')"
    wait_until(phone, f"() => {line}.split(' ').length > 20", SOON_MS)


@pytest.mark.browser
def test_place_is_changed_and_a_sensor_forgotten(coach: PageCoach, url: str, phone: Page) -> None:
    left, right = coach.wear_shoe(WearSite.LEFT_FOOT), coach.wear_shoe(WearSite.RIGHT_FOOT)
    phone.on("dialog", lambda dialog: dialog.accept())
    phone.goto(f"{url}/sensors")
    card = phone.locator("#mine .sensor", has_text=left.name)
    with phone.expect_response("**/place"):
        card.locator("[data-site]").select_option("pelvis")
    assert (left.sensor_id, "movesense", WearSite.PELVIS) in remembered(coach)
    card.locator("summary").tap()
    with phone.expect_response(lambda answer: answer.request.method == "DELETE"):
        card.locator("[data-forget]").tap()
    expect(phone.locator("#mine .sensor")).to_have_count(1, timeout=SOON_MS)
    assert remembered(coach) == [(right.sensor_id, "movesense", WearSite.RIGHT_FOOT)]


@pytest.mark.browser
def test_what_a_pod_counts_is_said_with_its_reason_and_can_be_set(
    coach: PageCoach, url: str, phone: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    pod = coach.wear_pod()
    coach.sensors.pod_counts._last[pod.sensor_id] = CadenceDecision(  # as the last run has found
        Counts.STRIDES, "our own sensor counts 160 steps per minute"
    )
    phone.goto(f"{url}/sensors")
    words = phone.locator("#mine .sensor [data-counts-words]")
    expect(words).to_have_text(
        "Read as strides of one foot, two steps each: our own sensor counts 160 steps per minute.", timeout=SOON_MS
    )
    phone.locator("#mine .sensor [data-cadence-unit]").select_option("steps")
    expect(words).to_have_text("Read as steps of both feet: set by the runner.", timeout=SOON_MS)
    assert coach.sensors.book.remembered_one(pod.sensor_id).cadence_unit == "steps"
    assert overflowing(phone) == []


@pytest.mark.browser
def test_a_sensor_known_by_name_says_what_it_gives_and_what_not(coach: PageCoach, url: str, phone: Page) -> None:
    coach.wear_pod(name="ZWIFT RUNPOD OE")
    tickr, runn = (
        coach.switch_on(lambda world, name=name: world.add_running_pod(name=name))
        for name in ("TICKR X 12AB", "RUNN 77")
    )
    phone.goto(f"{url}/sensors")
    expect(phone.locator("#mine .sensor [data-gives]")).to_contain_text("Zwift RunPod (Milestone Pod). Gives: speed;")
    strap = phone.locator("#around > li", has_text=tickr.sensor_id).locator("[data-gives]")
    expect(strap).to_contain_text("Wahoo TICKR X. Gives: heart rate; speed; cadence", timeout=SOON_MS)
    expect(strap).to_contain_text("Does not give: running smoothness")
    treadmill = phone.locator("#around > li", has_text=runn.sensor_id)
    expect(treadmill).to_be_visible(timeout=SOON_MS)
    expect(treadmill.locator("[data-gives]")).to_be_hidden()
    assert overflowing(phone) == []


@pytest.mark.browser
def test_the_check_counts_down_and_says_whether_all_is_well(coach: PageCoach, url: str, phone: Page) -> None:
    coach.wear_shoe(WearSite.LEFT_FOOT)
    phone.goto(f"{url}/sensors")
    expect(phone.locator("#mine [data-status]")).to_have_text("Ready", timeout=SOON_MS)
    phone.tap("#check-start")
    expect(phone.locator("#check-words")).to_contain_text("7")
    expect(phone.locator("#check-report")).to_contain_text("All is well", timeout=3 * SOON_MS)
    expect(phone.locator("#check-report")).to_contain_text("Landings seen: 3")


@pytest.mark.browser
def test_what_is_wrong_with_bluetooth_is_said_and_the_page_still_works(coach: PageCoach, url: str, phone: Page) -> None:
    coach.wear_shoe(WearSite.LEFT_FOOT)
    coach.loop.do(coach.world.central.break_down(BleakBluetoothNotAvailableReason.NO_BLUETOOTH))
    phone.goto(f"{url}/sensors")
    expect(phone.locator("#problem")).to_contain_text("no Bluetooth LE adapter", timeout=SOON_MS)
    expect(phone.locator("#mine .sensor")).to_have_count(1)


def test_a_sensor_that_cannot_be_reached_is_a_503_with_words(
    coach: PageCoach, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coach.service.sensors.service._FIRST_HEARD_S", 1.0)
    answer = client.post("/api/v1/sensors/pair", json={"sensor_id": "F0:0D:00:00:00:99", "wear_site": "chest"})
    assert answer.status_code == 503
    assert answer.json["error"]["code"] == "not_heard"
    assert "F0:0D:00:00:00:99" in answer.json["error"]["words"]


def test_a_place_that_is_none_is_refused(client: FlaskClient) -> None:
    answer = client.put("/api/v1/sensors/C4:01/place", json={"wear_site": "left_ear"})
    assert answer.status_code == 400
    assert "wear_site" in answer.json["error"]["fields"]


@pytest.mark.browser
def test_in_a_run_a_card_says_what_arrives_and_nothing_is_offered_that_would_be_refused(
    coach: PageCoach, url: str, phone: Page
) -> None:
    coach.wear_shoe(WearSite.LEFT_FOOT)
    coach.wear_pod()
    phone.goto(f"{url}/sensors")
    expect(phone.locator("#check")).to_be_visible(timeout=SOON_MS)
    expect(phone.locator("#lift")).to_be_visible()
    run = coach.runs.start()
    shoe, pod = phone.locator("#mine .sensor").all()
    expect(shoe.locator("[data-rate]")).to_have_text(re.compile(r"^(20[5-9]|21[01]) of 208$"), timeout=SOON_MS)
    expect(pod.locator("[data-rate]")).to_be_hidden()  # its packets are not counted by the second in a run
    expect(shoe.locator(".signal")).to_be_hidden()
    expect(phone.locator("#check")).to_be_hidden()
    expect(phone.locator("#lift")).to_be_hidden()
    expect(shoe.locator("[data-firmware]")).to_be_visible()
    expect(pod.locator("[data-firmware]")).to_be_hidden()  # a pod that never said its firmware: no row of "-"
    coach.runs.stop(run.run_id)
    expect(phone.locator("#check")).to_be_visible(timeout=SOON_MS)
    expect(shoe.locator(".signal")).to_be_visible(timeout=SOON_MS)
