"""What the coach can never say with the paired sensors, and which sensor would change it.

Known before a run: a runner who pairs a pod alone should not wait eight runs for a cue that cannot come.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from coach.coaching.compare import MEASURES
from coach.gait.fusion.missing_reasons import SensorSet, reasons
from coach.model.cues import CueRule
from coach.model.links import SensorUse
from coach.model.metrics import Unknown
from firmware_config.loader import load_profiles

# A gate that needs a measure, and the measures of which one is enough.
_GATES: Final[Mapping[str, tuple[str, ...]]] = {
    "not_overstriding": ("foot_strike_angle_deg", "impact_g"),
    "cadence_low_for_body": ("cadence_spm",),
    "cadence_high_for_body": ("cadence_spm",),
}
_WORDS: Final[Mapping[Unknown, str]] = {
    Unknown.NEEDS_FOOT_SENSOR: "a motion sensor on a foot",
    Unknown.NEEDS_BOTH_FEET: "a motion sensor on each foot",
    Unknown.NEEDS_MOTION_SENSOR: "a motion sensor",
    Unknown.NEEDS_MOTION_SENSOR_OR_POD: "a motion sensor or a running pod",
    Unknown.NEEDS_SPEED: "a sensor that knows your speed",
    Unknown.NEEDS_SPEED_AND_CADENCE: "sensors that know speed and cadence",
    Unknown.NEEDS_TRUNK_SENSOR: "a motion sensor on the trunk",
    Unknown.NEEDS_TRUNK_GYROSCOPE: "a motion sensor on the trunk",
}


def unsayable(uses: Sequence[SensorUse], rules: Iterable[CueRule]) -> dict[str, str]:
    """Return, by focus that none of its rules can speak for, what it needs, in words;
    empty while no sensor is paired."""
    if not uses:
        return {}
    missing = reasons(_set_of(uses))
    found: dict[str, list[Unknown | None]] = {}
    for rule in rules:
        if rule.kind in ("cue", "tip"):
            found.setdefault(rule.focus, []).append(_needs(rule, missing))
    return {
        focus: _WORDS.get(needed[0], "another sensor")
        for focus, needed in found.items()
        if needed[0] is not None and None not in needed
    }


def _needs(rule: CueRule, missing: Mapping[str, Unknown | None]) -> Unknown | None:
    """Return what a rule needs first of all that the sensors do not give; None where it can speak."""
    if rule.metric is not None and (reason := missing.get(MEASURES.get(rule.metric, rule.metric))) is not None:
        return reason
    if rule.metric in MEASURES and (speed := missing.get("speed_mps")) is not None:
        return speed  # what is compared is compared at the same speed
    for measures in (_GATES[gate] for gate in rule.requires if gate in _GATES):
        lacking = [missing.get(measure) for measure in measures]
        if None not in lacking:
            return lacking[0]
    return None


def _set_of(uses: Sequence[SensorUse]) -> SensorSet:
    """Return what the sensors give at best: gyroscopes are hoped for until a run has shown them."""
    sites = [use.wear_site for use in uses if use.wear_site is not None]
    kinds = {load_profiles()[use.profile_id].kind for use in uses if use.profile_id in load_profiles()}
    feet, trunk = [s for s in sites if s.is_foot], [s for s in sites if s.is_trunk]
    pod, treadmill = "running_speed" in kinds, "treadmill" in kinds
    return SensorSet(
        foot_gyro=bool(feet),
        contact=bool(sites),
        legs=len([s for s in sites if not s.is_trunk]),
        trunk=bool(trunk),
        trunk_gyro=bool(trunk),
        trunk_pair=len(trunk) == 2,
        has_speed=bool(feet) or pod or treadmill,
        has_pod=pod,
        has_treadmill=treadmill,
        has_heart="heart_rate" in kinds,
    )
