"""Compare left with right, and stride with stride: balance, asymmetry and variability.

balance: left share of contact time in percent. asymmetry of steps: 100 (left - right) / mean, a left step beginning
with the left contact. stride_time_cv: standard deviation over mean of stride times, within half-minutes so that a
change of pace does not count as variability.
"""

import itertools
from collections.abc import Sequence
from typing import Final

from coach.model.arrays import np
from coach.model.samples import FloatArray
from coach.model.sites import WearSite
from coach.model.strides import Stride, TrunkStep
from coach.summary.robust import sound

_STEP_S: Final = (0.2, 0.6)  # plausible times of one running step
_BLOCK_S: Final = 30.0
_MIN_STRIDES: Final = 10


def contact_balance(strides: Sequence[Stride]) -> float | None:
    """Left share of contact time [%]; None without both sides."""
    left = [s.contact_time_s for s in strides if s.wear_site.is_left and s.contact_time_s is not None]
    right = [s.contact_time_s for s in strides if not s.wear_site.is_left and s.contact_time_s is not None]
    if min(len(left), len(right)) < _MIN_STRIDES:
        return None
    mean_left, mean_right = float(np.median(left)), float(np.median(right))
    return 100.0 * mean_left / (mean_left + mean_right)


def step_asymmetry(strides: Sequence[Stride], steps: Sequence[TrunkStep]) -> float | None:
    """100 (left - right) / mean of step times [%]; None without both sides."""
    contacts = sorted((s.initial_contact_s, s.wear_site.is_left) for s in strides)
    if {is_left for _, is_left in contacts} != {True, False}:
        contacts = sorted((s.initial_contact_s, s.is_left) for s in steps if s.is_left is not None)
    times: dict[bool, list[float]] = {True: [], False: []}
    for (t_s, is_left), (next_s, is_next_left) in itertools.pairwise(contacts):
        if is_left is not is_next_left and _STEP_S[0] < next_s - t_s < _STEP_S[1]:
            times[is_left].append(next_s - t_s)
    if min(len(times[True]), len(times[False])) < _MIN_STRIDES:
        return None
    left, right = float(np.median(times[True])), float(np.median(times[False]))
    return 200.0 * (left - right) / (left + right)


def stride_time_cv(strides: Sequence[Stride]) -> float | None:
    """Variability of stride time [%], from the side with more strides."""
    by_site = {site: [s for s in strides if s.wear_site is site and s.stride_time_s] for site in WearSite}
    chosen = max(by_site.values(), key=len)
    if len(chosen) < _MIN_STRIDES:
        return None
    t_s = np.array([s.initial_contact_s for s in chosen])
    times = np.array([s.stride_time_s for s in chosen], dtype=np.float64)
    keep = sound(times)
    return _cv_within_blocks(t_s[keep], times[keep])


def _cv_within_blocks(t_s: FloatArray, times: FloatArray) -> float | None:
    blocks = t_s // _BLOCK_S
    squares, dof = 0.0, 0
    for block in np.unique(blocks):
        part = times[blocks == block]
        if len(part) > 2:
            squares += float(((part - part.mean()) ** 2).sum())
            dof += len(part) - 1
    return None if dof == 0 else 100.0 * float(np.sqrt(squares / dof) / times.mean())
