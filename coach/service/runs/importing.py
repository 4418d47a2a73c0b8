"""Import many files at once: folders, zips and exports of other services, with one outcome per file.

A file that was imported before is known by its mark and not read again, so an import that was cut off goes on where it
stopped. Folder `inbox` of the data folder is looked through every half minute: what lies in it (or in folders linked
there, such as a watch's) comes in once, as soon as it no longer changes. Thread-safe; one import at a time.
"""

import contextlib
import csv
import dataclasses
import io
import itertools
import logging
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import IO, Final, Protocol

from coach.errors import AlreadyHereError, CoachError, InterchangeError, StorageError, UserError, WorkerError
from coach.interchange.bundles import Item, files_below, items_of, plain_name
from coach.model.frozen import dataclass
from coach.model.history import Imported, ImportedFile, ImportStatus, KeptImport, Outcome
from coach.model.runs import Sport
from coach.service.runs.files import SPARE_BYTES, RunFiles
from coach.service.runs.leftovers import INCOMING
from coach.storage.store import Store

_log: Final = logging.getLogger(__name__)
INBOX_EVERY_S: Final = 30.0  # a file that is being copied changes within that time
_RUN_POLL_S: Final = 1.0
_GRACE_S: Final = 5.0  # a file of a run takes a second or two
_STOPPED: Final = "it was stopped: import the same again, and it goes on from here"
_SHOWN: Final = 50  # lines of the report on the page; the rest is in the file
_COPY: Final = 1 << 20
NOTHING: Final = ImportStatus(False, 1.0, "", {})


@dataclass(frozen=True, slots=True)
class ImportStep:
    """A file that is begun (done None), or that is done. progress: share of all that lies before it, 0 to 1."""

    name: str
    progress: float
    done: ImportedFile | None = None


class ImportService:
    """files: takes single files. inbox: a folder that is looked through where it exists. is_run_on: while it says so,
    imports in the background wait, for the run has the processor to itself. apart: does `steps` and `inbox_steps` in a
    process of its own, and `kill` ends them."""

    def __init__(
        self,
        store: Store,
        files: RunFiles,
        inbox: Path,
        every_s: float = INBOX_EVERY_S,
        is_run_on: Callable[[], bool] = lambda: False,
        apart: "Apart | None" = None,
    ) -> None:
        self._store = store
        self._files = files
        self.inbox = inbox
        self._every_s = every_s
        self._is_run_on = is_run_on
        self._apart = apart or _Here(self)
        self._guard = threading.Lock()
        self._status = NOTHING
        self._report: list[ImportedFile] = []
        self._counts: Counter[str] = Counter()
        self._given_up: set[str] = set()  # files of the inbox, tried again once they change or after a restart
        self._is_stopping = threading.Event()
        self._worker: threading.Thread | None = None
        self._watcher: threading.Thread | None = None

    # At once -------------------------------------------------------------------------------------------------------

    def each(self, path: Path) -> Iterator[tuple[ImportedFile, float]]:
        """Import all that a folder, zip, export or file holds; gives each outcome and the share that is done, 0 to 1.

        Raises:
            InterchangeError: the path itself cannot be read. StorageError: the database or the disk refuses; what came
            in before stays.
        """
        for step in self.steps(path):
            if step.done is not None:
                yield step.done, step.progress

    def steps(self, path: Path, n_done: int = 0) -> Iterator[ImportStep]:
        """Yield as `each` does, with a step before each file, too.
        n_done: files at the beginning that are passed over."""
        for item in itertools.islice(items_of(path), n_done, None):
            yield ImportStep(item.name, item.progress)
            yield ImportStep(item.name, item.progress, self._one(item))

    def inbox_steps(self, path: Path) -> Iterator[None]:
        """Import what is new in a file of the inbox; a step for each of its parts."""
        for item in items_of(path):
            yield
            if not item.mark or self._store.imports.get(item.mark) is None:
                done = self._one(item)
                if item.mark:
                    self._store.imports.put(KeptImport(item.mark, done.outcome, done.run_ids, done.reason))
                _log.info("inbox: %s %s %s", done.name, done.outcome, done.reason)

    # In the background ---------------------------------------------------------------------------------------------

    def start(self, path: Path) -> None:
        """Import a folder, zip or export in the background; `status` says how far it is.

        Raises:
            UserError: an import is going on, or there is no such path.
        """
        if not path.exists():
            raise UserError(f"there is no {path}: give the path of a file or folder")
        self._begin([path], None)

    def receive(self, uploads: Sequence[tuple[str, IO[bytes]]]) -> None:
        """Keep files that were sent, by name and stream, and import them in the background.

        Raises:
            UserError: an import is going on. InterchangeError: the disk is too small.
        """
        self._refuse_a_second()
        self._files.recordings.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=INCOMING, dir=self._files.recordings))
        try:
            for name, stream in uploads:
                keep_upload(stream, _free_name(folder, name))
            # A folder may be an export unpacked: it is read as a whole, so that its list of activities is seen.
            self._begin([folder], folder)
        except (InterchangeError, UserError):
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def status(self) -> ImportStatus:
        """Return how far the import is that is going on, or how the last one ended."""
        with self._guard:
            return dataclasses.replace(
                self._status, counts=dict(self._counts), files=tuple(self._report[: -_SHOWN - 1 : -1])
            )

    def report(self) -> str:
        """Return every line of the last import as CSV."""
        with self._guard:
            return report_of(self._report)

    def cancel(self) -> None:
        """Stop the import that is going on; what came in stays. The file at hand may take some seconds to its end."""
        self._is_stopping.set()
        self._join(self._worker)
        self._is_stopping.clear()

    # The inbox -----------------------------------------------------------------------------------------------------

    def watch(self) -> None:
        """Make the inbox and look through it from now on."""
        self.inbox.mkdir(parents=True, exist_ok=True)
        self._watcher = threading.Thread(target=self._watch, name="inbox", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """End import and watching."""
        self._is_stopping.set()
        for thread in (self._worker, self._watcher):
            self._join(thread)

    def _join(self, thread: threading.Thread | None) -> None:
        """Wait for a thread; a file that takes long is given up."""
        if thread is not None:
            thread.join(_GRACE_S)
            if thread.is_alive():
                self._apart.kill()
                thread.join(60)

    def import_settled(self, before: dict[Path, tuple[int, int]]) -> dict[Path, tuple[int, int]]:
        """Import what lies in the inbox and has not changed since `before`; gives (bytes, time) of each file now."""
        now: dict[Path, tuple[int, int]] = {}
        for path in files_below(self.inbox):
            try:
                found = path.stat()
            except OSError:
                continue  # gone again, or a watch that was unplugged
            now[path] = (found.st_size, found.st_mtime_ns)
            if now[path] != before.get(path) or self._is_stopping.is_set():
                continue
            whole = f"inbox|{plain_name(path.name)}|{now[path]}"
            if whole not in self._given_up and self._store.imports.get(whole) is None:
                self._try_from_inbox(path, whole)
        return now

    # Inside --------------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        before: dict[Path, tuple[int, int]] = {}
        while not self._is_stopping.wait(self._every_s):
            try:
                if not self._is_run_on():
                    before = self.import_settled(before)
            except Exception as error:  # noqa: BLE001  (a thread that ended would check no more)
                _log.warning("the inbox could not be looked through: %s", error)

    def _try_from_inbox(self, path: Path, whole: str) -> None:
        """Take a file as `_take_from_inbox` does, noted once it is done;
        a file that cannot be read does not stop the others."""
        try:
            if self._take_from_inbox(path):
                self._store.imports.put(KeptImport(whole, Outcome.TAKEN))
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001  (whatever reading a file raises, the next ones are read)
            _log.warning("inbox: %s cannot be imported: %s", plain_name(path.name), error)
            # A watch may be plugged in again, and who stops an import kills what is being read.
            if not isinstance(error, OSError) and not self._is_stopping.is_set():
                self._given_up.add(whole)

    def _take_from_inbox(self, path: Path) -> bool:
        """Import what is new in a file of the inbox; whether it was read to its end."""
        with contextlib.closing(self._apart.inbox_steps(path)) as steps:
            for _ in steps:
                if self._is_stopping.is_set() or self._is_run_on():
                    return False
        return True

    def _each_apart(self, path: Path) -> Iterator[ImportStep]:
        """Yield the steps of a path; a file that ends the process that reads it is refused, the next ones are read."""
        n_done = 0
        while True:
            begun: ImportStep | None = None
            try:
                with contextlib.closing(self._apart.steps(path, n_done)) as steps:
                    for begun in steps:
                        n_done += begun.done is not None
                        yield begun
                return
            except WorkerError as error:
                if begun is None or begun.done is not None or self._is_stopping.is_set():
                    raise
                n_done += 1
                yield dataclasses.replace(begun, done=ImportedFile(begun.name, Outcome.REFUSED, (), str(error)))

    def _refuse_a_second(self) -> None:
        if self._worker is not None and self._worker.is_alive():
            raise UserError("an import is going on: wait until it has ended, or stop it")

    def _begin(self, paths: Sequence[Path], own: Path | None) -> None:
        with self._guard:
            self._refuse_a_second()
            self._status, self._report, self._counts = ImportStatus(True, 0.0, "", {}), [], Counter()
            self._worker = threading.Thread(target=self._work, args=(paths, own), name="import", daemon=True)
            self._worker.start()

    def _work(self, paths: Sequence[Path], own: Path | None) -> None:
        failure = ""
        try:
            for path in paths:
                for step in self._each_apart(path):
                    self._note(step)
                    while self._is_run_on() and not self._is_stopping.wait(_RUN_POLL_S):
                        pass
                    if self._is_stopping.is_set():
                        failure = _STOPPED
                        return
        except (CoachError, OSError) as error:
            failure = _STOPPED if self._is_stopping.is_set() else str(error)
        except BaseException as error:  # the page shows how the thread ended, whatever ended it
            failure = f"it broke off ({type(error).__name__}: {error}): import the same again"
            raise
        finally:
            if own is not None:
                shutil.rmtree(own, ignore_errors=True)
            with self._guard:
                self._status = ImportStatus(False, 1.0, "", {}, failure=failure)

    def _note(self, step: ImportStep) -> None:
        with self._guard:
            if step.done is not None:
                self._report.append(step.done)
                self._counts[step.done.outcome.value] += 1
            self._status = ImportStatus(True, step.progress, step.name, {})

    def _one(self, item: Item) -> ImportedFile:
        known = self._known(item)
        if known is not None:
            return known
        try:
            done = self._outcome(item)
        except StorageError:
            raise
        except AlreadyHereError as error:
            done = ImportedFile(item.name, Outcome.HERE, error.run_ids, str(error))
        except CoachError as error:
            done = ImportedFile(item.name, Outcome.REFUSED, (), str(error))
        except Exception as error:  # noqa: BLE001  (one file that no reader foresaw must not end all others)
            _log.exception("import of %s", item.name)
            words = f"it holds what this program cannot read ({type(error).__name__}: {str(error)[:120]})"
            done = ImportedFile(item.name, Outcome.REFUSED, (), words)
        if item.mark and done.outcome is not Outcome.REFUSED:
            self._store.imports.put(KeptImport(item.mark, done.outcome, done.run_ids, done.reason))
        return done

    def _known(self, item: Item) -> ImportedFile | None:
        """Return what is known of a file that came in before, as long as all of its runs are still here."""
        kept = self._store.imports.get(item.mark) if item.mark else None
        if kept is None or not kept.run_ids or len(self._store.imports.runs(kept.run_ids)) < len(kept.run_ids):
            return None
        return ImportedFile(item.name, Outcome.HERE, kept.run_ids, "imported before")

    def _outcome(self, item: Item) -> ImportedFile:
        if item.refusal:
            return ImportedFile(item.name, Outcome.REFUSED, (), item.refusal)
        if item.workout is not None:
            found = self._files.import_workout(item.workout, item.read())
        else:
            found = self._files.import_file(io.BytesIO(item.read()), item.name, item.hint)
        return self._of_import(item.name, found)

    def _of_import(self, name: str, found: Imported) -> ImportedFile:
        rest = "the file was cut off: this is what is left of it" if found.is_cut else ""
        if found.is_merged:
            return ImportedFile(name, Outcome.MERGED, found.run_ids, rest)
        apart = [run for run in self._store.imports.runs(found.run_ids) if run.sport is not Sport.RUNNING]
        if apart and len(apart) == len(found.run_ids):
            words = "; ".join(dict.fromkeys(run.sport_reason or run.sport.value for run in apart))
            return ImportedFile(name, Outcome.APART, found.run_ids, words)
        return ImportedFile(name, Outcome.TAKEN, found.run_ids, rest)


class Apart(Protocol):
    """Where the steps of an import are made. The first two raise WorkerError where that ends before they are done."""

    def steps(self, path: Path, n_done: int) -> Generator[ImportStep]:
        """Import the files at `path`, those done before left out, and yield what became of each."""

    def inbox_steps(self, path: Path) -> Generator[None]:
        """Import what lies in the inbox at `path`; each step lets the caller decide whether to go on."""

    def kill(self) -> None:
        """End what is going on: at once where another process does it, else after the file at hand."""


class _Here:
    """In this process."""

    def __init__(self, imports: ImportService) -> None:
        self._imports = imports

    def steps(self, path: Path, n_done: int) -> Generator[ImportStep]:
        yield from self._imports.steps(path, n_done)

    def inbox_steps(self, path: Path) -> Generator[None]:
        yield from self._imports.inbox_steps(path)

    def kill(self) -> None:
        """Do nothing: the file at hand is read to its end."""


def report_of(files: Sequence[ImportedFile]) -> str:
    """Return outcomes as CSV: file, outcome, runs, reason."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("file", "outcome", "runs", "reason"))
    writer.writerows((_plain(one.name), one.outcome.value, " ".join(one.run_ids), _plain(one.reason)) for one in files)
    return out.getvalue()


def keep_upload(stream: IO[bytes], path: Path) -> None:
    """Keep a file that is sent; room for the log of a run is left.

    Raises:
        InterchangeError: the disk is too small.
    """
    try:
        with path.open("wb") as out:
            while block := stream.read(_COPY):
                if shutil.disk_usage(path.parent).free < SPARE_BYTES + len(block):
                    raise InterchangeError("this file needs more space than the disk has: free some space, try again")
                out.write(block)
    except OSError as error:
        raise InterchangeError(f"this file cannot be kept ({error.strerror}): free some space, try again") from error


def _free_name(folder: Path, name: str) -> Path:
    """Return a path below the folder for a name from outside: its last parts, so that nothing lies elsewhere."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")] or ["file"]
    path = folder.joinpath(*(part[:120] for part in parts[-4:]))
    path.parent.mkdir(parents=True, exist_ok=True)
    n = 1
    while path.exists():
        n += 1
        path = path.with_name(f"{n}-{parts[-1][:120]}")
    return path


def _plain(text: str) -> str:
    """Return the text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
