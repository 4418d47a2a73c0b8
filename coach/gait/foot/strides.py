"""What is known of a stride while it goes on: its phase transitions, its contact with the ground, its trajectory."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from coach.gait.foot.alignment import FootAxes
from coach.gait.foot.events import LandingCues, PushOff
from coach.gait.foot.trajectory import Attitude, Fine
from coach.model.samples import FloatArray

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


class PushRows(NamedTuple):
    """Rows from mid-stance to the end of a push-off, which is known at row `at`, and the attitude after each of their
    half turns; by these axes."""

    at: int
    own_axes: FloatArray
    foot_axes: FootAxes
    rows: Fine
    attitude: Attitude


@dataclass(slots=True)
class StanceCandidate:
    """What is known so far of one contact with the ground. Rows are absolute.

    number: of its swing, so that a missed landing leaves a hole. search: how far it was looked for; it was known at
    known_row. contact_s: as seen at once until mid-stance, then by the stance. early_s: as seen at once. rest: turn
    rate [rad/s] at mid-stance, and by how much the specific force differs from gravity there [m/s2]. is_ground: whether
    this and the landings before it were on the ground. is_loose: the sensor rang on the foot in them. is_bare: only
    contact and stride time can be known. is_drawn: contact was lost and comes from the rhythm. is_blurred,
    is_push_blurred: a reading or two of landing and push-off were lost. push_rows: of a push-off to come, where known.
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
    push_rows: PushRows | None = None


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
