"""Read weekdays, times and tracks of a plan as typed, and write prescriptions and calendar in words."""

from datetime import datetime, time

from coach.errors import UserError
from coach.interchange.calendar import CalendarEntry, write_calendar
from coach.language.phrases import ENGLISH, Phrases
from coach.language.signs import localised
from coach.model.strength import Prescription, SessionState, StrengthPlan, Track
from coach.strength.engine import Knowledge, estimate_s
from coach.strength.rhythm import DAY_NAMES


def parse_days(text: str) -> tuple[int, ...]:
    """Read `mon,thu` as (0, 3).

    Raises:
        UserError: a word is no weekday.
    """
    found: list[int] = []
    for word in text.replace(" ", ",").split(","):
        key = word.strip().lower()[:3]
        if key and key not in DAY_NAMES:
            raise UserError(f"no weekday {word!r}: use {', '.join(DAY_NAMES)}")
        if key:
            found.append(DAY_NAMES.index(key))
    return tuple(sorted(set(found)))


def parse_time(text: str) -> time:
    """Read `18:30` as a time of day.

    Raises:
        UserError: it is none.
    """
    try:
        found = time.fromisoformat(text)
    except ValueError as error:
        raise UserError(f"no time {text!r}: write it as 18:30") from error
    if found.tzinfo is not None:
        raise UserError(f"the time {text!r} needs no zone: give the zone by itself")
    return found


def parse_track(text: str) -> Track:
    """Read a track; raises UserError where there is no such one."""
    try:
        return Track(text)
    except ValueError as error:
        raise UserError(f"no track {text!r}: use {', '.join(Track)}") from error


def words_of(p: Prescription, knowledge: Knowledge, say: Phrases = ENGLISH) -> str:
    """Return one line of a prescription: `Squat: 2 x 8, 4 kg`."""
    exercise = knowledge.exercises[p.exercise_id]
    amount = f"{p.hold_s} s" if p.hold_s is not None else f"{p.reps}"
    sides = f" {say('each side')}" if exercise.is_each_side else ""
    load = f", {localised(f'{p.load_kg:g}', say.language)} kg" if p.load_kg else ""
    return f"{say(exercise.name)}: {p.n_sets} x {amount}{sides}{load}"


def calendar_entries(
    plan: StrengthPlan, knowledge: Knowledge, now: datetime, say: Phrases = ENGLISH
) -> list[CalendarEntry]:
    """Return the sessions that have a time, with their exercises in words."""
    return [
        CalendarEntry(
            uid=f"{one.session_id}@running-coach",
            starts_at=one.due_at,
            minutes=max(30, round(estimate_s(one.exercises, knowledge) / 60)),
            title=say(f"Strength session {one.number}"),
            words="\n".join(words_of(p, knowledge, say) for p in one.exercises),
            changed_at=now,
        )
        for one in plan.sessions
        if one.due_at is not None and one.state is not SessionState.SKIPPED
    ]


def calendar_file(plan: StrengthPlan, knowledge: Knowledge, now: datetime, say: Phrases = ENGLISH) -> bytes:
    """Return the plan as an iCalendar file with alarms."""
    return write_calendar(calendar_entries(plan, knowledge, now, say), plan.wish.tz, say("Strength sessions"))
