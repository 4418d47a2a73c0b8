"""Strength work as planned and as done: exercises, tracks, sessions, sets, tests and daily life.

Clock times are the runner's own (`tz`); moments are aware UTC. Weekdays count from Monday = 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum


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


class TalkTest(StrEnum):
    """LIGHT: could sing. MODERATE: can speak, cannot sing. HARD: only a few words."""

    LIGHT = "light"
    MODERATE = "moderate"
    HARD = "hard"


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
class Pause:
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

    slot_day: the day of the week's rhythm it stands for, which a move does not change. is_moved: the runner chose this
    time. reason: why it lies where it lies. log: what was done so far, also before the session is over.
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


@dataclass(frozen=True, slots=True)
class StrengthPlan:
    """The programme as it stands. held_because: why nothing is planned, "" where it is. advice: sentences for today.

    offers_track: an easier track worth choosing now.
    """

    plan_id: str
    wish: PlanWish
    sessions: tuple[StrengthSession, ...]
    held_because: str = ""
    advice: tuple[str, ...] = ()
    offers_track: Track | None = None
    pauses: tuple[Pause, ...] = ()


@dataclass(frozen=True, slots=True)
class StrengthTest:
    """One test of `assessments.toml`.

    timer: "countdown" (with timer_s), "stopwatch" or "none". pain_at_most: offered only up to this pain. matters: the
    smallest change that counts, in the test's unit, or None where nobody knows it; matters_pct: or this share of the
    first value. is_better_higher: which way is better.
    """

    id: str
    name: str
    unit: str
    kind: str
    timer: str
    steps: tuple[str, ...]
    is_better_higher: bool
    source: str
    timer_s: int | None = None
    sides: tuple[str, ...] = ()
    tracks: tuple[str, ...] = ()
    pain_at_most: int | None = None
    matters: float | None = None
    matters_pct: float | None = None
    matters_source: str = ""
    low: float = 0.0
    high: float = 10.0


@dataclass(frozen=True, slots=True)
class Milestone:
    """A moment of measuring: `week_0`, `week_4`, `week_8`, `month_3`, `month_6`."""

    id: str
    name: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class TestResult:
    """One answer or measurement. detail: side or activity. value None: left out, `note` says why."""

    __test__ = False  # not a class of tests, whatever pytest thinks of its name

    result_id: str
    test_id: str
    milestone: str
    at: datetime
    value: float | None
    detail: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A value against the first one. verdict: "better", "worse", "too_small" or "unjudged"; words say it."""

    test_id: str
    detail: str
    first: float
    last: float
    change: float
    verdict: str
    words: str


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


@dataclass(frozen=True, slots=True)
class Reminder:
    """One message to the runner at a moment. key: unique for good. group: only the newest of a group is ever offered.

    due_at, expires_at: aware UTC; after expires_at it is let go. link: page to open. facts: numbers for the page.
    """

    key: str
    group: str
    due_at: datetime
    expires_at: datetime
    title: str
    body: str
    link: str
    facts: Mapping[str, str] = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True)
class SentReminder:
    """A reminder and what became of it.

    state: "waiting", "told", "closed" (the runner dealt with it), "superseded" (a newer one of its group came) or
    "expired". told_by: the process that told it. told_at: aware UTC.
    """

    reminder: Reminder
    state: str
    source: str
    told_by: str | None = None
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PushPhone:
    """A phone that takes Web Push. endpoint, p256dh, auth: as its browser gave them."""

    endpoint: str
    p256dh: str
    auth: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Channels:
    """How reminders reach the runner beyond the page. ntfy_url: server and topic, such as https://ntfy.sh/my-topic."""

    ntfy_url: str = ""
    ntfy_token: str = ""
    speaks: bool = True
