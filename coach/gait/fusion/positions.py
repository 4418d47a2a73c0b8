"""Compare feet and pod with a receiver's positions over straight stretches: what they measure short or long is learned.

Positions are good over hundreds of metres and poor from second to second; feet are the opposite, and go on where
there is no sky. So a stretch is chained of chords between fixes some 40 m apart. A chord counts where the path turns
little at both its ends: there its arc is the chord times (a/2) / sin(a/2) for a turn of a, exact on a circle. Errors
within a stretch cancel but for those of its ends. A stretch ends at 200 m, at a turn, and where fixes are missing; then
it is compared with what each sensor measured between the same two fixes.

On a 400 m track no chord is straight enough, and nothing is learned. Heights are left out: a grade of 5 % makes a path
0.1 % longer. Assumes that fixes and strides come with a constant delay.
"""

import math
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from coach.gait.fusion.rolling import STALE_S
from coach.model.earth import RADIUS_68, SCALE_SD, metres_per_radian
from coach.model.samples import PositionSample


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
        """The mean speed [m/s] from `since_s` to `t_s`; overlapping stretches of two feet count once."""
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
        """Metres from `start_s` to `end_s`; None where it was silent in between."""
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
        """What "foot" or "pod" measured, uncorrected."""
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
