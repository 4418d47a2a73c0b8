"""The virtual runner's shank: what an IMU on a strap above the ankle measures.

The shank turns as the shanks of people do: in stance about the ankle, which moves with the foot, in swing about the
knee, which moves smoothly. So the late swing reads 5 g, as in people as much as the landing. Shoe, heel pad and ankle
give way: the shank stops later and more softly than the foot. Axes as in `foot`.

The constants by judgement, and the width within its range of how the force yields, were chosen in part by what the gait
core finds on these shanks. That it finds events here as in people says nothing of its accuracy (docs/accuracy.md does);
it shows when a change of the core moves them.
"""

from itertools import pairwise
from typing import Final

import numpy as np

from coach.model.samples import FloatArray
from coach.virtual_runner.body import VirtualBody
from coach.virtual_runner.curves import gaussian_kernel, hermite
from coach.virtual_runner.foot import FINE_HZ, KEPT_S, FootMotion, fine_span, measured, on_times, smoothed
from coach.virtual_runner.steps import SimulatedStep, StepPlan

# Rate [rad/s] at which the shank turns forward at tenths of stance, then of swing: medians of both shanks of 13
# treadmill runners (RBDS, Fukuchi 2017, doi:10.7717/peerj.3298; virtual sensors near the ankle) at 2.5 and 4.5 m/s;
# at 3.5 between the two. The hump of the swing after toe-off is as fast as the one after contact.
SPEEDS_MPS: Final = (2.5, 4.5)
STANCE_RADPS: Final = (
    (3.2, 4.9, 5.9, 4.4, 3.1, 1.9, 0.9, 0.4, 0.2, 0.4, 0.9),
    (4.6, 6.9, 9.6, 7.6, 5.8, 4.6, 3.3, 2.3, 1.2, 0.2, -0.4),
)
SWING_RADPS: Final = (
    (4.1, 5.6, 4.7, 1.0, -3.9, -7.2, -8.7, -8.2, -3.7, 3.1),
    (7.6, 8.5, 6.9, 2.6, -6.6, -11.3, -11.5, -10.5, -4.6, 4.7),
)
ANKLE_M: Final = np.array([-0.11, -0.01])  # from the sensor on the laces, x and z; by judgement
ABOVE_M: Final = 0.10  # the strap above the ankle; by judgement
LEANS_BACK_DEG: Final = 8.0  # the shank at contact; by judgement
AHEAD_S: Final = 2.0  # of what is read, the foot is: to the end of a swing, the longest of which is shorter
SWINGS_IN_S: Final = 0.45  # from standing to the first contact, as the foot does
# The force on the shanks of those runners is least about contact and largest 33 (20-40) ms later, for about 40 ms.
YIELDS_S: Final = 0.033
YIELDS_SIGMA_S: Final = 0.011
KNEE_M: Final = 0.38  # above the ankle; by judgement
STRAP_SIGMA_S: Final = 0.005  # soft tissue and strap; by judgement, the runners' own signals were low-passed at 35 Hz


class ShankMotion:
    """IMU readings of one shank at any later time, or up to `KEPT_S` before what was read last."""

    def __init__(self, body: VirtualBody, plan: StepPlan, is_left: bool) -> None:
        self._body = body
        self._plan = plan
        self._is_left = is_left
        self._foot = FootMotion(body, plan, is_left, KEPT_S + AHEAD_S)
        self._kernel = gaussian_kernel(YIELDS_SIGMA_S, FINE_HZ)
        self._light = gaussian_kernel(STRAP_SIGMA_S, FINE_HZ)
        share = float(np.clip((body.speed_mps - SPEEDS_MPS[0]) / (SPEEDS_MPS[1] - SPEEDS_MPS[0]), -0.5, 1.5))
        slow, fast = (np.array(STANCE_RADPS[k] + SWING_RADPS[k]) for k in range(2))
        self._rates = body.shank_rate_share * (slow + share * (fast - slow))

    def read(self, t_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the specific force [m/s2] and turn rate [rad/s], both (n, 3) in shank axes,
        at rising times t_s (n,)."""
        first, end = fine_span(t_s)
        ankle, lean = self._ankle(first, end), self._lean(np.arange(first, end) / FINE_HZ)
        for now, after in pairwise(self._mine()):
            off, on = (round(t * FINE_HZ) for t in (now.toe_off_s, after.contact_s))
            if off < end and on > first:
                here = slice(max(off, first) - first, min(on, end) - first)
                ankle[here] = self._swing(off, on)[max(off, first) - off : min(on, end) - off]
        path = smoothed(ankle + _turned(0.0, ABOVE_M, lean), self._light)
        acc, gyr = measured(np.column_stack([path, lean, np.zeros(len(lean))]), 0.0)
        return on_times(t_s, first, acc), on_times(t_s, first, gyr)

    def _mine(self) -> list[SimulatedStep]:
        return [step for step in self._plan.steps if step.is_left == self._is_left]

    def _ankle(self, first: int, end: int) -> FloatArray:
        """Return where the foot carries the ankle, x and z (end - first, 2) [m], in rows of the fine grid."""
        late, half = round(YIELDS_S * FINE_HZ), len(self._kernel) // 2
        x, z, pitch, _ = self._foot.pose(first - late - half, end - late + half).T
        ankle = np.stack([x, z], 1) + _turned(ANKLE_M[0], ANKLE_M[1], pitch)
        return smoothed(ankle, self._kernel)[half:-half]

    def _swing(self, off: int, on: int) -> FloatArray:
        """Return the ankle in swing, from row `off` to `on`: it hangs from the knee, which moves smoothly."""
        lean = self._lean(np.arange(off - 1, on + 2) / FINE_HZ)
        to_knee = _turned(0.0, KNEE_M, lean)
        left, lands = self._ankle(off - 1, off + 2) + to_knee[:3], self._ankle(on - 1, on + 2) + to_knee[-3:]
        n = on - off
        u = (np.arange(n) / n)[:, None]
        knee = hermite(u, left[1], lands[1], (left[2] - left[0]) / 2 * n, (lands[2] - lands[0]) / 2 * n)
        return knee - to_knee[1:-2]

    def _lean(self, t_s: FloatArray) -> FloatArray:
        """Return how far the shank leans back [rad]."""
        mine = self._mine()
        u = np.clip(1.0 + (t_s - mine[0].contact_s) / SWINGS_IN_S, 0.0, 1.0)
        lean: FloatArray = np.deg2rad(LEANS_BACK_DEG) * u * u * (3.0 - 2.0 * u)
        for now, after in pairwise(mine):
            first, end = np.searchsorted(t_s, (now.contact_s, after.contact_s))
            if first < end:
                lean[first:end] = self._stride(now, after, t_s[first:end])
        return lean

    def _stride(self, now: SimulatedStep, after: SimulatedStep, t_s: FloatArray) -> FloatArray:
        """Return the motion from contact to contact: it swings back as far as it had turned forward."""
        stance = now.contact_s + np.linspace(0.0, 1.0, 11) * (now.toe_off_s - now.contact_s)
        swing = now.toe_off_s + np.linspace(0.1, 1.0, 10) * (after.contact_s - now.toe_off_s)
        keys_s = np.append(stance, swing)
        h = np.diff(keys_s)
        forward, back = np.maximum(self._rates, 0.0), np.minimum(self._rates, 0.0)
        rates = forward - back * _area(h, forward)[-1] / _area(h, back)[-1]
        lean = np.deg2rad(LEANS_BACK_DEG) - _area(h, rates)
        i = np.clip(np.searchsorted(keys_s, t_s, side="right") - 1, 0, len(h) - 1)
        u = (t_s - keys_s[i]) / h[i]
        return hermite(u, lean[i], lean[i + 1], -rates[i] * h[i], -rates[i + 1] * h[i])


def _area(h: FloatArray, rates: FloatArray) -> FloatArray:
    """Return the integral of a rate that runs straight from key to key, at each key."""
    return np.append(0.0, np.cumsum(h * (rates[:-1] + rates[1:]) / 2.0))


def _turned(x: float, z: float, pitch_rad: FloatArray) -> FloatArray:
    """Return a point of the body that turns toes-up by `pitch_rad` (n,), from its centre of turning, x and z, (n,
    2)."""
    c, s = np.cos(pitch_rad), np.sin(pitch_rad)
    return np.stack([x * c - z * s, x * s + z * c], 1)
