"""Detect mid-stance and rolling of one stride in windows around phase transitions.

`columns` are those of the rows held, (N_COLUMNS, n); rows are counted from their first. The foot's axes are forward,
left, up; pitch is positive toes down.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np

from coach.gait.foot.constants import GX, T
from coach.gait.foot.params import PARAMS, FootParams
from coach.model.samples import FloatArray


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
    """Sample of the least energy over `2 half + 1` samples, of n, from `from_s` on; the window begins `half` before."""
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
    """(largest turn since contact, largest rate until `middle_s`), both 0 at least; on the ground from start to end.

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
