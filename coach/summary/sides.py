"""Compare left with right, and stride with stride: balance, asymmetry and variability.

balance: left share of contact time in percent. asymmetry of steps: 100 (left - right) / mean, a left step beginning
with the left contact. stride_time_cv: standard deviation over mean of stride times, within half-minutes so that a
change of pace does not count as variability.
"""

from typing import Final

from coach.model.arrays import BoolArray, median, np
from coach.model.columns import Columns
from coach.model.samples import FloatArray
from coach.model.sites import WearSite
from coach.model.strides import Stride, TrunkStep
from coach.summary.robust import sound
from coach.summary.series import is_known

_STEP_S: Final = (0.2, 0.6)  # plausible times of one running step
_BLOCK_S: Final = 30.0
_MIN_STRIDES: Final = 10


def contact_balance(strides: Columns[Stride]) -> float | None:
    """Return the left share of contact time [%]; None without both sides."""
    contact_s, is_left = strides.floats("contact_time_s"), is_of_left(strides)
    left, right = (contact_s[side & ~np.isnan(contact_s)] for side in (is_left, ~is_left))
    if min(len(left), len(right)) < _MIN_STRIDES:
        return None
    mean_left, mean_right = median(left), median(right)
    return 100.0 * mean_left / (mean_left + mean_right)


def step_asymmetry(strides: Columns[Stride], steps: Columns[TrunkStep]) -> float | None:
    """Return 100 (left - right) / mean of step times [%]; None without both sides."""
    at_s, is_left = strides.floats("initial_contact_s"), is_of_left(strides)
    if is_left.all() or not is_left.any():
        has_side = ~steps.is_one_of("is_left", (None,))
        at_s = steps.floats("initial_contact_s")[has_side]
        is_left = steps.is_one_of("is_left", (True,))[has_side]
    order = np.lexsort((is_left, at_s))
    at_s, is_left = at_s[order], is_left[order]
    length_s = np.diff(at_s)
    is_step = (is_left[1:] != is_left[:-1]) & (length_s > _STEP_S[0]) & (length_s < _STEP_S[1])
    of_left, of_right = (length_s[is_step & side] for side in (is_left[:-1], ~is_left[:-1]))
    if min(len(of_left), len(of_right)) < _MIN_STRIDES:
        return None
    left, right = median(of_left), median(of_right)
    return 200.0 * (left - right) / (left + right)


def stride_time_cv(strides: Columns[Stride]) -> float | None:
    """Return the variability of stride time [%], from the side with more strides."""
    length_s = strides.floats("stride_time_s")
    by_site = [strides.is_one_of("wear_site", (site,)) & is_known(length_s) for site in WearSite]
    chosen = max(by_site, key=np.count_nonzero)
    if chosen.sum() < _MIN_STRIDES:
        return None
    t_s, times = strides.floats("initial_contact_s")[chosen], length_s[chosen]
    keep = sound(times)
    return _cv_within_blocks(t_s[keep], times[keep])


def is_of_left(strides: Columns[Stride]) -> BoolArray:
    """Return (n,) whether each stride is of the left leg."""
    return strides.is_one_of("wear_site", [site for site in WearSite if site.is_left])


def _cv_within_blocks(t_s: FloatArray, times: FloatArray) -> float | None:
    blocks = t_s // _BLOCK_S
    squares, dof = 0.0, 0
    for block in np.unique(blocks):
        part = times[blocks == block]
        if len(part) > 2:
            squares += float(((part - part.mean()) ** 2).sum())
            dof += len(part) - 1
    return None if dof == 0 else 100.0 * float(np.sqrt(squares / dof) / times.mean())
