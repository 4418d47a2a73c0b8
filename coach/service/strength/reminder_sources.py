"""The sources of reminders: what plan, tests, runs and daily wishes want delivered; for `coach.reminders`."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from coach.model.reminders import Reminder
from coach.model.runs import RunFilter
from coach.model.strength import SessionState, StrengthPlan
from coach.reminders.morning import Effort, morning_questions
from coach.service.strength.assessments import StrengthTests
from coach.service.strength.daily_life import DailyLife
from coach.service.strength.plans import StrengthService
from coach.storage.store import Store
from coach.strength.reminding import daily_reminders, milestone_reminders, session_reminders

_DAYS_BACK = timedelta(days=3)
_DONE = (SessionState.DONE, SessionState.PARTIAL)


def sources(
    store: Store, strength: StrengthService, tests: StrengthTests, daily: DailyLife
) -> Mapping[str, Callable[[datetime], Sequence[Reminder]]]:
    """Return every source by its stable name, in the order of asking; each gives all reminders it wants from now on."""
    latest: list[tuple[datetime, StrengthPlan | None]] = []

    def plan_at(now: datetime) -> StrengthPlan | None:
        """Return the plan, made once for all sources that are asked at the same moment."""
        if not latest or latest[0][0] != now:
            latest[:] = [(now, strength.show())]
        return latest[0][1]

    def time_zone(now: datetime) -> str:
        plan = plan_at(now)
        return plan.wish.tz if plan is not None else store.runner.get().time_zone

    def sessions(now: datetime) -> Sequence[Reminder]:
        latest.clear()  # asked first of all: a plan kept from an earlier round may be older than a tap
        plan = plan_at(now)
        return [] if plan is None else session_reminders(plan, now)

    def milestones(now: datetime) -> Sequence[Reminder]:
        views = tests.milestones(plan_at(now))
        answered = [view.milestone.id for view in views if view.results]
        return milestone_reminders([view.milestone for view in views], answered, now)

    def mornings(now: datetime) -> Sequence[Reminder]:
        efforts = [*_runs(store, now), *_sessions(plan_at(now), now)]
        return morning_questions(efforts, store.pain.list(since=now - _DAYS_BACK), time_zone(now), now)

    def extras(now: datetime) -> Sequence[Reminder]:
        return daily_reminders(daily.wishes(), plan_at(now), time_zone(now), now)

    return {"sessions": sessions, "tests": milestones, "mornings": mornings, "daily": extras}


def _runs(store: Store, now: datetime) -> list[Effort]:
    found: list[Effort] = []
    for entry in store.runs.list(RunFilter(since=now - _DAYS_BACK), limit=None):
        run = entry.run
        if run.state.is_over:
            found.append(Effort("run", run.run_id, run.started_at + timedelta(seconds=run.duration_s or 0.0)))
    return found


def _sessions(plan: StrengthPlan | None, now: datetime) -> list[Effort]:
    return [
        Effort("session", one.session_id, one.log.done_at)
        for one in (plan.sessions if plan is not None else ())
        if one.state in _DONE and one.log is not None and now - one.log.done_at <= _DAYS_BACK
    ]
