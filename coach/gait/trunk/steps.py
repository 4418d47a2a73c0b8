"""Find running steps with contact and flight in the force on the trunk.

Body weight is the mean force over whole strides. In running the force falls towards zero between two steps and rises
steeply at contact. Steps: lobes of the force, smoothed over 160 ms, above one body weight. Initial contact: the force,
smoothed over 40 ms, rises through half a body weight, less a lag.

Contact time. The force along its mean, smoothed over 0.6 step times T, has one lobe a step without impact dip; contact
time = a + b (width at 0.6 body weights) + c (width at 1.3) + d T. Time above body weight (Patoz 2021,
doi:10.3389/fbioe.2021.687951) is squeezed threefold by the pelvis's own swing; two widths separate that swing from the
push. The force is taken along its mean in the sensor's axes; turned by the sway into the mean attitude it scatters more
(20 against 16 ms on 13 runners). Where the force swings too little for a lobe (soft belts, slow jogs), toe-off is the
fall of the coarse force through one body weight plus a share of T, and the uncertainty is larger. Values are good to 16
ms between runners (Patoz 2022, doi:10.1016/j.jbiomech.2021.110940: 20), changes of one runner to 7.

The line holds for a pelvis, which swings more than a half-sine push of the whole body would move it: such a push, or a
mass that swings no more, reads up to 0.1 s long.

Running or not: `_like_runs`. Fails for rope jumping without a gyroscope (`alternation` needs one).
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from coach.gait.signal.filters import crossings, cubic, hann_smooth, hann_smooth_rows, means, median_of, whole_mean
from coach.gait.trunk.orientation import SHORTEST_STEP_S, Attitude
from coach.gait.trunk.params import TrunkParams
from coach.model.samples import FloatArray

IndexArray = npt.NDArray[np.intp]

LONGEST_RUNNING_STEP_S: Final = 0.56  # 107 steps per minute; slower cadences are walks
_SHORTEST_LOBE_S: Final = 0.08  # sprint contacts last 0.09 s: shorter is a ripple
_IMPACT_DIP_S: Final = 0.06  # the force may dip below body weight after the impact peak for that long
# Per smoothing window: a crossing is then known to T / 100, less than a millisecond after interpolation.
_LOBE_ROWS: Final = 64
_RISE_BEFORE_S: Final = 0.12  # the rise through half a body weight comes before the lobe's start by no more,
_RISE_AFTER_S: Final = 0.03  # and after it, where the smoothed lobe begins early, by no more; by judgement
_OPEN_STEP_S: Final = 0.4  # 150 steps per minute: how long the newest step counts while none follows; by judgement
_FLIGHT_BEFORE_S: Final = 0.15  # the flight before a contact is looked for from here, as long as sprinters fly,
_FLIGHT_AFTER_S: Final = 0.02  # to here: a contact is good to that
_USUAL_STEP_S: Final = 0.36  # until steps are seen
_INFINITE: Final = np.array((np.inf,))


class StepCandidate(NamedTuple):
    """One lobe of force.

    next_s: the next landing's contact, None where none follows. is_running: like a run's. contact_time_sd_s,
    step_time_sd_s: standard uncertainties of toe-off less contact and of next_s less contact.
    """

    contact_s: float
    toe_off_s: float
    next_s: float | None
    is_running: bool
    contact_time_sd_s: float
    step_time_sd_s: float


def find_landings(motion: Attitude, params: TrunkParams) -> list[StepCandidate]:
    """Return all landings whose force lobe is complete in the window, oldest first."""
    t_s, rate = motion.t_s, motion.rate_hz
    force = motion.vertical_mps2 / np.maximum(motion.weight_mps2, 1e-6)
    usual = motion.step_s or _USUAL_STEP_S
    width = min(params.coarse_smoothing_s, params.coarse_most_share * usual)
    fine = hann_smooth(force, round(params.contact_smoothing_s * rate))
    coarse = hann_smooth(force, round(width * rate))
    lobes = _lobes(t_s, coarse)
    if not lobes:
        return []
    rises, _ = crossings(t_s, fine, params.contact_level)
    usual = usual if usual < LONGEST_RUNNING_STEP_S else usual / 2  # the stride repeated better than the step
    step = step_time([start for start, _ in lobes]) or usual
    lobes = _with_weak_steps(t_s, force, lobes, rate, step, params)
    starts, ends = np.array(lobes).T
    contacts = _contacts(rises, starts, ends) - params.rise_s
    step = step_time(contacts.tolist()) or step
    contacts = _by_rhythm(motion, contacts, step, params)
    if not len(contacts):
        return []
    lobes, ends = lobes[: len(contacts)], ends[: len(contacts)]
    times, sds = _contact_times(motion, lobes, contacts, ends + params.fall_share * step, step, params)
    contacts = contacts - _late_s(times, params)
    toe_offs = contacts + times
    nexts = [*contacts[1:].tolist(), None]
    shape = hann_smooth(force, round(params.shape_share * step * rate))
    running = _in_a_row(_like_runs(t_s, shape, contacts, motion.gyr_radps is not None, params), contacts, params)
    step_sd_s = max(params.step_time_sd_s, _alternating_s(contacts))
    columns = (contacts.tolist(), toe_offs.tolist(), nexts, running, sds.tolist())
    return [StepCandidate(*landing, step_sd_s) for landing in zip(*columns, strict=True)]


def _alternating_s(contacts_s: FloatArray) -> float:
    """Return by how much the step times go up and down from one to the next, root mean square [s].

    A trunk shows the two feet differently, wherever it sits: a step's time holds that and the runner's own asymmetry,
    and which of them cannot be known; the stride's time does not.
    """
    steps = contacts_s[1:] - contacts_s[:-1]
    is_step = (steps > SHORTEST_STEP_S) & (steps < LONGEST_RUNNING_STEP_S)
    changes = (steps[1:] - steps[:-1])[is_step[1:] & is_step[:-1]]
    return math.sqrt(np.add.reduce(changes * changes) / len(changes)) / 2.0 if len(changes) else 0.0


def step_time(contacts_s: Sequence[float]) -> float:
    """Return the median of the step times that a run may have [s]; 0 where there is none."""
    steps = [after - before for before, after in pairwise(contacts_s)]
    return median_of([step for step in steps if SHORTEST_STEP_S < step < LONGEST_RUNNING_STEP_S] or [0.0])


def _contact_times(
    motion: Attitude,
    lobes: list[tuple[float, float]],
    contacts: FloatArray,
    coarse_toe_offs: FloatArray,
    step: float,
    params: TrunkParams,
) -> tuple[FloatArray, FloatArray]:
    """Return the contact time of each landing [s] and its standard uncertainty,
    by the smooth lobe where the force has one."""
    # A grid on which the window is a whole number of rows: at 52 Hz rounding it would move the lobe by 15 ms.
    rows_s = params.lobe_share * step / _LOBE_ROWS
    at = np.arange(0.0, len(motion.t_s) - 1, rows_s * motion.rate_hz)
    t_s = np.interp(at, np.arange(len(motion.t_s)), motion.t_s)
    soft = hann_smooth(cubic(motion.along_weights, at), _LOBE_ROWS)
    levels = (params.lobe_level, params.foot_level, params.top_level)
    starts, ends = np.array(lobes).T
    about = (0.5 * (starts + ends), starts - 0.5 * step, ends + 0.5 * step)
    low, foot, top = (_widths(t_s, soft, level, *about) for level in levels)
    times = params.contact_time_s + params.contact_per_foot * foot + params.contact_per_top * top
    times += params.contact_per_step * step
    with np.errstate(invalid="ignore"):
        is_known = np.isfinite(low) & (times > 0.0) & (times < params.most_duty * step)
    if float(is_known.mean()) < params.lobe_known_share:
        is_known[:] = False
    coarse = np.maximum(coarse_toe_offs - contacts, 0.0)
    return np.where(is_known, times, coarse), np.where(is_known, params.contact_time_sd_s, params.coarse_sd_s)


def _late_s(times: FloatArray, params: TrunkParams) -> float:
    """Return by how much the force rises later than usual, by the contact times of a window;
    the same for all of its steps.

    One number for a window: the scatter of single contact times would make the steps' times scatter.
    """
    usual = min(max(median_of(times.tolist()), params.late_least_s), params.late_most_s)
    return params.late_s + params.late_per_contact * usual


def _widths(
    t_s: FloatArray, soft: FloatArray, level: float, middles: FloatArray, not_before: FloatArray, not_after: FloatArray
) -> FloatArray:
    """Return how long the smoothed force stays above a level about the middle of each lobe [s]; nan where it does not.

    It rises after `not_before` and falls before `not_after`, each (n,) [s].
    """
    rises, falls = crossings(t_s, soft, level)
    before = _last_before(rises, middles, not_before)
    after = -_last_before(-falls[::-1], -middles, -not_after)
    widths: FloatArray = after - before
    return widths


def _lobes(t_s: FloatArray, coarse: FloatArray) -> list[tuple[float, float]]:
    """Return stretches above one body weight, short dips filled, short lobes left out."""
    starts, ends = crossings(t_s, coarse, 1.0)
    if len(ends) and len(starts) and ends[0] < starts[0]:
        ends = ends[1:]
    lobes: list[tuple[float, float]] = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=False):
        if lobes and start - lobes[-1][1] < _IMPACT_DIP_S:
            lobes[-1] = (lobes[-1][0], end)
        else:
            lobes.append((start, end))
    return [(start, end) for start, end in lobes if end - start > _SHORTEST_LOBE_S]


def _with_weak_steps(
    t_s: FloatArray,
    force: FloatArray,
    lobes: list[tuple[float, float]],
    rate_hz: float,
    step: float,
    params: TrunkParams,
) -> list[tuple[float, float]]:
    """Return the lobes with those between them that stay below body weight: one foot may push the trunk less than the
    other.

    They show in the force smoothed over 0.6 T less its mean over T, which does not know the stride.
    """
    smooth = hann_smooth(force, round(params.lobe_share * step * rate_hz))
    swing = smooth - whole_mean(force[:, None], round(step * rate_hz))[:, 0]
    weak = _lobes(t_s, 1.0 + swing)
    whole = [(start, end) for start, end in lobes if end - start < params.longest_lobe * step]
    if weak:
        edges = np.array(weak)
        spans = np.searchsorted(t_s, edges).T
        is_swing = -_least(-swing, spans[0], spans[1]) > params.weak_swing
        middles = np.array([0.5 * (start + end) for start, end in whole])
        apart = np.abs(0.5 * (edges[:, :1] + edges[:, 1:]) - middles).min(axis=1, initial=np.inf)
        is_new = is_swing & (apart > params.weak_apart * step)
        is_new &= edges[:, 1] - edges[:, 0] < params.longest_lobe * step
        whole += [weak[k] for k in is_new.nonzero()[0].tolist()]
    return sorted(whole) or lobes


def _contacts(rises: FloatArray, starts: FloatArray, ends: FloatArray) -> FloatArray:
    """Return for each lobe the last rise through half a body weight before or just after its start;
    its start without one."""
    previous_ends = np.concatenate(([-np.inf], ends[:-1]))
    earliest = np.maximum(previous_ends, starts - _RISE_BEFORE_S)
    found = _last_before(rises, starts + _RISE_AFTER_S, earliest)
    return np.where(np.isnan(found), starts, found)


def _by_rhythm(motion: Attitude, contacts: FloatArray, step: float, params: TrunkParams) -> FloatArray:
    """Return the contacts, those in a hole moved to the middle between the two about them where these are two steps
    apart.

    The newest one is left out while it lies in a hole: where it was shows by the next."""
    if not motion.is_lost.any():
        return contacts
    lost = np.concatenate(([0], np.cumsum(motion.is_lost)))
    first, last = (np.searchsorted(motion.t_s, contacts + near) for near in (-params.holed_near_s, params.holed_near_s))
    is_holed = lost[last] > lost[first]
    apart = contacts[2:] - contacts[:-2]
    is_moved = is_holed[1:-1] & (np.abs(apart - 2.0 * step) < params.holed_rhythm_share * step)
    is_moved &= ~(is_holed[:-2] | is_holed[2:])
    moved = contacts.copy()
    moved[1:-1][is_moved] = (contacts[:-2] + 0.5 * apart)[is_moved]
    return moved[:-1] if is_holed[-1] else moved


def _last_before(times: FloatArray, before: FloatArray, after: FloatArray) -> FloatArray:
    """Return the last of rising `times` (m,) below each `before` (n,), where it is above `after` (n,);
    NaN elsewhere."""
    known = np.concatenate((-_INFINITE, times))
    last = known[times.searchsorted(before)]
    return np.where(last > after, last, np.nan)


def _least(values: FloatArray, starts: IndexArray, ends: IndexArray) -> FloatArray:
    """Return the least of values[start:end] for each pair (n,); infinite where there is none."""
    edges = np.empty(2 * len(starts), starts.dtype)
    edges[::2], edges[1::2] = starts, ends
    least = np.minimum.reduceat(np.concatenate((values, _INFINITE)), edges)[::2]
    return np.where(ends > starts, least, np.inf)


def _like_runs(
    t_s: FloatArray, shape: FloatArray, contacts: FloatArray, has_gyro: bool, params: TrunkParams
) -> list[bool]:
    """Judge each landing by its force until the next one (or for a usual step where none follows).

    Runners leave the ground: the force falls towards zero; walkers keep about 0.6 body weights and reach 1.3 (Nilsson
    and Thorstensson 1989), but brisk ones fall to 0.1 at up to 138 steps per minute.

    Nobody walks at more than 200, where runners leave the ground so briefly that a soft belt shows little of it; what
    shakes a sensor that fast is distinguished by `alternation`, which needs a gyroscope.
    """
    ends = np.append(contacts[1:], contacts[-1] + _OPEN_STEP_S)
    steps = ends - contacts
    around = (contacts - _FLIGHT_BEFORE_S, contacts + _FLIGHT_AFTER_S)
    start, end, before, after = np.searchsorted(t_s, np.stack([contacts, ends, *around]))
    about = _least(shape, np.concatenate((start, before)), np.concatenate((end, after)))
    least = np.minimum(about[: len(start)], about[len(start) :])
    is_fast = steps < (params.fast_step_s if has_gyro else 0.0)
    is_loaded = -_least(-shape, start, end) > np.where(is_fast, params.loaded_fast, params.loaded)
    unloaded = np.where(steps < params.quick_step_s, params.unloaded, params.unloaded_slow)
    unloaded[is_fast] = params.unloaded_fast
    judged = is_loaded & (least < unloaded) & (steps > SHORTEST_STEP_S) & (steps < LONGEST_RUNNING_STEP_S)
    result: list[bool] = judged.tolist()
    return result


def _in_a_row(judged: list[bool], contacts: FloatArray, params: TrunkParams) -> list[bool]:
    """Whether most of the steps about each look like a run's: one soft step in a run stays a running step.

    At a run's first and last steps those on one side decide."""
    near = params.near_steps
    if len(judged) > near and all(judged):
        return judged
    steps = np.append(np.diff(contacts), _OPEN_STEP_S).tolist()
    running = []
    for k, step in enumerate(steps):
        if not SHORTEST_STEP_S < step < LONGEST_RUNNING_STEP_S:
            running.append(False)
            continue
        part = judged[max(0, k - near) : k + near + 1]
        is_usual = len(part) > near and sum(part) >= params.near_share * len(part)
        sides = (judged[k : k + near + 1], judged[max(0, k - near) : k + 1])
        is_edge = any(len(side) > near and sum(side) >= params.edge_share * len(side) for side in sides)
        running.append(is_usual or (judged[k] and is_edge))
    return running


def alternation(motion: Attitude, start_s: float, end_s: float, step_s: float, params: TrunkParams) -> float | None:
    """Return how far left and right steps differ: 0 the same, 1 mirror images; None where it cannot be known.

    Runners step from one foot to the other, so that sway and turn of the trunk repeat after two steps and are mirrored
    after one; rope jumpers land on both feet. Largest eigenvalue of half the difference of the covariances at lags of
    two steps and of one, of horizontal force and turn rates, smoothed over T / 4 and whitened. Needs a gyroscope.
    """
    lag = round(step_s * motion.rate_hz)
    first, last = np.searchsorted(motion.t_s, (start_s, end_s))
    n = int(last - first) - 2 * lag
    if motion.gyr_radps is None or lag < 2 or n < 2 * lag:
        return None
    plane = _square_to(means(motion.up[first:last]))
    rows = np.concatenate([plane @ motion.horizontal_mps2[first:last].T, motion.gyr_radps[first:last].T])
    rows = hann_smooth_rows(rows, round(params.alternation_share * lag))
    rows -= (np.add.reduce(rows, axis=1) / rows.shape[1])[:, None]
    a, b, c = rows[:, :n], rows[:, lag : lag + n], rows[:, 2 * lag :][:, :n]
    power, axes = np.linalg.eigh((a @ a.T + b @ b.T + c @ c.T) / (3 * n))
    white = axes / np.sqrt(np.maximum(power, 0.0) + 1e-9)
    one, two = (a @ b.T + b @ c.T) / (2 * n), a @ c.T / n
    return float(np.linalg.eigvalsh(white.T @ (two + two.T - one - one.T) @ white / 4)[-1])


def _square_to(up: FloatArray) -> FloatArray:
    """Return (2, 3) two unit vectors square to `up` (3,) and to each other."""
    x, y, z = up.tolist()
    a, b, c = (0.0, -z, y) if abs(x) <= min(abs(y), abs(z)) else (z, 0.0, -x) if abs(y) <= abs(z) else (-y, x, 0.0)
    one = np.array(((a, b, c), (y * c - z * b, z * a - x * c, x * b - y * a)))
    one /= np.maximum(np.sqrt(np.add.reduce(one * one, axis=1)), 1e-9)[:, None]
    return one
