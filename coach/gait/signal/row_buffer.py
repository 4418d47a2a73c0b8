"""The last seconds of some columns of samples: rows in at the end, any recent stretch out as a view, bounded memory.

Rows are addressed by their absolute number since the buffer began, so that an index stays true while old rows fall out.
"""

import numpy as np

from coach.model.samples import FloatArray


class RowBuffer:
    """A sliding window over rows of `n_columns` numbers.

    Twice `keep` rows are held in one block; when it is full, the newest `keep` move to the front, so that a row is
    copied once more on average. Each column of a stretch is contiguous in memory: most is asked of single columns.
    """

    __slots__ = ("_columns", "_first", "_keep", "_n")

    def __init__(self, n_columns: int, keep: int) -> None:
        self._keep = max(2, keep)
        self._columns = np.zeros((n_columns, 2 * self._keep))
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
        return self.columns.T

    @property
    def columns(self) -> FloatArray:
        """The same as columns, (n_columns, n), each contiguous."""
        return self._columns[:, : self._n]

    def room(self, n: int) -> FloatArray:
        """Make room for `n` rows at the end and return their columns, (n_columns, n), to be filled by the caller."""
        if self._n + n > self._columns.shape[1]:
            self._slide(n)
        begin = self._n
        self._n = end = begin + n
        return self._columns[:, begin:end]

    def append(self, rows: FloatArray) -> None:
        """Add (n, n_columns) rows at the end."""
        self.room(len(rows))[:] = rows.T

    def between(self, start: int, end: int) -> FloatArray:
        """Columns of the rows start..end (absolute), (n_columns, n), as a view.

        Raises:
            IndexError: rows that have fallen out or have not come yet.
        """
        first = self._first
        if not first <= start <= end <= first + self._n:
            raise IndexError(f"rows {start}..{end} are not among {first}..{self.end}")
        return self._columns[:, start - first : end - first]

    def cut(self, end: int) -> None:
        """Forget the rows from `end` (absolute) on, as if they had not come; IndexError where it is not held."""
        self._n = self.between(self._first, end).shape[1]

    def clear(self) -> None:
        """Forget all rows; numbering goes on."""
        self._first += self._n
        self._n = 0

    def _slide(self, n: int) -> None:
        kept = min(self._n, self._keep)
        newest = self._columns[:, self._n - kept : self._n]
        if kept + n > self._columns.shape[1]:
            grown = np.zeros((len(self._columns), 2 * (kept + n)))
            grown[:, :kept] = newest
            self._columns = grown
        else:
            self._columns[:, :kept] = newest.copy()
        self._first += self._n - kept
        self._n = kept
