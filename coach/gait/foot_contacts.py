"""Windows around the ends of swings in, exact moments of initial contact out.

All strides of a batch are worked on together, single ones by `coach.gait.foot_single`. `columns` are those of the rows,
(N_COLUMNS, n). Other arrays are (S, n): S strides, n samples of a window, shorter windows padded. The foot's axes are
forward, left, up; pitch is positive toes down.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coach.gait import foot_single as single
from coach.gait.foot_constants import (
    AX,
    BEFORE_SLAP_S,
    BEFORE_SWING_OVER_S,
    CHOSEN_AT_HZ,
    CONTACT_LEAD_S,
    CORNER_SHARE,
    LEAST_RISE_MPS2,
    ONSET_SHARE,
    PITCH,
    RISE_SHARE,
    SLAP_RADPS,
    SLAP_SHARE,
    SLAP_WITHIN_S,
    T,
)
from coach.gait.foot_windows import IndexArray, places, share_between, taken_at
from coach.model.samples import FloatArray


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
    at = places(columns.shape[1], np.array(swing_over) - before, n)
    force = taken_at(columns[AX : AX + 3], at)
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
    onset = t[s, row] + share_between(level, values[s, row], values[s, row + 1]) * (t[s, row + 1] - t[s, row])
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
