"""Make the events of a foot from what was measured of its landings, each value with its standard uncertainty.

An error of contact, toe-off or angle is the same in all strides of a foot (shoes, placements, people differ): averaging
does not shrink it. The parameters with their sources are in `FootParams`.
"""

import math
from collections.abc import Mapping

from coach.gait.foot.stride_state import Foot
from coach.gait.foot.strides import Landing, Way, state_of, state_of_cadence, strike_of
from coach.gait.signal.constants import BRIDGED_FACTOR, GRAVITY_MPS2
from coach.model.strides import FootStrike, GaitState, MidStance, Stride, ToeOff


def mid_stance_event(foot: Foot, landing: Landing) -> MidStance:
    """Return the landing as known at mid-stance."""
    angle_deg = _angle_deg(foot, landing)
    impact_g = None if landing.is_clipped else landing.impact_mps2 / GRAVITY_MPS2
    strike = _strike(foot, angle_deg, 1.0)
    return MidStance(foot.site, landing.mid_s, landing.contact_s, angle_deg, strike, impact_g)


def toe_off_event(foot: Foot, landing: Landing) -> ToeOff:
    """Return the end of the contact."""
    return ToeOff(foot.site, landing.toe_off_s, landing.contact_s, landing.toe_off_s - landing.contact_s)


def stride_event(foot: Foot, this: Landing, following: Landing, way: Way) -> Stride:
    """Return the whole stride from `this` landing to the `following` one."""
    factor = BRIDGED_FACTOR if way.n_bridged else 1.0
    stride_time = following.contact_s - this.contact_s
    left = math.isfinite(this.toe_off_s)
    contact_time = this.toe_off_s - this.contact_s if left else None
    is_clipped = this.is_clipped or way.is_clipped
    angle_deg = _angle_deg(foot, this)
    rolls = angle_deg is not None and left
    rest_time = following.mid_s - this.mid_s
    length = None if is_clipped else way.length_m
    return Stride(
        wear_site=foot.site,
        initial_contact_s=this.contact_s,
        toe_off_s=this.toe_off_s if left else None,
        mid_stance_s=this.mid_s,
        contact_time_s=contact_time,
        stride_time_s=stride_time,
        stride_length_m=length,
        speed_mps=None if length is None else length / rest_time,
        foot_strike_angle_deg=angle_deg,
        foot_strike=_strike(foot, angle_deg, factor),
        eversion_deg=this.eversion_deg if rolls else None,
        eversion_peak_degps=this.eversion_peak_degps if rolls else None,
        impact_g=None if this.is_clipped else this.impact_mps2 / GRAVITY_MPS2,
        foot_clearance_m=None if is_clipped else way.clearance_m,
        state=_state(foot, contact_time, stride_time, way.length_m),
        is_clipped=is_clipped,
        uncertainty=_uncertainty(foot, this, way, rest_time, factor),
    )


def _angle_deg(foot: Foot, landing: Landing) -> float | None:
    known = foot.axes.is_sure and abs(landing.angle_deg) < foot.params.largest_angle_deg
    return landing.angle_deg if known else None


def _strike(foot: Foot, angle_deg: float | None, factor: float) -> FootStrike | None:
    if angle_deg is None:
        return None
    return strike_of(angle_deg, factor * foot.params.strike_margin_sd * foot.params.angle_sd_deg)


def _state(foot: Foot, contact_time_s: float | None, stride_time_s: float, length_m: float) -> GaitState:
    if length_m < foot.params.on_the_spot_m:
        return GaitState.WALKING
    return state_of_cadence(stride_time_s) if contact_time_s is None else state_of(contact_time_s, stride_time_s)


def _uncertainty(foot: Foot, this: Landing, way: Way, rest_time_s: float, factor: float) -> Mapping[str, float]:
    """Standard uncertainty of each value, in its own unit."""
    p = foot.params
    slow_s = p.slow_sd_intervals / foot.rate_hz if foot.is_slow else 0.0
    length_m = math.hypot(factor * p.length_sd_share * way.length_m, p.sink_sd_share * way.sink_mps * rest_time_s)
    found = {
        "initial_contact_s": factor * math.hypot(p.contact_sd_s, p.real_shoe_sd_s, slow_s),
        "stride_time_s": factor * math.hypot(p.stride_time_sd_s, slow_s),
        "stride_length_m": length_m,
        "speed_mps": length_m / rest_time_s,
        "foot_strike_angle_deg": factor * p.angle_sd_deg,
        "impact_g": factor * p.impact_sd_share * this.impact_mps2 / GRAVITY_MPS2,
        "foot_clearance_m": factor * p.clearance_sd_m,
    }
    if math.isfinite(this.toe_off_s):
        found["toe_off_s"] = factor * math.hypot(p.toe_off_sd_s, p.real_shoe_sd_s, slow_s)
        found["contact_time_s"] = factor * math.hypot(p.contact_time_sd_s, p.real_shoe_sd_s, slow_s)
        found["eversion_deg"] = factor * p.eversion_sd_deg
        found["eversion_peak_degps"] = factor * p.eversion_rate_sd_share * abs(this.eversion_peak_degps)
    return found
