"""The whole account of one runner: what was deleted goes for good in time, and everything at once where asked for.

Rows, files and keys are many steps: a mark beside the keys says that everything is being deleted, so that the next
start goes on with what a kill cut off before it does anything else.

Deleted bytes are overwritten (`PRAGMA secure_delete`), and the write-ahead log, which holds older versions of every
page, is cut to nothing afterwards. Source: https://www.sqlite.org/pragma.html#pragma_secure_delete,
#pragma_wal_checkpoint. What a drive keeps of files that were removed (journals, wear levelling) is beyond a program.
"""

import logging
import shutil
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from coach.errors import CoachError, StorageError, UserError
from coach.recording.locks import is_taken
from coach.service.runs.leftovers import INCOMING
from coach.service.whole_files import write_whole
from coach.storage.store import Store
from coach.wall_clock import utc_now

_log: Final = logging.getLogger(__name__)
EVERY_S: Final = 24 * 3600.0
_LEFT_OVER: Final = timedelta(days=1)  # no import takes so long
_TRIES: Final = 3  # each waits 5 s for readers; by judgement
_PUSH_KEY: Final = "web_push.pem"
_MARK: Final = "erasing"


class AccountService:
    """Thread-safe. exchange: folders of files that come and go, emptied with all else. purge: forgets deleted runs.
    is_running: whether a run or an import is on. settle: waits for what is still to be written. on_erased: called when
    all is gone."""

    def __init__(
        self,
        store: Store,
        recordings: Path,
        secrets: Path,
        exchange: Sequence[Path],
        purge: Callable[[], object],
        is_running: Callable[[], bool],
        on_erased: Callable[[], object],
        settle: Callable[[], object] = lambda: None,
    ) -> None:
        self._store = store
        self._recordings = recordings
        self._secrets = secrets
        self._exchange = tuple(exchange)
        self._purge = purge
        self._is_running = is_running
        self._on_erased = on_erased
        self._settle = settle
        self._is_over = threading.Event()

    def start(self) -> None:
        """Purge now and once a day, in the background."""
        threading.Thread(target=self._daily, name="purge", daemon=True).start()

    def stop(self) -> None:
        """End the daily purge; one that is going on is finished."""
        self._is_over.set()

    def purge(self) -> None:
        """Forget for good what was deleted long ago, and what a cut-off import left; older versions of what was
        changed or deleted go out of the database's log, too."""
        self._purge()
        self._store.database.cut_log()
        old = utc_now() - _LEFT_OVER
        for folder in self._recordings.glob(f"{INCOMING}*"):
            if datetime.fromtimestamp(folder.stat().st_mtime, UTC) < old:
                shutil.rmtree(folder, ignore_errors=True)

    def erase(self) -> int:
        """Delete everything that is kept of the runner: rows, recordings, imports, phones; returns how many files.

        The keys of https stay: they name this machine only, and phones that trust them would have to be set up again.

        Raises:
            UserError: a run or an import is going on, or another program reads the database.
            StorageError: something could not be deleted, and what.
        """
        self._check_alone()
        mark = self._secrets / _MARK
        try:
            write_whole(mark, b"")
        except OSError as error:
            raise StorageError(f"nothing is deleted: {mark} could not be written ({error.strerror})") from error
        try:
            n_files = self._erase()
        except CoachError:  # what is left is named; what the runner keeps from now on is not to go at the next start
            mark.unlink(missing_ok=True)
            raise
        mark.unlink(missing_ok=True)
        return n_files

    def finish_erasing(self) -> None:
        """Go on with an erasing that was cut off, before anything is kept that is not to go with it.

        Raises:
            UserError, StorageError: as `erase`.
        """
        if (self._secrets / _MARK).exists():
            self.erase()

    def _check_alone(self) -> None:
        if self._is_running() or any(is_taken(path) for path in self._recordings.glob("*.mcap.part*")):
            raise UserError("a run or an import is going on: stop it, then delete everything")
        self._settle()
        if not self._store.database.cut_log():  # it would keep older versions of what is deleted
            raise UserError(
                "something reads the database just now, a backup or another program: end it, then delete everything"
            )

    def _erase(self) -> int:
        self._store.database.erase()
        n_files = 0
        try:
            # What stayed in the inbox would come in again; of folders linked there only the link goes.
            for folder in self._exchange:
                if folder.is_symlink():
                    folder.unlink()
            below = [path for folder in (self._recordings, *self._exchange) for path in folder.rglob("*")]
            for path in sorted(below, reverse=True):
                if path.is_dir() and not path.is_symlink():
                    path.rmdir()
                else:
                    path.unlink()
                    n_files += 1
            (self._secrets / _PUSH_KEY).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(
                f"{error.filename} could not be deleted ({error.strerror}): delete it yourself"
            ) from error
        self._on_erased()
        if not any(self._store.database.cut_log() for _ in range(_TRIES)):
            _log.warning("everything is deleted, but a reader that came meanwhile holds the log until it ends")
        return n_files

    def _daily(self) -> None:
        while True:
            try:
                self.purge()
            except (CoachError, OSError) as error:
                _log.warning("what was deleted could not be purged: %s", error)
            if self._is_over.wait(EVERY_S):
                return
