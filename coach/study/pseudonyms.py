"""Give each participant a label that names nobody and a shift of all dates, the same in each export of a study (the
shift as long as the participant's first run stays the first).

Both come from a secret key of the study by HMAC-SHA-256 (RFC 2104): without the key nobody can go back from the label,
nor try out who it is. The shift is a whole number of weeks, so that weekdays and the time between two runs stay, and
ends before 1900, which in BIDS says that a date was shifted (quoted in bids-validator's issue 627). Moments are cut to
the full hour: a start to the second is known to whoever saw the runner's own upload of it.
"""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Final

from coach.model.frozen import dataclass

KEY_BYTES: Final = 32
_LABEL_DIGITS: Final = 10  # 40 bits: among a thousand participants two share a label with a chance of 5e-7
_BEFORE: Final = datetime(1900, 1, 1, tzinfo=UTC)
_LONGEST_WEEKS: Final = 520  # no study follows a runner for longer
_SPREAD_WEEKS: Final = 104  # season and year are then unknown; chosen by judgement


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """key: secret of the study, `KEY_BYTES` bytes."""

    key: bytes

    def label(self, participant: str) -> str:
        """Return the label of a participant, letters and digits; follows "sub-"."""
        return "P" + self._digest("label", participant).hex()[:_LABEL_DIGITS].upper()

    def shifted(self, participant: str, at: datetime, first: datetime) -> datetime:
        """Return a moment of a participant, shifted and cut to the full hour. first: the participant's earliest moment,
        which decides by how much; both aware."""
        weeks = (first - _BEFORE) // timedelta(weeks=1) + _LONGEST_WEEKS
        extra = int.from_bytes(self._digest("shift", participant)[:4], "big") % _SPREAD_WEEKS
        moved = at.astimezone(UTC) - timedelta(weeks=weeks + extra)
        return moved.replace(minute=0, second=0, microsecond=0)

    def _digest(self, purpose: str, participant: str) -> bytes:
        return hmac.new(self.key, f"{purpose}\0{participant}".encode(), hashlib.sha256).digest()


def session_label(started_at: datetime, enrolled_at: datetime) -> str:
    """Return the session of a run: the week since enrolment, "week00" the first; "pre01" the one before it."""
    week = (started_at - enrolled_at) // timedelta(weeks=1)
    return f"week{week:02d}" if week >= 0 else f"pre{-week:02d}"
