"""Keep runs: make, list, change, delete them and bring them back."""

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    and_,
    bindparam,
    cast,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from coach.errors import StorageError
from coach.model.history import PersonalBest, RunDay, TrendMarks
from coach.model.runs import Run, RunEntry, RunFilter, RunPlace, RunState, RunSummary, Sport
from coach.storage.database import Database
from coach.storage.rows import put
from coach.storage.run_data import RunData, key_of, no_such_run
from coach.storage.run_tables import BESTS, MOMENTS, POINTS, RUNS, SUMMARIES
from coach.storage.trend_marks import marks_of

_log: Final = logging.getLogger(__name__)
_RUN: Final = RUNS.table.c
_SUMMARY: Final = SUMMARIES.table.c
_HEAVY: Final = ("findings", "streams", "splits", "mile_splits", "lap_splits", "average_strides")  # left out of lists
_LIGHT: Final = tuple(SUMMARIES.columns(without=_HEAVY))
# SQLite keeps any text: a damaged time is none of a time, and a damaged number is above any number.
_IS_SOUND: Final = and_(
    func.julianday(_RUN.started_at).is_not(None),
    *(func.typeof(column).in_(("real", "integer", "null")) for column in (_RUN.distance_m, _RUN.duration_s)),
)
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
            if connection.scalar(select(_RUN.run_key).where(_RUN.run_id == run.run_id)) is not None:
                raise StorageError(f"there is a run {run.run_id} already: change it, or give the new one another id")
            connection.execute(RUNS.table.insert(), RUNS.row(run, deleted_at=deleted_at))

    def knows(self, run_id: str) -> bool:
        """Whether there is such a run, deleted or not."""
        with self._database.read() as connection:
            return connection.scalar(select(_RUN.run_key).where(_RUN.run_id == run_id)) is not None

    def get(self, run_id: str) -> Run:
        """Return one run, deleted or not; raises UserError where there is none."""
        return self.entry(run_id).run

    def entry(self, run_id: str) -> RunEntry:
        """Return one run with its whole summary."""
        with self._database.read() as connection:
            row = connection.execute(RUNS.table.select().where(_RUN.run_id == run_id)).mappings().first()
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
            statement = update(RUNS.table).where(_RUN.run_id == run_id).values(**fields)
            if fields and connection.execute(statement).rowcount == 0:
                raise no_such_run(run_id)
        return self.get(run_id)

    def finish(self, run_id: str, state: RunState, summary: RunSummary, **fields: object) -> Run:
        """End a run: its state, length and distance follow from its summary, which is kept with it."""
        fields = {"duration_s": summary.duration_s, "distance_m": summary.distance_m, **fields, "state": state}
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
        light = [column for column in _LIGHT if column.name not in without]
        # The page is chosen from an index alone, and only then are its rows read.
        page = (
            select(_RUN.run_key)
            .where(_condition(wanted or RunFilter()))
            .order_by(_RUN.started_at.desc(), _RUN.run_key.desc())
            .offset(offset)
            .limit(limit)
            .subquery()
        )
        statement = (
            select(*RUNS.columns(), _SUMMARY.run_key.label("summary_key"), *(c.label(f"s_{c.name}") for c in light))
            .join(page, page.c.run_key == _RUN.run_key)
            .outerjoin(SUMMARIES.table, _SUMMARY.run_key == _RUN.run_key)
            .order_by(_RUN.started_at.desc(), _RUN.run_key.desc())
        )
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        names = [column.name for column in light]
        try:
            return _entries(rows, names)
        except (ValueError, TypeError, KeyError):
            return [entry for row in rows for entry in _readable_entry(row, names)]

    def unreadable(self, wanted: RunFilter | None = None) -> Sequence[str]:
        """Return ids of runs that fit and cannot be read: `list` leaves them out."""
        statement = (
            select(*RUNS.columns(), _SUMMARY.run_key.label("summary_key"), *(c.label(f"s_{c.name}") for c in _LIGHT))
            .outerjoin(SUMMARIES.table, _SUMMARY.run_key == _RUN.run_key)
            .where(_condition(wanted or RunFilter()))
        )
        names = [column.name for column in _LIGHT]
        with self._database.read() as connection:
            return [str(row[0]) for row in connection.execute(statement) if not _readable_entry(row, names)]

    def marks(self, metric: str, wanted: RunFilter | None = None) -> TrendMarks:
        """Return what trends of a measure need of each run, oldest first,
        from an index: quick for a hundred thousand. A damaged time or number hides its own run only."""
        whole, own = POINTS.alias("whole"), POINTS.alias("own")
        moments = [own.c[name] for name in MOMENTS]
        statement = (
            # The time as kept, not as a datetime: a hundred thousand of those take a second.
            select(_RUN.run_id, cast(_RUN.started_at, String), whole.c.speed_mps, *moments)
            .join(whole, and_(whole.c.run_key == _RUN.run_key, whole.c.metric == ""))
            .outerjoin(own, and_(own.c.run_key == _RUN.run_key, own.c.metric == metric))
            .where(_condition(wanted or RunFilter()))
            .order_by(_RUN.started_at, _RUN.run_key)
        )
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        return marks_of(rows)

    def bests(self) -> Sequence[PersonalBest]:
        """Return the longest run by distance and by time, and the shortest time of each usual distance."""
        runs = and_(_condition(RunFilter()), _IS_SOUND)
        found: list[PersonalBest] = []
        with self._database.read() as connection:
            for kind, column in (("distance", _RUN.distance_m), ("duration", _RUN.duration_s)):
                statement = select(column, _RUN.run_id, _RUN.started_at).where(runs, column > 0)
                row = connection.execute(statement.order_by(column.desc(), _RUN.started_at).limit(1)).first()
                found += [PersonalBest(kind, *row)] if row else []
            for distance_m in connection.scalars(
                select(BESTS.c.distance_m).distinct().order_by(BESTS.c.distance_m)
            ).all():
                statement = (
                    select(BESTS.c.best_s, _RUN.run_id, _RUN.started_at)
                    .join(BESTS, BESTS.c.run_key == _RUN.run_key)
                    .where(runs, BESTS.c.distance_m == distance_m)
                    .order_by(BESTS.c.best_s)
                    .limit(1)
                )
                row = connection.execute(statement).first()
                found += [PersonalBest(str(distance_m), *row)] if row else []
        return found

    def days(self, since: datetime, until: datetime) -> Sequence[RunDay]:
        """Start, distance and duration of every run between two moments, oldest first."""
        statement = (
            select(_RUN.run_id, _RUN.started_at, _RUN.distance_m, _RUN.duration_s)
            .where(_condition(RunFilter(since=since, until=until)), _IS_SOUND)
            .order_by(_RUN.started_at, _RUN.run_key)
        )
        with self._database.read() as connection:
            return [RunDay(*row) for row in connection.execute(statement)]

    def count(self, wanted: RunFilter | None = None) -> int:
        """Return how many runs the filter lets through, by default all that are not deleted."""
        with self._database.read() as connection:
            statement = select(func.count()).select_from(RUNS.table).where(_condition(wanted or RunFilter()))
            return connection.scalar(statement) or 0

    def unfinished(self) -> Sequence[Run]:
        """Return runs that were never ended: going on now, or cut off."""
        states = (RunState.RECORDING, RunState.PAUSED)
        with self._database.read() as connection:
            rows = connection.execute(RUNS.table.select().where(_RUN.state.in_(states), _RUN.deleted_at.is_(None)))
            return RUNS.readable(rows.mappings())

    def hidden_without_summary(self) -> Sequence[str]:
        """Return ids of deleted runs that were never summed up."""
        joined = RUNS.table.outerjoin(SUMMARIES.table, _SUMMARY.run_key == _RUN.run_key)
        statement = (
            select(_RUN.run_id).select_from(joined).where(_RUN.deleted_at.is_not(None), _SUMMARY.run_key.is_(None))
        )
        with self._database.read() as connection:
            return [str(run_id) for run_id in connection.scalars(statement)]

    def names(self) -> frozenset[str]:
        """Return ids of all runs and names of their raw logs, those of deleted runs included."""
        with self._database.read() as connection:
            rows = connection.execute(select(_RUN.run_id, _RUN.recording)).all()
        return frozenset(name for row in rows for name in row if name)

    def is_deleted(self, run_id: str) -> bool:
        """Whether a run is hidden or was never there."""
        with self._database.read() as connection:
            kept = select(_RUN.run_id).where(_RUN.run_id == run_id, _RUN.deleted_at.is_(None))
            return connection.execute(kept).first() is None

    def delete(self, run_id: str, at: datetime) -> None:
        """Hide a run; `restore` brings it back until it is purged."""
        self._mark(run_id, at)

    def exchange(self, hidden: Collection[str], shown: Collection[str], at: datetime) -> None:
        """Hide some runs and bring others back, all at once or not at all."""
        with self._database.write() as connection:
            for run_ids, deleted_at in ((hidden, at), (shown, None)):
                statement = update(RUNS.table).where(_RUN.run_id.in_(run_ids)).values(deleted_at=deleted_at)
                connection.execute(statement)

    def discard(self, run_id: str) -> None:
        """Take back a run that was only just made, with all that was kept of it; nothing where there is none."""
        with self._database.write() as connection:
            connection.execute(delete(RUNS.table).where(_RUN.run_id == run_id))

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
            rows = connection.execute(select(_RUN.run_id, _RUN.recording).where(_deleted_before(before)))
            return [(str(run_id), recording) for run_id, recording in rows]

    def recordings_kept(self, before: datetime) -> frozenset[str]:
        """Return recordings of the runs that `purge` leaves."""
        with self._database.read() as connection:
            stay = select(_RUN.recording).where(_RUN.recording.is_not(None), _deleted_before(before).is_not(True))
            return frozenset(connection.execute(stay).scalars())

    def purge(self, before: datetime) -> None:
        """Forget for good what was deleted before a moment."""
        with self._database.write() as connection:
            connection.execute(delete(RUNS.table).where(_deleted_before(before)))

    def distance_by_shoes(self) -> dict[str, float]:
        """Return metres run in each pair of shoes."""
        statement = (
            select(_RUN.shoes, func.sum(_RUN.distance_m))
            .where(_RUN.deleted_at.is_(None), _RUN.distance_m.is_not(None), _RUN.sport == Sport.RUNNING)
            .group_by(_RUN.shoes)
        )
        with self._database.read() as connection:
            return {name: float(distance) for name, distance in connection.execute(statement) if isinstance(name, str)}

    def main_place(self, since: datetime | None = None) -> RunPlace:
        """Return the place of most runs; the first of `RunPlace` where there are none."""
        return max(RunPlace, key=lambda place: self.count(RunFilter(since=since, place=place)))

    def count_by_shoes(self) -> dict[str, int]:
        """Return the number of runs in each pair of shoes."""
        statement = (
            select(_RUN.shoes, func.count())
            .where(_RUN.deleted_at.is_(None), _RUN.sport == Sport.RUNNING)
            .group_by(_RUN.shoes)
        )
        with self._database.read() as connection:
            return {name: int(n) for name, n in connection.execute(statement) if isinstance(name, str)}

    def _mark(self, run_id: str, deleted_at: datetime | None) -> None:
        with self._database.write() as connection:
            statement = update(RUNS.table).where(_RUN.run_id == run_id).values(deleted_at=deleted_at)
            if connection.execute(statement).rowcount == 0:
                raise no_such_run(run_id)


def put_summaries(connection: Connection, summaries: Mapping[int, RunSummary]) -> None:
    """Keep summaries by the numbers of their runs, and what trends and records ask of them where they find it."""
    put(connection, SUMMARIES.table, [SUMMARIES.row(summary, run_key=key) for key, summary in summaries.items()])
    index_summaries(connection, summaries)


def index_summaries(connection: Connection, summaries: Mapping[int, RunSummary]) -> None:
    """Keep what trends and records ask of summaries where they find it."""
    keys = [{"key": key} for key in summaries]
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
        if keys:
            connection.execute(delete(table).where(table.c.run_key == bindparam("key")), keys)
        if rows:
            connection.execute(insert(table), rows)


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
    row = connection.execute(SUMMARIES.table.select().where(_SUMMARY.run_key == run_key)).mappings().first()
    return None if row is None else next(iter(SUMMARIES.readable([row])), None)


def _deleted_before(before: datetime) -> ColumnElement[bool]:
    return and_(_RUN.deleted_at.is_not(None), _RUN.deleted_at < before)


def _condition(wanted: RunFilter) -> ColumnElement[bool]:
    is_deleted = _RUN.deleted_at.is_not(None) if wanted.is_deleted else _RUN.deleted_at.is_(None)
    parts: list[ColumnElement[bool]] = [is_deleted]
    if wanted.since is not None:
        parts.append(_RUN.started_at >= wanted.since)
    if wanted.until is not None:
        parts.append(_RUN.started_at < wanted.until)
    same = {name: getattr(wanted, name) for name in ("place", "shoes", "source", "sport")}
    parts += [_RUN[name] == value for name, value in same.items() if value is not None]
    if wanted.focus is not None:
        parts.append(func.json_extract(_RUN.plan, "$.focus") == wanted.focus)
    if wanted.min_distance_m is not None:
        parts.append(_RUN.distance_m >= wanted.min_distance_m)
    if wanted.words:
        parts.append(or_(*(c.icontains(wanted.words, autoescape=True) for c in (_RUN.title, _RUN.notes))))
    return and_(*parts)
