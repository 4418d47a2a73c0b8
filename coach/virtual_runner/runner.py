"""A virtual runner: what sensors on its body measure, for the demonstration and for tests.

Physics and published values, no recording: see `steps`, `foot`, `shank` and `trunk`. Same seed, same run.
"""

from typing import Final

import numpy as np

from coach.model.frozen import dataclass
from coach.model.samples import FloatArray, HeartRateSample, RunningSpeedSample, TreadmillSample
from coach.model.sites import WearSite
from coach.virtual_runner.body import VirtualBody
from coach.virtual_runner.foot import KEPT_S, FootMotion
from coach.virtual_runner.jumps import LASTS_S, jumping_force, jumping_turn
from coach.virtual_runner.shank import ShankMotion
from coach.virtual_runner.steps import StepPlan
from coach.virtual_runner.trunk import TrunkMotion

# How each sensor sits: rotation vector [rad] from body to sensor axes. Shoe clips slope with the laces.
MOUNTING: Final = {
    WearSite.LEFT_FOOT: (0.10, 0.42, 0.20),
    WearSite.RIGHT_FOOT: (-0.12, 0.38, -0.25),
    WearSite.LEFT_SHANK: (0.30, -0.10, 0.60),
    WearSite.RIGHT_SHANK: (-0.20, 0.15, -0.70),
    WearSite.PELVIS: (0.05, -0.15, 0.03),
    WearSite.CHEST: (-0.04, 0.20, 0.06),
}
ACC_NOISE_MPS2: Final = 0.04  # LSM6DS3-class parts at 100-200 Hz bandwidth
GYR_NOISE_RADPS: Final = 0.002
GYR_BIAS_RADPS: Final = 0.008
HEART_RISES_S: Final = 40.0  # time constant of heart rate at the start of exercise, chosen by eye, 2026-11-20


def rotation(vector: tuple[float, float, float]) -> FloatArray:
    """Return the rotation matrix (3, 3) of a rotation vector [rad] (Rodrigues)."""
    angle = float(np.linalg.norm(vector))
    if angle == 0:
        return np.eye(3)
    x, y, z = np.array(vector) / angle
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    matrix: FloatArray = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)
    return matrix


@dataclass(frozen=True, slots=True)
class _Worn:
    motion: FootMotion | ShankMotion | TrunkMotion
    mounting: FloatArray
    bias_radps: FloatArray
    chance: np.random.Generator


class VirtualRunner:
    """Implements `coach.model.motion.MotionSource`; reads of one wear site go forward in time."""

    def __init__(self, body: VirtualBody | None = None) -> None:
        self.body = body or VirtualBody()
        self.plan = StepPlan(self.body)
        self._worn: dict[WearSite, _Worn] = {}
        self._read_s: dict[WearSite, float] = {}  # how far each was read
        self._jumps_s: float | None = None

    def jump(self, t_s: float) -> None:
        """Stand still from `t_s` on and jump three times, as the check before a run asks for; then run again."""
        self._jumps_s = t_s

    def hear(self, focus: str, t_s: float) -> None:
        """Let a cue of this focus reach the runner at `t_s`: it answers as its body can."""
        self.plan.hear(focus, t_s)

    def imu(self, wear_site: WearSite, start_s: float, n: int, rate_hz: float) -> tuple[FloatArray, FloatArray]:
        """Return the specific force [m/s2] (n, 3) and turn rate [rad/s] (n, 3) in the sensor's axes, before clipping.

        Raises:
            ValueError: what is asked for lies more than `KEPT_S` before what was read last: it is kept no longer.
        """
        read_s = self._read_s.get(wear_site, start_s)
        if start_s < read_s - KEPT_S:
            raise ValueError(f"the {wear_site} was read up to {read_s:.1f} s: {start_s:.1f} s is kept no longer")
        worn = self._worn.get(wear_site)
        if worn is None:
            worn = self._worn[wear_site] = self._put_on(wear_site)
        t_s = start_s + np.arange(n) / rate_hz
        acc, gyr = worn.motion.read(t_s)
        if self._jumps_s is not None:
            after_s = t_s - self._jumps_s
            is_jumping = (after_s >= 0) & (after_s < LASTS_S)
            is_leg = wear_site.is_foot or wear_site.is_shank
            up, left = jumping_force(after_s, is_leg), jumping_turn(after_s, is_leg)
            acc[is_jumping] = np.stack([0 * up, 0 * up, up], 1)[is_jumping]
            gyr[is_jumping] = np.stack([0 * left, left, 0 * left], 1)[is_jumping]
        acc = acc @ worn.mounting.T + ACC_NOISE_MPS2 * worn.chance.standard_normal((n, 3))
        gyr = gyr @ worn.mounting.T + worn.bias_radps + GYR_NOISE_RADPS * worn.chance.standard_normal((n, 3))
        self._read_s[wear_site] = max(read_s, start_s)
        self.plan.forget_before(min(self._read_s.values()) - 20.0)  # one that was away comes back
        return acc, gyr

    def running_speed(self, t_s: float) -> RunningSpeedSample:
        """Return a perfect running pod: speed and steps per minute over the last steps."""
        if not self._is_running(t_s):
            return RunningSpeedSample(t_s, 0.0, 0, cadence_spm=0.0, distance_m=0.0, is_running=False)
        cadence = self.body.cadence_spm / self.plan.step_length_factor(t_s)
        distance = self.body.speed_mps * (t_s - self.body.standing_s)
        length = 120.0 * self.body.speed_mps / cadence
        return RunningSpeedSample(t_s, self.body.speed_mps, round(cadence), cadence, length, distance, True)

    def heart_rate(self, t_s: float) -> HeartRateSample:
        """Return a perfect chest strap: rises towards the running value."""
        gain = 1.0 - np.exp(-max(0.0, t_s - self.body.standing_s) / HEART_RISES_S)
        bpm = self.body.resting_bpm + (self.body.running_bpm - self.body.resting_bpm) * gain
        return HeartRateSample(t_s, round(bpm), (round(60.0 / bpm * 1024) / 1024,), True)

    def treadmill(self, t_s: float) -> TreadmillSample:
        """Return the belt under the runner, level."""
        speed = self.body.speed_mps if self._is_running(t_s) else 0.0
        return TreadmillSample(t_s, speed, 0.0, speed * max(0.0, t_s - self.body.standing_s), None, max(0.0, t_s))

    def _is_running(self, t_s: float) -> bool:
        return t_s > self.body.standing_s

    def _put_on(self, site: WearSite) -> _Worn:
        if site.is_foot:
            motion: FootMotion | ShankMotion | TrunkMotion = FootMotion(self.body, self.plan, site.is_left)
        elif site.is_shank:
            motion = ShankMotion(self.body, self.plan, site.is_left)
        else:
            motion = TrunkMotion(self.body, self.plan, site)
        chance = np.random.default_rng((self.body.seed, list(WearSite).index(site)))
        return _Worn(motion, rotation(MOUNTING[site]), GYR_BIAS_RADPS * chance.uniform(-1, 1, 3), chance)
