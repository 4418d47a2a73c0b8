"""Detect the events of one stance: initial contact, mid-stance, toe-off; and how far the foot rolls between them.

Initial contact is detected twice. At once, in a window around the end of a swing (`contact`): the specific force along
the foot's up axis falls while the leg reaches down and rises when the ground stops the foot; a heel that meets the
ground turns the toes down at the same time (foot slap). Each rise has its onset; the landing lies between them. A
ripple of the swinging leg may rise as much as a clipped or a soft landing: a clear slap says from when on the landing
is searched.

Then by the stance's motion, backwards from mid-stance (`cues`): whatever part of a shoe meets the ground turns the foot
at once, so initial contact lies at a peak of the angular acceleration, a share towards the moment when the ball of the
foot is braked hardest, less a lead. Which of the peaks it is says a straight line of three cues: `rise` (upward
acceleration at a quarter of its landing peak; a heel's landing reaches a sensor on the laces 16 ms late, a forefoot's
at once), the foot's elevation just before, and the braking. Then the distance from contact to braking, which is the
same in all strides of a foot, replaces the single one: a wrong peak drops out. Foot strike angle: elevation of the
foot's long axis at contact against mid-stance (Altman and Davis 2012, doi:10.1016/j.gaitpost.2011.09.104), in the
foot's own axes. Fails where the foot does not come to rest (a loose strap), and where the landing is clipped.

Toe-off and the joints about which the foot pushes off come forwards from mid-stance (`push_off`). The ground's force
ends when the last point of the shoe leaves the ground: toe-off is when its tip, before the metatarsal joints, rises at
0.2 m/s, corrected by how long after it the joints rise. Humps of the pitch rate show it worse (Falbriard 2018,
doi:10.3389/fphys.2018.00610): a swing's hump may be higher than the push-off's. From heel-off to half of the time to
the fastest turning the foot is a rigid body about the resting metatarsal joints: velocity = -rate x pivot, least
squares. That shows where on the shoe the sensor sits.

`columns` are those of the rows held, (N_COLUMNS, n); rows are counted from their first. The foot's axes are forward,
left, up; pitch is positive toes down.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from coach.gait.foot.constants import AX, GX, PITCH, T
from coach.gait.foot.params import PARAMS, FootParams
from coach.gait.foot.trajectory import (
    Attitude,
    Fine,
    Motion,
    integral,
    landing_motion,
    own_velocity,
    peak_shift,
    point_climb,
    push_motion,
    rises_through,
)
from coach.model.samples import FloatArray


class Contact(NamedTuple):
    """One landing. t_s: initial contact. peak_mps2: largest specific force from contact until the window's end.
    is_clipped: whether an axis was at full scale in the window."""

    t_s: float
    peak_mps2: float
    is_clipped: bool


def contact(
    columns: FloatArray,
    swing_end: int,
    up: FloatArray,
    rate_hz: float,
    search_s: float,
    shock_mps2: float,
    limit_mps2: float,
    params: FootParams = PARAMS,
) -> Contact | None:
    """Return the initial contact around the row `swing_end`, as accelerometer and gyroscope show it, or None.

    columns: (N_COLUMNS, n) rows held. up: (3,) up axis of the flat foot in sensor axes. A window of `search_s` after
    the end of the swing without a step of the specific force of `shock_mps2` holds no landing. limit_mps2: an axis from
    here on is at full scale.
    """
    start = swing_end - round(params.contact_before_s * rate_hz)
    window = columns[:, start : swing_end + round(search_s * rate_hz) + 1]
    force = window[AX : AX + 3]
    step = force[:, 1:] - force[:, :-1]
    if max(np.vecdot(step.T, step.T).tolist()) < shock_mps2 * shock_mps2:
        return None
    t, up_force, pitch = window[T].tolist(), up.dot(force).tolist(), window[PITCH].tolist()
    is_landing, t_s, row = _landing(t, up_force, pitch, rate_hz, params)
    if not is_landing:
        return None
    norm2 = np.vecdot(force.T, force.T).tolist()
    is_clipped = max(norm2) >= limit_mps2 * limit_mps2 and bool((np.abs(force) >= limit_mps2).any())
    return Contact(t_s, math.sqrt(max(norm2[row:])), is_clipped)


def _landing(
    t: Sequence[float], up_force: Sequence[float], pitch: Sequence[float], rate_hz: float, params: FootParams
) -> tuple[bool, float, int]:
    """Return (whether there is a landing, its time, the sample before the force's onset).

    For a window of 20 to 200 samples plain loops over lists are several times faster than array calls.
    """
    n = len(t)
    onset_s, row, rise, first = _onset(t, up_force, 0, params.onset_share, params.onset_rise_share)
    is_landing = rise > params.least_rise_mps2 and first > 0
    # As the foot comes down it turns already: only what it turns faster than that is a slap.
    at_rest = max(pitch[max(row - round(params.before_slap_s * rate_hz), 0)], 0.0)
    above = [rate if rate > at_rest else at_rest for rate in pitch]
    slap_s, _, slap, slap_first = _onset(t, above, 0, params.slap_share, params.onset_rise_share)
    clear = 0.0
    if slap_first > 0:
        clear = min(max((slap - params.slap_from_radps) / (params.slap_clear_radps - params.slap_from_radps), 0.0), 1.0)
    # A force that rises long before a clear slap is a ripple of the swinging leg: the landing comes later.
    from_s = slap_s - params.slap_within_s + params.onset_lead_s
    if clear == 1.0 and onset_s <= from_s:
        start = 0
        while start < n - 2 and t[start] < from_s:
            start += 1
        later_s, later_row, later_rise, later_first = _onset(
            t, up_force, start, params.onset_share, params.onset_rise_share
        )
        if later_rise > params.least_rise_mps2 and later_first > start:
            onset_s, row, first = later_s, later_row, later_first
    onset_s -= params.onset_lead_s
    apart = slap_s - onset_s
    # Force and slap are two signs of one landing: half way between them where both are clear and near.
    weight = 0.5 * clear if abs(apart) < params.slap_within_s else 0.0
    return is_landing, onset_s + weight * apart + params.corner_share * (1.0 / rate_hz - 1.0 / params.chosen_at_hz), row


def _onset(
    t: Sequence[float], values: Sequence[float], start: int, share: float, large_share: float
) -> tuple[float, int, float, int]:
    """Return the first large rise: (time of its onset, sample before it, whole rise, sample at which it is large).

    Only the samples from `start` on count.
    """
    n = len(t)
    lowest = values[start]
    rise = 0.0  # the largest comes first: only beside it shows which others are large
    for k in range(start + 1, n):
        value = values[k]
        if value < lowest:
            lowest = value
        elif value - lowest > rise:
            rise = value - lowest
    large = large_share * rise
    lowest = values[start]
    first = start
    for k in range(start, n):
        if values[k] < lowest:
            lowest = values[k]
        if values[k] - lowest >= large:
            first = k
            break
    level = lowest + share * rise  # the last sample below it is the onset, between samples by a straight line
    row = start
    for k in range(first - 1, start - 1, -1):
        if values[k] < level:
            row = k
            break
    step = values[row + 1] - values[row]
    part = 0.0 if step == 0.0 else (level - values[row]) / step
    part = min(max(part, 0.0), 1.0)
    return t[row] + part * (t[row + 1] - t[row]), row, rise, first


class LandingCues(NamedTuple):
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
        """Return the initial contact [s] by this landing alone."""
        lead = params.lead_slow_s if is_slow else params.lead_s
        return self.peak_s + params.brake_share * (self.brake_s - self.peak_s) - lead

    def elevation_at(self, t_s: float) -> float:
        """Return the elevation [deg] at `t_s`."""
        return float(np.interp(t_s, self.t_s, self.elevation_deg))

    def turned_at(self, t_s: float) -> float:
        """Turn [deg] from `t_s` to mid-stance."""
        return float(np.interp(t_s, self.t_s, self.turned_deg))


def cues(
    of: Fine, attitude: Attitude, pivot: tuple[float, float], params: FootParams, is_slow: bool
) -> LandingCues | None:
    """Return the cues of the landing in a window that ends at mid-stance, or None where nothing lands in it.

    attitude: after each of the window's half turns. pivot: forward, up [m] of the metatarsal joints from the sensor.
    """
    dt, n, t0 = of.dt_s, len(of.t_s), of.t_s.item(0)
    motion = landing_motion(of, attitude)
    tilt = motion.tilt
    first = _near_ground(motion, pivot, params)
    jerk = of.force[:, 2:] - of.force[:, :-2]
    energy = np.zeros(n)
    jerk *= jerk
    np.add.reduce(jerk, out=energy[1:-1])
    share = np.add.accumulate(energy[first:])
    total = share.item(-1)
    if total <= 0.0 or n - first < 5:  # fewer rows show no landing
        return None
    share /= total
    last = params.energy_to_slow if is_slow else params.energy_to
    # The centroid of the squared jerk without its first and last shares, which are not of the landing.
    weight = np.minimum(np.maximum(share, params.energy_from), last)
    weight[1:] -= weight[:-1].copy()
    weight[0] -= params.energy_from
    centre = first + float(weight.dot(np.arange(0.0, n - first))) / (last - params.energy_from)
    c = math.ceil(centre)
    rise = _rise(motion.lift_mps2.tolist(), c, dt, params)
    ball = point_climb(motion.climb_mps, tilt, of.rate, *pivot)
    braking = (ball[2:] - ball[:-2]).tolist()
    braking = [braking[0], *braking, braking[-1]]
    brake_row = _top(braking, c - round(params.brake_before_s / dt), c + round(params.brake_after_s / dt))
    brake = brake_row + peak_shift(braking, brake_row)
    if math.isnan(rise):
        rise = centre  # the acceleration never falls below its level: the jerk alone says when
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
    """Return the row from which on the lowest point of the sole is near the ground."""
    tilt = motion.tilt
    sole = motion.height_m + params.sole_m * (tilt[2] - 1.0)
    sole += np.minimum(params.heel_m * tilt[0], pivot[0] * tilt[0])
    high = (sole > params.near_ground_m).nonzero()[0]
    return max(0, high.item(-1) - 1) if len(high) else 0


def _top(values: Sequence[float], low: int, high: int) -> int:
    """Return the row of the largest value between the rows low and high, the first of several."""
    part = values[max(0, low) : high]
    return max(0, low) + part.index(max(part))


def _rise(lift: Sequence[float], c: int, dt: float, params: FootParams) -> float:
    """Return the row at which the upward acceleration passes a share of its peak near row `c`; nan if it does not."""
    k = _top(lift, c - round(params.rise_before_s / dt), c + round(params.rise_after_s / dt))
    start = max(0, k - round(params.rise_search_s / dt))
    before = lift[start : k + 1]
    i = start + before.index(min(before))
    level = lift[i] + params.rise_share * (lift[k] - lift[i])
    return i + rises_through(lift[i : k + 1], level, is_last=True)


def _peak(rate: FloatArray, line: float, dt: float, params: FootParams) -> float:
    """Return the row of the peak of angular acceleration about the row `line`: large and near."""
    turn = rate[:, 2:] - rate[:, :-2]
    turn *= turn
    size = np.sqrt(np.add.reduce(turn)).tolist()  # of rows 1 .. n - 2
    width, most = params.peak_width_s / dt, params.peak_window_s / dt
    nearest, largest = line, -math.inf
    for k in range(1, len(size) - 1):
        if size[k - 1] < size[k] >= size[k + 1]:
            row = k + 1 + peak_shift(size, k)
            near = size[k] * math.exp(-0.5 * ((row - line) / width) ** 2)
            if near > largest:
                nearest, largest = row, near
    return line + min(max(nearest - line, -most), most)


def _at(values: FloatArray, row: float) -> float:
    k = min(max(int(row), 0), len(values) - 2)
    share = min(max(row - k, 0.0), 1.0)
    return values.item(k) + share * (values.item(k + 1) - values.item(k))


def mid_stance(
    columns: FloatArray, contact_s: float, swing_end: int, heel_off: int, rate_hz: float, params: FootParams = PARAMS
) -> int:
    """Return the row of mid-stance: where the foot turns slowest between landing and heel-off.

    Energy of the turn rate over `rest_s`, smallest; from `rest_after_contact_s` after contact on, before heel-off.
    """
    half = max(1, round(0.5 * params.rest_s * rate_hz))
    window = columns[:, swing_end - half : heel_off + 1]
    rates = window[GX : GX + 3]
    energy = np.vecdot(rates.T, rates.T).tolist()
    return swing_end + _slowest(
        window[T].tolist(), energy, len(energy) - 2 * half, contact_s + params.rest_after_contact_s, half
    )


def rolling(
    columns: FloatArray,
    start: int,
    end: int,
    contact_s: float,
    toe_off_s: float,
    inwards: FloatArray,
    bias_radps: float,
) -> tuple[float, float]:
    """Return eversion: the largest turn inwards since contact [rad], and the largest rate in its first half [rad/s].

    start, end: rows around the contact. inwards: (3,) the foot's forward axis (left foot) or its opposite (right foot)
    in sensor axes. bias_radps: what the gyroscope reads about that axis at rest.
    """
    window = columns[:, start : end + 1]
    rate = inwards.dot(window[GX : GX + 3])
    rate -= bias_radps
    t = window[T].tolist()
    on, off = bisect_left(t, contact_s), bisect_right(t, toe_off_s)
    return _rolled(t, rate.tolist(), on, off, len(t), 0.5 * (contact_s + toe_off_s))


def _slowest(t: Sequence[float], energy: Sequence[float], n: int, from_s: float, half: int) -> int:
    """Return the sample, of n, of the least energy over `2 half + 1` from `from_s` on; energy begins `half` before."""
    summed = 0.0
    for k in range(2 * half):
        summed += energy[k]
    best, least = 0, math.inf
    for k in range(n):
        summed += energy[k + 2 * half]
        if t[k + half] >= from_s and summed < least:
            best, least = k, summed
        summed -= energy[k]
    return best


def _rolled(
    t: Sequence[float], rate: Sequence[float], start: int, end: int, n: int, middle_s: float
) -> tuple[float, float]:
    """Return (largest turn since contact, largest rate until `middle_s`), both 0 at least; on the ground start to end.

    The window holds n samples; before `start` and from `end` on the rate counts as 0.
    """
    most = fastest = turned = before = 0.0
    for k in range(start, end):
        now = rate[k]
        if k > 0:
            turned += 0.5 * (now + before) * (t[k] - t[k - 1])
            if turned > most:
                most = turned
        if now > fastest and t[k] <= middle_s:
            fastest = now
        before = now
    if start < end < n:
        most = max(most, turned + 0.5 * before * (t[end] - t[end - 1]))
    return most, fastest


class PushOff(NamedTuple):
    """tip_s, ball_s: when tip and joints rise [s], nan where they were not seen to.

    pivot: forward, up [m] of the joints from the sensor by this push-off, None where it is unknown. rates: (3, n) turn
    rates of the push-off in the foot's own axes.
    """

    tip_s: float
    ball_s: float
    pivot: tuple[float, float] | None
    rates: FloatArray

    def toe_off_s(self, params: FootParams) -> float:
        """Return the toe-off [s]; nan where the tip was not seen to rise."""
        ball = self.ball_s if math.isfinite(self.ball_s) else self.tip_s
        return self.tip_s + params.toe_off_s + params.toe_off_ball_share * (ball - self.tip_s)


def push_off(of: Fine, attitude: Attitude, heel_off: int, pivot: tuple[float, float], params: FootParams) -> PushOff:
    """Return the push-off in a window that begins at mid-stance. heel_off: row in it. attitude: as of `cues`."""
    motion = push_motion(of, attitude)
    dt, t0 = of.dt_s, of.t_s.item(0)
    points_m = np.array(((pivot[0] + params.tip_m,), (pivot[0],)))
    climb, tilt, rate = motion.velocity_mps[2, heel_off:], motion.tilt[:, heel_off:], of.rate[:, heel_off:]
    tip, ball = point_climb(climb, tilt, rate, points_m, pivot[1]).tolist()
    tip_s = t0 + dt * (heel_off + rises_through(tip, params.tip_mps))
    ball_s = t0 + dt * (heel_off + rises_through(ball, params.ball_mps))
    pitch = of.rate[1]
    top = heel_off + int(pitch[heel_off : heel_off + round(params.push_top_s / dt)].argmax())
    end = heel_off + max(3, (top - heel_off) // 2)
    rates = pitch[heel_off:end]
    square = float(rates.dot(rates))
    pushing = of.rate[:, heel_off : top + 1]
    if square <= 0.0 or len(rates) < 3:
        return PushOff(tip_s, ball_s, None, pushing)
    own = own_velocity(motion, heel_off, end)
    pivot = (float(own[2].dot(rates)) / square, -float(own[0].dot(rates)) / square)
    return PushOff(tip_s, ball_s, pivot, pushing)
