"""The last seconds of some columns of samples: rows in at the end, any recent stretch out as a view, bounded memory.

Rows are addressed by their absolute number since the buffer began, so that an index stays true while old rows fall out.
"""

import numpy as np

from coach.model.samples import FloatArray


class RowBuffer:
    """A sliding window over rows of `n_columns` numbers.

    Twice `keep` rows are held in one block; when it is full, the newest `keep` move to the front, so that a row is
    copied once more on average and every stretch is contiguous.
    """

    __slots__ = ("_first", "_keep", "_n", "_rows")

    def __init__(self, n_columns: int, keep: int) -> None:
        self._keep = max(2, keep)
        self._rows = np.zeros((2 * self._keep, n_columns))
        self._n = 0
        self._first = 0

    @property
    def first(self) -> int:
        """Absolute number of the oldest row held."""
        return self._first

    @property
    def end(self) -> int:
        """Absolute number of the next row to come."""
        return self._first + self._n

    @property
    def held(self) -> FloatArray:
        """(n, n_columns) view of all rows held; row 0 has the absolute number `first`. Valid until the next `room`."""
        return self._rows[: self._n]

    def room(self, n: int) -> FloatArray:
        """Make room for `n` rows at the end and return them as a view to be filled by the caller."""
        if self._n + n > len(self._rows):
            self._slide(n)
        view = self._rows[self._n : self._n + n]
        self._n += n
        return view

    def append(self, rows: FloatArray) -> None:
        """Add (n, n_columns) rows at the end."""
        self.room(len(rows))[:] = rows

    def rows(self, start: int, end: int) -> FloatArray:
        """View of rows start..end (absolute); IndexError where they have fallen out or have not come yet."""
        if not self._first <= start <= end <= self.end:
            raise IndexError(f"rows {start}..{end} are not among {self._first}..{self.end}")
        return self._rows[start - self._first : end - self._first]

    def cut(self, end: int) -> None:
        """Forget the rows from `end` (absolute) on, as if they had not come; IndexError where it is not held."""
        self._n = len(self.rows(self._first, end))

    def clear(self) -> None:
        """Forget all rows; numbering goes on."""
        self._first += self._n
        self._n = 0

    def _slide(self, n: int) -> None:
        kept = min(self._n, self._keep)
        newest = self._rows[self._n - kept : self._n]
        if kept + n > len(self._rows):
            grown = np.zeros((2 * (kept + n), self._rows.shape[1]))
            grown[:kept] = newest
            self._rows = grown
        else:
            self._rows[:kept] = newest.copy()
        self._first += self._n - kept
        self._n = kept
