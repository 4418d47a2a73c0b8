"""What is open of a foot between two phase transitions."""

import numpy as np

from coach.gait.foot.alignment import OwnAxes, Refiner
from coach.gait.foot.params import PARAMS
from coach.gait.foot.stride_state import StrideState
from coach.gait.foot.strides import StanceCandidate


def state() -> StrideState:
    this = StanceCandidate(10, 1, 20, 0, 0.1, 30.0)
    return StrideState(this, this, Refiner(), OwnAxes(np.eye(3), True, 0.0))


def test_a_copy_is_not_changed_by_later_strides_and_keeps_who_is_who() -> None:
    now = state()
    before = now.copied()
    assert now.this is not None
    now.this.contact_s = 0.2
    now.own.add_force(np.ones(3))
    now.refiner.add(9, np.ones(3), np.eye(3), 0.1)
    now.times_s = (0.7,)
    assert before.this is before.last
    assert before.this is not None
    assert before.this.contact_s == 0.1
    assert not before.own._force.any()
    assert before.refiner._n == 0
    assert before.times_s == ()


def test_the_pivot_follows_every_push_off() -> None:
    now = state()
    usual = (PARAMS.pivot_forward_m, PARAMS.pivot_up_m)
    assert now.pivot(PARAMS) == usual
    found = []
    for k in range(PARAMS.pivot_least + 2):
        now.pivots = (*now.pivots, (0.1 + 0.01 * k, -0.05))
        found.append(now.pivot(PARAMS))
    assert found[PARAMS.pivot_least - 2] == usual
    assert len(set(found[PARAMS.pivot_least - 1 :])) == 3
    assert now.pivot(PARAMS) == found[-1]
