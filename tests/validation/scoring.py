"""Events of a recording against its truth: the reference's score, and the summary values it does not score."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from coach.model.plain import to_plain
from coach.model.samples import FloatArray
from coach.model.strides import FootStrike, GaitEvent, GaitState, Stride, TrunkStep
from tests.support.recordings import Recording

WINDOW_S = 0.080  # in which a found stride is paired with a true one


def scorer(reference: Path) -> ModuleType:
    """The reference's own score.py, so that the numbers are its."""
    spec = importlib.util.spec_from_file_location("reference_score", reference / "score.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def score(recording: Recording, events: list[GaitEvent], module: ModuleType) -> dict[str, Any]:
    """One row: numbers by column name, None where the recording cannot prove it."""
    found = [e for e in events if isinstance(e, Stride | TrunkStep)]
    scored = module.score(recording.folder, [to_plain(e) for e in found])
    row: dict[str, Any] = {
        "recording": recording.name,
        "strides": len(found),
        "walking_as_running": _walking_as_running(recording, found),
    }
    row |= (
        _event_numbers(scored, recording, found, module)
        if "error" not in scored
        else _summary_numbers(recording, found)
    )
    return row | _trunk_numbers(recording, events)


def _event_numbers(
    scored: dict[str, Any], recording: Recording, found: list[Any], module: ModuleType
) -> dict[str, Any]:
    cadence = scored["cadence_spm"]
    length = scored["stride_length_m"]
    true = module.read_truth(recording.folder)
    return {
        "n_true": len(true),
        "recall": scored["recall"],
        "recall_after_first": _recall_after_first(module, true, found),
        "matched": scored["matched"],
        "precision": scored["precision"],
        "while_standing": scored["while_standing"],
        "cadence_error_spm": cadence["error"] if cadence else None,
        "initial_contact_ms": _bias_sd(scored["initial_contact_ms"]),
        "contact_time_ms": _bias_sd(scored["contact_time_ms"]),
        "foot_strike_angle_deg": _bias_sd(scored["foot_strike_angle_deg"]),
        **_strike_numbers(found, true, module),
        "stride_length_mean_pct": _mean_length_error(length, recording, module),
        "stride_length_mape_pct": length["mape_percent"] if length else None,
    }


def _strike_numbers(found: list[Any], true: list[dict[str, Any]], module: ModuleType) -> dict[str, Any]:
    """Whether a foot strikes with the heel: share of the decided strides that is right, and share that is uncertain."""
    matched = module.pair(
        np.array([e.initial_contact_s for e in found]), np.array([t["initial_contact_s"] for t in true]), WINDOW_S
    )
    known = [
        (found[k].foot_strike, true[j]["foot_strike"])
        for k, j in matched
        if getattr(found[k], "foot_strike", None) is not None and true[j]["foot_strike"]
    ]
    decided = [(one, other) for one, other in known if one is not FootStrike.UNCERTAIN]
    if not known:
        return {}
    right = [(one is FootStrike.REARFOOT) == (other == FootStrike.REARFOOT.value) for one, other in decided]
    return {
        "rearfoot_or_not": float(np.mean(right)) if right else None,
        "strike_uncertain": 1.0 - len(decided) / len(known),
    }


def _recall_after_first(module: ModuleType, true: list[dict[str, Any]], found: list[Any]) -> float:
    """Recall without each recording's first stride, whose beginning may lie outside."""
    pairs = module.pair(
        np.array([e.initial_contact_s for e in found]), np.array([t["initial_contact_s"] for t in true]), WINDOW_S
    )
    return sum(j > 0 for _, j in pairs) / max(1, len(true) - 1)


def _mean_length_error(length: dict[str, float] | None, recording: Recording, module: ModuleType) -> float | None:
    if not length:
        return None
    true = [t["stride_length_m"] for t in module.read_truth(recording.folder) if t["stride_length_m"] is not None]
    return float(100.0 * length["bias"] / np.mean(true))


def _bias_sd(numbers: dict[str, float] | None) -> tuple[float, float] | None:
    return None if not numbers else (numbers["bias"], numbers["sd"] or 0.0)


def _summary_numbers(recording: Recording, found: list[Any]) -> dict[str, Any]:
    """Recordings without strides known: cadence window by window against the signal's own spectrum, median;
    and against the one number stated for the whole."""
    times = np.array([e.initial_contact_s for e in found if e.state is GaitState.RUNNING])
    per_minute = 60.0 if recording.chunk.wear_site.is_trunk else 120.0
    errors = []
    for start_s, end_s, spm in _spectral_windows(recording.truth):
        inside = times[(times >= start_s) & (times < end_s)]
        if len(inside) > 6:
            errors.append(_cadence_spm(inside, per_minute) - spm)
    numbers = {"cadence_error_spm": float(np.median(errors))} if errors else {}
    if len(times) > 2 and "cadence_spm" in recording.truth:
        numbers["cadence_stated_spm"] = _cadence_spm(times, per_minute) - recording.truth["cadence_spm"]["value"]
    return numbers


def _cadence_spm(times: FloatArray, per_minute: float) -> float:
    """Over two neighbours at a time: a trunk's left and right steps differ."""
    return 2.0 * per_minute / float(np.median(times[2:] - times[:-2]))


def _spectral_windows(truth: dict[str, Any]) -> list[tuple[float, float, float]]:
    """(start, end, steps per minute) of the windows whose spectrum the reference states; only those that run."""
    if "windows" in truth:
        rows = truth["windows"]["rows"]
        moving_g = 0.7 * float(np.percentile([sd_g for _, sd_g, _ in rows], 90))
        return [(start, start + 10.0, spm) for start, sd_g, spm in rows if sd_g > moving_g]
    return [(t - 2.5, t + 2.5, spm) for t, spm in truth["checks"].get("gyro_spectral_cadence_spm", [])]


def _walking_as_running(recording: Recording, found: list[Any]) -> int | None:
    if recording.about["activity"] != "walking":
        return None
    return sum(e.state is GaitState.RUNNING for e in found)


def _trunk_numbers(recording: Recording, events: list[GaitEvent]) -> dict[str, Any]:
    steps = [e for e in events if isinstance(e, TrunkStep)]
    truth = recording.truth
    lean = "trunk_lean_from_standing_deg" if recording.chunk.wear_site.name == "CHEST" else "pelvis_forward_tilt_deg"
    axial = "trunk_axial_rotation_deg" if recording.chunk.wear_site.name == "CHEST" else "pelvis_axial_rotation_deg"
    out: dict[str, Any] = {}
    for column, key, field, scale in (
        ("vertical_oscillation_mm", "vertical_oscillation_mm", "vertical_oscillation_m", 1000.0),
        ("forward_lean_deg", lean, "forward_lean_deg", 1.0),
        ("axial_rotation_deg", axial, "axial_rotation_deg", 1.0),
    ):
        values = [getattr(e, field) for e in steps if getattr(e, field) is not None]
        if key in truth and values:
            out[column] = scale * float(np.mean(values)) - truth[key].get("mean", truth[key].get("value"))
    return out
