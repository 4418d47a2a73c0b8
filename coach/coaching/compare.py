"""Live metrics in, the same with differences from the runner's own filled in."""

import math
from dataclasses import fields, replace
from functools import lru_cache
from typing import Final

from coach.coaching.baseline import Baseline, Own
from coach.model.documents import FieldValues
from coach.model.metrics import LiveMetrics, Unknown
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
    """The same without numbers that are none: what is not finite, or whose uncertainty is not, is unknown."""
    odd = [f for f in _FIELDS if isinstance(v := getattr(metrics, f), float) and not math.isfinite(v)]
    odd += [f for f, sd in metrics.uncertainty.items() if not math.isfinite(sd) and f in _FIELDS and f not in odd]
    if not odd:
        return metrics
    unknown = {**metrics.unknown, **dict.fromkeys(odd, Unknown.NO_STRIDES)}
    sds = {name: sd for name, sd in metrics.uncertainty.items() if name not in odd}
    return replace(metrics, unknown=unknown, uncertainty=sds, **dict.fromkeys(odd))  # type: ignore[arg-type]  # names from _FIELDS: numbers or None


def _with_excess(own: Own, measure: str, metrics: LiveMetrics, baseline: Baseline) -> Own:
    """A difference with what does not cancel of the live value's own uncertainty added to the baseline's."""
    sd, value = metrics.uncertainty.get(measure), getattr(metrics, measure)
    if sd is None:
        return own
    return Own(own.value, math.hypot(own.sd, baseline.excess_sd(measure, value, sd)))


def _unsure(baseline: Baseline | None, name: str) -> Unknown:
    """Why a known measure has no difference from the runner's own."""
    return Unknown.NEEDS_THREE_RUNS if baseline is None else baseline.why_not(MEASURES[name])


def _measure_unknown(metrics: LiveMetrics, name: str) -> str | None:
    """Why the measure that `name` compares is itself unknown; None where it is known."""
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
