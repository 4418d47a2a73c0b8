"""Keep runs: make, list, change, delete them and bring them back."""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from coach.errors import StorageError
from coach.model.history import PersonalBest, RunDay, TrendMarks
from coach.model.runs import Run, RunEntry, RunFilter, RunPlace, RunState, RunSummary, Sport
from coach.storage.base import Connection, marks, read_rows
from coach.storage.database import Database
from coach.storage.run_data import RunData, key_of, no_such_run
from coach.storage.run_tables import BESTS, MOMENTS, POINTS, RUNS, SUMMARIES
from coach.storage.trend_marks import marks_of

_log: Final = logging.getLogger(__name__)
_WITH_SUMMARY: Final = "LEFT JOIN run_summaries ON run_summaries.run_key = runs.run_key"
_HEAVY: Final = ("findings", "streams", "splits", "mile_splits", "lap_splits", "average_strides")  # left out of lists
_LIGHT: Final = tuple(name for name in SUMMARIES.names if name not in _HEAVY)
# SQLite keeps any text: a damaged time is none of a time, and a damaged number is above any number.
_IS_SOUND: Final = (
    "julianday(runs.started_at) IS NOT NULL AND typeof(runs.distance_m) IN ('real', 'integer', 'null')"
    " AND typeof(runs.duration_s) IN ('real', 'integer', 'null')"
)
_DELETED_BEFORE: Final = "(deleted_at IS NOT NULL AND deleted_at < ?)"
_SAME: Final = ("place", "shoes", "source", "sport")  # what a filter asks for as it is
Condition = tuple[str, tuple[object, ...]]  # from behind WHERE on, with the values of its marks
_KEPT: Final = {"run_id"}  # never changed


class Runs:
    """The runs of this database. data: what was measured in them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.data = RunData(database)

    def create(self, run: Run, deleted_at: datetime | None = None) -> None:
        """Keep a new run; deleted_at: hidden, until `exchange` shows it.

        Raises:
            StorageError: there is a run of this id already, or the database refuses.
        """
        with self._database.write() as connection:
            if RUNS.table.count(connection, "run_id = ?", (run.run_id,)):
                raise StorageError(f"there is a run {run.run_id} already: change it, or give the new one another id")
            RUNS.table.add(connection, [RUNS.row(run, deleted_at=deleted_at)])

    def knows(self, run_id: str) -> bool:
        """Whether there is such a run, deleted or not."""
        with self._database.read() as connection:
            return RUNS.table.count(connection, "run_id = ?", (run_id,)) > 0

    def get(self, run_id: str) -> Run:
        """Return one run, deleted or not; raises UserError where there is none."""
        return self.entry(run_id).run

    def entry(self, run_id: str) -> RunEntry:
        """Return one run with its whole summary."""
        with self._database.read() as connection:
            row = RUNS.table.row(connection, "WHERE run_id = ?", (run_id,))
            if row is None:
                raise no_such_run(run_id)
            found = RUNS.readable([row])
            if not found:
                raise StorageError(f"run {run_id} cannot be read: its row is damaged. Delete it on the Runs page")
            return RunEntry(found[0], summary_of(connection, row["run_key"]))

    def change(self, run_id: str, /, **fields: object) -> Run:
        """Change fields of a run by their names (title, notes, laps, trim_start_s ...); returns it as it is now."""
        unknown = set(fields) - set(RUNS.names) | set(fields) & _KEPT
        if unknown:
            raise StorageError(f"a run has no field {', '.join(sorted(unknown))} that can be changed")
        with self._database.write() as connection:
            if fields and not RUNS.table.change(connection, fields, "run_id = ?", (run_id,)):
                raise no_such_run(run_id)
        return self.get(run_id)

    def finish(self, run_id: str, state: RunState, summary: RunSummary, **fields: object) -> Run:
        """End a run: its state, length and distance follow from its summary, which is kept with it."""
        fields = {"duration_s": summary.duration_s, "distance_m": summary.distance_m, **fields, "state": state}
        with self._database.together():
            self.save_summary(run_id, summary)
            run = self.change(run_id, **fields)
            self.data.pack(run_id)
        return run

    def save_summary(self, run_id: str, summary: RunSummary) -> None:
        """Keep a run's summary, in the place of the one before, with what trends and records are read from.

        Raises:
            UserError: there is no such run.
        """
        with self._database.write() as connection:
            put_summaries(connection, {key_of(connection, run_id): summary})

    def summary(self, run_id: str) -> RunSummary | None:
        """Return a run's summary; None while it has none.

        Raises:
            UserError: there is no such run.
        """
        with self._database.read() as connection:
            return summary_of(connection, key_of(connection, run_id))

    def list(
        self,
        wanted: RunFilter | None = None,
        offset: int = 0,
        limit: int | None = 50,
        without: Sequence[str] = (),
    ) -> Sequence[RunEntry]:
        """Return runs newest first, one page of them; summaries come without findings, streams,
        parts and what is named."""
        names = [name for name in _LIGHT if name not in without]
        condition, given = _condition(wanted or RunFilter())
        newest_first = "ORDER BY runs.started_at DESC, runs.run_key DESC"
        # The page is chosen from an index alone, and only then are its rows read.
        page = f"SELECT run_key FROM runs WHERE {condition} {newest_first} LIMIT ? OFFSET ?"
        rest = f"JOIN ({page}) AS page ON page.run_key = runs.run_key {_WITH_SUMMARY} {newest_first}"
        with self._database.read() as connection:
            rows = list(_joined(connection, names, rest, (*given, -1 if limit is None else limit, offset)))
        try:
            return _entries(rows, names)
        except (ValueError, TypeError, KeyError):
            return [entry for row in rows for entry in _readable_entry(row, names)]

    def unreadable(self, wanted: RunFilter | None = None) -> Sequence[str]:
        """Return ids of runs that fit and cannot be read: `list` leaves them out."""
        condition, given = _condition(wanted or RunFilter())
        with self._database.read() as connection:
            rows = _joined(connection, _LIGHT, f"{_WITH_SUMMARY} WHERE {condition}", given)
            return [str(row[0]) for row in rows if not _readable_entry(row, _LIGHT)]

    def marks(self, metric: str, wanted: RunFilter | None = None) -> TrendMarks:
        """Return what trends of a measure need of each run, oldest first,
        from an index: quick for a hundred thousand. A damaged time or number hides its own run only."""
        moments = ", ".join(f"own.{name}" for name in MOMENTS)
        condition, given = _condition(wanted or RunFilter())
        # The time as kept, not as a datetime: a hundred thousand of those take a second.
        statement = (
            f"SELECT runs.run_id, runs.started_at, whole.speed_mps, {moments} FROM runs"
            " JOIN trend_points AS whole ON whole.run_key = runs.run_key AND whole.metric = ''"
            " LEFT JOIN trend_points AS own ON own.run_key = runs.run_key AND own.metric = ?"
            f" WHERE {condition} ORDER BY runs.started_at, runs.run_key"
        )
        with self._database.read() as connection:
            rows = connection.execute(statement, (metric, *given)).fetchall()
        return marks_of(rows)

    def bests(self) -> Sequence[PersonalBest]:
        """Return the longest run by distance and by time, and the shortest time of each usual distance."""
        condition, given = _condition(RunFilter())
        runs = f"{condition} AND {_IS_SOUND}"
        columns = [BESTS.columns["best_s"], RUNS.table.columns["run_id"], RUNS.table.columns["started_at"]]
        found: list[PersonalBest] = []
        with self._database.read() as connection:
            for kind, name in (("distance", "distance_m"), ("duration", "duration_s")):
                statement = f"SELECT {name}, run_id, started_at FROM runs WHERE {runs} AND {name} > 0"
                rows = connection.execute(f"{statement} ORDER BY {name} DESC, started_at LIMIT 1", given)
                found += [PersonalBest(kind, *row) for row in read_rows(rows, columns)]
            distances = connection.execute("SELECT DISTINCT distance_m FROM run_bests ORDER BY distance_m").fetchall()
            for (distance_m,) in distances:
                statement = "SELECT best_s, run_id, started_at FROM runs JOIN run_bests USING (run_key)"
                where = f"WHERE {runs} AND run_bests.distance_m = ? ORDER BY best_s LIMIT 1"
                rows = connection.execute(f"{statement} {where}", (*given, distance_m))
                found += [PersonalBest(str(distance_m), *row) for row in read_rows(rows, columns)]
        return found

    def days(self, since: datetime, until: datetime) -> Sequence[RunDay]:
        """Start, distance and duration of every run between two moments, oldest first."""
        condition, given = _condition(RunFilter(since=since, until=until))
        rest = f"WHERE {condition} AND {_IS_SOUND} ORDER BY started_at, run_key"
        names = ("run_id", "started_at", "distance_m", "duration_s")
        with self._database.read() as connection:
            return [RunDay(*row) for row in RUNS.table.values(connection, names, rest, given)]

    def count(self, wanted: RunFilter | None = None) -> int:
        """Return how many runs the filter lets through, by default all that are not deleted."""
        with self._database.read() as connection:
            return RUNS.table.count(connection, *_condition(wanted or RunFilter()))

    def unfinished(self) -> Sequence[Run]:
        """Return runs that were never ended: going on now, or cut off."""
        states = (RunState.RECORDING, RunState.PAUSED)
        with self._database.read() as connection:
            rest = f"WHERE state IN {marks(states)} AND deleted_at IS NULL"
            return RUNS.readable(RUNS.table.rows(connection, rest, states))

    def hidden_without_summary(self) -> Sequence[str]:
        """Return ids of deleted runs that were never summed up."""
        rest = "deleted_at IS NOT NULL AND run_key NOT IN (SELECT run_key FROM run_summaries)"
        with self._database.read() as connection:
            return [str(run_id) for (run_id,) in connection.execute(f"SELECT run_id FROM runs WHERE {rest}")]

    def names(self) -> frozenset[str]:
        """Return ids of all runs and names of their raw logs, those of deleted runs included."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT run_id, recording FROM runs").fetchall()
        return frozenset(name for row in rows for name in row if name)

    def is_deleted(self, run_id: str) -> bool:
        """Whether a run is hidden or was never there."""
        with self._database.read() as connection:
            return RUNS.table.count(connection, "run_id = ? AND deleted_at IS NULL", (run_id,)) == 0

    def delete(self, run_id: str, at: datetime) -> None:
        """Hide a run; `restore` brings it back until it is purged."""
        self._mark(run_id, at)

    def exchange(self, hidden: Collection[str], shown: Collection[str], at: datetime) -> None:
        """Hide some runs and bring others back, all at once or not at all."""
        with self._database.write() as connection:
            for run_ids, deleted_at in ((hidden, at), (shown, None)):
                RUNS.table.change(connection, {"deleted_at": deleted_at}, f"run_id IN {marks(run_ids)}", tuple(run_ids))

    def discard(self, run_id: str) -> None:
        """Take back a run that was only just made, with all that was kept of it; nothing where there is none."""
        with self._database.write() as connection:
            RUNS.table.remove(connection, "run_id = ?", (run_id,))

    def restore(self, run_id: str) -> None:
        """Bring a deleted run back; do nothing where it was not deleted.

        Raises:
            UserError: there is no such run.
        """
        self._mark(run_id, None)

    def deleted_before(self, before: datetime) -> Sequence[tuple[str, str | None]]:
        """Return (id, recording) of the runs that `purge` will forget: their files go first,
        and again if that was cut off."""
        with self._database.read() as connection:
            rows = connection.execute(f"SELECT run_id, recording FROM runs WHERE {_DELETED_BEFORE}", (before,))
            return [(str(run_id), recording) for run_id, recording in rows]

    def recordings_kept(self, before: datetime) -> frozenset[str]:
        """Return recordings of the runs that `purge` leaves."""
        with self._database.read() as connection:
            stay = f"SELECT recording FROM runs WHERE recording IS NOT NULL AND NOT {_DELETED_BEFORE}"
            return frozenset(recording for (recording,) in connection.execute(stay, (before,)))

    def purge(self, before: datetime) -> None:
        """Forget for good what was deleted before a moment."""
        with self._database.write() as connection:
            RUNS.table.remove(connection, _DELETED_BEFORE, (before,))

    def distance_by_shoes(self) -> dict[str, float]:
        """Return metres run in each pair of shoes."""
        statement = (
            "SELECT shoes, sum(distance_m) FROM runs"
            " WHERE deleted_at IS NULL AND distance_m IS NOT NULL AND sport = ? GROUP BY shoes"
        )
        with self._database.read() as connection:
            rows = connection.execute(statement, (Sport.RUNNING,))
            return {name: float(distance) for name, distance in rows if isinstance(name, str)}

    def main_place(self, since: datetime | None = None) -> RunPlace:
        """Return the place of most runs; the first of `RunPlace` where there are none."""
        return max(RunPlace, key=lambda place: self.count(RunFilter(since=since, place=place)))

    def count_by_shoes(self) -> dict[str, int]:
        """Return the number of runs in each pair of shoes."""
        statement = "SELECT shoes, count(*) FROM runs WHERE deleted_at IS NULL AND sport = ? GROUP BY shoes"
        with self._database.read() as connection:
            return {
                name: int(n) for name, n in connection.execute(statement, (Sport.RUNNING,)) if isinstance(name, str)
            }

    def _mark(self, run_id: str, deleted_at: datetime | None) -> None:
        with self._database.write() as connection:
            if not RUNS.table.change(connection, {"deleted_at": deleted_at}, "run_id = ?", (run_id,)):
                raise no_such_run(run_id)


def put_summaries(connection: Connection, summaries: Mapping[int, RunSummary]) -> None:
    """Keep summaries by the numbers of their runs, and what trends and records ask of them where they find it."""
    SUMMARIES.table.put(connection, [SUMMARIES.row(summary, run_key=key) for key, summary in summaries.items()])
    index_summaries(connection, summaries)


def index_summaries(connection: Connection, summaries: Mapping[int, RunSummary]) -> None:
    """Keep what trends and records ask of summaries where they find it."""
    points, bests = [], []
    for key, summary in summaries.items():
        points.append({"metric": "", "run_key": key, **dict.fromkeys(MOMENTS), "speed_mps": summary.speed_mps})
        points += [
            {"metric": metric, "run_key": key, **{name: moments.get(name) for name in MOMENTS}}
            for metric, moments in summary.by_speed.items()
            if metric
        ]
        bests += [
            {"distance_m": int(metres), "best_s": seconds, "run_key": key}
            for metres, seconds in summary.best_s.items()
            if metres.isdigit() and seconds is not None
        ]
    for table, rows in ((POINTS, points), (BESTS, bests)):
        table.remove(connection, f"run_key IN {marks(summaries)}", tuple(summaries))
        table.add(connection, rows)


def _joined(
    connection: Connection, names: Sequence[str], rest: str, given: Sequence[object]
) -> Iterator[Sequence[object]]:
    """Yield rows of runs, each followed by the number of its summary and fields of that. rest: from JOIN on."""
    of_run = ", ".join(f'runs."{name}"' for name in RUNS.names)
    of_summary = ", ".join(f'run_summaries."{name}"' for name in ("run_key", *names))
    columns = [RUNS.table.columns[name] for name in RUNS.names]
    columns += [SUMMARIES.table.columns[name] for name in ("run_key", *names)]
    return read_rows(connection.execute(f"SELECT {of_run}, {of_summary} FROM runs {rest}", given), columns)


def _entries(rows: Sequence[Sequence[object]], names: Sequence[str]) -> list[RunEntry]:
    """Return runs with their summaries, whose columns are `names`; raises where a single row cannot be read."""
    n = len(RUNS.names)
    RUNS.check_scalars((row[:n] for row in rows), RUNS.names)
    runs = RUNS.nouns(row[:n] for row in rows)
    reported = [row[n + 1 :] for row in rows if row[n] is not None]
    SUMMARIES.check_scalars(reported, names)
    summaries = iter(SUMMARIES.nouns(reported, names))
    return [RunEntry(run, None if row[n] is None else next(summaries)) for run, row in zip(runs, rows, strict=True)]


def _readable_entry(row: Sequence[object], names: Sequence[str]) -> list[RunEntry]:
    try:
        return _entries([row], names)
    except (ValueError, TypeError, KeyError) as error:
        _log.warning("run %r cannot be read and is left out: %s", str(row[0])[:60], error)
        return []


def summary_of(connection: Connection, run_key: int) -> RunSummary | None:
    """Return the summary of a run by its key, within the caller's transaction; None while it has none that can be
    read: recomputing makes it again."""
    row = SUMMARIES.table.row(connection, "WHERE run_key = ?", (run_key,))
    return None if row is None else next(iter(SUMMARIES.readable([row])), None)


def _condition(wanted: RunFilter) -> Condition:
    same = {f"runs.{name} = ?": getattr(wanted, name) for name in _SAME}
    asked: dict[str, object] = {
        "runs.started_at >= ?": wanted.since,
        "runs.started_at < ?": wanted.until,
        **same,
        "json_extract(runs.plan, '$.focus') = ?": wanted.focus,
        "runs.distance_m >= ?": wanted.min_distance_m,
    }
    asked = {part: value for part, value in asked.items() if value is not None}
    parts = [f"runs.deleted_at IS {'NOT NULL' if wanted.is_deleted else 'NULL'}", *asked]
    given = [*asked.values()]
    if wanted.words:
        parts.append("(instr(lower(runs.title), lower(?)) OR instr(lower(runs.notes), lower(?)))")
        given += [wanted.words, wanted.words]
    return " AND ".join(parts), tuple(given)
