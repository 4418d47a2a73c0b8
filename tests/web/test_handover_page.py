"""The page of what leaves the house: choices are kept, secrets are never shown again."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.web.page_coach import PageCoach

KEY = "a-key-of-nobody"


@pytest.fixture
def coach(tmp_path: Path) -> Iterator[PageCoach]:
    with closing(PageCoach(tmp_path)) as made:
        yield made


def test_choices_are_kept_and_keys_are_not_shown(coach: PageCoach, client: FlaskClient) -> None:
    assert "Nothing leaves until you ask for it" in client.get("/you/handover").text
    form = {"is_outbox": "on", "intervals_key": KEY, "broker": "", "broker_password": "secret-word"}
    page = client.post("/you/handover", data=form, follow_redirects=True).text
    assert "Kept." in page
    assert KEY not in page
    assert "secret-word" not in page
    client.post("/you/handover", data={"broker": "", "intervals_key": ""})  # an empty field forgets nothing
    wishes = coach.handover.wishes()
    assert (wishes.is_outbox, wishes.intervals_key, wishes.broker_password) == (False, KEY, "secret-word")
    client.post("/you/handover", data={"broker": "", "forget_intervals_key": "on"})
    assert coach.handover.wishes().intervals_key == ""


def test_the_same_as_json(client: FlaskClient) -> None:
    answer = client.patch("/api/v1/handover", json={"intervals_key": KEY, "is_outbox": True})
    assert answer.json["has_intervals_key"] is True
    assert KEY not in answer.text
    assert client.get("/api/v1/handover").json["is_outbox"] is True
    assert client.patch("/api/v1/handover", json={"broker": "mqtt://x"}).status_code == 400
    assert client.post("/you/handover", data={"broker_port": "x"}).status_code == 400


def test_a_port_that_is_no_number_is_refused_in_words(client: FlaskClient) -> None:
    for port in ("²", "9" * 5000, "-1", "1e3"):
        answer = client.post("/you/handover", data={"broker": "mqtt.lan", "broker_port": port})
        assert (answer.status_code, "1 to 65535" in answer.text) == (400, True)
