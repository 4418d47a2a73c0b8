"""What is known of one contact with the ground while it goes on, and the classes of a stride: strike and state."""

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

from coach.gait.foot.landing import LandingCues
from coach.gait.foot.push_off import PushOff
from coach.gait.signal.constants import FOREFOOT_BELOW_DEG, REARFOOT_ABOVE_DEG
from coach.model.strides import FootStrike, GaitState

WALK_BELOW_SPM: Final = 125.0  # sources of these three: `state_of`
RUN_ABOVE_SPM: Final = 145.0  # the same
LEAST_WALKING_DUTY: Final = 0.5  # walking has no flight


# The kinds of phase transitions, and no transition.
NOTHING, SWING_END, SWING_END_UNSEEN_HEEL, HEEL_OFF, PUSH_END = 0, 1, 2, 3, 4


class PhaseTransition(NamedTuple):
    """One phase transition. kind: SWING_END, HEEL_OFF or PUSH_END. at: row at which it is known.

    swing_end, heel_off: rows of this stride's earlier ones.
    search: which search for the landing this is, from 0: each window is longer.
    """

    kind: int
    at: int
    swing_end: int
    heel_off: int
    search: int = 0


@dataclass(slots=True)
class StanceCandidate:
    """What is known so far of one contact with the ground. Rows are absolute.

    number: of its swing, so that a missed landing leaves a hole. search: how far it was looked for; it was known at
    known_row. contact_s: as seen at once until mid-stance, then by the stance. early_s: as seen at once. rest: turn
    rate [rad/s] at mid-stance, and by how much the specific force differs from gravity there [m/s2]. is_ground: whether
    this and the landings before it were on the ground. is_loose: the sensor rang on the foot in them. is_bare: only
    contact and stride time can be known. is_drawn: contact was lost and comes from the rhythm. is_blurred,
    is_push_blurred: a reading or two of landing and push-off were lost.
    """

    swing_end: int
    number: int
    known_row: int
    search: int
    contact_s: float
    impact_mps2: float
    is_clipped: bool = False
    heel_off: int = -1
    push_end: int = -1
    mid_row: int = -1
    mid_s: float = math.nan
    angle_deg: float = math.nan
    toe_off_s: float = math.nan
    eversion_deg: float = math.nan
    eversion_peak_degps: float = math.nan
    early_s: float = math.nan
    rest: tuple[float, float] = (math.nan, math.nan)
    is_ground: bool = True
    is_loose: bool = False
    is_bare: bool = False
    is_drawn: bool = False
    is_blurred: bool = False
    is_push_blurred: bool = False
    cues: LandingCues | None = None
    push: PushOff | None = None


class StrideTrajectory(NamedTuple):
    """From this landing's mid-stance to the next one's.

    length_m, clearance_m: None where too much was lost or an axis was at full scale. length_sd_m: standard uncertainty.
    time_s: from rest to rest. is_blurred: a reading or two were lost.
    """

    length_m: float | None
    length_sd_m: float
    clearance_m: float | None
    time_s: float
    is_clipped: bool = False
    is_blurred: bool = False


def strike_of(angle_deg: float, margin_deg: float) -> FootStrike:
    """Return the class of a foot strike angle, uncertain within `margin_deg` of a cut-off (Altman and Davis 2012)."""
    if min(abs(angle_deg - REARFOOT_ABOVE_DEG), abs(angle_deg - FOREFOOT_BELOW_DEG)) <= margin_deg:
        return FootStrike.UNCERTAIN
    if angle_deg > REARFOOT_ABOVE_DEG:
        return FootStrike.REARFOOT
    return FootStrike.MIDFOOT if angle_deg > FOREFOOT_BELOW_DEG else FootStrike.FOREFOOT


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
