"""The strength programme as one object: all that pages and commands use."""

from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path

from coach.errors import CoachError
from coach.model.pain import PainState
from coach.model.strength import StrengthPlan, StrengthSession
from coach.model.time_zones import zone_or_utc
from coach.reminders.scheduler import PULSE_S, Reminders
from coach.service.notify.notifier import Publish, Push
from coach.service.strength.assessments import StrengthTests
from coach.service.strength.daily_life import DailyLife
from coach.service.strength.plans import StrengthService
from coach.service.strength.progress import StrengthProgress
from coach.service.strength.reminder_sources import sources
from coach.storage.store import Store
from coach.wall_clock import utc_now


class Programme:
    """One runner's programme. Nothing runs by itself until `start`.

    plans: plan, sessions and taps. tests: check-ins. daily: other activities and quiet extras. push: channels of
    reminders. progress: everything on one time axis. reminders: the scheduler.
    """

    def __init__(
        self,
        store: Store,
        pain_state: Callable[[], PainState],
        publish: Publish,
        secrets: Path,
        clock: Callable[[], datetime] = utc_now,
        pulse_s: float = PULSE_S,
    ) -> None:
        self.plans = StrengthService(store, pain_state, clock)
        self.tests = StrengthTests(store, self.plans)
        self.daily = DailyLife(store, self.plans)
        self.push = Push(store, publish, secrets)
        self.progress = StrengthProgress(store, self.plans, self.tests)
        wanted = sources(store, self.plans, self.tests, self.daily)
        self.reminders = Reminders(self.push.kept, self.push.deliver, wanted, clock, pulse_s, lambda: _here(store))
        self.plans.on_change(self.reminders.refresh_soon)

    def start(self) -> None:
        """Begin to remind: rebuilds all jobs from the database."""
        self.reminders.start()

    def stop(self) -> None:
        """Remind no more."""
        self.reminders.stop()

    def create(self, track: str, days: str, at: str, tz: str, start: date | None = None) -> StrengthPlan:
        """Create a plan as `coach plan create` does: days such as `mon,thu`, a time such as `18:30`, an IANA zone.

        Raises:
            UserError: the wish cannot be kept; the words say what can.
        """
        return self.plans.create(track, days, at, tz, start)

    def show(self) -> StrengthPlan:
        """Return the current plan, as `coach plan show` does.

        Raises:
            UserError: there is none yet.
        """
        return self.plans.plan()

    def next_session(self, plan: StrengthPlan) -> StrengthSession | None:
        """Return the session that comes next, or is due, or has begun."""
        return self.plans.next_session(plan)

    def export_ics(self, path: Path) -> int:
        """Write the calendar file as `coach plan export --ics PATH` does; return the number of sessions in it.

        Raises:
            UserError: there is no plan, or the file cannot be written.
        """
        return self.plans.export_ics(path)


def _here(store: Store) -> tzinfo:
    """Return the runner's time zone; UTC where this computer does not know it: reminders come all the same."""
    try:
        return zone_or_utc(store.runner.get().time_zone)
    except CoachError:
        return UTC
