"""A run as the page and the command line handle it: start, pause, lap, tap pain, mute, stop; recover what was cut off.

One run at a time. Every method may be called from any thread; the run itself lives on the radio's event loop.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from coach.errors import CoachError, SettingsError
from coach.live.feed import LiveFeed
from coach.live.pipeline_factory import make_pipeline, profile_texts
from coach.live.run import Batch, LiveRun, Source
from coach.model.cues import CueDecision
from coach.model.links import SensorUse
from coach.model.plain import to_plain
from coach.model.recordings import RecordingHeader
from coach.model.runs import Lap, Run, RunPlace, RunState
from coach.radio.clock import RunClock
from coach.recording.folder import inside
from coach.recording.layout import SUFFIX
from coach.recording.reader import read_recording
from coach.recording.recovery import find_unfinished, recover
from coach.recording.writer import RecordingWriter
from coach.service.event_loop import LoopThread
from coach.service.runs.coaching import CoachingService
from coach.service.runs.finish_run import end_run, program_version
from coach.service.runs.recorded import keep_answers, run_of, unlike_cues
from coach.service.runs.replay_reader import Reading, read_again
from coach.service.sensors.service import SensorService
from coach.storage.store import Store

log = logging.getLogger(__name__)

# Made on the event loop: where notifications come from, and the clock of their times.
MakeSource = Callable[[], tuple[Source, Callable[[], float]]]


class _ToStore:
    """Batches of a live run into the database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, run_id: str, batch: Batch) -> None:
        self._store.runs.add(run_id, batch.strides, batch.seconds, batch.decisions)


class RunService:
    """on_spoken: told of every cue that is spoken. on_finished: told of every run that has ended and was summed up.

    speed: seconds of the run's clock per second of the wall (a demonstration or a replay may run faster).
    """

    def __init__(
        self,
        loop: LoopThread,
        store: Store,
        feed: LiveFeed,
        recordings: Path,
        sensors: SensorService,
        coaching: CoachingService,
        on_spoken: Callable[[CueDecision], None] | None = None,
        on_finished: Callable[[Run], None] | None = None,
        speed: float = 1.0,
    ) -> None:
        self._loop = loop
        self._store = store
        self._feed = feed
        self._recordings = recordings
        self._sensors = sensors
        self._coaching = coaching
        self._on_spoken = on_spoken
        self._on_finished = on_finished
        self._speed = speed
        self._live: LiveRun | None = None
        self._ended: Future[Run] | None = None

    # Start and stop ------------------------------------------------------------------------------------------------

    def start(
        self,
        place: str | RunPlace = RunPlace.TREADMILL,
        focus: str | None = None,
        shoes: str = "",
        slope_pct: float | None = None,
        notes: str = "",
    ) -> Run:
        """Start a run with the remembered sensors.

        Raises:
            SettingsError: a run is going on, or no sensor is paired.
        """
        uses = self._sensors.remembered()
        if not uses:
            raise SettingsError("no sensor is paired: pair one on the Sensors page, or with `coach sensors pair`")
        facts = {"place": RunPlace(place), "shoes": shoes, "slope_pct": slope_pct, "notes": notes}

        def linked() -> tuple[Source, Callable[[], float]]:
            clock = RunClock(self._speed)
            return self._sensors.source(uses, clock), clock

        return self.begin(uses, linked, focus, facts)

    def begin(
        self,
        uses: Sequence[SensorUse],
        make_source: MakeSource,
        focus: str | None = None,
        facts: dict[str, Any] | None = None,
    ) -> Run:
        """Start a run whose notifications come from `make_source`: linked sensors, or a recording that is played."""
        if self._live is not None:
            raise SettingsError("a run is going on: stop it first")
        started_at = datetime.now(UTC)
        run_id = f"{started_at:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        engine = self._coaching.prepare(run_id, started_at, focus)
        run = Run(
            run_id,
            started_at,
            RunState.RECORDING,
            recording=f"{run_id}.mcap",
            sensors=tuple(uses),
            plan=engine.plan,
            **(facts or {}),
        )
        pipeline = make_pipeline(uses, self._store.runner.get(), engine)
        settings = to_plain({**(facts or {}), "plan": engine.plan})
        header = RecordingHeader(run_id, started_at, program_version(), tuple(uses), profile_texts(uses), settings)
        writer = RecordingWriter(self._recordings, header)
        self._store.runs.create(run)

        def on_loop() -> LiveRun:
            source, clock = make_source()
            live = LiveRun(run, pipeline, writer, _ToStore(self._store), self._feed, clock, self._on_spoken)
            self._live = live
            self._sensors.pod_counts.attend(live)
            self._ended = asyncio.run_coroutine_threadsafe(self._play(live, source, engine), self._loop.loop)
            return live

        self._loop.call(on_loop)
        return run

    def stop(self) -> Run:
        """End the run, sum it up, return it as stored.

        Raises:
            SettingsError: no run is going on.
        """
        live, ended = self._going(), self._ended
        self._loop.call(live.stop)
        assert ended is not None
        return ended.result(120)

    def wait(self, timeout_s: float | None = None) -> Run | None:
        """Wait until the present run ends by itself; None once `timeout_s` have passed, or without a run."""
        if self._ended is None:
            return None
        try:
            return self._ended.result(timeout_s)
        except TimeoutError:
            return None

    async def _play(self, live: LiveRun, source: Source, engine: Any) -> Run:
        try:
            await live.play(source)
        except CoachError as error:
            log.warning("the run ended early: %s", error)
        finally:
            self._live = None
            self._sensors.pod_counts.attend(None)
        return await asyncio.to_thread(self._finish, live, engine)

    def _finish(self, live: LiveRun, engine: Any) -> Run:
        runs, run_id = self._store.runs, live.run.run_id
        reading = Reading(
            strides=[*runs.strides(run_id), *runs.steps(run_id)],
            seconds=list(runs.seconds(run_id)),
            decisions=list(runs.decisions(run_id)),
            responses=list(live.pipeline.responses()),
            laps=live.laps,
            pauses=live.pauses,
            reports=live.pipeline.reports(),
            end_s=live.clock(),
        )
        return self._sum_up(live.run, reading, RunState.FINISHED, engine)

    def _sum_up(self, run: Run, reading: Reading, state: RunState, engine: Any) -> Run:
        ended = end_run(self._store, run, reading, state)
        self._coaching.finish(ended, engine)
        if self._live is None:  # a run that came in from elsewhere does not end the one that is shown
            self._feed.forget("metrics")
            self._feed.publish("run", {"run_id": run.run_id, "state": state.value, "elapsed_s": ended.duration_s})
        if self._on_finished:
            self._on_finished(ended)
        return ended

    # During the run ------------------------------------------------------------------------------------------------

    def current(self) -> Run | None:
        """The run that is going on."""
        live = self._live
        return live.run if live else None

    def status(self) -> dict[str, Any]:
        """What a page that has just been opened must know; {"run_id": None} without a run."""
        live = self._live
        if live is None:
            return {"run_id": None, "state": None, "links": [], "plan": to_plain(self._coaching.next_plan())}
        return self._loop.call(lambda: {**live.status(), "metrics": to_plain(live.latest)})

    def pause(self) -> None:
        self._loop.call(self._going().pause)

    def resume(self) -> None:
        self._loop.call(self._going().resume)

    def lap(self, kind: str = "lap") -> Lap:
        """End the present lap and begin the next; kind: lap, warm_up or cool_down."""
        live = self._going()
        return self._loop.call(lambda: live.lap(kind))

    def mute(self, on: bool) -> None:
        live = self._going()
        self._loop.call(lambda: live.mute(on))

    def pain(self, level: int, is_calf: bool = False) -> None:
        """One tap, 0-10, for the back or for calf and Achilles."""
        if not 0 <= level <= 10:
            raise SettingsError(f"pain is told from 0 to 10, not {level}")
        live = self._going()
        self._loop.call(lambda: live.pain(level, is_calf))
        self._coaching.tapped(live.run.run_id, level, is_calf)

    def _going(self) -> LiveRun:
        if self._live is None:
            raise SettingsError("no run is going on: start one first")
        return self._live

    # Afterwards ----------------------------------------------------------------------------------------------------

    def recover(self) -> list[Run]:
        """Make whole and sum up every run that a crash or a power loss cut off; returns them."""
        found: list[Run] = []
        for path in find_unfinished(self._recordings):
            try:
                recording = recover(path)
                found.append(self._recovered(recording.path))
            except CoachError as error:
                log.warning("a run could not be recovered: %s", error)
        return found

    def adopt(self) -> list[Run]:
        """Recordings that the database knows nothing of (it was lost, or they were copied here) become runs again."""
        found: list[Run] = []
        for path in sorted(self._recordings.glob(f"*{SUFFIX}")):
            try:
                if not self._store.runs.knows(read_recording(path).header.run_id):
                    found.append(self._recovered(path))
            except CoachError as error:
                log.warning("a recording could not be taken in: %s", error)
        return found

    def recompute(self, run_id: str) -> Run:
        """Compute a run anew from its raw log, with the program as it is now; notes and cues stay."""
        run = self._store.runs.get(run_id)
        if run.recording is None:
            raise SettingsError(f"run {run_id} has no recording: it was imported and cannot be computed again")
        return self._from_recording(run, inside(self._recordings, run.recording), run.state)

    def take_over(self, path: Path) -> Run:
        """A recording made elsewhere becomes a coached run in every respect: plan, block, baseline, pain, outcome.

        path: in the folder of recordings. Where it fails nothing is kept of the run but its pain answers.

        Raises:
            SettingsError: the run is here already. RecordingError: the recording cannot be read.
        """
        recording = read_recording(path)
        run = run_of(recording.header, path.name)
        if self._store.runs.knows(run.run_id):
            raise SettingsError(f"the run {run.run_id} is here already")
        keep_answers(self._store, recording.header, recording.sound_items(), run.run_id)
        self._store.runs.create(run)
        try:
            state = RunState.FINISHED if recording.is_complete else RunState.RECOVERED
            return self._from_recording(run, path, state, is_new=True)
        except BaseException:
            self._store.runs.discard(run.run_id)
            raise

    def _recovered(self, path: Path) -> Run:
        header = read_recording(path).header
        known = {run.run_id for run in self._store.runs.unfinished()}
        run = run_of(header, path.name)
        if header.run_id in known:
            run = self._store.runs.get(header.run_id)
        else:
            self._store.runs.create(run)
        return self._from_recording(run, path, RunState.RECOVERED, is_new=True)

    def _from_recording(self, run: Run, path: Path, state: RunState, *, is_new: bool = False) -> Run:
        """Measure and sum up a recorded run. is_new: it was never summed up, so the coach learns from it now."""
        recording = read_recording(path)
        engine = self._coaching.prepare_again(run)
        pipeline = make_pipeline(recording.header.sensors, self._store.runner.get(), engine)
        reading = read_again(recording.items(), pipeline)
        self._store.runs.replace(run.run_id, reading.strides, reading.seconds, reading.decisions)
        if is_new:
            for words in unlike_cues(reading.decisions, reading.recomputed):
                log.warning("run %s: %s", run.run_id, words)
            reading.responses = list(pipeline.responses())
            return self._sum_up(run, reading, state, engine)
        reading.responses = list(self._store.runs.responses(run.run_id))
        return end_run(self._store, run, reading, state)
