"""Join packets, gait and coaching: everything that follows from a run's notifications. Pure: time is an argument.

The unit of reading is the tick, a multiple of `TICK_S`. Notifications wait; the tick at T reads each sensor once, in
the order of the sensors, with all that arrived before T, and works out metrics and cues. What is due follows from time
alone, whoever moves it on: a notification, a timer or something that the runner does. So a live run, a run on a
phone, a replay and a recomputation years later give the same for the same bytes, as long as each item counts at the
time that is written in the log: `counts_at` gives that time, before it is written.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING, Final

from coach.coaching.engine import CueEngine
from coach.errors import PacketError
from coach.model.cues import CueDecision, CueResponse, FocusTarget
from coach.model.frozen import dataclass
from coach.model.metrics import LiveMetrics
from coach.model.recordings import RunEvent
from coach.model.samples import Notification, Sample, StreamReport
from coach.model.strides import GaitEvent
from coach.packets.decoders import Decoder

if TYPE_CHECKING:
    from coach.gait.fusion.body import BodyGait

# What is shown is the middle of twelve seconds of strides, and a cue comes once in minutes: nobody reads or acts faster
# (by judgement). With 0.2 s each came 0.15 s earlier in the mean, for a third more of the live run's processor time.
# It divides 1 s, so that each second that is kept begins at a tick.
TICK_S: Final = 0.5
_NS_PER_S: Final = 1e9
_MOVES_TIME: Final = frozenset({"pause", "resume", "mute", "pain", "pain_undone", "cadence_unit", "stop"})


@dataclass(frozen=True, slots=True)
class Outputs:
    """All that is new.

    metrics: one per tick that passed, oldest first. seconds: those of them that open a new second, which are kept.
    faults: packets that could not be read.
    """

    samples: tuple[Sample, ...] = ()
    events: tuple[GaitEvent, ...] = ()
    metrics: tuple[LiveMetrics, ...] = ()
    seconds: tuple[LiveMetrics, ...] = ()
    decisions: tuple[CueDecision, ...] = ()
    faults: tuple[PacketError, ...] = ()


NOTHING: Final = Outputs()


@dataclass(slots=True)
class _Found:
    """`Outputs` while they grow."""

    samples: list[Sample] = field(default_factory=list)
    events: list[GaitEvent] = field(default_factory=list)
    metrics: list[LiveMetrics] = field(default_factory=list)
    seconds: list[LiveMetrics] = field(default_factory=list)
    decisions: list[CueDecision] = field(default_factory=list)
    faults: list[PacketError] = field(default_factory=list)

    def outputs(self) -> Outputs:
        return Outputs(
            tuple(self.samples),
            tuple(self.events),
            tuple(self.metrics),
            tuple(self.seconds),
            tuple(self.decisions),
            tuple(self.faults),
        )


class Pipeline:
    """One run from bytes to cues.

    A notification of a sensor without decoder is left alone (it is in the recording); a packet that cannot be read
    becomes a fault in the outputs and ends nothing.

    seconds_only: metrics only of the ticks that open a second, and no cues but answers to pain: for a recording whose
    cues are known already. Those seconds are the same as with all ticks.
    """

    def __init__(
        self,
        decoders: Mapping[str, Decoder],
        gait: "BodyGait",
        coaching: CueEngine | None = None,
        *,
        seconds_only: bool = False,
    ) -> None:
        self._decoders = dict(decoders)
        self._seconds_only = seconds_only
        self._gait = gait
        self._coaching = coaching
        self._waiting: dict[str, list[Notification]] = {sensor_id: [] for sensor_id in self._decoders}
        self._ready: dict[str, deque[tuple[float, list[Sample], list[PacketError]]]] = {}  # by due tick
        self._ticked_s = 0.0
        self._next_tick_s = TICK_S
        self._next_second_s = 1.0
        self._is_paused = False

    def add(self, sensor_id: str, decoder: Decoder) -> None:
        """Add a sensor that joined the run."""
        self._decoders[sensor_id] = decoder
        self._waiting.setdefault(sensor_id, [])

    def counts_at(self, t_s: float) -> float:
        """Return the time at which an item stamped `t_s` counts [s]: what the log must hold, and `feed` be given.

        On the log's grid of whole nanoseconds, and never before the last tick: an item that was stamped before it and
        came after it was not part of it.
        """
        return max(round(t_s * _NS_PER_S) / _NS_PER_S, self._ticked_s)

    def feed(self, notification: Notification) -> Outputs:
        """Queue one notification for the next tick; give what the ticks before it found.

        Of one sensor, notifications come in the order of their arrival.
        """
        outputs = NOTHING if notification.t_s < self._next_tick_s else self.tick(notification.t_s)
        waiting = self._waiting.get(notification.sensor_id)
        if waiting is not None:
            waiting.append(notification)
        return outputs

    def feed_many(self, notifications: Sequence[Notification]) -> list[Outputs]:
        """Return what `feed` gives of each of these, without what is empty;
        sensors are read ahead of the ticks where it pays.

        A minute of notifications at once costs half of what it costs one by one. What is left over for the tick that
        is not due yet waits as with `feed`.
        """
        ahead = {sensor_id: self._waiting[sensor_id] for sensor_id, one in self._decoders.items() if one.reads_ahead}
        dues: dict[str, list[tuple[float, int]]] = {sensor_id: [] for sensor_id in ahead}
        others: list[Notification] = []  # and those that a tick is due at
        next_s = self._next_tick_s
        for notification in notifications:
            t_s, queue = notification.t_s, ahead.get(notification.sensor_id)
            if t_s >= next_s:
                for sensor_id, came in ahead.items():
                    dues[sensor_id].append((next_s, len(came)))
                while next_s <= t_s:
                    next_s = round(next_s + TICK_S, 6)
                others.append(notification)
            elif queue is None:
                others.append(notification)
            if queue is not None:
                queue.append(notification)
        rest = {sensor_id: self._read_ahead(sensor_id, came, dues[sensor_id]) for sensor_id, came in ahead.items()}
        found: list[Outputs] = []
        for notification in others:
            if notification.t_s >= self._next_tick_s:
                found.append(self.tick(notification.t_s))
            if notification.sensor_id not in ahead and notification.sensor_id in self._waiting:
                self._waiting[notification.sensor_id].append(notification)
        self._waiting |= rest
        return found

    def apply(self, event: RunEvent) -> Outputs:
        """Take what the runner did, as it is logged; it counts from the next tick on.

        pause, resume: while paused the coach is silent; samples and metrics go on. mute: no sound, or sound again.
        pain: a level from 0 to 10; pain_undone: the newest was a slip of the finger. cadence_unit: what a running pod
        counts, "steps" or "strides"; None: the data decide. stop: the run ends here. Other kinds change nothing.
        """
        if event.kind not in _MOVES_TIME:
            return NOTHING
        outputs = self.tick(event.t_s)
        data = event.data
        match event.kind:
            case "pause":
                self._is_paused = True
            case "resume":
                self._is_paused = False
            case "cadence_unit":
                if decoder := self._decoders.get(str(data.get("sensor_id"))):
                    decoder.count_by(data.get("cadence_unit"))
            case "mute" if self._coaching:
                self._coaching.mute(bool(data.get("is_muted", True)))
            case "pain_undone" if self._coaching:
                self._coaching.take_back_pain()
            case "pain" if self._coaching:
                level, is_calf = int(data.get("level", 0)), bool(data.get("is_calf", False))
                said = self._coaching.pain(event.t_s, level, is_calf)
                return replace(outputs, decisions=(*outputs.decisions, *said))
        return outputs

    def tick(self, t_s: float) -> Outputs:
        """Let time come to `t_s`, with or without notifications, and give what all ticks up to then found."""
        if t_s < self._next_tick_s:
            return NOTHING
        found = _Found()
        while self._next_tick_s <= t_s:
            self._read(found)
            self._work_out(self._next_tick_s, found)
            self._ticked_s = self._next_tick_s
            self._next_tick_s = round(self._next_tick_s + TICK_S, 6)
        return found.outputs()

    @property
    def hold(self) -> str:
        """What a runner in pain above 5 hears for the rest of the run; "" below that."""
        return self._coaching.hold if self._coaching else ""

    def target(self, metrics: LiveMetrics) -> FocusTarget | None:
        """Return the focus metric of this run against the runner's own band."""
        return self._coaching.target(metrics) if self._coaching else None

    def metronome(self, metrics: LiveMetrics) -> float | None:
        """Return the steps per minute at which a metronome may tick now; None while it is silent."""
        is_silent = self._coaching is None or self._is_paused
        return None if is_silent or self._coaching is None else self._coaching.metronome(metrics.t_s, metrics)

    def finish(self) -> Outputs:
        """End the run, and return what the last samples still give."""
        found = _Found()
        self._read(found)
        found.events += self._gait.finish()
        return found.outputs()

    def responses(self) -> Sequence[CueResponse]:
        """Return measured answers to the cues so far."""
        return self._coaching.responses() if self._coaching else ()

    def reports(self) -> tuple[StreamReport, ...]:
        """Return what became of each sensor's bytes."""
        return tuple(decoder.report() for decoder in self._decoders.values())

    def _read(self, found: _Found) -> None:
        """Read what waits, sensor by sensor."""
        for sensor_id, decoder in self._decoders.items():
            waiting = self._waiting[sensor_id]
            ready = self._ready.get(sensor_id)
            if ready and ready[0][0] <= self._next_tick_s:
                _, samples, faults = ready.popleft()
                self._give(samples, faults, found)
                continue
            if not waiting:
                continue
            if decoder.cadence is not None:
                decoder.measured_cadence(self._gait.motion_cadence_spm(waiting[-1].t_s))
            samples, faults = decoder.feed_many(waiting)
            waiting.clear()
            self._give(samples, faults, found)

    def _read_ahead(
        self, sensor_id: str, queue: list[Notification], dues: Sequence[tuple[float, int]]
    ) -> list[Notification]:
        """Read what ticks to come take of a queue; return the rest. dues: (time of a tick, length of it by then)."""
        ends: list[int] = []
        due_s: list[float] = []
        for tick_s, end in dues:
            if end > (ends[-1] if ends else 0):
                ends.append(end)
                due_s.append(tick_s)
        self._waiting[sensor_id] = []
        if not ends:
            return queue
        parts = self._decoders[sensor_id].feed_parts(queue[: ends[-1]], ends)
        self._ready[sensor_id] = deque((at_s, *found) for at_s, found in zip(due_s, parts, strict=True))
        self._gait.feed_ahead([sample for samples, _ in parts for sample in samples])
        return queue[ends[-1] :]

    def _give(self, samples: Sequence[Sample], faults: Sequence[PacketError], found: _Found) -> None:
        for sample in samples:
            found.events += self._gait.feed(sample)
        found.samples += samples
        found.faults += faults

    def _work_out(self, t_s: float, found: _Found) -> None:
        """Work out metrics and cues of the tick at `t_s`."""
        is_second = t_s >= self._next_second_s
        if self._seconds_only and not is_second:
            self._gait.pass_tick(t_s)
            return
        now = self._gait.metrics(t_s)
        if self._coaching:
            now = self._coaching.compare(now)
            if not (self._is_paused or self._seconds_only):
                found.decisions += self._coaching.observe(t_s, now)
        found.metrics.append(now)
        if is_second:
            self._next_second_s = float(int(t_s) + 1)
            found.seconds.append(now)
