"""Compute one recording of a study, keep its results, and report what became of it.

Nothing that is wrong with a recording raises: it becomes a row. This runs in a worker that may know nothing but the
URLs of the task, on this machine or another, and may be stopped at any moment.
"""

import hashlib
import os
import sys
import tempfile
import time
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from coach.errors import CoachError, InterchangeError, RecordingError
from coach.live.pipeline_factory import make_pipeline
from coach.model.frozen import dataclass
from coach.recording.reader import read_recording
from coach.seal.manifest import Manifest, Scope, read_manifest
from coach.service.runs.algorithm import algorithm_id
from coach.service.runs.replay_reader import Reading, read_again
from coach.service.runs.summing import sound_items, summary_of
from coach.service.study.results import Results
from coach.service.study.store import Found, StudyStore
from coach.study.rows import RunRow, Status

_MOST_WORDS: Final = 300


@dataclass(frozen=True, slots=True)
class Job:
    """What all tasks share: URLs of recordings and results, and the identity of the algorithm that is wanted."""

    store: str
    results: str
    algorithm: str


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a recording. cpu_s: processor time of the task; peak_mb: most memory its process ever held [MB];
    pid: of that process."""

    source: str
    status: Status
    words: str = ""
    sha256: str = ""
    is_complete: bool | None = None
    n_strides: int = 0
    hours: float = 0.0
    cpu_s: float = 0.0
    peak_mb: float = 0.0
    pid: int = 0


class _Refused(Exception):  # noqa: N818 - not a fault: why a recording is not computed
    def __init__(self, status: Status, words: str, sha256: str = "") -> None:
        self.status, self.words, self.sha256 = status, words, sha256


def work(found: Found, job: Job) -> Done:
    """Compute one recording and keep its results; says what became of it, and never raises for it."""
    start_s = time.thread_time()
    row = RunRow(found.source, runner_of(found.source), Status.DONE, n_bytes=found.n_bytes, algorithm=job.algorithm)
    if algorithm_id() != job.algorithm:  # no row of it is kept, either: its columns may be other ones
        words = f"this worker has another version of the program: algorithm {algorithm_id()}"
        return _done(replace(row, status=Status.FAULT, words=words), start_s)
    try:
        row = _computed(row, found, job, start_s)
    except _Refused as refusal:
        row = _kept_refusal(row, found, job, refusal)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other recordings go on
        row = _kept_refusal(row, found, job, _Refused(Status.FAULT, f"{type(error).__name__}: {error}"))
    return _done(row, start_s)


def failed(found: Found, job: Job, status: Status, words: str) -> Done:
    """Keep the row of a recording that no worker could compute, and say so."""
    row = RunRow(found.source, runner_of(found.source), status, words, n_bytes=found.n_bytes, algorithm=job.algorithm)
    _results(job).keep(row, found.mark)
    return Done(found.source, status, words)


def runner_of(source: str, manifest: Manifest | None = None) -> str:
    """Return whose a recording is: by the first folder of its path, or the key that sealed it where it lies alone."""
    folders = source.split("/")[:-1]
    if manifest is not None and len(folders) < 2:  # the only folder is the run's own
        return manifest.public_key
    return folders[0] if folders else ""


@cache
def _stores(job: Job) -> tuple[StudyStore, Results]:
    return StudyStore(job.store), Results(StudyStore(job.results), job.algorithm)


def _results(job: Job) -> Results:
    return _stores(job)[1]


def _computed(row: RunRow, found: Found, job: Job, start_s: float) -> RunRow:
    store, results = _stores(job)
    manifest = _manifest(store, found)
    try:
        data = store.read(found.source)
    except OSError as error:
        raise _Refused(Status.LOST, f"it was listed and cannot be read: {type(error).__name__}") from error
    sha256 = hashlib.sha256(data).hexdigest()
    if manifest is not None and manifest.sha256 != sha256:
        raise _Refused(Status.BYTES_CHANGED, "these are not the bytes that were sealed", sha256)
    row = replace(row, runner=runner_of(found.source, manifest), sha256=sha256, n_bytes=len(data))
    known = results.same_bytes(sha256)
    if known is not None:
        results.keep_cells({**known, "source": row.source, "runner": row.runner}, sha256, found.mark)
        return replace(row, status=Status(known["status"]), words=known["words"], is_complete=known["is_complete"])
    with tempfile.TemporaryDirectory(prefix="coach-study-") as folder:
        path = Path(folder) / "recording.mcap"
        path.write_bytes(data)
        del data
        try:
            row, reading = read_run(row, path)
        except CoachError as error:
            raise _Refused(Status.UNREADABLE, _named(error, path, found), sha256) from error
    row = replace(row, words=row.words.replace(str(path), found.source), cpu_s=time.thread_time() - start_s)
    results.keep(row, found.mark, [*reading.strides, *reading.steps], reading.seconds)
    return row


def read_run(row: RunRow, path: Path) -> tuple[RunRow, Reading]:
    """Return the numbers of a recording, of its sound part where it is cut or damaged.

    Raises:
        CoachError: nothing can be read of it.
    """
    recording = read_recording(path)
    damage: list[str] = []
    reading = read_again(sound_items(recording, damage), make_pipeline(recording.header.sensors, seconds_only=True))
    is_complete = recording.is_complete and not damage
    cut = "" if recording.is_complete else "it was cut off: this is of its sound part"
    done = replace(
        row,
        words=" ".join([*damage, cut]).strip()[:_MOST_WORDS],
        is_complete=is_complete,
        run_id=recording.header.run_id,
        started_at=recording.header.started_at,
        n_bad_packets=sum(report.n_bad_packets for report in reading.reports),
        summary=summary_of(reading, algorithm=row.algorithm),
    )
    return done, reading


def _manifest(store: StudyStore, found: Found) -> Manifest | None:
    """Return the manifest of a sealed run, None for a plain raw log;
    refuses what its runner does not give to research."""
    if not found.manifest:
        return None
    try:
        manifest = read_manifest(store.read(found.manifest))
    except OSError as error:
        raise _Refused(Status.LOST, f"its manifest cannot be read: {type(error).__name__}") from error
    except InterchangeError as error:
        raise _Refused(Status.BYTES_CHANGED, f"its manifest does not count: {error}") from error
    if not {Scope.RESEARCH, Scope.RAW_LOGS} <= set(manifest.scopes):
        raise _Refused(Status.NO_CONSENT, "its runner does not give raw logs to research")
    return manifest


def _kept_refusal(row: RunRow, found: Found, job: Job, refusal: _Refused) -> RunRow:
    row = replace(row, status=refusal.status, words=refusal.words[:_MOST_WORDS], sha256=refusal.sha256)
    try:
        _results(job).keep(row, found.mark)
    except OSError as error:
        return replace(row, status=Status.FAULT, words=f"its row cannot be kept: {error}"[:_MOST_WORDS])
    return row


def _named(error: CoachError, path: Path, found: Found) -> str:
    words = str(error).replace(str(path), found.source)
    return words if isinstance(error, RecordingError) else f"{type(error).__name__}: {words}"


def _done(row: RunRow, start_s: float) -> Done:
    n_strides, hours = (row.summary.n_strides, row.summary.duration_s / 3600) if row.summary else (0, 0.0)
    cpu_s = time.thread_time() - start_s
    return Done(
        row.source, row.status, row.words, row.sha256, row.is_complete, n_strides, hours, cpu_s, peak_mb(), os.getpid()
    )


def peak_mb() -> float:
    """Return the most memory that this process ever held [MB]; 0 where the system does not say."""
    try:
        import resource
    except ImportError:
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kilobytes; bytes on macOS
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6
