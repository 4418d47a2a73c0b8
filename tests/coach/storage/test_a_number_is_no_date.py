"""In an archive a date is text and a measure is a number: what could only be read as one is refused."""

from datetime import date

import pytest

from coach.storage.checking import checked_row
from coach.storage.run_tables import SHOES
from coach.storage.strength_tables import SESSIONS

SESSION = {
    "session_id": "s1", "plan_id": "p1", "number": 1, "week": 1, "state": "planned", "due_at": None,
    "slot_day": "2026-11-01",
    "reason": "", "is_moved": False, "skip_reason": "", "exercises": [], "pain_level": None,
}  # fmt: skip
SHOE = {"name": "Road", "since": "2026-11-01", "retired_on": None, "start_m": 12_000, "notes": ""}
MIDNIGHT_S = 1_767_225_600  # of 1 January 2026: a reader of nouns alone would take it as that day


@pytest.mark.parametrize("value", [20261101, 2026.0, True, [2026, 11, 1], MIDNIGHT_S])
def test_a_day_that_is_no_text_is_refused(value: object) -> None:
    assert checked_row(SESSIONS, SESSION)["slot_day"] == date(2026, 11, 1)
    assert checked_row(SHOES.table, SHOE)["since"] == date(2026, 11, 1)
    with pytest.raises(ValueError, match="where the text of a date"):
        checked_row(SESSIONS, {**SESSION, "slot_day": value})
    with pytest.raises(ValueError, match="where the text of a date"):
        checked_row(SHOES.table, {**SHOE, "since": value})


def test_a_day_of_a_shoe_lies_within_living_memory() -> None:
    with pytest.raises(ValueError, match="outside"):
        checked_row(SHOES.table, {**SHOE, "since": "0101-11-01"})


@pytest.mark.parametrize("value", ["12000", True, [12_000]])
def test_a_measure_that_is_no_number_is_refused(value: object) -> None:
    assert checked_row(SHOES.table, SHOE)["start_m"] == 12_000
    with pytest.raises(ValueError, match="where a number belongs"):
        checked_row(SHOES.table, {**SHOE, "start_m": value})


@pytest.mark.parametrize("value", [1.0, "1", 1.5])
def test_a_count_that_is_no_whole_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="where int belongs"):
        checked_row(SESSIONS, {**SESSION, "number": value})


@pytest.mark.parametrize("value", [5, 5.5, True, ["a"], {"a": 1}])
def test_a_text_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="where str belongs"):
        checked_row(SESSIONS, {**SESSION, "reason": value})
