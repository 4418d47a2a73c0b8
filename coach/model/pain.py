"""Pain as the runner reports it, and what it lets the coach do."""

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from coach.model.frozen import dataclass

ASK_SIGNS_FROM: Final = 7  # of 10; by judgement: pain that stops a run and may be another pain than before
CLINICIAN_FROM: Final = 8  # of 10; by judgement: severe on every common reading of the scale
UNDO_S: Final = 10.0  # a tap of pain during a run can be taken back for so long


class PainMoment(StrEnum):
    """When a pain level was asked for. WORST_24H: the worst of the last 24 hours. NOW: at no moment of a run or
    session."""

    BEFORE_RUN = "before_run"
    DURING_RUN = "during_run"
    AFTER_RUN = "after_run"
    NEXT_MORNING = "next_morning"
    BEFORE_SESSION = "before_session"
    AFTER_SESSION = "after_session"
    WORST_24H = "worst_24h"
    NOW = "now"


@dataclass(frozen=True, slots=True)
class PainEntry:
    """One answer on the 0-10 numeric scale; back and calf/Achilles apart. at: aware UTC time."""

    at: datetime
    moment: PainMoment
    back: int | None = None
    calf: int | None = None
    run_id: str | None = None
    session_id: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class RedFlagAnswers:
    """Signs the runner said yes to, by their id in `red_flags.toml`; seen_on: date of a clinician's look at them."""

    at: datetime
    signs: tuple[str, ...]
    seen_on: date | None = None


class SignKind(StrEnum):
    """EMERGENCY: help now. URGENT: be seen in days. RUNNER: stop running until seen. ASK_FIRST: ask before starting."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    RUNNER = "runner"
    ASK_FIRST = "ask_first"


@dataclass(frozen=True, slots=True)
class RedFlag:
    """One sign of `red_flags.toml`.

    asks: the question. locks: whether it locks coaching by itself. is_lasting: history rather than a new event, so a
    clinician's look at any earlier date counts. sources: ids in `sources.toml`. is_weak: says little alone, and locks
    only together with others (`SignCombination`); asks_further: what to ask when it is the only one.
    """

    id: str
    kind: SignKind
    asks: str
    locks: bool
    is_lasting: bool
    sources: tuple[str, ...]
    is_weak: bool = False
    asks_further: str = ""


@dataclass(frozen=True, slots=True)
class SignCombination:
    """How weak signs count together. n_weak_that_lock: so many weak signs lock as one strong sign does."""

    n_weak_that_lock: int
    sources: tuple[str, ...]


class Lock(StrEnum):
    """What keeps the runner from coaching.

    NONE: coaching may run. NOT_ASKED: the warning signs were never asked, or must be asked again: the coach only
    listens. URGENT: locked until seen by a clinician. EMERGENCY: locked, get help now.
    """

    NONE = "none"
    NOT_ASKED = "not_asked"
    URGENT = "urgent"
    EMERGENCY = "emergency"

    @property
    def is_sign_open(self) -> bool:
        """Whether a warning sign that locks is open: a run then starts only after the runner's confirmation."""
        return self in (Lock.URGENT, Lock.EMERGENCY)


@dataclass(frozen=True, slots=True)
class PainState:
    """What pain history and red flags allow today, each statement with its reason.

    level: 0-10, the number the rules use (None: never asked). allows_load_cues: cues that add load may speak.
    allows_cues: any form cue may speak. allows_strike_training: no calf or Achilles trouble. words: for the runner.
    signs: red flags still open. easier_track: walking and the easier strength track are the offer today.
    asked_at: when the warning signs were last answered, aware UTC (None: never). further: what a weak sign asks.
    """

    lock: Lock
    level: int | None
    calf_level: int | None
    is_rising: bool
    is_settled: bool
    allows_cues: bool
    allows_load_cues: bool
    allows_strike_training: bool
    advises_clinician: bool
    reasons: tuple[str, ...]
    words: str
    signs: tuple[str, ...] = ()
    easier_track: bool = False
    asked_at: datetime | None = None
    further: tuple[str, ...] = ()
