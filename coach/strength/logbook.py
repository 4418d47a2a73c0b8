"""Make a session's log and state from taps and pain answers that come in any order."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from coach.errors import UserError
from coach.model.pain import PainEntry, PainMoment
from coach.model.strength import ExerciseDone, Prescription, SessionEvent, SessionLog, SessionState, SetDone

KINDS: Final = ("begin", "set", "effort", "undo", "end")
LEFT_ALONE: Final = timedelta(hours=6)  # a session without a tap for so long has ended; chosen by eye, 2026-11-20
_MOST_LETTERS: Final = 64  # of an id or a name in a tap; a page's ids have 36
_LIMITS: Final = {
    "number": (0, 50),
    "reps": (0, 200),
    "hold_s": (0, 3600),
    "load_kg": (0, 500),
    "rpe": (1, 10),
    "pain": (0, 10),
}
_MORNING: Final = (timedelta(hours=4), timedelta(hours=36))
SETTLED_AFTER: Final = timedelta(hours=48)  # by then the morning after has been answered or never will be


def check_event(event: SessionEvent) -> None:
    """Raise UserError where a tap says what cannot be."""
    if event.kind not in KINDS:
        raise UserError(f"no tap of kind {event.kind!r}: use {', '.join(KINDS)}")
    if not event.event_id or len(event.event_id) > _MOST_LETTERS:
        raise UserError("a tap needs an id of at most 64 characters")
    if event.at.tzinfo is None:
        raise UserError("a tap needs a time with its zone")
    if any(len(text) > _MOST_LETTERS for text in (event.slot, event.exercise_id, event.of)):
        raise UserError("names in a tap have at most 64 characters")
    for name, (low, high) in _LIMITS.items():
        value = getattr(event, name)
        if value is not None and not low <= value <= high:
            raise UserError(f"{name} {value:g} cannot be: give {low} to {high}")


def in_force(events: Sequence[SessionEvent]) -> list[SessionEvent]:
    """Return taps in the order of their times, without those taken back.

    An undo names the tap (`of`); one from a phone that does not know it names the set, and takes back what was tapped
    before it.
    """
    undone = {event.of for event in events if event.kind == "undo" and event.of}
    last = {_place(event): event.at for event in sorted(events, key=_order) if event.kind == "undo" and not event.of}
    kept = [
        event
        for event in events
        if event.kind != "undo"
        and event.event_id not in undone
        and not (event.kind == "set" and _place(event) in last and event.at <= last[_place(event)])
    ]
    return sorted(kept, key=_order)


def _order(event: SessionEvent) -> tuple[datetime, str]:
    return event.at, event.event_id


def _place(event: SessionEvent) -> tuple[str, str, int]:
    return event.slot, event.exercise_id, event.number


def session_log(
    prescribed: Sequence[Prescription],
    events: Sequence[SessionEvent],
    answers: Sequence[PainEntry],
    pain_level: int | None,
) -> SessionLog | None:
    """Return what was done so far; None while no set is done. done_at: the time of the last set."""
    taps = in_force(events)
    sets = [event for event in taps if event.kind == "set"]
    if not sets:
        return None
    done_at = sets[-1].at
    return SessionLog(
        done_at=done_at,
        exercises=_exercises(sets, taps),
        prescribed=tuple(prescribed),
        pain_before=_level(taps, "begin"),
        pain_after=_level(taps, "end"),
        pain_next_morning=_morning(answers, done_at),
        pain_level=pain_level,
    )


def _exercises(sets: Sequence[SessionEvent], taps: Sequence[SessionEvent]) -> tuple[ExerciseDone, ...]:
    done: list[ExerciseDone] = []
    for slot, exercise_id in dict.fromkeys((event.slot, event.exercise_id) for event in sets):
        mine = {e.number: e for e in sets if (e.slot, e.exercise_id) == (slot, exercise_id)}
        efforts = [e for e in taps if e.kind == "effort" and (e.slot, e.exercise_id) == (slot, exercise_id)]
        done.append(
            ExerciseDone(
                slot=slot,
                exercise_id=exercise_id,
                sets=tuple(SetDone(e.number, e.reps, e.hold_s, e.load_kg) for _, e in sorted(mine.items())),
                rpe=next((e.rpe for e in reversed(efforts) if e.rpe is not None), None),
                pain=next((e.pain for e in reversed(efforts) if e.pain is not None), None),
            )
        )
    return tuple(done)


def _level(taps: Sequence[SessionEvent], kind: str) -> int | None:
    return next((event.pain for event in reversed(taps) if event.kind == kind and event.pain is not None), None)


def _morning(answers: Sequence[PainEntry], done_at: datetime) -> int | None:
    """Return the back pain on the morning after."""
    first, last = _MORNING
    pains = [
        entry.back
        for entry in answers
        if entry.moment is PainMoment.NEXT_MORNING and entry.back is not None and first <= entry.at - done_at <= last
    ]
    return pains[-1] if pains else None


def goes_on(events: Sequence[SessionEvent], now: datetime) -> bool:
    """Whether a session has begun and neither ended nor been left alone."""
    taps = in_force(events)
    if not any(event.kind == "begin" for event in taps) or any(event.kind == "end" for event in taps):
        return False
    return now - max(event.at for event in taps) <= LEFT_ALONE


def state_of(log: SessionLog | None, events: Sequence[SessionEvent], now: datetime) -> SessionState | None:
    """Return DONE or PARTIAL once a session has ended, by a tap or by itself; None while it has not,
    or nothing was done."""
    if log is None:
        return None
    taps = in_force(events)
    is_ended = any(event.kind == "end" for event in taps) or now - max(e.at for e in taps) > LEFT_ALONE
    if not is_ended:
        return None
    done = {item.slot: len(item.sets) for item in log.exercises}
    is_whole = all(done.get(p.slot, 0) >= p.n_sets for p in log.prescribed)
    return SessionState.DONE if is_whole else SessionState.PARTIAL
