"""Stretches hold what was measured, whatever the cuts: no gap is filled, single losses are interpolated and marked."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.gait.signal.segments import Segment, SegmentJoiner
from coach.model.samples import ImuChunk
from coach.model.sites import WearSite


def chunk(t: np.ndarray, acc: np.ndarray, gyr: np.ndarray | None, rate_hz: float = 100.0) -> ImuChunk:
    return ImuChunk(WearSite.LEFT_FOOT, t.copy(), acc.copy(), None if gyr is None else gyr.copy(), 156.9, 34.9, rate_hz)


def readings(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    return np.arange(n) / 100.0, rng.normal(size=(n, 3)), rng.normal(size=(n, 3))


def joined(stretches: list[Segment]) -> tuple[np.ndarray, np.ndarray, list[float], list[float]]:
    new = [float(s.t_s[0]) for s in stretches if s.is_new]
    interpolated = [b for s in stretches for b in s.interpolated_s]
    return (
        np.concatenate([s.t_s for s in stretches]),
        np.concatenate([s.acc_mps2 for s in stretches]),
        new,
        interpolated,
    )


def test_one_lost_reading_is_interpolated_by_a_straight_line_and_marked() -> None:
    t, acc, gyr = readings(20)
    keep = np.delete(np.arange(20), 7)
    joiner = SegmentJoiner()
    (stretch,) = joiner.feed(chunk(t[keep], acc[keep], gyr[keep]))
    assert stretch.interpolated_s == pytest.approx((0.07,))
    np.testing.assert_allclose(stretch.t_s, t)
    np.testing.assert_allclose(stretch.acc_mps2[7], 0.5 * (acc[6] + acc[8]))
    assert (joiner.n_interpolated, joiner.n_gaps) == (1, 0)


def test_two_lost_readings_are_a_gap() -> None:
    t, acc, gyr = readings(20)
    keep = np.delete(np.arange(20), [7, 8])
    joiner = SegmentJoiner()
    first, second = joiner.feed(chunk(t[keep], acc[keep], gyr[keep]))
    assert second.is_new
    assert (len(first.t_s), len(second.t_s), joiner.n_gaps) == (7, 11, 1)


def test_a_fast_sensor_may_lose_as_much_time_as_a_slow_one() -> None:
    t, acc, gyr = readings(40)
    t = 0.5 * t
    keep = np.delete(np.arange(40), [7, 8, 9, 20, 21, 22, 23, 24])
    joiner = SegmentJoiner()
    first, second = joiner.feed(chunk(t[keep], acc[keep], gyr[keep], rate_hz=200.0))
    assert first.interpolated_s == pytest.approx((0.035, 0.04, 0.045))
    np.testing.assert_allclose(first.t_s, t[:20])
    np.testing.assert_allclose(first.acc_mps2[6:11], np.linspace(acc[6], acc[10], 5))
    assert second.is_new
    assert (joiner.n_interpolated, joiner.n_gaps) == (3, 1)


def test_a_missing_axis_reads_zero_and_a_lost_number_is_a_lost_reading() -> None:
    t, acc, _ = readings(20)
    acc[:, 1] = np.nan
    acc[9, 0] = np.nan
    (stretch,) = SegmentJoiner().feed(chunk(t, acc, None))
    assert np.all(stretch.acc_mps2[:, 1] == 0.0)
    assert stretch.interpolated_s == pytest.approx((0.09,))


@given(
    lost=st.sets(st.integers(0, 59), max_size=25),
    nan=st.sets(st.integers(0, 59), max_size=5),
    repeated=st.sets(st.integers(0, 59), max_size=5),
    size=st.sampled_from([1, 7, 64]),
)
def test_stretches_do_not_depend_on_the_cuts(lost: set[int], nan: set[int], repeated: set[int], size: int) -> None:
    t, acc, gyr = readings(60)
    acc[sorted(nan), 2] = np.nan
    order = np.array([i for i in range(60) if i not in lost for _ in range(2 if i in repeated else 1)], dtype=int)
    if len(order) == 0:
        return
    whole = SegmentJoiner().feed(chunk(t[order], acc[order], gyr[order]))
    joiner = SegmentJoiner()
    cut = [
        s
        for k in range(0, len(order), size)
        for s in joiner.feed(chunk(t[order[k : k + size]], acc[order[k : k + size]], gyr[order[k : k + size]]))
    ]
    if not whole:
        assert not cut
        return
    for a, b in zip(joined(whole), joined(cut), strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.all(np.diff(joined(cut)[0]) > 0)
