"""A coach whose strength programme has a clock that the test sets."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from coach.coaching.pain import pain_state
from coach.model.pain import PainEntry, PainMoment, PainState
from coach.model.runs import Run, RunPlace, RunState, RunSummary
from coach.model.strength import SessionEvent
from coach.model.strength_tests import TestResult
from coach.service.strength.programme import Programme
from tests.support.signs import answer_signs
from tests.web.page_coach import PageCoach


def now() -> datetime:
    return datetime.now(UTC)


class StrengthCoach(PageCoach):
    """`moment`: what time it is for the programme; None for the real time."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.clock: dict[str, datetime | None] = {"moment": None}

        def shifted_now() -> datetime:
            return self.clock["moment"] or now()

        def judge() -> PainState:
            return pain_state(self.store.pain.list(), self.store.pain.red_flags(), shifted_now())

        self.strength = Programme(self.store, judge, self.feed.publish, self.settings.secrets, shifted_now)
        answer_signs(self.store, now() - timedelta(weeks=40))


def do_session(coach: StrengthCoach, pain: int = 0, leave_out: int = 0, extra: int = 0) -> None:
    """Do the next session at its time, exercise by exercise."""
    plans = coach.strength.plans
    session = plans.next_session(plans.plan())
    coach.clock["moment"] = session.due_at
    session = plans.session(session.session_id)
    taps: list[SessionEvent] = []

    def tap(kind: str, **facts) -> None:
        at = session.due_at + timedelta(seconds=len(taps))
        taps.append(SessionEvent(uuid.uuid4().hex, session.session_id, kind, at, **facts))

    tap("begin", pain=pain)
    for p in session.exercises[: len(session.exercises) - leave_out]:
        for number in range(1, p.n_sets + 1):
            reps = None if p.reps is None else min(12, p.reps + extra)
            tap(
                "set",
                slot=p.slot,
                exercise_id=p.exercise_id,
                number=number,
                reps=reps,
                hold_s=p.hold_s,
                load_kg=p.load_kg,
            )
        tap("effort", slot=p.slot, exercise_id=p.exercise_id, rpe=7, pain=pain)
    tap("end", pain=pain)
    coach.clock["moment"] = session.due_at + timedelta(minutes=40)
    plans.log(taps)


def half_a_year(coach: StrengthCoach, weeks: int = 10) -> None:
    """Sessions, answers and runs of some weeks, ending today."""
    start = now().date() - timedelta(weeks=weeks)
    start -= timedelta(days=start.weekday())
    add_runs(coach, start, weeks)
    coach.clock["moment"] = datetime(start.year, start.month, start.day, tzinfo=UTC)
    made = coach.strength.plans.create(
        "home", "mon,thu", "07:30", "Europe/London", start, activities=("Running", "Sitting")
    )
    ahead = [("week_0", 0, 5, 4), ("week_4", 28, 3, 6), ("week_8", 56, 2, 8)]
    for number in range(1, 17):
        session = coach.strength.plans.next_session(made)
        if session is None or session.due_at > now() - timedelta(hours=2):
            break
        while ahead and ahead[0][1] <= (session.due_at.date() - start).days:
            milestone, _, pain, function = ahead.pop(0)
            answer(coach, milestone, session.due_at - timedelta(hours=1), pain, function)
        if number in (5, 11):
            coach.strength.plans.skip(session.session_id, "travel")
        else:
            do_session(coach, pain=1 if number > 4 else 2, leave_out=number % 7 == 0, extra=1)
        made = coach.strength.plans.plan()
    for milestone, day, pain, function in ahead:
        at = datetime(start.year, start.month, start.day, 9, tzinfo=UTC) + timedelta(days=day)
        if at < now():
            answer(coach, milestone, at, pain, function)
    coach.clock["moment"] = None


def answer(coach: StrengthCoach, milestone: str, at: datetime, pain: int, function: int) -> None:
    values = {
        ("pain_now", ""): pain,
        ("pain_worst", ""): pain + 2,
        ("pain_running", ""): pain + 1,
        ("psfs", "Running"): function,
        ("psfs", "Sitting"): function - 1,
        ("sit_to_stand", ""): 14 + function,
        ("wall_sit", ""): 30 + 5 * function,
    }
    coach.clock["moment"] = at
    coach.strength.tests.answer(
        [TestResult(f"{milestone}:{t}:{d}", t, milestone, at, float(v), d) for (t, d), v in values.items()]
    )


def add_runs(coach: StrengthCoach, start: date, weeks: int) -> None:
    """Two easy runs a week at much the same speed, with slowly growing steps."""
    for n in range(2 * weeks):
        at = datetime(start.year, start.month, start.day, 18, tzinfo=UTC) + timedelta(days=3.5 * n)
        if at > now():
            return
        run = Run(f"run{n}", at, RunState.FINISHED, duration_s=1800.0, distance_m=5000.0, place=RunPlace.TREADMILL)
        coach.store.runs.create(run)
        step = 0.98 + 0.0016 * n + (0.006 if n % 3 == 0 else -0.003)
        speed = 2.78 + (0.5 if n % 5 == 4 else 0.02 * (n % 3))
        moments = {"n": 100.0, "speed_mps": speed, "value": step, "speed_ss": 0.5, "cross_ss": 0.17, "value_ss": 0.08}
        summary = RunSummary(
            duration_s=1800.0,
            moving_s=1800.0,
            distance_m=5000.0,
            n_strides=2600,
            n_steps=5200,
            n_gaps=0,
            n_missing=0,
            n_clipped=0,
            cadence_spm=60 * 2.78 / step,
            step_length_m=step,
            speed_mps=speed,
            impacts_per_km=1000 / step,
            uncertainty={"step_length_m": 0.008, "cadence_spm": 1.2, "impacts_per_km": 8.0},
            by_speed={"step_length_m": moments},
        )
        coach.store.runs.save_summary(run.run_id, summary)
        coach.store.pain.add(
            PainEntry(at + timedelta(minutes=31), PainMoment.DURING_RUN, max(0, 5 - n // 3), run_id=run.run_id)
        )


Maker = Callable[[], StrengthCoach]
