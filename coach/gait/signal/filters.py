"""Smooth short signals and find the times of their crossings. numpy only, no state.

All filters are symmetric (no phase shift). At the ends of a signal they use what is there.
"""

from functools import lru_cache
from typing import Final

import numpy as np

from coach.model.samples import FloatArray

_LEAST_CORRELATION: Final = 0.3  # chosen by eye, 2026-11-20


def hann_smooth(signal: FloatArray, n: int) -> FloatArray:
    """Weighted mean with a Hann window over `n` sampling intervals: (N,) to (N,); the window is cut at the ends.

    It lies evenly about each sample and is as wide in time at any sampling rate, or events would move with the rate.
    """
    n = 2 * round(0.5 * n) - 1  # samples whose weight is not zero
    n = min(n, (len(signal) - 1) | 1)
    if n < 2:
        return signal
    window, weight = _hann(n, len(signal))
    start = (n - 1) // 2
    result: FloatArray = np.convolve(signal, window)[start : start + len(signal)] / weight
    return result


@lru_cache(maxsize=32)
def _hann(n: int, size: int) -> tuple[FloatArray, FloatArray]:
    """The window, and the weight it has at each of `size` samples."""
    window = np.hanning(n + 2)[1:-1]
    start = (n - 1) // 2
    weight = np.convolve(np.ones(size), window)[start : start + size]
    window.setflags(write=False)
    weight.setflags(write=False)
    return window, weight


def whole_mean(signal: FloatArray, n: int) -> FloatArray:
    """Mean over the `n` samples about each: (N, k) to (N, k); near the ends the nearest whole mean is held.

    With `n` samples of exactly one period, a periodic part leaves no trace, at the ends neither.
    """
    size = len(signal)
    n = max(1, min(int(n), size))
    total = np.concatenate([np.zeros((1, signal.shape[1])), np.cumsum(signal, axis=0)])
    means = (total[n:] - total[:-n]) / n
    index = np.clip(np.arange(size) - n // 2, 0, len(means) - 1)
    result: FloatArray = means[index]
    return result


def crossings(t_s: FloatArray, signal: FloatArray, level: FloatArray | float, rising: bool) -> FloatArray:
    """Times at which the signal passes `level`, between samples by a straight line."""
    above = signal - level
    if not rising:
        above = -above
    at = np.flatnonzero((above[:-1] < 0) & (above[1:] >= 0))
    share = above[at] / (above[at] - above[at + 1])
    result: FloatArray = t_s[at] + share * (t_s[at + 1] - t_s[at])
    return result


def cubic(values: FloatArray, rows: FloatArray) -> FloatArray:
    """Catmull-Rom interpolation of evenly spaced rows (n, k) at fractional `rows`: local, three readings late."""
    at = np.minimum(rows.astype(int), len(values) - 2)
    share = (rows - at)[:, None]
    slope = np.gradient(values, axis=0)
    square, cube = share**2, share**3
    result: FloatArray = (
        (2 * cube - 3 * square + 1) * values[at]
        + (cube - 2 * square + share) * slope[at]
        + (3 * square - 2 * cube) * values[at + 1]
        + (cube - square) * slope[at + 1]
    )
    return result


def period(signal: FloatArray, shortest: int, longest: int) -> int | None:
    """The shortest lag [samples] whose autocorrelation is nearly the largest; None where nothing repeats.

    signal: (N,) or (N, k); of several columns the autocorrelations are added.
    """
    size = len(signal)
    longest = min(longest, size // 2)
    if longest <= shortest + 2:
        return None
    centred = np.atleast_2d((signal - signal.mean(axis=0)).T)
    spectrum = np.fft.rfft(centred, _fft_size(2 * size), axis=1)
    correlation = np.fft.irfft((spectrum.real**2 + spectrum.imag**2).sum(axis=0))[: longest + 1]
    if correlation[0] <= 0:
        return None
    correlation = correlation / correlation[0] * (size / (size - np.arange(longest + 1)))
    part = correlation[shortest : longest + 1]
    peaks = 1 + np.flatnonzero((part[1:-1] >= part[:-2]) & (part[1:-1] > part[2:]))
    if not len(peaks) or part[peaks].max() < _LEAST_CORRELATION:
        return None
    return int(shortest + peaks[np.argmax(part[peaks] >= 0.85 * part[peaks].max())])


def _fft_size(n: int) -> int:
    """The power of two that holds `n`: transforms of awkward lengths are slow."""
    return 1 << (n - 1).bit_length()


def cross(a: FloatArray, b: FloatArray) -> FloatArray:
    """Row by row vector product: (N, 3) and (N, 3) to (N, 3); much faster than numpy's for so few columns."""
    result = np.empty_like(a)
    for k in range(3):
        i, j = (k + 1) % 3, (k + 2) % 3
        result[:, k] = a[:, i] * b[:, j] - a[:, j] * b[:, i]
    return result
