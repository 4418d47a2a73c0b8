"""Windows around the turning points of strides in, exact moments out: mid-stance, toe-off, rolling; the strike angle.

All strides of a batch are worked on together, single ones by `coach.gait.foot_single`. `columns` are those of the rows,
(N_COLUMNS, n). Other arrays are (S, n): S strides, n samples of a window, shorter windows padded. The foot's axes are
forward, left, up; pitch is positive toes down.
"""

from bisect import bisect_left, bisect_right

import numpy as np

from coach.gait import foot_single as single
from coach.gait.foot_constants import (
    ANGLE_REACH_S,
    GX,
    PITCH,
    PUSH_FALL_SHARE,
    REST_AFTER_CONTACT_S,
    REST_S,
    T,
)
from coach.gait.foot_windows import IndexArray, places, share_between, taken_at
from coach.model.samples import FloatArray


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
    at = places(columns.shape[1], over - half, int((off - over).max()) + 2 * half + 1)
    rates = taken_at(columns[GX : GX + 3], at)
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
    at = places(columns.shape[1], off, int((over - off).max()) + 1)
    column = np.arange(at.shape[1])
    pitch = np.where(column <= (over - off)[:, None], columns[PITCH].take(at), -np.inf)
    peak = pitch.argmax(axis=1)
    level = PUSH_FALL_SHARE * pitch[s, peak]
    fallen = (pitch <= level[:, None]) & (column > peak[:, None])
    after = np.maximum(fallen.argmax(axis=1), 1)
    t = columns[T].take(at)
    share = share_between(level, pitch[s, after - 1], pitch[s, after])
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
    at = places(columns.shape[1], first, int((np.array(end) - first).max()) + 1)
    t = columns[T].take(at)
    rate = (inwards.dot(columns[GX : GX + 3, start[0] : end[-1] + 1]) - bias_radps).take(at - start[0], mode="clip")
    rate *= (t >= contact) & (t <= toe_off)
    twice = rate[:, 1:] + rate[:, :-1]
    twice *= t[:, 1:] - t[:, :-1]
    turned = 0.5 * twice.cumsum(axis=1).max(axis=1)
    rate *= t <= 0.5 * (contact + toe_off)
    fastest = rate.max(axis=1)
    return list(zip(np.maximum(turned, 0.0).tolist(), np.maximum(fastest, 0.0).tolist(), strict=True))
