"""Keep what the coach remembers of each run: documents, oldest first.

Deleted runs are left out, and activities that were no run.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select

from coach.model.runs import RunPlace, Sport
from coach.storage.coaching_tables import COACHED_RUNS
from coach.storage.database import Database
from coach.storage.rows import put
from coach.storage.run_tables import RUNS


class CoachedRuns:
    """One document per run, replaced when a run is summed up again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, run_id: str, at: datetime, document: object) -> None:
        """Keep what a run left behind. at: its start, aware UTC."""
        with self._database.write() as connection:
            put(connection, COACHED_RUNS, [{"run_id": run_id, "at": at, "document": document}])

    def list(self) -> Sequence[Mapping[str, object]]:
        """Return all documents of runs that are there, not deleted, and were runs."""
        runs = RUNS.table.c
        kept = select(runs.run_id).where(runs.deleted_at.is_(None), runs.sport == Sport.RUNNING)
        columns = COACHED_RUNS.c
        statement = select(columns.document).where(columns.run_id.in_(kept)).order_by(columns.at)
        with self._database.read() as connection:
            return list(connection.execute(statement).scalars())

    def conditions(self) -> Mapping[str, tuple[RunPlace, str]]:
        """Return place and shoes of every coached run, by its id, as its run has them now."""
        runs = RUNS.table.c
        statement = select(runs.run_id, runs.place, runs.shoes).join(COACHED_RUNS, COACHED_RUNS.c.run_id == runs.run_id)
        with self._database.read() as connection:
            known = {str(place) for place in RunPlace}  # of a damaged row nothing is known
            rows = connection.execute(statement).all()
        return {run_id: (RunPlace(place), shoes) for run_id, place, shoes in rows if place in known}

    def get(self, run_id: str) -> Mapping[str, object] | None:
        """Return one run's document; None where the run was not coached."""
        statement = select(COACHED_RUNS.c.document).where(COACHED_RUNS.c.run_id == run_id)
        with self._database.read() as connection:
            found: Mapping[str, object] | None = connection.execute(statement).scalar()
            return found

    def forget(self, run_id: str) -> None:
        """Delete the document of a run; do nothing where there is none."""
        with self._database.write() as connection:
            connection.execute(delete(COACHED_RUNS).where(COACHED_RUNS.c.run_id == run_id))
