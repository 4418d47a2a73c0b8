"""Smooth short signals and find the times of their crossings. numpy only, no state.

All filters are symmetric (no phase shift). At the ends of a signal they use what is there.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from coach.model.samples import FloatArray

_NEARLY: Final = 0.85  # of the largest: so the shortest lag wins over its multiples; by judgement
_LEAST_CORRELATION: Final = 0.3  # chosen by eye, 2026-11-20


def hann_smooth(signal: FloatArray, n: int) -> FloatArray:
    """Return the weighted mean with a Hann window over `n` sampling intervals: (N,) to (N,);
    the window is cut at the ends.

    It lies evenly about each sample and is as wide in time at any sampling rate, or events would move with the rate.
    """
    n = 2 * round(0.5 * n) - 1  # samples whose weight is not zero
    n = min(n, (len(signal) - 1) | 1)
    if n < 2:
        return signal
    window, weight = _hann(n, len(signal))
    result: FloatArray = np.correlate(signal, window, "same")  # of an even window that is its convolution
    result /= weight
    return result


def hann_smooth_rows(rows: FloatArray, n: int) -> FloatArray:
    """Return what `hann_smooth` gives of each row: (k, N) to (k, N), in one pass over all of them."""
    n = min(2 * round(0.5 * n) - 1, (rows.shape[1] - 1) | 1)
    if n < 2:
        return rows
    window, weight = _hann(n, rows.shape[1])
    apart = np.zeros((len(rows), rows.shape[1] + (n - 1) // 2))  # no row is smoothed into the next
    apart[:, : rows.shape[1]] = rows
    smooth = np.correlate(apart.ravel(), window, "same").reshape(apart.shape)
    result: FloatArray = smooth[:, : rows.shape[1]] / weight
    return result


def means(rows: FloatArray) -> FloatArray:
    """Return the mean of each column: (N, k) to (k,), as `rows.mean(axis=0)` at a third of its time."""
    result: FloatArray = np.add.reduce(rows, axis=0) / len(rows)
    return result


@lru_cache(maxsize=128)  # the widths go with the runner's step
def _hann(n: int, size: int) -> tuple[FloatArray, FloatArray]:
    """Return the window, and the weight it has at each of `size` samples."""
    window = np.hanning(n + 2)[1:-1]
    start = (n - 1) // 2
    weight = np.convolve(np.ones(size), window)[start : start + size]
    window.setflags(write=False)
    weight.setflags(write=False)
    return window, weight


def whole_mean(signal: FloatArray, n: int) -> FloatArray:
    """Return the mean over the `n` samples about each: (N, k) to (N, k); near the ends the nearest whole mean is held.

    With `n` samples of exactly one period, a periodic part leaves no trace, at the ends neither.
    """
    size = len(signal)
    n = max(1, min(int(n), size))
    total = np.zeros((signal.shape[1], size + 1)).T
    np.add.accumulate(signal, axis=0, out=total[1:])
    first = n // 2
    result = np.empty_like(signal)
    middle = result[first : first + size + 1 - n]
    np.subtract(total[n:], total[:-n], out=middle)
    middle /= n
    result[:first], result[first + size + 1 - n :] = middle[0], middle[-1]
    return result


def crossings(t_s: FloatArray, signal: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Return the times at which the signal rises through `level`, and those at which it falls through it; between
    samples by a straight line."""
    is_below, is_above = signal < level, signal > level
    is_last = is_below[:-1] > is_below[1:]
    is_last |= is_above[:-1] > is_above[1:]
    at = is_last.nonzero()[0]
    after = at + 1
    before, last = signal[at] - level, t_s[at]
    share = before / (before - (signal[after] - level))
    times = last + share * (t_s[after] - last)
    is_rise = before < 0.0
    return times[is_rise], times[~is_rise]


def slopes(values: FloatArray) -> FloatArray:
    """Return numpy's gradient of at least two even values (n,) or (n, k), per interval, at a third of its time."""
    slope = np.empty_like(values)
    np.subtract(values[2:], values[:-2], out=slope[1:-1])
    slope[1:-1] *= 0.5
    slope[0], slope[-1] = values[1] - values[0], values[-1] - values[-2]
    return slope


def cubic(values: FloatArray, rows: FloatArray) -> FloatArray:
    """Return the Catmull-Rom interpolation of even values (n,) or (n, k) at fractional `rows`: local,
    three readings late."""
    at = rows.astype(int)
    np.minimum(at, len(values) - 2, out=at)
    share = rows - at if values.ndim == 1 else (rows - at)[:, None]
    steps, slope = values[1:] - values[:-1], slopes(values)
    # With the slope and the value these are the coefficients of each interval's polynomial in `share`.
    third = slope[1:] + slope[:-1]
    third -= 2.0 * steps
    second = steps - slope[:-1]
    second -= third
    result: FloatArray = third.take(at, 0)
    for term in (second, slope, values):
        result *= share
        result += term.take(at, 0)
    return result


def period(signal: FloatArray, shortest: int, longest: int) -> int | None:
    """Return the shortest lag [samples] whose autocorrelation is nearly the largest; None where nothing repeats.

    signal: (N,) or (N, k); of several columns the autocorrelations are added.
    """
    size = len(signal)
    longest = min(longest, size // 2)
    if longest <= shortest + 2:
        return None
    centred = (signal - means(signal)).T.reshape(-1, size)
    # What wraps round the end of the transform falls on lags beyond the longest.
    spectrum = np.fft.rfft(centred, _fft_size(size + longest), axis=1)
    correlation = np.fft.irfft((spectrum.real**2 + spectrum.imag**2).sum(axis=0))[: longest + 1]
    if correlation[0] <= 0:
        return None
    correlation = correlation / correlation[0] * (size / (size - np.arange(longest + 1)))
    part = correlation[shortest : longest + 1]
    lags = 1 + ((part[1:-1] >= part[:-2]) & (part[1:-1] > part[2:])).nonzero()[0]
    peaks = part[lags].tolist()
    largest = max(peaks, default=0.0)
    if largest < _LEAST_CORRELATION:
        return None
    return shortest + int(
        next(lag for lag, peak in zip(lags.tolist(), peaks, strict=True) if peak >= _NEARLY * largest)
    )


def _fft_size(n: int) -> int:
    """Return the power of two that holds `n`: transforms of awkward lengths are slow."""
    return 1 << (n - 1).bit_length()


def median_of(values: Iterable[float]) -> float:
    """Return the median of at least one value; of so few as a window has steps numpy's takes fifteen times as long."""
    return middle_of(sorted(values))


def middle_of(ordered: Sequence[float]) -> float:
    """Return the median of at least one value, in rising order."""
    half, is_odd = divmod(len(ordered), 2)
    return ordered[half] if is_odd else (ordered[half - 1] + ordered[half]) / 2


def cross(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the row by row vector product: (N, 3) and (N, 3) or (3,) to (N, 3);
    much faster than numpy's for so few columns."""
    result = np.empty_like(a)
    for k in range(3):
        i, j = (k + 1) % 3, (k + 2) % 3
        np.multiply(a[:, i], b[..., j], out=result[:, k])
        result[:, k] -= a[:, j] * b[..., i]
    return result
