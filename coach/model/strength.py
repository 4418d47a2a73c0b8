"""Strength work as planned and as done: exercises, tracks, sessions and sets.

Clock times are the runner's own (`tz`); moments are aware UTC. Weekdays count from Monday = 0.
"""

from datetime import date, datetime, time
from enum import StrEnum

from coach.model.frozen import dataclass


class Track(StrEnum):
    """Chosen by kit and pain. LADDER: pain or beginner. HOME: little kit. GYM: machines."""

    LADDER = "ladder"
    HOME = "home"
    GYM = "gym"


class SessionState(StrEnum):
    """WAITING: no date, because the plan is locked or paused. PARTIAL: stopped early, what was done counts."""

    PLANNED = "planned"
    WAITING = "waiting"
    DONE = "done"
    PARTIAL = "partial"
    SKIPPED = "skipped"
    MISSED = "missed"


class Decision(StrEnum):
    """What the engine did with an exercise, compared with the last time it was done."""

    START = "start"
    GO_ON = "go_on"
    PROGRESS = "progress"
    HOLD = "hold"
    STEP_BACK = "step_back"
    BACK_TWO = "back_two"
    FORECAST = "forecast"


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise of `exercises.toml`.

    kind: "reps" or "hold". load: "none", "optional" (a weight in the hands or on the back) or "machine".
    easier, harder: ids of the neighbouring versions. first_load_kg: what to begin with once load is added; None: found
    by trying.
    """

    id: str
    name: str
    kind: str
    is_each_side: bool
    muscles: tuple[str, ...]
    kit: tuple[str, ...]
    optional_kit: tuple[str, ...]
    load: str
    steps: tuple[str, ...]
    feel: str
    faults: tuple[str, ...]
    stop_signs: tuple[str, ...]
    source: str
    start_picture: str
    end_picture: str
    move_picture: str
    easier: str | None = None
    harder: str | None = None
    first_load_kg: float | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a session, filled with one of `versions` (easiest first). on: "every", "odd" or "even" sessions."""

    id: str
    name: str
    versions: tuple[str, ...]
    first: str
    rest_s: int
    on: str = "every"


@dataclass(frozen=True, slots=True)
class TrackPlan:
    """One track of `tracks.toml`."""

    id: Track
    name: str
    for_whom: str
    kit: tuple[str, ...]
    slots: tuple[Slot, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Dose:
    """How much: ours, in the style of common strength advice, not the study's. rpe_steps: (sessions done, effort)."""

    n_weeks: int
    warm_up_s: int
    sets_first: int
    sets_later: int
    sets_later_after: int
    reps_low: int
    reps_high: int
    reps_step: int
    hold_low_s: int
    hold_high_s: int
    hold_step_s: int
    rpe_steps: tuple[tuple[int, int], ...]
    load_step_pct: float
    reserve_reps: int
    pain_go_on: int
    pain_hold: int
    rest_between_h: int
    long_run_h: int
    absence_days: int
    source: str


@dataclass(frozen=True, slots=True)
class LongRun:
    """A long or hard run that comes back every week."""

    weekday: int
    at: time


@dataclass(frozen=True, slots=True)
class PlanWish:
    """How the runner wants the programme. days: two weekdays; kit: what is at hand, None for the track's usual."""

    track: Track
    days: tuple[int, ...]
    at: time
    tz: str
    start: date
    kit: tuple[str, ...] | None = None
    long_runs: tuple[LongRun, ...] = ()
    maintenance_per_week: int = 1
    activities: tuple[str, ...] = ("Running",)


@dataclass(frozen=True, slots=True)
class PlanPause:
    """Days on which nothing is planned: first and last day, both included; until None: open."""

    start: date
    until: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class Prescription:
    """One exercise of one session. reps, hold_s: per set and side. load_kg: None where there is none or unknown."""

    slot: str
    exercise_id: str
    n_sets: int
    reps: int | None
    hold_s: int | None
    load_kg: float | None
    rest_s: int
    target_rpe: int
    decision: Decision
    reason: str


@dataclass(frozen=True, slots=True)
class SetDone:
    """One set as done."""

    number: int
    reps: int | None = None
    hold_s: float | None = None
    load_kg: float | None = None
    side: str | None = None


@dataclass(frozen=True, slots=True)
class ExerciseDone:
    """One exercise as done. rpe: effort 1-10 of the last set (10 - rpe: reps in reserve). pain: 0-10 during it."""

    slot: str
    exercise_id: str
    sets: tuple[SetDone, ...]
    rpe: float | None = None
    pain: int | None = None


@dataclass(frozen=True, slots=True)
class SessionLog:
    """What became of a session.

    pain_*: back pain 0-10 before, after and next morning. pain_level: the pain state's number then.
    """

    done_at: datetime
    exercises: tuple[ExerciseDone, ...]
    prescribed: tuple[Prescription, ...] = ()
    pain_before: int | None = None
    pain_after: int | None = None
    pain_next_morning: int | None = None
    pain_level: int | None = None


@dataclass(frozen=True, slots=True)
class StrengthSession:
    """One session. number: 1-16 in the block, then on. week: 1-8, 9 and more is maintenance. due_at: aware UTC.

    slot_day: the day of the week's rhythm it belongs to, which a move does not change. is_moved: the runner chose this
    time. reason: why it lies where it lies. log: what was done so far, also before the session is over. is_begun: it
    goes on now, and its exercises stay those that the phone shows.
    """

    session_id: str
    number: int
    week: int
    state: SessionState
    due_at: datetime | None
    reason: str = ""
    is_moved: bool = False
    skip_reason: str = ""
    exercises: tuple[Prescription, ...] = ()
    log: SessionLog | None = None
    slot_day: date | None = None
    is_begun: bool = False


@dataclass(frozen=True, slots=True)
class StrengthPlan:
    """The current programme. held_because: why nothing is planned, "" where it is. advice: sentences for today.

    offers_track: an easier track worth choosing now.
    """

    plan_id: str
    wish: PlanWish
    sessions: tuple[StrengthSession, ...]
    held_because: str = ""
    advice: tuple[str, ...] = ()
    offers_track: Track | None = None
    pauses: tuple[PlanPause, ...] = ()


class Heed(StrEnum):
    """What an answer about pain in a session asks for. EASE: less of it; END: no more of it today."""

    GO_ON = "go_on"
    EASE = "ease"
    END = "end"


@dataclass(frozen=True, slots=True)
class SessionAdvice:
    """What to do after a number for pain. words: for the runner. asks_signs: ask the warning signs now."""

    do: Heed = Heed.GO_ON
    words: str = ""
    asks_signs: bool = False


@dataclass(frozen=True, slots=True)
class SessionAnswer:
    """What taps of a session led to.

    n_new: taps that had not been sent before. advice: after the newest number for pain among them. is_changed: the
    session would now be prescribed otherwise than the phone shows it, and none of its sets is done yet.
    """

    n_new: int
    advice: SessionAdvice = SessionAdvice()
    is_changed: bool = False


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """One tap in a guided session, named by the phone so that sending it twice does no harm.

    kind: "begin", "set", "effort", "undo" (takes back the event `of`) or "end". at: aware UTC, by the phone's clock.
    """

    event_id: str
    session_id: str
    kind: str
    at: datetime
    slot: str = ""
    exercise_id: str = ""
    number: int = 0
    reps: int | None = None
    hold_s: float | None = None
    load_kg: float | None = None
    rpe: float | None = None
    pain: int | None = None
    of: str = ""
