"""A runner withdraws: the door closes at once, and after a time of grace everything is deleted, by itself.

Deleted are the runner's key, the folder with database and recordings, the encrypted copies, every row of the index and
its traces in the tables' files. A tombstone with the pseudonym stays, since later exports must name whom they lost. The
report says what was deleted and, as plainly, what this program cannot reach.
"""

import json
import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from coach.errors import CoachError, StorageError, UserError
from coach.model.frozen import dataclass
from coach.roster import index
from coach.roster.audit import note
from coach.roster.database import Roster
from coach.service.clinic_host.folders import Folders
from coach.service.clinic_host.vault import Vault
from coach.service.whole_files import write_whole
from coach.wall_clock import utc_now

_log: Final = logging.getLogger(__name__)
GRACE: Final = timedelta(days=7)  # a slip of the finger, or another's hand on the phone; chosen by judgement
_TRACES_FOR: Final = timedelta(days=1)  # no question to the database lasts so long
BEYOND_REACH: Final = (
    "the audit, which is only appended to: it keeps the runner's random id with times and who did what, and neither "
    "pseudonym nor answers nor numbers",
    "the database's write-ahead log, until PostgreSQL writes over it, and dumps or backups of the database made "
    "before: they hold pseudonym, consent and numbers of runs; delete them when their time is over",
    "copies of the runner's folder, or of the clinic's keys, made by other programs: delete them; copies of the object "
    "store can be read no more without the key",
    "what was exported to researchers before: the next export names the pseudonym in withdrawn.tsv",
    "means and figures that were published",
    "blocks that a solid-state drive has not yet written over",
)


@dataclass(frozen=True, slots=True)
class DeletionReport:
    """What became of one runner's data. failures: what should have been deleted and could not be."""

    pseudonym: str
    deleted_at: str
    n_files: int
    n_objects: int
    is_key_destroyed: bool
    failures: tuple[str, ...]
    beyond_reach: tuple[str, ...] = BEYOND_REACH


class Withdrawals:
    """reports: folder of deletion reports. objects: folder of encrypted copies; None: there are none."""

    def __init__(
        self,
        roster: Roster,
        folders: Folders,
        vault: Vault,
        objects: Path | None,
        reports: Path,
        clock: Callable[[], datetime],
    ) -> None:
        self._roster = roster
        self._folders = folders
        self._vault = vault
        self._objects = objects
        self._reports = reports
        self._clock = clock

    def begin(self, runner_id: str, is_deleting: bool = True, grace: timedelta = GRACE) -> str:
        """Close the door to the runner's coach and to everybody who cared; gives what will be done, in words."""
        with self._roster.transaction(runner_id=runner_id) as connection:
            index.withdraw(connection, runner_id, grace if is_deleting else None)
            note(connection, "withdraw", runner_id, "delete" if is_deleting else "keep")
        if not is_deleting:
            return "The clinic takes no more from this coach and shows nothing of you. What it has stays until you ask."
        return f"The clinic shows nothing of you any more, and deletes what it has in {grace.days} days."

    def begin_for(self, pseudonym: str, grace: timedelta = GRACE) -> str:
        """Begin as `begin`, for a runner who asks by other means than their own coach.

        Raises:
            UserError: there is nobody of this pseudonym.
        """
        with self._roster.transaction() as connection:
            known = index.runner_ids(connection, has_withdrawn=True)
        for runner_id in known:
            with self._roster.transaction(runner_id=runner_id) as connection:
                found = index.runners(connection, runner_id)
            if found and found[0].pseudonym == pseudonym:
                return self.begin(runner_id, grace=grace)
        raise UserError(f"there is no runner {pseudonym}, or nothing of them is left")

    def carry_out(self) -> Sequence[DeletionReport]:
        """Delete whatever is due. What fails is tried again the next time.

        Tables' files are written afresh each time for a day, since rows that somebody was still reading at the moment
        of a deletion are kept for them (PostgreSQL's visibility rules), and go only afterwards.
        """
        with self._roster.transaction() as connection:
            due = index.due_deletions(connection)
            since = utc_now() - _TRACES_FOR
            is_recent = any(deleted_at > since for _, deleted_at in index.tombstones(connection))
        done = [self._delete(runner_id) for runner_id in due]
        if done or is_recent:
            with self._roster.transaction() as connection:
                connection.execute("select rewrite_tables()")
        return done

    def _delete(self, runner_id: str) -> DeletionReport:
        failures: list[str] = []
        is_destroyed = self._attempt(failures, "the runner's key", lambda: self._vault.destroy(runner_id))
        n_files = self._attempt(failures, "the runner's folder", lambda: self._folders.remove(runner_id))
        n_objects = self._attempt(failures, "the encrypted copies", lambda: self._remove_objects(runner_id))
        pseudonym = ""
        if not failures:  # rows last: they are what knows that something is still to be deleted
            with self._roster.transaction(runner_id=runner_id) as connection:
                pseudonym = index.bury(connection, runner_id)
                note(connection, "delete", runner_id)
        report = DeletionReport(
            pseudonym,
            self._clock().isoformat(timespec="seconds"),
            int(n_files or 0),
            int(n_objects or 0),
            bool(is_destroyed),
            tuple(failures),
        )
        self._keep(report, runner_id)
        return report

    def _remove_objects(self, runner_id: str) -> int:
        folder = None if self._objects is None else self._objects / runner_id
        if folder is None or not folder.is_dir():
            return 0
        n_objects = sum(1 for path in folder.rglob("*") if path.is_file())
        shutil.rmtree(folder)
        return n_objects

    def _keep(self, report: DeletionReport, runner_id: str) -> None:
        """Write the report; its name is the pseudonym, or the folder's where the rows are still here."""
        path = self._reports / f"deleted-{report.pseudonym or runner_id}.json"
        try:
            write_whole(path, json.dumps(asdict(report), indent=1).encode())
            if report.pseudonym:
                (self._reports / f"deleted-{runner_id}.json").unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"the report {path} cannot be written: {error.strerror}. Free some space") from error

    @staticmethod
    def _attempt(failures: list[str], what: str, work: Callable[[], int | bool]) -> int | bool | None:
        try:
            return work()
        except (CoachError, OSError) as error:
            _log.warning("%s could not be deleted: %s", what, error)
            failures.append(f"{what} ({error}): it is tried again each hour")
            return None
