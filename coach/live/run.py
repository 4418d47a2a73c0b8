"""A run while it happens: notifications from a source through the pipeline, to the log, the database and the page.

Everything here runs on the one asyncio loop of the radio; writing to the database happens on a worker thread. One bad
packet never ends a run, nor does a full disk: what can go on goes on, and the page says so.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from coach.coaching.pain import GO_ON
from coach.coaching.workout_follower import WorkoutFollower
from coach.live.batches import BatchWriter, RunSink
from coach.live.feed import LiveFeed
from coach.live.pipeline import NOTHING, TICK_S, Outputs, Pipeline
from coach.live.run_log import DATABASE_ID, LOG_ID, RunLog, keeping_change
from coach.live.timeline import Timeline
from coach.live.treadmill_check import TreadmillCheck
from coach.model.cues import CueDecision
from coach.model.links import LinkEvent
from coach.model.metrics import LiveMetrics
from coach.model.pain import UNDO_S, PainEntry
from coach.model.plain import to_plain
from coach.model.recordings import RunEvent
from coach.model.runs import Lap, Run, RunState
from coach.model.samples import BatterySample, Gap, Notification, TreadmillSample
from coach.model.strides import Stride, TrunkStep
from coach.model.workouts import Workout, WorkoutPlace
from coach.recording.writer import RecordingWriter
from firmware_config.loader import load_profile

log = logging.getLogger(__name__)

LOW_BATTERY_PCT: Final = 15.0  # chosen by eye, 2026-11-20: about an hour left on the sensors known here
FAULTS_REPORTED_S: Final = 30.0
_UNDO_SLACK_S: Final = 5.0  # the tap and its undo each take their time over the network; by judgement


class NotificationSource(Protocol):
    """Where notifications come from: linked sensors, or a recording that is played."""

    async def play(self, receive: Callable[[Notification], None], report: Callable[[LinkEvent], None]) -> None:
        """Give notifications and changes of links until cancelled, or until there are no more."""
        ...


class LiveRun:
    """One run from start to stop.

    clock: seconds since the run started, monotonic. on_spoken: called with each cue that is spoken. Published metrics
    carry the Unix time at which the newest notification arrived, so that the delay to the page can be measured.
    workout: parts by time or distance, each a lap of its own; one that ends, or pain above 5, leaves a plain run.
    workout_place: where in it a run that was cut off goes on.
    """

    def __init__(
        self,
        run: Run,
        pipeline: Pipeline,
        writer: RecordingWriter | None,
        sink: RunSink,
        feed: LiveFeed,
        clock: Callable[[], float],
        on_spoken: Callable[[CueDecision], None] | None = None,
        workout: Workout | None = None,
        timeline: Timeline | None = None,
        workout_place: WorkoutPlace | None = None,
    ) -> None:
        self.run = run
        self._follower = WorkoutFollower(workout, workout_place) if workout else None
        self._sore: list[PainEntry] = []  # taps above what is free of pain: while there are any, no pace is asked for
        self.pipeline = pipeline
        self.links: dict[str, LinkEvent] = {}
        self.timeline = timeline or Timeline()
        self.latest: LiveMetrics | None = None
        self.is_muted = False
        self.n_cues = 0
        self.end_s = 0.0
        self._log = RunLog(writer)
        self._batches = BatchWriter(run.run_id, sink)
        self._feed = feed
        self.clock = clock
        self._on_spoken = on_spoken
        self._treadmill_id = next(
            (use.sensor_id for use in run.sensors if load_profile(use.profile_id).kind == "treadmill"), None
        )
        self._treadmill_check = TreadmillCheck()
        self._faults: Counter[str] = Counter()
        self._faults_reported_s = -FAULTS_REPORTED_S
        self._arrived_wall_s = 0.0
        self._stopping = asyncio.Event()
        self._newest_pain: PainEntry | None = None
        self.is_over = False  # stopped; what is left is kept and summed up

    @property
    def elapsed_s(self) -> float:
        """Running time without pauses."""
        return self.timeline.elapsed_s(self.clock())

    @property
    def is_paused(self) -> bool:
        """Whether the runner has paused the run."""
        return self.timeline.is_paused

    @property
    def laps(self) -> list[Lap]:
        """All laps so far, the last one open."""
        return self.timeline.laps

    @property
    def pauses(self) -> list[tuple[float, float]]:
        """Finished pauses as (start, end) [s since the start of the run]."""
        return self.timeline.pauses

    async def play(self, source: NotificationSource) -> None:
        """Run until the source ends or `stop` is called; then everything is kept and the log is closed."""
        self.publish_run()
        helpers = [
            asyncio.create_task(work())
            for work in (self._keep_time, self._batches.keep_now_and_then, self._stopping.wait)
        ]
        playing = asyncio.create_task(source.play(self.receive, self.report))
        try:
            await asyncio.wait([playing, helpers[-1]], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (playing, *helpers):
                task.cancel()
            ended = await asyncio.gather(playing, *helpers, return_exceptions=True)
            await self._end()
        for fault in ended:
            if isinstance(fault, Exception):
                raise fault

    def stop(self) -> None:
        """Ask `play` to end; call it on the event loop."""
        self._stopping.set()

    def receive(self, notification: Notification) -> None:
        """Take one notification: first to the log, then through the pipeline."""
        t_s = self.pipeline.counts_at(notification.t_s)
        if t_s != notification.t_s:
            notification = notification._replace(t_s=t_s)
        self._log.write(lambda writer: writer.write(notification))
        self._spread(self.pipeline.feed(notification))
        self._arrived_wall_s = time.time()  # what was just shown is without this notification

    def tick(self) -> None:
        """Let time go on where no notification comes: values go stale, silence is seen."""
        self._spread(self.pipeline.tick(self.clock()))
        self._follow_workout()
        self._log.write(lambda writer: writer.flush_if_due(self.clock()))
        for link_id, problem in ((LOG_ID, self._log.problem), (DATABASE_ID, self._batches.problem)):
            if event := keeping_change(link_id, problem, self.links.get(link_id), self.clock()):
                self.report(event)

    def report(self, event: LinkEvent) -> None:
        """Take note of a change of the link to a sensor."""
        self.links[event.sensor_id] = event
        self._log.write(lambda writer: writer.write_event(RunEvent(event.t_s, "link", to_plain(event))))
        self._feed.publish("sensor", to_plain(event))

    # What the runner does ------------------------------------------------------------------------------------------

    def pause(self, at_s: float | None = None) -> None:
        """Begin a pause. at_s: when the runner tapped, on the run's clock, None for now; so with the other taps."""
        t_s = self._moment(at_s)
        if self.timeline.pause(t_s):
            self._mark("pause", t_s)

    def resume(self, at_s: float | None = None) -> None:
        """End the pause."""
        t_s = self._moment(at_s)
        if self.timeline.resume(t_s):
            self._mark("resume", t_s)

    def lap(self, kind: str = "lap", at_s: float | None = None) -> Lap:
        """End the present lap here and begin the next one; of a workout, the part that waits for this tap."""
        follower = self._follower
        if kind == "lap" and follower and not self.pipeline.hold and follower.skip(self.elapsed_s, self._distance_m):
            return self._begin_part(at_s)
        return self._lap(kind, at_s)

    def _lap(self, kind: str, at_s: float | None, place: WorkoutPlace | None = None) -> Lap:
        t_s = self._moment(at_s)
        lap = self.timeline.lap(t_s, kind, place.part if place else None)
        self._mark("lap", t_s, number=lap.number, lap_kind=kind, **(to_plain(place) if place else {}))
        return lap

    def _moment(self, at_s: float | None) -> float:
        """Return the time of a tap; one that comes late lies after the marks that were made meanwhile."""
        return self._now() if at_s is None else min(max(at_s, self.timeline.newest_s), self._now())

    def mute(self, is_muted: bool) -> None:
        """Have cues spoken no more, or again; decisions go on and are kept as before. On the run's event loop."""
        self.is_muted = is_muted
        self._mark("mute", self._now(), is_muted=is_muted)

    def count_by(self, sensor_id: str, cadence_unit: str | None) -> None:
        """Take the runner's word on what a running pod counts, "steps" or "strides"; None: the data decide."""
        self._mark("cadence_unit", self._now(), sensor_id=sensor_id, cadence_unit=cadence_unit)

    def pain(self, entry: PainEntry) -> bool:
        """Keep a pain level that the runner tapped; it acts now, also where it came late (`entry.at` is its moment).

        False: the run is over, and the entry was not kept.
        """
        if self.is_over:
            return False
        is_calf = entry.calf is not None
        level = (entry.calf if is_calf else entry.back) or 0
        if level > GO_ON:
            self._sore.append(entry)
        self._mark("pain", self._now(), level=level, is_calf=is_calf, at=entry.at)
        self._batches.waiting.pains.append(entry)
        self._newest_pain = entry
        self._batches.keep_soon()
        return True

    async def take_back_pain(self, at: datetime) -> PainEntry | None:
        """Take back the newest pain tap, a slip of the finger, as the runner said at a moment; None where there is
        none, or that was not soon after it: an undo that comes late is of another tap.

        Gives the entry, which the sink may hold already.
        """
        entry = self._newest_pain
        after_s = (at - entry.at).total_seconds() if entry else 0.0
        if entry is None or self.is_over or not -_UNDO_SLACK_S <= after_s <= UNDO_S + _UNDO_SLACK_S:
            return None
        self._newest_pain = None
        self._sore = [one for one in self._sore if one is not entry]
        self._mark("pain_undone", self._now(), at=entry.at)
        if not any(one is entry for one in self._batches.waiting.pains):
            await self._batches.keep()  # a write may be going on: after it the entry is in the sink, or waits again
        waiting = self._batches.waiting
        waiting.pains = [one for one in waiting.pains if one is not entry]
        return entry

    def publish_run(self) -> None:
        """Publish the run's state to the pages that are open."""
        self._feed.publish("run", self.status())

    def status(self) -> dict[str, object]:
        """Return what a page that has just been opened must know."""
        state = RunState.PAUSED if self.is_paused else RunState.RECORDING
        return {
            "run_id": self.run.run_id,
            "state": state.value,
            "elapsed_s": round(self.elapsed_s, 1),
            "lap": self.laps[-1].number,
            "lap_start_s": self.laps[-1].start_s,
            "lap_kind": self.laps[-1].kind,
            "is_muted": self.is_muted,
            "plan": to_plain(self.run.plan),
            "hold": self.pipeline.hold,
            "workout": self._workout_now(),
            "links": [to_plain(event) for event in self.links.values()],
        }

    def _workout_now(self) -> dict[str, object] | None:
        """Return the part that is on, for page and voice; None without a workout, after its end, or in pain above 5."""
        if self._follower is None or self._follower.place.part < 0 or self.pipeline.hold:
            return None
        return self._follower.status(self._distance_m, bool(self._sore))

    @property
    def _distance_m(self) -> float | None:
        return self.latest.distance_m if self.latest else None

    def _follow_workout(self) -> None:
        """Begin the next part when running time or distance has come to it, and say how its pace is kept."""
        if self._follower is None or self.is_paused or self.pipeline.hold:
            return
        if self._follower.follow(self.elapsed_s, self._distance_m):
            self._begin_part()
        elif self._follower.judge_pace(
            self.elapsed_s, self.latest.speed_mps if self.latest else None, bool(self._sore)
        ):
            self.publish_run()

    def _begin_part(self, at_s: float | None = None) -> Lap:
        assert self._follower is not None
        return self._lap(self._follower.lap_kind, at_s, self._follower.place)

    # Inside --------------------------------------------------------------------------------------------------------

    def _now(self) -> float:
        """Return the time at which what happens now counts."""
        return self.pipeline.counts_at(self.clock())

    def _mark(self, kind: str, t_s: float, **data: object) -> None:
        """Pass on what the runner did at `t_s`: to the log, then into the pipeline, as when the log is read again.

        What was tapped before the last tick counts from now on for cues; laps and pauses are as tapped.
        """
        counts_s = self.pipeline.counts_at(t_s)
        late = {} if counts_s == t_s else {"tapped_s": t_s}
        event = RunEvent(counts_s, kind, to_plain({**data, **late}))
        self._log.write(lambda writer: writer.write_event(event))
        self._spread(self.pipeline.apply(event))
        self.publish_run()

    def _spread(self, outputs: Outputs) -> None:
        if outputs is NOTHING:
            return
        self._check_treadmill(outputs)
        self._batches.waiting.strides += [e for e in outputs.events if isinstance(e, Stride | TrunkStep)]
        for sample in outputs.samples:
            if isinstance(sample, Gap):
                log.info("gap of %d readings from %s", sample.n_missing, sample.sensor_id)
            elif isinstance(sample, BatterySample) and sample.battery_pct < LOW_BATTERY_PCT:
                self._report_battery(sample)
        for fault in outputs.faults:
            self._report_fault(str(fault))
        self._batches.waiting.seconds += outputs.seconds
        for metrics in outputs.metrics:
            self._show(metrics)
        for decision in outputs.decisions:
            self._decide(decision)

    def _show(self, metrics: LiveMetrics) -> None:
        self.latest = metrics
        page = to_plain(metrics)
        page["elapsed_s"] = round(self.elapsed_s, 1)
        page["run_id"] = self.run.run_id
        page["arrived_wall_s"] = self._arrived_wall_s
        page["target"] = to_plain(self.pipeline.target(metrics))
        page["tick_spm"] = self.pipeline.metronome(metrics)
        self._feed.publish("metrics", page)

    def _decide(self, decision: CueDecision) -> None:
        self._batches.waiting.decisions.append(decision)
        self._log.write(lambda writer: writer.write_event(RunEvent(decision.t_s, "cue", to_plain(decision))))
        if not decision.is_spoken:
            return
        self.n_cues += 1
        if self._on_spoken:
            self._on_spoken(decision)
        self._feed.publish("cue", {**to_plain(decision), "is_muted": self.is_muted, "run_id": self.run.run_id})

    def _report_battery(self, sample: BatterySample) -> None:
        link = self.links.get(sample.sensor_id)
        if link and link.reason != "battery_low":
            words = f"The battery of this sensor is low ({sample.battery_pct:.0f} %): charge it after this run"
            self.report(LinkEvent(sample.sensor_id, sample.t_s, link.status, "battery_low", words, sample.battery_pct))

    def _check_treadmill(self, outputs: Outputs) -> None:
        link = self.links.get(self._treadmill_id) if self._treadmill_id else None
        if link is None or not outputs.metrics:
            return
        now_s = outputs.metrics[-1].t_s
        for sample in outputs.samples:
            if isinstance(sample, TreadmillSample) and sample.speed_mps is not None:
                self._treadmill_check.belt(sample.t_s, sample.speed_mps)
        for event in outputs.events:
            if not isinstance(event, Stride) or event.speed_mps is None:
                continue
            if words := self._treadmill_check.stride(now_s, event.speed_mps):
                self.report(LinkEvent(link.sensor_id, now_s, link.status, "wrong_unit", words, link.battery_pct))

    def _report_fault(self, words: str) -> None:
        self._faults[words.split(":")[0]] += 1
        now = self.clock()
        if now - self._faults_reported_s >= FAULTS_REPORTED_S:
            self._faults_reported_s = now
            log.warning("a packet could not be read: %s (%d so far)", words, self._faults.total())

    async def _keep_time(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self.tick()

    @property
    def log_problem(self) -> str:
        """Why the raw log is not being written at present, in words; "" while all is well."""
        return self._log.problem

    def keep_rest(self) -> None:
        """Write what is left after the end, on the caller's thread; may be tried again.

        Raises:
            StorageError: the database refuses; then it waits on.
        """
        self._log.close()
        self._batches.keep_rest()

    async def _end(self) -> None:
        self.is_over = True
        self.resume()
        self.end_s = self._now()
        self._mark("stop", self.end_s)
        self.timeline.end(self.end_s)
        self._spread(self.pipeline.finish())
        for _ in range(2):  # the first may be one that had begun before
            await self._batches.keep()
        await asyncio.to_thread(self._log.close)
