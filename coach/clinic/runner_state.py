"""Sum up one runner's answers, warning signs, runs and sessions as the few numbers that the clinic's index keeps.

The same pure functions judge here as at home (pain, warning signs, trends at matched speed), so that clinic and runner
never read two different things from the same answers. What depends on the hour is worked out again each night.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from coach.coaching.pain import pain_state
from coach.model.frozen import dataclass
from coach.model.history import Trend, TrendMarks
from coach.model.pain import Lock, PainEntry, RedFlagAnswers
from coach.model.strength import SessionState, StrengthSession
from coach.summary.trends import trend_of

GAIT_METRIC: Final = "step_length_m"  # what the leg programme changed in the trial, see docs/evidence.md
NEWEST: Final = 5  # runs that are compared; chosen by judgement: two weeks of a runner of this programme
BEFORE: Final = 20  # runs before them, which say how much this runner's runs differ anyway
FEWEST_BEFORE: Final = 12  # with fewer, the spread itself is too uncertain to call anything changed
MATTERS: Final = 2.0  # points of pain (Ostelo 2008, as in coach.coaching.pain)
_WEEK: Final = timedelta(days=7)
_PAIN_BEFORE: Final = timedelta(days=35)
SESSION_LATE: Final = timedelta(days=2)  # a session may move by a day or two; chosen by judgement
_SESSION_OLD: Final = timedelta(days=21)  # a plan given up long ago is not news each Monday; chosen by judgement


@dataclass(frozen=True, slots=True)
class RunnerState:
    """What the index keeps of a runner beside runs. Times are aware UTC; None: unknown, or there is none.

    lock: of the warning signs; signs: ids of those still open; locked_since: report of the first of them. pain_level:
    0-10, the number that the rules use. pain_rose_by: points, this week's mean above the four weeks before. is_rising:
    the product's own rule. gait_change_m, gait_se_m: of step length at gait_speed_mps, the newest runs against those
    before, and its standard uncertainty. n_overdue: sessions not done; overdue_since: when the first of them was due.
    """

    lock: Lock
    signs: tuple[str, ...]
    locked_since: datetime | None
    pain_level: int | None
    pain_rose_by: float | None
    is_rising: bool
    gait_change_m: float | None
    gait_se_m: float | None
    gait_speed_mps: float | None
    last_run_at: datetime | None
    n_overdue: int
    overdue_since: datetime | None


def runner_state_of(
    pain: Sequence[PainEntry],
    red_flags: Sequence[RedFlagAnswers],
    marks: TrendMarks,
    last_run_at: datetime | None,
    sessions: Iterable[StrengthSession],
    now: datetime,
) -> RunnerState:
    """Judge one runner at `now`. marks: of `GAIT_METRIC`, all runs."""
    state = pain_state(pain, red_flags, now)
    is_open = state.lock.is_sign_open
    trend = trend_of(GAIT_METRIC, marks)
    change, se = gait_change(trend)
    late = [one.due_at for one in sessions if _is_late(one, now) and one.due_at]
    return RunnerState(
        lock=state.lock,
        signs=state.signs if is_open else (),
        locked_since=_first_report(red_flags, state.signs) if is_open else None,
        pain_level=state.level,
        pain_rose_by=_pain_rose_by(pain, now),
        is_rising=state.is_rising,
        gait_change_m=change,
        gait_se_m=se,
        gait_speed_mps=trend.speed_mps if change is not None else None,
        last_run_at=last_run_at,
        n_overdue=len(late),
        overdue_since=min(late, default=None),
    )


def gait_change(trend: Trend) -> tuple[float | None, float | None]:
    """Return the mean of the newest runs less that of those before, at one speed, with its standard uncertainty.

    The uncertainty rests on how much this runner's runs differ among themselves (and no less than each run's own
    standard error), since a runner differs from day to day by more than any sensor errs.
    """
    values = np.array([point.value for point in trend.points])
    errors = np.array([point.se for point in trend.points])
    new, old = values[-NEWEST:], values[-NEWEST - BEFORE : -NEWEST]
    if len(new) < NEWEST or len(old) < FEWEST_BEFORE:
        return None, None
    of_runs = float(np.mean(errors[-NEWEST - BEFORE :] ** 2))
    variance = max(float(np.var(old, ddof=1)), of_runs if np.isfinite(of_runs) else 0.0)
    return float(new.mean() - old.mean()), float(np.sqrt(variance * (1 / len(new) + 1 / len(old))))


def _pain_rose_by(entries: Sequence[PainEntry], now: datetime) -> float | None:
    """Return this week's mean of back pain less that of the four weeks before; None where either was not asked
    twice."""
    given = [(now - entry.at, entry.back) for entry in entries if entry.back is not None and entry.at <= now]
    week = [level for age, level in given if age < _WEEK]
    before = [level for age, level in given if _WEEK <= age < _PAIN_BEFORE]
    if len(week) < 2 or len(before) < 2:
        return None
    return sum(week) / len(week) - sum(before) / len(before)


def _first_report(answers: Sequence[RedFlagAnswers], signs: Sequence[str]) -> datetime | None:
    """Return when the first of the signs that are open now was last newly reported."""
    since: dict[str, datetime] = {}
    for answer in sorted(answers, key=lambda one: one.at):
        if answer.seen_on is not None:
            since = {sign: at for sign, at in since.items() if sign in signs and sign in answer.signs}
        for sign in answer.signs:
            since.setdefault(sign, answer.at)
    return min((at for sign, at in since.items() if sign in signs), default=None)


def _is_late(session: StrengthSession, now: datetime) -> bool:
    if session.state not in (SessionState.PLANNED, SessionState.MISSED) or session.due_at is None:
        return False
    return SESSION_LATE < now - session.due_at < _SESSION_OLD
