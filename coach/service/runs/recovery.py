"""Make runs of their recordings: those that were cut off, those of elsewhere, and any run once more.

Whatever moment a process was killed at, the next start finds one of three things of a run that was never ended: its log
under an unfinished name, its whole log (killed before the summary was kept), or only the rows of the database (the log
is unreadable, or the disk refused it). From the first of these that there is the run gets its end, so that no run stays
"recording" for ever.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from coach.coaching.engine import CueEngine
from coach.errors import CoachError, ConflictError, RecordingError, StorageError, UserError
from coach.live.pipeline_factory import make_pipeline
from coach.model.arrays import np
from coach.model.runs import Run, RunState
from coach.recording.folder import inside
from coach.recording.layout import SUFFIX, unfinished_path
from coach.recording.reader import read_recording
from coach.recording.recovery import find_unfinished, parts_of, recover
from coach.service.runs.coaching import CoachingService
from coach.service.runs.finish_run import end_run
from coach.service.runs.leftovers import clear_leftovers, has_leftovers
from coach.service.runs.recorded import keep_answers, length_s, run_of, unlike_cues
from coach.service.runs.replay_reader import Reading, read_again
from coach.storage.store import Store

log = logging.getLogger(__name__)
_UNREADABLE: Final = (CoachError, ValueError, TypeError, KeyError, OverflowError)  # of bytes that are no run's
SumUp = Callable[[Run, Reading, RunState, CueEngine], Run]


class RunRecovery:
    """current: the run that is going on here, which is left alone. sum_up: keeps its end and what it leaves behind."""

    def __init__(
        self,
        store: Store,
        recordings: Path,
        coaching: CoachingService,
        current: Callable[[], Run | None],
        sum_up: SumUp,
    ) -> None:
        self._store = store
        self._recordings = recordings
        self._coaching = coaching
        self._current = current
        self._sum_up = sum_up

    def recover(self) -> list[Run]:
        """Make whole and sum up every run that was cut off; returns them. Nobody else may be at work in the folder."""
        found: list[Run] = []
        for path in clear_leftovers(self._store, self._recordings):
            self._adopted(path)
        for path in find_unfinished(self._recordings):
            try:
                recording = recover(path)
                if not self._store.runs.knows(recording.header.run_id):
                    found.append(self._new(recording.path))
            except _UNREADABLE as error:
                log.warning("a run could not be recovered: %s", error)
        for run in self._store.runs.unfinished():
            try:
                if not self._is_written(run):
                    found.append(self._ended(run))
            except _UNREADABLE as error:
                log.warning("run %s could not be recovered: %s", run.run_id, error)
        return found

    def _adopted(self, path: Path) -> None:
        """Make a run of the log of an import that no row names, or delete it: whoever imported it has the file."""
        new_id = ""
        try:
            run_id = read_recording(path).header.run_id
            if not self._store.runs.knows(run_id):
                new_id = run_id
                self._new(path)
                return
        except StorageError:
            raise
        except _UNREADABLE as error:
            log.warning("%s was cut off while it was imported: %s", path.name, str(error)[:200])
            self._store.runs.discard(new_id)
        path.unlink(missing_ok=True)

    def adopt(self) -> list[Run]:
        """Make runs again of recordings that the database knows nothing of: it was lost, or they were copied here."""
        found: list[Run] = []
        for path in sorted(self._recordings.glob(f"*{SUFFIX}")):
            try:
                if not self._store.runs.knows(read_recording(path).header.run_id):
                    found.append(self._new(path))
            except CoachError as error:
                log.warning("a recording could not be imported: %s", error)
        return found

    def is_needed(self) -> bool:
        """Whether there is anything for `recover` to do: most starts find nothing."""
        is_left = bool(find_unfinished(self._recordings)) or has_leftovers(self._store, self._recordings)
        return is_left or bool(self._store.runs.unfinished())

    def recompute(self, run_id: str) -> Run:
        """Compute a run again from its raw log, with the program as it is now; notes and cues stay.

        Raises:
            UserError: the run has no recording. ConflictError: it is going on.
        """
        run = self._store.runs.get(run_id)
        if run.recording is None:
            raise UserError(f"run {run_id} has no recording: it was imported and cannot be computed again")
        current = self._current()
        if current is not None and current.run_id == run_id:
            raise ConflictError("already_running", "this run is going on: stop it first")
        if parts_of(unfinished_path(self._recordings, run_id)):
            recover(unfinished_path(self._recordings, run_id))
        return self._from_recording(run, inside(self._recordings, run.recording), run.state)

    def take_over(self, path: Path) -> Run:
        """Make a coached run in every respect of a recording made elsewhere: plan, block, baseline, pain, outcome.

        path: in the folder of recordings. Where it fails nothing is kept of the run but its pain answers.

        Raises:
            UserError: the run is here already. RecordingError: the recording cannot be read.
        """
        recording = read_recording(path)
        run = run_of(recording.header, path.name)
        if self._store.runs.knows(run.run_id):
            raise UserError(f"the run {run.run_id} is here already")
        keep_answers(self._store, recording.header, recording.sound_items(), run.run_id)
        self._store.runs.create(run)
        try:
            state = RunState.FINISHED if recording.is_complete else RunState.RECOVERED
            return self._from_recording(run, path, state, is_new=True)
        except BaseException:  # whatever it was, also Ctrl-C: nothing half-made stays
            self._store.runs.discard(run.run_id)
            raise

    # Inside --------------------------------------------------------------------------------------------------------

    def _is_written(self, run: Run) -> bool:
        """Whether the run is going on here, or its log waits for space on the disk: then a later start ends it."""
        current = self._current()
        is_current = current is not None and current.run_id == run.run_id
        return is_current or bool(parts_of(unfinished_path(self._recordings, run.run_id)))

    def _new(self, path: Path) -> Run:
        run = run_of(read_recording(path).header, path.name)
        self._store.runs.create(run)
        return self._ended(run)

    def _ended(self, run: Run) -> Run:
        """Give a run its end: from its log, else from what the database has of it."""
        path = inside(self._recordings, run.recording) if run.recording else None
        if path is None or not path.is_file():
            return self._from_rows(run, recording=None)
        try:
            recording = read_recording(path)
            keep_answers(self._store, recording.header, recording.sound_items(), run.run_id)
            return self._from_recording(run, path, RunState.RECOVERED, is_new=True)
        except StorageError:
            raise
        except _UNREADABLE as error:
            log.warning(
                "the log of run %s cannot be computed, what the database has of it counts: %s", run.run_id, error
            )
            return self._from_rows(run, recording=run.recording)

    def _from_rows(self, run: Run, recording: str | None) -> Run:
        """Sum a run up from what was kept of it while it ran; the coach learns nothing from it."""
        runs, run_id = self._store.runs, run.run_id
        reading = Reading(
            strides=runs.data.strides(run_id),
            steps=runs.data.steps(run_id),
            seconds=runs.data.seconds(run_id),
            decisions=list(runs.data.decisions(run_id)),
            laps=list(run.laps),
            pauses=list(run.pauses),
        )
        reading.end_s = float(np.max(reading.seconds.floats("t_s"), initial=0.0))
        if recording is not None:
            try:
                reading.end_s = max(reading.end_s, length_s(read_recording(inside(self._recordings, recording))))
            except RecordingError as error:
                log.warning("%s", error)
        runs.change(run_id, recording=recording)
        return end_run(self._store, run, reading, RunState.RECOVERED)

    def _from_recording(self, run: Run, path: Path, state: RunState, *, is_new: bool = False) -> Run:
        """Measure and sum up a recorded run. is_new: it was never summed up, so the coach learns from it now."""
        recording = read_recording(path)
        engine = self._coaching.prepare_again(run)
        pipeline = make_pipeline(recording.header.sensors, self._store.runner.get(), engine, seconds_only=not is_new)
        reading = read_again(recording.items(), pipeline)
        self._store.runs.data.replace(run.run_id, reading.strides, reading.steps, reading.seconds, reading.decisions)
        if is_new:
            for words in unlike_cues(reading.decisions, reading.recomputed):
                log.warning("run %s: %s", run.run_id, words)
            reading.responses = list(pipeline.responses())
            return self._sum_up(run, reading, state, engine)
        reading.responses = list(self._store.runs.data.responses(run.run_id))
        return end_run(self._store, run, reading, state)
