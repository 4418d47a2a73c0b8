"""What takes long over runs, as the page asks for it: each verb a job of the worker (`coach.service.worker`).

The desk holds the parts that jobs work with: those of this process where jobs are done here, as in a command, or parts
of the child's own on the same database and folder.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import IO

from coach.coaching.engine import CueEngine
from coach.errors import ConflictError, InterchangeError
from coach.model.frozen import dataclass
from coach.model.history import Imported, RunRoute
from coach.model.runs import Run, RunState
from coach.service.phone.arrivals import PhoneRuns
from coach.service.runs.coaching import CoachingService
from coach.service.runs.finish_run import end_run
from coach.service.runs.history import HistoryService
from coach.service.runs.importing import ImportService, ImportStep, keep_upload
from coach.service.runs.leftovers import INCOMING, clear_leftovers
from coach.service.runs.recovery import RunRecovery
from coach.service.runs.replay_reader import Reading
from coach.service.worker import Note, Worker
from coach.storage.store import Store


@dataclass(frozen=True, slots=True)
class Desk:
    """Parts that read, compute and keep runs."""

    store: Store
    history: HistoryService
    recovery: RunRecovery
    imports: ImportService
    phone_runs: PhoneRuns


@contextlib.contextmanager
def open_desk(database: Path, recordings: Path, note: Note) -> Iterator[Desk]:
    """Open a desk. note: given each run that was summed up as new, for the process that serves."""
    store = Store(database)
    coaching = CoachingService(store)

    def sum_up(run: Run, reading: Reading, state: RunState, engine: CueEngine) -> Run:
        coaching.finish(run, engine)
        ended = end_run(store, run, reading, state)
        note(ended)
        return ended

    try:
        recovery = RunRecovery(store, recordings, coaching, lambda: None, sum_up)
        history = HistoryService(store, recordings, recovery.recompute, recovery.take_over)
        phone_runs = PhoneRuns(store, recordings, recovery.take_over, history.files.merge_activity)
        yield Desk(store, history, recovery, ImportService(store, history.files, recordings), phone_runs)
    finally:
        store.close()


# Jobs --------------------------------------------------------------------------------------------------------------


def import_file(desk: Desk, path: Path, name: str) -> Imported:
    """Import a file of any kind that this program knows; name: as it was called."""
    with path.open("rb") as stream:
        return desk.history.files.import_file(stream, name)


def import_each(desk: Desk, path: Path, n_done: int) -> Iterator[ImportStep]:
    """Import all of a folder, zip or export but its first files."""
    return desk.imports.steps(path, n_done)


def import_inbox(desk: Desk, path: Path) -> Iterator[None]:
    """Import what is new in a file of the inbox."""
    return desk.imports.inbox_steps(path)


def write_archive(desk: Desk, path: Path) -> None:
    """Write the whole account as one zip."""
    with path.open("wb") as out:
        desk.history.files.archive(out)


def export(desk: Desk, run_id: str, kind: str) -> bytes:
    """Return one run as a file of a kind."""
    return desk.history.files.export(run_id, kind)


def recompute(desk: Desk, run_id: str) -> Run:
    """Compute one run from its raw log."""
    return desk.recovery.recompute(run_id)


def split(desk: Desk, run_id: str, at_s: float) -> tuple[Run, Run]:
    """Cut one run in two, each with its own raw log."""
    return desk.history.split(run_id, at_s)


def choose_devices(desk: Desk, run_id: str, prefers_pods: bool) -> Run:
    """Give one run a pod's numbers, or a watch's, from its imported file."""
    return desk.history.choose_devices(run_id, prefers_pods)


def route(desk: Desk, run_id: str) -> RunRoute | None:
    """Return where one run went, kept once read."""
    return desk.history.route(run_id)


def recover(desk: Desk) -> list[Run]:
    """Recover every run that was cut off."""
    return desk.recovery.recover()


def make_phone_run(desk: Desk, run_id: str) -> None:
    """Make the run of a phone's log that is whole."""
    desk.phone_runs.make(run_id)


def tidy(desk: Desk) -> None:
    """Put in order what a killed child left of imports."""
    for path in clear_leftovers(desk.store, desk.history.recordings, is_start=False):
        path.unlink(missing_ok=True)


class ApartImports:
    """The steps of imports, made by the worker."""

    def __init__(self, worker: Worker[Desk]) -> None:
        self._worker = worker

    def steps(self, path: Path, n_done: int) -> Generator[ImportStep]:
        """See `ImportService.steps`."""
        yield from self._worker.stream(import_each, path, n_done)

    def inbox_steps(self, path: Path) -> Generator[None]:
        """See `ImportService.inbox_steps`."""
        yield from self._worker.stream(import_inbox, path)

    def kill(self) -> None:
        """End the file at hand."""
        self._worker.kill()


# Verbs -------------------------------------------------------------------------------------------------------------


class HeavyService:
    """current: the run that is going on."""

    def __init__(self, worker: Worker[Desk], recordings: Path, current: Callable[[], Run | None]) -> None:
        self._worker = worker
        self._recordings = recordings
        self._current = current

    def import_file(self, stream: IO[bytes], name: str) -> Imported:
        """Import a file that was sent.

        Raises:
            InterchangeError: it is no file of ours, cannot be read, or does not fit on the disk; nothing has changed.
        """
        self._recordings.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=INCOMING, dir=self._recordings))
        try:
            path = folder / "file"
            keep_upload(stream, path)
            return self._worker.do(import_file, path, name)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def archive(self) -> IO[bytes]:
        """Return the whole account as an open zip, which leaves the disk when it is closed.

        Raises:
            InterchangeError: the disk refuses.
        """
        self._recordings.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=INCOMING, suffix=".zip", dir=self._recordings)
        os.close(handle)
        path = Path(name)
        try:
            self._worker.do(write_archive, path)
            return path.open("rb")
        except OSError as error:
            raise InterchangeError(f"the archive cannot be written ({error.strerror}): free some space") from error
        finally:
            with contextlib.suppress(OSError):  # Windows lets no open file go: the next start removes it
                path.unlink(missing_ok=True)

    def export(self, run_id: str, kind: str) -> bytes:
        """Return one run as a file of a kind of `EXPORTS`, past the disk, which may be full;
        raises as `RunFiles.export`."""
        return self._worker.do(export, run_id, kind)

    def split(self, run_id: str, at_s: float) -> tuple[Run, Run]:
        """Cut a run in two; raises as `HistoryService.split` does."""
        return self._worker.do(split, run_id, at_s)

    def choose_devices(self, run_id: str, prefers_pods: bool) -> Run:
        """Show a pod's numbers instead of the watch's; raises as `HistoryService.choose_devices` does."""
        return self._worker.do(choose_devices, run_id, prefers_pods)

    def route(self, run_id: str) -> RunRoute | None:
        """Return where a run went; its file or log is read here where it was not yet."""
        return self._worker.do(route, run_id)

    def make_phone_run(self, run_id: str) -> None:
        """Make the run of a phone's log that is whole; raises as `PhoneRuns.make` does."""
        self._worker.do(make_phone_run, run_id)

    def recompute(self, run_id: str) -> Run:
        """Make a run's numbers again from its raw log; raises as `RunRecovery.recompute` does."""
        current = self._current()
        if current is not None and current.run_id == run_id:
            raise ConflictError("already_running", "this run is going on: stop it first")
        return self._worker.do(recompute, run_id)
