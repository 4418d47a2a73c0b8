"""The numbers of the moment: what the page shows and the coach watches, twice a second."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from coach.model.frozen import dataclass
from coach.model.strides import GaitState


class Unknown(StrEnum):
    """Why a number cannot be known at this moment; its words are in the page's `metrics.toml`.

    needs_*: a sensor is missing, or runs to compare with. The others: it may come by itself.
    """

    NEEDS_MOTION_SENSOR = "needs_motion_sensor"
    NEEDS_MOTION_SENSOR_OR_POD = "needs_motion_sensor_or_pod"
    NEEDS_FOOT_SENSOR = "needs_foot_sensor"
    NEEDS_ANKLE_GYROSCOPE = "needs_ankle_gyroscope"
    NEEDS_BOTH_FEET = "needs_both_feet"
    NEEDS_TRUNK_SENSOR = "needs_trunk_sensor"
    NEEDS_TRUNK_GYROSCOPE = "needs_trunk_gyroscope"
    NEEDS_PELVIS_AND_CHEST = "needs_pelvis_and_chest"
    NEEDS_SPEED = "needs_speed"
    NEEDS_SPEED_AND_CADENCE = "needs_speed_and_cadence"
    NEEDS_TREADMILL = "needs_treadmill"
    NEEDS_POWER_POD = "needs_power_pod"
    NEEDS_HEART_RATE_SENSOR = "needs_heart_rate_sensor"
    NEEDS_THREE_RUNS = "needs_three_runs"
    NEEDS_RUNS_HERE = "needs_runs_here"
    NEEDS_RUNS_IN_SHOES = "needs_runs_in_shoes"
    HEART_RATE_SILENT = "heart_rate_silent"
    SPEED_SILENT = "speed_silent"
    POWER_SILENT = "power_silent"
    FINDING_AXES = "finding_axes"
    CLIPPED = "clipped"
    LOOSE = "loose"
    TOO_SLOW = "too_slow"
    STANDING = "standing"
    ONLY_RUNNING = "only_running"
    FEW_STRIDES = "few_strides"
    NO_STRIDES = "no_strides"
    USUAL_NOT_SURE = "usual_not_sure"


@dataclass(frozen=True, slots=True)
class LiveMetrics:
    """Rolling values over the last strides; None where unknown or stale.

    foot_strike_share: share of the last strides by pattern, 0 to 1. balance: left share of contact time in percent.
    step_time_asymmetry_pct: 100 (left - right) / mean. stride_time_cv_pct: stride-to-stride variability.
    peak_force_bw: highest vertical force of a step, in body weights. impacts_per_km: foot contacts per kilometre.
    *_vs_baseline: difference from the runner's own at this speed, filled in by the coaching room.
    pelvis_trunk_crp_deg: mean absolute continuous relative phase in the transverse plane, with its variability.
    distance_vs_longest_pct: distance of this run as a share of the longest run of the last 30
    days. pain_rise: points above the level before this run, by the runner's taps. uncertainty: one standard deviation
    by field name. unknown: why a field cannot be known (`Unknown`), by field name. speed_source: which sensor the speed
    rests on. power_w: running power as a pod or watch states it. foot_strike_type: a pod's own scale of 1 (heel) to 16
    (toe). pronation_deg: excursion in pronation as a pod states it, with its sign.
    """

    t_s: float
    state: GaitState | None = None
    is_steady: bool = False
    cadence_spm: float | None = None
    contact_time_ms: float | None = None
    flight_time_ms: float | None = None
    duty_factor: float | None = None
    peak_force_bw: float | None = None
    step_time_ms: float | None = None
    step_length_m: float | None = None
    stride_length_m: float | None = None
    speed_mps: float | None = None
    speed_source: str | None = None
    distance_m: float | None = None
    impacts_per_km: float | None = None
    foot_strike_angle_deg: float | None = None
    foot_strike_share: Mapping[str, float] | None = None
    eversion_deg: float | None = None
    eversion_peak_degps: float | None = None
    impact_g: float | None = None
    foot_clearance_m: float | None = None
    contact_time_balance_pct: float | None = None
    step_time_asymmetry_pct: float | None = None
    stride_time_cv_pct: float | None = None
    vertical_oscillation_mm: float | None = None
    vertical_ratio_pct: float | None = None
    trunk_lean_deg: float | None = None
    axial_rotation_deg: float | None = None
    lateral_drop_deg: float | None = None
    pelvis_trunk_crp_deg: float | None = None
    pelvis_trunk_crp_sd_deg: float | None = None
    pelvis_trunk_coupling_deg: float | None = None
    pelvis_trunk_coupling_sd_deg: float | None = None
    grade_pct: float | None = None
    heart_rate_bpm: float | None = None
    power_w: float | None = None
    foot_strike_type: float | None = None
    pronation_deg: float | None = None
    step_length_vs_baseline_pct: float | None = None
    cadence_vs_baseline_pct: float | None = None
    contact_time_vs_baseline_pct: float | None = None
    impact_vs_baseline_pct: float | None = None
    foot_strike_angle_vs_baseline_deg: float | None = None
    asymmetry_vs_baseline_pct: float | None = None
    axial_rotation_vs_baseline_pct: float | None = None
    distance_vs_longest_pct: float | None = None
    pain_rise: float | None = None
    uncertainty: Mapping[str, float] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)
