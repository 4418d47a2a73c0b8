"""Rows stay where their number says while old ones fall out, and memory does not grow."""

import numpy as np
import pytest

from coach.gait.signal.window import RowBuffer


def test_recent_rows_are_found_by_their_absolute_number() -> None:
    buffer = RowBuffer(2, keep=10)
    rng = np.random.default_rng(1)
    everything = rng.normal(size=(500, 2))
    start = 0
    for size in rng.integers(1, 9, size=100):
        buffer.append(everything[start : start + size])
        start = min(start + int(size), 500)
        if start == 500:
            break
        newest = buffer.between(buffer.end - min(10, buffer.end), buffer.end).T
        np.testing.assert_array_equal(newest, everything[max(0, start - 10) : start])
        assert len(buffer.held) <= 20


def test_a_block_larger_than_the_buffer_is_kept_whole_until_the_next() -> None:
    buffer = RowBuffer(1, keep=4)
    buffer.append(np.arange(100.0)[:, None])
    assert buffer.between(0, 100).sum() == np.arange(100.0).sum()


def test_rows_that_fell_out_are_not_given() -> None:
    buffer = RowBuffer(1, keep=4)
    for _ in range(10):
        buffer.append(np.zeros((3, 1)))
    with pytest.raises(IndexError):
        buffer.between(0, 3)


def test_numbering_goes_on_after_clearing() -> None:
    buffer = RowBuffer(1, keep=4)
    buffer.append(np.zeros((3, 1)))
    buffer.clear()
    assert (buffer.first, buffer.end) == (3, 3)
