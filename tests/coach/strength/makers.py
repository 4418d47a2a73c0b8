"""Makers of plans and logs for the tests of the strength room."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from coach.model.pain import Lock, PainState
from coach.model.strength import (
    ExerciseDone,
    PlanWish,
    SessionLog,
    SessionState,
    SetDone,
    StrengthPlan,
    StrengthSession,
    Track,
)
from coach.strength.engine import Knowledge, make_plan
from coach.strength.loader import load_exercises, load_tracks

TRACKS, DOSE = load_tracks()
KNOWLEDGE = Knowledge(load_exercises(), TRACKS, DOSE)
START = date(2026, 3, 2)  # a Monday; London's clocks go forward on 29 March
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def pain_state(level: int | None = 0, lock: Lock = Lock.NONE, **more) -> PainState:
    state = PainState(
        lock=lock,
        level=level,
        calf_level=None,
        is_rising=False,
        is_settled=True,
        allows_cues=True,
        allows_load_cues=True,
        allows_strike_training=True,
        advises_clinician=False,
        reasons=(),
        words="",
    )
    return replace(state, **more)


def wish(track: Track = Track.HOME, days=(0, 3), at=time(18, 30), tz="Europe/London", start=START, **more) -> PlanWish:
    return PlanWish(track, tuple(days), at, tz, start, **more)


def plan(wanted: PlanWish | None = None, sessions=(), pain=None, pauses=(), now=NOW) -> StrengthPlan:
    return make_plan("p", wanted or wish(), sessions, pain or pain_state(), pauses, now, KNOWLEDGE)


def open_sessions(made: StrengthPlan) -> list[StrengthSession]:
    return [one for one in made.sessions if one.state is SessionState.PLANNED]


def done(one: StrengthSession, pain: int = 0, rpe: float = 7.0, at=None, extra: int = 0, **log) -> StrengthSession:
    """The session done as prescribed, each exercise with this pain and effort; `extra` repetitions or seconds more."""
    exercises = tuple(
        ExerciseDone(
            p.slot,
            p.exercise_id,
            tuple(
                SetDone(
                    n + 1,
                    None if p.reps is None else min(12, p.reps + extra),
                    None if p.hold_s is None else float(min(30, p.hold_s + extra)),
                    p.load_kg,
                )
                for n in range(p.n_sets)
            ),
            rpe,
            pain,
        )
        for p in one.exercises
    )
    done_at = at or (one.due_at + timedelta(minutes=35))
    record = SessionLog(done_at, exercises, one.exercises, **{"pain_before": pain, "pain_after": pain} | log)
    return replace(one, state=SessionState.DONE, log=record)


def do_next(made: StrengthPlan, pain_now=None, wanted=None, **how) -> StrengthPlan:
    """Do the next session at its time and plan again a minute later."""
    one = open_sessions(made)[0]
    finished = done(one, **how)
    sessions = [finished if s.number == one.number else s for s in made.sessions]
    now = finished.log.done_at + timedelta(minutes=1)
    return plan(wanted or made.wish, sessions, pain_now, made.pauses, now)


def prescription(made: StrengthPlan, slot: str):
    """Of the next session that has this slot."""
    for one in open_sessions(made):
        for p in one.exercises:
            if p.slot == slot:
                return p
    raise AssertionError(f"no open session has {slot}")
