"""The virtual feet land as people's do: heel, mid- and forefoot, toed out; an error of the gait core shows on them.

Within what runners left out of the core's fit show (docs/accuracy.md): contact 8 ms, toe-off 12, strike angle 3 deg.
"""

import numpy as np
import pytest

from coach.gait.foot.analyzer import FootGait
from coach.gait.signal.constants import GRAVITY_MPS2
from coach.model.samples import ImuChunk
from coach.model.sites import WearSite
from coach.model.strides import FootStrike, Stride
from coach.virtual_runner.body import VirtualBody
from coach.virtual_runner.foot import KEPT_S
from coach.virtual_runner.runner import VirtualRunner
from coach.virtual_runner.steps import SimulatedStep
from tests.coach.gait.foot.test_loose_strap import wobbling
from tests.support import as_sent

RATE_HZ, SECONDS, SITE = 200.0, 16.0, WearSite.LEFT_FOOT


def run(body: VirtualBody) -> tuple[ImuChunk, list[SimulatedStep]]:
    """What a sensor on the left shoe measures, and the true steps of that foot."""
    runner, steps = VirtualRunner(body), {}
    parts = []
    for k in range(0, round(SECONDS * RATE_HZ), 20):
        parts.append(runner.imu(SITE, k / RATE_HZ, 20, RATE_HZ))
        steps |= {step.number: step for step in runner.plan.steps if step.is_left}
    acc, gyr = (np.vstack(of) for of in zip(*parts, strict=True))
    limit = 16.0 * GRAVITY_MPS2
    t_s = np.arange(len(acc)) / RATE_HZ
    return ImuChunk(SITE, t_s, np.clip(acc, -limit, limit), gyr, limit, float(np.radians(2000.0)), RATE_HZ), [
        *steps.values()
    ]


def strides(chunk: ImuChunk) -> list[Stride]:
    gait = FootGait(SITE)
    return [e for e in [*gait.feed(chunk), *gait.finish()] if isinstance(e, Stride)]


def body(angle_deg: float, toe_out_deg: float = 6.0) -> VirtualBody:
    return VirtualBody(strike_angle_deg=angle_deg, toe_out_deg=toe_out_deg, tires_after_s=1e9)


@pytest.mark.parametrize(
    ("angle_deg", "toe_out_deg", "strike"),
    [(20.0, 6.0, FootStrike.REARFOOT), (13.0, 20.0, FootStrike.REARFOOT), (4.0, 6.0, FootStrike.MIDFOOT),
     (-8.0, 20.0, FootStrike.FOREFOOT)],
)  # fmt: skip
def test_every_landing_is_found_where_it_is(angle_deg: float, toe_out_deg: float, strike: FootStrike) -> None:
    chunk, steps = run(body(angle_deg, toe_out_deg))
    found = strides(chunk)
    contacts = np.array([step.contact_s for step in steps])
    true = [steps[int(np.argmin(np.abs(contacts - s.initial_contact_s)))] for s in found]
    assert len(found) >= 17
    assert abs(np.mean([s.initial_contact_s - t.contact_s for s, t in zip(found, true, strict=True)])) < 0.008
    assert abs(np.mean([(s.toe_off_s or 0.0) - t.toe_off_s for s, t in zip(found, true, strict=True)])) < 0.012
    off = [(s.foot_strike_angle_deg or 0.0) - t.strike_angle_deg for s, t in zip(found, true, strict=True)]
    assert abs(np.mean(off)) < 3.0
    decided = [s.foot_strike for s in found if s.foot_strike is not FootStrike.UNCERTAIN]
    assert decided
    assert set(decided) == {strike}


def test_lost_packets_and_a_loose_strap_do_to_them_what_they_do_to_people() -> None:
    chunk, _ = run(body(4.0))
    lost = np.repeat(np.random.default_rng(3).random(len(chunk.t_s) // 10) < 0.1, 10)
    assert len(strides(as_sent.kept(chunk, ~lost))) >= 0.95 * len(strides(chunk))
    loose = FootGait(SITE)
    loose.feed(wobbling(chunk, 8.0, 10.0, np.array((0.5, 0.8, 0.3))))
    assert loose.is_loose


def test_what_was_read_long_ago_is_refused() -> None:
    runner = VirtualRunner()
    for second in range(20):
        runner.imu(SITE, float(second), 50, 50.0)
    runner.imu(SITE, 19.0 - 0.5 * KEPT_S, 50, 50.0)
    with pytest.raises(ValueError, match="read up to"):
        runner.imu(SITE, 19.0 - 2.0 * KEPT_S, 50, 50.0)
