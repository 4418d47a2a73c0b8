"""Taps become a log whatever their order, and what cannot be is refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from coach.errors import UserError
from coach.model.pain import PainEntry, PainMoment
from coach.model.strength import SessionEvent, SessionState
from coach.strength.logbook import LEFT_ALONE, check_event, session_log, state_of
from tests.coach.strength.makers import plan

AT = datetime(2026, 3, 2, 18, 30, tzinfo=UTC)
SESSION = plan().sessions[0]
FIRST = SESSION.exercises[0]


def tap(name: str, kind: str, minute: float = 0, **facts) -> SessionEvent:
    return SessionEvent(name, SESSION.session_id, kind, AT + timedelta(minutes=minute), **facts)


def one_set(name: str, number: int, minute: float, **facts) -> SessionEvent:
    facts = {"reps": 8} | facts
    return tap(name, "set", minute, slot=FIRST.slot, exercise_id=FIRST.exercise_id, number=number, **facts)


EVENTS = (
    tap("b", "begin", 0, pain=2),
    one_set("s1", 1, 1),
    one_set("s2", 2, 3, reps=9),
    one_set("s3", 2, 4, reps=10),
    tap("u", "undo", 5, of="s3"),
    tap("e", "effort", 6, slot=FIRST.slot, exercise_id=FIRST.exercise_id, rpe=7, pain=1),
    tap("z", "end", 7, pain=3),
)


def test_the_order_in_which_taps_arrive_means_nothing() -> None:
    logs = {repr(session_log(SESSION.exercises, order, (), 2)) for order in permutations(EVENTS[:5])}
    assert len(logs) == 1


def test_a_phone_that_does_not_know_the_tap_takes_the_set_back_by_its_place() -> None:
    undo = tap("u2", "undo", 2, slot=FIRST.slot, exercise_id=FIRST.exercise_id, number=1)
    assert session_log(SESSION.exercises, [one_set("a", 1, 1), undo], (), None) is None
    again = session_log(SESSION.exercises, [one_set("a", 1, 1), undo, one_set("b", 1, 3, reps=7)], (), None)
    assert [one.reps for one in again.exercises[0].sets] == [7]


def test_a_log_holds_sets_effort_and_pain() -> None:
    morning = PainEntry(AT + timedelta(hours=13), PainMoment.NEXT_MORNING, 4)
    log = session_log(SESSION.exercises, EVENTS, (morning,), 2)
    (item,) = log.exercises
    assert [one.reps for one in item.sets] == [8, 9]
    assert (item.rpe, item.pain) == (7, 1)
    assert (log.pain_before, log.pain_after, log.pain_next_morning, log.pain_level) == (2, 3, 4, 2)
    assert log.done_at == AT + timedelta(minutes=3)


def test_a_session_ends_by_a_tap_or_by_being_left_alone() -> None:
    open_ended = EVENTS[:-1]
    log = session_log(SESSION.exercises, open_ended, (), None)
    assert state_of(log, open_ended, AT + timedelta(minutes=10)) is None
    assert state_of(log, open_ended, AT + LEFT_ALONE + timedelta(minutes=10)) is SessionState.PARTIAL
    assert state_of(log, EVENTS, AT + timedelta(minutes=10)) is SessionState.PARTIAL
    assert state_of(None, (), AT) is None


def test_a_session_with_all_its_sets_is_done() -> None:
    events = [
        tap(
            f"{p.slot}{n}", "set", n, slot=p.slot, exercise_id=p.exercise_id, number=n + 1, reps=p.reps, hold_s=p.hold_s
        )
        for p in SESSION.exercises
        for n in range(p.n_sets)
    ]
    events.append(tap("z", "end", 9))
    log = session_log(SESSION.exercises, events, (), None)
    assert state_of(log, events, AT + timedelta(minutes=10)) is SessionState.DONE


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "dance"},
        {"event_id": ""},
        {"event_id": "x" * 65},
        {"slot": "x" * 65},
        {"number": 2**70},
        {"reps": -1},
        {"load_kg": 900.0},
        {"rpe": 0.5},
        {"pain": 11},
        {"at": AT.replace(tzinfo=None)},
    ],
)
def test_a_tap_that_cannot_be_is_refused(wrong) -> None:
    check_event(EVENTS[1])
    with pytest.raises(UserError):
        check_event(replace(EVENTS[1], **wrong))
