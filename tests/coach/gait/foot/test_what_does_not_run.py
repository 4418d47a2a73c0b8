"""Pedals, leg swings, stairs, a rope and a shoe in a hand are no running."""

import pytest

from coach.gait.foot.analyzer import FootGait
from coach.model.strides import GaitEvent, GaitState, MidStance, Stride, ToeOff
from tests.coach.gait.foot.other_motions import MOTIONS, chunk
from tests.support.common import mostly_slow


def events(name: str) -> list[GaitEvent]:
    motion = chunk(name)
    gait = FootGait(motion.wear_site)
    return [*gait.feed(motion), *gait.finish()]


@pytest.mark.parametrize("name", mostly_slow(MOTIONS, n_quick=8))
def test_no_other_motion_is_running(name: str) -> None:
    assert not [e for e in events(name) if isinstance(e, Stride) and e.state is not GaitState.WALKING]


@pytest.mark.parametrize("name", mostly_slow([name for name in MOTIONS if not name.startswith("marching")], n_quick=6))
def test_what_does_not_step_has_no_strides_and_no_stances(name: str) -> None:
    assert not [e for e in events(name) if isinstance(e, Stride | MidStance | ToeOff)]
