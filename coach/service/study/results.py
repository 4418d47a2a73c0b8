"""Keep the results of a study as Parquet, one small file for each recording, and read them back.

`<algorithm>/runs/<2 digits>/<sha256>-<mark>.parquet` is the row of one recording; it is written last, so that it is
there only if `<algorithm>/{strides,seconds}/<2 digits>/<sha256>.parquet` are. The name is the key: who computes the
same bytes again writes the same file again. Where no bytes were read, the status takes the place of their hash.
"""

import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from coach.model.documents import JsonObject
from coach.model.metrics import LiveMetrics
from coach.model.strides import Stride, TrunkStep
from coach.service.study.extra import needed
from coach.service.study.store import StudyStore
from coach.study.columns import Column, ColumnKind, event_cells, second_cells, second_columns, stride_columns
from coach.study.rows import RunRow, Status, row_cells, row_columns

if TYPE_CHECKING:
    from pyarrow import Table


_READERS: Final = 16  # small files read at once: the wait for a store of objects is longer than the work
_OF_BYTES: Final = (Status.DONE.value, Status.UNREADABLE.value)  # what the bytes alone decide
RUNS, STRIDES, SECONDS = "runs", "strides", "seconds"


class Results:
    """The results of one algorithm in a store."""

    def __init__(self, store: StudyStore, algorithm: str) -> None:
        self._store = store
        self.algorithm = algorithm

    def keep(
        self, row: RunRow, mark: str, events: Sequence[Stride | TrunkStep] = (), seconds: Sequence[LiveMetrics] = ()
    ) -> None:
        """Keep the row of a recording, and what was measured in it before."""
        if row.status is Status.DONE:
            ordered = sorted(events, key=lambda event: (event.initial_contact_s, event.wear_site))
            self._put(STRIDES, row.sha256, stride_columns(), map(event_cells, ordered))
            self._put(SECONDS, row.sha256, second_columns(), map(second_cells, seconds))
        self._put(RUNS, f"{row.sha256 or row.status.value}-{mark}", row_columns(), [row_cells(row)])

    def same_bytes(self, sha256: str) -> JsonObject | None:
        """Return the row of the same bytes, computed before, wherever they lay."""
        for name in self._store.names(f"{self.algorithm}/{RUNS}/{sha256[:2]}"):
            row = self._rows(name)[0] if PurePosixPath(name).name.startswith(sha256) else {}
            if row.get("status") in _OF_BYTES:
                return row
        return None

    def keep_cells(self, cells: Mapping[str, object], sha256: str, mark: str) -> None:
        """Keep a row that is given by column name."""
        self._put(RUNS, f"{sha256}-{mark}", row_columns(), [cells])

    def marks(self) -> dict[str, str]:
        """Name of the row's file by the mark of its recording; a row with numbers before one without."""
        found: dict[str, str] = {}
        for name in sorted(self._store.names(f"{self.algorithm}/{RUNS}")):
            key, _, mark = PurePosixPath(name).stem.rpartition("-")
            if name.endswith(".parquet") and (mark not in found or len(key) == 64):
                found[mark] = name
        return found

    def forget(self, marks: Collection[str]) -> int:
        """Delete what is kept of all recordings but these; gives how many rows went."""
        known = self._store.names(f"{self.algorithm}/{RUNS}")
        gone = [name for name in known if PurePosixPath(name).stem.rpartition("-")[2] not in marks]
        left = {PurePosixPath(name).stem.rpartition("-")[0] for name in known if name not in set(gone)}
        for kind in (STRIDES, SECONDS):
            for name in self._store.names(f"{self.algorithm}/{kind}"):
                if PurePosixPath(name).stem not in left:
                    self._store.remove(name)
        for name in gone:
            self._store.remove(name)
        return len(gone)

    def rows(
        self, marks: Collection[str] | None = None, columns: Sequence[str] | None = None
    ) -> Iterator[dict[str, object]]:
        """Yield rows by column name, of these recordings or of all, in the order of marks; many files are read at once.
        columns: those that are wanted; None: all, which takes twice as long."""
        known = self.marks()
        names = [name for mark, name in sorted(known.items()) if marks is None or mark in marks]
        with ThreadPoolExecutor(_READERS) as readers:
            for rows in readers.map(lambda name: self._rows(name, columns), names):
                yield from rows

    def table(self, kind: str, sha256: str) -> "Table":
        """Return strides or seconds (`STRIDES`, `SECONDS`) of a recording, as a pyarrow table."""
        return _read(self._store.read(self._name(kind, sha256)))

    # Inside --------------------------------------------------------------------------------------------------------

    def _name(self, kind: str, key: str) -> str:
        return f"{self.algorithm}/{kind}/{key[:2]}/{key}.parquet"

    def _put(self, kind: str, key: str, columns: Sequence[Column], rows: Iterable[Mapping[str, object]]) -> None:
        self._store.put(self._name(kind, key), parquet_of(columns, rows, small=kind == RUNS))

    def _rows(self, name: str, columns: Sequence[str] | None = None) -> list[dict[str, object]]:
        rows: list[dict[str, object]] = _read(self._store.read(name), columns).to_pylist()
        return rows


def parquet_of(columns: Sequence[Column], rows: Iterable[Mapping[str, object]], *, small: bool = False) -> bytes:
    """Return the bytes of a Parquet file with these columns, compressed by zstd; unknown is NULL. small: without what
    makes large files quick to search, and a file of one row four times as large."""
    out = io.BytesIO()
    more = {"write_statistics": False, "use_dictionary": False, "store_schema": False} if small else {}
    needed("pyarrow.parquet", "a study").write_table(table_of(columns, rows), out, compression="zstd", **more)
    return out.getvalue()


def table_of(columns: Sequence[Column], rows: Iterable[Mapping[str, object]]) -> "Table":
    """Return a pyarrow table with these columns."""
    pa = needed("pyarrow", "a study")
    kinds = {
        ColumnKind.NUMBER: pa.float64(),
        ColumnKind.COUNT: pa.int64(),
        ColumnKind.TEXT: pa.string(),
        ColumnKind.FLAG: pa.bool_(),
        ColumnKind.MOMENT: pa.timestamp("us", tz="UTC"),
    }
    return pa.Table.from_pylist(list(rows), schema=pa.schema([pa.field(c.name, kinds[c.kind]) for c in columns]))


def _read(data: bytes, columns: Sequence[str] | None = None) -> "Table":
    wanted = None if columns is None else list(columns)
    file = needed("pyarrow.parquet", "a study").ParquetFile(io.BytesIO(data))
    return file.read(columns=wanted, use_threads=False)  # small files: threads cost more than they bring
