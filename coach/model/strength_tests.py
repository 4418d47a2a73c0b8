"""Strength as measured at home: the tests, when they are due, what came out and whether it changed.

Moments are aware UTC.
"""

from datetime import datetime

from coach.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class StrengthTest:
    """One test of `assessments.toml`.

    timer: "countdown" (with timer_s), "stopwatch" or "none". pain_at_most: offered only up to this pain. matters: the
    smallest change that counts, in the test's unit, or None where nobody knows it; matters_pct: or this share of the
    first value. is_better_higher: which way is better. items: sentences of a "checklist", whose value is how many were
    ticked.
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
    items: tuple[str, ...] = ()


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
