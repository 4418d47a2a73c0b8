"""Find landings and toe-offs of a running shank in a window; any mounting, with or without gyroscope.

With gyroscope. The shank's turn rate about its main axis (mediolateral) falls below -4 rad/s while it swings forwards
and rises through zero just before contact. Initial contact: between the rise of the force along the shank and the mean
time of the squared jerk in the window after that crossing, less a lag. The strike moves the two differently (alone 7
and 8 ms between runners, together 5.6); their distance is the same in all strides of a window. Toe-off: the recovery
has begun when the turn rate, after its minimum at push-off, rises through 3.5 rad/s; less a lag and a share of the
contact's duration. Where it never rises that far, the steepest rise less a lag, less surely: a slow runner's has two of
them. The swing's sign is the one whose swings end in a shock.

Without gyroscope. Near the ankle the late swing reads as much as the landing (5-6 g), but it is slow: landings are
looked for in jerk. Toe-off shows in no acceleration that means the same for all runners, so there is none.

Fails where a runner's turn rate has no clear minimum at push-off (toe-off then scatters, see `ShankGait`), and in
soft tissue: the lags come from virtual sensors on the bone's markers, and were seen again on real ankle straps without
gyroscope (7 treadmill runs of two people: 0 to +6 ms).
"""

import math
from collections.abc import Sequence

import numpy as np

from coach.gait.shank.params import ShankParams
from coach.gait.signal.filters import cubic, hann_smooth
from coach.gait.signal.window import WindowView
from coach.model.frozen import dataclass
from coach.model.samples import FloatArray
from coach.model.units import GRAVITY_MPS2


@dataclass(frozen=True, slots=True)
class ContactCandidate:
    """One running contact.

    toe_off_s: None where it is not, or not yet, seen. known_s: from here it will not change. contact_sd_s,
    toe_off_sd_s: standard uncertainties.
    """

    contact_s: float
    toe_off_s: float | None
    known_s: float
    contact_sd_s: float
    toe_off_sd_s: float = math.nan


@dataclass(frozen=True, slots=True, eq=False)
class _FineSignals:
    """The window on a finer, even grid. jerk2: (n,) squared jerk [m2/s6], nothing where readings were interpolated.

    along_mps2: (n,) specific force along its mean, which a shank's long axis is.
    """

    t_s: FloatArray
    rate_hz: float
    gyr_radps: FloatArray | None
    jerk2: FloatArray
    along_mps2: FloatArray


def find_landings(view: WindowView, params: ShankParams) -> list[ContactCandidate]:
    """Return all landings of a window that look like a run's, oldest first."""
    fine = _fine(view, params)
    if fine is None:
        return []
    is_slow = view.rate_hz < params.slow_below_hz
    found = _by_bursts(fine, params) if fine.gyr_radps is None else _by_swings(fine, is_slow, params)
    end_s = float(view.t_s[-1])
    return [landing for landing in found if landing.known_s <= end_s or view.is_last]


def have_shocks(
    view: WindowView, contacts_s: Sequence[float], is_running: Sequence[bool], params: ShankParams
) -> list[bool]:
    """Whether each contact and its neighbours bring shocks: sudden ones, and in running hard ones. Pedalling has none.

    Medians over five contacts: one soft landing in a run stays one, a jolt makes no landing of a pedal stroke.
    """
    shocks = [_shock(view, contact_s, params) for contact_s in contacts_s]
    judged = []
    for k, runs in enumerate(is_running):
        impact, sharpness = np.median(shocks[max(0, k - 2) : k + 3], axis=0).tolist()
        judged.append(sharpness > params.least_sharpness and (not runs or impact > params.least_impact_g))
    return judged


def _shock(view: WindowView, contact_s: float, params: ShankParams) -> tuple[float, float]:
    """Return the largest specific force [g] about a contact,
    and its sharpness: largest change between readings over their RMS."""
    half = params.sharpness_half_s
    edges = (contact_s - half, contact_s - params.impact_before_s, contact_s + params.impact_after_s, contact_s + half)
    wide_first, first, last, wide_last = np.searchsorted(view.t_s, edges)
    size = np.linalg.norm(view.acc_mps2[first:last], axis=1)
    change = np.linalg.norm(np.diff(view.acc_mps2[wide_first:wide_last], axis=0), axis=1)
    if len(size) < 2 or len(change) < 4:
        return 0.0, 0.0
    usual = max(float(np.sqrt((change**2).mean())), 1e-9)
    return float(size.max()) / GRAVITY_MPS2, float(change.max()) / usual


def _fine(view: WindowView, params: ShankParams) -> _FineSignals | None:
    """Return the readings on an even grid of at least `least_rate_hz`, by cubic interpolation."""
    if len(view.t_s) < 8:
        return None
    factor = max(1, int(np.ceil(params.least_rate_hz / view.rate_hz)))
    n = (len(view.t_s) - 1) * factor + 1
    rows = np.arange(n) / factor
    acc = cubic(view.acc_mps2, rows)
    gyr = None if view.gyr_radps is None else cubic(view.gyr_radps, rows)
    rate = view.rate_hz * factor
    jerk2 = (np.gradient(acc, 1.0 / rate, axis=0) ** 2).sum(axis=1)
    # Jerk across a straight line is no shock, nor is its absence: what was lost counts nothing on either side.
    lost = np.flatnonzero(view.is_bad | view.is_interpolated)
    for row in lost.tolist():
        jerk2[max(0, (row - 1) * factor) : (row + 1) * factor + 1] = 0.0
    mean = acc.mean(axis=0)
    along = acc @ (mean / max(float(np.linalg.norm(mean)), 1e-9))
    return _FineSignals(np.interp(rows, np.arange(len(view.t_s)), view.t_s), rate, gyr, jerk2, along)


def _by_swings(fine: _FineSignals, is_slow: bool, params: ShankParams) -> list[ContactCandidate]:
    """Return landings after each swing, by the turn rate, the rise of the force and the jerk."""
    assert fine.gyr_radps is not None
    rate = _swing_rate(fine, fine.gyr_radps, params)
    slope = np.gradient(rate, 1.0 / fine.rate_hz)
    ends = _swing_ends(rate, fine.rate_hz, params)
    before, after = round(params.landing_before_s * fine.rate_hz), round(params.landing_after_s * fine.rate_hz)
    usual = float(np.median(np.diff(ends))) if len(ends) > 2 else params.usual_stride_s * fine.rate_hz
    centres = {end: _mean_time(fine, end - before, end + after, params) for end in ends if end >= before}
    rises = [_rise(fine, end - before, end + after, params) - c for end, c in centres.items() if c is not None]
    if not rises:
        return []
    lag = params.contact_lag_slow_s if is_slow else params.contact_lag_s
    # One distance for all strides of the window: a strike lasts the same each time, a single rise may be a ripple.
    lead = params.contact_rise_share * float(np.median(rises)) - lag
    found = []
    for end, centre in centres.items():
        if centre is None:
            continue
        contact, known_s = centre + lead, float(fine.t_s[end]) + params.landing_after_s
        toe_off, toe_off_sd = _toe_off(fine, rate, slope, end, usual, contact, params)
        found.append(ContactCandidate(contact, toe_off, known_s, params.contact_sd_s, toe_off_sd))
    return found


def _rise(fine: _FineSignals, start: int, stop: int, params: ShankParams) -> float:
    """Return the time at which the force along the shank passes a share of its landing peak between two rows [s]."""
    start = max(0, start)
    top = start + int(np.argmax(fine.along_mps2[start:stop]))
    first = max(start, top - round(params.rise_before_s * fine.rate_hz))
    force = fine.along_mps2[first : top + 1]
    low = int(np.argmin(force))
    level = force[low] + params.rise_share * (force[-1] - force[low])
    row = low + int(np.argmax(force[low:] >= level))
    if row == low:
        return float(fine.t_s[first + row])
    part = (level - force[row - 1]) / (force[row] - force[row - 1])
    return float(fine.t_s[first + row] - (1.0 - part) / fine.rate_hz)


def _swing_rate(fine: _FineSignals, gyr_radps: FloatArray, params: ShankParams) -> FloatArray:
    """Turn rate [rad/s] about the mediolateral axis, smoothed, negative in the forward swing."""
    axis = np.linalg.eigh(gyr_radps.T @ gyr_radps)[1][:, 2]
    rate = hann_smooth(gyr_radps @ axis, round(params.rate_smoothing_s * fine.rate_hz))
    after, before = round(params.landing_after_s * fine.rate_hz), round(params.swing_quiet_s * fine.rate_hz)
    # Of the two signs the axis may have, the right one's swings end in a shock and are quiet before it.
    scores = []
    for sign in (1.0, -1.0):
        shocks = [
            float(fine.jerk2[k : k + after].sum() / (1.0 + fine.jerk2[max(0, k - before) : k].sum()))
            for k in _swing_ends(sign * rate, fine.rate_hz, params)
        ]
        scores.append(float(np.median(shocks)) if len(shocks) > 1 else 0.0)
    return rate if scores[0] >= scores[1] else -rate


def _swing_ends(rate: FloatArray, rate_hz: float, params: ShankParams) -> list[int]:
    """Return rows at which the turn rate rises through zero after a forward swing."""
    back, apart = round(params.swing_before_s * rate_hz), params.swings_apart_s * rate_hz
    ends: list[int] = []
    for k in (np.flatnonzero((rate[:-1] < 0) & (rate[1:] >= 0)) + 1).tolist():
        is_swing = float(rate[max(0, k - back) : k].min(initial=0.0)) < -params.swing_radps
        if is_swing and (not ends or k - ends[-1] > apart):
            ends.append(k)
    return ends


def _mean_time(fine: _FineSignals, start: int, stop: int, params: ShankParams) -> float | None:
    """Return the mean time of the squared jerk between two shares of its sum; None where there is none."""
    energy = fine.jerk2[max(0, start) : stop]
    total = float(energy.sum())
    if len(energy) < 3 or total <= 0:
        return None
    share = np.cumsum(energy) / total
    part = np.minimum(share, params.energy_to) - np.maximum(np.append(0.0, share[:-1]), params.energy_from)
    part = np.clip(part, 0.0, None)
    return float((part * fine.t_s[max(0, start) : stop]).sum() / part.sum())


def _toe_off(
    fine: _FineSignals,
    rate: FloatArray,
    slope: FloatArray,
    end: int,
    usual: float,
    contact_s: float,
    params: ShankParams,
) -> tuple[float | None, float]:
    """Return the toe-off by the turn rate's rise after its least value between stance and recovery,
    and its uncertainty [s].

    None while it may still change.
    """
    start = end + round(params.stance_before_push_s * fine.rate_hz)
    stop = min(len(rate) - 1, end + round(params.push_to * usual))
    if stop - start < 4:
        return None, math.nan
    least = start + int(np.argmin(rate[start:stop]))
    last = least + round(params.recovery_within_s * fine.rate_hz)
    if least == start or last + round(0.5 * params.rate_smoothing_s * fine.rate_hz) >= len(rate):
        return None, math.nan
    fast = (rate[least:last] >= params.recovery_radps).nonzero()[0]
    if len(fast):
        row = least + int(fast[0])
        part = (rate[row] - params.recovery_radps) / (rate[row] - rate[row - 1])
        recovers_s = float(fine.t_s[row] - part / fine.rate_hz)
        lag_s = params.recovery_lag_s + params.recovery_lag_share * (recovers_s - contact_s)
        return recovers_s - lag_s, params.toe_off_sd_s
    steepest = least + int(np.argmax(slope[least:last]))
    if steepest == least:
        return None, math.nan
    steepest_s = float(fine.t_s[steepest]) + _peak_shift(slope, steepest) / fine.rate_hz
    return steepest_s - params.steepest_lag_s, params.steepest_sd_s


def _peak_shift(values: FloatArray, k: int) -> float:
    """Return by how many rows a parabola's top lies after row `k`."""
    if not 0 < k < len(values) - 1:
        return 0.0
    left, top, right = values[k - 1 : k + 2]
    bend = left - 2 * top + right
    return float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend < 0 else 0.0


def _by_bursts(fine: _FineSignals, params: ShankParams) -> list[ContactCandidate]:
    """Return landings from jerk alone: the largest burst of each stride."""
    energy = hann_smooth(fine.jerk2, round(params.jerk_smoothing_s * fine.rate_hz))
    least = params.burst_share * float(np.percentile(energy, 97))  # as `burst_share` says
    half = round(params.burst_half_s * fine.rate_hz)
    found = []
    for k in strongest(np.where(energy > least, energy, 0.0), round(params.bursts_apart_s * fine.rate_hz)):
        centre = _mean_time(fine, k - half, k + half, params) if energy[k] > 0 else None
        if centre is not None:
            known_s = float(fine.t_s[k]) + params.burst_wait_s
            beyond_s = max(0.0, _width(fine, k - half, k + half) - params.usual_width_s)
            sd_s = math.hypot(params.jerk_contact_sd_s, beyond_s)
            found.append(ContactCandidate(centre - params.jerk_lag_s, None, known_s, sd_s))
    return found


def _width(fine: _FineSignals, start: int, stop: int) -> float:
    """Return how long the burst takes from a tenth to half of its energy [s]: where in a long one contact lies is
    unsure."""
    energy = fine.jerk2[max(0, start) : stop]
    share = np.cumsum(energy) / float(energy.sum())
    first, last = np.searchsorted(share, (0.1, 0.5))  # as `usual_width_s` says
    return float(last - first) / fine.rate_hz


def strongest(values: FloatArray, apart: int) -> list[int]:
    """Return the local maxima, strongest first, none nearer than `apart` samples to a stronger one;
    in order of time."""
    peaks = 1 + np.flatnonzero((values[1:-1] >= values[:-2]) & (values[1:-1] > values[2:]))
    taken: list[int] = []
    for peak in peaks[np.argsort(-values[peaks], kind="stable")].tolist():
        if all(abs(peak - other) >= apart for other in taken):
            taken.append(peak)
    return sorted(taken)
