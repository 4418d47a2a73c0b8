"""Windows around the turning points of strides in, exact moments out: initial contact, mid-stance, toe-off, rolling.

All strides of a batch are worked on together, single ones by `coach.gait.foot_single`. `columns` are those of the rows,
(N_COLUMNS, n). Other arrays are (S, n): S strides, n samples of a window, shorter windows padded. The foot's axes are
forward, left, up; pitch is positive toes down.
"""

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coach.gait import foot_single as single
from coach.gait.foot_constants import (
    ANGLE_REACH_S,
    AX,
    BEFORE_SLAP_S,
    BEFORE_SWING_OVER_S,
    CHOSEN_AT_HZ,
    CONTACT_LEAD_S,
    CORNER_SHARE,
    GX,
    LEAST_RISE_MPS2,
    ONSET_SHARE,
    PITCH,
    PUSH_FALL_SHARE,
    REST_AFTER_CONTACT_S,
    REST_S,
    RISE_SHARE,
    SLAP_RADPS,
    SLAP_SHARE,
    SLAP_WITHIN_S,
    T,
)
from coach.model.samples import FloatArray

IndexArray = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Contact:
    """One landing. t_s: initial contact. peak_mps2: largest specific force from contact until the window's end.
    rise_s: time of the rise around the onset. is_clipped: whether an axis was at full scale in the window."""

    t_s: float
    peak_mps2: float
    rise_s: float
    is_clipped: bool


def contacts(
    columns: FloatArray,
    swing_over: list[int],
    up: FloatArray,
    rate_hz: float,
    reach_s: float,
    shock_mps2: float,
    limit_mps2: float,
) -> list[Contact | None]:
    """Initial contacts, as accelerometer and gyroscope see them; None where there is none.

    The specific force along the foot's up axis falls while the leg reaches down and rises when the ground stops the
    foot; a heel that meets the ground turns the toes down at the same time. Each rise has its onset; the landing is
    between them (`_onset`, `_with_slap`). A ripple of the swinging leg may rise as much as a clipped or a soft landing:
    a clear slap says from when on the landing is sought. A window of `reach_s` after swing's end without a step of the
    specific force of `shock_mps2` holds no landing. limit_mps2: an axis from here on is at full scale.
    """
    before = round(BEFORE_SWING_OVER_S * rate_hz)
    n = before + round(reach_s * rate_hz) + 1
    if len(swing_over) == 1:
        start = swing_over[0] - before
        return [_contact(columns[:, start : start + n], up, rate_hz, shock_mps2, limit_mps2)]
    at = _places(columns.shape[1], np.array(swing_over) - before, n)
    force = _taken(columns[AX : AX + 3], at)
    step = force[:, :, 1:] - force[:, :, :-1]
    step *= step
    is_shock = np.add.reduce(step).max(axis=1) >= shock_mps2 * shock_mps2
    t, pitch = columns[T].take(at), columns[PITCH].take(at)
    x, y, z = up.tolist()
    up_force = x * force[0] + y * force[1] + z * force[2]
    felt = _onset(t, up_force, ONSET_SHARE)
    at_rest = pitch[np.arange(len(pitch)), np.maximum(felt.row - round(BEFORE_SLAP_S * rate_hz), 0)]
    slap = _onset(t, np.maximum(pitch, np.maximum(at_rest, 0.0)[:, None]), SLAP_SHARE)
    ok = (felt.rise > LEAST_RISE_MPS2) & felt.is_inside & is_shock
    felt = _not_before_the_slap(felt, slap, t, up_force)
    contact_s = _with_slap(felt, slap) + CORNER_SHARE * (1.0 / rate_hz - 1.0 / CHOSEN_AT_HZ)
    norm2 = np.add.reduce(force * force)
    is_clipped = norm2.max(axis=1) >= limit_mps2 * limit_mps2
    if is_clipped.any():
        is_clipped &= (np.abs(force) >= limit_mps2).any(axis=(0, 2))
    peak2 = np.where(np.arange(n) >= felt.row[:, None], norm2, 0.0).max(axis=1)
    measured = (contact_s, np.sqrt(peak2), felt.lasts_s, is_clipped)
    found = zip(*(values.tolist() for values in measured), strict=True)
    return [Contact(*values) if good else None for good, values in zip(ok.tolist(), found, strict=True)]


def _contact(
    window: FloatArray, up: FloatArray, rate_hz: float, shock_mps2: float, limit_mps2: float
) -> Contact | None:
    """The same in one window, (columns, n)."""
    force = window[AX : AX + 3]
    step = force[:, 1:] - force[:, :-1]
    if max(np.vecdot(step.T, step.T).tolist()) < shock_mps2 * shock_mps2:
        return None
    t, up_force, pitch = window[T].tolist(), up.dot(force).tolist(), window[PITCH].tolist()
    is_landing, t_s, row, rise_s = single.contact(t, up_force, pitch, len(t), rate_hz)
    if not is_landing:
        return None
    norm2 = np.vecdot(force.T, force.T).tolist()
    is_clipped = max(norm2) >= limit_mps2 * limit_mps2 and bool((np.abs(force) >= limit_mps2).any())
    return Contact(t_s, math.sqrt(max(norm2[row:])), rise_s, is_clipped)


def _places(n_rows: int, start: IndexArray, n: int) -> IndexArray:
    """(S, n) rows from each start; past the end the last row is repeated."""
    places: IndexArray = np.minimum(start[:, None] + np.arange(n), n_rows - 1)
    return places


def _taken(columns: FloatArray, at: IndexArray) -> FloatArray:
    """(c, S, n) values of c columns at these rows."""
    taken = np.empty((len(columns), *at.shape))
    for column, out in zip(columns, taken, strict=True):
        column.take(at, out=out, mode="clip")  # in bounds; other modes copy
    return taken


@dataclass(frozen=True, slots=True, eq=False)
class _Onset:
    """Beginnings of rises, (S,) each. row: last column below the onset. lasts_s: from onset to most of the rise."""

    t_s: FloatArray
    row: IndexArray
    rise: FloatArray
    lasts_s: FloatArray
    is_inside: npt.NDArray[np.bool_]


def _onset(t: FloatArray, values: FloatArray, share: float) -> _Onset:
    """When the first large rise of each row of values has come to `share` of the whole rise.

    The first rise of RISE_SHARE of the whole is the one; the onset does not move with the height of the peak, which
    cushioning and sensor bandwidth change.
    """
    s = np.arange(len(values))
    lowest = np.minimum.accumulate(values, axis=1)
    rise = (values - lowest).max(axis=1)
    first = ((values - lowest) >= (RISE_SHARE * rise)[:, None]).argmax(axis=1)
    level = lowest[s, first] + share * rise
    below = (values < level[:, None]) & (np.arange(values.shape[1]) < first[:, None])
    row = np.where(below.any(axis=1), values.shape[1] - 1 - below[:, ::-1].argmax(axis=1), 0)
    onset = t[s, row] + _share(level, values[s, row], values[s, row + 1]) * (t[s, row + 1] - t[s, row])
    return _Onset(onset, row, rise, t[s, first] - onset, first > 0)


def _not_before_the_slap(felt: _Onset, slap: _Onset, t: FloatArray, values: FloatArray) -> _Onset:
    """The onsets, those long before a clear slap sought again from shortly before it on."""
    from_s = slap.t_s - SLAP_WITHIN_S + CONTACT_LEAD_S
    is_early = (_clear(slap) == 1.0) & (felt.t_s <= from_s)
    if not is_early.any():
        return felt
    start = np.minimum((t < from_s[:, None]).sum(axis=1), values.shape[1] - 2)
    s = np.arange(len(values))
    is_before = np.arange(values.shape[1]) < start[:, None]
    later = _onset(t, np.where(is_before, values[s, start][:, None], values), ONSET_SHARE)
    is_better = is_early & (later.rise > LEAST_RISE_MPS2) & later.is_inside
    return _Onset(
        np.where(is_better, later.t_s, felt.t_s),
        np.where(is_better, later.row, felt.row),
        np.where(is_better, later.rise, felt.rise),
        np.where(is_better, later.lasts_s, felt.lasts_s),
        is_better | felt.is_inside,
    )


def _clear(slap: _Onset) -> FloatArray:
    """How clear each slap is, 0 to 1."""
    clear: FloatArray = np.clip((slap.rise - SLAP_RADPS[0]) / (SLAP_RADPS[1] - SLAP_RADPS[0]), 0.0, 1.0)
    return np.where(slap.is_inside, clear, 0.0)


def _with_slap(felt: _Onset, slap: _Onset) -> FloatArray:
    """Contact time between the two onsets: midway where the toes slap down, by the force alone where they do not."""
    felt_s = felt.t_s - CONTACT_LEAD_S
    apart = slap.t_s - felt_s
    weight = np.where(np.abs(apart) < SLAP_WITHIN_S, 0.5 * _clear(slap), 0.0)
    contact_s: FloatArray = felt_s + weight * apart
    return contact_s


def mid_stances(
    columns: FloatArray, contact_s: list[float], swing_over: list[int], heel_off: list[int], rate_hz: float
) -> list[int]:
    """Mid-stance: the row at which the foot turns slowest between landing and heel-off.

    Energy of the turn rate over REST_S, smallest; from REST_AFTER_CONTACT_S after contact on, before heel-off.
    """
    half = max(1, round(0.5 * REST_S * rate_hz))
    if len(contact_s) == 1:
        first, last = swing_over[0], heel_off[0]
        window = columns[:, first - half : last + 1]
        rates = window[GX : GX + 3]
        energy = np.vecdot(rates.T, rates.T).tolist()
        n = len(energy) - 2 * half
        return [first + single.mid_stance(window[T].tolist(), energy, n, contact_s[0], half)]
    over, off, contact = np.array(swing_over), np.array(heel_off), np.array(contact_s)
    at = _places(columns.shape[1], over - half, int((off - over).max()) + 2 * half + 1)
    rates = _taken(columns[GX : GX + 3], at)
    rates *= rates
    summed = rates.sum(axis=0).cumsum(axis=1)
    width = 2 * half + 1
    around = summed[:, width - 1 :].copy()
    around[:, 1:] -= summed[:, :-width]
    t = columns[T].take(at[:, half : half + around.shape[1]])
    column = np.arange(around.shape[1])
    outside = (t < contact[:, None] + REST_AFTER_CONTACT_S) | (column > (off - over)[:, None] - half)
    mid: list[int] = (over + np.where(outside, np.inf, around).argmin(axis=1)).tolist()
    return mid


def strike_angles(columns: FloatArray, mid: list[int], contact_s: list[float], rate_hz: float) -> list[float]:
    """Toes-up angle of the foot at contact against mid-stance [rad]: the integral of the pitch rate between them."""
    back = round(ANGLE_REACH_S * rate_hz)
    if len(mid) > 1:
        return _strike_angles(columns, np.array(mid), np.array(contact_s), back)
    if not mid:
        return []
    row, t_s = mid[0], contact_s[0]
    first = max(0, row - back)
    after = first + min(max(int(columns[T, first : row + 1].searchsorted(t_s)), 1), row - first)
    window = slice(after - 1, row + 1)
    return [single.turned(columns[T, window].tolist(), columns[PITCH, window].tolist(), row + 2 - after, t_s)]


def _strike_angles(columns: FloatArray, mid: IndexArray, contact_s: FloatArray, back: int) -> list[float]:
    low, high = max(0, int(mid.min()) - back), int(mid.max()) + 1
    t, pitch = columns[T, low:high], columns[PITCH, low:high]
    twice = pitch[1:] + pitch[:-1]
    twice *= t[1:] - t[:-1]
    angle = np.zeros(len(t))
    np.add.accumulate(twice, out=angle[1:])
    angle *= 0.5
    mid = mid - low
    after = np.minimum(np.maximum(t.searchsorted(contact_s), np.maximum(mid - back, 0) + 1), mid)
    t0, a0 = t[after - 1], angle[after - 1]
    share = (contact_s - t0) / (t[after] - t0)
    angles: list[float] = (angle[mid] - (a0 + (angle[after] - a0) * share)).tolist()
    return angles


def toe_offs(columns: FloatArray, heel_off: list[int], push_over: list[int]) -> list[float]:
    """Toe-off [s]: after its peak, the toes-down rate has fallen to PUSH_FALL_SHARE of it.

    While the toes push they speed the foot's turn up; once their force is gone the turn slows. The peak itself is 16
    to 24 ms before the force ends (Falbriard 2018 calls it the terminal contact and reports its bias).
    """
    if len(heel_off) == 1:
        window = slice(heel_off[0], push_over[0] + 1)
        t, pitch = columns[T, window].tolist(), columns[PITCH, window].tolist()
        return [single.toe_off(t, pitch, len(t))]
    off, over = np.array(heel_off), np.array(push_over)
    s = np.arange(len(off))
    at = _places(columns.shape[1], off, int((over - off).max()) + 1)
    column = np.arange(at.shape[1])
    pitch = np.where(column <= (over - off)[:, None], columns[PITCH].take(at), -np.inf)
    peak = pitch.argmax(axis=1)
    level = PUSH_FALL_SHARE * pitch[s, peak]
    fallen = (pitch <= level[:, None]) & (column > peak[:, None])
    after = np.maximum(fallen.argmax(axis=1), 1)
    t = columns[T].take(at)
    share = _share(level, pitch[s, after - 1], pitch[s, after])
    toe_off_s: list[float] = (t[s, after - 1] + share * (t[s, after] - t[s, after - 1])).tolist()
    return toe_off_s


def rolling(
    columns: FloatArray,
    start: list[int],
    end: list[int],
    contact_s: list[float],
    toe_off_s: list[float],
    inwards: FloatArray,
    bias_radps: float,
) -> list[tuple[float, float]]:
    """Eversion: largest turn inwards since contact [rad], and largest rate in the first half of it [rad/s].

    start, end: rows around the contacts. inwards: the foot's forward axis (left foot) or its opposite (right foot), in
    sensor axes.
    """
    if len(start) == 1:
        window = columns[:, start[0] : end[0] + 1]
        rate = inwards.dot(window[GX : GX + 3])
        rate -= bias_radps
        t, lands_s, leaves_s = window[T].tolist(), contact_s[0], toe_off_s[0]
        on, off = bisect_left(t, lands_s), bisect_right(t, leaves_s)
        return [single.rolling(t, rate.tolist(), on, off, len(t), 0.5 * (lands_s + leaves_s))]
    first, contact, toe_off = np.array(start), np.array(contact_s)[:, None], np.array(toe_off_s)[:, None]
    at = _places(columns.shape[1], first, int((np.array(end) - first).max()) + 1)
    t = columns[T].take(at)
    rate = (inwards.dot(columns[GX : GX + 3, start[0] : end[-1] + 1]) - bias_radps).take(at - start[0], mode="clip")
    rate *= (t >= contact) & (t <= toe_off)
    twice = rate[:, 1:] + rate[:, :-1]
    twice *= t[:, 1:] - t[:, :-1]
    turned = 0.5 * twice.cumsum(axis=1).max(axis=1)
    rate *= t <= 0.5 * (contact + toe_off)
    fastest = rate.max(axis=1)
    return list(zip(np.maximum(turned, 0.0).tolist(), np.maximum(fastest, 0.0).tolist(), strict=True))


def _share(level: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Where between `low` and `high` the level lies, 0 to 1."""
    step = high - low
    return np.clip((level - low) / np.where(step == 0.0, 1.0, step), 0.0, 1.0)
