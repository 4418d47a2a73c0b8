"""Keep what the coach remembers of each run: documents, oldest first.

Deleted runs are left out, and activities that were no run.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from coach.model.runs import RunPlace, Sport
from coach.storage.coaching_tables import COACHED_RUNS
from coach.storage.database import Database


class CoachedRuns:
    """One document per run, replaced when a run is summed up again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, run_id: str, at: datetime, document: object) -> None:
        """Keep what a run left behind. at: its start, aware UTC."""
        with self._database.write() as connection:
            COACHED_RUNS.put(connection, [{"run_id": run_id, "at": at, "document": document}])

    def list(self) -> Sequence[Mapping[str, object]]:
        """Return all documents of runs that are there, not deleted, and were runs."""
        kept = "SELECT run_id FROM runs WHERE deleted_at IS NULL AND sport = ?"
        rest = f"WHERE run_id IN ({kept}) ORDER BY at"
        with self._database.read() as connection:
            return [document for (document,) in COACHED_RUNS.values(connection, ("document",), rest, (Sport.RUNNING,))]

    def conditions(self) -> Mapping[str, tuple[RunPlace, str]]:
        """Return place and shoes of every coached run, by its id, as its run has them now."""
        statement = "SELECT run_id, place, shoes FROM runs WHERE run_id IN (SELECT run_id FROM coached_runs)"
        known = {str(place) for place in RunPlace}  # of a damaged row nothing is known
        with self._database.read() as connection:
            rows = connection.execute(statement)
            return {run_id: (RunPlace(place), shoes) for run_id, place, shoes in rows if place in known}

    def get(self, run_id: str) -> Mapping[str, object] | None:
        """Return one run's document; None where the run was not coached."""
        with self._database.read() as connection:
            row = COACHED_RUNS.row(connection, "WHERE run_id = ?", (run_id,))
        return None if row is None else row["document"]

    def forget(self, run_id: str) -> None:
        """Delete the document of a run; do nothing where there is none."""
        with self._database.write() as connection:
            COACHED_RUNS.remove(connection, "run_id = ?", (run_id,))
