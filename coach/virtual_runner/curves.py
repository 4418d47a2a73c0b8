"""Smooth curves for virtual motion: shape-preserving cubic interpolation and Gaussian smoothing.

Source: Fritsch & Butland 1984, doi:10.1137/0905021 (monotone piecewise cubic slopes).
"""

import numpy as np

from coach.model.samples import FloatArray


def monotone_cubic(key_t: FloatArray, key_y: FloatArray, t: FloatArray) -> FloatArray:
    """Return the curve through the keys (k,), k >= 3, with a continuous first derivative and no overshoot,
    at times t (n,)."""
    h = np.diff(key_t)
    slope = np.diff(key_y) / h
    inner = np.zeros(len(key_t))
    same = slope[:-1] * slope[1:] > 0
    w1, w2 = 2 * h[1:] + h[:-1], h[1:] + 2 * h[:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        inner[1:-1] = np.where(same, (w1 + w2) / (w1 / slope[:-1] + w2 / slope[1:]), 0.0)
    i = np.clip(np.searchsorted(key_t, t, side="right") - 1, 0, len(h) - 1)
    return hermite((t - key_t[i]) / h[i], key_y[i], key_y[i + 1], inner[i] * h[i], inner[i + 1] * h[i])


def hermite(u: FloatArray, y0: FloatArray, y1: FloatArray, d0: FloatArray, d1: FloatArray) -> FloatArray:
    """Return the cubic from y0 to y1 over u in 0..1 with end slopes d0, d1 per unit of u."""
    u2, u3 = u * u, u * u * u
    return (2 * u3 - 3 * u2 + 1) * y0 + (u3 - 2 * u2 + u) * d0 + (3 * u2 - 2 * u3) * y1 + (u3 - u2) * d1


def eased_integral(key_t: FloatArray, key_rate: FloatArray, t: FloatArray) -> FloatArray:
    """Return the integral, from the first key on, of a rate that eases from key to key (at rest in each),
    at times t (n,)."""
    h = np.diff(key_t)
    whole = np.append(0.0, np.cumsum(h * (key_rate[:-1] + key_rate[1:]) / 2.0))
    i = np.clip(np.searchsorted(key_t, t, side="right") - 1, 0, len(h) - 1)
    u = np.clip((t - key_t[i]) / h[i], 0.0, 1.0)
    return whole[i] + h[i] * (key_rate[i] * u + (key_rate[i + 1] - key_rate[i]) * (u**3 - u**4 / 2.0))


def gaussian_kernel(sigma_s: float, rate_hz: float) -> FloatArray:
    """Return unit-sum Gaussian weights over +-3 standard deviations, odd length."""
    half = int(np.ceil(3 * sigma_s * rate_hz))
    x = np.arange(-half, half + 1) / (sigma_s * rate_hz)
    weights = np.exp(-0.5 * x * x)
    kernel: FloatArray = weights / weights.sum()
    return kernel
