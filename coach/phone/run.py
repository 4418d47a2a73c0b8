"""Lead one run on the phone: what the page shows, and the bytes of the log.

The counterpart of `coach.live.run` without event loop, threads, files or clock: the page's worker owns those. Laps,
pauses and the pipeline are the same objects as at home, and messages have the same kinds and fields, so that one page
can show either. Order of harm: each item goes into the log before anything is computed from it.
"""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Final

from coach.coaching.pain import GO_ON
from coach.coaching.workout_follower import WorkoutFollower
from coach.errors import ConflictError
from coach.live.pipeline import Outputs, Pipeline
from coach.live.timeline import Timeline
from coach.model.cues import CueDecision
from coach.model.documents import JsonObject
from coach.model.links import LinkEvent, LinkStatus, SensorUse
from coach.model.metrics import LiveMetrics
from coach.model.pain import UNDO_S
from coach.model.plain import to_plain
from coach.model.recordings import RecordingHeader, RunEvent
from coach.model.runs import RunPlan
from coach.model.samples import BatterySample, Notification
from coach.model.workouts import Workout
from coach.recording.layout import McapFile

LOW_BATTERY_PCT: Final = 15.0  # as at home (coach.live.run)
KILOMETRE_M: Final = 1000.0
Message = tuple[str, dict[str, object]]


class _Drain(BytesIO):
    """A stream that is emptied again and again while its position goes on, so that a log needs no memory."""

    def __init__(self) -> None:
        super().__init__()
        self._n_before = 0

    def tell(self) -> int:
        return self._n_before + super().tell()

    def take(self) -> bytes:
        """Return all bytes written since the last call."""
        piece = self.getvalue()
        self._n_before += len(piece)
        self.seek(0)
        self.truncate(0)
        return piece


class PhoneRun:
    """One run from start to finish.

    header: of the log. plan: how it is coached, None without a pack. workout: parts that it leads through. Times are
    seconds since the start and are kept from going back. Verbs return messages (kind, data) for the page: "metrics",
    "cue", "sensor", "run", "kilometre".
    """

    def __init__(
        self, header: RecordingHeader, pipeline: Pipeline, plan: RunPlan | None, workout: Workout | None = None
    ) -> None:
        self.header = header
        self.pipeline = pipeline
        self.plan = plan
        self.timeline = Timeline()
        self.links: dict[str, LinkEvent] = {}
        self.latest: LiveMetrics | None = None
        self.is_muted = False
        self.n_cues = 0
        self._follower = WorkoutFollower(workout) if workout else None
        self._sore_s: list[float] = []  # taps above what is free of pain: while there are any, no pace is asked for
        self._t_s = 0.0
        self._pain_at_s: float | None = None
        self._next_kilometre_m = KILOMETRE_M
        self._split_began_s = 0.0
        self._written = _Drain()
        self._log = McapFile(self._written, header)

    @property
    def started_at(self) -> datetime:
        """When the run started, aware."""
        return self.header.started_at

    # What comes in -------------------------------------------------------------------------------------------------

    def feed(self, notification: Notification) -> list[Message]:
        """Take one notification: first into the log, then through the pipeline."""
        t_s = self._forward(notification.t_s)
        item = Notification(notification.sensor_id, notification.characteristic.lower(), t_s, notification.payload)
        self._log.add_notification(item)
        return self._spread(self.pipeline.feed(item))

    def tick(self, t_s: float) -> list[Message]:
        """Let time pass without a notification: values go stale, silence is seen."""
        messages = self._spread(self.pipeline.tick(self._forward(t_s)))
        return [*messages, *self._follow_workout()]

    def link(self, event: LinkEvent) -> list[Message]:
        """Note a change of the link to a sensor."""
        self.links[event.sensor_id] = event
        self._event(event.t_s, "link", to_plain(event))
        return [("sensor", to_plain(event))]

    def changed(self, use: SensorUse, profile_text: str) -> None:
        """Note that a sensor joined or was set otherwise (a lower rate): the log's last word about it counts."""
        self._log.add_sensor(use, profile_text)

    def hidden(self, start_s: float, end_s: float) -> None:
        """Note that the page was hidden or frozen from `start_s` to `end_s`: what is missing there was never
        received."""
        self._event(end_s, "hidden", {"start_s": start_s, "end_s": end_s})

    def clock(self, t_s: float, wall_ms: float) -> None:
        """Note what the phone's wall clock shows [Unix ms] at `t_s`: it shows a monotonic clock that stopped."""
        self._event(t_s, "clock", {"wall_ms": wall_ms})

    # What the runner does ------------------------------------------------------------------------------------------

    def pause(self, t_s: float) -> list[Message]:
        """Pause the run; no messages where it is paused already."""
        return self._mark("pause") if self.timeline.pause(self._forward(t_s)) else []

    def resume(self, t_s: float) -> list[Message]:
        """Go on after a pause; no messages where there is none."""
        return self._mark("resume") if self.timeline.resume(self._forward(t_s)) else []

    def lap(self, t_s: float, kind: str = "lap") -> list[Message]:
        """End the present lap and begin the next; kind: lap, warm_up or cool_down. As at home (coach.live.run)."""
        now_s = self._forward(t_s)
        elapsed_s = self.timeline.elapsed_s(now_s)
        follower = self._follower
        if kind == "lap" and follower and not self.pipeline.hold and follower.skip(elapsed_s, self._distance_m):
            return self._begin_part()
        lap = self.timeline.lap(now_s, kind)
        return self._mark("lap", number=lap.number, lap_kind=kind)

    def mute(self, t_s: float, is_muted: bool) -> list[Message]:
        """Have cues spoken no more, or again; decisions go on and are kept as before."""
        self.is_muted = is_muted
        self._forward(t_s)
        return self._mark("mute", is_muted=is_muted)

    def pain(self, t_s: float, level: int, is_calf: bool = False) -> list[Message]:
        """Note a pain level that the runner tapped, 0-10."""
        self._pain_at_s = self._forward(t_s)
        if level > GO_ON:
            self._sore_s.append(self._pain_at_s)
        return self._mark("pain", level=level, is_calf=is_calf)

    def take_back_pain(self, t_s: float) -> list[Message]:
        """Take back the newest pain level, a slip of the finger, no more than ten seconds ago; else it stays."""
        if self._pain_at_s is None or t_s - self._pain_at_s > UNDO_S:
            raise ConflictError("too_late", "a number can be taken back for ten seconds: it stays; tap the right one")
        self._sore_s = [at_s for at_s in self._sore_s if at_s != self._pain_at_s]
        self._pain_at_s = None
        self._forward(t_s)
        return self._mark("pain_undone")

    def finish(self, t_s: float) -> list[Message]:
        """End the run: the last strides, then the log's end."""
        now_s = self._forward(t_s)
        messages = [*self.resume(now_s), *self._mark("stop")]
        self.timeline.end(now_s)
        messages += self._spread(self.pipeline.finish())
        self._log.finish()
        return messages

    # What goes out -------------------------------------------------------------------------------------------------

    def take_log(self) -> bytes:
        """Return the bytes of the log since the last call; append them to the file and flush it to storage."""
        self._log.flush()
        return self._written.take()

    def take_end(self) -> bytes:
        """Return the last bytes of the log, after `finish`."""
        return self._written.take()

    def status(self) -> dict[str, object]:
        """Return what a page that has just been opened must know; the same fields as at home."""
        last = self.timeline.laps[-1]
        return {
            "run_id": self.header.run_id,
            "state": "paused" if self.timeline.is_paused else "recording",
            "elapsed_s": round(self.timeline.elapsed_s(self._t_s), 1),
            "lap": last.number,
            "lap_start_s": last.start_s,
            "lap_kind": last.kind,
            "is_muted": self.is_muted,
            "plan": to_plain(self.plan),
            "hold": self.pipeline.hold,
            "workout": self._workout_now(),
            "links": [to_plain(event) for event in self.links.values()],
        }

    # The workout ---------------------------------------------------------------------------------------------------

    @property
    def _distance_m(self) -> float | None:
        return self.latest.distance_m if self.latest else None

    def _workout_now(self) -> dict[str, object] | None:
        if self._follower is None or self._follower.place.part < 0 or self.pipeline.hold:
            return None
        return self._follower.status(self._distance_m, bool(self._sore_s))

    def _follow_workout(self) -> list[Message]:
        """Follow the workout as at home: the next part when running time or distance has come to it;
        how its pace is kept."""
        if self._follower is None or self.timeline.is_paused or self.pipeline.hold:
            return []
        elapsed_s = self.timeline.elapsed_s(self._t_s)
        if self._follower.follow(elapsed_s, self._distance_m):
            return self._begin_part()
        speed_mps = self.latest.speed_mps if self.latest else None
        return [("run", self.status())] if self._follower.judge_pace(elapsed_s, speed_mps, bool(self._sore_s)) else []

    def _begin_part(self) -> list[Message]:
        assert self._follower is not None
        lap = self.timeline.lap(self._t_s, self._follower.lap_kind, self._follower.place.part)
        return self._mark("lap", number=lap.number, lap_kind=lap.kind, **to_plain(self._follower.place))

    # Inside --------------------------------------------------------------------------------------------------------

    def _forward(self, t_s: float) -> float:
        """Return the time at which what happens at `t_s` counts, in the log and in the pipeline."""
        self._t_s = self.pipeline.counts_at(max(self._t_s, t_s))
        return self._t_s

    def _event(self, t_s: float, kind: str, data: dict[str, object]) -> None:
        self._log.add_event(RunEvent(self._forward(t_s), kind, data))

    def _mark(self, kind: str, **data: object) -> list[Message]:
        """Pass on what the runner does now: first to the log, then into the pipeline, as when the log is read again."""
        event = RunEvent(self._t_s, kind, to_plain(data))
        self._log.add_event(event)
        messages = self._spread(self.pipeline.apply(event))
        return [*messages, ("run", self.status())]

    def _spread(self, outputs: Outputs) -> list[Message]:
        messages: list[Message] = []
        for sample in outputs.samples:
            if isinstance(sample, BatterySample) and sample.battery_pct < LOW_BATTERY_PCT:
                messages += self._low_battery(sample)
        if outputs.metrics:
            messages += self._show(outputs.metrics)
        for decision in outputs.decisions:
            messages += self._decide(decision)
        return messages

    def _show(self, metrics: Sequence[LiveMetrics]) -> list[Message]:
        """Show only the newest numbers; kilometres are found in all."""
        messages: list[Message] = [
            ("kilometre", self._kilometre(one.t_s))
            for one in metrics
            if one.distance_m is not None and one.distance_m >= self._next_kilometre_m
        ]
        self.latest = metrics[-1]
        page = to_plain(self.latest)
        page["elapsed_s"] = round(self.timeline.elapsed_s(self.latest.t_s), 1)
        page["run_id"] = self.header.run_id
        page["target"] = to_plain(self.pipeline.target(self.latest))
        page["tick_spm"] = self.pipeline.metronome(self.latest)
        return [*messages, ("metrics", page)]

    def _kilometre(self, t_s: float) -> JsonObject:
        elapsed_s = self.timeline.elapsed_s(t_s)
        number = round(self._next_kilometre_m / KILOMETRE_M)
        data = {"number": number, "split_s": round(elapsed_s - self._split_began_s, 1), "elapsed_s": elapsed_s}
        self._next_kilometre_m += KILOMETRE_M
        self._split_began_s = elapsed_s
        return data

    def _decide(self, decision: CueDecision) -> list[Message]:
        self._event(decision.t_s, "cue", to_plain(decision))
        if not decision.is_spoken:
            return []
        self.n_cues += 1
        return [("cue", {**to_plain(decision), "is_muted": self.is_muted, "run_id": self.header.run_id})]

    def _low_battery(self, sample: BatterySample) -> list[Message]:
        before = self.links.get(sample.sensor_id)
        if before is not None and before.reason == "battery_low":
            return []
        status = before.status if before is not None else LinkStatus.STREAMING
        words = f"The battery of this sensor is low ({sample.battery_pct:.0f} %): charge it after this run"
        return self.link(LinkEvent(sample.sensor_id, sample.t_s, status, "battery_low", words, sample.battery_pct))
