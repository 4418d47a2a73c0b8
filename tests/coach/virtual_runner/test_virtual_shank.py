"""The virtual shanks turn as people's do, and the core finds their contacts and toe-offs as it finds people's.

Within what the core states of runners left out of its fit (docs/accuracy.md): contact 12 ms, contact time 18 ms.
Parts of the virtual shank were chosen with these results in view: the tests hold the core, they do not measure it.
"""

import numpy as np
import pytest

from coach.gait.shank.analyzer import ShankGait
from coach.model.samples import FloatArray, ImuChunk
from coach.model.sites import WearSite
from coach.model.strides import GaitState, Stride
from coach.virtual_runner.body import VirtualBody
from coach.virtual_runner.runner import MOUNTING, rotation
from coach.virtual_runner.steps import SimulatedStep
from tests.support.common import mostly_slow, mostly_slow_rows
from tests.support.virtual_body import measured

RATE_HZ, SECONDS, SITE = 200.0, 16.0, WearSite.LEFT_SHANK
# Cadence, contact time and the speed that a landing takes from the shank, at running speeds: RBDS, between runners.
SPEEDS = {2.5: (160.0, 0.27, 1.0), 3.5: (170.0, 0.23, 1.6), 4.5: (182.0, 0.195, 2.1)}


def run(speed_mps: float, rate_share: float = 1.0) -> tuple[ImuChunk, list[SimulatedStep]]:
    """What a sensor above the left ankle measures, and the true steps of that leg."""
    cadence_spm, contact_time_s, landing_mps = SPEEDS[speed_mps]
    body = VirtualBody(
        speed_mps,
        cadence_spm,
        contact_time_s,
        landing_speed_mps=landing_mps,
        shank_rate_share=rate_share,
        tires_after_s=1e9,
    )
    chunk, steps = measured(body, SITE, SECONDS, RATE_HZ)
    return chunk, [step for step in steps if step.contact_s < SECONDS - 0.5]


def errors(chunk: ImuChunk, steps: list[SimulatedStep]) -> tuple[FloatArray, FloatArray]:
    """Contact and contact time of each running stride found, less the truth [s]; nan where none is found."""
    gait = ShankGait(SITE)
    found = [e for e in [*gait.feed(chunk), *gait.finish()] if isinstance(e, Stride)]
    found = [stride for stride in found if stride.state is GaitState.RUNNING]
    contacts = np.array([step.contact_s for step in steps])
    true = [steps[int(np.argmin(np.abs(contacts - s.initial_contact_s)))] for s in found]
    late = [s.initial_contact_s - t.contact_s for s, t in zip(found, true, strict=True)]
    longer = [(s.contact_time_s or np.nan) - (t.toe_off_s - t.contact_s) for s, t in zip(found, true, strict=True)]
    return np.array(late), np.array(longer)


@pytest.mark.parametrize(
    ("speed_mps", "rate_share"), mostly_slow_rows([(2.5, 1.0), (3.5, 0.85), (3.5, 1.2), (4.5, 1.0)], n_quick=2)
)
def test_an_ankle_with_a_gyroscope_gives_contact_and_contact_time(speed_mps: float, rate_share: float) -> None:
    late, longer = errors(*run(speed_mps, rate_share))
    assert len(late) >= 16
    assert abs(np.mean(late)) < 0.012
    assert np.std(late) < 0.005
    assert not np.isnan(longer[1:-1]).any()
    assert abs(np.nanmean(longer)) < 0.018


@pytest.mark.parametrize("speed_mps", [2.5, 4.5])
def test_an_ankle_without_a_gyroscope_gives_contact_only(speed_mps: float) -> None:
    chunk, steps = run(speed_mps)
    late, longer = errors(
        ImuChunk(SITE, chunk.t_s, chunk.acc_mps2, None, chunk.acc_range_mps2, chunk.gyr_range_radps, RATE_HZ), steps
    )
    assert len(late) >= 16
    assert abs(np.median(late)) < 0.012
    assert np.isnan(longer).all()


@pytest.mark.parametrize("speed_mps", mostly_slow([2.5, 3.5, 4.5], n_quick=1))
def test_the_hump_of_the_swing_is_no_landing(speed_mps: float) -> None:
    """Until 2026-11 the strongest reading was the landing: of people's ankles two thirds of the contacts were wrong."""
    chunk, steps = run(speed_mps)
    strongest_s = []
    for step in steps[1:]:
        first, end = np.searchsorted(chunk.t_s, (step.contact_s - 0.15, step.contact_s + 0.1))
        strongest_s.append(
            chunk.t_s[first + np.argmax(np.linalg.norm(chunk.acc_mps2[first:end], axis=1))] - step.contact_s
        )
    assert np.mean(np.array(strongest_s) < -0.005) > 0.5
    late, _ = errors(chunk, steps)
    assert np.abs(late).max() < 0.025


@pytest.mark.parametrize(("speed_mps", "slowest", "fastest"), [(2.5, -7.5, -10.3), (4.5, -10.0, -13.8)])
def test_it_swings_forward_as_fast_as_nine_in_ten_shanks_of_thirteen_runners(
    speed_mps: float, slowest: float, fastest: float
) -> None:
    chunk, steps = run(speed_mps)
    assert chunk.gyr_radps is not None
    rate = chunk.gyr_radps @ rotation(MOUNTING[SITE])[:, 1]
    off = np.searchsorted(chunk.t_s, [step.toe_off_s for step in steps[2:-1]])
    swings = [rate[k : k + round(0.4 * RATE_HZ)] for k in off]
    assert slowest > float(np.mean([swing.min() for swing in swings])) > fastest
    turned_rad = np.diff([np.cumsum(rate)[np.searchsorted(chunk.t_s, s.contact_s)] for s in steps[2:]]) / RATE_HZ
    assert abs(np.mean(turned_rad)) < 0.02  # each stride ends as the last; the sensor's bias is .008 rad/s
