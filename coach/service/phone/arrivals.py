"""Take runs home from a phone: receive each log piece by piece, and make a coached run of it once, in order of start.

A log arrives by offset, so that a cut connection costs only the piece that was on its way, and is known by its run id
and the hash of its bytes, so that sending it again changes nothing. It is kept, whole and synced to disk, before the
phone hears its hash and may delete its own copy; the run is computed from these bytes afterwards, by a thread of our
own, also after a restart. Order of harm: bytes first, answers about pain second, numbers last.
"""

import contextlib
import logging
import os
import shutil
import threading
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Final

from coach.errors import CoachError, RecordingError, StorageError, UserError, WorkerError
from coach.interchange.activity import Activity, activity_of
from coach.live.pipeline_factory import make_pipeline
from coach.model.frozen import dataclass
from coach.model.runs import Run, check_run_id
from coach.recording.folder import inside
from coach.recording.layout import SUFFIX
from coach.recording.reader import Recording, read_recording
from coach.service.runs.leftovers import ARRIVING, WHOLE
from coach.service.runs.recorded import keep_answers, length_s, run_of, same_time
from coach.service.runs.replay_reader import read_again
from coach.service.whole_files import sha256_of
from coach.storage.store import Store

log = logging.getLogger(__name__)
PIECE_BYTES: Final = 4 << 20  # of one request; an hour of two feet is some 50 MB
MOST_BYTES: Final = 2 << 30  # of one log: forty hours of two feet
_ATTEMPTS, _AGAIN_S = 3, 10.0  # while the database is busy or full; by judgement
_PART, _UNREADABLE = ".part", ".unreadable"


class ArrivalState(StrEnum):
    """UNKNOWN: nothing is here. ARRIVING: some bytes are. KEPT: all are, the run is being computed. DONE: it is there.

    MERGED: it was recorded at home, too, and joined with that run. UNREADABLE: kept, but no run can be made of it.
    """

    UNKNOWN = "unknown"
    ARRIVING = "arriving"
    KEPT = "kept"
    DONE = "done"
    MERGED = "merged"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Arrival:
    """How far a phone's log has come. n_bytes: here. sha256: of all of them, once whole. run_id: the run it became."""

    state: ArrivalState
    n_bytes: int = 0
    sha256: str | None = None
    run_id: str | None = None
    words: str = ""


class PhoneRuns:
    """Thread-safe. take_over: makes a coached run of a recording. merge_activity: fills a run of home.

    make_apart: does `make` in a process of its own.
    """

    def __init__(
        self,
        store: Store,
        recordings: Path,
        take_over: Callable[[Path], Run],
        merge_activity: Callable[[Run, Activity], None],
        make_apart: Callable[[str], object] | None = None,
    ) -> None:
        self._store = store
        self._recordings = recordings
        self._folder = recordings / ARRIVING
        self._take_over = take_over
        self._merge_activity = merge_activity
        self._make = make_apart or self.make
        self._lock = threading.Lock()
        self._working = threading.Lock()
        self._is_stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def state(self, run_id: str) -> Arrival:
        """Return how far the log of this run has come.

        Raises:
            UserError: `run_id` is no id of a run.
        """
        with self._lock:
            return self._state(_checked(run_id))

    def append(self, run_id: str, offset: int, piece: bytes) -> Arrival:
        """Take bytes that begin at `offset` of the log; answers with what is here now.

        A piece that does not begin where the bytes here end is left aside: the phone goes on from `n_bytes`.

        Raises:
            UserError: the log would be larger than any run. StorageError, OSError: the disk refuses.
        """
        with self._lock:
            found = self._state(_checked(run_id))
            if found.state not in (ArrivalState.UNKNOWN, ArrivalState.ARRIVING) or offset != found.n_bytes:
                return found
            if offset + len(piece) > MOST_BYTES:
                raise UserError("this log is larger than any run: it was not taken")
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._path(run_id, _PART).open("ab") as file:
                if file.tell() != offset:
                    return self._state(run_id)
                file.write(piece)
            return self._state(run_id)

    def finish(self, run_id: str, sha256: str) -> Arrival:
        """Keep the bytes for good, all of which were sent, if their hash is `sha256`;
        then make a run of them in the background.

        Once it answers KEPT, DONE or MERGED with this hash, the phone may delete its copy. A wrong hash throws the
        bytes away: the phone sends them again.
        """
        with self._lock:
            found = self._state(_checked(run_id))
            if found.state is not ArrivalState.ARRIVING:
                return found
            part = self._path(run_id, _PART)
            if sha256_of(part) != sha256:
                part.unlink()
                return Arrival(ArrivalState.UNKNOWN, words="the bytes were damaged on the way: they are sent again")
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.rename(self._path(run_id, WHOLE))
            _sync(self._folder)
            found = self._state(run_id)
        self._begin(run_id)
        return found

    def resume(self) -> None:
        """Make runs of logs that were whole when the service ended."""
        for path in sorted(self._folder.glob(f"*{WHOLE}")) if self._folder.is_dir() else ():
            self._begin(path.name.removesuffix(WHOLE))

    @property
    def is_busy(self) -> bool:
        """Whether a log is being made a run."""
        return any(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        """Try no more; logs that wait become runs at the next start."""
        self._is_stopping.set()

    def wait(self, timeout_s: float = 600.0) -> None:
        """Wait until every log that is whole has become a run."""
        for thread in list(self._threads):
            thread.join(timeout_s)

    # Inside --------------------------------------------------------------------------------------------------------

    def _state(self, run_id: str) -> Arrival:
        if (part := self._path(run_id, _PART)).is_file():
            return Arrival(ArrivalState.ARRIVING, part.stat().st_size)
        if (whole := self._path(run_id, WHOLE)).is_file():
            return Arrival(ArrivalState.KEPT, whole.stat().st_size, sha256_of(whole))
        if (odd := self._path(run_id, _UNREADABLE)).is_file():
            words = "the log is kept at home, but no run can be made of it"
            return Arrival(ArrivalState.UNREADABLE, odd.stat().st_size, sha256_of(odd), words=words)
        if (merged := self._merged(run_id)) is not None:
            home = merged.name.split(".phone.")[0]
            return Arrival(ArrivalState.MERGED, merged.stat().st_size, sha256_of(merged), home)
        done = inside(self._recordings, f"{run_id}{SUFFIX}")
        if done.is_file() and self._store.runs.knows(run_id):
            return Arrival(ArrivalState.DONE, done.stat().st_size, sha256_of(done), run_id)
        return Arrival(ArrivalState.UNKNOWN)

    def _path(self, run_id: str, suffix: str) -> Path:
        return inside(self._recordings, f"{ARRIVING}/{run_id}{suffix}")

    def _merged(self, run_id: str) -> Path | None:
        folder = self._recordings / "imports"
        return next(iter(folder.glob(f"*.phone.{run_id}{SUFFIX}")), None) if folder.is_dir() else None

    def _begin(self, run_id: str) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=self._make_in_turn, args=(run_id,), name="phone-run", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _make_in_turn(self, run_id: str) -> None:
        """Make one run at a time, so that runs are learnt from in the order in which they came."""
        with self._working:
            for _ in range(_ATTEMPTS):
                try:
                    self._make(run_id)
                    return
                except (StorageError, WorkerError) as error:
                    log.warning("the run %s waits: %s", run_id, error)
                if self._is_stopping.wait(_AGAIN_S):
                    break
        log.warning("the log of run %s is kept, and becomes a run at the next start", run_id)

    def make(self, run_id: str) -> None:
        """Make the run of a log that is whole; nothing where there is none any more.

        Raises:
            StorageError: the database refuses; the log stays as it is, for another time.
        """
        whole = self._path(run_id, WHOLE)
        if whole.is_file():
            try:
                self._home(run_id, whole)
            except StorageError:
                raise
            except (CoachError, ValueError, TypeError, KeyError, OverflowError) as error:
                log.warning("no run can be made of %s: %s", whole.name, str(error)[:300])
                whole.rename(self._path(run_id, _UNREADABLE))

    def _home(self, run_id: str, whole: Path) -> None:
        recording = read_recording(whole)
        if recording.header.run_id != run_id:
            raise RecordingError(f"the log says that it is of another run, {recording.header.run_id[:60]}")
        same = same_time(self._store, recording.header.started_at, length_s(recording))
        if same is not None and same.run_id != run_id:
            keep_answers(self._store, recording.header, recording.sound_items(), same.run_id)
            self._merge_activity(same, self._activity(recording))
            kept = inside(self._recordings, f"imports/{same.run_id}.phone.{run_id}{SUFFIX}")
            kept.parent.mkdir(exist_ok=True)
            whole.rename(kept)
            return
        path = inside(self._recordings, f"{run_id}{SUFFIX}")
        if path.is_file() and self._store.runs.knows(run_id):  # killed before it could remove the log as it came
            whole.unlink()
            return
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        try:
            _double(whole, path)  # the whole one stays until the run is there: a crash in between loses nothing
            self._take_over(path)
        except BaseException:  # whatever it was, also Ctrl-C: the whole log is still there for the next attempt
            path.unlink(missing_ok=True)
            raise
        whole.unlink()

    def _activity(self, recording: Recording) -> Activity:
        """Return what the phone measured, second by second, as another recording of a run of home."""
        pipeline = make_pipeline(recording.header.sensors, self._store.runner.get(), seconds_only=True)
        reading = read_again(recording.sound_items(), pipeline)
        return activity_of(run_of(recording.header, ""), reading.seconds)


def _checked(run_id: str) -> str:
    try:
        check_run_id(run_id)
    except ValueError as error:
        raise UserError(str(error)) from error
    return run_id


def _sync(folder: Path) -> None:
    with contextlib.suppress(OSError):  # folders cannot be synced everywhere
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _double(file: Path, second: Path) -> None:
    """Make a second name for a file; a copy where the disk knows no second names (FAT, many network drives)."""
    try:
        os.link(file, second)
    except OSError:
        shutil.copyfile(file, second)
