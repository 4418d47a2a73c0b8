"""Windows around the turning points of strides in, exact moments out: initial contact, mid-stance, toe-off.

All strides of a batch are worked on together; a stream gives batches of one. Arrays are (S, n): S strides, n samples
of a window, shorter windows padded. The foot's axes are forward, left, up; pitch is positive toes down.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from coach.gait.constants import GRAVITY_MPS2
from coach.model.samples import FloatArray

IndexArray = npt.NDArray[np.intp]

# Columns of the rows that the foot's stages share.
T, AX, GX, PITCH, ANGLE, N_COLUMNS = 0, 1, 4, 7, 8, 9

BEFORE_SWING_OVER_S: Final = 0.015
# How far after swing's end a landing is sought: at once where a shock like the usual ones is seen, then further.
REACHES_S: Final = (0.07, 0.14, 0.21)
LEAST_SHOCK_SHARE: Final = 0.35  # of the usual shock; ripples of a swinging leg are a fifth of it
RISE_SHARE: Final = 0.45  # of the whole rise to the landing peak: more than any ripple before the landing
LEAST_RISE_MPS2: Final = 0.8 * GRAVITY_MPS2  # softer is no landing; slow walking gives 2 g
ONSET_SHARE: Final = 0.10
# The sole touches before the shoe's top feels it: it crosses the onset 6 ms after (virtual sensors of real feet on
# force plates, 50 N) to 20 ms after (foot-worn sensors against a force plate, mean stride, itself known to +-15 ms).
CONTACT_LEAD_S: Final = 0.010
SLAP_SHARE: Final = 0.2  # of the toes-down rise: the heel is on the ground when the slap has begun
SLAP_RADPS: Final = (2.0, 6.0)  # rises between which a slap becomes clear; rearfoot runners reach 8-13 rad/s
BEFORE_SLAP_S: Final = 0.025  # before the force's onset the foot turns as it comes down, on top of that it slaps
SLAP_WITHIN_S: Final = 0.03  # of the force's onset, or it is another movement
PUSH_FALL_SHARE: Final = 0.85
REST_AFTER_CONTACT_S: Final = 0.05
REST_S: Final = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Contacts:
    """Landings of a batch, (S,) each. ok: a landing was seen. t_s: initial contact. peak_mps2: largest specific force
    from contact until the window's end. largest_mps2: of a single axis in the whole window. sharpness_s: time of the
    rise around the onset, a measure of its doubt."""

    ok: npt.NDArray[np.bool_]
    t_s: FloatArray
    peak_mps2: FloatArray
    sharpness_s: FloatArray
    largest_mps2: FloatArray


def windows(rows: FloatArray, start: IndexArray, n: int) -> FloatArray:
    """(S, n, columns) rows from each start; past the end the last row is repeated."""
    if len(start) == 1:
        first = int(start[0])
        if first + n <= len(rows):
            return rows[first : first + n][None]
    return rows[np.minimum(start[:, None] + np.arange(n), len(rows) - 1)]


def contacts(
    rows: FloatArray, swing_over: IndexArray, up: FloatArray, rate_hz: float, reach_s: float, shock_mps2: float
) -> Contacts:
    """Initial contact, as accelerometer and gyroscope see it.

    The specific force along the foot's up axis falls while the leg reaches down and rises when the ground stops the
    foot; a heel that meets the ground turns the toes down at the same time. Each rise has its onset; the landing is
    between them (`_onset`, `_with_slap`). A window of `reach_s` after swing's end without a step of the specific force
    of `shock_mps2` holds no landing.
    """
    before, after = round(BEFORE_SWING_OVER_S * rate_hz), round(reach_s * rate_hz)
    before_slap = round(BEFORE_SLAP_S * rate_hz)
    window = windows(rows, swing_over - before, before + after + 1)
    t, force = window[:, :, T], window[:, :, AX : AX + 3]
    felt = _onset(t, force @ up, ONSET_SHARE)
    pitch = window[:, :, PITCH]
    at_rest = pitch[np.arange(len(pitch)), np.maximum(felt.row - before_slap, 0)]
    slap = _onset(t, np.maximum(pitch, np.maximum(at_rest, 0.0)[:, None]), SLAP_SHARE)
    norm2 = np.einsum("sni,sni->sn", force, force)
    norm2 = np.where(np.arange(norm2.shape[1]) >= felt.row[:, None], norm2, 0.0)
    step = np.diff(force, axis=1)
    largest_step2 = np.einsum("sni,sni->sn", step, step).max(axis=1)
    ok = (felt.rise > LEAST_RISE_MPS2) & felt.is_inside & (largest_step2 >= shock_mps2 * shock_mps2)
    return Contacts(
        ok, _with_slap(felt, slap), np.sqrt(norm2.max(axis=1)), felt.lasts_s, np.abs(force).max(axis=(1, 2))
    )


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
    peak = values.argmax(axis=1)
    lowest = np.minimum.accumulate(values, axis=1)
    rise = values[s, peak] - lowest[s, peak]
    first = ((values - lowest) >= (RISE_SHARE * rise)[:, None]).argmax(axis=1)
    level = lowest[s, first] + share * rise
    below = (values < level[:, None]) & (np.arange(values.shape[1]) < first[:, None])
    row = np.where(below.any(axis=1), values.shape[1] - 1 - below[:, ::-1].argmax(axis=1), 0)
    onset = t[s, row] + _share(level, values[s, row], values[s, row + 1]) * (t[s, row + 1] - t[s, row])
    return _Onset(onset, row, rise, t[s, first] - onset, first > 0)


def _with_slap(felt: _Onset, slap: _Onset) -> FloatArray:
    """Contact time between the two onsets: midway where the toes slap down, by the force alone where they do not."""
    clear = np.clip((slap.rise - SLAP_RADPS[0]) / (SLAP_RADPS[1] - SLAP_RADPS[0]), 0.0, 1.0)
    felt_s = felt.t_s - CONTACT_LEAD_S
    apart = slap.t_s - felt_s
    weight = np.where(slap.is_inside & (np.abs(apart) < SLAP_WITHIN_S), 0.5 * clear, 0.0)
    contact_s: FloatArray = felt_s + weight * apart
    return contact_s


def mid_stances(
    rows: FloatArray, contact_s: FloatArray, swing_over: IndexArray, heel_off: IndexArray, rate_hz: float
) -> IndexArray:
    """Mid-stance: the row at which the foot turns slowest between landing and heel-off.

    Energy of the turn rate over REST_S, smallest; from REST_AFTER_CONTACT_S after contact on.
    """
    half = max(1, round(0.5 * REST_S * rate_hz))
    n = int((heel_off - swing_over).max()) + 2 * half + 1
    window = windows(rows, swing_over - half, n)
    rates = window[:, :, GX : GX + 3]
    energy = np.einsum("sni,sni->sn", rates, rates)
    summed = np.cumsum(energy, axis=1)
    width = 2 * half + 1
    around = summed[:, width - 1 :].copy()
    around[:, 1:] -= summed[:, :-width]
    t = window[:, half : half + around.shape[1], T]
    column = np.arange(around.shape[1])
    outside = (t < contact_s[:, None] + REST_AFTER_CONTACT_S) | (column > (heel_off - swing_over)[:, None])
    return swing_over + np.where(outside, np.inf, around).argmin(axis=1)


def toe_offs(rows: FloatArray, heel_off: IndexArray, push_over: IndexArray) -> FloatArray:
    """Toe-off [s]: after its peak, the toes-down rate has fallen to PUSH_FALL_SHARE of it.

    While the toes push they speed the foot's turn up; once their force is gone the turn slows. The peak itself is 16
    to 24 ms before the force ends (Falbriard 2018 calls it the terminal contact and reports its bias).
    """
    s = np.arange(len(heel_off))
    window = windows(rows, heel_off, int((push_over - heel_off).max()) + 1)
    pitch = window[:, :, PITCH]
    column = np.arange(pitch.shape[1])
    pitch = np.where(column <= (push_over - heel_off)[:, None], pitch, -np.inf)
    peak = pitch.argmax(axis=1)
    level = PUSH_FALL_SHARE * pitch[s, peak]
    fallen = (pitch <= level[:, None]) & (column > peak[:, None])
    after = np.maximum(fallen.argmax(axis=1), 1)
    t = window[:, :, T]
    share = _share(level, pitch[s, after - 1], pitch[s, after])
    return t[s, after - 1] + share * (t[s, after] - t[s, after - 1])


def rolling(
    rows: FloatArray,
    swing_over: IndexArray,
    contact_s: FloatArray,
    toe_off_s: FloatArray,
    inwards: FloatArray,
    bias_radps: float,
    rate_hz: float,
) -> tuple[FloatArray, FloatArray]:
    """Eversion: largest turn inwards since contact [rad], and largest rate in the first half of it [rad/s].

    inwards: the foot's forward axis (left foot) or its opposite (right foot), in sensor axes.
    """
    back = round(BEFORE_SWING_OVER_S * rate_hz)
    n = int((toe_off_s - rows[swing_over, T]).max() * rate_hz * 1.1) + back + 2
    window = windows(rows, swing_over - back, n)
    t = window[:, :, T]
    on_ground = (t >= contact_s[:, None]) & (t <= toe_off_s[:, None])
    rate = np.where(on_ground, window[:, :, GX : GX + 3] @ inwards - bias_radps, 0.0)
    turned = np.cumsum(0.5 * (rate[:, 1:] + rate[:, :-1]) * np.diff(t, axis=1), axis=1)
    early = t <= 0.5 * (contact_s + toe_off_s)[:, None]
    return np.maximum(turned.max(axis=1), 0.0), np.maximum(np.where(early, rate, 0.0).max(axis=1), 0.0)


def at_time(rows: FloatArray, t_s: FloatArray, near: IndexArray, column: int, rate_hz: float) -> FloatArray:
    """Value of a column at times within 0.15 s of the rows `near`, by straight lines."""
    reach = round(0.15 * rate_hz)
    window = windows(rows, np.maximum(near - reach, 0), 2 * reach + 1)
    s = np.arange(len(t_s))
    after = np.maximum((window[:, :, T] >= t_s[:, None]).argmax(axis=1), 1)
    t0, t1 = window[s, after - 1, T], window[s, after, T]
    v0, v1 = window[s, after - 1, column], window[s, after, column]
    value: FloatArray = v0 + (v1 - v0) * (t_s - t0) / (t1 - t0)
    return value


def _share(level: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Where between `low` and `high` the level lies, 0 to 1."""
    step = high - low
    return np.clip((level - low) / np.where(step == 0.0, 1.0, step), 0.0, 1.0)
