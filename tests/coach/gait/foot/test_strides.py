"""Classes, states and uncertainties of strides."""

import pytest

from coach.gait.foot.activity import state_of
from coach.gait.foot.reports import strike_of
from coach.model.strides import FootStrike, GaitState


@pytest.mark.parametrize(
    ("angle_deg", "strike"),
    [
        (15.0, FootStrike.REARFOOT),
        (10.1, FootStrike.REARFOOT),
        (8.1, FootStrike.UNCERTAIN),
        (6.2, FootStrike.UNCERTAIN),
        (4.0, FootStrike.MIDFOOT),
        (-1.0, FootStrike.UNCERTAIN),
        (-3.5, FootStrike.UNCERTAIN),
        (-3.7, FootStrike.FOREFOOT),
    ],
)
def test_strikes_near_a_cut_off_are_uncertain(angle_deg: float, strike: FootStrike) -> None:
    assert strike_of(angle_deg, 2.0) is strike


def test_a_less_certain_angle_widens_the_uncertain_band() -> None:
    assert strike_of(11.0, 2.0) is FootStrike.REARFOOT
    assert strike_of(11.0, 4.0) is FootStrike.UNCERTAIN


@pytest.mark.parametrize(
    ("contact_s", "stride_s", "state"),
    [
        (0.25, 0.70, GaitState.RUNNING),
        (0.65, 1.10, GaitState.WALKING),
        (0.38, 0.86, GaitState.RUNNING),
        (0.50, 0.86, GaitState.WALKING),
    ],
)
def test_flight_separates_running_from_walking(contact_s: float, stride_s: float, state: GaitState) -> None:
    assert state_of(contact_s, stride_s) is state
