"""What the gait room finds: events as soon as they are known, then whole strides and steps.

Definitions, units and sources of each measure are in `coach.gait`. None: unknown with these sensors or in this
stride. `uncertainty`: one standard deviation of each value, in its own unit, by field name.
"""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from coach.model.frozen import dataclass
from coach.model.sites import WearSite


class GaitState(StrEnum):
    """What the body does, or a foot by itself."""

    STANDING = "standing"
    WALKING = "walking"
    RUNNING = "running"


class FootStrike(StrEnum):
    """What part of the foot touches the ground first, by the foot strike angle (cut-offs in `coach.gait.foot.reports`).

    UNCERTAIN: the angle lies closer to a cut-off than it is known.
    """

    REARFOOT = "rearfoot"
    MIDFOOT = "midfoot"
    FOREFOOT = "forefoot"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class InitialContact:
    """The foot met the ground at about `t_s`, as known within 60 ms; the mid-stance that follows knows it better."""

    wear_site: WearSite
    t_s: float


@dataclass(frozen=True, slots=True)
class MidStance:
    """What the landing was like; known at mid-stance. `initial_contact_s` names the stride it belongs to."""

    wear_site: WearSite
    t_s: float
    initial_contact_s: float
    foot_strike_angle_deg: float | None = None
    foot_strike: FootStrike | None = None
    impact_g: float | None = None


@dataclass(frozen=True, slots=True)
class ToeOff:
    """The foot left the ground at `t_s`."""

    wear_site: WearSite
    t_s: float
    initial_contact_s: float
    contact_time_s: float


@dataclass(frozen=True, slots=True)
class StateChange:
    """The runner began standing, walking or running at `t_s`."""

    t_s: float
    state: GaitState


@dataclass(frozen=True, slots=True)
class Stride:
    """From one initial contact to the next of the same foot, seen by a sensor on that foot or shank.

    flight_time_s: toe-off to the other foot's next contact (needs both feet; estimated from one foot by symmetry where
    `uncertainty` says so). foot_strike_angle_deg: toes-up angle of the sole at contact against foot-flat.
    eversion_deg, eversion_peak_degps: excursion and peak rate of rolling inwards from contact. impact_g: largest
    specific force after contact, never from a clipped axis. foot_clearance_m: highest point of the sensor above its
    height at mid-stance. is_clipped: an axis was at full scale.
    """

    wear_site: WearSite
    initial_contact_s: float
    toe_off_s: float | None = None
    mid_stance_s: float | None = None
    contact_time_s: float | None = None
    flight_time_s: float | None = None
    stride_time_s: float | None = None
    stride_length_m: float | None = None
    speed_mps: float | None = None
    foot_strike_angle_deg: float | None = None
    foot_strike: FootStrike | None = None
    eversion_deg: float | None = None
    eversion_peak_degps: float | None = None
    impact_g: float | None = None
    foot_clearance_m: float | None = None
    grade_pct: float | None = None
    state: GaitState | None = None
    is_clipped: bool = False
    uncertainty: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrunkStep:
    """From one initial contact to the next of either foot, seen by a sensor on the pelvis or chest.

    is_left: which foot landed, None while not known. vertical_oscillation_m: peak to peak height of the sensor in the
    step. forward_lean_deg: mean forward tilt against standing. axial_rotation_deg, lateral_drop_deg: peak to peak
    about the vertical and the forward axis over the stride that ends with this step.
    """

    wear_site: WearSite
    initial_contact_s: float
    toe_off_s: float | None = None
    contact_time_s: float | None = None
    flight_time_s: float | None = None
    step_time_s: float | None = None
    is_left: bool | None = None
    vertical_oscillation_m: float | None = None
    forward_lean_deg: float | None = None
    axial_rotation_deg: float | None = None
    lateral_drop_deg: float | None = None
    impact_g: float | None = None
    state: GaitState | None = None
    is_clipped: bool = False
    uncertainty: Mapping[str, float] = field(default_factory=dict)


GaitEvent = InitialContact | MidStance | ToeOff | StateChange | Stride | TrunkStep
