"""Initial contact and foot strike angle from the stance's motion, backwards from mid-stance.

Whatever part of a shoe meets the ground turns the foot at once: initial contact lies at a peak of the angular
acceleration, a share towards the moment when the ball of the foot is braked hardest, less a lead. Which of the peaks
it is says a straight line of three cues: `rise` (upward acceleration at a quarter of its landing peak; a heel's landing
reaches a sensor on the laces 16 ms late, a forefoot's at once), the foot's elevation just before, and the braking.
Then the distance from contact to braking, which is the same in all strides of a foot, replaces the single one: a wrong
peak drops out.

Foot strike angle: elevation of the foot's long axis at contact against mid-stance (Altman and Davis 2012,
doi:10.1016/j.gaitpost.2011.09.104), in the foot's own axes.

Fails where the foot does not come to rest (a loose strap), and where the landing is clipped.
"""

import math
from dataclasses import dataclass

import numpy as np

from coach.gait.foot.params import FootParams
from coach.gait.foot.stance import Fine, Motion, integral, landing_motion, peak_shift, point_climb, rises_through
from coach.model.samples import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class LandingCues:
    """Cues of one landing, times in seconds. lift_deg: elevation just before. line_s: where the peak was searched.

    elevation_deg: (n,) of the foot's long axis against mid-stance, toes up positive, of the rows at t_s, (n,).
    turned_deg: (n,) by how much the foot turned toes down from there to mid-stance; it may exceed a right angle.
    """

    rise_s: float
    brake_s: float
    lift_deg: float
    line_s: float
    peak_s: float
    centroid_s: float
    t_s: FloatArray
    elevation_deg: FloatArray
    turned_deg: FloatArray

    def contact_s(self, params: FootParams, is_slow: bool) -> float:
        """Initial contact [s] by this landing alone."""
        lead = params.lead_slow_s if is_slow else params.lead_s
        return self.peak_s + params.brake_share * (self.brake_s - self.peak_s) - lead

    def elevation_at(self, t_s: float) -> float:
        """Elevation [deg] at `t_s`."""
        return float(np.interp(t_s, self.t_s, self.elevation_deg))

    def turned_at(self, t_s: float) -> float:
        """Turn [deg] from `t_s` to mid-stance."""
        return float(np.interp(t_s, self.t_s, self.turned_deg))


def cues(
    of: Fine, is_lost: FloatArray | None, pivot: tuple[float, float], params: FootParams, is_slow: bool
) -> LandingCues | None:
    """Return the cues of the landing in a window that ends at mid-stance, or None where nothing lands in it.

    is_lost: (n,) 1 where the readings were interpolated over a gap. pivot: forward, up [m] of the metatarsal joints
    from the sensor.
    """
    dt, n, t0 = of.dt_s, len(of.t_s), of.t_s.item(0)
    motion = landing_motion(of)
    tilt = motion.tilt
    first = _near_ground(motion, pivot, params)
    jerk = of.force[:, 2:] - of.force[:, :-2]
    energy = np.zeros(n)
    jerk *= jerk
    np.add.reduce(jerk, out=energy[1:-1])
    if is_lost is not None:
        energy[is_lost > 0.0] = 0.0
    share = np.add.accumulate(energy[first:])
    total = share.item(-1)
    if total <= 0.0 or n - first < 5:
        return None
    share /= total
    last = params.energy_to_slow if is_slow else params.energy_to
    weight = np.minimum(np.maximum(share, params.energy_from), last)
    weight[1:] -= weight[:-1].copy()
    weight[0] -= params.energy_from
    centre = first + float(weight.dot(np.arange(n - first))) / (last - params.energy_from)
    c = math.ceil(centre)
    rise = _rise(motion.lift_mps2, c, n, dt, params)
    ball = point_climb(motion.climb_mps, tilt, of.rate, *pivot)
    braking = np.empty(n)
    braking[1:-1] = ball[2:] - ball[:-2]
    braking[0], braking[-1] = braking[1], braking[-2]
    low, high = max(0, c - round(params.brake_before_s / dt)), min(n, c + round(params.brake_after_s / dt))
    m = low + int(braking[low:high].argmax())
    brake = m + peak_shift(braking, m)
    if math.isnan(rise):
        rise = centre
    elevation = np.degrees(np.arcsin(np.minimum(np.maximum(tilt[0], -1.0), 1.0)))
    lift = _at(elevation, centre - params.lift_before_s / dt)
    clipped = min(max(lift, params.lift_from_deg), params.lift_to_deg)
    line = rise + (params.line_s + params.line_s_per_deg * clipped) / dt + params.line_brake_share * (brake - rise)
    peak = _peak(of.rate, line, dt, params)
    times = [t0 + dt * row for row in (rise, brake, line, peak, centre)]
    turned = integral(of.rate[1], dt)
    turned = np.degrees(turned[-1] - turned)
    return LandingCues(times[0], times[1], lift, times[2], times[3], times[4], of.t_s, elevation, turned)


def _near_ground(motion: Motion, pivot: tuple[float, float], params: FootParams) -> int:
    """Row from which on the lowest point of the sole is near the ground."""
    tilt = motion.tilt
    sole = motion.height_m + params.sole_m * (tilt[2] - 1.0)
    sole += np.minimum(params.heel_m * tilt[0], pivot[0] * tilt[0])
    high = (sole > params.near_ground_m).nonzero()[0]
    return max(0, high.item(-1) - 1) if len(high) else 0


def _rise(lift: FloatArray, c: int, n: int, dt: float, params: FootParams) -> float:
    """Row at which the upward acceleration passes a share of its landing peak near row `c`; nan if it does not."""
    low, high = max(0, c - round(params.rise_before_s / dt)), min(n, c + round(params.rise_after_s / dt))
    k = low + int(lift[low:high].argmax())
    i = max(0, k - round(params.rise_search_s / dt))
    i += int(lift[i : k + 1].argmin())
    level = lift.item(i) + params.rise_share * (lift.item(k) - lift.item(i))
    return i + rises_through(lift[i : k + 1], level, is_last=True)


def _peak(rate: FloatArray, line: float, dt: float, params: FootParams) -> float:
    """Row of the peak of angular acceleration about the row `line`: large and near."""
    turn = rate[:, 2:] - rate[:, :-2]
    turn *= turn
    size = np.sqrt(np.add.reduce(turn))  # of rows 1 .. n - 2
    tops = ((size[1:-1] > size[:-2]) & (size[1:-1] >= size[2:])).nonzero()[0] + 1
    if not len(tops):
        return line
    found = [k + 1 + peak_shift(size, k) for k in tops.tolist()]
    width = params.peak_width_s / dt
    near = [
        size.item(k) * math.exp(-0.5 * ((row - line) / width) ** 2) for k, row in zip(tops.tolist(), found, strict=True)
    ]
    most = params.peak_window_s / dt
    nearest: float = found[near.index(max(near))]
    return line + min(max(nearest - line, -most), most)


def _at(values: FloatArray, row: float) -> float:
    k = min(max(int(row), 0), len(values) - 2)
    share = min(max(row - k, 0.0), 1.0)
    return values.item(k) + share * (values.item(k + 1) - values.item(k))
