"""What a sensor measures that a virtual runner wears, with the truth."""

import numpy as np

from coach.model.samples import ImuChunk
from coach.model.sites import WearSite
from coach.model.units import GRAVITY_MPS2
from coach.virtual_runner.body import VirtualBody
from coach.virtual_runner.runner import VirtualRunner
from coach.virtual_runner.steps import SimulatedStep

PACKET = 20  # readings
ACC_RANGE_MPS2, GYR_RANGE_RADPS = 16.0 * GRAVITY_MPS2, float(np.radians(2000.0))


def measured(
    body: VirtualBody, site: WearSite, seconds: float, rate_hz: float = 200.0
) -> tuple[ImuChunk, list[SimulatedStep]]:
    """What a sensor of 16 g and 2000 deg/s measures on one leg from standing on, and that leg's true steps."""
    runner = VirtualRunner(body)
    steps: dict[int, SimulatedStep] = {}
    parts = []
    for k in range(0, round(seconds * rate_hz), PACKET):
        parts.append(runner.imu(site, k / rate_hz, PACKET, rate_hz))
        steps |= {step.number: step for step in runner.plan.steps if step.is_left == site.is_left}
    acc, gyr = (np.vstack(of) for of in zip(*parts, strict=True))
    acc, gyr = np.clip(acc, -ACC_RANGE_MPS2, ACC_RANGE_MPS2), np.clip(gyr, -GYR_RANGE_RADPS, GYR_RANGE_RADPS)
    t_s = np.arange(len(acc)) / rate_hz
    return ImuChunk(site, t_s, acc, gyr, ACC_RANGE_MPS2, GYR_RANGE_RADPS, rate_hz), [*steps.values()]
