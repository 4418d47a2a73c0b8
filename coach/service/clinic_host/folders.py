"""One folder per runner, exactly as at home: a database, recordings, and beside them what was signed.

`coach runs list --data CLINIC/runners/ID` works on it. Only sealed runs and reports write here, one at a time for each
runner. What the index says of a runner is worked out from the folder alone, so that it can be made again at any time.
"""

import json
import os
import shutil
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from coach.clinic.runner_state import GAIT_METRIC, RunnerState, runner_state_of
from coach.errors import ConflictError, RecordingError, StorageError, UserError
from coach.model.runs import Run, RunFilter, RunSummary
from coach.recording.folder import inside
from coach.recording.layout import SUFFIX
from coach.recording.reader import read_recording
from coach.roster.index import RunNumbers
from coach.seal.manifest import MANIFEST, RECORDING, Manifest, Scope, read_manifest
from coach.seal.numbers import Report
from coach.service.whole_files import make_private, sha256_of, write_whole
from coach.storage.store import Store
from coach.storage.strength import Strength
from coach.summary.trends import trend_of

MOST_BYTES: Final = 2 << 30  # of one recording: forty hours of two feet, as for a phone's
DATABASE: Final = "coach.sqlite"
SEALED: Final = "sealed"
_CONSENTS: Final = "clinic.consents"


class DamagedBytesError(UserError):
    """The bytes of a recording are not those of its manifest: they were thrown away, and are to be sent again."""


class Folders:
    """The folders of all runners below `root`. Thread-safe."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def path(self, runner_id: str) -> Path:
        """Return the folder of a runner.

        Raises:
            InterchangeError: the id would lead outside the root.
        """
        return inside(self._root, runner_id)

    def database(self, runner_id: str) -> Path:
        """Return the file of a runner's database."""
        return self.path(runner_id) / DATABASE

    @contextmanager
    def opened(self, runner_id: str, is_new: bool = False) -> Iterator[Store]:
        """Open the runner's store, for nobody else meanwhile. is_new: make it where there is none.

        Raises:
            StorageError: there is no database, as where a disk is not mounted: it is not taken for an empty one.
        """
        with self._guard:
            lock = self._locks.setdefault(runner_id, threading.Lock())
        with lock:
            if not is_new and not self.database(runner_id).is_file():
                raise StorageError(
                    f"the folder {self.path(runner_id)} is missing: mount its disk, or `coach clinic restore`"
                )
            make_private(self.path(runner_id) / "recordings")
            store = Store(self.database(runner_id))
            try:
                yield store
            finally:
                store.close()

    def remove(self, runner_id: str) -> int:
        """Delete a runner's folder; gives how many files it had."""
        folder = self.path(runner_id)
        n_files = sum(1 for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
        if folder.is_dir():
            shutil.rmtree(folder)
        with self._guard:
            self._locks.pop(runner_id, None)
        return n_files

    # What arrives --------------------------------------------------------------------------------------------------

    def keep_consent(self, store: Store, document: dict[str, object]) -> None:
        """Keep a signed consent, each once: it proves what was allowed when."""
        kept = list(store.settings.get(_CONSENTS, []))
        if document not in kept:
            store.settings.put(_CONSENTS, [*kept, document])

    def keep_report(self, store: Store, report: Report, now: datetime) -> None:
        """Make answers and sessions those of the report."""
        since = datetime.fromisoformat(report.since)
        kept, fresh = list(store.pain.list(since=since)), list(report.pain)
        for entry in kept:
            if entry in fresh:
                fresh.remove(entry)
            else:
                store.pain.remove(entry)  # the runner took it back
        store.pain.add(*fresh)
        known = {(one.at, one.signs, one.seen_on) for one in store.pain.red_flags()}
        for answers in report.red_flags:
            if (answers.at, answers.signs, answers.seen_on) not in known:
                store.pain.add_red_flags(answers)
        if report.plan_id and report.wish is not None:
            strength = Strength(store.database)
            current = strength.current_plan()
            if current is None or current[0] != report.plan_id:
                strength.add_plan(report.plan_id, report.wish, now)
            else:
                strength.set_wish(report.plan_id, report.wish)
            strength.put_sessions(report.plan_id, report.sessions)

    def keep_numbers(self, store: Store, run: Run, summary: RunSummary, document: dict[str, object]) -> int:
        """Keep a run's numbers and its manifest; gives how many bytes of its recording are here."""
        manifest = self._manifest_path(store, run.run_id)
        before = json.loads(manifest.read_text("utf-8")) if manifest.is_file() else None
        if before is not None and before["created"] > document["created"]:
            raise ConflictError("older", "a newer seal of this run is here already")
        if store.runs.knows(run.run_id):
            fields = {name: getattr(run, name) for name in ("duration_s", "distance_m", "laps", "pauses")}
            store.runs.change(run.run_id, **fields)
            store.runs.save_summary(run.run_id, summary)
        else:
            store.runs.create(run)
            store.runs.finish(run.run_id, run.state, summary)
        _write(manifest, json.dumps(document, indent=1))
        return self.n_bytes(store, run.run_id, str(document["sha256"]))

    def n_bytes(self, store: Store, run_id: str, sha256: str) -> int:
        """Return how many bytes of this recording are here, in order from its beginning."""
        whole, part = self._recording(store, run_id), self._part(store, sha256)
        if sha256 and whole.is_file() and store.runs.get(run_id).recording == whole.name and sha256_of(whole) == sha256:
            return whole.stat().st_size
        return part.stat().st_size if part.is_file() else 0

    def append(self, store: Store, manifest: Manifest, offset: int, piece: bytes) -> tuple[int, Path | None]:
        """Take bytes at `offset`; gives how many are here now, and the recording once it is whole.

        Bytes that do not begin where those here end are left aside: the sender goes on from the number given.

        Raises:
            DamagedBytesError: the whole does not fit the manifest. RecordingError: it is no recording of this run.
        """
        here = self.n_bytes(store, manifest.run_id, manifest.sha256)
        if here >= manifest.n_bytes or offset != here:
            return here, None
        if manifest.n_bytes > MOST_BYTES or here + len(piece) > manifest.n_bytes:
            raise UserError("more bytes than the manifest names, or than any run has: they were not taken")
        part = self._part(store, manifest.sha256)
        make_private(part.parent)
        with part.open("ab") as file:
            file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        here += len(piece)
        return here, self._whole(store, manifest, part) if here == manifest.n_bytes else None

    def manifest(self, store: Store, run_id: str) -> dict[str, object]:
        """Return the signed manifest of a run as JSON.

        Raises:
            UserError: there is none.
        """
        path = self._manifest_path(store, run_id)
        if not path.is_file():
            raise UserError("send the manifest of this run first")
        return dict(json.loads(path.read_text("utf-8")))

    def manifest_of_bytes(self, store: Store, sha256: str) -> dict[str, object]:
        """Return the manifest that names a recording of this hash; raises UserError where there is none."""
        for path in (store.database.path.parent / SEALED).glob(f"*.{MANIFEST}"):
            document = json.loads(path.read_text("utf-8"))
            if document["sha256"] == sha256:
                return dict(document)
        raise UserError("send the manifest of this recording first")

    # What the index says -------------------------------------------------------------------------------------------

    def figures(self, store: Store, now: datetime) -> tuple[list[RunNumbers], RunnerState]:
        """Return the rows of the index, from this folder alone."""
        entries = store.runs.list(RunFilter(), limit=None)
        marks = store.runs.marks(GAIT_METRIC)
        points = {point.run_id: point for point in trend_of(GAIT_METRIC, marks).points}
        numbers = []
        for entry in entries:
            point, said = points.get(entry.run.run_id), entry.summary
            if said is not None:
                numbers.append(
                    RunNumbers(
                        entry.run.run_id,
                        entry.run.started_at,
                        self._sha256_of(store, entry.run.run_id),
                        said.algorithm,
                        said.duration_s,
                        said.distance_m,
                        said.speed_mps,
                        said.cadence_spm,
                        said.contact_time_ms,
                        said.step_length_m,
                        point.value if point else None,
                        point.se if point else None,
                    )
                )
        strength = Strength(store.database)
        plan = strength.current_plan()
        sessions = strength.sessions(plan[0]) if plan else []
        last = entries[0].run.started_at if entries else None
        state = runner_state_of(store.pain.list(), store.pain.red_flags(), marks, last, sessions, now)
        return numbers, state

    def _sha256_of(self, store: Store, run_id: str) -> str:
        path = self._manifest_path(store, run_id)
        return str(json.loads(path.read_text("utf-8"))["sha256"]) if path.is_file() else ""

    def export(self, store: Store, folder: Path) -> int:
        """Write the runner's sealed recordings below `folder`, one folder a run; gives how many there are.

        Only what was sealed for research leaves: a run sealed before that consent stays out.
        """
        n_runs = 0
        for path in sorted((store.database.path.parent / SEALED).glob(f"*.{MANIFEST}")):
            text = path.read_text("utf-8")
            sealed = read_manifest(text)
            is_for_research = {Scope.RESEARCH, Scope.RAW_LOGS} <= set(sealed.scopes)
            if not is_for_research or self.n_bytes(store, sealed.run_id, sealed.sha256) < max(sealed.n_bytes, 1):
                continue
            n_runs += 1
            to = folder / sealed.run_id
            kept = to / MANIFEST
            if kept.is_file() and kept.read_text("utf-8") == text:
                continue  # it was exported before: a study sees by its date that it is the same
            to.mkdir(parents=True, exist_ok=True)
            half = to / f".{RECORDING}.half"
            shutil.copyfile(self._recording(store, sealed.run_id), half)
            half.replace(to / RECORDING)
            kept.write_text(text, "utf-8")
        return n_runs

    # Copies --------------------------------------------------------------------------------------------------------

    def pack(self, runner_id: str, to: Path) -> None:
        """Write everything of a runner but recordings into one file: database and manifests, in one moment's state."""
        with self.opened(runner_id) as store:
            store.database.cut_log()  # all of it is in the file then, and nobody else writes while it is open here
            with tarfile.open(to, "w") as tar:
                tar.add(self.database(runner_id), DATABASE)
                for path in sorted((self.path(runner_id) / SEALED).glob(f"*.{MANIFEST}")):
                    tar.add(path, f"{SEALED}/{path.name}")

    def unpack(self, runner_id: str, packed: Path) -> None:
        """Make a runner's folder again of what `pack` wrote; recordings are brought back apart."""
        folder = self.path(runner_id)
        make_private(folder / "recordings")
        with tarfile.open(packed) as tar:
            tar.extractall(folder, filter="data")

    def recordings(self, store: Store) -> list[tuple[Path, str]]:
        """Return where the recordings that have arrived should lie, whether they do or not, and their hashes."""
        found = []
        for path in sorted((store.database.path.parent / SEALED).glob(f"*.{MANIFEST}")):
            sealed = read_manifest(path.read_text("utf-8"))
            whole = self._recording(store, sealed.run_id)
            if sealed.sha256 and store.runs.get(sealed.run_id).recording == whole.name:
                found.append((whole, sealed.sha256))
        return found

    # Inside --------------------------------------------------------------------------------------------------------

    def _whole(self, store: Store, manifest: Manifest, part: Path) -> Path:
        if sha256_of(part) != manifest.sha256:
            part.unlink()
            raise DamagedBytesError("the bytes are not those that were sealed: send them again from the beginning")
        try:
            header = read_recording(part).header
        except RecordingError:
            part.unlink()
            raise
        if header.run_id != manifest.run_id:
            part.unlink()
            raise RecordingError("this recording is of another run than its manifest says")
        whole = self._recording(store, manifest.run_id)
        part.replace(whole)
        store.runs.change(manifest.run_id, recording=whole.name, sensors=header.sensors)
        return whole

    def _recording(self, store: Store, run_id: str) -> Path:
        return inside(store.database.path.parent / "recordings", f"{run_id}{SUFFIX}")

    def _part(self, store: Store, sha256: str) -> Path:
        return inside(store.database.path.parent / "arriving", f"{sha256}.part")

    def _manifest_path(self, store: Store, run_id: str) -> Path:
        return inside(store.database.path.parent / SEALED, f"{run_id}.{MANIFEST}")


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}. Free some space") from error
