"""Which sensors are worn in, the reason why each empty field of LiveMetrics is empty out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from coach.model.metrics import Unknown
from coach.model.strides import GaitState

_SHOCK_OR_WAY: Final = frozenset({"impact_g", "foot_clearance_m", "step_length_m", "stride_length_m", "impacts_per_km"})
_MANY_STRIDES: Final = frozenset({"stride_time_cv_pct", "contact_time_balance_pct", "step_time_asymmetry_pct"})
_FROM_TRUNK: Final = frozenset({"vertical_oscillation_mm", "axial_rotation_deg", "lateral_drop_deg"})


@dataclass(frozen=True, slots=True)
class Worn:
    """What the sensors can give. A gyroscope is known from the first samples; before, it is hoped for.

    contact: one of them shows toe-off; an ankle without gyroscope shows contacts alone.
    """

    foot_gyro: bool
    contact: bool
    legs: int
    trunk: bool
    trunk_gyro: bool
    trunk_pair: bool
    has_speed: bool
    has_pod: bool
    has_treadmill: bool
    has_heart: bool


def reasons(worn: Worn) -> Mapping[str, Unknown | None]:
    """By field: the sensor that is missing, or None where the sensors suffice and the value only has to come."""
    motion = bool(worn.legs or worn.trunk)
    foot = None if worn.foot_gyro else Unknown.NEEDS_FOOT_SENSOR
    sides = None if worn.legs >= 2 or worn.trunk_gyro else Unknown.NEEDS_BOTH_FEET
    speed = None if worn.has_speed else Unknown.NEEDS_SPEED
    cadence = None if motion or worn.has_pod else Unknown.NEEDS_MOTION_SENSOR_OR_POD
    length = speed or (cadence and Unknown.NEEDS_SPEED_AND_CADENCE)
    moving = None if motion else Unknown.NEEDS_MOTION_SENSOR
    contact = moving or (None if worn.contact else Unknown.NEEDS_ANKLE_GYROSCOPE)
    trunk = None if worn.trunk else Unknown.NEEDS_TRUNK_SENSOR
    turning = None if worn.trunk_gyro else Unknown.NEEDS_TRUNK_GYROSCOPE
    pair = None if worn.trunk_pair else Unknown.NEEDS_PELVIS_AND_CHEST
    return {
        "state": None if motion or worn.has_pod or worn.has_treadmill else Unknown.NEEDS_MOTION_SENSOR,
        "cadence_spm": cadence,
        "step_time_ms": cadence,
        "contact_time_ms": contact,
        "flight_time_ms": contact,
        "duty_factor": contact,
        "stride_time_cv_pct": moving,
        "step_length_m": length,
        "stride_length_m": length,
        "impacts_per_km": length,
        "speed_mps": speed,
        "speed_source": speed,
        "distance_m": speed,
        "foot_strike_angle_deg": foot,
        "foot_strike_share": foot,
        "eversion_deg": foot,
        "eversion_peak_degps": foot,
        "foot_clearance_m": foot,
        "impact_g": moving,
        "contact_time_balance_pct": sides or contact,
        "step_time_asymmetry_pct": sides,
        "vertical_oscillation_mm": trunk,
        "vertical_ratio_pct": trunk or length,
        "trunk_lean_deg": trunk,
        "axial_rotation_deg": turning,
        "lateral_drop_deg": turning,
        "pelvis_trunk_crp_deg": pair,
        "pelvis_trunk_crp_sd_deg": pair,
        "pelvis_trunk_coupling_deg": pair,
        "pelvis_trunk_coupling_sd_deg": pair,
        "grade_pct": Unknown.NEEDS_TREADMILL,
        "heart_rate_bpm": None if worn.has_heart else Unknown.NEEDS_HEART_RATE_SENSOR,
    }


@dataclass(frozen=True, slots=True)
class Moment:
    """What the body does. is_learning: a foot's axes are not known. is_clipped: a last stride was beyond range."""

    state: GaitState | None = None
    is_learning: bool = False
    is_clipped: bool = False


def unknown(worn: Worn, values: Mapping[str, object], moment: Moment) -> dict[str, str]:
    """Why each field of LiveMetrics that `values` leaves empty is empty."""
    has_strides = values.get("cadence_spm") is not None
    silent = {"heart_rate_bpm": Unknown.HEART_RATE_SILENT}
    if worn.has_pod or worn.has_treadmill:
        silent["speed_mps"] = Unknown.SPEED_SILENT
    return {
        name: missing or silent.get(name) or _waits(name, moment, has_strides)
        for name, missing in reasons(worn).items()
        if values.get(name) is None
    }


def _waits(name: str, moment: Moment, has_strides: bool) -> Unknown:
    """Why a field that the sensors can give has not come yet."""
    if moment.state is GaitState.STANDING:
        return Unknown.STANDING
    if moment.is_learning:
        return Unknown.FINDING_AXES
    if moment.is_clipped and name in _SHOCK_OR_WAY:
        return Unknown.CLIPPED
    if moment.state is GaitState.WALKING and name in _FROM_TRUNK:
        return Unknown.ONLY_RUNNING
    if has_strides and name in _MANY_STRIDES:
        return Unknown.FEW_STRIDES
    return Unknown.NO_STRIDES
