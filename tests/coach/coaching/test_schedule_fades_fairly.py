"""Fading: the share of eligible time is kept exactly, evenly spread, and cannot be foreseen from the seed before."""

import pytest

from coach.coaching.composer import BLOCK, WINDOW_S, Schedule


@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("seed", range(12))
def test_each_block_of_twenty_minutes_holds_the_share(share: float, seed: int) -> None:
    schedule = Schedule(share, seed)
    for block in range(3):
        windows = [schedule.is_eligible((block * BLOCK + i + 0.5) * WINDOW_S) for i in range(BLOCK)]
        assert sum(windows) == round(share * BLOCK)


def test_every_ten_minutes_hold_something_at_a_tenth() -> None:
    for seed in range(50):
        schedule = Schedule(0.1, seed)
        for half in range(6):
            assert sum(schedule.is_eligible((half * 10 + i) * 60.0) for i in range(10)) == 1


def test_places_vary_by_seed_and_are_the_same_each_time() -> None:
    def places(seed: int) -> tuple[bool, ...]:
        schedule = Schedule(0.25, seed)
        return tuple(schedule.is_eligible(60.0 * i) for i in range(40))

    assert places(3) == places(3)
    assert len({places(seed) for seed in range(40)}) > 35


def test_every_place_is_drawn_about_equally_often() -> None:
    counts = [sum(Schedule(0.1, seed).is_eligible(60.0 * i) for seed in range(1000)) for i in range(20)]
    assert min(counts) > 60
    assert max(counts) < 140
