"""Milestones fall on their days, gates hold, and only changes that count are called changes."""

from datetime import UTC, date, datetime, timedelta

import pytest

from coach.errors import UserError
from coach.model.pain import Lock
from coach.model.strength import PlanPause, Track
from coach.model.strength_tests import TestResult
from coach.strength.assessments import (
    check_result,
    closed_by_lock,
    closed_by_pain,
    judge,
    milestones,
    months_later,
    offered,
)
from coach.strength.loader import load_tests
from tests.coach.strength.makers import pain_state, wish

TESTS = load_tests()
AT = datetime(2026, 3, 2, tzinfo=UTC)


def result(test: str, value: float, day: int = 0, detail: str = "") -> TestResult:
    return TestResult(f"{test}-{day}-{detail}", test, "week_0", AT + timedelta(days=day), value, detail)


def test_milestones_are_at_weeks_0_4_8_and_months_3_6() -> None:
    days = [one.due_at.date() for one in milestones(wish(), (), date(2026, 3, 2))]
    assert days == [date(2026, 3, 2), date(2026, 3, 30), date(2026, 4, 27), date(2026, 6, 2), date(2026, 9, 2)]


def test_a_pause_moves_the_milestones_behind_it() -> None:
    pause = PlanPause(date(2026, 3, 10), date(2026, 3, 16), "illness")
    days = [one.due_at.date() for one in milestones(wish(), (pause,), date(2026, 3, 20))]
    assert days[:3] == [date(2026, 3, 2), date(2026, 4, 6), date(2026, 5, 4)]


def test_months_end_on_the_last_day_of_a_short_month() -> None:
    assert months_later(date(2026, 8, 31), 6) == date(2027, 2, 28)


def test_the_back_hold_waits_for_pain_of_three_or_less() -> None:
    test = TESTS["biering_sorensen"]
    assert closed_by_pain(test, 3) == ""
    assert "at most 3" in closed_by_pain(test, 4)
    assert closed_by_pain(test, None)
    assert closed_by_pain(TESTS["psfs"], 9) == ""


def test_a_lock_leaves_only_the_questions() -> None:
    locked = pain_state(0, Lock.URGENT, words="See a doctor first.")
    assert closed_by_lock(TESTS["sit_to_stand"], locked) == "See a doctor first."
    assert closed_by_lock(TESTS["pain_now"], locked) == closed_by_lock(TESTS["psfs"], locked) == ""
    assert closed_by_lock(TESTS["sit_to_stand"], pain_state()) == ""


def test_the_gym_measures_a_load_and_the_others_a_wall_sit() -> None:
    home, gym = ({t.id for t in offered(TESTS, track)} for track in (Track.HOME, Track.GYM))
    assert "wall_sit" in home - gym
    assert "knee_extension_10rm" in gym - home


@pytest.mark.parametrize(
    ("first", "last", "verdict"),
    [
        (6, 4, "better"),
        (6, 5, "too_small"),
        (3, 2, "too_small"),
        (1, 0, "too_small"),
        (8, 6, "too_small"),
        (8, 5, "better"),
        (3, 1, "better"),
        (4, 6, "worse"),
        (0, 1, "too_small"),
        (5, 5, "too_small"),
    ],
)
def test_pain_counts_from_two_points_and_thirty_percent(first: int, last: int, verdict: str) -> None:
    (change,) = judge(TESTS["pain_now"], [result("pain_now", last, 28), result("pain_now", first)])
    assert change.verdict == verdict


def test_each_activity_is_judged_by_itself_from_two_points() -> None:
    results = [result("psfs", 4, 0, "Running"), result("psfs", 7, 28, "Running"), result("psfs", 5, 0, "Sitting")]
    (change,) = judge(TESTS["psfs"], [*results, result("pain_now", 3)])
    assert (change.detail, change.change, change.verdict) == ("Running", 3, "better")


def test_what_nobody_can_judge_is_shown_without_a_verdict() -> None:
    (change,) = judge(TESTS["wall_sit"], [result("wall_sit", 30), result("wall_sit", 60, 28)])
    assert change.verdict == "unjudged"


def test_impossible_values_are_refused() -> None:
    with pytest.raises(UserError, match="0 to 10"):
        check_result(TESTS["pain_now"], 11)
    check_result(TESTS["pain_now"], None)
