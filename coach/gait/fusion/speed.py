"""Decide one speed, its source and the distance from foot sensors, running pod, treadmill and positions.

A treadmill's own speed is taken as the truth; else the foot sensor's and the pod's, each times a personal correction
factor, and a satellite receiver's are joined by inverse variance. Metres are kept by source: where a factor is learned
during a run, those that were measured before it was known are corrected, too.

Factors are learned from positions over straight stretches. Positions are good over hundreds of metres and poor from
second to second; feet are the opposite, and go on where there is no sky. So a stretch is chained of chords between
fixes some 40 m apart. A chord counts where the path turns little at both its ends: there its arc is the chord times
(a/2) / sin(a/2) for a turn of a, exact on a circle. Errors within a stretch cancel but for those of its ends. A stretch
ends at 200 m, at a turn, and where fixes are missing; then it is compared with what each sensor measured between the
same two fixes.

On a 400 m track no chord is straight enough, and nothing is learned. Heights are left out: a grade of 5 % makes a path
0.1 % longer. Assumes that fixes and strides come with a constant delay.
"""

import math
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from dataclasses import field, replace
from typing import Final

from coach.gait.fusion.sites import STALE_S, Estimate, fuse, weights
from coach.model.earth import RADIUS_68, SCALE_SD, metres_per_radian
from coach.model.frozen import dataclass
from coach.model.samples import PositionSample
from coach.model.strides import Stride

FOOT_SPEED_SD: Final = 0.034  # share of speed, of one runner: Falbriard 2021, 0.11 m/s at about 3.2 m/s
POD_SPEED_SD: Final = 0.04  # share of speed, uncalibrated pod: chosen by eye, 2026-11-20
TREADMILL_SPEED_SD: Final = 0.02  # share of speed: belt slip and display error, chosen by eye, 2026-11-20
# A receiver's speed over ground: m/s, and for each metre of its stated radius. Chosen by judgement: a phone under open
# sky (5 m) gets 0.25 m/s, so that feet (0.1 m/s at 3 m/s) carry and positions alone still give a pace.
POSITION_SPEED_SD_MPS: Final = 0.15
POSITION_SPEED_SD_PER_M: Final = 0.02  # the same
POSITION_MOST_M: Final = 30.0  # of that radius: a worse fix gives no speed; chosen by judgement
_MOST_FACTOR: Final = 1.3  # a correction beyond +-30 % is a wrong set-up, not a runner
_NOTIFIED_S: Final = 1.0  # pods, treadmills and receivers give a speed once a second: what was run in it
# Share of each metre by which the shown distance catches up with a correction: no jump that looks like a lost fix, and
# 6 m of the first 200 are made up in 10 s. Chosen by judgement.
_CATCH_UP: Final = 0.2


@dataclass(frozen=True, slots=True)
class SpeedCorrection:
    """The runner's own factor from measured to true speed, per kind of sensor, with its standard uncertainty.

    foot: factor for a foot sensor's stride length and speed. pod: for a running pod's speed.
    """

    foot: float = 1.0
    foot_sd: float = FOOT_SPEED_SD
    pod: float = 1.0
    pod_sd: float = POD_SPEED_SD

    def learned_from(
        self,
        sensor: str,
        known: float,
        measured: float,
        ratio_sd: float,
        floor_sd: float,
    ) -> "SpeedCorrection":
        """Return the correction after one more comparison, `known` against the uncorrected `measured` in the same unit.

        sensor: "foot" or "pod". known, measured: speeds over the same moment or distances over the same stretch.
        ratio_sd: standard uncertainty of their ratio (0.01 for a measured kilometre). floor_sd: what no number of such
        comparisons gets below. A scalar Kalman update. Comparisons that are not positive or off by more than 30 %
        change nothing.
        """
        if not (measured > 0 and known > 0 and 1 / _MOST_FACTOR <= known / measured <= _MOST_FACTOR):
            return self
        factor, sd = (self.foot, self.foot_sd) if sensor == "foot" else (self.pod, self.pod_sd)
        gain = sd**2 / (sd**2 + ratio_sd**2)
        factor, sd = factor + gain * (known / measured - factor), max(min(floor_sd, sd), sd * math.sqrt(1 - gain))
        return replace(self, foot=factor, foot_sd=sd) if sensor == "foot" else replace(self, pod=factor, pod_sd=sd)

    def of_stride(self, stride: Stride) -> Stride:
        """Return the stride with the length and speed that a foot sensor measured times the runner's factor."""
        length, speed = stride.stride_length_m, stride.speed_mps
        if self.foot == 1.0 or (length is None and speed is None):
            return stride
        return replace(
            stride,
            stride_length_m=None if length is None else length * self.foot,
            speed_mps=None if speed is None else speed * self.foot,
        )


def speed_over_ground(fix: PositionSample, *, is_still: bool) -> Estimate | None:
    """Return a receiver's speed [m/s]; None where the fix gives none, or is too poor for one.

    is_still: the runner is standing: then he does not move, whatever the receiver's noise says.
    """
    if fix.speed_mps is None or fix.accuracy_m > POSITION_MOST_M:
        return None
    sd = POSITION_SPEED_SD_MPS + POSITION_SPEED_SD_PER_M * fix.accuracy_m
    return Estimate(0.0 if is_still else fix.speed_mps, sd)


class SpeedFusion:
    """Joins the sources' speeds and integrates the distance; each source is used while it is at most 3 s old."""

    def __init__(self, correction: SpeedCorrection) -> None:
        self.correction = correction
        self._latest: dict[str, tuple[float, Estimate]] = {}
        self._metres: dict[str, float] = {}  # by source, each corrected by the factor known now
        self._shown_m = 0.0
        self._moved_to_s: float | None = None

    def observe(self, source: str, t_s: float, speed: Estimate, since_s: float | None = None) -> None:
        """Take a speed [m/s] of "treadmill", "foot" or "pod" (both corrected already) or "position" at `t_s`.

        since_s: where the speed is the mean of a stretch, its beginning; else it is that of the second before.
        """
        if math.isfinite(speed.value) and speed.value >= 0:
            self._latest[source] = (t_s, speed)
            self._move(t_s, max(0.0, t_s - _NOTIFIED_S) if since_s is None else since_s)

    def correct(self, correction: SpeedCorrection) -> None:
        """Use another correction from now on; metres by foot and pod so far are corrected by it, too."""
        before, self.correction = self.correction, correction
        for source, factor in (("foot", correction.foot / before.foot), ("pod", correction.pod / before.pod)):
            if source in self._metres:
                self._metres[source] *= factor

    def current(self, now_s: float) -> tuple[Estimate, str] | None:
        """Return the speed [m/s] and its source ("treadmill", or those joined: "foot and pod");
        None when nothing is fresh."""
        fresh = self._fresh(now_s)
        return (fuse(list(fresh.values())), " and ".join(sorted(fresh))) if fresh else None

    def distance_m(self) -> Estimate | None:
        """Return metres since the first speed, never falling, and their standard uncertainty; None before any.

        Stretches without a speed for more than 3 s count nothing. What each source measures long or short is the same
        along the path; sources are independent.
        """
        if self._moved_to_s is None:
            return None
        share = {"foot": self.correction.foot_sd, "pod": self.correction.pod_sd, "treadmill": TREADMILL_SPEED_SD}
        parts = [metres * share.get(source, SCALE_SD) for source, metres in self._metres.items()]
        return Estimate(self._shown_m, math.hypot(*parts, sum(self._metres.values()) - self._shown_m))

    def _fresh(self, now_s: float) -> dict[str, Estimate]:
        fresh = {s: e for s, (t, e) in self._latest.items() if now_s - t <= STALE_S}
        return {"treadmill": fresh["treadmill"]} if "treadmill" in fresh else fresh

    def _move(self, t_s: float, since_s: float) -> None:
        """Add the distance from the last speed, or from `since_s` after a silence, to `t_s` at the speed known now."""
        last = self._moved_to_s
        if last is not None and t_s <= last:
            return
        if last is not None and t_s - last <= STALE_S:
            since_s = last
        fresh = self._fresh(t_s)
        added_m = 0.0
        for (source, speed), weight in zip(fresh.items(), weights(list(fresh.values())), strict=True):
            part_m = weight * speed.value * (t_s - since_s)
            self._metres[source] = self._metres.get(source, 0.0) + part_m
            added_m += part_m
        behind_m = sum(self._metres.values()) - self._shown_m - added_m
        self._shown_m += added_m + max(-_CATCH_UP * added_m, min(_CATCH_UP * added_m, behind_m))
        self._moved_to_s = t_s


@dataclass(frozen=True, slots=True)
class PositionParams:
    """What makes a stretch worth comparing.

    most_accuracy_m: stated radius of a fix that counts. chord_m: length of a chord, and chord_accuracy times the radius
    at least. most_turn_rad: between neighbouring chords. stretch_m: a stretch is compared when it has come so far.
    most_gap_s: between two fixes. most_chord_s: for one chord; who takes longer rests or strolls. delay_s: how long
    strides take to be known.
    """

    most_accuracy_m: float = 30.0  # chosen by judgement: worse ones are of networks, not of satellites
    chord_m: float = 40.0  # chosen by judgement: eight times the 5 m radius of a phone under open sky
    # Independent noise s across both its ends makes a chord of d longer by s^2 / d^2: 1 % at most; noise that wanders
    # slowly less. It is covered by the uncertainty of a scale (`SCALE_SD`).
    chord_accuracy: float = 6.5
    most_turn_rad: float = 0.5  # chosen by judgement: a corner cut by more than 3 % of a chord turns further
    stretch_m: float = 200.0  # 2.3 % of it are the errors of its two ends at 5 m; chosen by judgement
    most_gap_s: float = 5.0  # chosen by judgement: at 1 Hz four fixes lost
    most_chord_s: float = 60.0  # 0.7 m/s; chosen by judgement
    delay_s: float = 5.0  # a stride is held until its flight time is known, 2 s at most; chosen with room


@dataclass(frozen=True, slots=True)
class SpeedComparison:
    """One sensor over one stretch. sensor: "foot" or "pod". known_m: by positions. ratio_sd: of known / measured."""

    sensor: str
    known_m: float
    measured_m: float
    ratio_sd: float


@dataclass(frozen=True, slots=True)
class _Chord:
    start: PositionSample
    end: PositionSample
    length_m: float
    heading_rad: float


@dataclass(slots=True)
class _Stretch:
    start: PositionSample
    end: PositionSample
    length_m: float
    accuracy_m: float


@dataclass(slots=True)
class Odometer:
    """Metres that one sensor measured, uncorrected, against time; forgets what lies before a silence."""

    _t_s: deque[float] = field(default_factory=lambda: deque(maxlen=1024))  # 200 m at a walk, three strides a second
    _far_m: deque[float] = field(default_factory=lambda: deque(maxlen=1024))

    def add(self, since_s: float, t_s: float, speed_mps: float) -> None:
        """Add the mean speed [m/s] from `since_s` to `t_s`; overlapping stretches of two feet count once."""
        if self._t_s and t_s <= self._t_s[-1]:
            return
        if not self._t_s or since_s - self._t_s[-1] > STALE_S:
            self._t_s.clear()
            self._far_m.clear()
            self._t_s.append(since_s)
            self._far_m.append(0.0)
        self._far_m.append(self._far_m[-1] + speed_mps * (t_s - self._t_s[-1]))
        self._t_s.append(t_s)

    def between(self, start_s: float, end_s: float) -> float | None:
        """Return metres from `start_s` to `end_s`; None where it was silent in between."""
        if not self._t_s or self._t_s[0] > start_s or self._t_s[-1] < end_s:
            return None
        return self._at(end_s) - self._at(start_s)

    def _at(self, t_s: float) -> float:
        right = max(1, bisect_left(self._t_s, t_s))
        left_s, right_s = self._t_s[right - 1], self._t_s[right]
        left_m, right_m = self._far_m[right - 1], self._far_m[right]
        return left_m + (right_m - left_m) * (t_s - left_s) / (right_s - left_s)


class PositionComparison:
    """Finds straight stretches of a run's fixes and compares the sensors with them."""

    def __init__(self, params: PositionParams | None = None) -> None:
        self._params = params or PositionParams()
        self._odometers = {"foot": Odometer(), "pod": Odometer()}
        self._anchor: PositionSample | None = None
        self._last_s = -math.inf
        self._chords: deque[_Chord] = deque(maxlen=3)
        self._stretch: _Stretch | None = None
        self._waiting: deque[_Stretch] = deque()

    def measured(self, sensor: str, since_s: float, t_s: float, speed_mps: float) -> None:
        """Add what "foot" or "pod" measured, uncorrected."""
        self._odometers[sensor].add(since_s, t_s, speed_mps)

    def position(self, fix: PositionSample) -> Iterator[SpeedComparison]:
        """Take one fix; give the comparisons that are ready now."""
        self._chain(fix)
        while self._waiting and fix.t_s - self._waiting[0].end.t_s >= self._params.delay_s:
            yield from self._compared(self._waiting.popleft())

    def _chain(self, fix: PositionSample) -> None:
        params, anchor = self._params, self._anchor
        gap_s, self._last_s = fix.t_s - self._last_s, fix.t_s
        if fix.accuracy_m > params.most_accuracy_m:
            self._break(None)
        elif anchor is None or gap_s > params.most_gap_s or fix.t_s - anchor.t_s > params.most_chord_s:
            self._break(fix)
        else:
            chord = _chord(anchor, fix)
            if chord.length_m >= max(params.chord_m, params.chord_accuracy * max(anchor.accuracy_m, fix.accuracy_m)):
                self._anchor = fix
                self._chords.append(chord)
                if len(self._chords) == 3:
                    self._judge(*self._chords)

    def _break(self, anchor: PositionSample | None) -> None:
        self._anchor = anchor
        self._chords.clear()
        self._close()

    def _close(self) -> None:
        if self._stretch is not None:
            self._waiting.append(self._stretch)
        self._stretch = None

    def _judge(self, before: _Chord, chord: _Chord, after: _Chord) -> None:
        """Whether the middle chord's arc is known from its neighbours'."""
        turns = _turn(before, chord), _turn(chord, after)
        if max(map(abs, turns)) > self._params.most_turn_rad:
            self._close()
            return
        half = (turns[0] + turns[1]) / 4
        length_m = chord.length_m * (half / math.sin(half) if half else 1.0)
        accuracy_m = max(chord.start.accuracy_m, chord.end.accuracy_m)
        if self._stretch is None:
            self._stretch = _Stretch(chord.start, chord.end, length_m, accuracy_m)
        else:
            one = self._stretch
            one.end, one.length_m, one.accuracy_m = chord.end, one.length_m + length_m, max(one.accuracy_m, accuracy_m)
        if self._stretch.length_m >= self._params.stretch_m:
            self._close()

    def _compared(self, stretch: _Stretch) -> Iterator[SpeedComparison]:
        ends_sd_m = math.sqrt(2.0) * stretch.accuracy_m / RADIUS_68
        ratio_sd = math.hypot(ends_sd_m / stretch.length_m, SCALE_SD)
        for sensor, odometer in self._odometers.items():
            if measured_m := odometer.between(stretch.start.t_s, stretch.end.t_s):
                yield SpeedComparison(sensor, stretch.length_m, measured_m, ratio_sd)


def _chord(start: PositionSample, end: PositionSample) -> _Chord:
    north_m, east_m = metres_per_radian(math.radians((start.latitude_deg + end.latitude_deg) / 2))
    north = math.radians(end.latitude_deg - start.latitude_deg) * float(north_m)
    around = math.remainder(end.longitude_deg - start.longitude_deg, 360.0)
    east = math.radians(around) * float(east_m)
    return _Chord(start, end, math.hypot(north, east), math.atan2(east, north))


def _turn(one: _Chord, other: _Chord) -> float:
    return math.remainder(other.heading_rad - one.heading_rad, math.tau)
