"""Keep what became of each imported file, so that an import that was cut off goes on where it stopped."""

from coach.model.history import KeptImport
from coach.model.runs import Run
from coach.storage.base import marks
from coach.storage.database import Database
from coach.storage.import_tables import IMPORTS
from coach.storage.run_tables import RUNS


class KeptImports:
    """Outcomes of files by their marks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, mark: str) -> KeptImport | None:
        """Return what became of the file with this mark (`KeptImport.mark`); None where it was not seen before."""
        with self._database.read() as connection:
            row = IMPORTS.table.row(connection, "WHERE mark = ?", (mark,))
            return None if row is None else IMPORTS.noun(row)

    def put(self, kept: KeptImport) -> None:
        """Keep the outcome of a file, in the place of an earlier one with the same mark."""
        with self._database.write() as connection:
            IMPORTS.table.put(connection, [IMPORTS.row(kept)])

    def runs(self, run_ids: tuple[str, ...]) -> tuple[Run, ...]:
        """Return those of these runs that there are, deleted ones left out."""
        rest = f"WHERE run_id IN {marks(run_ids)} AND deleted_at IS NULL"
        with self._database.read() as connection:
            return tuple(RUNS.readable(RUNS.table.rows(connection, rest, run_ids)))
