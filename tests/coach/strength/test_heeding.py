"""Pain entered in a session is answered there and then: go on, ease, or end."""

import pytest

from coach.model.strength import Heed
from coach.strength.heeding import LEVELS, heed, table
from coach.strength.loader import load_tracks

DOSE = load_tracks()[1]
KINDS = ("begin", "effort", "end")


@pytest.mark.parametrize("kind", KINDS)
def test_above_five_it_ends_wherever_it_is_entered(kind: str) -> None:
    assert {heed(kind, pain, 0, DOSE).do for pain in range(6, 11)} == {Heed.END}
    assert {heed(kind, pain, 0, DOSE).do for pain in range(3, 6)} == {Heed.EASE}
    assert {heed(kind, pain, 0, DOSE).do for pain in range(3)} == {Heed.GO_ON}


@pytest.mark.parametrize("kind", KINDS)
def test_seven_asks_for_the_signs_and_eight_names_a_clinician(kind: str) -> None:
    six, seven, eight = (heed(kind, pain, None, DOSE) for pain in (6, 7, 8))
    assert (six.asks_signs, seven.asks_signs, eight.asks_signs) == (False, True, True)
    assert "warning signs" in seven.words
    assert "doctor or physiotherapist" in eight.words
    assert "doctor" not in seven.words


def test_pain_that_was_there_before_is_no_reason_to_leave_an_exercise_out() -> None:
    assert heed("effort", 4, 4, DOSE).do is Heed.GO_ON
    assert heed("effort", 5, 4, DOSE).do is Heed.EASE
    assert heed("effort", 6, 9, DOSE).do is Heed.END, "above 5 ends, whatever it was before"


def test_the_table_for_a_phone_without_a_network_holds_the_same_answers() -> None:
    made = table(DOSE)
    for kind in KINDS:
        assert [made[kind][n] for n in LEVELS] == [heed(kind, n, None, DOSE) for n in LEVELS]
    assert made["effort_as_before"][4] == heed("effort", 4, 4, DOSE)
