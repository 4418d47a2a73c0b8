"""What the clinic does by itself each night, or a keeper by hand: the index made again, copies, restoring, export."""

import logging
import shutil
import tempfile
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

from coach.errors import CoachError, StorageError, UserError
from coach.roster import index
from coach.roster.audit import note
from coach.roster.database import Connection, Roster
from coach.seal.manifest import Scope
from coach.service.clinic_host.folders import Folders
from coach.service.clinic_host.vault import Vault
from coach.storage.store import Store

_log: Final = logging.getLogger(__name__)
_PACKED: Final = "folder.tar.sealed"


class Housekeeping:
    """objects: folder of encrypted copies; None: there are none. Thread-safe."""

    def __init__(
        self,
        roster: Roster,
        folders: Folders,
        vault: Vault,
        objects: Path | None,
        clock: Callable[[], datetime],
    ) -> None:
        self.roster = roster
        self.folders = folders
        self.vault = vault
        self._objects = objects
        self._clock = clock

    def reindex(self, runner_ids: Iterable[str] | None = None) -> tuple[int, list[str]]:
        """Make the index again from the folders; gives how many runners, and those whose folder cannot be read."""
        failed: list[str] = []
        with self.roster.transaction() as connection:
            wanted = list(runner_ids) if runner_ids is not None else index.runner_ids(connection)
        for runner_id in wanted:
            try:
                with (
                    self.folders.opened(runner_id) as store,
                    self.roster.transaction(runner_id=runner_id) as connection,
                ):
                    self.judge(connection, store, runner_id)
            except CoachError as error:
                _log.warning("runner %s cannot be judged: %s", runner_id, error)
                failed.append(runner_id)
        return len(wanted) - len(failed), failed

    def export(self, folder: Path) -> tuple[int, int]:
        """Write sealed runs of those who consent to research and raw logs; gives how many, and how many withdrew.

        What an earlier export wrote there of runners who have withdrawn since is deleted.

        Raises:
            StorageError: the folder cannot be written.
        """
        with self.roster.transaction() as connection:
            known, gone = index.runner_ids(connection), index.tombstones(connection)
        n_runs, wanted = 0, set[Path]()
        try:
            for runner_id in known:
                with self.roster.transaction(runner_id=runner_id) as connection:
                    (runner,) = index.runners(connection, runner_id)
                    scopes = index.consent_of(connection, runner_id)
                    if {Scope.RESEARCH, Scope.RAW_LOGS} <= scopes:
                        note(connection, "export", runner_id)
                if {Scope.RESEARCH, Scope.RAW_LOGS} <= scopes:
                    wanted.add(folder / runner.pseudonym)
                    with self.folders.opened(runner_id) as store:
                        n_runs += self.folders.export(store, folder / runner.pseudonym)
            for path in folder.glob("sub-*"):
                if path.is_dir() and path not in wanted:  # withdrawn, or no longer for research
                    shutil.rmtree(path)
            folder.mkdir(parents=True, exist_ok=True)
            rows = "".join(f"{pseudonym}\t{at:%Y-%m-%d}\n" for pseudonym, at in gone)
            (folder / "withdrawn.tsv").write_text(f"participant_id\twithdrawn\n{rows}", "utf-8")
        except OSError as error:
            raise StorageError(f"the export cannot be written ({error}): choose another folder") from error
        return n_runs, len(gone)

    def copy_away(self) -> tuple[int, list[str]]:
        """Copy each runner's database, manifests, and recordings without a copy, encrypted with the runner's key.

        Gives how many runners, and those who could not be copied; none where no folder for copies was named.
        """
        if self._objects is None:
            return 0, []
        failed: list[str] = []
        with self.roster.transaction() as connection:
            known = index.runner_ids(connection)
        for runner_id in known:
            try:
                self._copy(runner_id, self._objects / runner_id)
            except (CoachError, OSError) as error:
                _log.warning("runner %s is not copied: %s", runner_id, error)
                failed.append(runner_id)
        return len(known) - len(failed), failed

    def copy_recording(self, runner_id: str, path: Path, sha256: str) -> None:
        """Copy a recording that has just arrived; where the copy fails, `copy_away` makes it at night."""
        if self._objects is None:
            return
        try:
            self.vault.lock_away(runner_id, path, _copy_of(self._objects / runner_id, sha256))
        except (CoachError, OSError) as error:
            _log.warning("the recording %s is not copied: %s", path.name, error)

    def _copy(self, runner_id: str, copies: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="coach-copy-") as folder:
            packed = Path(folder) / "folder.tar"
            self.folders.pack(runner_id, packed)
            self.vault.lock_away(runner_id, packed, copies / _PACKED)
        with self.folders.opened(runner_id) as store:
            arrived = self.folders.recordings(store)
        for path, sha256 in arrived:
            copy = _copy_of(copies, sha256)
            if path.is_file() and not copy.is_file():
                self.vault.lock_away(runner_id, path, copy)

    def restore(self) -> tuple[int, int, list[str]]:
        """Bring back folders that are gone and recordings that are missing.

        Gives how many of each, and the ids of runners of whom neither folder nor copy is there.

        Raises:
            UserError: no folder of copies was named. StorageError: a copy was changed, or its key is gone.
        """
        if self._objects is None:
            raise UserError("name the folder of copies: --objects FOLDER")
        n_folders, n_recordings, lost = 0, 0, list[str]()
        with self.roster.transaction() as connection:
            known = index.runner_ids(connection)
        for runner_id in known:
            copies = self._objects / runner_id
            if not self.folders.database(runner_id).is_file() and (copies / _PACKED).is_file():
                with tempfile.TemporaryDirectory(prefix="coach-copy-") as folder:
                    self.vault.bring_back(runner_id, copies / _PACKED, Path(folder) / "folder.tar")
                    self.folders.unpack(runner_id, Path(folder) / "folder.tar")
                n_folders += 1
            if not self.folders.database(runner_id).is_file():
                lost.append(runner_id)
                continue
            with self.folders.opened(runner_id) as store:
                for path, sha256 in self.folders.recordings(store):
                    copy = _copy_of(copies, sha256)
                    if not path.is_file() and copy.is_file():
                        self.vault.bring_back(runner_id, copy, path)
                        n_recordings += 1
        return n_folders, n_recordings, lost

    def judge(self, connection: Connection, store: Store, runner_id: str) -> None:
        """Put what a runner's folder says into the index."""
        now = self._clock()
        numbers, state = self.folders.figures(store, now)
        index.put_runs(connection, runner_id, numbers)
        index.put_state(connection, runner_id, state, now)


def _copy_of(copies: Path, sha256: str) -> Path:
    return copies / f"{sha256}.sealed"
