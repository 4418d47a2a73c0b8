"""Detect the events of one stride in short windows: initial contact, mid-stance, toe-off, rolling and strike angle.

A window holds 20 to 200 samples; for so few, plain loops over lists are several times faster than array calls. The
definitions of the events are in `coach.gait.foot.contacts` and `coach.gait.foot.events`, the constants in
`coach.gait.foot.constants`.
"""

import math
from collections.abc import Sequence

from coach.gait.foot.constants import (
    BEFORE_SLAP_S,
    CHOSEN_AT_HZ,
    CONTACT_LEAD_S,
    CORNER_SHARE,
    LEAST_RISE_MPS2,
    ONSET_SHARE,
    PUSH_FALL_SHARE,
    REST_AFTER_CONTACT_S,
    RISE_SHARE,
    SLAP_RADPS,
    SLAP_SHARE,
    SLAP_WITHIN_S,
)

_SLAP_FROM, _SLAP_CLEAR = SLAP_RADPS


def onset(
    t: Sequence[float], values: Sequence[float], start: int, n: int, share: float
) -> tuple[float, int, float, int]:
    """(time of the onset, sample before it, whole rise, sample at which the rise is large) of the first large rise.

    Only the samples from `start` to `n` count.
    """
    lowest = values[start]
    rise = 0.0
    for k in range(start + 1, n):
        value = values[k]
        if value < lowest:
            lowest = value
        elif value - lowest > rise:
            rise = value - lowest
    large = RISE_SHARE * rise
    lowest = values[start]
    first = start
    for k in range(start, n):
        if values[k] < lowest:
            lowest = values[k]
        if values[k] - lowest >= large:
            first = k
            break
    level = lowest + share * rise
    row = start
    for k in range(first - 1, start - 1, -1):
        if values[k] < level:
            row = k
            break
    step = values[row + 1] - values[row]
    part = 0.0 if step == 0.0 else (level - values[row]) / step
    part = min(max(part, 0.0), 1.0)
    return t[row] + part * (t[row + 1] - t[row]), row, rise, first


def contact(
    t: Sequence[float], up_force: Sequence[float], pitch: Sequence[float], n: int, rate_hz: float
) -> tuple[bool, float, int, float]:
    """(whether there is a landing, its time, the sample before the force's onset, the rise's duration)."""
    felt_s, row, rise, first = onset(t, up_force, 0, n, ONSET_SHARE)
    is_landing = rise > LEAST_RISE_MPS2 and first > 0
    at_rest = max(pitch[max(row - round(BEFORE_SLAP_S * rate_hz), 0)], 0.0)
    above = [0.0] * n
    for k in range(n):
        above[k] = pitch[k] if pitch[k] > at_rest else at_rest
    slap_s, _, slap, slap_first = onset(t, above, 0, n, SLAP_SHARE)
    clear = 0.0
    if slap_first > 0:
        clear = min(max((slap - _SLAP_FROM) / (_SLAP_CLEAR - _SLAP_FROM), 0.0), 1.0)
    from_s = slap_s - SLAP_WITHIN_S + CONTACT_LEAD_S
    if clear == 1.0 and felt_s <= from_s:
        start = 0
        while start < n - 2 and t[start] < from_s:
            start += 1
        later_s, later_row, later_rise, later_first = onset(t, up_force, start, n, ONSET_SHARE)
        if later_rise > LEAST_RISE_MPS2 and later_first > start:
            felt_s, row, first = later_s, later_row, later_first
    lasts_s = t[first] - felt_s
    felt_s -= CONTACT_LEAD_S
    apart = slap_s - felt_s
    weight = 0.5 * clear if abs(apart) < SLAP_WITHIN_S else 0.0
    return is_landing, felt_s + weight * apart + CORNER_SHARE * (1.0 / rate_hz - 1.0 / CHOSEN_AT_HZ), row, lasts_s


def mid_stance(t: Sequence[float], energy: Sequence[float], n: int, contact_s: float, half: int) -> int:
    """Sample of the least energy over `2 half + 1` samples, of n; the window begins `half` samples before the first."""
    summed = 0.0
    for k in range(2 * half):
        summed += energy[k]
    best, least = 0, math.inf
    for k in range(n):
        summed += energy[k + 2 * half]
        if t[k + half] >= contact_s + REST_AFTER_CONTACT_S and summed < least:
            best, least = k, summed
        summed -= energy[k]
    return best


def toe_off(t: Sequence[float], pitch: Sequence[float], n: int) -> float:
    """Time at which the rate of pitch has fallen to its share of the peak."""
    peak = 0
    for k in range(1, n):
        if pitch[k] > pitch[peak]:
            peak = k
    level = PUSH_FALL_SHARE * pitch[peak]
    after = 1
    for k in range(peak + 1, n):
        if pitch[k] <= level:
            after = k
            break
    step = pitch[after] - pitch[after - 1]
    part = 0.0 if step == 0.0 else (level - pitch[after - 1]) / step
    part = min(max(part, 0.0), 1.0)
    return t[after - 1] + part * (t[after] - t[after - 1])


def rolling(
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


def turned(t: Sequence[float], pitch: Sequence[float], n: int, start_s: float) -> float:
    """Integral of the rate of pitch from start_s, in the first interval, to the last of n samples."""
    step = t[1] - t[0]
    angle = (pitch[0] + pitch[1]) * step * 0.5 * (1.0 - (start_s - t[0]) / step)
    for k in range(2, n):
        angle += (pitch[k] + pitch[k - 1]) * (t[k] - t[k - 1]) * 0.5
    return angle
