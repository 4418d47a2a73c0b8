"""Make live runs: a new one, and one that goes on where it was cut off, each with its pipeline, coach and raw log."""

import contextlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from coach.coaching.engine import CueEngine
from coach.errors import RecordingError
from coach.live.batches import PendingRows
from coach.live.feed import LiveFeed
from coach.live.pipeline_factory import make_pipeline, profile_texts
from coach.live.run import LiveRun
from coach.model.cues import CueDecision
from coach.model.documents import FieldValues
from coach.model.frozen import dataclass
from coach.model.links import SensorUse
from coach.model.plain import from_plain, to_plain
from coach.model.recordings import RecordingHeader, RunEvent
from coach.model.runs import Run, RunFilter, RunState, run_id_of
from coach.model.workouts import Workout
from coach.recording.folder import inside
from coach.recording.reader import read_recording
from coach.recording.writer import RecordingWriter
from coach.service.runs.coaching import CoachingService
from coach.service.runs.finish_run import program_version
from coach.service.runs.replay_reader import follow
from coach.service.runs.workouts import place_in
from coach.storage.store import Store
from coach.wall_clock import utc_now

Clock = Callable[[], float]
GO_ON_WITHIN: Final = timedelta(minutes=30)  # longer, and it is another run: by judgement


@dataclass(frozen=True, slots=True)
class Made:
    """A run that is ready to begin. live: makes it on the event loop, from the clock of its notifications.

    start_s: the least time of that clock at which it begins [s]: later than 0 where a run goes on.
    """

    run: Run
    engine: CueEngine
    live: Callable[[Clock], LiveRun]
    start_s: float = 0.0


class _ToStore:
    """Batches of a live run into the database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, run_id: str, batch: PendingRows) -> None:
        self._store.runs.data.add(run_id, batch.strides, batch.seconds, batch.decisions)
        self._store.pain.add(*batch.pains)


class RunMaker:
    """speed: seconds of the run's clock per second of the wall. on_spoken: called with every cue that is spoken."""

    def __init__(
        self,
        store: Store,
        feed: LiveFeed,
        recordings: Path,
        coaching: CoachingService,
        on_spoken: Callable[[CueDecision], None] | None,
        speed: float,
    ) -> None:
        self._store = store
        self._feed = feed
        self._recordings = recordings
        self._coaching = coaching
        self._on_spoken = on_spoken
        self._speed = speed

    def since(self, run: Run) -> float:
        """Return the run's clock by the wall [s]: only that outlives a process."""
        return (utc_now() - run.started_at).total_seconds() * self._speed

    def cut_off(self) -> Run | None:
        """Return the run that can go on: the newest, if it was cut off half an hour ago at most."""
        newest = self._store.runs.list(RunFilter(sport=None), limit=1)
        run = newest[0].run if newest else None
        if run is None or run.state is not RunState.RECOVERED or run.recording is None or run.source != "recorded":
            return None
        end_s = (run.duration_s or 0.0) + sum(b - a for a, b in run.pauses)
        gone_s = (self.since(run) - end_s) / self._speed  # a wall clock that went back makes it negative
        return run if 0.0 <= gone_s <= GO_ON_WITHIN.total_seconds() else None

    @contextlib.contextmanager
    def new(
        self, uses: Sequence[SensorUse], focus: str | None, facts: FieldValues, workout: Workout | None
    ) -> Iterator[Made]:
        """Make a run; nothing is left of it where it cannot begin."""
        started_at = utc_now()
        run_id = run_id_of(started_at, secrets.token_hex(2))
        engine = self._coaching.prepare(run_id, started_at, focus, facts.get("place"), facts.get("shoes", ""))
        run = Run(
            run_id,
            started_at,
            RunState.RECORDING,
            recording=f"{run_id}.mcap",
            sensors=tuple(uses),
            plan=engine.plan,
            **facts,
        )
        pipeline = make_pipeline(uses, self._store.runner.get(), engine)
        settings = to_plain({**facts, "plan": engine.plan, **({"workout": workout} if workout else {})})
        header = RecordingHeader(run_id, started_at, program_version(), tuple(uses), profile_texts(uses), settings)
        writer = RecordingWriter(self._recordings, header)

        def live(clock: Clock) -> LiveRun:
            sink = _ToStore(self._store)
            return LiveRun(run, pipeline, writer, sink, self._feed, clock, self._on_spoken, workout)

        try:
            self._store.runs.create(run)
            yield Made(run, engine, live)
        except BaseException:  # whatever it was, also Ctrl-C: nothing is left of a run that never began
            writer.discard()
            self._store.runs.discard(run_id)
            raise

    @contextlib.contextmanager
    def further(self, run: Run) -> Iterator[Made]:
        """Go on with a run that was cut off: pipeline, coach and timeline as at the log's end,
        and the gap until now a pause."""
        recording = read_recording(inside(self._recordings, str(run.recording)))
        engine = self._coaching.prepare_again(run)
        pipeline = make_pipeline(recording.header.sensors, self._store.runner.get(), engine)
        before, timeline = follow(recording.items(), pipeline)
        kept = recording.header.settings.get("workout")
        workout = None if kept is None else from_plain(Workout, kept)
        workout_place = place_in(recording.events()) if workout else None
        writer = RecordingWriter(self._recordings, recording.header, is_further=True)
        try:
            now_s = max(before.end_s, self.since(run))
            for kind, t_s, mark in (("pause", before.end_s, timeline.pause), ("resume", now_s, timeline.resume)):
                if mark(t_s):
                    event = RunEvent(t_s, kind, {})
                    writer.write_event(event)
                    outputs = pipeline.apply(event)
                    self._store.runs.data.add(run.run_id, seconds=outputs.seconds)
            run = self._store.runs.change(run.run_id, state=RunState.RECORDING)

            def live(clock: Clock) -> LiveRun:
                sink, spoken = _ToStore(self._store), self._on_spoken
                made = LiveRun(run, pipeline, writer, sink, self._feed, clock, spoken, workout, timeline, workout_place)
                made.is_muted = before.is_muted
                return made

            yield Made(run, engine, live, now_s)
        except BaseException:  # whatever it was, also Ctrl-C: it stays a run that was cut off
            with contextlib.suppress(RecordingError):
                writer.close()
            self._store.runs.change(run.run_id, state=RunState.RECOVERED)
            raise
