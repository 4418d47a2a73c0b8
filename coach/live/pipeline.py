"""Notifications in, everything that follows from them out: packets, gait and coaching joined. Pure: time comes in.

The same pipeline serves the live run, a replay and a recomputation years later: what it says depends on the bytes and
their times only. Metrics and cues are worked out on a fixed beat of `BEAT_S`, whenever a notification or `tick` has
moved time past the next beat.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from coach.errors import PacketError
from coach.model.cues import CueDecision, CueResponse, FocusTarget
from coach.model.metrics import LiveMetrics
from coach.model.samples import CadenceDecision, Notification, Sample, StreamReport
from coach.model.strides import GaitEvent

BEAT_S: Final = 0.2


class Decoder(Protocol):
    """Bytes of one sensor to samples (coach.packets)."""

    @property
    def cadence(self) -> CadenceDecision | None: ...

    def measured_cadence(self, cadence_spm: float | None) -> None: ...

    def count_by(self, cadence_unit: str | None) -> None: ...

    def feed(self, notification: Notification) -> list[Sample]: ...

    def report(self) -> StreamReport: ...


class Gait(Protocol):
    """Samples of all sensors to events and metrics (coach.gait)."""

    def feed(self, sample: Sample) -> list[GaitEvent]: ...

    def metrics(self, t_s: float) -> LiveMetrics: ...

    def motion_cadence_spm(self, t_s: float) -> float | None: ...

    def finish(self) -> list[GaitEvent]: ...


class Coaching(Protocol):
    """Metrics to cues (coach.coaching)."""

    def compare(self, metrics: LiveMetrics) -> LiveMetrics: ...

    def observe(self, t_s: float, metrics: LiveMetrics) -> list[CueDecision]: ...

    def pain(self, t_s: float, level: int, is_calf: bool = False) -> list[CueDecision]: ...

    def take_back_pain(self) -> None: ...

    def mute(self, is_muted: bool) -> None: ...

    @property
    def hold(self) -> str: ...

    def target(self, metrics: LiveMetrics) -> FocusTarget | None: ...

    def metronome(self, t_s: float, metrics: LiveMetrics) -> float | None: ...

    def responses(self) -> list[CueResponse]: ...


@dataclass(frozen=True, slots=True)
class Outputs:
    """All that is new. metrics: one per beat that passed, oldest first. faults: packets that could not be read."""

    samples: tuple[Sample, ...] = ()
    events: tuple[GaitEvent, ...] = ()
    metrics: tuple[LiveMetrics, ...] = ()
    decisions: tuple[CueDecision, ...] = ()
    faults: tuple[PacketError, ...] = ()


class Pipeline:
    """One run's way from bytes to cues.

    A notification of a sensor without decoder is left alone (it is in the recording); a packet that cannot be read
    becomes a fault in the outputs and ends nothing.
    """

    def __init__(self, decoders: Mapping[str, Decoder], gait: Gait, coaching: Coaching | None = None) -> None:
        self._decoders = dict(decoders)
        self._gait = gait
        self._coaching = coaching
        self._next_beat_s = BEAT_S
        self._is_paused = False

    def add(self, sensor_id: str, decoder: Decoder) -> None:
        """A sensor joined the run."""
        self._decoders[sensor_id] = decoder

    def pause(self, is_paused: bool) -> None:
        """While paused the coach is silent; samples and metrics go on."""
        self._is_paused = is_paused

    def count_by(self, sensor_id: str, cadence_unit: str | None) -> None:
        """The runner's word on what this running pod counts, "steps" or "strides"; None: the data decide."""
        if decoder := self._decoders.get(sensor_id):
            decoder.count_by(cadence_unit)

    def feed(self, notification: Notification) -> Outputs:
        """Take one notification; times of notifications may not go back."""
        decoder = self._decoders.get(notification.sensor_id)
        samples: list[Sample] = []
        faults: tuple[PacketError, ...] = ()
        if decoder is not None:
            if decoder.cadence is not None:  # on its own notifications, not on the beat: a replay decides the same
                decoder.measured_cadence(self._gait.motion_cadence_spm(notification.t_s))
            try:
                samples = decoder.feed(notification)
            except PacketError as fault:
                faults = (fault,)
        events = [event for sample in samples for event in self._gait.feed(sample)]
        metrics, decisions = self._beats(notification.t_s)
        return Outputs(tuple(samples), tuple(events), metrics, decisions, faults)

    def tick(self, t_s: float) -> Outputs:
        """Time has passed, with or without notifications."""
        metrics, decisions = self._beats(t_s)
        return Outputs(metrics=metrics, decisions=decisions)

    def pain(self, t_s: float, level: int, is_calf: bool = False) -> Outputs:
        """The runner tapped a pain level, 0-10."""
        decisions = self._coaching.pain(t_s, level, is_calf) if self._coaching else []
        return Outputs(decisions=tuple(decisions))

    def take_back_pain(self) -> None:
        """The newest pain level was a slip of the finger."""
        if self._coaching:
            self._coaching.take_back_pain()

    def mute(self, is_muted: bool) -> None:
        """The runner wants no sound, or sound again."""
        if self._coaching:
            self._coaching.mute(is_muted)

    @property
    def hold(self) -> str:
        """What a runner in pain above 5 is told for the rest of the run; "" below that."""
        return self._coaching.hold if self._coaching else ""

    def target(self, metrics: LiveMetrics) -> FocusTarget | None:
        """The focus metric of this run against the runner's own band."""
        return self._coaching.target(metrics) if self._coaching else None

    def metronome(self, metrics: LiveMetrics) -> float | None:
        """Steps per minute at which a metronome may tick now; None while it is silent."""
        is_silent = self._coaching is None or self._is_paused
        return None if is_silent or self._coaching is None else self._coaching.metronome(metrics.t_s, metrics)

    def finish(self) -> Outputs:
        """The run is over: what the last samples still give."""
        return Outputs(events=tuple(self._gait.finish()))

    def responses(self) -> Sequence[CueResponse]:
        """Measured answers to the cues so far."""
        return self._coaching.responses() if self._coaching else ()

    def reports(self) -> tuple[StreamReport, ...]:
        """What became of each sensor's bytes."""
        return tuple(decoder.report() for decoder in self._decoders.values())

    def _beats(self, t_s: float) -> tuple[tuple[LiveMetrics, ...], tuple[CueDecision, ...]]:
        metrics: list[LiveMetrics] = []
        decisions: list[CueDecision] = []
        while self._next_beat_s <= t_s:
            now = self._gait.metrics(self._next_beat_s)
            if self._coaching:
                now = self._coaching.compare(now)
                if not self._is_paused:
                    decisions += self._coaching.observe(self._next_beat_s, now)
            metrics.append(now)
            self._next_beat_s = round(self._next_beat_s + BEAT_S, 6)
        return tuple(metrics), tuple(decisions)
