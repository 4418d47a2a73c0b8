"""Measured moments, angles and ways of one stride in; the nouns out, each value with its doubt.

The standard uncertainties stand at their numbers with where they come from.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from coach.gait.foot.landing import LandingCues
from coach.gait.foot.push_off import PushOff
from coach.gait.signal.constants import BRIDGED_FACTOR, FOREFOOT_BELOW_DEG, GRAVITY_MPS2, REARFOOT_ABOVE_DEG
from coach.model.sites import WearSite
from coach.model.strides import FootStrike, GaitState, MidStance, Stride, ToeOff

# Standard uncertainties of one stride. Events: bias between placements and shoes as seen against force plates
# (tests/validation), the softness of the landing, and the sampling.
EVENT_SD_S: Final = 0.006
RISE_SHARE_SD: Final = 0.5  # of the time in which the landing force rises
SAMPLING_SHARE_SD: Final = 0.3  # of the interval between samples: 1 / sqrt(12), uniform
LENGTH_SD_SHARE: Final = 0.02  # against motion capture: 0.3 % in straight running, 3 % in tight turns
# Of the upward velocity that had to be taken out, over the stride: what a sensor misses of a landing forwards is about
# what it misses upwards; it is taken out evenly over the stride, on average a third of it before the landing.
SINK_SHARE_SD: Final = 0.33
ANGLE_SD_DEG: Final = 2.0
LARGEST_ANGLE_DEG: Final = (
    60.0  # runners land at -20 to 40; more is a gyroscope read in a wrong unit; by eye, 2026-11-26
)
CLEARANCE_SD_M: Final = 0.015
EVERSION_SD_DEG: Final = 3.0  # soft mounting on the shoe: excursion agrees only fairly, Digit Biomark 2018;2:74
EVERSION_RATE_SD_SHARE: Final = 0.15  # peak rate agrees better than excursion, same source
IMPACT_SD_SHARE: Final = (
    0.15  # a heel's peak needs 500 Hz to be seen whole (Mitschke 2017); size chosen by eye, 2026-11-20
)

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
    rise_s: float
    is_clipped: bool = False
    heel_off: int = -1
    push_over: int = -1
    mid_row: int = -1
    mid_s: float = math.nan
    angle_deg: float = math.nan
    toe_off_s: float = math.nan
    eversion_deg: float = math.nan
    eversion_peak_degps: float = math.nan
    early_s: float = math.nan
    cues: LandingCues | None = None
    push: PushOff | None = None


class Way(NamedTuple):
    """From this landing's mid-stance to the next one's."""

    length_m: float
    clearance_m: float
    sink_mps: float
    is_clipped: bool
    n_bridged: int
    interval_s: float


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

    People change from walking to running at 135-140 steps per minute (doi:10.1016/j.humov.2023.103117; 141 in Hansen
    2017, doi:10.1038/s41598-017-01972-1). Between the limits, chosen around that by eye 2026-11-20, running is gait
    with flight: duty factor below one half.
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


def mid_stance_event(site: WearSite, landing: Landing, is_sure: bool) -> MidStance:
    """The landing as known at mid-stance."""
    knows = is_sure and abs(landing.angle_deg) < LARGEST_ANGLE_DEG
    return MidStance(
        site,
        landing.mid_s,
        landing.contact_s,
        landing.angle_deg if knows else None,
        strike_of(landing.angle_deg, ANGLE_SD_DEG) if knows else None,
        None if landing.is_clipped else landing.impact_mps2 / GRAVITY_MPS2,
    )


def toe_off_event(site: WearSite, landing: Landing) -> ToeOff:
    """The end of the contact."""
    return ToeOff(site, landing.toe_off_s, landing.contact_s, landing.toe_off_s - landing.contact_s)


def stride_event(site: WearSite, this: Landing, following: Landing, way: Way, is_sure: bool) -> Stride:
    """The whole stride from `this` landing to the `following` one."""
    stride_time = following.contact_s - this.contact_s
    left = math.isfinite(this.toe_off_s)
    contact_time = this.toe_off_s - this.contact_s if left else None
    clipped = this.is_clipped or way.is_clipped
    knows_angle = is_sure and abs(this.angle_deg) < LARGEST_ANGLE_DEG
    angle_sd = ANGLE_SD_DEG * (BRIDGED_FACTOR if way.n_bridged else 1.0)
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
        foot_strike=strike_of(this.angle_deg, angle_sd) if knows_angle else None,
        eversion_deg=this.eversion_deg if knows_angle and left else None,
        eversion_peak_degps=this.eversion_peak_degps if knows_angle and left else None,
        impact_g=None if this.is_clipped else this.impact_mps2 / GRAVITY_MPS2,
        foot_clearance_m=None if clipped else way.clearance_m,
        state=state_of_cadence(stride_time) if contact_time is None else state_of(contact_time, stride_time),
        is_clipped=clipped,
        uncertainty=_doubts(this, following, way, rest_time),
    )


def _doubts(this: Landing, following: Landing, way: Way, rest_time_s: float) -> Mapping[str, float]:
    f = BRIDGED_FACTOR if way.n_bridged else 1.0
    sampling = SAMPLING_SHARE_SD * way.interval_s
    softness = RISE_SHARE_SD * this.rise_s
    contact_sd = f * math.hypot(EVENT_SD_S, softness, sampling)
    toe_off_sd = f * math.hypot(EVENT_SD_S, sampling)
    length_sd = math.hypot(f * LENGTH_SD_SHARE * way.length_m, SINK_SHARE_SD * way.sink_mps * rest_time_s)
    doubts = {
        "initial_contact_s": contact_sd,
        "stride_time_s": f * math.hypot(0.25 * softness, 0.25 * RISE_SHARE_SD * following.rise_s, 1.4 * sampling),
        "stride_length_m": length_sd,
        "speed_mps": length_sd / rest_time_s,
        "foot_strike_angle_deg": f * ANGLE_SD_DEG,
        "impact_g": f * IMPACT_SD_SHARE * this.impact_mps2 / GRAVITY_MPS2,
        "foot_clearance_m": f * CLEARANCE_SD_M,
    }
    if math.isfinite(this.toe_off_s):
        doubts["toe_off_s"] = toe_off_sd
        doubts["contact_time_s"] = math.hypot(contact_sd, toe_off_sd)
        doubts["eversion_deg"] = f * EVERSION_SD_DEG
        doubts["eversion_peak_degps"] = f * EVERSION_RATE_SD_SHARE * abs(this.eversion_peak_degps)
    return doubts
