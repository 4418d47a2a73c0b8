"""Choose what mattered in a run: at most three sentences, each with its reason, the weightiest first.

The words hold only percentages and degrees, so that they are true in metric and imperial units alike. A finding
must be clear of chance before it is said; what cannot be known because of the sensors is a finding too.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from coach.model.cues import CueDecision, FocusResponse
from coach.model.runs import Finding
from coach.model.samples import StreamReport
from coach.summary.drift import Drift
from coach.summary.series import Strikes
from coach.summary.silence import lost_before, silent_share

N_FINDINGS: Final = 3
_LOST_SHARE: Final = 0.02
_CLIPPED_SHARE: Final = 0.01
# Above every other weight (6.0 at most): without the sensor, what else is said of the run rests on half of it.
_SILENT_WEIGHT: Final = 7.0
_UNEVEN_PCT: Final = 4.0  # chosen by eye, 2026-11-20: about twice the step asymmetry of healthy runners
# measure: (words for more, words for less, smallest change in percent worth a sentence, weight)
_DRIFT_WORDS: Final[Mapping[str, tuple[str, str, float, float]]] = {
    "step_length_m": ("Your steps became {n} % longer", "Your steps became {n} % shorter", 2.0, 3.0),
    "cadence_spm": ("Your steps became {n} % quicker", "Your steps became {n} % slower", 2.0, 2.5),
    "contact_time_ms": (
        "Your feet stayed on the ground {n} % longer",
        "Your ground contact became {n} % shorter",
        3.0,
        2.5,
    ),
    "impact_g": ("Your landings became {n} % harder", "Your landings became {n} % softer", 6.0, 2.8),
    "vertical_oscillation_mm": ("You bounced {n} % more", "You bounced {n} % less", 5.0, 1.5),
    "heart_rate_bpm": ("Your heart beat {n} % faster", "Your heart beat {n} % slower", 4.0, 1.5),
    "flight_time_ms": ("Your flight phase became {n} % longer", "Your flight phase became {n} % shorter", 6.0, 1.0),
}
_NAMES: Final[Mapping[str, str]] = {
    "step_length_m": "step length",
    "cadence_spm": "cadence",
    "contact_time_ms": "contact time",
    "impact_g": "impact",
    "vertical_oscillation_mm": "vertical oscillation",
    "heart_rate_bpm": "heart rate",
    "flight_time_ms": "flight time",
}
# measure of a cue: (what is said of more of it, of less of it, its unit)
_RESPONSE_WORDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "step_length_vs_baseline_pct": ("After cues steps were {n} % longer", "After cues steps were {n} % shorter", " %"),
    "cadence_vs_baseline_pct": ("After cues steps were {n} % quicker", "After cues steps were {n} % slower", " %"),
    "impact_vs_baseline_pct": ("After cues landings were {n} % harder", "After cues landings were {n} % softer", " %"),
    "contact_time_vs_baseline_pct": (
        "After cues ground contact was {n} % longer",
        "After cues ground contact was {n} % shorter",
        " %",
    ),
    "axial_rotation_vs_baseline_pct": (
        "After cues the trunk turned {n} % more",
        "After cues the trunk turned {n} % less",
        " %",
    ),
    "foot_strike_angle_deg": (
        "After cues the sole landed {n}° steeper",
        "After cues the sole landed {n}° flatter",
        "°",
    ),
    "trunk_lean_deg": ("After cues the trunk leant {n}° more", "After cues the trunk leant {n}° less", "°"),
    "asymmetry_vs_baseline_pct": (
        "After cues left and right differed {n} points more",
        "After cues left and right differed {n} points less",
        " points",
    ),
}
_ANY_RESPONSE: Final = ("After cues the number was {n} higher", "After cues the number was {n} lower", "")


def findings_of(
    drifts: Mapping[str, Drift],
    asymmetry: tuple[float, float] | None,
    strikes: Strikes | None,
    decisions: Sequence[CueDecision],
    responses: Sequence[FocusResponse],
    reports: Sequence[StreamReport],
    speed_known: float | None = None,
) -> tuple[Finding, ...]:
    """Return the three weightiest, weightiest first.

    asymmetry: of step times [%] and its standard uncertainty. speed_known: share of the running, if too little to give
    a distance.
    """
    found = [
        *_drift_findings(drifts),
        *_uneven(asymmetry),
        *_answered(decisions, responses),
        *_uncertain(reports),
        *_no_distance(speed_known),
        *_pattern(strikes),
    ]
    return tuple(sorted(found, key=lambda finding: -finding.weight)[:N_FINDINGS])


def _drift_findings(drifts: Mapping[str, Drift]) -> list[Finding]:
    found = []
    for name, (more, less, least_pct, weight) in _DRIFT_WORDS.items():
        drift = drifts.get(name)
        if drift and drift.is_clear and abs(drift.change_pct) >= least_pct:
            words = (more if drift.change > 0 else less).format(n=f"{abs(drift.change_pct):.0f}")
            change = f"{drift.change_pct:+.1f}".replace("-", "−")
            reason = f"{_NAMES[name]} {change} % (± {1.96 * drift.se_pct:.1f}) at the same speed"
            numbers = {"change_pct": drift.change_pct, "se_pct": drift.se_pct, "first": drift.first, "last": drift.last}
            size = min(2.0, abs(drift.change_pct) / least_pct)
            found.append(
                Finding(f"drift_{name}", f"{words} from the first third to the last.", reason, weight * size, numbers)
            )
    if not found and {"step_length_m", "cadence_spm", "contact_time_ms"} & set(drifts):
        steady = "Your stride held from the first third to the last."
        seen = ", ".join(f"{_NAMES[n]} {d.change_pct:+.1f} %" for n, d in drifts.items() if n in _NAMES)
        seen = seen.replace("-", "−")
        found.append(Finding("steady", steady, f"at the same speed: {seen}", 1.2))
    return found


def _uneven(asymmetry: tuple[float, float] | None) -> list[Finding]:
    """Find steps that differ by more than healthy runners' do, and by more than the sensors may be wrong."""
    if asymmetry is None or abs(asymmetry[0]) < max(_UNEVEN_PCT, 1.96 * asymmetry[1]):
        return []
    asymmetry_pct, sd_pct = asymmetry
    longer = "left" if asymmetry_pct > 0 else "right"
    words = f"Your {longer} steps took {abs(asymmetry_pct):.0f} % longer than the others."
    reason = f"median step times of the whole run, ± {1.96 * sd_pct:.0f} %"
    return [Finding("uneven", words, reason, 2.2, {"asymmetry_pct": asymmetry_pct, "sd_pct": sd_pct})]


def _answered(decisions: Sequence[CueDecision], responses: Sequence[FocusResponse]) -> list[Finding]:
    """Return all cues of one rule together, with direction and interval; single ones are clear by chance too often."""
    spoken = [d for d in decisions if d.is_spoken and d.kind == "cue"]
    if not spoken:
        return []
    counts = Counter(d.rule_id for d in spoken)
    n = len(spoken)
    unsure = f"{n} cues were spoken; whether they helped is not known yet."
    if n == 1:
        unsure = "One cue was spoken; whether it helped is not known yet."
    numbers = {"n_spoken": float(len(spoken))}
    judged = [r for r in responses if counts[r.rule_id] and None not in (r.effect, r.low, r.high)]
    if not judged:
        reason = "too few cues, or too few silent moments to compare with"
        return [Finding("cues", unsure, reason, 1.0, numbers)]
    most = max(judged, key=lambda r: r.n_cues)
    assert most.effect is not None
    assert most.low is not None
    assert most.high is not None
    numbers |= {"effect": most.effect, "low": most.low, "high": most.high}
    more, less, unit = _RESPONSE_WORDS.get(most.metric, _ANY_RESPONSE)
    interval = f"95 %: {_signed(most.low)} to {_signed(most.high)}{unit}"
    reason = f"{most.n_cues} cues against {most.n_withheld} silent moments; {interval}"
    if most.low <= 0.0 <= most.high:
        return [Finding("cues", unsure, reason, 1.0, numbers)]
    low, high = sorted((abs(most.low), abs(most.high)))
    size = (more if most.effect > 0 else less).format(n=f"{abs(most.effect):.1f}")
    words = f"{size} than in silent moments (95 %: {low:.1f} to {high:.1f})."
    if most.direction * most.effect < 0:
        words += " That is the other way: this cue does not suit you."
    return [Finding("cues", words, reason, 2.4, numbers)]


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "−")


def _no_distance(speed_known: float | None) -> list[Finding]:
    if speed_known is None:
        return []
    share = 100.0 * speed_known
    words = f"Your speed was known in {share:.0f} % of your running only, so no distance is given."
    return [Finding("no_distance", words, "strides touched by lost readings have no length", 2.9, {"share_pct": share})]


def _uncertain(reports: Sequence[StreamReport]) -> list[Finding]:
    found = []
    for report in reports:
        total = report.n_samples + report.n_missing
        place = report.wear_site.value.replace("_", " ") if report.wear_site else "running"
        if not total:
            words = f"The {place} sensor sent nothing, so what it measures is not known in this run."
            found.append(Finding(f"silent_{report.sensor_id}", words, "no reading arrived from it", _SILENT_WEIGHT))
        elif silent_share(report) > _LOST_SHARE:
            found.append(_fell_silent(report, place))
        n_lost = lost_before(report)
        total = report.n_samples + n_lost
        if total and n_lost > _LOST_SHARE * total:
            share = 100.0 * n_lost / total
            words = f"The {place} sensor lost {share:.0f} % of its readings, so its strides are less certain."
            reason = f"{n_lost} of {total} readings missing in {len(report.gaps) - bool(report.silent_s)} gaps"
            found.append(
                Finding(f"lost_{report.sensor_id}", words, reason, 1.6 + min(1.5, share / 10), {"share_pct": share})
            )
        if report.n_samples and report.n_clipped > _CLIPPED_SHARE * report.n_samples:
            share = 100.0 * report.n_clipped / report.n_samples
            words = (
                f"The {place} sensor was at its limit in {share:.0f} % of its readings, so impacts are left out there."
            )
            reason = f"{report.n_clipped} of {report.n_samples} readings at full scale"
            found.append(Finding(f"clipped_{report.sensor_id}", words, reason, 1.5, {"share_pct": share}))
    return found


def _fell_silent(report: StreamReport, place: str) -> Finding:
    minutes, seconds = divmod(round(report.last_s or 0.0), 60)
    share = silent_share(report)
    words = (
        f"The {place} sensor fell silent at {minutes}:{seconds:02d} and sent nothing in the last {100 * share:.0f} % "
        "of the run, so what it measures is not known there."
    )
    reason = f"its last reading came at {minutes}:{seconds:02d}"
    return Finding(f"silent_{report.sensor_id}", words, reason, _SILENT_WEIGHT, {"share_pct": 100.0 * share})


def _pattern(strikes: Strikes | None) -> list[Finding]:
    """Return the commonest pattern, as a share of all strides; those too near a limit count for none."""
    if strikes is None:
        return []
    unsure = 100.0 * (1.0 - strikes.decided)
    if strikes.shares is None or strikes.commonest is None:
        words = f"How you land is not clear: {unsure:.0f} % of your strides lie too near a limit."
        return [Finding("pattern", words, "foot strike angle of each stride", 0.8, {"unsure_pct": unsure})]
    kind, share = strikes.commonest, strikes.decided * strikes.shares[strikes.commonest]
    part = {"rearfoot": "the heel", "midfoot": "the middle of the foot", "forefoot": "the forefoot"}[kind]
    if unsure < 0.5:
        words = f"You landed on {part} in {100 * share:.0f} % of your strides."
    else:
        words = f"You landed on {part} in {100 * share:.0f} % of your strides; {unsure:.0f} % lie too near a limit."
    facts = {"share": share, "unsure_pct": unsure}
    return [Finding("pattern", words, "foot strike angle of each stride", 0.8, facts)]
