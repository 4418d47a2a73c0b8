"""A robust line through speed bins of several runs: y against log speed and grade, runs offset from each other.

A linear mixed model with priors on slopes (its Gaussian posterior) and Huber weights on bins and on whole runs. Each
run has an offset of its own; the runner may have wandered since an older run (a random walk, shared by runs of the
same time). Source: Huber 1964, doi:10.1214/aoms/1177703732; Rasmussen & Williams 2006, section 2.1.
"""

from dataclasses import dataclass
from typing import Final

from coach.coaching.measures import MeasureKind
from coach.model.arrays import FloatArray, IndexArray, np

_HUBER_K: Final = 1.5  # SD: one point in eight of normal scatter weighs less; by judgement
_ROUNDS: Final = 5  # of reweighting: weights no longer move by then; by judgement
_WIDE: Final = 10.0  # prior SD of the intercept in units of y (or 100 for plain units): says nothing
_PRIOR_RUNS: Final = 4.0  # how many runs the prior spread between runs is worth
_DRIFT_DAYS: Final = 30.0  # the time in which a runner wanders by one `drift_sd`; by judgement
_WINDOWS_A_PAIR: Final = 2.0  # neighbouring windows are not independent: count half of them; chosen by eye, 2026-11-20


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients (level, per log speed, per percent grade) about `centre`, and their covariance."""

    centre: float
    beta: FloatArray
    cov: FloatArray

    def at(self, log_speed: float, grade_pct: float) -> tuple[float, float]:
        """Mean and standard deviation of the runner's own y here."""
        x = np.array([1.0, log_speed - self.centre, grade_pct])
        return float(x @ self.beta), float(np.sqrt(x @ self.cov @ x))


def fit_line(rows: FloatArray, ages_days: FloatArray, kind: MeasureKind) -> Fit:
    """Fit `rows` (n, 5): log speed, grade, y, windows, run index. ages_days: by run."""
    known, run = np.unique(rows[:, 4].astype(int), return_inverse=True)
    ages, n_windows, y = np.maximum(ages_days[known], 0.0), rows[:, 3], rows[:, 2]
    centre = float(np.average(rows[:, 0], weights=n_windows))
    x = np.column_stack([np.ones(len(rows)), rows[:, 0] - centre, rows[:, 1]])
    drift = kind.drift_sd**2 * np.minimum(ages[:, None], ages[None, :]) / _DRIFT_DAYS
    run_var, run_weights, weights = kind.run_sd**2, np.ones(len(known)), np.ones(len(rows))
    fit = Fit(centre, np.zeros(3), np.eye(3))
    for _ in range(_ROUNDS):
        own_var = kind.window_sd**2 * _WINDOWS_A_PAIR / n_windows / weights
        offsets = drift + np.diag(run_var / run_weights)
        fit = _solve(x, y, run, 1.0 / own_var, offsets, kind, centre)
        residual = y - x @ fit.beta
        means = _means(residual, 1.0 / own_var, run)
        weights = _huber(residual - means[run], np.sqrt(own_var * weights))
        run_weights = _huber(means, np.sqrt(run_var + np.diag(drift)))
        run_var = _run_variance(means, run_weights, ages, kind)
    return fit


def _solve(
    x: FloatArray,
    y: FloatArray,
    run: IndexArray,
    weight: FloatArray,
    offsets: FloatArray,
    kind: MeasureKind,
    centre: float,
) -> Fit:
    """Posterior of the line with the runs' offsets (covariance `offsets`) as further unknowns."""
    wide = _WIDE if kind.is_log else 10.0 * _WIDE
    prior = np.zeros(3 + len(offsets))
    prior[1] = kind.slope
    precision = np.zeros((len(prior), len(prior)))
    precision[:3, :3] = np.diag(1.0 / np.array([wide, kind.slope_sd, kind.grade_sd]) ** 2)
    precision[3:, 3:] = np.linalg.inv(offsets)
    a = np.hstack([x, np.eye(len(offsets))[run]])
    cov = np.linalg.inv(precision + a.T @ (a * weight[:, None]))
    beta = cov @ (precision @ prior + a.T @ (weight * y))
    return Fit(centre, beta[:3].astype(np.float64), cov[:3, :3].astype(np.float64))


def _means(values: FloatArray, weight: FloatArray, run: IndexArray) -> FloatArray:
    """Weighted mean by run."""
    total = np.bincount(run, weights=values * weight) / np.bincount(run, weights=weight)
    return np.asarray(total, dtype=np.float64)


def _huber(residual: FloatArray, sd: FloatArray) -> FloatArray:
    """1 within 1.5 SD, falling beyond."""
    scaled = np.abs(residual) / sd
    return np.clip(_HUBER_K / np.maximum(scaled, 1e-12), 0.02, 1.0)


def _run_variance(means: FloatArray, weights: FloatArray, ages_days: FloatArray, kind: MeasureKind) -> float:
    """Spread between runs: the prior, corrected by what recent runs show (older ones show wandering too)."""
    recent = ages_days <= 2 * _DRIFT_DAYS
    seen = float(np.sum(weights[recent] * np.square(means[recent])))
    return (_PRIOR_RUNS * kind.run_sd**2 + seen) / (_PRIOR_RUNS + max(0, int(np.sum(recent)) - 1))
