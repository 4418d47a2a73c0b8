"""Daily life: other activities with the talk test, and the quiet extras; all optional."""

from datetime import date, datetime, timedelta
from typing import Final

from coach.errors import UserError
from coach.model.daily_life import DailyActivity, DailyWishes
from coach.model.plain import from_plain
from coach.model.runs import Run, RunFilter, Sport
from coach.service.strength.plans import StrengthService
from coach.storage.store import Store
from coach.storage.strength import Strength

_KEY: Final = "strength.daily"
SUGGESTIONS: Final = (
    "Walking",
    "Jogging",
    "Cycling",
    "Swimming",
    "Hiking",
    "Dancing",
    "Yoga",
    "Golf",
    "Bowling",
    "Weights",
    "Class",
)


class DailyLife:
    """Thread-safe as the store is."""

    def __init__(self, store: Store, strength: StrengthService) -> None:
        self._settings = store.settings
        self._runs = store.runs
        self._kept = Strength(store.database)
        self._strength = strength

    def wishes(self) -> DailyWishes:
        """Return what the runner asked for; everything off before that."""
        kept = self._settings.get(_KEY)
        return DailyWishes() if kept is None else from_plain(DailyWishes, kept)

    def set_wishes(self, wishes: DailyWishes) -> None:
        """Change wishes; raises UserError where they cannot be kept."""
        if wishes.sitting_until <= wishes.sitting_from:
            raise UserError("the hours must end after they begin")
        if not 15 <= wishes.sitting_every_min <= 240:
            raise UserError("a break every 15 to 240 minutes, please")
        self._settings.put(_KEY, wishes)
        self._strength.refresh()

    def add(self, activity: DailyActivity) -> None:
        """Keep an activity; the same id replaces. Raises UserError where it cannot be."""
        if not 1 <= activity.minutes <= 1440 or not activity.activity.strip():
            raise UserError("an activity needs a name and 1 to 1440 minutes")
        self._kept.put_activity(activity)

    def remove(self, activity_id: str) -> None:
        """Delete an activity by its id; do nothing where there is none."""
        self._kept.remove_activity(activity_id)

    def activities(self, today: date, days: int = 28) -> list[DailyActivity]:
        """Return the last weeks, newest first."""
        return self._kept.activities(today - timedelta(days=days))

    def imported(self, now: datetime, days: int = 28) -> list[Run]:
        """Return walks and other activities of the last weeks that came in from files, newest first;
        not rated by talk."""
        recent = self._runs.list(RunFilter(since=now - timedelta(days=days), sport=None), limit=None)
        return [entry.run for entry in recent if entry.run.sport is not Sport.RUNNING]

    def minutes_by_talk(self, today: date, days: int = 7) -> dict[str, int]:
        """Return minutes of the last week by how hard they were."""
        total: dict[str, int] = {}
        for one in self.activities(today, days):
            total[one.talk.value] = total.get(one.talk.value, 0) + one.minutes
        return total
