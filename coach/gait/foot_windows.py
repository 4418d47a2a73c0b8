"""Windows of many strides at once: which rows they are, what the columns hold there, (S, n) for S windows of n rows."""

import numpy as np
import numpy.typing as npt

from coach.model.samples import FloatArray

IndexArray = npt.NDArray[np.intp]


def places(n_rows: int, start: IndexArray, n: int) -> IndexArray:
    """(S, n) rows from each start; past the end the last row is repeated."""
    found: IndexArray = np.minimum(start[:, None] + np.arange(n), n_rows - 1)
    return found


def taken_at(columns: FloatArray, at: IndexArray) -> FloatArray:
    """(c, S, n) values of c columns at these rows."""
    taken = np.empty((len(columns), *at.shape))
    for column, out in zip(columns, taken, strict=True):
        column.take(at, out=out, mode="clip")  # in bounds; other modes copy
    return taken


def share_between(level: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Where between `low` and `high` the level lies, 0 to 1."""
    step = high - low
    return np.clip((level - low) / np.where(step == 0.0, 1.0, step), 0.0, 1.0)
