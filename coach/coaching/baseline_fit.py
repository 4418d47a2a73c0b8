"""A robust line through speed bins of several runs: y against log speed and grade, runs offset from each other.

Generalised least squares with priors on slopes (the Gaussian posterior), Huber weights on residuals. Each run has an
offset of its own; the runner may have wandered since an older run (a random walk, shared by runs of the same time).
Source: Huber 1964, doi:10.1214/aoms/1177703732; Rasmussen & Williams 2006, section 2.1.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from coach.coaching.measures import Kind

Floats = npt.NDArray[np.float64]
_HUBER_K: Final = 1.5
_ROUNDS: Final = 6
_WIDE: Final = 10.0  # prior SD of the intercept in units of y (or 100 for plain units): says nothing
_PRIOR_RUNS: Final = 4.0  # how many runs the prior spread between runs is worth
_DRIFT_DAYS: Final = 30.0
_WINDOWS_A_PAIR: Final = 2.0  # neighbouring windows are not independent: count half of them; chosen by eye, 2026-11-20


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients (level, per log speed, per percent grade) about `centre`, and their covariance."""

    centre: float
    beta: Floats
    cov: Floats

    def at(self, log_speed: float, grade_pct: float) -> tuple[float, float]:
        """Mean and standard deviation of the runner's own y here."""
        x = np.array([1.0, log_speed - self.centre, grade_pct])
        return float(x @ self.beta), float(np.sqrt(x @ self.cov @ x))


def fit_line(rows: Floats, ages_days: Floats, kind: Kind) -> Fit:
    """Fit `rows` (n, 5): log speed, grade, y, windows, run index. ages_days: by run."""
    n_windows, run = rows[:, 3], rows[:, 4].astype(int)
    centre = float(np.average(rows[:, 0], weights=n_windows))
    x = np.column_stack([np.ones(len(rows)), rows[:, 0] - centre, rows[:, 1]])
    ages = np.maximum(ages_days, 0.0)[run]
    drift = kind.drift_sd**2 * np.minimum(ages[:, None], ages[None, :]) / _DRIFT_DAYS
    run_var = kind.run_sd**2
    weights = np.ones(len(rows))
    fit = Fit(centre, np.zeros(3), np.eye(3))
    for _ in range(_ROUNDS):
        own_var = kind.window_sd**2 * _WINDOWS_A_PAIR / n_windows / weights
        cov_y = np.diag(own_var) + drift + np.where(run[:, None] == run[None, :], run_var, 0.0)
        fit = _solve(x, rows[:, 2], cov_y, kind, centre)
        residual = rows[:, 2] - x @ fit.beta
        scaled = np.abs(residual) / np.sqrt(np.diag(cov_y))
        weights = np.clip(_HUBER_K / np.maximum(scaled, 1e-12), 0.05, 1.0) * np.ones(len(rows))
        run_var = _run_variance(residual, n_windows * weights, run, kind, ages)
    return fit


def _solve(x: Floats, y: Floats, cov_y: Floats, kind: Kind, centre: float) -> Fit:
    wide = _WIDE if kind.is_log else 10.0 * _WIDE
    prior = np.array([0.0, kind.slope, 0.0])
    precision = np.diag(1.0 / np.array([wide, kind.slope_sd, kind.grade_sd]) ** 2)
    weighted = np.linalg.solve(cov_y, x)
    cov = np.linalg.inv(precision + x.T @ weighted)
    beta = cov @ (precision @ prior + weighted.T @ y)
    return Fit(centre, beta.astype(np.float64), cov.astype(np.float64))


def _run_variance(residual: Floats, weight: Floats, run: npt.NDArray[np.int_], kind: Kind, ages_days: Floats) -> float:
    """Spread between runs: the prior, corrected by what recent runs show (older ones show wandering too)."""
    recent = np.unique(run[ages_days <= 2 * _DRIFT_DAYS])
    means = [float(np.average(residual[run == i], weights=weight[run == i])) for i in recent]
    seen = float(np.sum(np.square(means)))
    return (_PRIOR_RUNS * kind.run_sd**2 + seen) / (_PRIOR_RUNS + max(0, len(means) - 1))
