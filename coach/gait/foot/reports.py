"""Make the events of a foot from what was measured of its landings, each value with its standard uncertainty.

An error of contact, toe-off or angle is the same in all strides of a foot (shoes, placements, people differ): averaging
does not shrink it. The parameters with their sources are in `FootParams`.
"""

import math
from collections.abc import Mapping

from coach.gait.foot.activity import state_of, state_of_cadence
from coach.gait.foot.stride_state import FootSensor
from coach.gait.foot.strides import StanceCandidate, StrideTrajectory
from coach.gait.signal.constants import FOREFOOT_BELOW_DEG, INTERPOLATED_FACTOR, REARFOOT_ABOVE_DEG
from coach.model.strides import FootStrike, GaitState, MidStance, Stride, ToeOff
from coach.model.units import GRAVITY_MPS2


def mid_stance_event(foot: FootSensor, landing: StanceCandidate) -> MidStance:
    """Return the landing as known at mid-stance."""
    angle_deg = _angle_deg(foot, landing)
    impact_g = None if landing.is_clipped or landing.is_bare else landing.impact_mps2 / GRAVITY_MPS2
    strike = _strike(foot, angle_deg, 1.0)
    return MidStance(foot.site, landing.mid_s, landing.contact_s, angle_deg, strike, impact_g)


def toe_off_event(foot: FootSensor, landing: StanceCandidate) -> ToeOff:
    """Return the end of the contact."""
    return ToeOff(foot.site, landing.toe_off_s, landing.contact_s, landing.toe_off_s - landing.contact_s)


def stride_event(
    foot: FootSensor, this: StanceCandidate, next_contact_s: float, is_next_drawn: bool, trajectory: StrideTrajectory
) -> Stride:
    """Return the whole stride of `this` landing; is_next_drawn: the next contact was lost and comes from the rhythm."""
    stride_time = next_contact_s - this.contact_s
    left = math.isfinite(this.toe_off_s)
    contact_time = this.toe_off_s - this.contact_s if left and not this.is_drawn else None
    angle_deg = _angle_deg(foot, this)
    rolls = angle_deg is not None and left
    is_shocked = not (this.is_clipped or this.is_drawn or this.is_bare)
    return Stride(
        wear_site=foot.site,
        initial_contact_s=this.contact_s,
        toe_off_s=this.toe_off_s if left else None,
        mid_stance_s=this.mid_s,
        contact_time_s=contact_time,
        stride_time_s=stride_time,
        stride_length_m=trajectory.length_m,
        speed_mps=None if trajectory.length_m is None else trajectory.length_m / trajectory.time_s,
        foot_strike_angle_deg=angle_deg,
        foot_strike=_strike(foot, angle_deg, INTERPOLATED_FACTOR if this.is_blurred else 1.0),
        eversion_deg=this.eversion_deg if rolls else None,
        eversion_peak_degps=this.eversion_peak_degps if rolls else None,
        impact_g=this.impact_mps2 / GRAVITY_MPS2 if is_shocked else None,
        foot_clearance_m=trajectory.clearance_m,
        state=_state(foot, contact_time, stride_time, trajectory.length_m),
        is_clipped=this.is_clipped or trajectory.is_clipped,
        uncertainty=_uncertainty(foot, this, is_next_drawn, trajectory),
    )


def interpolated_event(foot: FootSensor, contact_s: float, n_interpolated: int, trajectory: StrideTrajectory) -> Stride:
    """Return one of `n_interpolated` unseen strides: times by the rhythm about them, length by the speed before."""
    sd_s = foot.params.interpolated_contact_sd_s * math.sqrt(n_interpolated)
    found = {"initial_contact_s": sd_s, "stride_time_s": sd_s}
    if trajectory.length_m is not None:
        found |= {"stride_length_m": trajectory.length_sd_m, "speed_mps": trajectory.length_sd_m / trajectory.time_s}
    return Stride(
        wear_site=foot.site,
        initial_contact_s=contact_s,
        stride_time_s=trajectory.time_s,
        stride_length_m=trajectory.length_m,
        speed_mps=None if trajectory.length_m is None else trajectory.length_m / trajectory.time_s,
        state=_state(foot, None, trajectory.time_s, trajectory.length_m),
        uncertainty=found,
    )


def strike_of(angle_deg: float, margin_deg: float) -> FootStrike:
    """Return the class of a foot strike angle, uncertain within `margin_deg` of a cut-off (Altman and Davis 2012)."""
    if min(abs(angle_deg - REARFOOT_ABOVE_DEG), abs(angle_deg - FOREFOOT_BELOW_DEG)) <= margin_deg:
        return FootStrike.UNCERTAIN
    if angle_deg > REARFOOT_ABOVE_DEG:
        return FootStrike.REARFOOT
    return FootStrike.MIDFOOT if angle_deg > FOREFOOT_BELOW_DEG else FootStrike.FOREFOOT


def _angle_deg(foot: FootSensor, landing: StanceCandidate) -> float | None:
    known = foot.axes.is_converged and abs(landing.angle_deg) < foot.params.largest_angle_deg
    return landing.angle_deg if known else None


def _strike(foot: FootSensor, angle_deg: float | None, factor: float) -> FootStrike | None:
    if angle_deg is None:
        return None
    return strike_of(angle_deg, factor * foot.params.strike_margin_sd * foot.params.angle_sd_deg)


def _state(foot: FootSensor, contact_time_s: float | None, stride_time_s: float, length_m: float | None) -> GaitState:
    if length_m is not None and length_m < foot.params.on_the_spot_m:
        return GaitState.WALKING
    return state_of_cadence(stride_time_s) if contact_time_s is None else state_of(contact_time_s, stride_time_s)


def _uncertainty(
    foot: FootSensor, this: StanceCandidate, is_next_drawn: bool, trajectory: StrideTrajectory
) -> Mapping[str, float]:
    """Return the standard uncertainty of each value, in its own unit."""
    p = foot.params
    slow_s = p.slow_sd_intervals / foot.rate_hz if foot.is_slow else 0.0
    f = INTERPOLATED_FACTOR if this.is_blurred else 1.0
    contact_s = (
        p.interpolated_contact_sd_s if this.is_drawn else f * math.hypot(p.contact_sd_s, p.real_shoe_sd_s, slow_s)
    )
    n_drawn = this.is_drawn + is_next_drawn
    found = {
        "initial_contact_s": contact_s,
        # Two contacts, each off by slow_s: sqrt(2) of it.
        "stride_time_s": math.hypot(f * p.stride_time_sd_s, 1.4 * slow_s, n_drawn * p.interpolated_contact_sd_s),
        "foot_strike_angle_deg": f * p.angle_sd_deg,
        "impact_g": f * p.impact_sd_share * this.impact_mps2 / GRAVITY_MPS2,
    }
    if trajectory.length_m is not None:
        found |= {"stride_length_m": trajectory.length_sd_m, "speed_mps": trajectory.length_sd_m / trajectory.time_s}
    if trajectory.clearance_m is not None:
        found["foot_clearance_m"] = (INTERPOLATED_FACTOR if trajectory.is_blurred else 1.0) * p.clearance_sd_m
    if math.isfinite(this.toe_off_s):
        push = INTERPOLATED_FACTOR if this.is_push_blurred else 1.0
        found["toe_off_s"] = push * math.hypot(p.toe_off_sd_s, p.real_shoe_sd_s, slow_s)
        found["contact_time_s"] = max(f, push) * math.hypot(p.contact_time_sd_s, p.real_shoe_sd_s, slow_s)
        found["eversion_deg"] = max(f, push) * p.eversion_sd_deg
        found["eversion_peak_degps"] = max(f, push) * p.eversion_rate_sd_share * abs(this.eversion_peak_degps)
    return found
