"""Make the whole strength plan from the wish, what became of each session, pain, pauses and the clock.

It is asked again after every change (a log, a pain answer, a lock, a pause, a move) and always rebuilds the plan from
these facts: there is nothing to undo. While a lock is in force, nothing that lies ahead has a date.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Final

from coach.model.frozen import dataclass
from coach.model.pain import Lock, PainState
from coach.model.strength import (
    Decision,
    Dose,
    Exercise,
    PlanPause,
    PlanWish,
    Prescription,
    SessionState,
    Slot,
    StrengthPlan,
    StrengthSession,
    Track,
    TrackPlan,
)
from coach.model.time_zones import zone_or_utc
from coach.strength.history import Past, Situation
from coach.strength.progression import prescribe
from coach.strength.rhythm import (
    Rules,
    SessionTime,
    check_days,
    local_day,
    moment,
    next_session_time,
    session_time_at,
)

REP_S: Final = 4  # two there, two back: calm and counted; the speed of pictures and of the counting voice. By judgement
OFFER_AGAIN: Final = timedelta(hours=48)  # the rest between sessions: later the next one is due
MAINTENANCE_AHEAD: Final = timedelta(days=28)  # four weeks on the calendar; by judgement
FORECAST_WORDS: Final = "As planned today; what you log decides."
_DONE: Final = (SessionState.DONE, SessionState.PARTIAL)
_OPEN: Final = (SessionState.PLANNED, SessionState.WAITING)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The data of this room, as loaded."""

    exercises: Mapping[str, Exercise]
    tracks: Mapping[Track, TrackPlan]
    dose: Dose


@dataclass(slots=True)
class _Cursor:
    """How far placing has come: the last day of the rhythm that is used, and the session before the next one."""

    day: date
    last: datetime | None


def session_id(plan_id: str, number: int) -> str:
    """Return the stable name of a session."""
    return f"{plan_id}-{number:02d}"


def n_block(dose: Dose) -> int:
    """Return the number of sessions of the block: two a week."""
    return 2 * dose.n_weeks


def make_plan(
    plan_id: str,
    wish: PlanWish,
    sessions: Sequence[StrengthSession],
    pain: PainState,
    pauses: Sequence[PlanPause],
    now: datetime,
    knowledge: Knowledge,
) -> StrengthPlan:
    """Return the plan at `now` (aware UTC). sessions: all known so far, none for a new plan.

    Raises:
        UserError: no plan can be made on the days of the wish.
    """
    check_days(wish)
    rules = Rules(wish, knowledge.dose, pain.level or 0, tuple(pauses))
    held = _held_because(pain, pauses, wish, now)
    closed = [_close_overdue(one, now) for one in sessions]
    placed = _place_all(plan_id, closed, rules, pain, now)
    filled = _fill(placed, wish, pain, knowledge)
    return StrengthPlan(
        plan_id=plan_id,
        wish=wish,
        sessions=tuple(filled),
        held_because=held,
        advice=_advice(pain),
        offers_track=_offer(wish, pain, knowledge.dose),
        pauses=tuple(pauses),
    )


def _held_because(pain: PainState, pauses: Sequence[PlanPause], wish: PlanWish, now: datetime) -> str:
    if pain.lock.is_sign_open:
        return pain.words or "Sessions are locked until a clinician has seen you."
    today = local_day(now, wish.tz)
    for pause in pauses:
        if pause.start <= today and (pause.until is None or today <= pause.until):
            until = f" until {pause.until.isoformat()}" if pause.until else ""
            own_words = pause.reason
            return f"Paused{until}: {own_words}." if own_words else f"Paused{until}, as you asked."
    return ""


def _close_overdue(one: StrengthSession, now: datetime) -> StrengthSession:
    """Return the session, missed where it was not begun within 48 hours of its time."""
    is_open = one.state is SessionState.PLANNED and one.due_at is not None and one.log is None
    if is_open and one.due_at is not None and now > one.due_at + OFFER_AGAIN:
        return replace(one, state=SessionState.MISSED, reason="Not done within 48 hours of its time.")
    return one


def _place_all(
    plan_id: str, known: Sequence[StrengthSession], rules: Rules, pain: PainState, now: datetime
) -> list[StrengthSession]:
    by_number = {one.number: one for one in known}
    cursor = _Cursor(rules.wish.start - timedelta(days=1), None)
    is_new = not known
    # A plan may begin in the past (a log kept elsewhere, a test): its first placing keeps every day of the rhythm.
    floor = min(now, moment(rules.wish.start, time(0), rules.wish.tz)) if is_new else now
    result: list[StrengthSession] = []
    for number in range(1, n_block(rules.dose) + 1):
        one = by_number.get(number) or _new(plan_id, number)
        result.append(_place_one(one, cursor, rules, pain, floor, rules.wish.days))
    _maintain(plan_id, by_number, result, cursor, rules, pain, now)
    return [_close_overdue(one, now) for one in result]


def _new(plan_id: str, number: int) -> StrengthSession:
    return StrengthSession(session_id(plan_id, number), number, (number + 1) // 2, SessionState.WAITING, None)


def _maintain(
    plan_id: str,
    known: Mapping[int, StrengthSession],
    result: list[StrengthSession],
    cursor: _Cursor,
    rules: Rules,
    pain: PainState,
    now: datetime,
) -> None:
    """Plan what follows the block: one or two sessions a week, placed four weeks ahead once the block is over."""
    number = n_block(rules.dose) + 1
    days = sorted(set(rules.wish.days))[: rules.wish.maintenance_per_week]
    is_over = all(one.state not in _OPEN for one in result)
    while number in known or is_over:
        one = known.get(number) or _new(plan_id, number)
        week = rules.dose.n_weeks + 1 + (number - n_block(rules.dose) - 1) // rules.wish.maintenance_per_week
        placed = _place_one(replace(one, week=week), cursor, rules, pain, now, days)
        is_new_and_far = number not in known and (placed.due_at is None or placed.due_at > now + MAINTENANCE_AHEAD)
        if is_new_and_far:
            return
        result.append(placed)
        number += 1


def _place_one(
    one: StrengthSession, cursor: _Cursor, rules: Rules, pain: PainState, now: datetime, days: Sequence[int]
) -> StrengthSession:
    if one.state not in _OPEN or one.log is not None:
        _pass(one, cursor)
        return one
    if pain.lock.is_sign_open:  # signs that must be asked again keep the days: they are asked when a session begins
        return replace(
            one, state=SessionState.WAITING, due_at=None, is_moved=False, reason="Waits for the lock to end."
        )
    found = _wanted(one, cursor, rules, now, days)
    if found is None:
        return replace(one, state=SessionState.WAITING, due_at=None, is_moved=False, reason="Waits: no day is free.")
    cursor.day = max(cursor.day, found.slot_day)
    cursor.last = found.due_at
    reason = found.reason or ("Moved by you." if one.is_moved else "")
    is_moved = one.is_moved and found.due_at == one.due_at
    return replace(
        one, state=SessionState.PLANNED, due_at=found.due_at, slot_day=found.slot_day, is_moved=is_moved, reason=reason
    )


def _pass(one: StrengthSession, cursor: _Cursor) -> None:
    """Use up the day of a closed or begun session; what was done also keeps its 48 hours."""
    if one.slot_day is not None:
        cursor.day = max(cursor.day, one.slot_day)
    done_at = one.log.done_at if one.log is not None else None
    if done_at is not None:
        cursor.last = max(filter(None, (cursor.last, done_at)))


def _wanted(
    one: StrengthSession, cursor: _Cursor, rules: Rules, now: datetime, days: Sequence[int]
) -> SessionTime | None:
    due, slot_day = one.due_at, one.slot_day
    keeps = one.state is SessionState.PLANNED and due is not None and slot_day is not None
    is_overdue = keeps and due is not None and due <= now
    paused = slot_day is not None and any(
        p.start <= slot_day and (p.until is None or slot_day <= p.until) for p in rules.pauses
    )
    if keeps and due is not None and slot_day is not None and not paused and (one.is_moved or is_overdue):
        found = session_time_at(slot_day, due, cursor.last, now, rules)
        if found is not None:
            return found
    return next_session_time(cursor.day, cursor.last, now, rules, days)


def _fill(
    placed: list[StrengthSession], wish: PlanWish, pain: PainState, knowledge: Knowledge
) -> list[StrengthSession]:
    """Give every open session its exercises: the next one decided, the later ones as a forecast."""
    done = [one for one in placed if one.state in _DONE and one.log is not None]
    planned = [one for one in placed if one.state is SessionState.PLANNED]
    begun = any(one.log is not None or one.is_begun for one in planned)
    # What has begun stays as the phone shows it; pain in it changes the next session.
    ahead = [one for one in planned if one.log is None and not one.is_begun and one.due_at is not None]
    if not ahead:
        return placed
    track = knowledge.tracks[wish.track]
    now = Situation(
        dose=knowledge.dose,
        exercises=knowledge.exercises,
        kit=frozenset(track.kit if wish.kit is None else wish.kit),
        pain=pain,
        n_done=len(done),
        due_at=min(one.due_at for one in ahead if one.due_at is not None),
        last_done_at=max((one.log.done_at for one in done if one.log is not None), default=None),
    )
    filled: dict[int, StrengthSession] = {}
    for offset, one in enumerate(ahead):
        exercises = _exercises(one.number, track, done, replace(now, n_done=len(done) + offset))
        if offset > 0 or begun:
            exercises = tuple(replace(p, decision=Decision.FORECAST, reason=FORECAST_WORDS) for p in exercises)
        filled[one.number] = replace(one, exercises=exercises)
    return [filled.get(one.number, one) for one in placed]


def _exercises(
    number: int, track: TrackPlan, done: Sequence[StrengthSession], situation: Situation
) -> tuple[Prescription, ...]:
    found = (prescribe(slot, _history(slot, done), situation) for slot in slots_of(track, number))
    return tuple(p for p in found if p is not None)


def slots_of(track: TrackPlan, number: int) -> list[Slot]:
    """Return the slots of session `number`: some come every second time."""
    parity = "odd" if number % 2 else "even"
    return [slot for slot in track.slots if slot.on in ("every", parity)]


def _history(slot: Slot, done: Sequence[StrengthSession]) -> list[Past]:
    logs = sorted((one.log for one in done if one.log is not None), key=lambda log: log.done_at)
    return [Past(item, log) for log in logs for item in log.exercises if item.slot == slot.id]


def _offer(wish: PlanWish, pain: PainState, dose: Dose) -> Track | None:
    is_bad = (pain.level or 0) > dose.pain_hold or pain.is_rising or pain.easier_track
    return Track.LADDER if is_bad and wish.track is not Track.LADDER else None


def _advice(pain: PainState) -> tuple[str, ...]:
    advice: list[str] = []
    if (pain.level or 0) > 5:  # pain-monitoring model: above this all stops
        advice.append("Pain is 6 or more: no run and no weights today. Walk if that feels fine.")
    elif pain.is_rising:
        advice.append("Pain rises from week to week: the easier track is a good choice for now.")
    if pain.advises_clinician:
        advice.append("It has lasted: see a doctor or physiotherapist.")
    return tuple(advice)


def why_not_now(plan: StrengthPlan, pain: PainState, at: datetime, dose: Dose, but: str = "") -> str:
    """Return why a session cannot be done at `at`, as a sentence; "" where it can. but: the session it is about."""
    if pain.lock is not Lock.NONE:
        return pain.words or "Sessions are locked until a clinician has seen you."
    gap = timedelta(hours=dose.rest_between_h)
    for one in plan.sessions:
        if one.session_id != but and one.log is not None and abs(at - one.log.done_at) < gap:
            free = _whole_minute(one.log.done_at + gap).astimezone(zone_or_utc(plan.wish.tz))
            words = f"{free:%A} {free.day} {free:%B, %H:%M}"
            return f"48 hours must lie between sessions: the next is possible from {words}."
    return ""


def _whole_minute(at: datetime) -> datetime:
    """Return the next whole minute: what is promised for a time must be possible at it."""
    return at + timedelta(seconds=-(at.timestamp() % -60.0))


def estimate_s(exercises: Sequence[Prescription], knowledge: Knowledge) -> int:
    """Return about how long a session takes: `REP_S` a repetition, both sides, rests and the warm-up."""
    total = knowledge.dose.warm_up_s
    for one in exercises:
        sides = 2 if knowledge.exercises[one.exercise_id].is_each_side else 1
        work = one.hold_s if one.hold_s is not None else REP_S * (one.reps or 0)
        total += one.n_sets * (work * sides + one.rest_s)
    return total
