"""The tests at weeks 0, 4 and 8 and months 3 and 6: when due, which are offered, and whether a change counts."""

import calendar
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from coach.errors import UserError
from coach.model.pain import Lock, PainState
from coach.model.strength import PlanPause, PlanWish, Track
from coach.model.strength_tests import Change, Milestone, StrengthTest, TestResult
from coach.strength.rhythm import moment

MILESTONES: Final = (
    ("week_0", "Week 0", 0, 0),
    ("week_4", "Week 4", 28, 0),
    ("week_8", "Week 8", 56, 0),
    ("month_3", "Month 3", 0, 3),
    ("month_6", "Month 6", 0, 6),
)  # id, name, days, months after the start


def milestones(wish: PlanWish, pauses: Sequence[PlanPause], today: date) -> list[Milestone]:
    """Return when to measure. A pause that began before a moment moves it by its days; the start itself never moves."""
    found: list[Milestone] = []
    for name, words, days, months in MILESTONES:
        day = months_later(wish.start, months) + timedelta(days=days)
        for pause in sorted(pauses, key=lambda one: one.start):
            if wish.start < pause.start <= day:
                last = pause.until if pause.until is not None else max(today, pause.start)
                day += timedelta(days=max(0, (last - pause.start).days + 1))
        found.append(Milestone(name, words, moment(day, wish.at, wish.tz)))
    return found


def months_later(day: date, months: int) -> date:
    """Return the same day some months later, or the last day of a shorter month."""
    index = day.month - 1 + months
    year, month = day.year + index // 12, index % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def offered(tests: Mapping[str, StrengthTest], track: Track) -> list[StrengthTest]:
    """Return the tests that fit the track."""
    return [test for test in tests.values() if not test.tracks or track.value in test.tracks]


def closed_by_lock(test: StrengthTest, pain: PainState) -> str:
    """Return why a test waits: while a lock is in force, only questions are asked, no test of strength."""
    if pain.lock is Lock.NONE or test.kind in ("scale", "activities", "checklist"):
        return ""
    return pain.words or "Tests wait until a clinician has seen you."


def closed_by_pain(test: StrengthTest, level: int | None) -> str:
    """Return why a test is not offered now, "" where it is. Unknown pain keeps a gated test closed."""
    if test.pain_at_most is None:
        return ""
    if level is None:
        return "First enter how strong your pain is now."
    if level > test.pain_at_most:
        return f"Offered only when pain is at most {test.pain_at_most} of 10; yours is {level}."
    return ""


def check_result(test: StrengthTest, value: float | None) -> None:
    """Raise UserError where a value cannot be."""
    if value is not None and not test.low <= value <= test.high:
        raise UserError(f"{test.name}: {value:g} cannot be, give {test.low:g} to {test.high:g} {test.unit}")


def judge(test: StrengthTest, results: Sequence[TestResult]) -> list[Change]:
    """Return the newest value against the first, for each side or activity."""
    changes: list[Change] = []
    for detail in dict.fromkeys(one.detail for one in results if one.test_id == test.id):
        values = [
            (one.at, one.value)
            for one in results
            if one.test_id == test.id and one.detail == detail and one.value is not None
        ]
        if len(values) >= 2:
            values.sort(key=lambda pair: pair[0])
            changes.append(_judge(test, detail, values[0][1], values[-1][1]))
    return changes


def counts(test: StrengthTest, first: float, last: float) -> bool | None:
    """Whether a change is at least the smallest that matters; None where nobody knows that."""
    if test.matters is None:
        return None
    size = abs(last - first)
    # Ostelo's 30 % is of improvements: from 8, two points are too few; from 3, one point is day-to-day noise.
    is_share = test.matters_pct is None or first <= 0 or size >= first * test.matters_pct / 100
    return size >= test.matters and is_share


def _judge(test: StrengthTest, detail: str, first: float, last: float) -> Change:
    change = last - first
    does_count = counts(test, first, last)
    what = f"{test.name}{f' ({detail})' if detail else ''}: {first:g} to {last:g} {test.unit}."
    if does_count is None:
        return Change(test.id, detail, first, last, change, "unjudged", f"{what} Nobody knows what change counts here.")
    limit = f"{test.matters:g} {test.unit}" + (f" and {test.matters_pct:g} %" if test.matters_pct else "")
    if not does_count:
        noise = "Within day-to-day noise" if test.matters_pct else "Smaller than what counts"
        words = f"{what} {noise} (counts from {limit})." if test.matters_pct else f"{what} {noise} ({limit})."
        return Change(test.id, detail, first, last, change, "too_small", words)
    verdict = "better" if (change > 0) == test.is_better_higher else "worse"
    return Change(test.id, detail, first, last, change, verdict, f"{what} That counts as {verdict} ({limit} and more).")
