"""Compute a 95 % interval from a standard deviation that few values show."""

import math


def t_quantile(freedom: float) -> float:
    """Return the 0.975 quantile of Student's t (exact below 3). Source: series of Abramowitz & Stegun 26.7.5."""
    if freedom < 3.0:
        return {1: 12.706, 2: 4.303}[max(1, math.floor(freedom))]
    z, f = 1.959964, freedom
    g1 = (z**3 + z) / 4
    g2 = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    g3 = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    g4 = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + g1 / f + g2 / f**2 + g3 / f**3 + g4 / f**4
