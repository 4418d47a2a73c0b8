"""In an archive a date is text: a number of eight digits is refused, though written out it would be read as one."""

import pytest

from coach.storage.checking import checked_row
from coach.storage.strength_tables import SESSIONS

ROW = {
    "session_id": "s1", "plan_id": "p1", "number": 1, "week": 1, "state": "planned", "due_at": None,
    "slot_day": "2026-11-01",
    "reason": "", "is_moved": False, "skip_reason": "", "exercises": [], "pain_level": None,
}  # fmt: skip


@pytest.mark.parametrize("value", [20261101, 2026.0, True, [2026, 11, 1]])
def test_a_day_that_is_no_text_is_refused(value: object) -> None:
    assert checked_row(SESSIONS, ROW)["slot_day"]
    with pytest.raises(ValueError, match="where the text of a date"):
        checked_row(SESSIONS, {**ROW, "slot_day": value})
