"""Detect initial contact in a window around the end of a swing.

The specific force along the foot's up axis falls while the leg reaches down and rises when the ground stops the foot; a
heel that meets the ground turns the toes down at the same time (foot slap). Each rise has its onset; the landing lies
between them. A ripple of the swinging leg may rise as much as a clipped or a soft
landing: a clear slap says from when on the landing is searched.

The foot's axes are forward, left, up; pitch is positive toes down.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coach.gait.foot.constants import AX, PITCH, T
from coach.gait.foot.params import PARAMS, FootParams
from coach.model.samples import FloatArray


@dataclass(frozen=True, slots=True)
class Contact:
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
    """(whether there is a landing, its time, the sample before the force's onset).

    For a window of 20 to 200 samples plain loops over lists are several times faster than array calls.
    """
    n = len(t)
    onset_s, row, rise, first = _onset(t, up_force, 0, params.onset_share, params.onset_rise_share)
    is_landing = rise > params.least_rise_mps2 and first > 0
    at_rest = max(pitch[max(row - round(params.before_slap_s * rate_hz), 0)], 0.0)
    above = [0.0] * n
    for k in range(n):
        above[k] = pitch[k] if pitch[k] > at_rest else at_rest
    slap_s, _, slap, slap_first = _onset(t, above, 0, params.slap_share, params.onset_rise_share)
    clear = 0.0
    if slap_first > 0:
        clear = min(max((slap - params.slap_from_radps) / (params.slap_clear_radps - params.slap_from_radps), 0.0), 1.0)
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
    weight = 0.5 * clear if abs(apart) < params.slap_within_s else 0.0
    return is_landing, onset_s + weight * apart + params.corner_share * (1.0 / rate_hz - 1.0 / params.chosen_at_hz), row


def _onset(
    t: Sequence[float], values: Sequence[float], start: int, share: float, large_share: float
) -> tuple[float, int, float, int]:
    """(time of the onset, sample before it, whole rise, sample at which the rise is large) of the first large rise.

    Only the samples from `start` on count.
    """
    n = len(t)
    lowest = values[start]
    rise = 0.0
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
