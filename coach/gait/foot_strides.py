"""Measured moments, angles and ways of one stride in; the nouns out, each value with its doubt.

The standard uncertainties stand at their numbers with where they come from.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from coach.gait.constants import FOREFOOT_BELOW_DEG, GRAVITY_MPS2, REARFOOT_ABOVE_DEG
from coach.model.sites import WearSite
from coach.model.strides import FootStrike, GaitState, MidStance, Stride, ToeOff

# Doubt of one event against force plates: bias between placements and shoes, and stride-to-stride scatter.
CONTACT_SD_S: Final = 0.008  # virtual and real foot sensors against force plates, tests/validation
TOE_OFF_SD_S: Final = 0.006
LENGTH_SD_SHARE: Final = 0.02
ANGLE_SD_DEG: Final = 2.0
CLEARANCE_SD_M: Final = 0.015
EVERSION_SD_DEG: Final = 3.0  # soft mounting on the shoe: excursion agrees only fairly, Digit Biomark 2018;2:74
BRIDGED_FACTOR: Final = 2.0  # doubt of a stride with readings drawn in by straight lines

# Near a cut-off the class is not told: the paper's own doubt of the two cut-offs (Altman and Davis 2012), widened by
# the angle's doubt in this stride beyond the usual.
REARFOOT_MARGIN_DEG: Final = (7.4, REARFOOT_ABOVE_DEG)
FOREFOOT_MARGIN_DEG: Final = (FOREFOOT_BELOW_DEG, -0.8)

WALK_BELOW_SPM: Final = 125.0
RUN_ABOVE_SPM: Final = 145.0
LEAST_WALKING_DUTY: Final = 0.5


@dataclass(slots=True)
class Landing:
    """What is known so far of one contact with the ground. Rows are absolute.

    number: of its swing, so that a missed landing leaves a hole. look: how far the landing was sought; it was known at
    known_row.
    """

    swing_over: int
    number: int
    known_row: int
    look: int
    contact_s: float
    impact_mps2: float
    sharpness_s: float
    is_clipped: bool = False
    heel_off: int = -1
    push_over: int = -1
    mid_row: int = -1
    mid_s: float = math.nan
    angle_deg: float = math.nan
    toe_off_s: float = math.nan
    eversion_deg: float = math.nan
    eversion_peak_degps: float = math.nan


@dataclass(frozen=True, slots=True)
class Way:
    """From this landing's mid-stance to the next one's."""

    length_m: float
    clearance_m: float
    drift_mps: float
    is_clipped: bool
    n_bridged: int


def strike_of(angle_deg: float, sd_deg: float) -> FootStrike:
    """The class of a foot strike angle, uncertain near the cut-offs."""
    wider = max(0.0, sd_deg - ANGLE_SD_DEG)
    if angle_deg > REARFOOT_MARGIN_DEG[1] + wider:
        return FootStrike.REARFOOT
    if angle_deg >= REARFOOT_MARGIN_DEG[0] - wider:
        return FootStrike.UNCERTAIN
    if angle_deg > FOREFOOT_MARGIN_DEG[1] + wider:
        return FootStrike.MIDFOOT
    if angle_deg >= FOREFOOT_MARGIN_DEG[0] - wider:
        return FootStrike.UNCERTAIN
    return FootStrike.FOREFOOT


def state_of(contact_time_s: float, stride_time_s: float) -> GaitState:
    """Walking or running: by cadence where that is clear, between by whether there is a flight (duty factor).

    People change from walking to running at 130-140 steps per minute (Hansen 2017, doi:10.1519/JSC.0000000000001842);
    running is gait with flight, duty factor below one half (Alexander 1989, doi:10.1152/physrev.1989.69.4.1199).
    """
    cadence_spm = 120.0 / stride_time_s
    if cadence_spm < WALK_BELOW_SPM:
        return GaitState.WALKING
    if cadence_spm > RUN_ABOVE_SPM or contact_time_s < LEAST_WALKING_DUTY * stride_time_s:
        return GaitState.RUNNING
    return GaitState.WALKING


def state_of_cadence(stride_time_s: float) -> GaitState:
    """Walking or running where only the stride time is known."""
    return GaitState.WALKING if 240.0 / stride_time_s < WALK_BELOW_SPM + RUN_ABOVE_SPM else GaitState.RUNNING


def mid_stance(site: WearSite, landing: Landing, is_sure: bool) -> MidStance:
    """The landing as known at mid-stance."""
    knows = is_sure and math.isfinite(landing.angle_deg)
    return MidStance(
        site,
        landing.mid_s,
        landing.contact_s,
        landing.angle_deg if knows else None,
        strike_of(landing.angle_deg, ANGLE_SD_DEG) if knows else None,
        None if landing.is_clipped else landing.impact_mps2 / GRAVITY_MPS2,
    )


def toe_off(site: WearSite, landing: Landing) -> ToeOff:
    """The end of the contact."""
    return ToeOff(site, landing.toe_off_s, landing.contact_s, landing.toe_off_s - landing.contact_s)


def stride(site: WearSite, this: Landing, following: Landing, way: Way, is_sure: bool) -> Stride:
    """The whole stride from `this` landing to the `following` one."""
    stride_time = following.contact_s - this.contact_s
    left = math.isfinite(this.toe_off_s)
    contact_time = this.toe_off_s - this.contact_s if left else None
    clipped = this.is_clipped or way.is_clipped
    knows_angle = is_sure and math.isfinite(this.angle_deg)
    rest_time = following.mid_s - this.mid_s
    length = None if clipped else way.length_m
    return Stride(
        wear_site=site,
        initial_contact_s=this.contact_s,
        toe_off_s=this.toe_off_s if left else None,
        mid_stance_s=this.mid_s,
        contact_time_s=contact_time,
        stride_time_s=stride_time,
        stride_length_m=length,
        speed_mps=None if length is None else length / rest_time,
        foot_strike_angle_deg=this.angle_deg if knows_angle else None,
        foot_strike=strike_of(this.angle_deg, ANGLE_SD_DEG) if knows_angle else None,
        eversion_deg=this.eversion_deg if knows_angle and left else None,
        eversion_peak_degps=this.eversion_peak_degps if knows_angle and left else None,
        impact_g=None if this.is_clipped else this.impact_mps2 / GRAVITY_MPS2,
        foot_clearance_m=None if clipped else way.clearance_m,
        state=state_of_cadence(stride_time) if contact_time is None else state_of(contact_time, stride_time),
        is_clipped=clipped,
        uncertainty=_doubts(way, rest_time),
    )


def _doubts(way: Way, rest_time_s: float) -> Mapping[str, float]:
    f = BRIDGED_FACTOR if way.n_bridged else 1.0
    length_sd = f * LENGTH_SD_SHARE * way.length_m
    return {
        "initial_contact_s": f * CONTACT_SD_S,
        "toe_off_s": f * TOE_OFF_SD_S,
        "contact_time_s": f * math.hypot(CONTACT_SD_S, TOE_OFF_SD_S),
        "stride_time_s": f * 0.003,
        "stride_length_m": length_sd,
        "speed_mps": length_sd / rest_time_s,
        "foot_strike_angle_deg": f * ANGLE_SD_DEG,
        "eversion_deg": f * EVERSION_SD_DEG,
        "foot_clearance_m": f * CLEARANCE_SD_M,
    }
