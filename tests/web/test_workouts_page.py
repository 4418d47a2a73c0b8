"""Structured runs on the page: built, kept, exchanged as FIT files, gated by pain, and begun with one tap."""

import io

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page

from coach.interchange.fit_workout import read_workout, write_workout
from coach.model.pain import PainMoment
from coach.model.workouts import PartKind, WorkoutBlock, WorkoutPart, WorkoutPlan
from tests.support.browser import axe_findings, overflowing, wait_until
from tests.web.page_coach import PageCoach

FORM = {
    "id": "",
    "title": "Track",
    "warm_up": "10",
    "cool_down": "5",
    "times-0": "6",
    "run-0": "400",
    "run-unit-0": "m",
    "fast-0": "4:30",
    "slow-0": "4:45",
    "rest-kind-0": "walk",
    "rest-0": "90",
    "rest-unit-0": "s",
    "run-unit-1": "min",
    "run-unit-2": "min",
}


def text(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_a_run_is_built_changed_exported_and_deleted(client: FlaskClient, coach: PageCoach) -> None:
    assert client.post("/workouts/build", data=FORM).status_code == 302
    (own,) = [offer.plan for offer in coach.workouts.offers() if offer.is_own]
    run, rest = own.blocks[1].parts
    assert (own.blocks[1].times, run.metres, rest.kind, rest.seconds) == (6, 400.0, PartKind.WALK, 90.0)
    assert (round(1000 / run.high_mps), round(1000 / run.low_mps)) == (270, 285)
    assert "6 times: 400 m run at 4:30 to 4:45 /km, 1:30 walk" in text(client, "/workouts")
    again = text(client, f"/workouts/build?from={own.id}")
    assert 'value="400"' in again
    assert 'value="4:45"' in again
    client.post("/workouts/build", data={**FORM, "id": own.id, "times-0": "8"})
    assert coach.workouts.plan(own.id).blocks[1].times == 8
    fit = client.get(f"/workouts/{own.id}.fit")
    assert read_workout(fit.data, "x").plan.blocks[1].times == 8
    client.post(f"/workouts/{own.id}/delete")
    assert not any(offer.is_own for offer in coach.workouts.offers())


def test_the_builder_opens_no_workout_of_which_it_would_lose_a_part(client: FlaskClient, coach: PageCoach) -> None:
    run = WorkoutBlock(3, (WorkoutPart(PartKind.RUN, 60.0),))
    paced = WorkoutBlock(1, (WorkoutPart(PartKind.WARM_UP, 600.0, low_mps=2.5),))
    by_distance = WorkoutBlock(1, (WorkoutPart(PartKind.COOL_DOWN, 0.0, metres=1000.0),))
    for blocks in ((paced, run), (run, by_distance)):
        own = coach.workouts.save(WorkoutPlan("", "From a watch", blocks))
        answer = client.get(f"/workouts/build?from={own.id}")
        assert answer.status_code == 400
        assert "more parts than the builder can show" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("run-0", "fast", "not a number"),
        ("fast-0", "4.30 min", "not a pace"),
        ("times-0", "300", "parts"),
        ("title", " ", "name"),
    ],
)
def test_a_slip_comes_back_with_what_was_typed(client: FlaskClient, field: str, typed: str, words: str) -> None:
    answer = client.post("/workouts/build", data={**FORM, field: typed})
    assert answer.status_code == 400
    page = answer.get_data(as_text=True)
    assert words in page
    assert 'value="90"' in page


def test_a_file_is_imported_and_what_is_no_workout_is_refused(client: FlaskClient, coach: PageCoach) -> None:
    blocks = (WorkoutBlock(3, (WorkoutPart(PartKind.RUN, 60.0), WorkoutPart(PartKind.EASY, 60.0))),)
    content = write_workout(WorkoutPlan("x", "From a watch", blocks))
    page = client.post("/workouts/import", data={"file": (io.BytesIO(content), "w.fit")})
    assert "Imported: From a watch" in page.get_data(as_text=True)
    assert client.post("/workouts/import", data={"file": (io.BytesIO(b"no"), "w.fit")}).status_code == 400
    assert client.post("/workouts/import", data={}).status_code == 400
    assert sum(offer.is_own for offer in coach.workouts.offers()) == 1


def test_pain_decides_what_is_offered_and_led(client: FlaskClient, coach: PageCoach) -> None:
    coach.wear_pod()
    start = {"place": "outdoor", "workout_id": "minutes_3"}
    assert "go through them" in text(client, "/workouts")
    assert client.post("/api/v1/run/start", json=start).status_code == 400
    coach.runner.answer_red_flags([])
    coach.runner.report_pain(PainMoment.BEFORE_RUN, back=4, calf=0)
    offers = {offer.plan.id: offer for offer in coach.workouts.offers()}
    assert (offers["minutes_3"].is_allowed, offers["run_walk_4_1"].is_allowed) == (False, True)
    assert client.post("/api/v1/run/start", json=start).status_code == 400
    assert coach.runs.current() is None
    coach.runner.report_pain(PainMoment.BEFORE_RUN, back=1, calf=0)
    answer = client.post("/api/v1/run/start", json=start)
    assert answer.status_code == 200
    assert coach.workout_on()["n_rounds"] == 5


@pytest.mark.browser
def test_a_run_is_chosen_on_its_page_and_begun_with_one_tap(coach: PageCoach, url: str, phone: Page) -> None:
    coach.wear_pod()
    coach.runner.answer_red_flags([])
    coach.runner.report_pain(PainMoment.BEFORE_RUN, back=0, calf=0)
    phone.goto(f"{url}/workouts/build")
    phone.get_by_label("Name").fill("Mine")
    phone.get_by_role("button", name="Keep it").click()
    for path in ("/workouts", "/workouts/build"):
        phone.goto(url + path)
        assert axe_findings(phone) == []
        assert overflowing(phone) == []
    phone.goto(f"{url}/workouts")
    phone.get_by_role("link", name="Run it").first.click()
    phone.locator("#start:not([disabled])").wait_for()
    phone.tap("#start")
    wait_until(phone, "() => document.body.dataset.run === 'on'")
    (mine,) = [offer.plan for offer in coach.workouts.offers() if offer.is_own]
    assert coach.workout_on()["id"] == mine.id
