"""Estimate the runner's own step measures against speed and grade, with uncertainty, from recent runs.

In: the steady part of each run, cut into speed bins. Out: what this runner does at a speed, and how sure that is.
A run counts with 11 or more steady minutes, the time its averages need to settle (preprint 202601.2214).

Like is compared with like: each place has a baseline of its own, because the sole lands 9.8 degrees flatter on a
treadmill (33 studies, Van Hooren 2020, PMC7069922), and where the runner names the shoes, landings are compared with
runs in the same ones (`measures`).

A measure's line through the bins is robust: y against log speed and grade, runs offset from each other. A linear mixed
model with priors on slopes (its Gaussian posterior) and Huber weights on bins and on whole runs. Each run has an offset
of its own; the runner may have wandered since an older run (a random walk, shared by runs of the same time). Source:
Huber 1964, doi:10.1214/aoms/1177703732; Rasmussen & Williams 2006, section 2.1.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Final

from coach.coaching.measures import KINDS, MeasureKind
from coach.model.arrays import FloatArray, IndexArray, median, np
from coach.model.frozen import dataclass
from coach.model.metrics import Unknown
from coach.model.runs import RunPlace
from coach.model.units import GRAVITY_MPS2

_HUBER_K: Final = 1.5  # SD: one point in eight of normal scatter weighs less; by judgement
_ROUNDS: Final = 5  # of reweighting: weights no longer move by then; by judgement
_WIDE: Final = 10.0  # prior SD of the intercept in units of y (or 100 for plain units): says nothing
_PRIOR_RUNS: Final = 4.0  # how many runs the prior spread between runs is worth
_DRIFT_DAYS: Final = 30.0  # the time in which a runner wanders by one `drift_sd`; by judgement
_WINDOWS_A_PAIR: Final = 2.0  # neighbouring windows are not independent: count half of them; chosen by eye, 2026-11-20
MIN_STEADY_S: Final = 660.0  # the time that a run's averages need (preprint 202601.2214)
FULL_STEADY_S: Final = 720.0  # enough to settle; later minutes hold tiredness; chosen by eye, 2026-11-20
MIN_RUNS: Final = 3  # fewer show no spread between runs; by judgement
MAX_RUNS: Final = 30  # a season's habit, and what is fitted in milliseconds; by judgement
MAX_SD_PCT: Final = 2.0  # a comparison less sure than this is not made; chosen by eye, 2026-11-20
_HEIGHT_M: Final = 1.70  # where height is unknown: scales cancel for one runner
_LEG_PER_HEIGHT: Final = 0.53  # Winter, Biomechanics and Motor Control of Human Movement: leg length / height


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients (level, per log speed, per percent grade) about `centre`, and their covariance."""

    centre: float
    beta: FloatArray
    cov: FloatArray

    def at(self, log_speed: float, grade_pct: float) -> tuple[float, float]:
        """Return the mean and standard deviation of the runner's own y here."""
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
    """Return the posterior of the line with the runs' offsets (covariance `offsets`) as further unknowns."""
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
    """Return the weighted mean by run."""
    total = np.bincount(run, weights=values * weight) / np.bincount(run, weights=weight)
    return np.asarray(total, dtype=np.float64)


def _huber(residual: FloatArray, sd: FloatArray) -> FloatArray:
    """Return weights: 1 within 1.5 SD, falling beyond."""
    scaled = np.abs(residual) / sd
    # At least 0.02: one that is 75 SD away still holds the fit together; by judgement.
    return np.clip(_HUBER_K / np.maximum(scaled, 1e-12), 0.02, 1.0)


def _run_variance(means: FloatArray, weights: FloatArray, ages_days: FloatArray, kind: MeasureKind) -> float:
    """Return the spread between runs: the prior, corrected by what recent runs show (older ones show wandering too)."""
    recent = ages_days <= 2 * _DRIFT_DAYS
    seen = float(np.sum(weights[recent] * np.square(means[recent])))
    return (_PRIOR_RUNS * kind.run_sd**2 + seen) / (_PRIOR_RUNS + max(0, int(np.sum(recent)) - 1))


@dataclass(frozen=True, slots=True)
class BaselinePoint:
    """Medians over windows of 20 s at one speed and grade. n: windows. spread: SD between windows, by field.

    uncertainty: median standard uncertainty of the live values, by field; empty in runs of before it was kept.
    """

    speed_mps: float
    grade_pct: float
    n: int
    values: Mapping[str, float]
    spread: Mapping[str, float] = field(default_factory=dict)
    uncertainty: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BaselineRun:
    """What one run adds to the baseline. at: aware UTC. shoes: their name, "" where the runner named none."""

    run_id: str
    at: datetime
    steady_s: float
    points: tuple[BaselinePoint, ...]
    place: RunPlace = RunPlace.NOT_SAID
    shoes: str = ""


@dataclass(frozen=True, slots=True)
class Own:
    """The runner's own value at a speed, with one standard deviation."""

    value: float
    sd: float


class Baseline:
    """A frozen judgement over baseline runs, seen from `now`: build a new one after each run.

    runs: the newest that count at `place`, at most `MAX_RUNS`. shoes: "" compares landings in whatever shoes.
    """

    def __init__(
        self,
        runs: Sequence[BaselineRun],
        now: datetime,
        height_m: float | None = None,
        place: RunPlace = RunPlace.NOT_SAID,
        shoes: str = "",
    ) -> None:
        """Keep the newest runs at `place` with enough steady minutes that lie before `now`."""
        counted = (r for r in runs if r.steady_s >= MIN_STEADY_S and r.points and r.at <= now)
        self._anywhere = tuple(sorted(counted, key=lambda r: r.at))
        self.runs = tuple(r for r in self._anywhere if r.place is place)[-MAX_RUNS:]
        self.now = now
        self.height_m = height_m
        self.place = place
        self.shoes = shoes
        self._usual_sd = {name: self._usual(name, kind) for name, kind in KINDS.items()}
        self._fits = {name: fit for name, kind in KINDS.items() if (fit := self._fit(name, kind)) is not None}

    @property
    def is_ready(self) -> bool:
        """Whether it has enough runs to compare with."""
        return len(self.runs) >= MIN_RUNS

    def at(self, place: RunPlace) -> "Baseline":
        """Return the runner's own at another place, from the same runs."""
        return Baseline(self._anywhere, self.now, self.height_m, place, self.shoes)

    @property
    def places(self) -> tuple[RunPlace, ...]:
        """The places at which runs count, in the order of `RunPlace`."""
        return tuple(place for place in RunPlace if any(r.place is place for r in self._anywhere))

    @property
    def n_in_shoes(self) -> int:
        """Runs that landings are compared with."""
        return len(self._runs_in_shoes())

    def newest(self, n: int = MAX_RUNS) -> tuple[BaselineRun, ...]:
        """Return the newest `n` runs of each place, oldest first: enough to make this baseline again elsewhere."""
        kept = [r for place in RunPlace for r in [r for r in self._anywhere if r.place is place][-n:]]
        return tuple(sorted(kept, key=lambda r: r.at))

    def why_not(self, measure: str) -> Unknown:
        """Return why `measure` is not compared: runs at this place or in these shoes are too few, or it is not sure."""
        if not self.is_ready:
            return Unknown.NEEDS_RUNS_HERE if self._anywhere[len(self.runs) :] else Unknown.NEEDS_THREE_RUNS
        is_new = KINDS[measure].by_shoes and self.n_in_shoes < MIN_RUNS
        return Unknown.NEEDS_RUNS_IN_SHOES if is_new else Unknown.USUAL_NOT_SURE

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of the measures known at all."""
        return tuple(self._fits)

    @property
    def speeds_mps(self) -> tuple[float, float] | None:
        """Slowest and fastest speed seen."""
        speeds = [p.speed_mps for r in self.runs for p in r.points]
        return (min(speeds), max(speeds)) if speeds else None

    def own(self, measure: str, speed_mps: float, grade_pct: float = 0.0) -> Own | None:
        """Return what this runner does at `speed_mps`; None where nothing is known.
        Units are those of the field's name."""
        fit, kind = self._fits.get(measure), KINDS[measure]
        if fit is None or speed_mps <= 0.5:
            return None
        mean, sd = fit.at(self._log_speed(speed_mps), grade_pct)
        if not kind.is_log:
            return Own(mean, sd)
        value = float(np.exp(mean)) * self._scale(kind)
        return Own(value, value * sd)

    def excess_sd(self, measure: str, value: float, sd: float) -> float:
        """Return the part of a live value's uncertainty that does not cancel in the comparison with the runner's own.

        What a sensor gets wrong by its nature and place was wrong in the baseline runs too, by as much as their values
        were unsure; only what goes beyond that is new. In percent of the value for logarithmic measures, else in the
        unit of the field.
        """
        now = 100.0 * sd / abs(value) if KINDS[measure].is_log and value else sd
        return math.sqrt(max(0.0, now * now - self._usual_sd[measure] ** 2))

    def _usual(self, measure: str, kind: MeasureKind) -> float:
        """Return the usual standard uncertainty of the baseline runs;
        twice the scatter between windows where not kept."""
        known = [
            100.0 * sd / abs(p.values[measure]) if kind.is_log else sd
            for run in self.runs
            for p in run.points
            if (sd := p.uncertainty.get(measure)) is not None and p.values.get(measure)
        ]
        if known:
            return median(known)
        return 2.0 * kind.window_sd * (100.0 if kind.is_log else 1.0)

    def difference_pct(self, measure: str, value: float, speed_mps: float, grade_pct: float) -> Own | None:
        """Return how far `value` lies from the runner's own, in percent of it; None where that is not sure enough."""
        own = self.own(measure, speed_mps, grade_pct)
        if not self.is_ready or own is None or own.value <= 0.0:
            return None
        sd = 100.0 * own.sd / own.value
        limit = MAX_SD_PCT * KINDS[measure].window_sd / KINDS["step_length_m"].window_sd
        return Own(100.0 * (value / own.value - 1.0), sd) if sd <= max(MAX_SD_PCT, limit) else None

    def _height(self) -> float:
        return self.height_m or _HEIGHT_M

    def _scale(self, kind: MeasureKind) -> float:
        return self._height() if kind.by_height else 1.0

    def _log_speed(self, speed_mps: float) -> float:
        """Return the logarithm of speed made dimensionless by leg length (root of the Froude number)."""
        return float(np.log(speed_mps / np.sqrt(GRAVITY_MPS2 * _LEG_PER_HEIGHT * self._height())))

    def _runs_in_shoes(self) -> tuple[BaselineRun, ...]:
        name = _name_of(self.shoes)
        return tuple(r for r in self.runs if _name_of(r.shoes) == name) if name else self.runs

    def _fit(self, name: str, kind: MeasureKind) -> Fit | None:
        runs = self._runs_in_shoes() if kind.by_shoes else self.runs
        if kind.by_shoes and _name_of(self.shoes) and len(runs) < MIN_RUNS:
            return None
        rows = [
            (self._log_speed(p.speed_mps), p.grade_pct, self._y(p.values[name], kind), p.n, i)
            for i, run in enumerate(runs)
            for p in run.points
            if p.values.get(name) is not None and (not kind.is_log or p.values[name] > 0.0)
        ]
        if not rows:
            return None
        ages = [(self.now - run.at).total_seconds() / 86400.0 for run in runs]
        return fit_line(np.array(rows, dtype=float), np.array(ages), kind)

    def _y(self, value: float, kind: MeasureKind) -> float:
        return float(np.log(value / self._scale(kind))) if kind.is_log else value


def _name_of(shoes: str) -> str:
    return shoes.strip().casefold()
