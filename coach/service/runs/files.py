"""Runs as files: export one run, import any file we know, archive the whole account and read it back. Thread-safe."""

import contextlib
import dataclasses
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Final

from coach.coaching.baseline import BaselineRun
from coach.coaching.progress import CoachedRun
from coach.errors import AlreadyHereError, InterchangeError, UserError
from coach.interchange.activity import Activity, run_of, seconds_of
from coach.interchange.formats import HEAD_BYTES, NO_HINT, Hint, format_of, on_foot, read_runs, unpacked
from coach.interchange.merging import merged
from coach.model.daily_life import DailyWishes
from coach.model.documents import JsonObject
from coach.model.history import Imported
from coach.model.metrics import LiveMetrics
from coach.model.plain import from_plain
from coach.model.runs import Lap, Run, RunFilter, RunState, Sport, run_id_of
from coach.recording.folder import inside
from coach.recording.reader import read_recording
from coach.service.runs.algorithm import with_algorithm
from coach.service.runs.archiving import Choice, choose
from coach.service.runs.coaching import pooled_responses
from coach.service.runs.leftovers import HALF, IMPORTED, IMPORTS_FOLDER, INCOMING, UNPACKING, note_placed, take_back
from coach.service.runs.recorded import length_s, same_time
from coach.service.runs.route import track_of
from coach.storage.dump import load, rows_of, table_names
from coach.storage.store import Store
from coach.summary.summarise import summarise

EXPORTS: Final = ("fit", "tcx", "gpx", "csv", "strides", "parquet", "foxglove", "mcap")
SUFFIXES: Final = {
    **{kind: f".{kind}" for kind in EXPORTS},
    "csv": "_seconds.csv",
    "foxglove": "_foxglove.mcap",
    "strides": "_strides.csv",
}
SPARE_BYTES: Final = 256 << 20  # stays free for the log of a run: ten hours of eight sensors
_LONGEST_RUN: Final = timedelta(days=2)


class RunFiles:
    """What goes out as a file and comes in as one. recordings: folder of the raw logs."""

    def __init__(self, store: Store, recordings: Path, take_over: Callable[[Path], Run] | None = None) -> None:
        self._kept = store
        self.recordings = recordings
        self._take_over = take_over
        self._one_at_a_time = threading.Lock()  # two imports of one run would both find it new

    # Out -----------------------------------------------------------------------------------------------------------

    def export(self, run_id: str, kind: str) -> bytes:
        """Return one run as a file of a kind of `EXPORTS`.

        Raises:
            UserError: there is no such kind, or the run has no raw log. InterchangeError: the kind cannot hold it.
        """
        from coach.service.runs.exporting import written  # only now: writers are no part of a service that waits

        if kind == "mcap":
            return self.raw_log(self._kept.runs.get(run_id)).read_bytes()
        if kind not in EXPORTS:
            raise UserError(f"there is no format {kind}: choose from {', '.join(EXPORTS)}")
        return written(self._kept, self.recordings, run_id, kind)

    def export_name(self, run_id: str, kind: str) -> str:
        """Return a file name for an export."""
        run = self._kept.runs.get(run_id)
        return f"run_{run.started_at:%Y-%m-%d_%H%M}{SUFFIXES.get(kind, '')}"

    def raw_log(self, run: Run) -> Path:
        """Return the path of a run's raw log.

        Raises:
            UserError: the run has none, or its file is gone.
        """
        path = inside(self.recordings, run.recording) if run.recording else None
        if path is None or not path.is_file():
            raise UserError(f"run {run.run_id} has no raw log: export it as FIT, TCX or CSV")
        return path

    def open_log(self, run_id: str) -> IO[bytes]:
        """Return the raw log of a run, as it lies on the disk; raises UserError where it has none."""
        return self.raw_log(self._kept.runs.get(run_id)).open("rb")

    def archive(self, out: IO[bytes], password: str | None = None, choice: Choice | None = None) -> None:
        """Write the account as one zip: every table, every raw log, every imported file. choice: of which runs;
        None: all."""
        from coach.interchange.archive import write_archive

        choice = choice or choose(self._kept, None, is_incremental=False)
        tables = {name: rows_of(self._kept.database, name, choice.keys) for name in table_names()}
        paths = [path for path in sorted(self.recordings.rglob("*")) if path.is_file() and _is_whole(path)]
        files = {path.relative_to(self.recordings).as_posix(): path for path in paths}
        files = {name: path for name, path in files.items() if choice.holds(name)}
        write_archive(out, tables, files, _program(), password)

    # In ------------------------------------------------------------------------------------------------------------

    def import_bytes(self, content: bytes, name: str = "", hint: Hint = NO_HINT) -> Imported:
        """Import a FIT, TCX, GPX, CSV or MCAP file, or an archive of this program. hint: what a list beside it says.

        Raises:
            InterchangeError: it is none of these or cannot be read; then nothing has changed.
        """
        kind = format_of(content, name)
        if kind == "archive":
            return self.import_archive(BytesIO(content))
        if kind == "mcap":
            return self._take_recording(content)
        if kind == "csv":
            return self._take_table(content)
        return self._take_activities(read_runs(content, kind, hint), content, kind)

    def import_workout(self, workout: Activity, route: bytes) -> Imported:
        """Import a workout of Apple Health. route: its GPX file, b"" without one."""
        return self._take_activities(on_foot([workout], "workout"), route, "apple")

    def import_file(self, stream: IO[bytes], name: str = "", hint: Hint = NO_HINT) -> Imported:
        """Import an open file; an archive is read piece by piece, however large it is."""
        head = stream.read(HEAD_BYTES)
        stream.seek(0)
        if head.startswith(b"\x1f\x8b"):  # gzip, as Strava packs the files of its export
            return self.import_bytes(unpacked(stream), name.removesuffix(".gz"), hint)
        kind = format_of(head, name)
        return self.import_archive(stream) if kind == "archive" else self.import_bytes(stream.read(), name, hint)

    def import_archive(self, stream: IO[bytes], password: str | None = None) -> Imported:
        """Join an archive to this account; what is here already stays as it is.

        All of it comes in or nothing: files wait in a folder of their own until every row has passed.

        Raises:
            LockedArchiveError: it is encrypted, and the password is missing or another one.
            InterchangeError, StorageError: a row or a file is not what it claims to be, or the disk is too small.
        """
        from coach.interchange.archive import Archive

        archive = Archive(stream, password)
        self.recordings.mkdir(parents=True, exist_ok=True)
        if archive.n_bytes + SPARE_BYTES > shutil.disk_usage(self.recordings).free:
            raise InterchangeError("this archive needs more space than the disk has: free some space and try again")
        with tempfile.TemporaryDirectory(prefix=UNPACKING, dir=self.recordings) as incoming:
            folder = Path(incoming)
            archive.unpack(lambda name: None if inside(self.recordings, name).exists() else inside(folder, name))
            new = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
            placed: list[Path] = []

            def place() -> None:
                note_placed(folder, new)
                for name in new:
                    path = inside(self.recordings, name)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    (folder / name).replace(path)
                    placed.append(path)

            try:
                counts = load(self._kept.database, archive.tables(), _CHECKS, place, folder / "rows.sqlite")
            except BaseException:  # Ctrl-C, too: all of it comes in or nothing
                for path in placed:
                    path.unlink(missing_ok=True)
                raise
        return Imported("archive", (), n_rows=sum(counts.values()), n_runs=counts.get("runs", 0))

    # Inside --------------------------------------------------------------------------------------------------------

    def _take_activities(self, activities: Sequence[Activity], content: bytes, kind: str) -> Imported:
        """Import every run of a file; a run that is here already is passed over if another one is new."""
        done: list[Imported] = []
        refused: InterchangeError | None = None
        for activity in activities:
            try:
                with self._one_at_a_time:
                    done.append(self._take_run(activity, content, kind))
            except InterchangeError as error:
                refused = error
        if refused is not None and not done:
            raise refused
        ids = tuple(run_id for one in done for run_id in one.run_ids)
        is_merged, is_cut = all(one.is_merged for one in done), any(one.is_cut for one in done)
        return Imported(kind, ids, is_merged, sum(one.n_runs for one in done), is_cut=is_cut)

    def _take_run(self, activity: Activity, content: bytes, kind: str) -> Imported:
        if timedelta(seconds=activity.end_s) > _LONGEST_RUN:
            raise InterchangeError("this file spans more than two days: it is not one run")
        same = self._same_time(activity)
        if same is not None and same.source == kind:
            raise AlreadyHereError(f"this run is here already, as {same.run_id}", (same.run_id,))
        if same is not None:
            return self._merge(same, activity, content, kind)
        run = run_of(activity, run_id_of(activity.started_at, secrets.token_hex(2)), kind)
        with self._all_or_nothing(run):
            self._kept.runs.data.replace_seconds(run.run_id, seconds_of(activity))
            self._keep_original(run.run_id, content, kind, activity)
            self.finish(run, activity.distance_m)
        return Imported(kind, (run.run_id,), n_runs=1, is_cut=activity.is_cut)

    @contextlib.contextmanager
    def _all_or_nothing(self, run: Run) -> Iterator[None]:
        """Make a run that counts as unfinished until `finish`: killed before that, the next start takes it back."""
        self._kept.runs.create(dataclasses.replace(run, state=RunState.RECORDING))
        try:
            yield
        except BaseException:  # Ctrl-C, too: nothing half-imported stays
            take_back(self._kept, self.recordings, run.run_id)
            raise

    def _merge(self, run: Run, activity: Activity, content: bytes, kind: str) -> Imported:
        """Fill a recorded run with what only the watch knew."""
        self.merge_activity(run, activity)
        self._keep_original(run.run_id, content, kind, activity)
        from coach.interchange.sport import named_sport  # not until there is a file to read

        is_asked = run.sport is not Sport.RUNNING and bool(run.sport_reason)
        if is_asked and activity.kind is Sport.RUNNING and named_sport(activity.sport) == Sport.RUNNING:
            self._kept.runs.change(run.run_id, sport=Sport.RUNNING, sport_reason="")  # another file knows
        return Imported(kind, (run.run_id,), is_merged=True)

    def merge_activity(self, run: Run, activity: Activity) -> None:
        """Fill a run's seconds with what only another recording of the same time knew, and sum it up again."""
        offset_s = (activity.started_at - run.started_at).total_seconds()
        before = self._kept.runs.data.seconds(run.run_id)
        seconds = merged(before, activity, offset_s)
        filled = {n: device for n, device in activity.sources.items() if all(getattr(s, n) is None for s in before)}
        self.finish(run, None, seconds, **({"sources": {**run.sources, **filled}} if filled else {}))

    def _same_time(self, activity: Activity) -> Run | None:
        return same_time(self._kept, activity.started_at, activity.end_s)

    def _take_table(self, content: bytes) -> Imported:
        from coach.interchange.tables import read_table

        try:
            table = read_table(content.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise InterchangeError("this CSV file is not UTF-8 text: export it again") from error
        same = self._of_table(table.started_at)
        if same is not None:
            with self._kept.database.together():
                self._kept.runs.data.add(same.run_id, table.strides, table.seconds)
                self.finish(same, None)
            return Imported("csv", (same.run_id,), is_merged=True)
        run_id = run_id_of(table.started_at, secrets.token_hex(2))
        run = Run(run_id, table.started_at, RunState.FINISHED, source="csv", laps=(Lap(1, 0.0, None),))
        with self._all_or_nothing(run):
            self._kept.runs.data.add(run_id, table.strides, table.seconds)
            self.finish(run, None)
        return Imported("csv", (run_id,), n_runs=1)

    def _of_table(self, started_at: datetime) -> Run | None:
        """Return the imported run that began at the same moment: its strides and its seconds come in two files."""
        near = timedelta(seconds=2)
        wanted = RunFilter(since=started_at - near, until=started_at + near, source="csv", sport=None)
        found = self._kept.runs.list(wanted, limit=1)
        return found[0].run if found else None

    def _take_recording(self, content: bytes) -> Imported:
        path = self.recordings / f"{IMPORTED}{secrets.token_hex(4)}.mcap"
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(path.name + HALF)
        try:
            half.write_bytes(content)
            half.replace(path)
            recording = read_recording(path)
            if self._kept.runs.knows(recording.header.run_id):
                raise AlreadyHereError("this run is here already", (recording.header.run_id,))
            same = same_time(self._kept, recording.header.started_at, length_s(recording))
            if same is not None:
                raise AlreadyHereError(f"this run is here already, as {same.run_id}", (same.run_id,))
            if self._take_over is None:
                raise UserError("raw logs cannot be computed here")
            run = self._take_over(path)
        except Exception as error:  # whatever went wrong, nothing half-imported stays; it is raised again
            half.unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            if isinstance(error, (ValueError, TypeError, KeyError, OverflowError)):
                raise InterchangeError(f"this recording holds what no run can hold: {str(error)[:200]}") from error
            raise
        return Imported("mcap", (run.run_id,), n_runs=1, is_cut=not recording.is_complete)

    def finish(
        self, run: Run, distance_m: float | None, seconds: Sequence[LiveMetrics] | None = None, **fields: object
    ) -> None:
        """Sum up an imported run of what is kept of it, and keep the sum, whole or not at all.

        distance_m: as its file reports it; None: as the data give it. seconds: to be kept in the place of its own.
        fields: of the run, that change with them.
        """
        before = self._kept.runs.summary(run.run_id)
        summary = summarise(
            self._kept.runs.data.strides(run.run_id),
            self._kept.runs.data.steps(run.run_id),
            self._kept.runs.data.seconds(run.run_id) if seconds is None else seconds,
            self._kept.runs.data.decisions(run.run_id),
            before.streams if before else (),
            run.laps,
            run.pauses,
            pooled_responses(self._kept, run.run_id),
            (run.trim_start_s, run.trim_end_s),
            run.duration_s,
        )
        summary = with_algorithm(summary, before)
        if distance_m is not None:
            summary = dataclasses.replace(summary, distance_m=distance_m)
        with self._kept.database.together():  # the sum is worked out before: others wait for the writing alone
            if seconds is not None:
                self._kept.runs.data.replace_seconds(run.run_id, seconds)
            self._kept.runs.finish(run.run_id, run.state, summary, **fields)

    def _keep_original(self, run_id: str, content: bytes, kind: str, activity: Activity) -> None:
        """Keep the part of a file that belongs to a run: what else it holds may be deleted, or was no run."""
        if not content:
            return
        from coach.interchange.originals import own_part  # only now, as the readers of `coach.interchange.formats`

        track = track_of(activity, (activity.started_at - self._kept.runs.get(run_id).started_at).total_seconds())
        self._kept.runs.data.keep_track(run_id, track)
        folder = self.recordings / IMPORTS_FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        kind = "gpx" if kind == "apple" else kind
        inside(folder, f"{run_id}.{kind}").write_bytes(own_part(content, kind, activity))


def _check_document(row: Mapping[str, object]) -> None:
    coached = from_plain(CoachedRun, row["document"])
    if coached.run_id != row["run_id"]:
        raise ValueError("the document belongs to another run")


def _check_setting(row: JsonObject) -> None:
    from_plain(_SETTINGS[row["key"]], row["value"])


_SETTINGS: Final[Mapping[str, Any]] = {"coaching.known_runs": tuple[BaselineRun, ...], "strength.daily": DailyWishes}
_CHECKS: Final = {"coached_runs": _check_document, "settings": _check_setting}


def _is_whole(path: Path) -> bool:
    return path.suffix in (".mcap", ".fit", ".tcx", ".gpx") and not path.parent.name.startswith(INCOMING)


def _program() -> str:
    try:
        return version("running-coach")
    except PackageNotFoundError:
        return ""
