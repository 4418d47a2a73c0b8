"""Make the question of the morning after: one reminder for each effort of yesterday that has no answer yet.

Pain may rise with running and strength work, but must have settled by next morning (Silbernagel, Thomee).
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from coach.model.frozen import dataclass
from coach.model.pain import PainEntry, PainMoment
from coach.model.reminders import Reminder
from coach.model.time_zones import zone_or_utc

ASKED_AT: Final = time(8)  # chosen by eye, 2026-11-20: most are up
_NIGHT: Final = timedelta(hours=6)  # what ends after 2 in the morning is asked about the day after
_STAYS: Final = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Effort:
    """Something done that asks for a look next morning. kind: "run" or "session". ended_at: aware UTC."""

    kind: str
    id: str
    ended_at: datetime


def morning_after(ended_at: datetime, tz: str) -> datetime:
    """Return eight o'clock on the morning after, aware UTC."""
    local = ended_at.astimezone(zone_or_utc(tz))
    for day in (local.date(), local.date() + timedelta(days=1), local.date() + timedelta(days=2)):
        at = _local(day, tz)
        if at - ended_at >= _NIGHT:
            return at
    raise AssertionError("a morning comes every day")


def _local(day: date, tz: str) -> datetime:
    return datetime.combine(day, ASKED_AT, tzinfo=zone_or_utc(tz)).astimezone(UTC)


def is_answered(effort: Effort, answers: Sequence[PainEntry]) -> bool:
    """Whether some morning's answer is about this effort: it names it, or came the morning after."""
    for entry in answers:
        if entry.moment is PainMoment.NEXT_MORNING:
            names_it = effort.id in (entry.run_id, entry.session_id)
            if names_it or timedelta(hours=4) <= entry.at - effort.ended_at <= timedelta(hours=36):
                return True
    return False


def morning_questions(
    efforts: Iterable[Effort], answers: Sequence[PainEntry], tz: str, now: datetime
) -> list[Reminder]:
    """Return one question for each effort of the last days that has no answer;
    of several on one day only one is asked."""
    found: list[Reminder] = []
    for effort in efforts:
        at = morning_after(effort.ended_at, tz)
        if at + _STAYS > now and not is_answered(effort, answers):
            key, what = f"morning:{effort.kind}:{effort.id}", "run" if effort.kind == "run" else "session"
            found.append(
                Reminder(
                    key=key,
                    group="morning",
                    due_at=at,
                    expires_at=at + _STAYS,
                    title="How is your back this morning?",
                    body=f"One tap after yesterday's {what} helps the coach to keep you safe.",
                    link=f"/strength/morning?{effort.kind}_id={effort.id}",
                    facts={f"{effort.kind}_id": effort.id},
                )
            )
    return found
