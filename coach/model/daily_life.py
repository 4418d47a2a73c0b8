"""Movement beside runs and strength sessions: what was done with the legs, and the quiet extras asked for."""

from datetime import date, time
from enum import StrEnum

from coach.model.frozen import dataclass


class TalkTest(StrEnum):
    """LIGHT: could sing. MODERATE: can speak, cannot sing. HARD: only a few words."""

    LIGHT = "light"
    MODERATE = "moderate"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class DailyActivity:
    """Something else done with the legs, and how hard it was by the talk test."""

    activity_id: str
    day: date
    activity: str
    minutes: int
    talk: TalkTest
    note: str = ""


@dataclass(frozen=True, slots=True)
class DailyWishes:
    """The quiet extras, all off until asked for. sitting hours: between these clock times on these weekdays."""

    wants_sitting_breaks: bool = False
    sitting_from: time = time(9)
    sitting_until: time = time(17)
    sitting_every_min: int = 60
    sitting_days: tuple[int, ...] = (0, 1, 2, 3, 4)
    wants_lunge_tip: bool = False
    wants_off_day_block: bool = False
