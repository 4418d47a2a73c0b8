"""Compare a run with the runner's own: each moment by differences, and the whole by what it adds to the baseline.

A moment's differences are filled in with their uncertainty, or the reason why there are none. A run adds its steady
part, as baseline points, at the place where it was run. A treadmill that sends its speed while the runner runs settles
the place; so do positions from which the speed is worked out, unless a treadmill sends too (a phone on it still sees
satellites through a window). What the runner chose counts only where the sensors say nothing: one that is paired and
silent may lie at home.
"""

import math
from collections import defaultdict
from dataclasses import fields, replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from coach.coaching.baseline import FULL_STEADY_S, Baseline, BaselinePoint, BaselineRun, Own
from coach.coaching.measures import KINDS
from coach.model.arrays import median, np
from coach.model.documents import FieldValues
from coach.model.metrics import LiveMetrics, Unknown
from coach.model.runs import RunPlace
from coach.model.strides import GaitState

_PERCENT: Final = {
    "step_length_m": "step_length_vs_baseline_pct",
    "cadence_spm": "cadence_vs_baseline_pct",
    "contact_time_ms": "contact_time_vs_baseline_pct",
    "impact_g": "impact_vs_baseline_pct",
    "axial_rotation_deg": "axial_rotation_vs_baseline_pct",
}
_ANGLE: Final = "foot_strike_angle_vs_baseline_deg"
_ASYMMETRY: Final = "asymmetry_vs_baseline_pct"
MEASURES: Final = {name: measure for measure, name in _PERCENT.items()} | {
    _ANGLE: "foot_strike_angle_deg",
    _ASYMMETRY: "step_time_asymmetry_pct",
}
_FIELDS: Final = tuple(field.name for field in fields(LiveMetrics))
_MAX_ANGLE_SD_DEG: Final = 2.0  # less sure than the rise that would matter; chosen by eye, 2026-11-20
_MAX_ASYMMETRY_SD_PCT: Final = 1.5  # half the edge of the rule; chosen by eye, 2026-11-20
_WINDOW_S: Final = 20.0  # some 27 strides, over which scatter averages out; by judgement
_FULL_WINDOW_S: Final = 15.0  # three quarters of it must be seen; by judgement
_MAX_STEP_S: Final = 2.0  # a longer silence between two samples is a gap, not steady running
_SPEED_BIN_MPS: Final = 0.1  # 3 % of a usual speed; by judgement
_GRADE_BIN_PCT: Final = 2.0  # finer than a runner notices; by judgement
SEEN_S: Final = 60.0  # of running with such a speed; chosen by judgement: long enough for no stray packet or fix
_SOURCES: Final = {"treadmill": RunPlace.TREADMILL, "position": RunPlace.OUTDOOR}  # the surer first
_MIN_SPEED_MPS: Final = 1.2  # slower is no run that says anything of running; by judgement


def compared(metrics: LiveMetrics, baseline: Baseline | None, **others: float | None) -> LiveMetrics:
    """Fill `*_vs_baseline` with uncertainty, or say in `unknown` why not. others: further fields to fill."""
    metrics = _finite(metrics)
    names = (*_PERCENT.values(), _ANGLE, _ASYMMETRY)
    why = _why_not(metrics, baseline)
    found: dict[str, Own] = {}
    if not why and baseline is not None and metrics.speed_mps is not None:
        found = _differences(metrics, baseline, metrics.speed_mps, metrics.grade_pct or 0.0)
    filled: FieldValues = {**others, **{name: own.value for name, own in found.items()}}
    filled["uncertainty"] = {**metrics.uncertainty, **{name: own.sd for name, own in found.items()}}
    unknown = (name for name in names if name not in found)
    missing = {name: _measure_unknown(metrics, name) or why or _unsure(baseline, name) for name in unknown}
    filled["unknown"] = _joined(tuple(metrics.unknown.items()), tuple(missing.items()))
    return replace(metrics, **filled)


@lru_cache(maxsize=64)  # few answers, kept for each second of a run
def _joined(one: tuple[tuple[str, str], ...], other: tuple[tuple[str, str], ...]) -> dict[str, str]:
    return dict(one + other)


def _finite(metrics: LiveMetrics) -> LiveMetrics:
    """Return the metrics without numbers that are none: what is not finite, or whose uncertainty is not, is unknown."""
    odd = [f for f in _FIELDS if isinstance(v := getattr(metrics, f), float) and not math.isfinite(v)]
    odd += [f for f, sd in metrics.uncertainty.items() if not math.isfinite(sd) and f in _FIELDS and f not in odd]
    if not odd:
        return metrics
    unknown = {**metrics.unknown, **dict.fromkeys(odd, Unknown.NO_STRIDES)}
    sds = {name: sd for name, sd in metrics.uncertainty.items() if name not in odd}
    return replace(metrics, unknown=unknown, uncertainty=sds, **dict.fromkeys(odd))  # type: ignore[arg-type]  # names from _FIELDS: numbers or None


def _with_excess(own: Own, measure: str, metrics: LiveMetrics, baseline: Baseline) -> Own:
    """Return a difference with what does not cancel of the live value's own uncertainty added to the baseline's."""
    sd, value = metrics.uncertainty.get(measure), getattr(metrics, measure)
    if sd is None:
        return own
    return Own(own.value, math.hypot(own.sd, baseline.excess_sd(measure, value, sd)))


def _unsure(baseline: Baseline | None, name: str) -> Unknown:
    """Return why a known measure has no difference from the runner's own."""
    return Unknown.NEEDS_THREE_RUNS if baseline is None else baseline.why_not(MEASURES[name])


def _measure_unknown(metrics: LiveMetrics, name: str) -> str | None:
    """Return why the measure that `name` compares is itself unknown; None where it is known."""
    measure = MEASURES[name]
    return metrics.unknown.get(measure, Unknown.NO_STRIDES) if getattr(metrics, measure) is None else None


def _why_not(metrics: LiveMetrics, baseline: Baseline | None) -> Unknown | None:
    if baseline is None:
        return Unknown.NEEDS_THREE_RUNS
    if not baseline.is_ready:
        return baseline.why_not("step_length_m")
    if metrics.state is not GaitState.RUNNING:
        return Unknown.ONLY_RUNNING
    return Unknown.NEEDS_SPEED if metrics.speed_mps is None else None


def _differences(metrics: LiveMetrics, baseline: Baseline, speed_mps: float, grade_pct: float) -> dict[str, Own]:
    found: dict[str, Own] = {}
    for measure, name in _PERCENT.items():
        value = getattr(metrics, measure)
        if value is not None and (own := baseline.difference_pct(measure, value, speed_mps, grade_pct)) is not None:
            found[name] = _with_excess(own, measure, metrics, baseline)
    angle = baseline.own("foot_strike_angle_deg", speed_mps, grade_pct)
    if metrics.foot_strike_angle_deg is not None and angle is not None and angle.sd <= _MAX_ANGLE_SD_DEG:
        difference = Own(metrics.foot_strike_angle_deg - angle.value, angle.sd)
        found[_ANGLE] = _with_excess(difference, "foot_strike_angle_deg", metrics, baseline)
    usual = baseline.own("step_time_asymmetry_pct", speed_mps, grade_pct)
    if metrics.step_time_asymmetry_pct is not None and usual is not None and usual.sd <= _MAX_ASYMMETRY_SD_PCT:
        difference = Own(abs(metrics.step_time_asymmetry_pct) - abs(usual.value), usual.sd)
        found[_ASYMMETRY] = _with_excess(difference, "step_time_asymmetry_pct", metrics, baseline)
    return found


class SteadyPart:
    """Collects steady running in windows of 20 s; its first two minutes are left out as warming up."""

    WARM_UP_S: Final = 120.0

    def __init__(self) -> None:
        self.steady_s = 0.0
        self.running_s = 0.0
        self._warm_s = 0.0
        self._last_s: float | None = None
        self._window: list[LiveMetrics] = []
        self._window_s = 0.0
        self._windows: list[dict[str, float]] = []
        self._unsure: list[dict[str, float]] = []  # standard uncertainties, window by window

    def add(self, metrics: LiveMetrics) -> None:
        """Take one moment in rising time."""
        step = 0.0 if self._last_s is None else metrics.t_s - self._last_s
        self._last_s = metrics.t_s
        if not 0.0 < step <= _MAX_STEP_S or metrics.state is not GaitState.RUNNING:
            self._close()
            return
        self.running_s += step
        if not metrics.is_steady or (metrics.speed_mps or 0.0) < _MIN_SPEED_MPS:
            self._close()
        elif self._warm_s < self.WARM_UP_S:
            self._warm_s += step
        elif self.steady_s < FULL_STEADY_S:
            self._take(metrics, step)

    def run(self, run_id: str, at: datetime) -> BaselineRun:
        """Return what this run adds to the baseline; `steady_s` shows whether it is enough."""
        self._close()
        return BaselineRun(run_id, at, self.steady_s, self._points())

    def _take(self, metrics: LiveMetrics, step: float) -> None:
        self._window.append(metrics)
        self._window_s += step
        self.steady_s += step
        if self._window_s >= _WINDOW_S:
            self._close()

    def _close(self) -> None:
        if self._window_s >= _FULL_WINDOW_S:
            names = ("speed_mps", "grade_pct", *KINDS)
            medians = {n: [v for m in self._window if (v := getattr(m, n)) is not None] for n in names}
            window = {n: median(v) for n, v in medians.items() if len(v) * 2 >= len(self._window)}
            self._windows.append(window)
            unsure = {n: [sd for m in self._window if (sd := m.uncertainty.get(n)) is not None] for n in KINDS}
            self._unsure.append({n: median(v) for n, v in unsure.items() if v and n in window})
        self._window, self._window_s = [], 0.0

    def _points(self) -> tuple[BaselinePoint, ...]:
        bins: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        for i, window in enumerate(self._windows):
            grade = window.get("grade_pct", 0.0)
            bins[round(window["speed_mps"] / _SPEED_BIN_MPS), round(grade / _GRADE_BIN_PCT)].append(i)
        return tuple(
            _point([self._windows[i] for i in places], [self._unsure[i] for i in places])
            for _, places in sorted(bins.items())
        )


def _point(windows: list[dict[str, float]], unsure: list[dict[str, float]]) -> BaselinePoint:
    """Return the point of one bin: all values from the windows that have them, at the bin's median speed."""
    values: dict[str, float] = {}
    spread: dict[str, float] = {}
    for name in KINDS:
        seen = [w[name] for w in windows if name in w]
        if len(seen) * 2 >= len(windows):
            values[name] = median(seen)
            spread[name] = float(np.std(seen))
    speed = median([w["speed_mps"] for w in windows])
    grade = median([w.get("grade_pct", 0.0) for w in windows])
    known = {name: [u[name] for u in unsure if name in u] for name in values}
    uncertainty = {name: median(v) for name, v in known.items() if v}
    return BaselinePoint(speed, grade, len(windows), values, spread, uncertainty)


class PlaceFinder:
    """Follows one run in rising time. place: None while its sensors show none."""

    def __init__(self) -> None:
        self._seen_s = dict.fromkeys(_SOURCES, 0.0)
        self._last_s: float | None = None

    def add(self, metrics: LiveMetrics) -> None:
        """Take one moment."""
        step_s = 0.0 if self._last_s is None else metrics.t_s - self._last_s
        self._last_s = metrics.t_s
        if metrics.state is not GaitState.RUNNING or not metrics.speed_source or not 0.0 < step_s <= _MAX_STEP_S:
            return
        for source in metrics.speed_source.split(" and "):
            if source in self._seen_s:
                self._seen_s[source] += step_s

    @property
    def place(self) -> RunPlace | None:
        """Where the run surely is."""
        return next((place for source, place in _SOURCES.items() if self._seen_s[source] >= SEEN_S), None)
