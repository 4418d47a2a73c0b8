"""The sensors page on a phone: what is around, connecting, the live signal, the place on the body, the check."""

import time

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from coach.model.links import FoundSensor, SensorUse
from coach.model.samples import CadenceDecision, Counts
from tests.support.browser import overflowing
from tests.web.page_coach import PageCoach
from tests.web.small_sensors import SmallSensors


@pytest.fixture
def coach(coach: PageCoach) -> PageCoach:
    small = SmallSensors()
    small.close = coach.sensors.close
    coach.sensors = small
    return coach


@pytest.mark.browser
def test_a_sensor_nearby_is_connected_with_its_place(coach: PageCoach, url: str, phone: Page) -> None:
    phone.goto(f"{url}/sensors")
    strap = phone.locator("#around > li", has_text="C4:03")
    expect(strap).to_contain_text("very near")
    strap.locator("[data-connect]").tap()
    expect(phone.locator("#mine .sensor")).to_have_count(3)
    expect(phone.locator("#around > li", has_text="C4:03")).to_have_count(0)
    name, sensor_id, _site = coach.sensors.calls[0]
    assert (name, sensor_id) == ("pair", "C4:03")


@pytest.mark.browser
def test_an_armband_is_connected_as_a_heart_rate_sensor_where_its_wearer_chooses_that(
    coach: PageCoach, url: str, phone: Page
) -> None:
    phone.goto(f"{url}/sensors")
    armband = phone.locator("#around > li", has_text="C4:04")
    choice = armband.locator("[data-profile]")
    expect(choice.locator("option")).to_have_text(["Heart rate strap (standard)", "Polar Verity Sense"])
    expect(choice).to_have_value("polar_verity_sense")
    expect(armband.locator("[data-site]")).to_be_visible()
    choice.select_option("heart_rate")
    expect(armband.locator("[data-site]")).to_be_hidden()
    armband.locator("[data-connect]").tap()
    expect(armband).to_have_count(0)
    assert coach.sensors.calls[0] == ("pair", "C4:04", None)
    assert coach.sensors.paired_as == "heart_rate"
    strap = phone.locator("#around > li", has_text="C4:03")
    expect(strap.locator("[data-profile]")).to_be_hidden()
    expect(phone.locator("#around > li", has_text="C4:09").locator("[data-profile]")).to_be_visible()


@pytest.mark.browser
def test_lifting_the_left_foot_says_which_shoe_is_which(coach: PageCoach, url: str, phone: Page) -> None:
    phone.goto(f"{url}/sensors")
    armband = phone.locator("#around > li", has_text="C4:04").locator("[data-site]")
    expect(armband).to_have_value("")  # could be worn on a leg: no side is guessed
    phone.tap("#lift-start")
    expect(phone.locator("#lift-words")).to_contain_text("on your left foot is Movesense 0522")
    assert ("lift", 6.0) in coach.sensors.calls


@pytest.mark.browser
def test_each_sensor_shows_its_signal_state_and_facts(url: str, phone: Page) -> None:
    phone.goto(f"{url}/sensors")
    card = phone.locator("#mine .sensor").nth(1)
    expect(card).to_contain_text("Right foot")
    expect(card).to_contain_text("81 %")
    expect(card).to_contain_text("2.3.1")
    expect(card).to_contain_text("208 of 208")
    expect(card.locator("[data-status]")).to_have_text("Ready")
    expect(card.locator("[data-untried]")).to_be_visible()
    expect(phone.locator("#mine .sensor").nth(0).locator("[data-untried]")).to_be_hidden()
    assert len(card.locator("polyline").get_attribute("points").split()) == 100


@pytest.mark.browser
def test_place_is_changed_and_a_sensor_forgotten(coach: PageCoach, url: str, phone: Page) -> None:
    phone.on("dialog", lambda dialog: dialog.accept())
    phone.goto(f"{url}/sensors")
    card = phone.locator("#mine .sensor").nth(0)
    card.locator("[data-site]").select_option("pelvis")
    card.locator("summary").tap()
    card.locator("[data-forget]").tap()
    expect(phone.locator("#mine .sensor")).to_have_count(1)
    assert [call[0] for call in coach.sensors.calls] == ["place", "forget"]
    assert coach.sensors.calls[0][2].value == "pelvis"


@pytest.mark.browser
def test_what_a_pod_counts_is_said_with_its_reason_and_can_be_set(coach: PageCoach, url: str, phone: Page) -> None:
    coach.sensors.uses = [SensorUse("C4:07", "RunPod", "running_speed_cadence")]
    coach.sensors.cadence = CadenceDecision(Counts.STRIDES, "our own sensor counts 160 steps per minute")
    phone.goto(f"{url}/sensors")
    words = phone.locator("#mine .sensor [data-counts-words]")
    expect(words).to_have_text(
        "Read as strides of one foot, two steps each: our own sensor counts 160 steps per minute."
    )
    phone.locator("#mine .sensor [data-cadence-unit]").select_option("steps")
    expect(words).to_have_text("Read as steps of both feet: set by the runner.")
    assert coach.sensors.calls == [("set_cadence_unit", "C4:07", "steps")]
    # Ready without a signal to draw, as in a run: nothing of it may stick out.
    assert phone.locator("#mine .signal").is_hidden()
    assert overflowing(phone) == []


@pytest.mark.browser
def test_a_sensor_known_by_name_says_what_it_gives_and_what_not(coach: PageCoach, url: str, phone: Page) -> None:
    coach.sensors.uses = [SensorUse("C4:07", "ZWIFT RUNPOD OE", "running_speed_cadence")]
    coach.sensors.around = [
        FoundSensor("C4:10", "TICKR X 12AB", "running_speed_cadence", -60, time.time()),
        FoundSensor("C4:11", "RUNN 77", "running_speed_cadence", -60, time.time()),
    ]
    phone.goto(f"{url}/sensors")
    expect(phone.locator("#mine .sensor [data-gives]")).to_contain_text("Zwift RunPod (Milestone Pod). Gives: speed;")
    strap = phone.locator("#around > li", has_text="C4:10").locator("[data-gives]")
    expect(strap).to_contain_text("Wahoo TICKR X. Gives: heart rate; speed; cadence")
    expect(strap).to_contain_text("Does not give: running smoothness")
    expect(phone.locator("#around > li", has_text="C4:11").locator("[data-gives]")).to_be_hidden()
    assert overflowing(phone) == []


@pytest.mark.browser
def test_the_check_counts_down_and_says_whether_all_is_well(coach: PageCoach, url: str, phone: Page) -> None:
    phone.goto(f"{url}/sensors")
    phone.tap("#check-start")
    expect(phone.locator("#check-report")).to_contain_text("All is well")
    expect(phone.locator("#check-report")).to_contain_text("Landings seen: 3")


@pytest.mark.browser
def test_what_is_wrong_with_bluetooth_is_said_and_the_page_still_works(coach: PageCoach, url: str, phone: Page) -> None:
    coach.sensors.fails = True
    phone.goto(f"{url}/sensors")
    expect(phone.locator("#problem")).to_contain_text("plug one in")
    expect(phone.locator("#mine .sensor")).to_have_count(2)


def test_a_sensor_that_cannot_be_reached_is_a_503_with_words(coach: PageCoach, client: FlaskClient) -> None:
    coach.sensors.fails = True
    answer = client.post("/api/v1/sensors/pair", json={"sensor_id": "C4:03", "wear_site": "chest"})
    assert answer.status_code == 503
    assert answer.json["error"] == {
        "code": "out_of_range",
        "words": "The sensor is too far away: bring it closer.",
    }


def test_a_place_that_is_none_is_refused(client: FlaskClient) -> None:
    answer = client.put("/api/v1/sensors/C4:01/place", json={"wear_site": "left_ear"})
    assert answer.status_code == 400
    assert "wear_site" in answer.json["error"]["fields"]
