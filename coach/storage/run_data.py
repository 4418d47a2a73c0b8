"""Keep what was measured and said in a run: strides, steps, seconds, cues, responses."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final, TypeVar

from coach.errors import StorageError, UserError
from coach.model.arrays import np
from coach.model.columns import Columns
from coach.model.cues import CueDecision, CueResponse
from coach.model.frozen import dataclass
from coach.model.metrics import LiveMetrics
from coach.model.plain import to_plain
from coach.model.samples import FloatArray
from coach.model.strides import Stride, TrunkStep
from coach.storage.base import Connection, marks
from coach.storage.database import Database
from coach.storage.nouns import NounTable
from coach.storage.packing import Packed, pack, pack_field, unpack_field, unpack_floats
from coach.storage.run_tables import COLUMNS, DECISIONS, RESPONSES, SECONDS, STEPS, STRIDES

Noun = TypeVar("Noun")
_TRACK: Final = "track"
_OF_PART: Final = "run_key = ? AND part = ?"
_BATCH: Final = 100  # rows held at once while they become columns: a thousand take 8 MB more, and no less time
Span = tuple[float, float]
AnyTable = NounTable[Any]  # of whichever noun
PACKED_PARTS: Final[tuple[tuple[AnyTable, str], ...]] = (
    (STRIDES, "initial_contact_s"),
    (STEPS, "initial_contact_s"),
    (SECONDS, "t_s"),
)


def key_of(connection: Connection, run_id: str) -> int:
    """Return the number by which the tables of a run's data refer to it.

    Raises:
        UserError: there is no such run.
    """
    key = connection.scalar("SELECT run_key FROM runs WHERE run_id = ?", (run_id,))
    if key is None:
        raise no_such_run(run_id)
    return int(key)


def no_such_run(run_id: str) -> UserError:
    """Make the error for an id that no run has; the caller raises it."""
    return UserError(f"there is no run {run_id}: `coach runs list` names those there are")


class RunData:
    """The measured part of runs. Adding is idempotent: what is there already takes the newer values.

    While a run goes on, its rows are in tables, one each; `pack` moves those of a finished run into compressed
    columns (a fifteenth of the space). Reading joins both: a row wins over what is packed of the same moment.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        run_id: str,
        strides: Sequence[Stride | TrunkStep] = (),
        seconds: Sequence[LiveMetrics] = (),
        decisions: Sequence[CueDecision] = (),
        responses: Sequence[CueResponse] = (),
    ) -> None:
        """Keep a batch of any of these, all or nothing."""
        with self._database.write() as connection:
            key = key_of(connection, run_id)
            _put(connection, STRIDES, key, [s for s in strides if isinstance(s, Stride)])
            _put(connection, STEPS, key, [s for s in strides if isinstance(s, TrunkStep)])
            _put(connection, SECONDS, key, seconds)
            _put(connection, DECISIONS, key, decisions)
            _put(connection, RESPONSES, key, responses)

    def replace(
        self,
        run_id: str,
        strides: Sequence[Stride],
        steps: Sequence[TrunkStep],
        seconds: Sequence[LiveMetrics],
        decisions: Sequence[CueDecision] | None = None,
    ) -> None:
        """Put these in the place of what was measured before, after the raw log was read again; None: cues stay."""
        nouns: tuple[Sequence[object], ...] = (strides, steps, seconds)
        measured = [
            (part, _packed_nouns(part, some, order)) for (part, order), some in zip(PACKED_PARTS, nouns, strict=True)
        ]
        with self._database.write() as connection:
            key = key_of(connection, run_id)
            for part, columns in measured:
                _put_packed(connection, key, part, columns)
            if decisions is not None:
                DECISIONS.table.remove(connection, "run_key = ?", (key,))
                _put(connection, DECISIONS, key, decisions)

    def replace_seconds(self, run_id: str, seconds: Sequence[LiveMetrics]) -> None:
        """Put these in the place of all seconds of a run: those of a file that came in."""
        columns = _packed_nouns(SECONDS, seconds, "t_s")
        with self._database.write() as connection:
            _put_packed(connection, key_of(connection, run_id), SECONDS, columns)

    def pack(self, run_id: str) -> None:
        """Move strides, steps and seconds of a run into compressed columns."""
        with self._database.write() as connection:
            pack_run(connection, key_of(connection, run_id))

    def keep_track(self, run_id: str, track: Mapping[str, FloatArray]) -> None:
        """Keep times, positions and heights of a run in the place of those before.

        track: t_s, latitude_deg, longitude_deg, altitude_m, each (n,), NaN where unknown.
        """
        columns = _packed_columns(_TRACK, {name: to_plain(values) for name, values in track.items()}, True)
        with self._database.write() as connection:
            key = key_of(connection, run_id)
            COLUMNS.remove(connection, _OF_PART, (key, _TRACK))
            COLUMNS.add(connection, [{"run_key": key, **column} for column in columns])

    def track(self, run_id: str) -> dict[str, FloatArray] | None:
        """Return the times, positions and heights of a run, as they were kept; None where none were."""
        with self._database.read() as connection:
            packed = _packed(connection, _TRACK, key_of(connection, run_id))
        with _damage_worded(run_id):
            return {name: unpack_floats(one.column, one.n_rows) for name, one in packed.items()} if packed else None

    def strides(self, run_id: str, between: Span | None = None) -> Columns[Stride]:
        """Return all strides of a run, or those between two times [s], both included; steps and seconds likewise."""
        return self._measured(STRIDES, run_id, "initial_contact_s", between)

    def steps(self, run_id: str, between: Span | None = None) -> Columns[TrunkStep]:
        """Return all trunk steps of a run in the order of contact; between: as of `strides`."""
        return self._measured(STEPS, run_id, "initial_contact_s", between)

    def seconds(self, run_id: str, between: Span | None = None) -> Columns[LiveMetrics]:
        """Return the live metrics of a run, about one a second, by time; between: as of `strides`."""
        return self._measured(SECONDS, run_id, "t_s", between)

    def decisions(self, run_id: str) -> Sequence[CueDecision]:
        """Return every decision about a cue, given or held back, by time."""
        return self._said(DECISIONS, run_id, "t_s")

    def responses(self, run_id: str) -> Sequence[CueResponse]:
        """Return how the runner responded to each cue that was given, by the cue's id."""
        return self._said(RESPONSES, run_id, "cue_id")

    def second_columns(self, run_id: str, names: Sequence[str]) -> dict[str, FloatArray]:
        """Return columns of the seconds as arrays (n,), NaN where unknown: quick enough for a run of six hours."""
        with self._database.read() as connection:
            key = key_of(connection, run_id)
            rows = list(_table_rows(connection, SECONDS, key, "t_s", ("t_s", *names)))
            packed = _packed(connection, SECONDS.table.name, key, {*names, *SECONDS.keys})
            if packed and rows:
                both = rows_of_run(connection, SECONDS, key, "t_s")
                return {name: both.floats(name) for name in names}
        if packed:
            n_rows = packed["t_s"].n_rows
            empty = np.full(n_rows, np.nan)
            with _damage_worded(run_id):
                return {
                    name: unpack_floats(packed[name].column, n_rows) if name in packed else empty.copy()
                    for name in names
                }
        values = np.array([tuple(row) for row in rows], dtype=np.float64).reshape(-1, len(names) + 1)
        return {name: values[:, i].copy() for i, name in enumerate(names, start=1)}

    def _measured(self, table: NounTable[Noun], run_id: str, order: str, between: Span | None) -> Columns[Noun]:
        with self._database.read() as connection:
            return rows_of_run(connection, table, key_of(connection, run_id), order, between)

    def _said(self, table: NounTable[Noun], run_id: str, order: str) -> Sequence[Noun]:
        with self._database.read() as connection:
            return table.nouns(_table_rows(connection, table, key_of(connection, run_id), order))


@dataclass(frozen=True, slots=True)
class _PackedColumn:
    column: Packed
    n_rows: int


def rows_of_run(
    connection: Connection, table: NounTable[Noun], run_key: int, order: str, between: Span | None = None
) -> Columns[Noun]:
    """Return nouns of a run in the order of a field, packed and unpacked ones; between: with this field within,
    both included."""
    fresh = Columns(table.kind)
    rows = _table_rows(connection, table, run_key, order, between=between)
    while batch := list(islice(rows, _BATCH)):
        fresh.extend(table.nouns(batch))
    packed = _packed(connection, table.table.name, run_key)
    if not packed:
        return fresh
    n_rows = packed[order].n_rows
    with _damage_worded(str(run_key)):
        fields = {name: unpack_field(packed[name].column, n_rows) for name in table.names if name in packed}
        found = Columns.of_fields(table.kind, n_rows, {name: table.read(name, of) for name, of in fields.items()})
        if between is not None:
            at_s = found.floats(order)
            found = found.take(np.flatnonzero((at_s >= between[0]) & (at_s <= between[1])))
    if not len(fresh):
        return found
    by_key = {tuple(getattr(noun, key) for key in table.keys): noun for noun in (*found, *fresh)}
    return Columns(table.kind, sorted(by_key.values(), key=lambda noun: getattr(noun, order)))


def pack_run(connection: Connection, run_key: int) -> None:
    """Move rows of a run into compressed columns; those packed before are joined with them."""
    for table, order in PACKED_PARTS:
        if not table.table.count(connection, "run_key = ?", (run_key,)):
            continue
        nouns = rows_of_run(connection, table, run_key, order)
        _put_packed(connection, run_key, table, _packed_nouns(table, nouns, order))


def _packed_nouns(table: NounTable[Noun], nouns: Sequence[Noun], order: str) -> list[dict[str, object]]:
    """Return rows of columns, but for the run: made before a transaction begins, for others wait while one goes on.

    Of nouns with the same key the last one counts.
    """
    columns = Columns.of(table.kind, nouns)
    at_s = columns.floats(order)
    rows = np.argsort(at_s, kind="stable")
    if (np.diff(at_s[rows]) == 0.0).any():  # else no two have the same key: this field is part of it
        keys = zip(*(columns.values(key) for key in table.keys), strict=True)
        last = np.array(list(dict(zip(keys, range(len(columns)), strict=True)).values()), dtype=np.int_)
        rows = last[np.argsort(at_s[last], kind="stable")]
    if not np.array_equal(rows, np.arange(len(columns))):
        columns = columns.take(rows)
    packed: list[dict[str, object]] = []
    for name in table.names:
        column = pack_field(columns.field(name))
        if column is not None:
            packed.append(_row_of(table.table.name, name, column, len(columns)))
    return packed


def _put_packed(connection: Connection, run_key: int, table: AnyTable, columns: list[dict[str, object]]) -> None:
    """Put packed columns in the place of all that there is of a part of a run."""
    COLUMNS.remove(connection, _OF_PART, (run_key, table.table.name))
    table.table.remove(connection, "run_key = ?", (run_key,))
    COLUMNS.add(connection, [{"run_key": run_key, **column} for column in columns])


def _packed_columns(
    part: str, columns: Mapping[str, Sequence[object]], keeps_unknown: bool = False
) -> list[dict[str, object]]:
    rows = []
    for name, values in columns.items():
        if keeps_unknown or any(value is not None for value in values):
            rows.append(_row_of(part, name, pack(values), len(values)))
    return rows


def _row_of(part: str, name: str, column: Packed, n_rows: int) -> dict[str, object]:
    kind, data = column
    return {"part": part, "name": name, "kind": kind, "n_rows": n_rows, "data": data}


def _packed(connection: Connection, part: str, run_key: int, names: Collection[str] = ()) -> dict[str, _PackedColumn]:
    """Return packed columns of a part of a run by their names; names: only these."""
    some = f" AND name IN {marks(names)}" if names else ""
    statement = f"SELECT name, kind, data, n_rows FROM run_columns WHERE {_OF_PART}{some}"
    rows = connection.execute(statement, (run_key, part, *names))
    return {name: _PackedColumn((kind, data), n_rows) for name, kind, data, n_rows in rows}


def _table_rows(
    connection: Connection,
    table: AnyTable,
    run_key: int,
    order: str,
    names: Sequence[str] = (),
    between: Span | None = None,
) -> Iterator[Sequence[object]]:
    """Yield rows of a run that are not packed; names: some fields only."""
    within = "" if between is None else f" AND {order} BETWEEN ? AND ?"
    rest = f"WHERE run_key = ?{within} ORDER BY {order}"
    return table.table.values(connection, names or table.names, rest, (run_key, *(between or ())))


@contextmanager
def _damage_worded(run: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"what was measured in run {run} cannot be read ({error}): compute it again, or restore it from an archive"
        ) from error


def _put(connection: Connection, table: NounTable[Noun], run_key: int, nouns: Sequence[Noun]) -> None:
    table.table.put(connection, (table.row(noun, run_key=run_key) for noun in nouns))
