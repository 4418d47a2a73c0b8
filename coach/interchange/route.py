"""Make a track ready to be drawn without a map: metres east and north.

Metres are those of a plane that touches the WGS 84 ellipsoid in the middle of the run: over 20 km it is wrong by less
than the width of the line. Points are downsampled evenly in time; distance, height and measures are those of each
point.
"""

from collections.abc import Mapping
from typing import Final

from coach.interchange.climb import climb_of, without_jumps
from coach.model.arrays import np
from coach.model.earth import metres_per_radian
from coach.model.history import RunRoute
from coach.model.samples import FloatArray

MOST_POINTS: Final = 1000  # a phone's screen has about as many pixels
_NEAR_S: Final = 3.0  # a measure of another moment is none of this point
_BREAK_S: Final = 30.0  # no position for longer: the line is interrupted


def route_of(
    track: Mapping[str, FloatArray],
    measures: Mapping[str, FloatArray],
    trim: tuple[float | None, float | None] = (None, None),
    n_points: int = MOST_POINTS,
) -> RunRoute | None:
    """Return the route of a run; None with fewer than two positions.

    track: t_s, latitude_deg, longitude_deg, altitude_m. measures: t_s and values by name, each (n,), NaN where unknown.
    """
    start_s, end_s = trim
    t_s = track["t_s"]
    is_inside = (t_s >= (start_s or 0.0)) & (t_s <= (np.inf if end_s is None else end_s))
    climb = climb_of(t_s[is_inside], track["altitude_m"][is_inside])
    altitude_m = track["altitude_m"].copy()
    has_height = is_inside & np.isfinite(altitude_m)
    if has_height.sum() > 1:
        altitude_m[has_height] = without_jumps(t_s[has_height], altitude_m[has_height])
    known = np.flatnonzero(is_inside & np.isfinite(track["latitude_deg"]) & np.isfinite(track["longitude_deg"]))
    if len(known) < 2:
        return None
    if len(known) > n_points:
        known = known[np.unique(np.linspace(0, len(known) - 1, n_points).astype(int))]
    t_s = t_s[known]
    east_m, north_m = _plane(track["latitude_deg"][known], track["longitude_deg"][known])
    steps_m = np.concatenate(([0.0], np.hypot(np.diff(east_m), np.diff(north_m))))
    far_m = _at(t_s, measures, "distance_m")
    if not np.isfinite(far_m).any():
        far_m = np.cumsum(steps_m)
    gaps = np.diff(t_s, prepend=t_s[0])
    return RunRoute(
        _plain(t_s),
        _plain(east_m),
        _plain(north_m),
        _plain(altitude_m[known]),
        _plain(far_m),
        tuple(np.flatnonzero(gaps > _BREAK_S).tolist()),
        {name: _plain(_at(t_s, measures, name)) for name in measures if name not in ("t_s", "distance_m")},
        None if climb is None else climb.up_m,
        None if climb is None else climb.up_sd_m,
        None if climb is None else climb.down_m,
        None if climb is None else climb.down_sd_m,
    )


def _plane(latitude_deg: FloatArray, longitude_deg: FloatArray) -> tuple[FloatArray, FloatArray]:
    latitude = np.radians(latitude_deg)
    longitude = np.unwrap(np.radians(longitude_deg))
    middle = (latitude.min() + latitude.max()) / 2
    north_m, east_m = metres_per_radian(float(middle))
    east = (longitude - (longitude.min() + longitude.max()) / 2) * east_m
    north = (latitude - middle) * north_m
    return np.asarray(east, dtype=np.float64), np.asarray(north, dtype=np.float64)


def _at(t_s: FloatArray, measures: Mapping[str, FloatArray], name: str) -> FloatArray:
    """Return the value nearest in time to each moment; NaN where it is too far away."""
    known = np.isfinite(measures[name]) if name in measures else np.zeros(0, dtype=bool)
    if not known.any():
        return np.full(len(t_s), np.nan)
    times, values = measures["t_s"][known], measures[name][known]
    right = np.clip(np.searchsorted(times, t_s), 0, len(times) - 1)
    left = np.maximum(right - 1, 0)
    nearest = np.where(np.abs(times[left] - t_s) <= np.abs(times[right] - t_s), left, right)
    return np.where(np.abs(times[nearest] - t_s) <= _NEAR_S, values[nearest], np.nan)


def _plain(values: FloatArray) -> tuple[float | None, ...]:
    return tuple(round(value, 4) if value == value else None for value in values.tolist())
