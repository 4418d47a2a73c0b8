"""Make the reminders that the runner wants, with stable keys, from plan, milestones and daily wishes.

The same facts always give the same keys: whoever stores them can ask as often as he likes and never reminds twice.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from coach.model.daily_life import DailyWishes
from coach.model.reminders import Reminder
from coach.model.strength import SessionState, StrengthPlan, StrengthSession
from coach.model.strength_tests import Milestone
from coach.model.time_zones import zone_or_utc
from coach.strength.engine import OFFER_AGAIN
from coach.strength.rhythm import local_day, moment

AHEAD: Final = timedelta(days=14)  # what a calendar shows at a glance; by judgement
AGAIN_AFTER: Final = timedelta(days=1)  # once more, not more often; by judgement
_TESTS_STAY: Final = timedelta(days=7)  # tests are due within a week; by judgement
_SITTING_STAYS: Final = timedelta(minutes=20)  # later it says nothing of this sitting; by judgement
_DAY: Final = timedelta(days=1)  # unit of days


def session_reminders(plan: StrengthPlan, now: datetime) -> list[Reminder]:
    """Return a reminder at each session's time; another a day later while it is still not done."""
    found: list[Reminder] = []
    for one in plan.sessions:
        is_open = one.state is SessionState.PLANNED and one.log is None
        if is_open and one.due_at is not None and now - OFFER_AGAIN <= one.due_at <= now + AHEAD:
            found += _both(one, one.due_at, plan.wish.tz)
    return found


def _both(one: StrengthSession, due: datetime, tz: str) -> list[Reminder]:
    stamp = due.astimezone(UTC).strftime("%Y%m%dT%H%MZ")
    again = moment(local_day(due, tz) + AGAIN_AFTER, due.astimezone(zone_or_utc(tz)).time(), tz)
    link, facts = f"/strength/session/{one.session_id}", {"session_id": one.session_id}
    first = Reminder(
        key=f"session:{one.session_id}:{stamp}",
        group="session",
        due_at=due,
        expires_at=due + OFFER_AGAIN,
        title="Time for your legs",
        body=f"Session {one.number} is planned for now: {len(one.exercises)} exercises.",
        link=link,
        facts=facts,
    )
    second = Reminder(
        key=f"session_again:{one.session_id}:{stamp}",
        group="session",
        due_at=again,
        expires_at=due + OFFER_AGAIN,
        title="Still time for your session",
        body=f"Session {one.number} was planned for yesterday. Do it today, move it or skip it.",
        link=link,
        facts=facts,
    )
    return [first, second]


def milestone_reminders(milestones: Sequence[Milestone], answered: Sequence[str], now: datetime) -> list[Reminder]:
    """Return a reminder at each milestone that has no answers yet."""
    return [
        Reminder(
            key=f"tests:{one.id}:{one.due_at.astimezone(UTC):%Y%m%d}",
            group="tests",
            due_at=one.due_at,
            expires_at=one.due_at + _TESTS_STAY,
            title=f"{one.name}: how far have you come?",
            body="A check-in and a few short tests show what has changed.",
            link=f"/strength/tests/{one.id}",
            facts={"milestone": one.id},
        )
        for one in milestones
        if one.id not in answered and now - _TESTS_STAY <= one.due_at <= now + AHEAD
    ]


def daily_reminders(wishes: DailyWishes, plan: StrengthPlan | None, tz: str, now: datetime) -> list[Reminder]:
    """Return sitting breaks, the lunge tip and the off-day block for today and tomorrow, each only where asked for."""
    found: list[Reminder] = []
    today = local_day(now, tz)
    session_days = {local_day(one.due_at, tz) for one in plan.sessions if one.due_at is not None} if plan else set()
    for day in (today, today + _DAY):
        if wishes.wants_sitting_breaks and day.weekday() in wishes.sitting_days:
            start, end = moment(day, wishes.sitting_from, tz), moment(day, wishes.sitting_until, tz)
            every = timedelta(minutes=max(15, wishes.sitting_every_min))  # oftener would be switched off; by judgement
            at = start + every
            while at <= end:
                found.append(_quiet("sitting", at, "Stand up for a minute", "Sat for a while? Walk for a minute."))
                at += every
        if wishes.wants_lunge_tip and not (plan is not None and plan.held_because):
            tip = "Pick something up with a small lunge today: a free repetition. Bending is fine too."
            found.append(_quiet("lunge", moment(day, wishes.sitting_from, tz), "Lunge when you bend", tip))
        if wishes.wants_off_day_block and plan is not None and day not in session_days and not plan.held_because:
            words = "Half-squat hold, clamshell and plank, once each: five minutes, all easy."
            found.append(_quiet("block", moment(day, plan.wish.at, tz), "Five easy minutes", words))
    return [one for one in found if one.expires_at > now]


def _quiet(kind: str, at: datetime, title: str, body: str) -> Reminder:
    stays = _SITTING_STAYS if kind == "sitting" else timedelta(hours=8)
    key = f"{kind}:{at.astimezone(UTC):%Y%m%dT%H%MZ}"
    return Reminder(key, kind, at, at + stays, title, body, "/strength/daily")
