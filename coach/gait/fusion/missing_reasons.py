"""Give the reason why each empty field of LiveMetrics is empty, from the sensors that are worn."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from coach.model.frozen import dataclass
from coach.model.metrics import Unknown
from coach.model.metrics_table import METRICS, Need, Wait
from coach.model.strides import GaitState

_NEEDS_FIRM_STRAP: Final = (Need.CONTACT, Need.FOOT, Need.BOTH_SIDES_CONTACT, Need.MOTION)

_NEEDS_RATE: Final = (*_NEEDS_FIRM_STRAP, Need.SPEED, Need.LENGTH)


@dataclass(frozen=True, slots=True)
class SensorSet:
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
    has_power: bool = False
    has_pod_contact: bool = False


@lru_cache(maxsize=64)  # a run has a few sets of sensors, one after another
def reasons(worn: SensorSet) -> Mapping[str, Unknown | None]:
    """Return, by field, the sensor that is missing, or None where the sensors suffice and the value only has to
    come."""
    motion = bool(worn.legs or worn.trunk)
    foot = None if worn.foot_gyro else Unknown.NEEDS_FOOT_SENSOR
    sides = None if worn.legs >= 2 or worn.trunk_gyro else Unknown.NEEDS_BOTH_FEET
    speed = None if worn.has_speed else Unknown.NEEDS_SPEED
    cadence = None if motion or worn.has_pod else Unknown.NEEDS_MOTION_SENSOR_OR_POD
    length = speed or (cadence and Unknown.NEEDS_SPEED_AND_CADENCE)
    moving = None if motion else Unknown.NEEDS_MOTION_SENSOR
    motion_contact = moving or (None if worn.contact else Unknown.NEEDS_ANKLE_GYROSCOPE)
    contact = None if worn.has_pod_contact else motion_contact
    trunk = None if worn.trunk else Unknown.NEEDS_TRUNK_SENSOR
    turning = None if worn.trunk_gyro else Unknown.NEEDS_TRUNK_GYROSCOPE
    pair = None if worn.trunk_pair else Unknown.NEEDS_PELVIS_AND_CHEST
    by_need: Mapping[Need, Unknown | None] = {
        Need.ANYTHING_THAT_MOVES: None if motion or worn.has_pod or worn.has_treadmill else Unknown.NEEDS_MOTION_SENSOR,
        Need.MOTION: moving,
        Need.CADENCE: cadence,
        Need.CONTACT: contact,
        Need.FOOT: foot,
        Need.BOTH_SIDES: sides,
        Need.BOTH_SIDES_CONTACT: sides or motion_contact,
        Need.TRUNK: trunk,
        Need.TRUNK_AND_LENGTH: trunk or length,
        Need.TRUNK_GYROSCOPE: turning,
        Need.PELVIS_AND_CHEST: pair,
        Need.SPEED: speed,
        Need.LENGTH: length,
        Need.TREADMILL: Unknown.NEEDS_TREADMILL,
        Need.POWER: None if worn.has_power else Unknown.NEEDS_POWER_POD,
        Need.HEART_RATE: None if worn.has_heart else Unknown.NEEDS_HEART_RATE_SENSOR,
    }
    return {name: by_need[row.needs] for name, row in METRICS.items() if row.needs is not None}


@dataclass(frozen=True, slots=True)
class Moment:
    """What the body does. is_learning: a foot's axes are not known. is_clipped: a last stride was beyond range.

    is_loose: a foot's sensor rings on the foot. is_too_slow: a sensor of a leg sends too few readings.
    """

    state: GaitState | None = None
    is_learning: bool = False
    is_clipped: bool = False
    is_loose: bool = False
    is_too_slow: bool = False


def unknown(worn: SensorSet, values: Mapping[str, object], moment: Moment) -> dict[str, str]:
    """Return why each field of LiveMetrics that `values` leaves empty is empty; not to be changed."""
    empty = tuple(name for name in reasons(worn) if values.get(name) is None)
    return _unknown(worn, empty, moment, values.get("cadence_spm") is not None)


@lru_cache(maxsize=64)  # few answers, asked for at each tick and kept for each second
def _unknown(worn: SensorSet, empty: tuple[str, ...], moment: Moment, has_strides: bool) -> dict[str, str]:
    silent = {"heart_rate_bpm": Unknown.HEART_RATE_SILENT, "power_w": Unknown.POWER_SILENT}
    if worn.has_pod or worn.has_treadmill:
        silent["speed_mps"] = Unknown.SPEED_SILENT
    missing = reasons(worn)
    return {name: missing[name] or silent.get(name) or _waits(name, moment, has_strides) for name in empty}


def _waits(name: str, moment: Moment, has_strides: bool) -> Unknown:
    """Return why a field that the sensors can give has not come yet."""
    if moment.state is GaitState.STANDING:
        return Unknown.STANDING
    if moment.is_learning:
        return Unknown.FINDING_AXES
    if moment.is_clipped and METRICS[name].waits_for is Wait.UNCLIPPED:
        return Unknown.CLIPPED
    if moment.is_too_slow and METRICS[name].needs in _NEEDS_RATE:
        return Unknown.TOO_SLOW
    if moment.is_loose and METRICS[name].needs in _NEEDS_FIRM_STRAP:
        return Unknown.LOOSE
    if moment.state is GaitState.WALKING and METRICS[name].waits_for is Wait.RUNNING:
        return Unknown.ONLY_RUNNING
    if has_strides and METRICS[name].waits_for is Wait.MANY_STRIDES:
        return Unknown.FEW_STRIDES
    return Unknown.NO_STRIDES
