"""A row of the database that cannot be read, as of a damaged file or another version: pages show all else."""

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from functools import cache

import pytest
from flask.testing import FlaskClient

from coach.model.links import SensorUse
from coach.model.pain import RedFlagAnswers
from coach.model.runner import RunnerProfile
from coach.model.runs import Run, RunState, RunSummary
from coach.model.sites import WearSite
from coach.summary.summarise import summarise
from tests.coach.summary.runs import make_strides
from tests.support.common import mostly_slow_rows
from tests.web.page_coach import PageCoach

AT = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
PAGES = (
    "/",
    "/live",
    "/runs",
    "/runs/trends",
    "/you",
    "/you/profile",
    "/progress",
    "/sensors",
    "/strength",
    "/runs/r2",
    "/api/v1/runs",
)


@cache
def summary() -> RunSummary:
    return summarise(make_strides(2))


@pytest.fixture
def kept(coach: PageCoach) -> PageCoach:
    """Two runs, a sensor, answers about warning signs and a profile."""
    use = SensorUse("A", "Pod", "running_speed_cadence")
    for run_id in ("r1", "r2"):
        coach.store.runs.create(Run(run_id, AT, RunState.FINISHED, f"Run {run_id}", 600.0, 1800.0, sensors=(use,)))
        coach.store.runs.save_summary(run_id, summary())
    coach.runner.answer_red_flags(())
    coach.strength.create("home", "mon,thu", "18:30", "Europe/London", date(2026, 3, 2))
    coach.store.sensors.remember(SensorUse("B", "Shoe", "movesense", WearSite.LEFT_FOOT), AT)
    coach.store.pain.add_red_flags(RedFlagAnswers(AT, ()))
    coach.store.runner.save(RunnerProfile("Sam", height_m=1.8, goals=("half",), units="imperial"))
    return coach


def spoil(coach: PageCoach, table: str, column: str, value: object) -> None:
    keys = {
        "runs": " WHERE run_id = 'r1'",
        "run_summaries": " WHERE run_key = (SELECT run_key FROM runs WHERE run_id = 'r1')",
        "trend_points": " WHERE run_key = (SELECT run_key FROM runs WHERE run_id = 'r1')",
        "strength_sessions": " WHERE number = 3",
    }
    where = keys.get(table, "")
    with closing(sqlite3.connect(coach.settings.database)) as file, file:
        file.execute(f"UPDATE {table} SET {column} = ?{where}", (value,))


@pytest.mark.parametrize(
    ("table", "column", "value"),
    mostly_slow_rows(
        [
            ("runs", "laps", "x"),
            ("runs", "sensors", b"\x00\xff"),
            ("runs", "sources", "-1"),
            ("runs", "plan", "[1]"),
            ("runs", "place", "x"),
            ("runs", "duration_s", "x"),
            ("runs", "shoes", b"\x00\xff"),
            ("red_flag_answers", "signs", "x"),
            ("sensors", "settings", "x"),
            ("run_summaries", "foot_strike_share", "x"),
            ("run_summaries", "uncertainty", "[1]"),
            ("run_summaries", "speed_mps", "x"),
            ("trend_points", "value", "x"),
            ("strength_sessions", "state", "x"),
            ("strength_sessions", "slot_day", "2026-99-99"),
            ("strength_sessions", "exercises", "{}"),
            ("runner", "goals", "{"),
            ("runner", "height_m", "x"),
            ("runner", "time_zone", "Nowhere/At_all"),
        ],
        n_quick=7,
    ),
)
def test_every_page_shows_all_else(
    kept: PageCoach, client: FlaskClient, table: str, column: str, value: object
) -> None:
    spoil(kept, table, column, value)
    answers = {path: client.get(path, headers={"Accept": "text/html"}, follow_redirects=True) for path in PAGES}
    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(PAGES, 200)
    assert "Run r2" in answers["/runs"].text


def test_a_plan_in_a_zone_that_this_computer_does_not_know_is_shown_and_exported_in_utc(
    kept: PageCoach, client: FlaskClient
) -> None:
    with closing(sqlite3.connect(kept.settings.database)) as file, file:
        file.execute("UPDATE strength_plans SET wish = json_set(wish, '$.tz', 'Nowhere/At_all')")
    assert {path: client.get(path, follow_redirects=True).status_code for path in PAGES} == dict.fromkeys(PAGES, 200)
    calendar = client.get("/strength/calendar.ics")
    assert calendar.status_code == 200
    assert "X-WR-TIMEZONE:UTC" in calendar.text
    assert "Nowhere" not in calendar.text
    kept.strength.plans.refresh()  # as reminders do each day


def test_a_profile_with_a_damaged_field_keeps_the_others_and_is_kept_with_them(kept: PageCoach) -> None:
    spoil(kept, "runner", "height_m", "x")
    profile = kept.store.runner.get()
    assert profile == RunnerProfile("Sam", goals=("half",), units="imperial")
    kept.runner.change(height_m=1.7)
    assert kept.store.runner.get() == RunnerProfile("Sam", height_m=1.7, goals=("half",), units="imperial")


def test_an_answer_about_warning_signs_that_cannot_be_read_is_no_all_clear(kept: PageCoach) -> None:
    """It may have reported a sign: the signs count as not asked, until they are answered again."""
    kept.runner.answer_red_flags(())
    with closing(sqlite3.connect(kept.settings.database)) as file, file:
        newest = "(SELECT max(answers_key) FROM red_flag_answers)"
        file.execute(f"UPDATE red_flag_answers SET signs = 'x' WHERE answers_key = {newest}")
    state = kept.runner.pain_state()
    assert (state.asked_at, state.allows_cues) == (None, False)
    kept.runner.answer_red_flags(())
    assert kept.runner.pain_state().asked_at is not None
