"""The covariate does what it is for: it takes away what began further out and came back by itself."""

import pytest

from coach.coaching.response import MeasuredChange
from tests.advice.ancova import estimates


def moment(before: float, is_withheld: bool, answer: float = 0.0) -> MeasuredChange:
    return MeasuredChange("c", "shortened_stride", is_withheld, before, before - 0.5 * (before + 2.0) + answer)


def test_cues_that_came_further_out_are_judged_by_their_answer_alone() -> None:
    spoken = [moment(before, False, 1.5) for before in (-6.0, -5.5, -5.0, -4.0)]
    silent = [moment(before, True) for before in (-4.5, -4.0, -3.0, -2.5, -2.0)]
    both = estimates(spoken, silent)
    assert both is not None
    difference, covariance = both
    assert covariance.effect == pytest.approx(1.5)
    assert difference.effect > 2.3  # which takes the way back for an answer


def test_too_few_moments_are_judged_by_neither() -> None:
    assert estimates([moment(-4.0, False)], [moment(-3.0, True)] * 2) is None
    assert estimates([], [moment(-3.0, True)] * 9) is None
