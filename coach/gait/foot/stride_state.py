"""What is open of one foot between two phase transitions: its last landings, and what is known of its sensor."""

import math
from bisect import bisect_left
from copy import copy, deepcopy
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from coach.gait.foot.alignment import FootAxes, OwnAxes, Refiner
from coach.gait.foot.constants import AX, GX
from coach.gait.foot.params import PARAMS, FootParams
from coach.gait.foot.strides import StanceCandidate, StrideTrajectory
from coach.gait.foot.trajectory import Path
from coach.gait.signal.constants import CLIP_SHARE, INTERPOLATED_FACTOR
from coach.gait.signal.filters import median_of
from coach.model.samples import FloatArray
from coach.model.sites import WearSite
from coach.model.units import GRAVITY_MPS2

MEDIAN_SD_FACTOR: Final = 1.25  # of a median against a mean of normal values: sqrt(pi / 2)
MOST_INTERPOLATED: Final = 4096  # readings; ten seconds at 416 Hz, twice what is held


class FootSensor:
    """What is known of the sensor on one foot.

    acc_limit, gyr_limit: readings from here on are clipped; from the row clean_from on none is. search_rows: rows after
    swing's end searched for a landing, window by window; before: rows before it that a window needs; standing: rows
    after it from which the foot is standing. inwards: axis about which the foot rolls inwards. rest, rest_inwards: turn
    rates read at rest along the foot's axes and about that one.
    """

    __slots__ = (
        "acc_limit",
        "axes",
        "before",
        "before_landing",
        "clean_from",
        "gyr_limit",
        "interpolated_s",
        "is_slow",
        "is_too_slow",
        "params",
        "rate_hz",
        "rest",
        "search_rows",
        "site",
        "standing",
    )

    def __init__(
        self,
        site: WearSite,
        axes: FootAxes,
        rate_hz: float,
        acc_range: float,
        gyr_range: float,
        params: FootParams = PARAMS,
    ) -> None:
        self.site = site
        self.params = params
        self.rate_hz = rate_hz
        self.acc_limit = CLIP_SHARE * acc_range
        self.gyr_limit = CLIP_SHARE * gyr_range
        self.search_rows = tuple(round(window_s * rate_hz) for window_s in params.search_windows_s)
        self.standing = round(params.standing_after_s * rate_hz)
        self.before = round(params.contact_before_s * rate_hz) + 1
        self.before_landing = round(params.before_swing_end_s * rate_hz)
        self.is_slow = rate_hz < params.slow_below_hz
        self.is_too_slow = rate_hz < params.too_slow_hz
        self.interpolated_s: list[float] = []
        self.clean_from = 0
        self.use(axes)

    def use(self, axes: FootAxes) -> None:
        """Measure by these axes from now on."""
        self.axes = axes
        self.rest = axes.axes @ axes.bias_radps

    def interpolate(self, times_s: tuple[float, ...]) -> None:
        """Note the times of readings that were drawn in by straight lines."""
        self.interpolated_s.extend(times_s)

    def forget_interpolated(self) -> None:
        """Keep the newest: what they lie in has been worked off."""
        if len(self.interpolated_s) > 2 * MOST_INTERPOLATED:
            del self.interpolated_s[:-MOST_INTERPOLATED]

    def lost_s(self, start_s: float, end_s: float) -> float:
        """Return the time [s] between these whose readings were lost."""
        if not self.interpolated_s:
            return 0.0
        return (bisect_left(self.interpolated_s, end_s) - bisect_left(self.interpolated_s, start_s)) / self.rate_hz

    def stillness(self, window: FloatArray) -> tuple[float, float]:
        """Return the mean turn rate [rad/s] in rows (N_COLUMNS, n) about a mid-stance,
        and by how much the mean specific force differs from gravity there [m/s2]."""
        rate = window[GX : GX + 3] - self.axes.bias_radps[:, None]
        rate *= rate
        n = rate.shape[1]
        force = np.add.reduce(window[AX : AX + 3], axis=1) / n
        turn = float(np.add.reduce(np.sqrt(np.add.reduce(rate))) / n)
        return turn, abs(math.sqrt(force.dot(force)) - GRAVITY_MPS2)

    def wobble(self, this: StanceCandidate, columns: FloatArray, mid: int, heel_off: int) -> float:
        """Return the standard deviation of the turn rate while the foot lies on the ground [rad/s]."""
        params = self.params
        after_s = (params.loose_from_slow_s if self.is_slow else params.loose_from_s) + 0.5 / self.rate_hz
        from_s = max(this.contact_s + after_s, this.mid_s - params.loose_before_s)
        start = mid - max(0, round((this.mid_s - from_s) * self.rate_hz))
        end = min(mid + math.floor(params.loose_after_s * self.rate_hz), heel_off)
        rate = columns[GX : GX + 3, max(0, start) : max(end, mid) + 1]
        n = rate.shape[1]  # numpy's var, at a third of its time
        apart = rate - (np.add.reduce(rate, axis=1) / n)[:, None]
        apart *= apart
        return math.sqrt(float(np.add.reduce(np.add.reduce(apart, axis=1) / n)))

    def least_shock(self, search: int) -> float:
        """Step of the specific force without which the search of this number finds no landing."""
        is_last = search == len(self.params.search_windows_s) - 1
        return 0.0 if is_last else self.params.least_shock_share * self.axes.shock_mps2

    def saw(self, end: int, largest: tuple[float, float]) -> None:
        """Note that in the newest rows, up to `end`, no specific force or turn rate exceeds `largest`."""
        if largest[0] >= self.acc_limit or largest[1] >= self.gyr_limit:
            self.clean_from = end

    def is_clipped(self, columns: FloatArray) -> bool:
        """Whether an axis was at full scale."""
        x, y, z, along, left, up = np.maximum.reduce(np.abs(columns[AX : GX + 3]), axis=1).tolist()
        return bool(max(x, y, z) >= self.acc_limit or max(along, left, up) >= self.gyr_limit)


class Speed(NamedTuple):
    """A stride's speed and its standard uncertainty [m/s]."""

    mps: float
    sd_mps: float

    @property
    def sd_share(self) -> float:
        """Standard uncertainty as a share of the speed; infinite where there is no speed."""
        return self.sd_mps / self.mps if self.mps > 0.0 else math.inf

    def with_other(self, other: "Speed") -> "Speed":
        """Return both together, each by what share of itself it is sure of;
        less sure where they differ by more than that.

        By shares, since uncertainties grow with speeds: one that came out far too slow would count most. What widens it
        is Birge's ratio.
        """
        one, two = self.sd_share**-2, other.sd_share**-2
        mps = (one * self.mps + two * other.mps) / (one + two)
        ratio = abs(self.mps - other.mps) / math.hypot(self.sd_mps, other.sd_mps)
        return Speed(mps, max(1.0, ratio) * mps * (one + two) ** -0.5)


@dataclass(slots=True)
class StrideState:
    """The landings that are open. this: the newest; last: the newest with a mid-stance. n_swings: seen so far, the
    number of the newest. last_stride_row: where the last whole stride ended. is_cut: a gap lies after the last landing.
    times_s: of the last strides whose contacts were both seen; speeds: of the last strides, with holes or without.
    pivot_m: what `pivot` worked out of pivots_used."""

    this: StanceCandidate | None
    last: StanceCandidate | None
    refiner: Refiner
    own: OwnAxes
    n_swings: int = 0
    last_stride_row: int = -1
    is_cut: bool = False
    times_s: tuple[float, ...] = ()
    speeds: tuple[Speed, ...] = ()
    pivots: tuple[tuple[float, float], ...] = ()
    pivots_used: tuple[tuple[float, float], ...] = ()
    pivot_m: tuple[float, float] = (0.0, 0.0)
    brakings_s: tuple[float, ...] = ()
    grounds: tuple[tuple[float, float, float], ...] = ()
    wobbles_radps: tuple[float, ...] = ()

    def saw(self, speed: Speed, params: FootParams) -> None:
        """Keep the speed of one more stride."""
        self.speeds = (*self.speeds[1 - params.rhythm_strides :], speed)

    def strides_between(self, start_s: float, end_s: float, params: FootParams) -> int:
        """Return how many strides of the usual rhythm lie between two contacts; 0 where they do not fit."""
        if not self.times_s:
            return 0
        share = params.rhythm_share if len(self.times_s) >= params.rhythm_least else params.rhythm_share_first
        usual, apart = median_of(self.times_s), end_s - start_s
        n = round(apart / usual)
        fits = abs(apart - n * usual) <= share * usual * math.sqrt(n) if n > 0 else False
        return n if fits and n <= params.most_interpolated else 0

    def by_rhythm(self, contact_s: float, params: FootParams) -> float:
        """Return the contact where the rhythm of the strides before expects it;
        as it was found where it does not fit."""
        if self.last is None:
            return contact_s
        n = self.strides_between(self.last.contact_s, contact_s, params)
        return self.last.contact_s + n * median_of(self.times_s) if n else contact_s

    def usual_speed(self, params: FootParams) -> Speed | None:
        """Return what the next stride's speed is expected to be, by the last ones; None where none was seen.

        Each counts by what share it is sure of and by how much strides differ; the middle one, since a few are far off.
        Less sure where they differ by more than that (Birge's ratio).
        """
        differ = params.stride_speed_sd_share
        known = sorted((one.mps, 1.0 / (one.sd_share**2 + differ**2)) for one in self.speeds if one.mps > 0.0)
        if not known:
            return None
        total = sum(weight for _, weight in known)
        summed, mps = 0.0, known[-1][0]
        for speed, weight in known:
            summed += weight
            if summed >= 0.5 * total:
                mps = speed
                break
        apart = sum(weight * (speed / mps - 1.0) ** 2 for speed, weight in known)
        ratio = max(1.0, math.sqrt(apart / max(len(known) - 1, 1)))
        return Speed(mps, mps * math.hypot(ratio * MEDIAN_SD_FACTOR / math.sqrt(total), differ))

    def is_ground(self, landing: StanceCandidate, params: FootParams) -> bool:
        """Whether the last landings, this one included, were on the ground: medians of shock and rest say it.

        A pedal, a swinging leg and a hand that carries the shoe turn like running, but do not stop the foot.
        """
        latest = (landing.impact_mps2 / GRAVITY_MPS2, *landing.rest)
        self.grounds = (*self.grounds[1 - params.ground_landings :], latest)
        impact_g, turn, force = (median_of(of) for of in zip(*self.grounds, strict=True))
        if impact_g >= params.sure_impact_g:
            return True
        return impact_g >= params.least_impact_g and turn <= params.rest_radps and force <= params.rest_mps2

    @property
    def is_loose(self) -> bool:
        """Whether the sensor rang on the foot in the newest landing with a mid-stance and those before it."""
        return self.last is not None and self.last.is_loose

    def is_wobbling(self, wobble_radps: float, is_slow: bool, params: FootParams) -> bool:
        """Take how unevenly the foot turned at one more rest [rad/s]; whether many say that the strap is loose."""
        self.wobbles_radps = (*self.wobbles_radps[1 - params.loose_landings :], wobble_radps)
        known, limit = sorted(self.wobbles_radps), params.loose_slow_radps if is_slow else params.loose_radps
        return len(known) >= params.loose_least and known[round(params.loose_share * (len(known) - 1))] > limit

    def pivot(self, params: FootParams) -> tuple[float, float]:
        """Return forward and up [m] of the metatarsal joints from the sensor, by the last push-offs."""
        usual = (params.pivot_forward_m, params.pivot_up_m)
        if len(self.pivots) < params.pivot_least:
            return usual
        if self.pivots is not self.pivots_used:  # asked for twice a stride, and changes once
            forward, up = (median_of(of) for of in zip(*self.pivots, strict=True))
            share, self.pivots_used = params.pivot_share, self.pivots
            self.pivot_m = (usual[0] + share * (forward - usual[0]), usual[1] + share * (up - usual[1]))
        return self.pivot_m

    def copied(self) -> "StrideState":
        """Return a copy that later strides do not change: ten times as quick as a deep one."""
        this = None if self.this is None else copy(self.this)
        last = this if self.last is self.this else None if self.last is None else copy(self.last)
        return replace(self, this=this, last=last, refiner=deepcopy(self.refiner), own=deepcopy(self.own))


def is_stride(this: StanceCandidate, following: StanceCandidate, params: FootParams) -> bool:
    """Whether nothing is amiss between two landings."""
    is_next = following.number == this.number + 1
    is_long_enough = params.shortest_stride_s < following.contact_s - this.contact_s < params.longest_stride_s
    left_s = this.toe_off_s if math.isfinite(this.toe_off_s) else following.contact_s  # a gentle push has no toe-off
    in_order = this.contact_s < this.mid_s < left_s <= following.contact_s < following.mid_s
    return is_next and is_long_enough and in_order


def speed_sd(found: Path, following: StanceCandidate, lost_s: float, time_s: float, foot: FootSensor) -> float:
    """Return the standard uncertainty of a stride's speed [m/s], by what was lost of it and what was left over."""
    params, speed = foot.params, found.length_m / time_s
    share = params.length_sd_share
    if lost_s > params.brief_loss_s:
        start_s, end_s = following.contact_s - params.landing_before_s, following.contact_s + params.landing_after_s
        is_landing = foot.lost_s(start_s, end_s) > params.brief_loss_s
        share = math.hypot(share, params.holed_sd_per_s * lost_s, is_landing * params.holed_landing_sd_share)
    elif lost_s > 0.0:
        share *= INTERPOLATED_FACTOR
    return math.hypot(share * speed, params.sink_sd_share * found.sink_mps)


def lent(speed: Speed | None, time_s: float) -> StrideTrajectory:
    """Return a trajectory by the speed of the strides before."""
    if speed is None:
        return StrideTrajectory(None, math.inf, None, time_s)
    return StrideTrajectory(speed.mps * time_s, speed.sd_mps * time_s, None, time_s)
