"""Lengths on the earth: metres of a radian on the WGS 84 ellipsoid, and how sure distances by positions are.

From the radii of curvature of meridian and prime vertical. Over a few kilometres a plane with these scales is wrong by
less than a centimetre in a hundred metres. Source: WGS 84, semi-major axis and first eccentricity.
"""

import math
from typing import Final

from coach.model.arrays import np
from coach.model.samples import FloatArray

_A_M: Final = 6378137.0
_E2: Final = 0.00669437999014
# Radius of the circle that holds 68 % of a two-dimensional Gaussian, in standard deviations of one axis:
# sqrt(-2 ln 0.32). Which share a phone's radius holds: `PositionSample`.
RADIUS_68: Final = 1.51
# Share by which distances by positions are long or short: chosen by judgement; two runs whose watch gave its own
# distance differ by 1.0 and 0.1 %. A measured kilometre would change it.
SCALE_SD: Final = 0.01
_FIX_SD_M: Final = 3.3  # of a fix along one axis, under open sky: of the 5 m that phones state there


def metres_per_radian(latitude_rad: FloatArray | float) -> tuple[FloatArray, FloatArray]:
    """Return metres northwards and eastwards of one radian of latitude and of longitude, at this latitude [rad]."""
    root = 1 - _E2 * np.sin(latitude_rad) ** 2
    north = _A_M * (1 - _E2) / root**1.5
    east = _A_M / np.sqrt(root) * np.cos(latitude_rad)
    return np.asarray(north, dtype=np.float64), np.asarray(east, dtype=np.float64)


def distance_sd_m(distance_m: float) -> float:
    """Return the standard uncertainty [m] of a distance summed from positions under open sky: its scale,
    and its two ends."""
    return math.hypot(SCALE_SD * distance_m, math.sqrt(2.0) * _FIX_SD_M)
