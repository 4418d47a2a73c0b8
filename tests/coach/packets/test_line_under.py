"""The line under points against its definition: the edge of the whole lower hull over the middle."""

from itertools import pairwise

import numpy as np
import pytest

from coach.packets.clock import CRYSTAL, LineUnder, edge_over

Point = tuple[float, float]


def lower_hull(points: list[Point]) -> list[Point]:
    """Lower half of the convex hull of points with rising x (Andrew's monotone chain)."""
    hull: list[Point] = []
    for x, y in points:
        while len(hull) > 1:
            (x0, y0), (x1, y1) = hull[-2], hull[-1]
            if (x1 - x0) * (y - y0) > (y1 - y0) * (x - x0):
                break
            hull.pop()
        hull.append((x, y))
    return hull


@pytest.mark.parametrize("seed", range(40))
def test_the_edge_over_the_middle_is_that_of_the_whole_hull(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 300))
    x = np.cumsum(rng.uniform(0.5, 1.5, n))
    y = rng.choice(
        [rng.exponential(0.02, n), rng.integers(0, 4, n) * 0.045, 1e-4 * x]
    )  # radio, connection events, line
    middle = 0.5 * (x[0] + x[-1])
    (x0, y0), (x1, y1) = next(
        (a, b) for a, b in pairwise(lower_hull(list(zip(x.tolist(), y.tolist(), strict=True)))) if b[0] >= middle
    )
    left, right = edge_over(x, y, middle)
    assert x[left] <= middle <= x[right]
    assert (y[right] - y[left]) / (x[right] - x[left]) == pytest.approx((y1 - y0) / (x1 - x0), abs=1e-12)


def test_of_each_second_the_lowest_point_of_the_last_five_minutes_counts() -> None:
    rng = np.random.default_rng(1)
    line, points = LineUnder(CRYSTAL, 0.0, 0.05), [(0.0, 0.05)]
    for time in np.arange(0.1, 900.0, 0.1).tolist():
        delay = 0.01 + 4e-5 * time + float(rng.exponential(0.02))
        line.add(time, delay)
        if time // 1.0 > points[-1][0] // 1.0:
            hull = lower_hull(points[-300:])
            middle = 0.5 * (hull[0][0] + hull[-1][0])
            ends = next((a, b) for a, b in pairwise([(-1.0, 0.0), *hull]) if b[0] >= middle)
            slope = (ends[1][1] - ends[0][1]) / (ends[1][0] - ends[0][0]) if hull[-1][0] - hull[0][0] >= 20.0 else 0.0
            assert line.slope == pytest.approx(min(max(slope, -500e-6), 500e-6), abs=1e-12)
            points.append((time, delay))
        elif delay < points[-1][1]:
            points[-1] = (time, delay)
    assert line.slope == pytest.approx(4e-5, rel=0.1)
