"""A route is drawn in metres that agree with the ellipsoid, downsampled, interrupted where positions are missing."""

import math

import numpy as np
import pytest

from coach.interchange.route import route_of


def circle(
    n: int = 1800, radius_m: float = 300.0, latitude_deg: float = 52.0, longitude_deg: float = 13.0
) -> dict[str, np.ndarray]:
    """A circle round a place, a point a second."""
    turn = np.linspace(0, 2 * math.pi, n)
    radians = math.radians(latitude_deg)
    root = 1 - 0.00669437999014 * math.sin(radians) ** 2
    north_m, east_m = 6378137.0 * (1 - 0.00669437999014) / root**1.5, 6378137.0 / math.sqrt(root) * math.cos(radians)
    longitude = longitude_deg + np.degrees(radius_m * np.cos(turn) / east_m)
    return {
        "t_s": np.arange(float(n)),
        "latitude_deg": latitude_deg + np.degrees(radius_m * np.sin(turn) / north_m),
        "longitude_deg": (longitude + 180) % 360 - 180,
        "altitude_m": 50 + 10 * np.sin(turn),
    }


@pytest.mark.parametrize("longitude_deg", [13.0, 180.0, -180.0])
def test_a_circle_is_round_even_across_the_date_line(longitude_deg: float) -> None:
    route = route_of(circle(longitude_deg=longitude_deg), {"t_s": np.zeros(0)})
    assert route is not None
    assert len(route.t_s) == 1000
    radii = np.hypot(np.array(route.east_m, float), np.array(route.north_m, float))
    assert radii.min() > 299
    assert radii.max() < 301
    assert route.distance_m[-1] == pytest.approx(2 * math.pi * 300, rel=0.001)
    assert route.up_m == pytest.approx(20, abs=3 * (route.up_sd_m or 0) + 1)


def test_measures_belong_to_their_own_moment_or_to_none() -> None:
    t_s = np.arange(0.0, 900.0)
    measures = {"t_s": t_s, "distance_m": 2.0 * t_s, "speed_mps": np.where(t_s < 500, 2.0, np.nan)}
    route = route_of(circle(), measures, n_points=1800)
    assert route is not None
    assert route.values["speed_mps"][100] == 2.0
    assert route.values["speed_mps"][600] is None
    assert route.distance_m[100] == 200.0
    assert route.distance_m[1500] is None


def test_a_line_is_interrupted_where_positions_are_missing_and_trimmed_with_the_run() -> None:
    track = circle()
    track["latitude_deg"][600:700] = np.nan
    route = route_of(track, {"t_s": np.zeros(0)}, n_points=1800)
    assert route is not None
    assert route.breaks == (600,)
    trimmed = route_of(track, {"t_s": np.zeros(0)}, (100.0, 200.0))
    assert trimmed is not None
    assert (trimmed.t_s[0], trimmed.t_s[-1]) == (100.0, 200.0)
    track["longitude_deg"][:] = np.nan
    assert route_of(track, {"t_s": np.zeros(0)}) is None


def test_heights_before_a_calibration_are_moved_to_those_after_it() -> None:
    track = circle()
    true_m = track["altitude_m"].copy()
    track["altitude_m"][:5] += 86.0
    route = route_of(track, {"t_s": np.zeros(0)}, n_points=1800)
    assert route is not None
    assert np.array(route.altitude_m, float) == pytest.approx(true_m, abs=0.1)
