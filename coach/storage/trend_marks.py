"""Rows of the index of trends as columns; a damaged time or number hides its own run only."""

from collections.abc import Sequence

from coach.model.arrays import np
from coach.model.columns import Value
from coach.model.history import TrendMarks
from coach.storage.run_tables import MOMENTS


def marks_of(rows: Sequence[Sequence[Value]]) -> TrendMarks:
    """Return rows of id, time and numbers as columns, without those that hold none."""
    try:
        return _marks_of(rows)
    except (ValueError, TypeError):
        return _marks_of([row for row in rows if _is_sound(row)])


def _marks_of(rows: Sequence[Sequence[Value]]) -> TrendMarks:
    """Return rows of id, time and numbers as columns; raises ValueError or TypeError where one is none."""
    run_ids, started, *numbers = zip(*rows, strict=True) if rows else ((),) * (3 + len(MOMENTS))
    at = np.array(started, dtype="datetime64[us]")
    return TrendMarks(run_ids, at, *(np.array(column, dtype=np.float64) for column in numbers))


def _is_sound(row: Sequence[Value]) -> bool:
    try:
        _marks_of([row])
    except (ValueError, TypeError):
        return False
    return True
