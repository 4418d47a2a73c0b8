"""Choose when sessions are, with reasons: wishes, pauses, pain and the other sessions count.

Two rules hold for every moment found here. At least 48 hours of real time lie between two sessions, also where clocks
change. While pain is above 2, no session lies in the 24 hours before a long or hard run.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from coach.errors import UserError
from coach.model.frozen import dataclass
from coach.model.strength import Dose, PlanPause, PlanWish
from coach.model.time_zones import zone, zone_or_utc

DAY_NAMES: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ONE_DAY: Final = timedelta(days=1)  # unit of days
_CLOCK_CHANGE: Final = timedelta(hours=2)  # no zone jumps further in one night
_FURTHEST_SHIFT: Final = 14  # days: two rhythms of the week, more than both rules together can ask for


@dataclass(frozen=True, slots=True)
class Rules:
    """What placing must respect. level: the pain state's number. pauses: days that stay empty."""

    wish: PlanWish
    dose: Dose
    level: int
    pauses: tuple[PlanPause, ...]


@dataclass(frozen=True, slots=True)
class SessionTime:
    """A moment for a session: the day of the rhythm it belongs to, aware UTC, and why it is not simply that day."""

    slot_day: date
    due_at: datetime
    reason: str


def check_wish(wish: PlanWish) -> None:
    """Raise UserError where a wish that a runner gives cannot be kept."""
    zone(wish.tz)
    check_days(wish)


def check_days(wish: PlanWish) -> None:
    """Raise UserError where no plan can be made on the days of a wish; its time zone may be unknown here."""
    days = sorted(set(wish.days))
    if len(days) != 2 or not all(0 <= day <= 6 for day in days):
        raise UserError(f"two weekdays are needed, got {len(days)}: choose for example mon,thu")
    if days[1] - days[0] < 2 or days[0] + 7 - days[1] < 2:
        raise UserError("sessions need at least 48 hours between them: choose days such as mon,thu")
    if wish.maintenance_per_week not in (1, 2):
        raise UserError("maintenance is one or two sessions a week")
    if not all(0 <= run.weekday <= 6 for run in wish.long_runs):
        raise UserError("weekdays are mon to sun")


def moment(day: date, at: time, tz: str) -> datetime:
    """Return the local clock time as aware UTC; a time that the clock jumps over becomes the moment just as far after
    the jump."""
    return datetime.combine(day, at, tzinfo=zone_or_utc(tz)).astimezone(UTC)


def local_day(at: datetime, tz: str) -> date:
    """Return the runner's calendar day at this moment."""
    return at.astimezone(zone_or_utc(tz)).date()


def is_paused(day: date, pauses: Sequence[PlanPause]) -> bool:
    """Whether `day` lies in a pause."""
    return any(pause.start <= day and (pause.until is None or day <= pause.until) for pause in pauses)


def rhythm(wish: PlanWish, after: date) -> Iterator[date]:
    """Yield the wished weekdays after a day, without end."""
    day = after
    while True:
        day += _ONE_DAY
        if day.weekday() in wish.days:
            yield day


def is_before_long_run(at: datetime, wish: PlanWish, dose: Dose) -> bool:
    """Whether a long or hard run begins within the 24 hours after `at`."""
    day = local_day(at, wish.tz)
    for offset in range(-1, 3):
        there = day + offset * _ONE_DAY
        for run in wish.long_runs:
            if there.weekday() == run.weekday:
                gap = moment(there, run.at, wish.tz) - at
                if timedelta(0) <= gap < timedelta(hours=dose.long_run_h):
                    return True
    return False


def why_not(at: datetime, last: datetime | None, rules: Rules) -> str:
    """Return the rule a session at `at` would break, as a sentence; "" where it breaks none.
    last: the session before it."""
    if last is not None and at - last < timedelta(hours=rules.dose.rest_between_h):
        return "Moved so that 48 hours lie between two sessions."
    if rules.level > rules.dose.pain_go_on and is_before_long_run(at, rules.wish, rules.dose):
        return "Moved away from the 24 hours before your long run, because pain is above 2."
    if is_paused(local_day(at, rules.wish.tz), rules.pauses):
        return "Moved out of your pause."
    return ""


def earliest(last: datetime | None, rules: Rules) -> datetime | None:
    """Return the first moment 48 hours after the session before; None where there is none before."""
    return None if last is None else last + timedelta(hours=rules.dose.rest_between_h)


def session_time_at(
    slot_day: date, wanted: datetime, last: datetime | None, now: datetime, rules: Rules
) -> SessionTime | None:
    """Return the moment nearest to `wanted` that keeps the rules: later days first,
    then the day before if still to come.

    None where a fortnight has no such moment (a long run every day, with pain).
    """
    broken = why_not(wanted, last, rules)
    if not broken:
        return SessionTime(slot_day, wanted, "")
    floor = earliest(last, rules)
    if floor is not None and timedelta(0) < floor - wanted <= _CLOCK_CHANGE and not why_not(floor, last, rules):
        return SessionTime(
            slot_day, floor, "A little later this once: the clocks change, and 48 hours must lie between."
        )
    there = wanted.astimezone(zone_or_utc(rules.wish.tz))
    for shift in (1, -1, *range(2, _FURTHEST_SHIFT)):
        at = moment(there.date() + shift * _ONE_DAY, there.time(), rules.wish.tz)
        if (shift > 0 or at > now) and not why_not(at, last, rules):
            return SessionTime(slot_day, at, broken)
    return None


def next_session_time(
    after: date, last: datetime | None, not_before: datetime, rules: Rules, weekdays: Sequence[int]
) -> SessionTime | None:
    """Return the next time of the rhythm after a day, on these weekdays;
    None in an open pause or where none is left."""
    for day in rhythm(rules.wish, after):
        if any(pause.until is None and pause.start <= day for pause in rules.pauses):
            return None
        wanted = moment(day, rules.wish.at, rules.wish.tz)
        if day.weekday() in weekdays and wanted >= not_before and not is_paused(day, rules.pauses):
            return session_time_at(day, wanted, last, not_before, rules)
    return None
