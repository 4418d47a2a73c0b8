"""The Monday page names whom to look at first, and nobody else: each reason by its own numbers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from coach.clinic.monday import GAIT_BEYOND, Patient, Reason, Seen, reasons_of, rows_of
from coach.clinic.runner_state import BEFORE, FEWEST_BEFORE, NEWEST, RunnerState, gait_change, runner_state_of
from coach.coaching.loader import load_red_flags
from coach.model.history import Trend, TrendMarks, TrendPoint
from coach.model.pain import Lock, PainEntry, PainMoment, RedFlagAnswers
from coach.model.strength import SessionState, StrengthSession

NOW = datetime(2026, 11, 30, 7, tzinfo=UTC)
DAY = timedelta(days=1)
NO_MARKS = TrendMarks((), np.array([], dtype="datetime64[us]"), *(np.array([]),) * 7)
WELL = RunnerState(Lock.NONE, (), None, 1, 0.0, False, 0.0, 0.01, 2.8, NOW - DAY, 0, None)


def patient(label: str, seen: Seen | None = None, heard_days_ago: float | None = 0.5, **fields: object) -> Patient:
    heard = None if heard_days_ago is None else NOW - heard_days_ago * DAY
    state = replace(WELL, **fields)  # type: ignore[arg-type]
    return Patient(label, f"sub-{label}", label, state, heard, NOW - 100 * DAY, seen)


def pain(*days_and_levels: tuple[float, int]) -> list[PainEntry]:
    return [PainEntry(NOW - ago * DAY, PainMoment.NEXT_MORNING, level) for ago, level in days_and_levels]


def trend(values: list[float], se: float = 0.0) -> Trend:
    n = len(values)
    points = [TrendPoint(str(k), NOW - (n - k) * DAY, v, se, 2.8, 100, True) for k, v in enumerate(values)]
    return Trend("step_length_m", 2.8, tuple(points))


def test_the_gravest_first_then_what_was_seen_then_all_others() -> None:
    changes = {
        "silent": {"heard_days_ago": 8},
        "overdue": {"n_overdue": 1, "overdue_since": NOW - 3 * DAY},
        "gait": {"gait_change_m": 0.031},
        "pain": {"is_rising": True},
        "urgent": {"lock": Lock.URGENT, "signs": ("numbness",)},
        "emergency": {"lock": Lock.EMERGENCY, "signs": ("bladder",)},
        "well": {},
    }
    patients = [patient(label, **fields) for label, fields in changes.items()]  # type: ignore[arg-type]
    (urgent,) = [row for row in rows_of(patients, NOW) if row.patient.label == "urgent"]
    patients.append(patient("seen", Seen("Ada", NOW, urgent.mark), lock=Lock.URGENT, signs=("numbness",)))
    found = [(row.patient.label, row.is_seen) for row in rows_of(patients, NOW)]
    order = ["emergency", "urgent", "pain", "gait", "overdue", "silent"]
    assert found == [*((label, False) for label in order), ("seen", True), ("well", False)]


def test_what_was_seen_is_open_again_when_something_new_comes() -> None:
    (row,) = rows_of([patient("a", is_rising=True, pain_level=4)], NOW)
    seen = Seen("Ada", NOW, row.mark)
    assert rows_of([patient("a", seen, is_rising=True, pain_level=5)], NOW)[0].is_seen
    assert not rows_of([patient("a", seen, is_rising=True, pain_level=6)], NOW)[0].is_seen
    assert not rows_of([patient("a", seen, is_rising=True, pain_level=4, n_overdue=1)], NOW)[0].is_seen
    (row,) = rows_of([patient("a", is_rising=True, pain_level=4, n_overdue=1)], NOW)
    assert rows_of([patient("a", Seen("Ada", NOW, row.mark), n_overdue=1)], NOW)[0].is_seen
    signs = {"lock": Lock.URGENT, "locked_since": NOW - DAY}
    (row,) = rows_of([patient("a", signs=("numbness",), **signs)], NOW)  # type: ignore[arg-type]
    seen = Seen("Ada", NOW, row.mark)
    more = patient("a", seen, signs=("numbness", "weakness"), **signs)  # type: ignore[arg-type]
    assert not rows_of([more], NOW)[0].is_seen


def test_a_mark_that_is_none_hides_nothing() -> None:
    """It comes back from a form: whatever was sent, the page is shown to all others."""
    for mark in ("pain=", "pain=x", "pain", "=", "pain=4 pain=nan"):
        seen = Seen("Ada", NOW, mark)
        assert not rows_of([patient("a", seen, is_rising=True, pain_level=6)], NOW)[0].is_seen, mark


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        ({}, []),
        ({"lock": Lock.NOT_ASKED}, []),
        ({"pain_rose_by": 1.9}, []),
        ({"pain_rose_by": 2.0}, [Reason.PAIN]),
        ({"gait_change_m": -0.031}, [Reason.GAIT]),
        ({"gait_change_m": 0.029}, []),
        ({"gait_change_m": 0.5, "gait_se_m": None}, []),
        ({"last_run_at": NOW - 11 * DAY}, [Reason.OVERDUE]),
        ({"last_run_at": None}, []),
        ({"heard_days_ago": 7.1}, [Reason.SILENT]),
        ({"heard_days_ago": None}, [Reason.SILENT]),
        ({"heard_days_ago": 8, "is_rising": True}, [Reason.PAIN, Reason.SILENT]),
    ],
)
def test_each_reason_by_its_own_numbers(fields: dict[str, object], reasons: list[Reason]) -> None:
    assert reasons_of(patient("a", **fields), NOW) == reasons  # type: ignore[arg-type]


def test_a_coach_that_never_reported_is_silent_a_week_after_joining_and_not_before() -> None:
    fresh = replace(patient("a", heard_days_ago=None), joined_at=NOW - DAY, state=None)
    assert reasons_of(fresh, NOW) == []
    assert reasons_of(replace(fresh, joined_at=NOW - 8 * DAY), NOW) == [Reason.SILENT]


def test_a_state_is_what_the_products_own_rules_say() -> None:
    locking = [sign for sign, flag in load_red_flags().items() if flag.locks][:2]
    answers = [RedFlagAnswers(NOW - 9 * DAY, tuple(locking[:1])), RedFlagAnswers(NOW - 2 * DAY, tuple(locking))]
    entries = pain((30, 1), (25, 2), (20, 1), (3, 4), (1, 5))
    found = runner_state_of(entries, answers, NO_MARKS, NOW - DAY, (), NOW)
    assert found.lock.is_sign_open
    assert set(found.signs) == set(locking)
    assert found.locked_since == NOW - 9 * DAY
    assert found.pain_rose_by == pytest.approx(4.5 - 4 / 3)
    assert found.pain_level == 5
    seen = [*answers, RedFlagAnswers(NOW - DAY, (), (NOW - DAY).date())]
    assert not runner_state_of(entries, seen, NO_MARKS, NOW - DAY, (), NOW).lock.is_sign_open


def test_pain_needs_two_answers_in_each_of_the_two_times() -> None:
    for entries in (pain((3, 9)), pain((3, 9), (2, 9)), pain((30, 1), (20, 1), (3, 9))):
        assert runner_state_of(entries, (), NO_MARKS, None, (), NOW).pain_rose_by is None


def test_sessions_are_overdue_after_two_days_and_forgotten_after_three_weeks() -> None:
    ages = {"fresh": 1.9, "late": 2.1, "later": 5, "old": 22}
    planned = SessionState.PLANNED
    sessions = [StrengthSession(name, 1, 1, planned, NOW - age * DAY) for name, age in ages.items()]
    done = StrengthSession("done", 9, 1, SessionState.DONE, NOW - 4 * DAY)
    found = runner_state_of((), (), NO_MARKS, None, [*sessions, done], NOW)
    assert (found.n_overdue, found.overdue_since) == (2, NOW - 5 * DAY)


def test_a_changed_gait_is_found_with_its_size() -> None:
    rng = np.random.default_rng(3)
    values = [*rng.normal(1.00, 0.015, BEFORE), *rng.normal(1.06, 0.015, NEWEST)]
    change, se = gait_change(trend(list(values)))
    assert change == pytest.approx(0.06, abs=0.02)
    assert se == pytest.approx(0.015 * np.sqrt(1 / NEWEST + 1 / BEFORE), rel=0.5)
    assert abs(change or 0) > GAIT_BEYOND * (se or 1)


def test_too_few_runs_and_uncertain_runs_call_nothing_changed() -> None:
    assert gait_change(trend([1.0] * (NEWEST + FEWEST_BEFORE - 1))) == (None, None)
    change, se = gait_change(trend([1.0] * BEFORE + [1.05] * NEWEST, se=0.05))
    assert abs(change or 9) < GAIT_BEYOND * (se or 0)


@pytest.mark.parametrize(("n_before", "most"), [(FEWEST_BEFORE, 0.02), (BEFORE, 0.012)])
def test_of_unchanged_runners_about_one_in_a_hundred_is_named(n_before: int, most: float) -> None:
    """4,000 simulated runners whose runs only scatter."""
    rng = np.random.default_rng(11)
    n_named = 0
    for values in rng.normal(1.0, 0.015, (4000, n_before + NEWEST)):
        change, se = gait_change(trend(list(values)))
        n_named += abs(change or 0) > GAIT_BEYOND * (se or 1)
    assert 0.002 < n_named / 4000 < most
