"""Eight weeks, run by run, through the real service, database and engine: the block, its fading, the pain."""

from pathlib import Path

import pytest

from tests.simulated_block import simulate, table
from tests.simulated_block_figure import figure


@pytest.mark.slow
def test_eight_weeks_of_a_runner_who_answers(tmp_path: Path) -> None:
    runs = simulate(tmp_path)
    assert len(runs) == 24
    assert all(r.focus is None and r.n_spoken == 0 for r in runs[:3])
    block = [r for r in runs if r.block_run is not None]
    assert [r.block_run for r in block] == list(range(1, 10))
    assert [r.share for r in block] == [1.0, 1.0, 1.0, 1.0, 0.75, 0.5, 0.25, 0.1, 0.0]
    assert sum(r.n_spoken for r in block[:4]) > sum(r.n_spoken for r in block[4:])
    assert block[-1].n_spoken == 0
    for r in runs:
        if r.pain_before > 5:
            assert r.focus is None
            assert r.n_spoken == 0
        if r.pain_before > 2:
            assert r.focus != "lengthen"
    drop = [r.step_length_m - r.step_length_late_m for r in runs]
    assert drop[-1] < 0.5 * drop[0]
    assert all(r.own_sd_m is not None and r.own_sd_m < 0.012 for r in runs[4:])
    picture = figure(runs)
    assert picture.count("<circle") == 48
    assert len(table(runs).splitlines()) == 25
