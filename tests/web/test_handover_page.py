"""The page of what leaves the house: choices are kept, secrets are never shown again."""

from flask.testing import FlaskClient

from tests.web.small_coach import SmallCoach
from web.app import create_app

KEY = "a-key-of-nobody"


def client_of(coach: SmallCoach) -> FlaskClient:
    return create_app(coach, is_testing=True).test_client()  # type: ignore[arg-type]


def test_choices_are_kept_and_keys_are_not_shown() -> None:
    coach = SmallCoach()
    client = client_of(coach)
    assert "Nothing leaves until you ask for it" in client.get("/you/handover").text
    form = {"is_outbox": "on", "intervals_key": KEY, "broker": "", "broker_password": "secret-word"}
    page = client.post("/you/handover", data=form, follow_redirects=True).text
    assert "Kept." in page
    assert KEY not in page
    assert "secret-word" not in page
    client.post("/you/handover", data={"broker": "", "intervals_key": ""})  # an empty field forgets nothing
    wishes = coach.handover.wishes()  # type: ignore[attr-defined]
    assert (wishes.is_outbox, wishes.intervals_key, wishes.broker_password) == (False, KEY, "secret-word")
    client.post("/you/handover", data={"broker": "", "forget_intervals_key": "on"})
    assert coach.handover.wishes().intervals_key == ""  # type: ignore[attr-defined]


def test_the_same_as_json() -> None:
    client = client_of(SmallCoach())
    answer = client.patch("/api/v1/handover", json={"intervals_key": KEY, "is_outbox": True})
    assert answer.json["has_intervals_key"] is True
    assert KEY not in answer.text
    assert client.get("/api/v1/handover").json["is_outbox"] is True
    assert client.patch("/api/v1/handover", json={"broker": "mqtt://x"}).status_code == 400
    assert client.post("/you/handover", data={"broker_port": "x"}).status_code == 400


def test_a_port_that_is_no_number_is_refused_in_words() -> None:
    client = client_of(SmallCoach())
    for port in ("²", "9" * 5000, "-1", "1e3"):
        answer = client.post("/you/handover", data={"broker": "mqtt.lan", "broker_port": port})
        assert (answer.status_code, "1 to 65535" in answer.text) == (400, True)
