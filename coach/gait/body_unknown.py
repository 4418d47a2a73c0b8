"""Which sensors are worn in, the reason why each empty field of LiveMetrics is empty out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_NO_STRIDES: Final = "waits for strides"
_FOOT_GYRO: Final = "needs a foot sensor with a gyroscope"
_BOTH_SIDES: Final = "needs a sensor on each foot, or one on the pelvis that tells the sides apart"
_TRUNK: Final = "needs a sensor on the pelvis or chest"
_TRUNK_GYRO: Final = "needs a sensor with a gyroscope on the pelvis or chest"
_SPEED: Final = "needs a treadmill, a running pod or a foot sensor with a gyroscope"
_MOTION: Final = "needs a motion sensor on a foot, ankle, pelvis or chest"
_CADENCE: Final = "needs a motion sensor or a running pod"
_LENGTH: Final = "needs both speed and cadence"
_PAIR: Final = "needs sensors with gyroscopes on the pelvis and on the chest"


@dataclass(frozen=True, slots=True)
class Worn:
    """What the sensors can give. A gyroscope is known from the first samples; before, it is hoped for."""

    foot_gyro: bool
    legs: int
    trunk: bool
    trunk_gyro: bool
    trunk_pair: bool
    has_speed: bool
    has_pod: bool
    has_treadmill: bool
    has_heart: bool


def reasons(worn: Worn) -> Mapping[str, str | None]:
    """By field: the sensor that is missing, or None where the sensors suffice and the value only has to come."""
    motion = bool(worn.legs or worn.trunk)
    foot = None if worn.foot_gyro else _FOOT_GYRO
    sides = None if worn.legs >= 2 or worn.trunk_gyro else _BOTH_SIDES
    speed = None if worn.has_speed else _SPEED
    cadence = None if motion or worn.has_pod else _CADENCE
    length = speed or (cadence and _LENGTH)
    moving = None if motion else _MOTION
    trunk = None if worn.trunk else _TRUNK
    turning = None if worn.trunk_gyro else _TRUNK_GYRO
    pair = None if worn.trunk_pair else _PAIR
    return {
        "state": None if motion or worn.has_pod or worn.has_treadmill else _MOTION,
        "cadence_spm": cadence,
        "step_time_ms": cadence,
        "contact_time_ms": moving,
        "flight_time_ms": moving,
        "duty_factor": moving,
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
        "contact_time_balance_pct": sides,
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
        "grade_pct": "needs a treadmill that tells its incline",
        "heart_rate_bpm": None if worn.has_heart else "needs a heart rate sensor",
    }


def unknown(worn: Worn, values: Mapping[str, object]) -> dict[str, str]:
    """Why each field of LiveMetrics that `values` leaves empty is empty."""
    waiting = {"heart_rate_bpm": "no heart rate received lately", "speed_mps": "no speed received lately"}
    return {
        name: missing or waiting.get(name, _NO_STRIDES)
        for name, missing in reasons(worn).items()
        if values.get(name) is None
    }
