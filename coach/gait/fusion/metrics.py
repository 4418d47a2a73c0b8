"""Compute the LiveMetrics of one moment from the rolling values of all sensors, with uncertainty and reasons.

Definitions: cadence = 120 / stride time (60 / step time of the trunk); duty factor = contact / stride time; step
length = speed / step rate; impacts per kilometre = 1000 / step length; vertical ratio = vertical oscillation / step
length; asymmetry of steps = 100 (left - right) / mean, a left step beginning with the left contact; balance = left
share of both contact times; variability = robust SD / mean of stride times; peak force: see `peak_force`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from coach.gait.fusion.coordination import CLOCK_SD_DEG, Coordination
from coach.gait.fusion.sites import CHEST, FEET, LEGS_FIRST, PELVIS, SHANKS, Estimate, SiteValues, mean_of, spread
from coach.model.documents import FieldValues
from coach.model.sites import WearSite

_TRUNK_FIRST: Final = (PELVIS, CHEST)
_CHEST_FIRST: Final = (CHEST, PELVIS)
_LEAST_FOR_VARIABILITY: Final = 8  # stride times: a spread of fewer is itself off by a third
_LEAST_PER_SIDE: Final = 6  # steps: fewer make an asymmetry out of chance
# Peak force of a plate over that of a sine: Morin 2005 found the sine 6.9 % (SD 2.5, eight men on a treadmill) and
# 3.2 % (SD 2.1, ten over ground) too low; the middle of both.
_PLATE_OVER_SINE: Final = 1.05
_PLATE_OVER_SINE_SD: Final = 0.03  # holds both
# Of a step between two sensors: what their clocks differ by on the host's; chosen by judgement. The step of one side
# is too long by what the other's is too short.
_STEP_PAIRING_SD_S: Final = 0.005
# Standard uncertainty of the asymmetry of steps on one clock [%]: root mean square error against force plates in 39
# trials of 13 treadmill runners (RBDS: feet 1.3, ankles 2.0, pelvis 2.9), times 1.2 by judgement, for others than
# these: with it 97 % of the trials of feet and of ankles lie inside the 95 %.
_ASYMMETRY_SD_PCT: Final = {FEET: 1.6, SHANKS: 2.4}
_TRUNK_ASYMMETRY_SD_PCT: Final = 3.5  # the same
_STEADY_SPREAD: Final = 0.03  # robust SD / mean of stride times in steady running is 1-2.5 % (Jordan 2007)
_STEADY_STRIDES: Final = 8  # six seconds: shorter is a start or a turn, by judgement
_MOST_STEADY: Final = 16  # the newest; older ones are of another pace, by judgement


@dataclass(slots=True)
class MetricsBuilder:
    """Fields of LiveMetrics as they are filled in."""

    now_s: float
    values: FieldValues = field(default_factory=dict)
    uncertainty: dict[str, float] = field(default_factory=dict)

    def put(self, name: str, estimate: Estimate | None, factor: float = 1.0) -> None:
        """Fill `name` with the estimate times `factor`, unless it is unknown."""
        if estimate is not None and math.isfinite(estimate.value):
            self.values[name] = estimate.value * factor
            self.uncertainty[name] = estimate.sd * abs(factor)

    def known(self, name: str) -> Estimate | None:
        """Return the value at `name`."""
        value = self.values.get(name)
        return None if value is None else Estimate(value, self.uncertainty.get(name, 0.0))


def ratio(top: Estimate | None, bottom: Estimate | None) -> Estimate | None:
    """Return the quotient of independent estimates; None where one is unknown or the divisor is not positive."""
    if top is None or bottom is None or bottom.value <= 0:
        return None
    value = top.value / bottom.value
    relative = math.hypot(top.sd / top.value if top.value else 0.0, bottom.sd / bottom.value)
    return Estimate(value, abs(value) * relative if value else top.sd / bottom.value)


def peak_force(contact: Estimate | None, step: Estimate | None) -> Estimate | None:
    """Return the highest vertical force of a running step [body weights], from contact and step time [s].

    The force over a contact is taken for half a sine (Morin 2005, doi:10.1123/jab.21.2.167, equation 6). Over a step
    the legs carry the body's weight, whatever the slope, so that the peak is pi / 2 of step time / contact time. Its
    shape leaves out the first knock of a heel. Walking has two peaks and is no sine: only for steps with a flight.
    """
    share = ratio(step, contact)
    if share is None:
        return None
    value = 0.5 * math.pi * _PLATE_OVER_SINE * share.value
    return Estimate(value, value * math.hypot(share.sd / share.value, _PLATE_OVER_SINE_SD))


def motion_step_time(sites: SiteValues, now_s: float) -> Estimate | None:
    """Step time [s] from motion sensors alone, legs before trunk."""
    stride, _ = sites.best("stride_time_s", now_s, (FEET, SHANKS))
    return stride.scaled(0.5) if stride else sites.best("step_time_s", now_s, _TRUNK_FIRST)[0]


def fill_time(
    builder: MetricsBuilder, sites: SiteValues, pod_cadence: Estimate | None, pod_contact: Estimate | None = None
) -> None:
    """Fill in cadence, step, contact and flight time, duty factor, variability.

    pod_contact: contact time [s] of a running pod, used where no motion sensor shows it; its flight time is the step
    time less the contact time, as if both feet were alike.
    """
    now = builder.now_s
    step = motion_step_time(sites, now)
    if step is None and pod_cadence is not None and pod_cadence.value > 0:
        step = ratio(Estimate(60.0, 0.0), pod_cadence)
    builder.put("step_time_ms", step, 1e3)
    builder.put("cadence_spm", ratio(Estimate(60.0, 0.0), step))
    contact, group = sites.best("contact_time_s", now)
    flight = sites.best("flight_time_s", now, (group,) if group else LEGS_FIRST)[0]
    if contact is None and pod_contact is not None:
        contact = pod_contact
        if step is not None and step.value > contact.value:
            flight = Estimate(step.value - contact.value, math.hypot(step.sd, contact.sd))
    builder.put("contact_time_ms", contact, 1e3)
    builder.put("flight_time_ms", flight, 1e3)
    builder.put("duty_factor", ratio(contact, step.scaled(2.0) if step else None))
    builder.put("peak_force_bw", peak_force(contact, step) if flight is not None else None)
    times = sites.stride_times(now)
    variation = [100 * spread(t) / mean_of(t) for t in times if len(t) >= _LEAST_FOR_VARIABILITY]
    if variation:
        n = min(map(len, times))
        cv = mean_of(variation)
        builder.put("stride_time_cv_pct", Estimate(cv, cv / math.sqrt(2 * n)))


def fill_balance(builder: MetricsBuilder, sites: SiteValues) -> None:
    """Fill in left against right, from two legs or from a trunk sensor that distinguishes the sides."""
    now = builder.now_s
    contacts = _sides(sites, now, "contact_time_s", "left_contact_s", "right_contact_s")
    if contacts:
        left, right = contacts
        total = Estimate(left.value + right.value, math.hypot(left.sd, right.sd))
        builder.put("contact_time_balance_pct", ratio(left, total), 100.0)
    steps = _steps(sites, now)
    if steps:
        left, right, clocks_s, site_pct = steps
        mean = 0.5 * (left.value + right.value)
        sd_pct = math.hypot(100 * math.hypot(left.sd, right.sd, 2 * clocks_s) / mean, site_pct)
        builder.put("step_time_asymmetry_pct", Estimate(100 * (left.value - right.value) / mean, sd_pct))


def _sides(sites: SiteValues, now: float, leg: str, left: str, right: str) -> tuple[Estimate, Estimate] | None:
    for group in (FEET, SHANKS):
        first, second = (sites.one(site, leg, now) for site in group)
        if first and second:
            return first, second
    return _trunk_sides(sites, now, left, right)


def _trunk_sides(sites: SiteValues, now: float, left: str, right: str) -> tuple[Estimate, Estimate] | None:
    for site in (WearSite.PELVIS, WearSite.CHEST):
        first, second = sites.one(site, left, now), sites.one(site, right, now)
        n = min(len(sites.values(site, left, now)), len(sites.values(site, right, now)))
        if first and second and n >= _LEAST_PER_SIDE:
            return first, second
    return None


def _steps(sites: SiteValues, now: float) -> tuple[Estimate, Estimate, float, float] | None:
    """Return left and right step time, the standard uncertainties of a pair of clocks [s] and of this site's asymmetry
    [%].

    On the trunk one clock sees both. The surest site first.
    """
    for group in (FEET, SHANKS):
        left, right = group
        pairs = ((left, "first_step_s", "second_step_s"), (right, "second_step_s", "first_step_s"))
        for site, of_left, of_right in pairs:
            a, b = sites.one(site, of_left, now), sites.one(site, of_right, now)
            if a and b:
                return a, b, _STEP_PAIRING_SD_S, _ASYMMETRY_SD_PCT[group]
    trunk = _trunk_sides(sites, now, "left_step_s", "right_step_s")
    return (*trunk, 0.0, _TRUNK_ASYMMETRY_SD_PCT) if trunk else None


def fill_foot(builder: MetricsBuilder, sites: SiteValues, impact_sites: Sequence[WearSite]) -> None:
    """Fill in strike angle and shares, eversion, impact, clearance."""
    now = builder.now_s
    for name in ("foot_strike_angle_deg", "eversion_deg", "eversion_peak_degps", "foot_clearance_m"):
        builder.put(name, sites.best(name, now, (FEET,))[0])
    # Impacts at foot, shank and trunk cannot be compared: always from the same place.
    builder.put("impact_g", sites.best("impact_g", now, [impact_sites])[0])
    shares = sites.strike_shares(now)
    if shares is not None:
        builder.values["foot_strike_share"] = shares


def fill_trunk(builder: MetricsBuilder, sites: SiteValues) -> None:
    """Fill in oscillation, rotation and drop of the pelvis, lean of the chest;
    of the other one where only that is worn."""
    now = builder.now_s
    builder.put("vertical_oscillation_mm", sites.best("vertical_oscillation_m", now, _TRUNK_FIRST)[0], 1e3)
    builder.put("trunk_lean_deg", sites.best("forward_lean_deg", now, _CHEST_FIRST)[0])
    builder.put("axial_rotation_deg", sites.best("axial_rotation_deg", now, _TRUNK_FIRST)[0])
    builder.put("lateral_drop_deg", sites.best("lateral_drop_deg", now, _TRUNK_FIRST)[0])


def fill_coordination(builder: MetricsBuilder, found: Coordination | None) -> None:
    """Fill in relative phase and coupling of pelvis and chest with their variability."""
    if found is None:
        return
    sem = 1.0 / math.sqrt(found.n_strides)
    clocks = CLOCK_SD_DEG
    builder.put("pelvis_trunk_crp_deg", Estimate(found.crp_deg, math.hypot(clocks, found.crp_sd_deg * sem)))
    builder.put("pelvis_trunk_crp_sd_deg", Estimate(found.crp_sd_deg, found.crp_sd_deg * sem))
    coupling = Estimate(found.coupling_deg, math.hypot(clocks, found.coupling_sd_deg * sem))
    builder.put("pelvis_trunk_coupling_deg", coupling)
    builder.put("pelvis_trunk_coupling_sd_deg", Estimate(found.coupling_sd_deg, found.coupling_sd_deg * sem))


def fill_space(builder: MetricsBuilder, speed: tuple[Estimate, str] | None) -> None:
    """Fill in speed, step and stride length, impacts per kilometre, vertical ratio;
    after `fill_time` and `fill_trunk`."""
    if speed is not None:
        builder.put("speed_mps", speed[0])
        builder.values["speed_source"] = speed[1]
    cadence = builder.known("cadence_spm")
    if speed is None or cadence is None or speed[0].value <= 0:
        return
    step = ratio(speed[0].scaled(60.0), cadence)
    builder.put("step_length_m", step)
    builder.put("stride_length_m", step, 2.0)
    builder.put("impacts_per_km", ratio(Estimate(1000.0, 0.0), step))
    oscillation = builder.known("vertical_oscillation_mm")
    builder.put("vertical_ratio_pct", ratio(oscillation, step), 0.1)  # of mm over m, in percent


def is_steady(sites: SiteValues, now_s: float, speeds: list[float]) -> bool:
    """Whether stride times, and speeds where known, stayed within 3 % (robust SD) over the last 8 strides or more."""
    times = [t for site_times in sites.stride_times(now_s) for t in site_times[-_MOST_STEADY:]]
    if len(times) >= _STEADY_STRIDES and spread(times) > _STEADY_SPREAD * mean_of(times):
        return False
    if len(speeds) >= _STEADY_STRIDES and spread(speeds) > _STEADY_SPREAD * max(mean_of(speeds), 1e-9):
        return False
    return max(len(times), len(speeds)) >= _STEADY_STRIDES
