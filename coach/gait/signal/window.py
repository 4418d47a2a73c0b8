"""Keep the last seconds of a sensor's samples: rows in a buffer, and windows that move at fixed steps of its own clock.

Rows are addressed by their absolute number since the buffer began, so that an index stays true while old rows fall out.
The windows depend on the samples alone, never on how they were cut into chunks. A loss of `INTERPOLATED_S` or a single
reading is interpolated by a straight line, and the uncertainty of what rests on it grows; longer gaps are filled too,
but marked, so that no event may rest on them; a long gap ends the segment. Memory is bounded by the window.
"""

import math
from collections.abc import Generator, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from coach.gait.signal.constants import (
    CLIP_SHARE,
    GAP_INTERVALS,
    INTERPOLATED_FACTOR,
    INTERPOLATED_INTERVALS,
    INTERPOLATED_S,
)
from coach.gait.signal.filters import median_of
from coach.gait.signal.segments import SHORT, goes_on
from coach.model.frozen import dataclass
from coach.model.samples import FloatArray, ImuChunk

_COLUMNS: Final = 9  # time, acceleration, turn rate, lost, clipped
_FIRST: Final = 32  # samples to learn the true rate from
_LONGEST_FILLED_S: Final = 0.5  # a longer gap ends the segment: no stride can be followed through it
_ABSURD_MPS2: Final = 4000.0  # more than any body-worn range: a broken number, not a reading
_ABSURD_RADPS: Final = 200.0  # the same: 11,000 deg/s
LONGEST_LOSS_S: Final = 0.12  # an event may rest on; two packets of ten readings at 200 Hz, half of the shortest step
_LOSS_FACTOR_S: Final = 0.025  # each such loss adds the uncertainty once more: chosen on lost packets, 2026-11-29


class RowBuffer:
    """A sliding window over rows of `n_columns` numbers.

    Twice `keep` rows are held in one block; when it is full, the newest `keep` move to the front, so that a row is
    copied once more on average. Each column of a stretch is contiguous in memory: most is asked of single columns.
    """

    __slots__ = ("_columns", "_first", "_keep", "_n")

    def __init__(self, n_columns: int, keep: int) -> None:
        self._keep = max(2, keep)
        self._columns = np.zeros((n_columns, 2 * self._keep))
        self._n = 0
        self._first = 0

    @property
    def first(self) -> int:
        """Absolute number of the oldest row held."""
        return self._first

    @property
    def end(self) -> int:
        """Absolute number of the next row to come."""
        return self._first + self._n

    @property
    def held(self) -> FloatArray:
        """(n, n_columns) view of all rows held; row 0 has the absolute number `first`. Valid until the next `room`."""
        return self.columns.T

    @property
    def columns(self) -> FloatArray:
        """The same as columns, (n_columns, n), each contiguous."""
        return self._columns[:, : self._n]

    def room(self, n: int) -> FloatArray:
        """Make room for `n` rows at the end and return their columns, (n_columns, n), to be filled by the caller."""
        if self._n + n > self._columns.shape[1]:
            self._slide(n)
        begin = self._n
        self._n = end = begin + n
        return self._columns[:, begin:end]

    def append(self, rows: FloatArray) -> None:
        """Add (n, n_columns) rows at the end."""
        self.room(len(rows))[:] = rows.T

    def between(self, start: int, end: int) -> FloatArray:
        """Return columns of the rows start..end (absolute), (n_columns, n), as a view.

        Raises:
            IndexError: rows that have fallen out or have not come yet.
        """
        first = self._first
        if not first <= start <= end <= first + self._n:
            raise IndexError(f"rows {start}..{end} are not among {first}..{self.end}")
        return self._columns[:, start - first : end - first]

    def clear(self) -> None:
        """Forget all rows; numbering goes on."""
        self._first += self._n
        self._n = 0

    def _slide(self, n: int) -> None:
        kept = min(self._n, self._keep)
        newest = self._columns[:, self._n - kept : self._n]
        if kept + n > self._columns.shape[1]:
            grown = np.zeros((len(self._columns), 2 * (kept + n)))
            grown[:, :kept] = newest
            self._columns = grown
        else:
            self._columns[:, :kept] = newest.copy()
        self._first += self._n - kept
        self._n = kept


BoolArray = npt.NDArray[np.bool_]

_INTERPOLATED, _BAD = 0.5, 1.0  # what a row that was lost is worth


@dataclass(frozen=True, slots=True, eq=False)
class WindowView:
    """The newest samples of one segment.

    t_s: (n,). acc_mps2: (n, 3), a missing axis as zeros. gyr_radps: (n, 3) or None. is_bad: (n,) lost for long.
    is_interpolated: (n,) lost for a moment. is_clipped: (n,) an axis of acceleration at full scale. rate_hz: as
    measured. axes: (3,) which axes exist. n_new: samples since the view before. is_last: the segment ends here.
    """

    t_s: FloatArray
    acc_mps2: FloatArray
    gyr_radps: FloatArray | None
    is_bad: BoolArray
    is_interpolated: BoolArray
    is_clipped: BoolArray
    axes: FloatArray
    rate_hz: float
    n_new: int
    is_last: bool


def loss_factor(view: WindowView, part: slice, most_s: float = LONGEST_LOSS_S) -> float | None:
    """Return by how much the uncertainty of what rests on `part` of a window grows;
    None where more than `most_s` was lost."""
    interpolated = INTERPOLATED_FACTOR if view.is_interpolated[part].any() else 1.0
    is_bad = view.is_bad[part]
    if not is_bad.any():
        return interpolated
    lost = np.flatnonzero(np.diff(np.concatenate([[0], is_bad.astype(int), [0]])))
    longest_s = float((lost[1::2] - lost[::2]).max(initial=0)) / view.rate_hz
    if longest_s > most_s:
        return None
    return max(interpolated, 1.0 + longest_s / _LOSS_FACTOR_S)


class SignalWindow:
    """Keeps the last `span_s` of a sensor and gives a View every `hop_s`.

    n_missing: samples interpolated or lost so far.
    """

    def __init__(self, span_s: float, hop_s: float) -> None:
        self._span_s, self._hop_s = span_s, hop_s
        self.n_missing = 0
        self._rate_hz: float | None = None
        self._kept = RowBuffer(_COLUMNS, 2)
        self._pending = np.zeros((0, _COLUMNS))
        self._n_new = 0
        self._axes = np.ones(3)
        self._has_gyro = True
        self._last_t = -np.inf

    def push(self, chunk: ImuChunk) -> Iterator[WindowView]:
        """Take a chunk; gives the views that became due."""
        usual = self._usual_rows(chunk)
        if usual is not None:
            yield from self._append(usual)
            return
        rows = self._to_rows(chunk)
        while len(rows):
            if self._rate_hz is None:
                rows = np.concatenate([self._pending, rows])
                self._pending = rows[:_FIRST]
                if len(rows) < _FIRST:
                    return
                self._begin(rows[:_FIRST])
            rows = yield from self._segment(rows)

    def flush(self) -> Iterator[WindowView]:
        """Yield the last view at the end of the recording, if anything is left to say."""
        if len(self._kept.held):
            yield self._view(is_last=True)
        self._forget()

    def _usual_rows(self, chunk: ImuChunk) -> FloatArray | None:
        """Return the rows of what most chunks are: short, whole, right after the one before; None for all others."""
        t_s, acc, gyr, last_s = chunk.t_s, chunk.acc_mps2, chunk.gyr_radps, self._last_t
        if self._rate_hz is None or gyr is None or not self._has_gyro or not self._axes.all() or len(t_s) > SHORT:
            return None
        if not len(self._kept.held) or self._kept.columns[0, -1] != last_s:
            return None
        largest_mps2, fastest_radps = math.sqrt(np.vdot(acc, acc)), math.sqrt(np.vdot(gyr, gyr))
        if not (largest_mps2 < min(CLIP_SHARE * chunk.acc_range_mps2, _ABSURD_MPS2) and fastest_radps < _ABSURD_RADPS):
            return None
        times_s = t_s.tolist()
        if not times_s or not goes_on(times_s, last_s, GAP_INTERVALS / self._rate_hz):
            return None
        rows = np.zeros((len(t_s), _COLUMNS))
        rows[:, 0], rows[:, 1:4], rows[:, 4:7] = t_s, acc, gyr
        self._last_t = times_s[-1]
        return rows

    def _to_rows(self, chunk: ImuChunk) -> FloatArray:
        n = len(chunk.t_s)
        rows = np.zeros((n, _COLUMNS))
        rows[:, 0] = chunk.t_s
        rows[:, 1:4] = chunk.acc_mps2
        self._has_gyro = chunk.gyr_radps is not None
        if chunk.gyr_radps is not None:
            rows[:, 4:7] = chunk.gyr_radps
        with np.errstate(invalid="ignore"):
            rows[:, 8] = (np.abs(rows[:, 1:4]) >= CLIP_SHARE * chunk.acc_range_mps2).any(axis=1)
        rows = rows[np.isfinite(rows[:, 0])]
        if not len(rows):
            return rows
        before = np.maximum.accumulate(np.concatenate([[self._last_t], rows[:-1, 0]]))
        rows = rows[rows[:, 0] > before]  # duplicates and steps back in time say nothing new
        if len(rows):
            self._last_t = float(rows[-1, 0])
        return rows

    def _begin(self, first: FloatArray) -> None:
        """Learn rate and axes from the first samples and start a segment."""
        self._rate_hz = 1.0 / median_of(np.diff(first[:, 0]).tolist())
        self._axes = np.isfinite(first[:, 1:4]).any(axis=0).astype(float)
        self._kept = RowBuffer(_COLUMNS, round((self._span_s + self._hop_s) * self._rate_hz) + 4 * _FIRST)
        self._n_new = 0

    def _forget(self) -> None:
        self._rate_hz = None
        self._pending = np.zeros((0, _COLUMNS))
        self._kept.clear()
        self._n_new = 0

    def _segment(self, rows: FloatArray) -> Generator[WindowView, None, FloatArray]:
        """Take rows until the segment ends; gives back those that belong to the next one, as they came."""
        assert self._rate_hz is not None
        came, (rows, numbers) = rows, self._whole(rows)
        if not len(rows):
            return rows
        kept = self._kept.held
        before = kept[-1, 0] if len(kept) else rows[0, 0] - 1.0 / self._rate_hz
        steps = np.diff(rows[:, 0], prepend=before)
        start = 0
        for at in np.flatnonzero(steps > GAP_INTERVALS / self._rate_hz):
            yield from self._append(rows[start:at])
            start = int(at)
            if steps[at] > _LONGEST_FILLED_S or self._is_wrong():
                self.n_missing += 1
                yield self._view(is_last=True)
                self._forget()
                return came[numbers[start] :]
            yield from self._append(self._filled(rows[at], steps[at]))
        yield from self._append(rows[start:])
        return rows[:0]

    def _is_wrong(self) -> bool:
        """Whether most of what was kept is interpolated: the sensor sends at another rate than the segment began
        with."""
        lost = self._kept.held[-4 * _FIRST :, 7] > 0.0
        return len(lost) == 4 * _FIRST and float(lost.mean()) > 0.5

    def _whole(self, rows: FloatArray) -> tuple[FloatArray, npt.NDArray[np.intp]]:
        """Return the readings that are numbers, a missing axis as zeros,
        and which they are: broken readings are lost ones."""
        rows = rows.copy()
        rows[:, 1:4][:, self._axes == 0] = 0.0
        limits = np.array([_ABSURD_MPS2] * 3 + [_ABSURD_RADPS] * 3)
        with np.errstate(invalid="ignore"):
            numbers = np.flatnonzero((np.abs(rows[:, 1:7]) <= limits).all(axis=1))
        return rows[numbers], numbers

    def _filled(self, after: FloatArray, step_s: float) -> FloatArray:
        assert self._rate_hz is not None
        n = max(round(step_s * self._rate_hz) - 1, 0)
        self.n_missing += n
        if not len(self._kept.held) or not n:
            return np.zeros((0, _COLUMNS))
        before = self._kept.held[-1]
        share = (np.arange(1, n + 1) / (n + 1))[:, None]
        rows: FloatArray = before + share * (after - before)
        is_short = step_s <= max(INTERPOLATED_S, INTERPOLATED_INTERVALS / self._rate_hz)
        rows[:, 7], rows[:, 8] = _INTERPOLATED if is_short else _BAD, 0.0
        return rows

    def _append(self, rows: FloatArray) -> Iterator[WindowView]:
        """Append up to each hop and give the view there."""
        assert self._rate_hz is not None
        hop = max(1, round(self._hop_s * self._rate_hz))
        while len(rows):
            part, rows = rows[: hop - self._n_new], rows[hop - self._n_new :]
            self._kept.append(part)
            self._n_new += len(part)
            if self._n_new == hop:
                yield self._view(is_last=False)
                self._n_new = 0

    def _view(self, is_last: bool) -> WindowView:
        assert self._rate_hz is not None
        columns = self._kept.columns[:, -round(self._span_s * self._rate_hz) :].copy()  # each contiguous
        t_s, n = columns[0], columns.shape[1]
        gyro = columns[4:7].T if self._has_gyro else None
        rate = (n - 1) / (t_s[-1] - t_s[0]) if n > _FIRST else self._rate_hz
        return WindowView(
            t_s,
            columns[1:4].T,
            gyro,
            columns[7] == _BAD,
            columns[7] == _INTERPOLATED,
            columns[8] > 0,
            self._axes,
            float(rate),
            self._n_new,
            is_last,
        )
