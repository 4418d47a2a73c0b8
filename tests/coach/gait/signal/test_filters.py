"""Filters in few passes give what the plain ones give."""

import numpy as np
import pytest

from coach.gait.signal.filters import crossings, cubic, hann_smooth, hann_smooth_rows, means

RNG = np.random.default_rng(11)


@pytest.mark.parametrize("n", [0, 1, 3, 8, 9, 24, 200])
def test_rows_are_smoothed_together_as_one_by_one(n: int) -> None:
    rows = RNG.normal(size=(5, 90))
    together = hann_smooth_rows(rows, n)
    assert together == pytest.approx(np.stack([hann_smooth(row, n) for row in rows]), abs=1e-14)


def test_smoothing_is_the_weighted_mean_about_each_sample() -> None:
    signal, n = RNG.normal(size=60), 16
    window = np.hanning(n + 1)[1:-1]
    weights = np.convolve(np.ones(60), window, "same")
    assert hann_smooth(signal, n) == pytest.approx(np.convolve(signal, window, "same") / weights, abs=1e-14)
    assert hann_smooth(np.full(60, 3.0), n) == pytest.approx(np.full(60, 3.0))


def test_crossings_lie_on_straight_lines_between_samples() -> None:
    t_s, signal = np.arange(7.0), np.array([0.0, 2.0, 1.0, 1.0, -1.0, 1.0, 3.0])
    rises, falls = crossings(t_s, signal, 1.0)
    assert (rises.tolist(), falls.tolist()) == ([0.5, 5.0], [2.0])
    rises, falls = crossings(t_s, signal, 0.0)
    assert (rises.tolist(), falls.tolist()) == ([4.5], [3.5])


def test_cubics_and_means_are_those_of_numpy() -> None:
    values, rows = RNG.normal(size=(40, 3)), np.linspace(0.0, 38.9, 100)
    at, share = rows.astype(int), (rows - rows.astype(int))[:, None]
    slope = np.gradient(values, axis=0)
    expected = (2 * share**3 - 3 * share**2 + 1) * values[at] + (share**3 - 2 * share**2 + share) * slope[at]
    expected += (3 * share**2 - 2 * share**3) * values[at + 1] + (share**3 - share**2) * slope[at + 1]
    assert cubic(values, rows) == pytest.approx(expected, abs=1e-12)
    assert means(values).tolist() == values.mean(axis=0).tolist()
