"""Join chunks to unbroken segments of finite samples: drop repeats, interpolate losses of a moment, keep gaps apart.

A segment goes on over chunk edges; a new one begins after a gap. What is interpolated is marked, so that strides carry
it.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

import numpy as np

from coach.gait.signal.constants import GAP_INTERVALS, INTERPOLATED_INTERVALS, INTERPOLATED_S
from coach.model.samples import FloatArray, ImuChunk

LARGEST_READING: Final = 1e6  # m/s2 or rad/s: a hundred thousand g is no reading
LARGEST_SQUARES: Final = LARGEST_READING * LARGEST_READING  # a sum of squares below holds none, nor what is no number
SHORT: Final = 64  # samples; so few are looked at faster one by one
UNSEEN: Final = (math.inf, math.inf)


class Segment(NamedTuple):
    """Consecutive samples without a gap.

    t_s: (n,) rising. acc_mps2: (n, 3). gyr_radps: (n, 3) or None. is_new: a gap (or the start) lies before it.
    interpolated_s: times of samples drawn in by a straight line. largest: sizes that no reading of an axis
    exceeds [m/s2, rad/s]; infinite where nobody looked.
    """

    t_s: FloatArray
    acc_mps2: FloatArray
    gyr_radps: FloatArray | None
    is_new: bool
    interpolated_s: tuple[float, ...] = ()
    largest: tuple[float, float] = UNSEEN

    def part(self, start: int, end: int) -> "Segment":
        """Return the samples start..end as a segment of its own, new only where this one began."""
        t = self.t_s[start:end]
        gyr = None if self.gyr_radps is None else self.gyr_radps[start:end]
        interpolated = tuple(b for b in self.interpolated_s if t[0] <= b <= t[-1]) if self.interpolated_s else ()
        return Segment(t, self.acc_mps2[start:end], gyr, self.is_new and start == 0, interpolated, self.largest)


class SegmentJoiner:
    """Joins the chunks of one sensor into segments.

    A reading with a NaN in a measured axis counts as lost. An axis that never gave a number is a missing axis and reads
    as 0 here. longest_s: holes up to it are filled. n_gaps, n_interpolated, n_dropped: what happened so far.
    """

    __slots__ = ("_is_whole", "_last", "_last_t", "_longest_s", "_measured", "n_dropped", "n_gaps", "n_interpolated")

    def __init__(self, longest_s: float = INTERPOLATED_S) -> None:
        self._longest_s = longest_s
        self._last_t: float | None = None
        self._last: tuple[FloatArray, FloatArray | None] = (np.zeros((1, 3)), None)  # its last row came at that time
        self._measured = np.zeros(6, dtype=bool)  # three axes of acceleration, three of turn rate
        self._is_whole = False  # all are measured
        self.n_gaps = 0
        self.n_interpolated = 0
        self.n_dropped = 0

    def feed(self, chunk: ImuChunk) -> list[Segment]:
        """Return the segments of this chunk, in order."""
        whole = self._next(chunk)
        if whole is not None:
            return [whole]
        t, acc, gyr = chunk.t_s, chunk.acc_mps2, chunk.gyr_radps
        if len(t) == 0:
            return []
        largest = _largest(t, acc, gyr)
        if largest is None:
            largest = UNSEEN
            t, acc, gyr = self._finite(t, acc, gyr)
            if len(t) == 0:
                return []
        else:
            self._measured[:] = self._is_whole = True
        interval, is_first = 1.0 / chunk.rate_hz, self._last_t is None
        last_t = float(t[0]) - interval if self._last_t is None else self._last_t
        step = np.empty_like(t)
        step[0] = t[0] - last_t
        np.subtract(t[1:], t[:-1], out=step[1:])
        if step.min() <= 0.0:
            t, acc, gyr, step = self._rising(t, acc, gyr, chunk.rate_hz)
            if len(t) == 0:
                return []
        before = None if self._last_t is None else (last_t, *self._last)
        self._last_t, self._last = float(t[-1]), (acc, gyr)
        if step.max() <= GAP_INTERVALS * interval:
            return [Segment(t, acc, gyr, is_first, (), largest)]
        broken = self._broken(t, acc, gyr, step, chunk.rate_hz, is_first, before)
        return [segment._replace(largest=largest) for segment in broken]

    def feed_together(self, chunks: Sequence[ImuChunk]) -> tuple[int, Segment | None]:
        """Take as many of the chunks as nothing is amiss in, two or more, as one segment; (0, None) where fewer are."""
        gyr_of = [chunk.gyr_radps for chunk in chunks if chunk.gyr_radps is not None]
        if not self._is_whole or self._last_t is None or len(gyr_of) < len(chunks) or len(chunks) < 2:
            return 0, None
        t = np.concatenate([chunk.t_s for chunk in chunks])
        step = np.diff(t, prepend=self._last_t)
        longest_s = min(GAP_INTERVALS / chunk.rate_hz for chunk in chunks)
        odd = np.flatnonzero(~((step > 0.0) & (step <= longest_s)))
        n = len(chunks)
        if len(odd):
            ends = list(accumulate(len(chunk.t_s) for chunk in chunks))
            n = bisect_right(ends, odd.item(0))
        if n < 2:
            return 0, None
        acc, gyr = np.concatenate([chunk.acc_mps2 for chunk in chunks[:n]]), np.concatenate(gyr_of[:n])
        t = t[: len(acc)]
        largest = _largest(t, acc, gyr)  # of so many a sum of squares says too little: each would count as clipped
        if largest is None:
            return 0, None
        self._last_t, self._last = t.item(-1), (acc, gyr)
        return n, Segment(t, acc, gyr, False, (), largest)

    def _next(self, chunk: ImuChunk) -> Segment | None:
        """Return the segment of what most chunks are: short, with nothing amiss; None for all others."""
        t, acc, gyr = chunk.t_s, chunk.acc_mps2, chunk.gyr_radps
        if not self._is_whole or self._last_t is None or not 0 < len(t) <= SHORT:
            return None
        times_s = t.tolist()
        if not goes_on(times_s, self._last_t, GAP_INTERVALS / chunk.rate_hz):
            return None
        acc2, gyr2 = np.vdot(acc, acc), 0.0 if gyr is None else np.vdot(gyr, gyr)
        if not (acc2 < LARGEST_SQUARES and gyr2 < LARGEST_SQUARES):
            return None
        self._last_t, self._last = times_s[-1], (acc, gyr)
        return Segment(t, acc, gyr, False, (), (math.sqrt(acc2), math.sqrt(gyr2)))

    def _finite(
        self, t: FloatArray, acc: FloatArray, gyr: FloatArray | None
    ) -> tuple[FloatArray, FloatArray, FloatArray | None]:
        """Drop readings that lost a number, put 0 where an axis was never there."""
        values = acc if gyr is None else np.concatenate((acc, gyr), axis=1)
        finite = np.abs(values) < LARGEST_READING
        k = values.shape[1]
        measured = np.logical_or.accumulate(finite, axis=0) | self._measured[:k]
        self._measured[:k] = measured[-1]
        good = np.isfinite(t) & (finite | ~measured).all(axis=1) & finite.any(axis=1)
        self.n_dropped += int(len(t) - np.count_nonzero(good))
        values = np.where(finite, values, 0.0)[good]
        return t[good], values[:, :3], None if gyr is None else values[:, 3:]

    def _rising(
        self, t: FloatArray, acc: FloatArray, gyr: FloatArray | None, rate_hz: float
    ) -> tuple[FloatArray, FloatArray, FloatArray | None, FloatArray]:
        latest = -np.inf if self._last_t is None else self._last_t
        before = np.maximum.accumulate(np.concatenate(([latest], t[:-1])))
        good = t > before
        self.n_dropped += int(len(t) - np.count_nonzero(good))
        t, acc = t[good], acc[good]
        gyr = None if gyr is None else gyr[good]
        if len(t) == 0:
            return t, acc, gyr, t
        return t, acc, gyr, np.diff(t, prepend=t[0] - 1.0 / rate_hz if self._last_t is None else self._last_t)

    def _broken(
        self,
        t: FloatArray,
        acc: FloatArray,
        gyr: FloatArray | None,
        step: FloatArray,
        rate_hz: float,
        first: bool,
        before: tuple[float, FloatArray, FloatArray | None] | None,
    ) -> list[Segment]:
        """Cut at gaps, interpolate losses of a moment."""
        longest = max(INTERPOLATED_INTERVALS / rate_hz, self._longest_s)
        cuts = np.flatnonzero(step > longest)
        self.n_gaps += len(cuts)
        edges = [0, *(int(c) for c in cuts if c > 0), len(t)]
        segments = []
        for start, end in pairwise(edges):
            is_new = (first and start == 0) or bool(step[start] > longest)
            piece = (t[start:end], acc[start:end], None if gyr is None else gyr[start:end])
            segments.append(self._interpolated(*piece, rate_hz, is_new, None if is_new else before))
        return segments

    def _interpolated(
        self,
        t: FloatArray,
        acc: FloatArray,
        gyr: FloatArray | None,
        rate_hz: float,
        is_new: bool,
        before: tuple[float, FloatArray, FloatArray | None] | None,
    ) -> Segment:
        if before is not None:
            t, acc = np.concatenate(([before[0]], t)), np.concatenate((before[1][-1:], acc))
            gyr = None if gyr is None or before[2] is None else np.concatenate((before[2][-1:], gyr))
        step = np.diff(t)
        holes = np.flatnonzero(step > GAP_INTERVALS / rate_hz)
        drop = 1 if before is not None else 0
        if len(holes) == 0:
            return Segment(t[drop:], acc[drop:], None if gyr is None else gyr[drop:], is_new)
        lost = np.maximum(np.round(step[holes] * rate_hz).astype(np.intp) - 1, 1)
        before_hole = np.repeat(holes, lost)
        number = np.arange(len(before_hole)) - np.repeat(np.cumsum(lost) - lost, lost) + 1
        share = number / np.repeat(lost + 1, lost)
        self.n_interpolated += len(before_hole)

        def filled(values: FloatArray) -> FloatArray:
            width = share if values.ndim == 1 else share[:, None]
            drawn = values[before_hole] + width * (values[before_hole + 1] - values[before_hole])
            joined: FloatArray = np.insert(values, before_hole + 1, drawn, axis=0)[drop:]
            return joined

        interpolated_s = tuple((t[before_hole] + share * step[before_hole]).tolist())
        return Segment(filled(t), filled(acc), None if gyr is None else filled(gyr), is_new, interpolated_s)


def _largest(t: FloatArray, acc: FloatArray, gyr: FloatArray | None) -> tuple[float, float] | None:
    """Return sizes that no reading exceeds, None where one is not a number or of no possible size."""
    sizes = [max(float(a.max()), -float(a.min())) for a in ((t, acc) if gyr is None else (t, acc, gyr))]
    return (sizes[1], sizes[-1]) if all(size < LARGEST_READING for size in sizes) else None


def goes_on(t_s: list[float], last_s: float, longest_s: float) -> bool:
    """Whether each time is later than the one before, by `longest_s` at most."""
    for now_s in t_s:
        if not 0.0 < now_s - last_s <= longest_s:
            return False
        last_s = now_s
    return True
