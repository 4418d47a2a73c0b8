"""The runner's pages on real services: profile, red flags, pain check-in; as forms and as JSON."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from coach.model.pain import Lock, PainEntry, PainMoment
from tests.web.coaching_scene import CoachingScene
from web.app import create_app
from web.pain import pain_dots


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[CoachingScene]:
    made = CoachingScene(tmp_path)
    made.now = datetime.now(UTC)
    yield made
    made.close()


@pytest.fixture
def client(scene: CoachingScene) -> FlaskClient:
    return create_app(scene, is_testing=True).test_client()


def test_every_page_opens_before_anything_was_entered(client: FlaskClient) -> None:
    for path in ("/you", "/you/profile", "/you/red-flags", "/you/pain", "/you/block", "/you/rules"):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "<h1" in answer.text


def test_the_profile_form_keeps_what_is_saved_in_the_runners_units(client: FlaskClient, scene: CoachingScene) -> None:
    form = {
        "name": "Ada",
        "height_m": "175",
        "weekly_km": "20",
        "birth_year": "1980",
        "has_calf_history": "no",
        "goals": ["10 km", ""],
    }
    assert client.post("/you/profile", data={**form, "units": "metric", "speaks_cues": "on"}).status_code == 302
    profile = scene.runner.profile()
    assert (profile.height_m, profile.weekly_km, profile.birth_year) == (1.75, 20.0, 1980)
    assert profile.has_calf_history is False
    assert profile.goals == ("10 km",)
    assert profile.speaks_cues
    assert not profile.plays_tones
    client.post("/you/profile", data={**form, "units": "imperial"})
    assert 'value="68.9"' in client.get("/you/profile").text
    client.post("/you/profile", data={"height_m": "68.9", "units": "imperial"})
    assert scene.runner.profile().height_m == 1.75


def test_a_wrong_profile_comes_back_with_the_complaint(client: FlaskClient, scene: CoachingScene) -> None:
    answer = client.post("/you/profile", data={"height_m": "17500"})
    assert answer.status_code == 400
    assert "height_m goes from" in answer.text
    assert client.post("/you/profile", data={"height_m": "tall"}).status_code == 400
    assert scene.runner.profile().height_m is None


def test_pain_is_saved_and_answered_with_what_fits(client: FlaskClient, scene: CoachingScene) -> None:
    client.post("/you/red-flags", data={})
    assert client.post("/you/pain", data={"moment": "before_run", "back": "4", "calf": "0"}).status_code == 302
    page = client.get("/you/pain?saved=1").text
    assert "nothing that adds load" in page
    assert "verdict-some" in page
    client.post("/you/pain", data={"moment": "now", "back": "7"})
    assert "verdict-none" in client.get("/you").text
    assert client.post("/you/pain", data={"moment": "now"}).status_code == 400
    assert client.post("/you/pain", data={"moment": "now", "back": "12"}).status_code == 400
    assert len(scene.runner.pain_entries()) == 2


def test_an_emergency_shows_where_to_get_help_and_locks(client: FlaskClient, scene: CoachingScene) -> None:
    client.post("/you/red-flags", data={"signs": ["saddle_numbness"]})
    page = client.get("/you/red-flags?saved=1").text
    assert "tel:112" in page
    assert "medical help now" in page
    assert scene.coaching.plan().focus is None
    tomorrow = (scene.now + timedelta(days=3)).date().isoformat()
    assert client.post("/you/red-flags", data={"seen_on": tomorrow}).status_code == 400
    client.post("/you/red-flags", data={"seen_on": scene.now.date().isoformat()})
    assert scene.runner.pain_state().lock is Lock.NONE
    assert "No warning sign is open" in client.get("/you/red-flags?saved=1").text


def test_the_same_over_json(client: FlaskClient, scene: CoachingScene) -> None:
    assert client.patch("/api/v1/runner", json={"height_m": 1.8}).get_json()["height_m"] == 1.8
    assert client.get("/api/v1/runner").get_json()["height_m"] == 1.8
    assert client.patch("/api/v1/runner", json={"height_m": 9}).status_code == 400
    state = client.post("/api/v1/runner/pain", json={"moment": "before_run", "back": 3}).get_json()
    assert state["level"] == 3
    assert state["allows_load_cues"] is False
    assert client.get("/api/v1/runner/pain").get_json()[0]["back"] == 3
    assert client.post("/api/v1/runner/red_flags", json={"signs": ["hiccups"]}).status_code == 400
    locked = client.post("/api/v1/runner/red_flags", json={"signs": ["night_pain"]}).get_json()
    assert locked["lock"] == "urgent"
    assert client.get("/api/v1/runner/pain_state").get_json()["signs"] == ["night_pain"]
    assert len(client.get("/api/v1/runner/red_flags").get_json()) == 1
    signs = client.get("/api/v1/runner/red_flags/signs").get_json()
    assert {s["kind"] for s in signs} == {"emergency", "urgent", "runner", "ask_first"}


def test_the_chart_puts_now_at_the_right_and_no_pain_at_the_bottom() -> None:
    now = datetime(2026, 3, 20, tzinfo=UTC)
    entries = [PainEntry(now, PainMoment.NOW, 0, 10), PainEntry(now - timedelta(days=28), PainMoment.NOW, 5)]
    assert pain_dots(entries, now) == [("back", 280.0, 100.0), ("calf", 280.0, 0.0), ("back", 0.0, 50.0)]


def test_signs_are_asked_on_today_welcome_and_before_start_and_lead_back(scene: CoachingScene) -> None:
    client = create_app(scene, is_testing=True).test_client()
    for path, link in (
        ("/", "/you/red-flags"),
        ("/welcome", "/you/red-flags?next=welcome"),
        ("/you", "/you/red-flags"),
    ):
        assert f'href="{link}"' in client.get(path).text, path
    assert "have not been asked" in client.get("/live").text
    assert 'href="/you/red-flags?next=live"' in client.get("/live").text
    answer = client.post("/you/red-flags", data={"next": "welcome"})
    assert answer.location == "/you/red-flags?saved=1&next=welcome"
    assert 'href="/welcome"' in client.get(answer.location).text
    assert "/evil" not in client.post("/you/red-flags", data={"next": "/evil"}).location
    assert "signs-notice" not in client.get("/live").text
    assert "answered, none is open" in client.get("/welcome").text


def test_a_run_with_an_open_sign_is_confirmed_on_the_start_page(client: FlaskClient, scene: CoachingScene) -> None:
    client.post("/you/red-flags", data={"signs": ["night_pain"]})
    page = client.get("/live").text
    assert "A warning sign is open" in page
    assert 'name="is_confirmed" required' in page


def test_one_weak_sign_asks_one_more_question(client: FlaskClient) -> None:
    page = client.post("/you/red-flags", data={"signs": ["thoracic_pain"]}, follow_redirects=True).text
    assert "One more question" in page
    assert "did it come with a fall" in page


def test_a_lesson_asks_one_question_and_says_why(client: FlaskClient) -> None:
    assert "Hurt is not the same as harm" in client.get("/you/lessons").text
    page = client.get("/you/lessons/hurt_and_harm").text
    assert "Better:" not in page
    assert "Yes. 2 of 10" in client.get("/you/lessons/hurt_and_harm?answer=1").text
    assert "Better: The run may go on" in client.get("/you/lessons/hurt_and_harm?answer=0").text
    for nonsense in ("9", "-1", "x", "²"):
        assert "Better:" not in client.get(f"/you/lessons/hurt_and_harm?answer={nonsense}").text
    assert client.get("/you/lessons/moon").status_code == 404
    assert client.get("/api/v1/lessons").json[0]["id"] == "hurt_and_harm"


def test_a_flare_up_has_a_plan_that_pain_leads_to(client: FlaskClient) -> None:
    plan = client.get("/you/flare-up").text
    assert plan.index("only a flare-up") < plan.index("Today and tomorrow") < plan.index("Back to your plan")
    client.post("/you/pain", data={"moment": "now", "back": "1", "calf": "0"})
    assert "/you/flare-up" not in client.get("/you/pain?saved=1").text
    client.post("/you/pain", data={"moment": "now", "back": "5", "calf": "0"})
    assert "/you/flare-up" in client.get("/you/pain?saved=1").text
