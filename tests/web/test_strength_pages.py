"""The strength pages: each is there, says what is in force, takes what is sent and refuses what cannot be."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coach.model.pain import RedFlagAnswers
from coach.model.runs import Run, RunState, Sport
from coach.strength.loader import load_exercises
from tests.support.common import examples
from tests.web.draw_exercises import FOLDER, pictures
from tests.web.strength_coach import StrengthCoach, do_session, half_a_year, now
from web.app import create_app

FORM = {"what": "create", "track": "home", "days": ["mon", "thu"], "time": "18:30", "tz": "Europe/London"}


@pytest.fixture
def coach(tmp_path: Path):
    made = StrengthCoach(tmp_path)
    yield made
    made.close()


@pytest.fixture
def client(coach: StrengthCoach):
    return create_app(coach, is_testing=True).test_client()


@pytest.fixture(scope="module")
def lived_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ten weeks leave behind."""
    folder = tmp_path_factory.mktemp("lived")
    with closing(StrengthCoach(folder)) as made:
        half_a_year(made, weeks=10)
    return folder


@pytest.fixture
def lived(lived_folder: Path, tmp_path: Path) -> Iterator[StrengthCoach]:
    shutil.copytree(lived_folder, tmp_path / "lived")
    with closing(StrengthCoach(tmp_path / "lived")) as made:
        yield made


@pytest.fixture
def lived_client(lived: StrengthCoach) -> FlaskClient:
    return create_app(lived, is_testing=True).test_client()


def test_a_plan_is_set_up_by_form_and_is_on_the_page(client, coach: StrengthCoach) -> None:
    assert client.get("/strength").headers["Location"] == "/strength/setup"
    assert client.post("/strength/setup", data=FORM).status_code == 302
    page = client.get("/strength").get_data(as_text=True)
    assert "Next: session 1" in page
    assert page.count("session-link") == 16
    assert len(coach.strength.show().sessions) == 16


def test_why_a_plan_is_held_is_in_the_language_of_the_page(client) -> None:
    client.patch("/api/v1/runner", json={"language": "de"})
    assert client.post("/strength/setup", data=FORM).status_code == 302
    client.post("/strength/pause", data={"days": "3"})
    page = client.get("/strength").get_data(as_text=True)
    assert "wie von dir gewünscht" in page
    assert "Paused" not in page


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"days": ["mon", "tue"]}, "48 hours"), ({"tz": "Mars/Base"}, "time zone"), ({"time": "half six"}, "18:30"),
     ({"track": "moon"}, "ladder"), ({"start": "soon"}, "soon")],
)  # fmt: skip
def test_a_wish_that_cannot_be_kept_comes_back_with_words(client, wrong, says: str) -> None:
    answer = client.post("/strength/setup", data=FORM | wrong)
    assert answer.status_code == 400
    assert says in answer.get_data(as_text=True)


def test_before_the_first_plan_come_the_safety_questions(client, coach: StrengthCoach) -> None:
    with coach.store.database.write() as connection:
        connection.execute("DELETE FROM red_flag_answers")
    page = client.get("/strength/setup").get_data(as_text=True)
    assert "/you/red-flags" in page
    assert "<form class" not in page.split("</main>")[0]
    assert client.post("/strength/setup", data=FORM).status_code == 400
    assert coach.strength.plans.show() is None


@pytest.mark.slow
def test_every_page_of_a_lived_programme_is_there(lived_client, lived: StrengthCoach) -> None:
    paths = [
        "/strength", "/strength/setup", "/strength/tests", "/strength/tests/week_0", "/strength/daily",
        "/strength/reminders", "/strength/exercises", "/strength/morning?run_id=run1", "/progress",
        "/strength/calendar.ics",
    ]  # fmt: skip
    paths += [f"/strength/session/{one.session_id}" for one in lived.strength.show().sessions[:6]]
    for path in paths:
        assert lived_client.get(path).status_code == 200, path
    assert "stopped early" in lived_client.get("/strength").get_data(as_text=True)
    assert "That counts as better" in lived_client.get("/progress").get_data(as_text=True)


def test_every_exercise_has_its_two_drawings_and_they_follow_from_the_poses() -> None:
    drawn = pictures()
    for exercise in load_exercises().values():
        assert exercise.start_picture in drawn
        assert exercise.end_picture in drawn
        assert drawn[exercise.move_picture].count("<animate ") >= 1
    assert {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.svg")} == drawn


def test_all_exercises_are_shown_with_steps_and_stop_signs(client) -> None:
    page = client.get("/strength/exercises").get_data(as_text=True)
    for exercise in load_exercises().values():
        assert f'id="{exercise.id}"' in page
    assert page.count("<svg xmlns") == 2 * len(load_exercises())


def test_taps_sent_twice_count_once(client, coach: StrengthCoach) -> None:
    client.post("/strength/setup", data=FORM)
    session = coach.strength.show().sessions[0]
    p = session.exercises[0]
    tap = {
        "event_id": "t1", "session_id": session.session_id, "kind": "set", "at": now().isoformat(), "slot": p.slot,
        "exercise_id": p.exercise_id, "number": 1, "reps": 8, "hold_s": None, "load_kg": None,
    }  # fmt: skip
    for expected in (1, 0):
        answer = client.post("/api/v1/strength/log", json={"events": [tap]})
        assert (answer.status_code, answer.json["n_new"]) == (200, expected)
    assert coach.strength.plans.session(session.session_id).log.exercises[0].sets[0].reps == 8


@pytest.mark.parametrize("wrong", [{"kind": "dance"}, {"reps": 900}, {"session_id": "nobody"}, {"pain": 11}])
def test_taps_that_cannot_be_are_refused_and_none_is_kept(client, coach: StrengthCoach, wrong) -> None:
    client.post("/strength/setup", data=FORM)
    session = coach.strength.show().sessions[0]
    good = {"event_id": "a", "session_id": session.session_id, "kind": "begin", "at": now().isoformat()}
    answer = client.post("/api/v1/strength/log", json={"events": [good, good | {"event_id": "b"} | wrong]})
    assert answer.status_code == 400
    assert client.post("/api/v1/strength/log", json={"events": [good]}).json["n_new"] == 1


def test_move_skip_pause_and_resume_by_form(client, coach: StrengthCoach) -> None:
    client.post("/strength/setup", data=FORM)
    first, second, *_ = coach.strength.show().sessions
    there = (first.due_at + timedelta(days=1)).astimezone().strftime("%Y-%m-%dT18:30")
    assert client.post(f"/strength/session/{first.session_id}/move", data={"to": there}).status_code == 302
    assert coach.strength.plans.session(first.session_id).is_moved
    assert client.post(f"/strength/session/{second.session_id}/skip", data={"reason": "wedding"}).status_code == 302
    assert coach.strength.plans.session(second.session_id).skip_reason == "wedding"
    client.post("/strength/pause", data={"reason": "flu", "days": "5"})
    assert "flu" in client.get("/strength").get_data(as_text=True)
    client.post("/strength/resume")
    assert not coach.strength.show().held_because
    assert client.post(f"/strength/session/{first.session_id}/move", data={"to": "soon"}).status_code == 400
    assert client.post(f"/strength/session/{first.session_id}/dance").status_code == 400


@pytest.mark.parametrize("number", ["9" * 18, "9" * 5000, "²", "-1"])
def test_numbers_that_cannot_be_are_refused_in_words(client, coach: StrengthCoach, number: str) -> None:
    client.post("/strength/setup", data=FORM)
    forms = {
        "/strength/pause": {"reason": "flu", "days": number},
        "/strength/daily/wishes": {"sitting_every_min": number},
        "/strength/morning": {"back": number},
    }
    assert {path: client.post(path, data=form).status_code for path, form in forms.items()} == dict.fromkeys(forms, 400)


def test_a_lock_is_said_and_no_session_can_be_begun(client, coach: StrengthCoach) -> None:
    client.post("/strength/setup", data=FORM)
    session = coach.strength.show().sessions[0]
    coach.store.pain.add_red_flags(RedFlagAnswers(now(), (emergency_sign(),)))
    page = client.get(f"/strength/session/{session.session_id}").get_data(as_text=True)
    assert "Not now" in page
    assert 'id="begin"' not in page
    assert client.post(f"/strength/session/{session.session_id}/now").status_code == 400
    tests = client.get("/strength/tests/week_0").get_data(as_text=True)
    assert 'name="pain_now"' in tests
    assert 'name="wall_sit"' not in tests


def emergency_sign() -> str:
    from coach.coaching.red_flags import load_red_flags
    from coach.model.pain import SignKind

    return next(flag.id for flag in load_red_flags().values() if flag.kind is SignKind.EMERGENCY)


def test_the_back_hold_is_not_offered_with_pain(client, coach: StrengthCoach) -> None:
    client.post("/strength/setup", data=FORM)
    page = client.get("/strength/tests/week_0").get_data(as_text=True)
    assert 'name="biering_sorensen"' not in page
    client.post("/strength/tests/week_0", data={"pain_now": "2", "psfs:Running": "5"})
    assert 'name="biering_sorensen"' in client.get("/strength/tests/week_0").get_data(as_text=True)
    answer = client.post("/strength/tests/week_0", data={"pain_now": "6", "biering_sorensen": "60"})
    assert answer.status_code == 400
    assert client.post("/strength/tests/week_0", data={"wall_sit": "long"}).status_code == 400
    assert client.get("/strength/tests/week_9").status_code == 400


def test_the_morning_answer_reaches_the_pain_history(client, coach: StrengthCoach) -> None:
    client.post("/strength/setup", data=FORM)
    assert client.post("/strength/morning", data={"back": "3", "run_id": "r7"}).status_code == 302
    (entry,) = coach.store.pain.list()
    assert (entry.back, entry.run_id, entry.moment.value) == (3, "r7", "next_morning")
    assert client.post("/strength/morning", data={}).status_code == 400
    assert client.post("/strength/morning", data={"back": "11"}).status_code == 400


def test_an_imported_walk_counts_in_daily_life(client, coach: StrengthCoach) -> None:
    walk = Run("w1", now() - timedelta(days=2), RunState.FINISHED, "Round the lake", 1800.0, sport=Sport.WALKING)
    coach.store.runs.create(walk)
    shown = client.get("/strength/daily").get_data(as_text=True)
    assert "Round the lake" in shown
    assert "30 min" in shown


def test_daily_life_is_kept_and_the_extras_are_off_until_asked_for(client, coach: StrengthCoach) -> None:
    day = now().date().isoformat()
    form = {"day": day, "activity": "Dancing", "minutes": "45", "talk": "moderate"}
    assert client.post("/strength/daily/activity", data=form).status_code == 302
    assert "Dancing" in client.get("/strength/daily").get_data(as_text=True)
    assert client.post("/strength/daily/activity", data=form | {"minutes": "no"}).status_code == 400
    (one,) = coach.strength.daily.activities(now().date())
    client.post(f"/strength/daily/activity/{one.activity_id}/remove")
    assert coach.strength.daily.activities(now().date()) == []
    assert not coach.strength.daily.wishes().wants_sitting_breaks
    wishes = {"wants_sitting_breaks": "on", "sitting_from": "09:00", "sitting_until": "12:00", "sitting_days": ["mon"]}
    assert client.post("/strength/daily/wishes", data=wishes).status_code == 302
    assert coach.strength.daily.wishes().sitting_days == (0,)
    assert client.post("/strength/daily/wishes", data=wishes | {"sitting_until": "08:00"}).status_code == 400


def test_the_plan_is_made_and_read_through_the_interface(client) -> None:
    body = {"track": "gym", "days": "tue,fri", "time": "07:00", "tz": "Europe/Berlin", "start": "2027-03-01"}
    made = client.post("/api/v1/strength/plan", json=body)
    assert made.status_code == 200
    assert len(made.json["sessions"]) == 16
    assert client.get("/api/v1/strength/plan").json == made.json
    assert client.get("/api/v1/progress").json["adherence"]["n_planned"] == 16
    document = client.get("/api/v1/openapi.json").json
    assert "/strength/log" in document["paths"]


def test_the_calendar_comes_as_a_file(client, coach: StrengthCoach) -> None:
    client.post("/strength/setup", data=FORM)
    answer = client.get("/strength/calendar.ics")
    assert answer.mimetype == "text/calendar"
    assert answer.get_data(as_text=True).count("BEGIN:VALARM") == 16


def test_a_list_of_sentences_is_counted_and_none_ticked_is_an_answer_too(client, coach: StrengthCoach) -> None:
    coach.strength.plans.create("home", "mon,thu", "07:30", "UTC")
    page = client.get("/strength/tests/week_0").get_data(as_text=True)
    assert page.count('name="rmdq.item"') == 24
    assert "Roland and Morris 1983" in page

    def scores(**form: object) -> list[float | None]:
        client.post("/strength/tests/week_0", data=form)
        return [r.value for r in coach.strength.tests.results() if r.test_id == "rmdq"]

    assert scores(**{"pain_now": "2", "rmdq.item": ["1", "4"]}) == [], "a list that was not gone through is no answer"
    assert scores(**{"rmdq": "read", "rmdq.item": ["1", "4", "4", "99", "x"]}) == [2.0]
    assert scores(rmdq="read") == [0.0]
    assert "You ticked 0 of 24" in client.get("/strength/tests/week_0").get_data(as_text=True)


def test_progress_compares_runs_at_matched_speed_only(lived: StrengthCoach) -> None:
    found = lived.strength.progress.show()
    assert found.n_runs_left_out == 4
    assert found.n_runs_matched == len(found.series["step_length_m"]) > 10
    assert found.adherence.n_skipped == 2
    assert {"load_kg", "reps", "pain_running", "test:psfs:Running"} <= set(found.series)
    json.dumps(sorted(found.series))


def test_growth_of_step_length_is_shown_by_month_whether_or_not_a_cue_speaks(
    lived: StrengthCoach, lived_client
) -> None:
    found = lived.strength.progress.growth()
    assert found is not None
    assert sum(month.n_runs for month in found.months) == len(lived.store.runs.list(limit=None))
    assert sum(month.n_sessions for month in found.months) > 10
    page = lived_client.get("/progress").get_data(as_text=True)
    assert "Step length by month" in page
    assert re.search(r"[A-Z][a-z]{2} 20\d\d</th><td class=\"number\">\d+(\.\d)? ± ", page)
    assert "Change a month: +" in page


def test_a_finished_session_shows_what_was_done(client, coach: StrengthCoach) -> None:
    coach.strength.plans.create("home", "mon,thu", "07:30", "UTC")
    do_session(coach, leave_out=1)
    one = coach.strength.show().sessions[0]
    page = client.get(f"/strength/session/{one.session_id}").get_data(as_text=True)
    assert "What you did" in page
    assert "RPE 7" in page


def test_progress_is_there_before_anything_is(client) -> None:
    assert "Nothing to show yet" in client.get("/progress").get_data(as_text=True)


ONE = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=20)
ANYTHING = ONE | st.lists(ONE | st.lists(ONE, max_size=2), max_size=3)
NAMES = (
    "event_id",
    "session_id",
    "kind",
    "at",
    "slot",
    "exercise_id",
    "number",
    "reps",
    "hold_s",
    "load_kg",
    "rpe",
    "pain",
)


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wrong=st.dictionaries(st.sampled_from(NAMES), ANYTHING, min_size=1, max_size=3))
def test_whatever_is_sent_as_a_tap_is_taken_or_refused_with_words(client, coach: StrengthCoach, wrong) -> None:
    if coach.strength.plans.show() is None:
        client.post("/strength/setup", data=FORM)
    session = coach.strength.show().sessions[0]
    good = {"event_id": "x", "session_id": session.session_id, "kind": "begin", "at": now().isoformat()}
    answer = client.post("/api/v1/strength/log", json={"events": [good | wrong]})
    assert answer.status_code in (200, 400)
    assert answer.status_code == 200 or answer.json["error"]["words"]
