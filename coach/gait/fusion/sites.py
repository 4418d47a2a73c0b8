"""Keep rolling values per wear site and measure from strides and trunk steps."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from coach.gait.fusion.rolling import STALE_S, Estimate, Rolling, average
from coach.model.sites import WearSite
from coach.model.strides import FootStrike, Stride, TrunkStep

FEET: Final = (WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT)
SHANKS: Final = (WearSite.LEFT_SHANK, WearSite.RIGHT_SHANK)
PELVIS: Final = (WearSite.PELVIS,)
CHEST: Final = (WearSite.CHEST,)
LEGS_FIRST: Final[Sequence[Sequence[WearSite]]] = (FEET, SHANKS, PELVIS, CHEST)

STRIDE_FIELDS: Final = (
    "contact_time_s",
    "flight_time_s",
    "stride_time_s",
    "stride_length_m",
    "foot_strike_angle_deg",
    "eversion_deg",
    "eversion_peak_degps",
    "impact_g",
    "foot_clearance_m",
    "grade_pct",
)
STEP_FIELDS: Final = (
    "contact_time_s",
    "flight_time_s",
    "step_time_s",
    "vertical_oscillation_m",
    "forward_lean_deg",
    "axial_rotation_deg",
    "lateral_drop_deg",
    "impact_g",
)
_VARIABILITY_STRIDES: Final = 64  # stride times for the coefficient of variation; published ones use 50 and more
_VARIABILITY_SPAN_S: Final = 45.0  # 64 strides of a run last so long
_SAME_CONTACT_S: Final = 0.05  # the end of one step and the start of the next, seen in two windows
_STRIKES: Final = 40  # landings in the shares of strike patterns
_STRIKES_SPAN_S: Final = 30.0  # 40 landings of two feet last half of it: older ones are of another pace, by judgement


class SiteValues:
    """Rolling values by wear site and field; sides of trunk steps apart."""

    def __init__(self) -> None:
        self._rolls: dict[tuple[str, str], Rolling] = {}
        self._stride_times: dict[WearSite, Rolling] = {}
        self._strikes: deque[tuple[float, FootStrike]] = deque(maxlen=_STRIKES)
        self._last_step: dict[WearSite, tuple[float, float]] = {}

    def forget_before(self, t_s: float) -> None:
        """Forget what was known before `t_s`, when the state changed."""
        for roll in (*self._rolls.values(), *self._stride_times.values()):
            roll.forget_before(t_s)
        kept = [entry for entry in self._strikes if entry[0] >= t_s]
        self._strikes.clear()
        self._strikes.extend(kept)

    def add_stride(self, stride: Stride, step_time_s: float | None) -> float:
        """Take a completed stride and the step that began it; gives the time from which its values are known."""
        t_s = stride.initial_contact_s + (stride.stride_time_s or 0.0)
        site = stride.wear_site
        for field in STRIDE_FIELDS:
            self._add(site, field, t_s, getattr(stride, field), _shared(field, stride))
        self._add(site, "first_step_s", t_s, step_time_s)
        if step_time_s is not None and stride.stride_time_s is not None:
            self._add(site, "second_step_s", t_s, stride.stride_time_s - step_time_s)
        if stride.stride_time_s is not None:
            self._add_stride_time(site, t_s, stride.stride_time_s)
        if stride.foot_strike is not None:
            self._strikes.append((t_s, stride.foot_strike))
        return t_s

    def add_step(self, step: TrunkStep) -> float:
        """Take a trunk step; gives the time from which its values are known."""
        t_s = step.initial_contact_s + (step.step_time_s or 0.0)
        for field in STEP_FIELDS:
            self._add(step.wear_site, field, t_s, getattr(step, field), _shared(field, step))
        if step.step_time_s is not None:
            end, before = self._last_step.get(step.wear_site, (0.0, 0.0))
            if abs(end - step.initial_contact_s) < _SAME_CONTACT_S:
                self._add_stride_time(step.wear_site, t_s, before + step.step_time_s)
            self._last_step[step.wear_site] = (t_s, step.step_time_s)
        if step.is_left is not None:
            side = "left" if step.is_left else "right"
            self._add(step.wear_site, f"{side}_step_s", t_s, step.step_time_s)
            self._add(step.wear_site, f"{side}_contact_s", t_s, step.contact_time_s)
        return t_s

    def _add_stride_time(self, site: WearSite, t_s: float, stride_time_s: float) -> None:
        times = self._stride_times.setdefault(site, Rolling(_VARIABILITY_STRIDES, _VARIABILITY_SPAN_S))
        times.add(t_s, stride_time_s)

    def _add(self, site: WearSite, field: str, t_s: float, value: float | None, sd: float = 0.0) -> None:
        if value is not None:
            self._rolls.setdefault((site, field), Rolling()).add(t_s, value, sd)

    def one(self, site: WearSite, field: str, now_s: float) -> Estimate | None:
        """The rolling value of `field` at one wear site."""
        roll = self._rolls.get((site, field))
        return roll.estimate(now_s) if roll else None

    def values(self, site: WearSite, field: str, now_s: float) -> list[float]:
        """The single values behind `one`."""
        roll = self._rolls.get((site, field))
        return roll.values(now_s) if roll else []

    def best(
        self, field: str, now_s: float, order: Sequence[Sequence[WearSite]] = LEGS_FIRST
    ) -> tuple[Estimate | None, Sequence[WearSite]]:
        """The value of the first group of sites in `order` that knows `field`, left and right averaged."""
        for group in order:
            estimates = [e for site in group if (e := self.one(site, field, now_s)) is not None]
            if estimates:
                return average(estimates), group
        return None, ()

    def stride_times(self, now_s: float) -> list[list[float]]:
        """The last stride times [s] of each sensor of the first group that knows them, for their variability."""
        for group in LEGS_FIRST:
            rolls = [self._stride_times[site] for site in group if site in self._stride_times]
            if known := [times for roll in rolls if (times := roll.values(now_s))]:
                return known
        return []

    def strike_shares(self, now_s: float) -> dict[str, float] | None:
        """Share of each strike pattern among the last landings, or None when stale."""
        if not self._strikes or now_s - max(t for t, _ in self._strikes) > STALE_S:
            return None
        newest = max(t for t, _ in self._strikes)
        recent = [strike for t, strike in self._strikes if newest - t <= _STRIKES_SPAN_S]
        return {strike.value: recent.count(strike) / len(recent) for strike in FootStrike}


def _shared(field: str, event: Stride | TrunkStep) -> float:
    """The uncertainty that all values of `field` share; an interval's is scatter only, which the median averages."""
    return 0.0 if field in ("stride_time_s", "step_time_s") else event.uncertainty.get(field, 0.0)
