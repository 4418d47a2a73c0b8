"""Rolling values against their definition, also where times go back."""

import numpy as np
import pytest

from coach.gait.fusion.sites import STALE_S, Rolling


@pytest.mark.parametrize("most", [1, 4, 24])
def test_what_counts_follows_from_the_values_kept_whatever_their_order(most: int) -> None:
    rng = np.random.default_rng(most)
    roll = Rolling(most, span_s=5.0)
    kept: list[tuple[float, float]] = []
    for k in range(400):
        t_s, value = 0.7 * k + float(rng.normal(0.0, 2.0)), float(rng.normal())
        roll.add(t_s, value)
        kept = [*kept, (t_s, value)][-most:]
        if k % 50 == 49:
            roll.forget_before(t_s - 1.0)
            kept = [entry for entry in kept if entry[0] >= t_s - 1.0]
        newest_s = max(known_s for known_s, _ in kept)
        assert roll.values(newest_s) == [v for known_s, v in kept if newest_s - known_s <= 5.0]
        assert roll.values(newest_s + STALE_S + 0.01) == []
        estimate = roll.estimate(newest_s)
        assert estimate is not None
        assert estimate.value == np.median(roll.values(newest_s))
