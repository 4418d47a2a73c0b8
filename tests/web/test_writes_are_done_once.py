"""A write that a phone sends again is answered again and done once; taps name their run."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from coach.bootstrap import Coach
from coach.service.event_loop import LoopThread
from coach.settings import make_settings
from tests.coach.service.runs.quiet_run import begin
from web.app import create_app


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Coach]:
    made = Coach(make_settings(tmp_path, "127.0.0.1", 0), loop=LoopThread())
    yield made
    made.close()
    made.loop.close()


@pytest.fixture
def client(real: Coach) -> FlaskClient:
    return create_app(real, is_testing=True).test_client()


def test_one_key_is_one_pain_entry_and_one_answer(real: Coach, client: FlaskClient) -> None:
    body = {"moment": "now", "back": 4}
    answers = [client.post("/api/v1/runner/pain", json=body, headers={"X-Request-Id": "k1"}) for _ in range(3)]
    assert {(one.status_code, one.text) for one in answers} == {(200, answers[0].text)}
    assert answers[2].headers["Cache-Control"] == "no-store"
    assert len(real.store.pain.list()) == 1
    client.post("/api/v1/runner/pain", json=body, headers={"X-Request-Id": "k2"})
    client.post("/api/v1/runner/pain", json=body)
    assert len(real.store.pain.list()) == 3


def test_a_tap_that_is_sent_again_with_a_greater_age_is_done_once(real: Coach, client: FlaskClient) -> None:
    run = begin(real)
    for age_s in (0.0, 12.5):
        body = {"run_id": run.run_id, "level": 3, "age_s": age_s}
        assert client.post("/api/v1/run/pain", json=body, headers={"X-Request-Id": "k1"}).status_code == 204
    real.runs.stop()
    assert [one.back for one in real.store.pain.list(run_id=run.run_id)] == [3]


def test_taps_without_a_run_are_wrong_and_taps_of_another_run_do_not_fit(real: Coach, client: FlaskClient) -> None:
    old = begin(real)
    real.runs.stop()
    begin(real)
    for verb, more in (("pause", {}), ("resume", {}), ("lap", {}), ("mute", {"is_muted": True})):
        assert client.post(f"/api/v1/run/{verb}", json=more).status_code == 400
        refused = client.post(f"/api/v1/run/{verb}", json={"run_id": old.run_id, **more})
        assert (refused.status_code, refused.json["error"]["code"]) == (409, "other_run")
        assert "has ended" in refused.json["error"]["words"]
    stopped = client.post("/api/v1/run/stop", json={"run_id": old.run_id})
    assert (stopped.status_code, stopped.json["run_id"]) == (200, old.run_id)
    assert real.runs.current() is not None


def test_a_second_start_does_not_fit(real: Coach, client: FlaskClient) -> None:
    begin(real)
    real.sensors.book.remember(real.runs.current().sensors[0])
    refused = client.post("/api/v1/run/start", json={})
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "already_running")


def test_the_age_of_a_tap_reaches_the_run(real: Coach, client: FlaskClient) -> None:
    run = begin(real)
    real.runs.pain(8, run_id=run.run_id)
    for path in ("pain/undo", "stop", "pause", "resume", "lap"):
        refused = client.post(f"/api/v1/run/{path}", json={"run_id": run.run_id, "age_s": 90.0})
        assert (refused.status_code, refused.json["error"]["code"]) == (409, "too_late"), path
    client.post("/api/v1/run/stop", json={"run_id": run.run_id, "age_s": 1.0})
    assert [one.back for one in real.store.pain.list(run_id=run.run_id)] == [8]
    refused = client.post("/api/v1/run/go_on", json={"run_id": run.run_id, "age_s": 90.0})
    assert "90 s old" in refused.json["error"]["words"]


def test_a_run_that_goes_on_already_is_gone_on_with_by_a_second_phone(real: Coach, client: FlaskClient) -> None:
    run = begin(real)
    again = client.post("/api/v1/run/go_on", json={"run_id": run.run_id})
    assert (again.status_code, again.json["run_id"]) == (200, run.run_id)
    assert client.post("/api/v1/run/go_on", json={"run_id": "another"}).status_code == 400
