"""The coach's pages after some weeks: the block, the log of a run with its reasons, all rules with their evidence."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from coach.coaching.loader import load_rules, load_sources
from coach.model.links import SensorUse
from tests.web.coaching_scene import CoachingScene
from web.app import create_app


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def text_of(html: str) -> str:
    parser = _Text()
    parser.feed(html)
    return " ".join(" ".join(parser.parts).split())


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoachingScene]:
    made = CoachingScene(Path(tmp_path_factory.mktemp("coach"))).live_some_weeks()
    yield made
    made.close()


@pytest.fixture
def client(scene: CoachingScene) -> FlaskClient:
    return create_app(scene, is_testing=True).test_client()


def test_the_block_page_shows_where_the_runner_is(client: FlaskClient) -> None:
    page = text_of(client.get("/you/block").text)
    assert "Lengthen your stride" in page
    assert "run 6 of 8" in page
    for share in ("100 %", "75 %", "50 %", "25 %", "10 %", "0 %"):
        assert share in page
    assert "Your own" in page


def test_the_limit_of_the_distance_is_said_before_the_run(client: FlaskClient) -> None:
    for address in ("/", "/live"):
        assert "10 % past your longest run of 30 days" in text_of(client.get(address).text), address


def test_what_the_sensors_can_never_cue_is_said_by_today_start_and_the_sensors_page(scene: CoachingScene) -> None:
    client = create_app(scene, is_testing=True).test_client()
    scene.sensors.book.remember(SensorUse("P", "Pod", "running_speed_cadence"))
    try:
        for address in ("/", "/live"):
            assert "can never cue it. It needs a motion sensor on a foot" in text_of(client.get(address).text), address
        found = {one["focus"]: one["needs"] for one in client.get("/api/v1/coaching/unsayable").json}
        assert found["lengthen"] == "a motion sensor on a foot"
    finally:
        scene.store.sensors.forget("P")


def test_the_log_of_a_run_says_what_was_said_and_why(client: FlaskClient) -> None:
    page = text_of(client.get("/runs/run3/cues").text)
    assert "Push the ground away behind you" in page
    assert "below -3.0 %" in page
    assert "Cai, Yang & Kong 2017" in page
    assert "Why?" in page
    assert "held back" in page
    quiet = text_of(client.get("/runs/run0/cues").text)
    assert "The coach said nothing" in quiet
    assert client.get("/runs/nowhere/cues").status_code >= 400


def test_the_rules_page_holds_every_rule_and_every_source_it_names(client: FlaskClient) -> None:
    html = client.get("/you/rules").text
    page = text_of(html)
    for rule in load_rules():
        assert rule.reason in page
        assert all(words in page for words in rule.wordings)
        for source in rule.sources:
            assert load_sources()[source].cite in page
            assert load_sources()[source].link.replace("&", "&amp;") in html


def test_the_same_over_json(client: FlaskClient) -> None:
    assert client.get("/api/v1/coaching/plan").get_json()["block_run"] == 6
    assert {f["id"] for f in client.get("/api/v1/coaching/focuses").get_json()} >= {"quicker", "softer"}
    assert len(client.get("/api/v1/coaching/block").get_json()["steps"]) == 9
    assert len(client.get("/api/v1/coaching/rules").get_json()) == len(load_rules())
    assert len(client.get("/api/v1/coaching/sources").get_json()) == len(load_sources())
    log = client.get("/api/v1/runs/run3/cues").get_json()
    assert log[0].keys() >= {"decision", "response", "why", "sources", "outcome"}
    assert "/runs/{run_id}/cues" in client.get("/api/v1/openapi.json").get_json()["paths"]
