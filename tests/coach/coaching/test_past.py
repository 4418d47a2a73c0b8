"""The mean over a stretch of time is the one that the values themselves give, however they came."""

from itertools import pairwise

import numpy as np
import pytest

from coach.coaching.response import MIN_SEEN_S, RecentValues
from tests.support.common import mostly_slow


def direct(seen: list[tuple[float, float]], start_s: float, end_s: float) -> float | None:
    """Trapezoids over the values in the stretch, none over a silence of more than 3 s."""
    inside = [one for one in seen if start_s <= one[0] <= end_s]
    steps = [(b[0] - a[0], 0.5 * (a[1] + b[1])) for a, b in pairwise(inside)]
    counted = [(step_s, value) for step_s, value in steps if step_s <= 3.0]
    seen_s = sum(step_s for step_s, _ in counted)
    return sum(s * v for s, v in counted) / seen_s if seen_s >= MIN_SEEN_S - 1e-9 else None


@pytest.mark.parametrize("seed", mostly_slow(range(5), n_quick=2))
def test_means_are_those_of_the_values_with_silences_and_unknown_values(seed: int) -> None:
    rng = np.random.default_rng(seed)
    past, seen, t_s, n_means = RecentValues(), [], 0.0, 0
    for _ in range(3000):
        t_s += float(rng.uniform(2.0, 6.0)) if rng.random() < 0.01 else 0.2
        value = None if rng.random() < 0.1 else float(rng.uniform(150.0, 190.0))
        past.take(t_s, value)
        if value is not None:
            seen.append((t_s, value))
        seen = [one for one in seen if one[0] >= t_s - 45.0]
        start_s = t_s - float(rng.uniform(10.0, 45.0))
        found, expected = past.mean(start_s, t_s), direct(seen, start_s, t_s)
        assert found == (None if expected is None else pytest.approx(expected, abs=1e-9))
        n_means += found is not None
    assert n_means > 1000
