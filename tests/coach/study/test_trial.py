"""A trial's values: at one speed for everybody, at the times that count, and everybody accounted for."""

from datetime import UTC, datetime, timedelta

import pytest

from coach.study.columns import MOMENTS, moment_column
from coach.study.pseudonyms import Pseudonyms, session_label
from coach.study.trial import TrialPerson, TrialRun, flow, time_of, values_at_speed, values_of_answers

ENROLLED = datetime(2026, 1, 5, tzinfo=UTC)
ANNA = TrialPerson("P1", "leg", ENROLLED)


def run(day: int, speed_mps: float, value: float, n: float = 110.0, slope_s: float = 0.3) -> TrialRun:
    speed_ss = n * 0.12**2
    moments = (n, speed_mps, value, speed_ss, slope_s * speed_ss, slope_s**2 * speed_ss + n * 0.015**2)
    cells = {moment_column("step_length_m", key): moment for key, moment in zip(MOMENTS, moments, strict=True)}
    at = ENROLLED + timedelta(days=day, hours=7)
    return TrialRun(f"run-{day}", at, {"speed_mps": speed_mps, **cells})


def test_who_only_runs_faster_has_not_changed() -> None:
    runs = [run(day, 2.5, 0.90) for day in (0, 2)] + [run(day, 3.1, 0.90 + 0.3 * 0.6) for day in (180, 182)]
    values = {value.time: value for value in values_at_speed(ANNA, runs, "step_length_m", 2.8)}
    assert set(values) == {"week_0", "month_6"}
    assert values["week_0"].value == pytest.approx(0.99, abs=0.002)
    assert values["month_6"].value == pytest.approx(values["week_0"].value, abs=0.004)
    assert values["month_6"].n == 2


def test_runs_between_the_times_and_runs_without_speed_count_for_none() -> None:
    assert [time_of(ANNA, ENROLLED + timedelta(days=day)) for day in (-20, -1, 0, 7, 20, 56, 91, 182, 300)] == [
        None,
        "week_0",
        "week_0",
        "week_0",
        None,
        "week_8",
        "month_3",
        "month_6",
        None,
    ]
    blind = TrialRun("blind", ENROLLED, {})
    assert values_at_speed(ANNA, [blind, run(30, 2.8, 1.0)], "step_length_m", 2.8) == []
    assert values_at_speed(ANNA, [], "step_length_m", 2.8) == []


def test_a_short_run_weighs_less() -> None:
    (value,) = values_at_speed(ANNA, [run(0, 2.8, 1.0), run(1, 2.8, 1.2, n=6.0)], "step_length_m", 2.8)
    assert value.value == pytest.approx(1.01, abs=0.01)


def test_answers_of_one_time_are_averaged() -> None:
    answers = [(ENROLLED, "pain", 5.0), (ENROLLED + timedelta(days=2), "pain", 3.0), (ENROLLED, "function", 4.0)]
    found = {value.measure: (value.value, value.n) for value in values_of_answers(ANNA, answers)}
    assert found == {"pain": (4.0, 2), "function": (4.0, 1)}


def test_everybody_is_accounted_for() -> None:
    people = [
        ANNA,
        TrialPerson("P2", "leg", ENROLLED, lost_at=ENROLLED + timedelta(weeks=9), lost_reason="moved"),
        TrialPerson("P3", "extensor", ENROLLED, lost_at=ENROLLED + timedelta(weeks=3)),
        TrialPerson("P4", "", ENROLLED, excluded="warning sign"),
    ]
    values = values_of_answers(ANNA, [(ENROLLED, "pain", 5.0)])
    found = flow(people, values)
    assert (found["assessed"], found["excluded"], found["randomised"]) == (4, {"warning sign": 1}, 3)
    assert found["arms"]["leg"]["lost"] == [{"reason": "moved", "week": 9}]
    assert found["arms"]["extensor"]["lost"] == [{"reason": "not known", "week": 3}]
    assert found["arms"]["leg"]["analysed"]["pain"] == {"week_0": 1, "week_8": 0, "month_3": 0, "month_6": 0}


def test_a_pseudonym_keeps_weekday_and_distance_and_hides_all_else() -> None:
    names, others = Pseudonyms(bytes(32)), Pseudonyms(bytes([1] * 32))
    first, later = ENROLLED + timedelta(hours=7, minutes=31), ENROLLED + timedelta(days=10, hours=18)
    moved = [names.shifted("anna", at, first) for at in (first, later)]
    assert (moved[0].weekday(), moved[0].hour, moved[0].minute) == (first.weekday(), 7, 0)
    assert moved[1] - moved[0] == timedelta(days=10, hours=11)
    assert all(1880 < at.year < 1900 for at in moved)
    assert len({names.shifted(name, first, first) for name in "abcdefgh"}) > 4
    assert names.label("anna") != others.label("anna")
    assert names.label("anna").isalnum()


def test_a_session_is_the_week_since_enrolment() -> None:
    days = (-1, 0, 6.9, 7, 56)
    found = [session_label(ENROLLED + timedelta(days=day), ENROLLED) for day in days]
    assert found == ["pre01", "week00", "week00", "week01", "week08"]
