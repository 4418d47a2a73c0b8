"""Sum up a whole run in numbers: a RunSummary of its strides, steps, seconds and cues.

Averages rest on running only, without warm-up, cool-down, pauses and trimmed parts; each carries the standard error of
its mean. What no sensor saw stays None.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from coach.model.arrays import median, np
from coach.model.columns import Columns, Mappings
from coach.model.cues import CueDecision, FocusResponse
from coach.model.documents import FieldValues
from coach.model.metrics import LiveMetrics
from coach.model.metrics_table import METRICS, MILE_M, Use, names_for
from coach.model.runs import Lap, RunSummary
from coach.model.samples import FloatArray, StreamReport
from coach.model.strides import Stride, TrunkStep
from coach.summary.bins import bins_of, moments_by_speed
from coach.summary.distance import best_times, too_little_known
from coach.summary.distance_curve import distance_curve
from coach.summary.drift import Drift, drifts
from coach.summary.findings import findings_of
from coach.summary.landings import landings_of, running_of, unmeasured_s, unseen_of
from coach.summary.picture import average_strides
from coach.summary.robust import mean_and_error
from coach.summary.series import SIDES, TRUNK, RunSeries, Seen, best_seen, is_known, kept, series_of, strikes_of
from coach.summary.sides import contact_balance, step_asymmetry, stride_time_cv
from coach.summary.splits import splits_by_distance, splits_by_lap
from coach.summary.window import Window, window_of

_AVERAGES_OUT: Final = {"cadence_spm", "heart_rate_bpm", "stride_time_cv_pct"}  # no part of their error stays in a mean


def summarise(
    strides: Sequence[Stride],
    steps: Sequence[TrunkStep] = (),
    seconds: Sequence[LiveMetrics] = (),
    decisions: Sequence[CueDecision] = (),
    reports: Sequence[StreamReport] = (),
    laps: Sequence[Lap] = (),
    pauses: Sequence[tuple[float, float]] = (),
    responses: Sequence[FocusResponse] = (),
    trim: tuple[float | None, float | None] = (None, None),
    duration_s: float | None = None,
) -> RunSummary:
    """Sum up a run.

    responses: what the cues of each rule did, taken together. duration_s: its length without pauses; None: from its
    first to its last moment.
    """
    strides, steps = Columns.of(Stride, strides), Columns.of(TrunkStep, steps)
    seconds = Columns.of(LiveMetrics, seconds)
    window = window_of(laps, pauses, trim)
    run = series_of(strides, steps, seconds)
    counted = _counted(run, window)
    means, uncertainty = _means(run, window)
    _from_sides(means, counted)
    _from_each_other(means)
    running = running_of(run, window)
    moving_s = 0.0 if running is None else running.moving_s
    curve = distance_curve(run, pauses)
    whole = Window(window.start_s, window.end_s, tuple(pauses))
    distance_m = None if curve is None else curve.metres(window.start_s, window.end_s)
    shared = _shared(counted, window, means)
    too_little = too_little_known(distance_m, moving_s, means.get("speed_mps"))
    if too_little is not None:
        curve = distance_m = None
    n_impacts, totals = _totals(run, whole, reports, distance_m)
    strikes = strikes_of(counted.strides)
    bins = bins_of(run.measures, window)
    drift = drifts(bins)
    asymmetry = _with_sd("step_time_asymmetry_pct", means, uncertainty, shared)
    findings = findings_of(drift, asymmetry, strikes, decisions, responses, reports, too_little)
    return RunSummary(
        duration_s=_duration(strides, steps, seconds, pauses, trim) if duration_s is None else duration_s,
        moving_s=moving_s,
        distance_m=distance_m,
        n_strides=len(counted.strides),
        n_steps=len(counted.steps),
        n_gaps=sum(len(report.gaps) for report in reports),
        n_missing=sum(report.n_missing for report in reports),
        n_clipped=_clipped(reports, counted),
        n_cues=sum(decision.is_spoken for decision in decisions),
        foot_strike=strikes.commonest if strikes else None,
        foot_strike_share=strikes.shares if strikes else None,
        n_impacts=n_impacts,
        impacts_per_km=1000.0 / means["step_length_m"] if means.get("step_length_m") else None,
        heart_rate_max_bpm=_highest(run, window, "heart_rate_bpm"),
        drift_pct={name: d.change_pct for name, d in drift.items() if METRICS[name].is_ratio},
        uncertainty={
            **uncertainty,
            **shared,
            **totals,
            **_per_km_errors(means, {**uncertainty, **shared}),
            **_drift_errors(drift),
        },
        findings=findings,
        streams=tuple(reports),
        by_speed=moments_by_speed(bins),
        best_s=best_times(curve),
        splits=splits_by_distance(run, curve) if curve else (),
        mile_splits=splits_by_distance(run, curve, MILE_M) if curve else (),
        lap_splits=splits_by_lap(run, curve, laps, _last(run)) if len(laps) > 1 else (),
        average_strides=average_strides(counted.strides),
        **means,
    )


def _last(run: RunSeries) -> float:
    """Return the time of the last thing measured."""
    return max((float(series.t_s[-1]) for series in run.measures.values()), default=0.0)


def _counted(run: RunSeries, window: Window) -> RunSeries:
    """Return the strides and steps that count, each step of the body once: of the sensors that see it best."""

    def inside(items: Columns[Seen]) -> Columns[Seen]:
        return kept(items, window.holds(items.floats("initial_contact_s")))

    strides, steps = inside(best_seen(run.strides, SIDES)), inside(best_seen(run.steps, TRUNK))
    return RunSeries(run.measures, strides, steps, run.seconds, run.all_seconds)


def _means(run: RunSeries, window: Window) -> tuple[FieldValues, dict[str, float]]:
    means: dict[str, object] = {}
    errors: dict[str, float] = {}
    for name in names_for(Use.MEAN):
        series = run.measures.get(name)
        values = None if series is None else series.value[window.holds(series.t_s)]
        if values is None or not len(values):
            continue
        means[name], error = mean_and_error(values)
        if error is not None:
            errors[name] = error
    return means, errors


def _shared(run: RunSeries, window: Window, means: Mapping[str, object]) -> dict[str, float]:
    """Return what the sensors state of each mean beyond its scatter: the median over the seconds that count."""
    t_s, sds = run.seconds.floats("t_s"), _uncertainties(run)
    inside = (t_s >= window.start_s) & (t_s < window.end_s)
    found = {}
    for name in means:
        if name in _AVERAGES_OUT or name not in sds:
            continue
        stated = sds[name][inside & ~np.isnan(sds[name])]
        if len(stated):
            found[f"shared_{name}"] = median(stated)
    return found


def _uncertainties(run: RunSeries) -> Mapping[str, FloatArray]:
    """Return (n,) the standard uncertainty of each field in each second, NaN where it has none."""
    stated = run.seconds.field("uncertainty")
    return stated.by_name if isinstance(stated, Mappings) else {}


def _with_sd(
    name: str, means: FieldValues, errors: Mapping[str, float], shared: Mapping[str, float]
) -> tuple[float, float] | None:
    """Return a mean and its standard uncertainty, both parts together;
    nothing where no sensor states what is shared."""
    value, sd = means.get(name), shared.get(f"shared_{name}")
    return None if value is None or sd is None else (value, math.hypot(sd, errors.get(name, 0.0)))


def _totals(
    run: RunSeries, whole: Window, reports: Sequence[StreamReport], distance_m: float | None
) -> tuple[int | None, dict[str, float]]:
    """Return landings of the run, and the standard uncertainties of landings and distance, what was lost included."""
    errors: dict[str, float] = {}
    running = running_of(run, whole)
    unseen = unseen_of(run, running, reports, whole) if running else None
    landings = landings_of(running, unseen) if running and unseen else None
    if landings is not None:
        errors["n_impacts"] = landings[1]
    far, sd = _stated_distance(run, whole)
    if distance_m and far and sd is not None:
        errors["shared_distance_m"] = sd * distance_m / far
        if running and unseen and running.moving_s:
            errors["distance_m"] = distance_m / running.moving_s * unmeasured_s(unseen, run)
    return (landings[0] if landings else None), errors


def _stated_distance(run: RunSeries, whole: Window) -> tuple[float | None, float | None]:
    """Return the last distance that the seconds state, and its standard uncertainty; None: they do not."""
    far = run.seconds.floats("distance_m")
    rows = np.flatnonzero((run.seconds.floats("t_s") < whole.end_s) & is_known(far))
    sds = _uncertainties(run).get("distance_m")
    if not len(rows) or sds is None or np.isnan(sds[rows[-1]]):
        return None, None
    return float(far[rows[-1]]), float(sds[rows[-1]])


def _per_km_errors(means: FieldValues, errors: Mapping[str, float]) -> dict[str, float]:
    """Return both parts of the uncertainty of landings per kilometre: in proportion, those of the step length."""
    length = means.get("step_length_m")
    if not length:
        return {}
    found = {key: errors.get(f"{key}step_length_m") for key in ("", "shared_")}
    return {f"{key}impacts_per_km": 1000.0 * sd / length**2 for key, sd in found.items() if sd is not None}


def _from_sides(means: FieldValues, run: RunSeries) -> None:
    """Add measures of two sides or many strides, where they can be had from the strides themselves."""
    own = {
        "contact_time_balance_pct": contact_balance(run.strides),
        "step_time_asymmetry_pct": step_asymmetry(run.strides, run.steps),
        "stride_time_cv_pct": stride_time_cv(run.strides),
    }
    means.update({name: value for name, value in own.items() if value is not None})


def _from_each_other(means: FieldValues) -> None:
    """Add what follows from two other means."""
    cadence, speed, length = means.get("cadence_spm"), means.get("speed_mps"), means.get("step_length_m")
    if length is None and cadence and speed:
        means["step_length_m"], means["stride_length_m"] = 60 * speed / cadence, 120 * speed / cadence
    elif speed is None and cadence and length:
        means["speed_mps"] = cadence * length / 60
    if "stride_length_m" not in means and length is not None:
        means["stride_length_m"] = 2 * length
    bounce, length = means.get("vertical_oscillation_mm"), means.get("step_length_m")
    if "vertical_ratio_pct" not in means and bounce is not None and length:
        means["vertical_ratio_pct"] = 0.1 * bounce / length


def _clipped(reports: Sequence[StreamReport], run: RunSeries) -> int:
    """Return the number of clipped readings as the decoders count them; without them, of strides and steps with one."""
    if reports:
        return sum(report.n_clipped for report in reports)
    return sum(int(items.is_one_of("is_clipped", (True,)).sum()) for items in (run.strides, run.steps))


def _highest(run: RunSeries, window: Window, name: str) -> float | None:
    series = run.measures.get(name)
    values = None if series is None else series.value[window.holds(series.t_s)]
    return None if values is None or not len(values) else float(values.max())


def _drift_errors(drift: Mapping[str, Drift]) -> dict[str, float]:
    return {f"drift_{name}": d.se_pct for name, d in drift.items() if METRICS[name].is_ratio}


def _duration(
    strides: Columns[Stride],
    steps: Columns[TrunkStep],
    seconds: Columns[LiveMetrics],
    pauses: Sequence[tuple[float, float]],
    trim: tuple[float | None, float | None],
) -> float:
    spans = (
        (strides.floats("initial_contact_s"), np.nan_to_num(strides.floats("stride_time_s"))),
        (steps.floats("initial_contact_s"), np.nan_to_num(steps.floats("step_time_s"))),
        (seconds.floats("t_s"), np.zeros(len(seconds))),
    )
    ends = [(float(at_s.min()), float((at_s + length_s).max())) for at_s, length_s in spans if len(at_s)]
    if not ends:
        return 0.0
    start_s = min(start for start, _ in ends) if trim[0] is None else trim[0]
    end_s = max(end for _, end in ends) if trim[1] is None else trim[1]
    paused = sum(max(0.0, min(end, end_s) - max(start, start_s)) for start, end in pauses)
    return max(0.0, end_s - start_s - paused)
