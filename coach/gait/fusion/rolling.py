"""Compute the robust middle of the last strides' values, with its uncertainty.

A rolling value is the median of at most `MOST_VALUES` values of the last `SPAN_S` seconds; it is unknown (None) when
its newest value is older than `STALE_S`, so that no number outlives the signal it came from. All memory is bounded.
"""

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from coach.gait.signal.filters import median_of

STALE_S: Final = 3.0  # about four strides: longer silence means that the runner stopped or the sensor is gone
SPAN_S: Final = 12.0  # about 16 strides: long enough for a steady median, short enough to follow a change of pace
MOST_VALUES: Final = 24  # of that span, the newest: enough for a median
_MEDIAN_SEM: Final = 1.2533  # standard error of a median against that of a mean, Gaussian (Kenney and Keeping 1962)
_MAD_TO_SD: Final = 1.4826  # median absolute deviation to standard deviation, Gaussian


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its standard uncertainty, in the same unit."""

    value: float
    sd: float

    def scaled(self, factor: float) -> "Estimate":
        """The estimate in another unit."""
        return Estimate(self.value * factor, self.sd * abs(factor))


def spread(values: list[float]) -> float:
    """Robust standard deviation from the median absolute deviation; 0 for fewer than two values."""
    if len(values) < 2:
        return 0.0
    return _spread_about(median_of(values), values)


def _spread_about(middle: float, values: list[float]) -> float:
    return _MAD_TO_SD * median_of([abs(v - middle) for v in values])


def mean_of(values: Sequence[float]) -> float:
    """Arithmetic mean of at least one value; `statistics.mean` takes 20 times longer for its exact fractions."""
    return math.fsum(values) / len(values)


class Rolling:
    """The last values of one measure at one wear site.

    most: values kept. span_s: how far back from the newest a value still counts. Values change once a stride and are
    asked for at each tick: what follows from them is worked out once and kept.
    """

    __slots__ = ("_alive", "_estimate", "_newest_s", "_span_s", "_values")

    def __init__(self, most: int = MOST_VALUES, span_s: float = SPAN_S) -> None:
        self._values: deque[tuple[float, float, float]] = deque(maxlen=most)
        self._span_s = span_s
        self._newest_s = -math.inf
        self._alive: list[float] | None = None  # the values within the span; None: not worked out
        self._estimate: Estimate | None = None

    def add(self, t_s: float, value: float | None, sd: float = 0.0) -> None:
        """Take a value known since `t_s` with one standard deviation `sd` of its own; None and NaN are no values."""
        if value is not None and math.isfinite(value):
            values = self._values
            goes = values[0][0] if len(values) == values.maxlen else -math.inf
            values.append((t_s, value, sd if math.isfinite(sd) else 0.0))
            if goes == self._newest_s > t_s:  # times went back, and the newest was the first that came
                self._newest_s = max(known_s for known_s, _, _ in values)
            else:
                self._newest_s = max(self._newest_s, t_s)
            self._alive = self._estimate = None

    def forget_before(self, t_s: float) -> None:
        """Forget what was known before `t_s`: it was of another nature (walking before running)."""
        kept = [entry for entry in self._values if entry[0] >= t_s]
        self._values.clear()
        self._values.extend(kept)
        self._newest_s = max((known_s for known_s, _, _ in kept), default=-math.inf)
        self._alive = self._estimate = None

    def values(self, now_s: float) -> list[float]:
        """The values that count at `now_s`, empty when stale; not to be changed."""
        if now_s - self._newest_s > STALE_S:
            return []
        if self._alive is None:
            self._alive = [entry[1] for entry in self._within()]
        return self._alive

    def _within(self) -> Iterable[tuple[float, float, float]]:
        """The entries within the span; mostly all."""
        if self._newest_s - min(self._values)[0] <= self._span_s:
            return self._values
        return [entry for entry in self._values if self._newest_s - entry[0] <= self._span_s]

    def estimate(self, now_s: float) -> Estimate | None:
        """Median and standard uncertainty: scatter of the median, and the values' own (shared) uncertainty."""
        values = self.values(now_s)
        if values and self._estimate is None:
            middle = median_of(values)
            scatter = _MEDIAN_SEM * _spread_about(middle, values) / math.sqrt(len(values))
            own = median_of([entry[2] for entry in self._within()])
            self._estimate = Estimate(middle, math.hypot(scatter, own))
        return self._estimate if values else None


def weights(estimates: list[Estimate]) -> list[float]:
    """Shares of independent estimates in their inverse-variance mean; their sum is 1."""
    parts = [1.0 / max(e.sd, 1e-6) ** 2 for e in estimates]
    total = sum(parts)
    return [part / total for part in parts]


def fuse(estimates: list[Estimate]) -> Estimate:
    """Inverse-variance mean of independent estimates of one quantity; raises ValueError for an empty list."""
    if not estimates:
        raise ValueError("nothing to fuse")
    total = sum(1.0 / max(e.sd, 1e-6) ** 2 for e in estimates)
    return Estimate(sum(w * e.value for w, e in zip(weights(estimates), estimates, strict=True)), total**-0.5)


def average(estimates: list[Estimate]) -> Estimate | None:
    """Plain mean (left and right count the same, however many strides each gave); None for an empty list."""
    if not estimates:
        return None
    n = len(estimates)
    return Estimate(sum(e.value for e in estimates) / n, math.sqrt(sum(e.sd**2 for e in estimates)) / n)
