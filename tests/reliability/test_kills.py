"""A few of the kills of `python -m tests.reliability kills`, which does them all."""

from pathlib import Path

import pytest

from tests.reliability.kills import LOST_S, measure


@pytest.mark.slow
@pytest.mark.parametrize("work", ["import", "run", "purge", "cut", "erase"])
def test_a_kill_loses_nothing_that_was_confirmed_and_leaves_nothing_stuck(work: str, tmp_path: Path) -> None:
    result = measure(work, 3, tmp_path, 1)
    assert result.faults == []
    assert result.n_kills >= 2
    assert result.n_kills + result.n_random >= 3
    assert result.lost_s <= LOST_S
