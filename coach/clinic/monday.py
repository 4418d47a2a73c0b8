"""Choose which runners of a clinic to look at first on Monday, with the reason for each.

It displays and sorts what runners themselves answered and their sensors measured; it diagnoses nothing and nobody
watches it at night. Order: a warning sign that locks, pain that rose, gait that changed, what is overdue, and a coach
that is silent. Silence is a reason of its own: "we do not know" is not "well".
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from coach.clinic.runner_state import MATTERS, RunnerState
from coach.model.frozen import dataclass
from coach.model.pain import Lock

# Of runners whose gait has not changed about one in a hundred lies beyond this, with 12 to 20 runs before (Student's t
# at 11 to 19 degrees of freedom: 1.2 to 0.7 %); 1.96 would name one in 13 to 15 each Monday.
GAIT_BEYOND: Final = 3.0
NO_RUN_FOR: Final = timedelta(days=10)  # a programme of three runs a week has stopped; chosen by judgement
SILENT_FOR: Final = timedelta(days=7)  # a coach that is on reports once a day; chosen by judgement


class Reason(StrEnum):
    """Why a runner is on the page, the gravest first."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    PAIN = "pain"
    GAIT = "gait"
    OVERDUE = "overdue"
    SILENT = "silent"


_LEVEL: Final = "pain="
_RANK: Final = {reason: rank for rank, reason in enumerate(Reason)}


@dataclass(frozen=True, slots=True)
class Seen:
    """Who has seen a row, when, and what it held then."""

    name: str
    at: datetime
    mark: str


@dataclass(frozen=True, slots=True)
class Patient:
    """A runner as the page is given. label: the clinic's own name for the runner. heard_at: when the coach at home last
    reported; None: never."""

    runner_id: str
    pseudonym: str
    label: str
    state: RunnerState | None
    heard_at: datetime | None
    joined_at: datetime
    seen: Seen | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A runner with the reasons, the gravest first; none: nothing to look at. mark: what "seen" refers to. is_seen: by
    somebody, and nothing new has come since."""

    patient: Patient
    reasons: tuple[Reason, ...]
    mark: str

    @property
    def is_seen(self) -> bool:
        """Whether somebody has looked at the runner since the newest reason came."""
        return bool(self.reasons) and self.patient.seen is not None and not _is_news(self.patient.seen.mark, self.mark)


def rows_of(patients: Iterable[Patient], now: datetime) -> Sequence[Row]:
    """Return all patients: first those with an unseen reason, by its gravity, then the seen ones, then all others."""
    rows = [_row(patient, now) for patient in patients]
    return sorted(rows, key=_order)


def _row(patient: Patient, now: datetime) -> Row:
    reasons = tuple(reasons_of(patient, now))
    return Row(patient, reasons, _mark(patient, reasons))


def reasons_of(patient: Patient, now: datetime) -> list[Reason]:
    """Return why this patient is to be looked at."""
    found: list[Reason] = []
    state = patient.state
    if state is not None:
        if state.lock is Lock.EMERGENCY:
            found.append(Reason.EMERGENCY)
        elif state.lock is Lock.URGENT:
            found.append(Reason.URGENT)
        if state.is_rising or (state.pain_rose_by or 0.0) >= MATTERS:
            found.append(Reason.PAIN)
        if is_gait_changed(state):
            found.append(Reason.GAIT)
        is_idle = state.last_run_at is not None and now - state.last_run_at > NO_RUN_FOR
        if state.n_overdue or is_idle:
            found.append(Reason.OVERDUE)
    if now - (patient.heard_at or patient.joined_at) > SILENT_FOR:
        found.append(Reason.SILENT)
    return found


def is_gait_changed(state: RunnerState) -> bool:
    """Whether step length at matched speed changed by clearly more than its uncertainty."""
    if state.gait_change_m is None or not state.gait_se_m:
        return False
    return abs(state.gait_change_m) > GAIT_BEYOND * state.gait_se_m


def _mark(patient: Patient, reasons: Sequence[Reason]) -> str:
    """Return what there is to see: reasons, open signs and since when, and the level of a pain that rose."""
    state = patient.state
    parts = [reason.value for reason in reasons]
    if state is not None and state.lock.is_sign_open:
        parts += [*state.signs, state.locked_since.isoformat() if state.locked_since else ""]
    if state is not None and Reason.PAIN in reasons and state.pain_level is not None:
        parts.append(f"{_LEVEL}{state.pain_level}")
    return " ".join(parts)


def _is_news(seen: str, now: str) -> bool:
    """Whether a mark holds what the one that was seen does not: "seen" holds no more. What has gone is no news."""
    before, after = _parts(seen), _parts(now)
    has_risen = _LEVEL in after and after[_LEVEL] - before.get(_LEVEL, 0.0) >= MATTERS
    return has_risen or not after.keys() <= before.keys() | {_LEVEL}


def _parts(mark: str) -> dict[str, float]:
    """Return the parts of a mark, each with 0, but for the level of pain. One from a form may be any text."""
    parts = [part.partition("=") for part in mark.split()]
    return {name + is_level: float(level) if level.isdecimal() else 0.0 for name, is_level, level in parts}


def _order(row: Row) -> tuple[bool, bool, int, float, str]:
    state = row.patient.state
    rank = _RANK[row.reasons[0]] if row.reasons else len(_RANK)
    worst = -(state.pain_level or 0) if state is not None else 0
    return not row.reasons, row.is_seen, rank, float(worst), row.patient.label.casefold()
