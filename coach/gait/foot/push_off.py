"""Toe-off and the joints about which the foot pushes off, from the stance's motion, forwards from mid-stance.

The ground's force ends when the last point of the shoe leaves the ground: toe-off is when its tip, before the
metatarsal joints, rises at 0.2 m/s, corrected by how long after it the joints rise. Humps of the pitch rate show it
worse (Falbriard 2018, doi:10.3389/fphys.2018.00610): a swing's hump may be higher than the push-off's.

From heel-off to half of the time to the fastest turning the foot is a rigid body about the resting metatarsal joints:
velocity = -rate x pivot, least squares. That shows where on the shoe the sensor sits.
"""

import math
from dataclasses import dataclass

from coach.gait.foot.params import FootParams
from coach.gait.foot.stance import Fine, point_climb, push_motion, rises_through
from coach.model.samples import FloatArray


@dataclass(frozen=True, slots=True)
class PushOff:
    """tip_s, ball_s: when tip and joints rise [s], nan where they were not seen to.

    pivot: forward, up [m] of the joints from the sensor by this push-off, None where it is unknown. rates: (3, n) turn
    rates of the push-off in the foot's own axes.
    """

    tip_s: float
    ball_s: float
    pivot: tuple[float, float] | None
    rates: FloatArray

    def toe_off_s(self, params: FootParams) -> float:
        """Toe-off [s]; nan where the tip was not seen to rise."""
        ball = self.ball_s if math.isfinite(self.ball_s) else self.tip_s
        return self.tip_s + params.toe_off_s + params.toe_off_ball_share * (ball - self.tip_s)


def push_off(of: Fine, heel_off: int, pivot: tuple[float, float], params: FootParams) -> PushOff:
    """Return the push-off in a window that begins at mid-stance; heel_off: row of heel-off in it."""
    motion = push_motion(of)
    dt, t0 = of.dt_s, of.t_s.item(0)
    found = []
    for forward, level in ((pivot[0] + params.tip_m, params.tip_mps), (pivot[0], params.ball_mps)):
        climb = point_climb(motion.climb_mps, motion.tilt, of.rate, forward, pivot[1])
        found.append(t0 + dt * (heel_off + rises_through(climb[heel_off:], level)))
    pitch = of.rate[1]
    top = heel_off + int(pitch[heel_off : heel_off + round(params.push_top_s / dt)].argmax())
    end = heel_off + max(3, (top - heel_off) // 2)
    rates = pitch[heel_off:end]
    square = float(rates.dot(rates))
    pushing = of.rate[:, heel_off : top + 1]
    if square <= 0.0 or len(rates) < 3:
        return PushOff(found[0], found[1], None, pushing)
    own = motion.own[:, heel_off:end]
    pivot = (float(own[2].dot(rates)) / square, -float(own[0].dot(rates)) / square)
    return PushOff(found[0], found[1], pivot, pushing)
