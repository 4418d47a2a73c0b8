"""Keep what each wear site reported last, as rolling values and states, and choose between the sites.

A rolling value is the median of at most `MOST_VALUES` values of the last `SPAN_S` seconds; it is unknown (None) when
its newest value is older than `STALE_S`, so that no number outlives the signal it came from. All memory is bounded.

The body has one state. Feet speak before shanks, shanks before the trunk, the trunk before a running pod, the pod
before the belt; of two feet the livelier one counts (one always starts first).
"""

import math
from collections import deque
from collections.abc import Sequence
from itertools import compress
from typing import Final

from coach.gait.signal.filters import median_of, middle_of
from coach.model.frozen import dataclass
from coach.model.sites import WearSite
from coach.model.strides import FootStrike, GaitState, StateChange, Stride, TrunkStep

STALE_S: Final = 3.0  # about four strides: longer silence means that the runner stopped or the sensor is gone
SPAN_S: Final = 12.0  # about 16 strides: long enough for a steady median, short enough to follow a change of pace
MOST_VALUES: Final = 24  # of that span, the newest: enough for a median
_MEDIAN_SEM: Final = 1.2533  # standard error of a median against that of a mean, Gaussian (Kenney and Keeping 1962)
_MAD_TO_SD: Final = 1.4826  # median absolute deviation to standard deviation, Gaussian
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
_STRIKE_NAMES: Final = tuple((strike.value, strike) for strike in FootStrike)
_STRIKES_SPAN_S: Final = 30.0  # 40 landings of two feet last half of it: older ones are of another pace, by judgement
_LIVELY: Final = (GaitState.STANDING, GaitState.WALKING, GaitState.RUNNING)
RUN_SPEED_MPS: Final = 2.2  # above the preferred transition of 2.07 m/s (Hreljac 1995) people run
WALK_SPEED_MPS: Final = 1.9  # below it they walk
STAND_SPEED_MPS: Final = 0.3  # chosen by eye, 2026-11-20
POD: Final = "pod"
TREADMILL: Final = "treadmill"
_RANKS: Final[Sequence[Sequence[str]]] = (
    (WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT),
    (WearSite.LEFT_SHANK, WearSite.RIGHT_SHANK),
    (WearSite.PELVIS, WearSite.CHEST),
    (POD,),
    (TREADMILL,),
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its standard uncertainty, in the same unit."""

    value: float
    sd: float

    def scaled(self, factor: float) -> "Estimate":
        """Return the estimate in another unit."""
        return Estimate(self.value * factor, self.sd * abs(factor))


def spread(values: list[float]) -> float:
    """Return the robust standard deviation from the median absolute deviation; 0 for fewer than two values."""
    if len(values) < 2:
        return 0.0
    return _spread_about(median_of(values), values)


def _spread_about(middle: float, values: list[float]) -> float:
    return _MAD_TO_SD * median_of([abs(v - middle) for v in values])


def mean_of(values: Sequence[float]) -> float:
    """Return the arithmetic mean of at least one value;
    `statistics.mean` takes 20 times longer for its exact fractions."""
    return math.fsum(values) / len(values)


class Rolling:
    """The last values of one measure at one wear site.

    most: values kept. span_s: how far back from the newest a value still counts. Values change once a stride and are
    asked for at each tick: what follows from them is worked out once and kept.
    """

    __slots__ = ("_alive", "_estimate", "_known_s", "_newest_s", "_own", "_sds", "_span_s", "_values")

    def __init__(self, most: int = MOST_VALUES, span_s: float = SPAN_S) -> None:
        self._known_s: deque[float] = deque(maxlen=most)
        self._values: deque[float] = deque(maxlen=most)  # those known since these times
        self._sds: deque[float] = deque(maxlen=most)  # and their standard deviations
        self._span_s = span_s
        self._newest_s = -math.inf
        self._alive: list[float] | None = None  # the values within the span; None: not worked out
        self._own: list[float] = []  # standard deviations of these
        self._estimate: Estimate | None = None

    def add(self, t_s: float, value: float | None, sd: float = 0.0) -> None:
        """Take a value known since `t_s` with one standard deviation `sd` of its own; None and NaN are no values."""
        if value is not None and math.isfinite(value):
            known_s = self._known_s
            goes_s = known_s[0] if len(known_s) == known_s.maxlen else -math.inf
            known_s.append(t_s)
            self._values.append(value)
            self._sds.append(sd if math.isfinite(sd) else 0.0)
            if t_s > self._newest_s:
                self._newest_s = t_s
            elif goes_s == self._newest_s:  # times went back, and the newest was the first that came
                self._newest_s = max(known_s)
            self._alive = self._estimate = None

    def forget_before(self, t_s: float) -> None:
        """Forget what was known before `t_s`: it was of another nature (walking before running)."""
        is_kept = [known_s >= t_s for known_s in self._known_s]
        for column in (self._known_s, self._values, self._sds):
            kept = list(compress(column, is_kept))
            column.clear()
            column.extend(kept)
        self._newest_s = max(self._known_s, default=-math.inf)
        self._alive = self._estimate = None

    def values(self, now_s: float) -> list[float]:
        """Return the values that count at `now_s`, empty when stale; not to be changed."""
        if now_s - self._newest_s > STALE_S:
            return []
        if self._alive is None:
            self._alive, self._own = list(self._values), list(self._sds)
            if self._newest_s - min(self._known_s) > self._span_s:  # mostly all are within the span
                is_within = [self._newest_s - t_s <= self._span_s for t_s in self._known_s]
                self._alive, self._own = (list(compress(of, is_within)) for of in (self._alive, self._own))
        return self._alive

    def estimate(self, now_s: float) -> Estimate | None:
        """Return the median and standard uncertainty: scatter of the median,
        and the values' own (shared) uncertainty."""
        values = self.values(now_s)
        if not values:
            return None
        if self._estimate is None:
            ordered = sorted(values)
            middle = middle_of(ordered)
            scatter = _MEDIAN_SEM * _spread_about(middle, ordered) / math.sqrt(len(ordered))
            self._estimate = Estimate(middle, math.hypot(scatter, median_of(self._own)))
        return self._estimate


def weights(estimates: list[Estimate]) -> list[float]:
    """Return shares of independent estimates in their inverse-variance mean; their sum is 1."""
    parts = [1.0 / max(e.sd, 1e-6) ** 2 for e in estimates]
    total = sum(parts)
    return [part / total for part in parts]


def fuse(estimates: list[Estimate]) -> Estimate:
    """Return the inverse-variance mean of independent estimates of one quantity;
    raises ValueError for an empty list."""
    if not estimates:
        raise ValueError("nothing to fuse")
    total = sum(1.0 / max(e.sd, 1e-6) ** 2 for e in estimates)
    return Estimate(sum(w * e.value for w, e in zip(weights(estimates), estimates, strict=True)), total**-0.5)


def average(estimates: list[Estimate]) -> Estimate | None:
    """Return the plain mean (left and right count the same, however many strides each gave); None for an empty list."""
    if not estimates:
        return None
    n = len(estimates)
    return Estimate(sum(e.value for e in estimates) / n, math.sqrt(sum(e.sd**2 for e in estimates)) / n)


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
        times = self._stride_times.get(site)
        if times is None:
            times = self._stride_times[site] = Rolling(_VARIABILITY_STRIDES, _VARIABILITY_SPAN_S)
        times.add(t_s, stride_time_s)

    def _add(self, site: WearSite, field: str, t_s: float, value: float | None, sd: float = 0.0) -> None:
        if value is None:
            return
        roll = self._rolls.get((site, field))
        if roll is None:
            roll = self._rolls[site, field] = Rolling()
        roll.add(t_s, value, sd)

    def one(self, site: WearSite, field: str, now_s: float) -> Estimate | None:
        """Return the rolling value of `field` at one wear site."""
        roll = self._rolls.get((site, field))
        return roll.estimate(now_s) if roll else None

    def values(self, site: WearSite, field: str, now_s: float) -> list[float]:
        """Return the single values behind `one`."""
        roll = self._rolls.get((site, field))
        return roll.values(now_s) if roll else []

    def best(
        self, field: str, now_s: float, order: Sequence[Sequence[WearSite]] = LEGS_FIRST
    ) -> tuple[Estimate | None, Sequence[WearSite]]:
        """Return the value of the first group of sites in `order` that knows `field`, left and right averaged."""
        for group in order:
            estimates = [e for site in group if (e := self.one(site, field, now_s)) is not None]
            if estimates:
                return average(estimates), group
        return None, ()

    def stride_times(self, now_s: float) -> list[list[float]]:
        """Return the last stride times [s] of each sensor of the first group that knows them, for their variability."""
        for group in LEGS_FIRST:
            rolls = [self._stride_times[site] for site in group if site in self._stride_times]
            if known := [times for roll in rolls if (times := roll.values(now_s))]:
                return known
        return []

    def strike_shares(self, now_s: float) -> dict[str, float] | None:
        """Return the share of each strike pattern among the last landings, or None when stale."""
        newest = max((t for t, _ in self._strikes), default=-math.inf)
        if now_s - newest > STALE_S:
            return None
        recent = [strike for t, strike in self._strikes if newest - t <= _STRIKES_SPAN_S]
        return {name: recent.count(strike) / len(recent) for name, strike in _STRIKE_NAMES}


def _shared(field: str, event: Stride | TrunkStep) -> float:
    """Return the uncertainty that all values of `field` share; an interval's is scatter only,
    which the median averages."""
    return 0.0 if field in ("stride_time_s", "step_time_s") else event.uncertainty.get(field, 0.0)


def state_at_speed(speed_mps: float, before: GaitState | None) -> GaitState:
    """Return what people do at this speed, keeping `before` in the band where they do either."""
    if speed_mps < STAND_SPEED_MPS:
        return GaitState.STANDING
    if speed_mps > RUN_SPEED_MPS:
        return GaitState.RUNNING
    if speed_mps < WALK_SPEED_MPS or before in (None, GaitState.STANDING):
        return GaitState.WALKING
    return before or GaitState.WALKING


class StateFusion:
    """Keeps each source's state while its signal lasts and reports when the body's state changes."""

    def __init__(self) -> None:
        self._states: dict[str, GaitState] = {}
        self._seen_to: dict[str, float] = {}
        self._reported: GaitState | None = None

    def saw(self, source: str, t_s: float) -> None:
        """Note that `source` gave signal up to `t_s`."""
        self._seen_to[source] = max(t_s, self._seen_to.get(source, t_s))

    def observe(self, source: str, t_s: float, state: GaitState) -> None:
        """Note that `source` sees `state` since `t_s`."""
        self._states[source] = state
        self.saw(source, t_s)

    def withdraw(self, source: str) -> None:
        """Note that `source` does not know any more; others may."""
        self._states.pop(source, None)

    def of(self, source: str) -> GaitState | None:
        """Return what `source` said last."""
        return self._states.get(source)

    def current(self, now_s: float) -> GaitState | None:
        """Return the body's state at `now_s`; None when no source is alive or none has decided."""
        is_watched = any(s != TREADMILL and now_s - seen <= STALE_S for s, seen in self._seen_to.items())
        for rank in _RANKS:
            if TREADMILL in rank and is_watched:
                return None  # a belt also runs under a runner who is standing beside it
            alive = [self._states[s] for s in rank if s in self._states and now_s - self._seen_to[s] <= STALE_S]
            if alive:
                return max(alive, key=_LIVELY.index)
        return None

    def change(self, now_s: float, since_s: float) -> StateChange | None:
        """Return the change to report now, dated `since_s`, or None."""
        state = self.current(now_s)
        if state is None or state is self._reported:
            return None
        self._reported = state
        return StateChange(since_s, state)
