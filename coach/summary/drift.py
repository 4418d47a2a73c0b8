"""Measure fatigue drift: each measure's change from the first to the last third, at matched speed.

Model, by least squares over the bins of both thirds: value = a + b (speed - mean) + d [last third]. The drift is d. Its
error is widened for neighbouring bins that resemble each other (lag-one correlation of the residuals, n/n_eff =
(1 + r) / (1 - r): Zwiers & von Storch 1995, doi:10.1175/1520-0442(1995)008<0336:TSCIAI>2.0.CO;2).
"""

import math
from typing import Final

from coach.model.arrays import np
from coach.model.frozen import dataclass
from coach.model.samples import FloatArray
from coach.summary.bins import Bins
from coach.summary.robust import sound

_MIN_BINS: Final = 6  # a minute in each third; chosen by eye, 2026-11-20
_MIN_SPREAD_MPS: Final = 0.03  # below it, speed is constant and no slope can be fitted


@dataclass(frozen=True, slots=True)
class Drift:
    """first, last: values of the thirds at the mean speed. change = last - first; se: its standard error."""

    metric: str
    first: float
    last: float
    change: float
    se: float

    @property
    def change_pct(self) -> float:
        """The change as a share of the first third's value [%]; 0 where that value is 0."""
        return 100.0 * self.change / abs(self.first) if self.first else 0.0

    @property
    def se_pct(self) -> float:
        """The standard error of the change as a share of the first third's value [%]; 0 where that value is 0."""
        return 100.0 * self.se / abs(self.first) if self.first else 0.0

    @property
    def is_clear(self) -> bool:
        """Beyond what chance would do in one of about a hundred runs: many measures are looked at."""
        return abs(self.change) > 2.6 * self.se


def drifts(bins: Bins) -> dict[str, Drift]:
    """Return the drift of each measure that has at least a minute in both thirds."""
    found = (_drift(name, bins.t_s, bins.speed_mps, values) for name, values in bins.values.items())
    return {drift.metric: drift for drift in found if drift is not None}


def _drift(name: str, t_s: FloatArray, speed: FloatArray, values: FloatArray) -> Drift | None:
    known = np.isfinite(values)
    has_speed = bool((np.isfinite(speed) & known).sum() >= 0.8 * known.sum())
    if has_speed:
        known &= np.isfinite(speed)
    if known.sum() < 3 * _MIN_BINS:
        return None
    t, y = t_s[known], values[known]
    v = speed[known] if has_speed else np.zeros(len(y))
    keep = sound(y)
    t, y, v = t[keep], y[keep], v[keep]
    third = (t[-1] - t[0]) / 3
    is_first, is_last = t <= t[0] + third, t >= t[-1] - third
    if min(is_first.sum(), is_last.sum()) < _MIN_BINS:
        return None
    both = is_first | is_last
    return _fit(name, y[both], v[both], is_last[both].astype(np.float64))


def _fit(name: str, y: FloatArray, v: FloatArray, is_last: FloatArray) -> Drift | None:
    columns = [np.ones(len(y)), is_last]
    if v.std() > _MIN_SPREAD_MPS:
        columns.append(v - v.mean())
    design = np.column_stack(columns)
    normal = design.T @ design
    if np.linalg.matrix_rank(normal) < len(columns):
        return None
    solution = np.linalg.solve(normal, design.T @ y)
    residual = y - design @ solution
    dof = len(y) - len(columns)
    variance = float(residual @ residual) / dof * _inflation(residual)
    se = math.sqrt(variance * float(np.linalg.inv(normal)[1, 1]))
    first, change = float(solution[0]), float(solution[1])
    return Drift(name, first, first + change, change, se)


def _inflation(residual: FloatArray) -> float:
    """Return n / n_eff of neighbouring residuals."""
    power = float(residual @ residual)
    if power <= 0:
        return 1.0
    r = min(0.9, max(0.0, float(residual[1:] @ residual[:-1]) / power))
    return (1 + r) / (1 - r)
