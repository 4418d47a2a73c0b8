"""Read a recording again through the pipeline: everything that was measured in a run, from its bytes."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

from coach.live.pipeline import NOTHING, Outputs, Pipeline
from coach.live.timeline import Timeline, part_of
from coach.model.columns import Columns
from coach.model.cues import CueDecision, CueResponse
from coach.model.metrics import LiveMetrics
from coach.model.plain import from_plain
from coach.model.recordings import RunEvent
from coach.model.runs import Lap
from coach.model.samples import Notification, StreamReport
from coach.model.strides import GaitEvent, Stride, TrunkStep

PIECE_S: Final = 30.0  # of a recording read at once: longer pieces gain little and take memory
# Objects made between two searches for garbage: strides and seconds stay, and what is thrown away has no circles. With
# the usual 700 a twentieth of a recompute went into such searches; more than this gains nothing.
SEARCH_EVERY: Final = 50_000
_TIME: Final = attrgetter("t_s")


@dataclass(slots=True)
class Reading:
    """What a run holds. end_s: time of the last thing that was kept. seconds: metrics once a second.

    decisions: as logged in the run. recomputed: as the pipeline's own coaching decides now, for comparison. is_muted:
    the runner wanted no sound at the end.
    """

    strides: Columns[Stride] = field(default_factory=lambda: Columns(Stride))
    steps: Columns[TrunkStep] = field(default_factory=lambda: Columns(TrunkStep))
    seconds: Columns[LiveMetrics] = field(default_factory=lambda: Columns(LiveMetrics))
    decisions: list[CueDecision] = field(default_factory=list)
    responses: list[CueResponse] = field(default_factory=list)
    laps: list[Lap] = field(default_factory=list)
    pauses: list[tuple[float, float]] = field(default_factory=list)
    reports: tuple[StreamReport, ...] = ()
    end_s: float = 0.0
    recomputed: list[CueDecision] = field(default_factory=list)
    is_muted: bool = False

    def add(self, events: Iterable[GaitEvent], seconds: Iterable[LiveMetrics]) -> None:
        """Add what was measured further: strides and steps are kept of all events."""
        for event in events:
            if isinstance(event, Stride):
                self.strides.append(event)
            elif isinstance(event, TrunkStep):
                self.steps.append(event)
        self.seconds.extend(seconds)


def read_again(items: Iterable[Notification | RunEvent], pipeline: Pipeline, piece_s: float = PIECE_S) -> Reading:
    """Feed all items of a recording; cues are those that were logged, not new ones. piece_s: as in `follow`."""
    with _seldom_searched():
        reading, timeline = follow(items, pipeline, piece_s)
    _take(reading, pipeline.tick(reading.end_s))
    _take(reading, pipeline.finish())
    timeline.end(reading.end_s)
    reading.laps, reading.pauses = timeline.laps, timeline.pauses
    reading.reports = pipeline.reports()
    return reading


def follow(
    items: Iterable[Notification | RunEvent], pipeline: Pipeline, piece_s: float = PIECE_S
) -> tuple[Reading, Timeline]:
    """Feed all items of a recording and leave the pipeline and the timeline as they were then: the run may go on.

    piece_s: so much of the recording [s] is fed at once; any number gives the same.
    """
    reading, timeline = Reading(), Timeline()
    for item in _pieces(items, piece_s):
        if isinstance(item, list):
            reading.end_s = max(reading.end_s, max(map(_TIME, item)))
            for outputs in pipeline.feed_many(item):
                _take(reading, outputs)
            continue
        reading.end_s = max(reading.end_s, item.t_s)
        _take(reading, pipeline.apply(item))
        match item.kind:
            case "lap":
                timeline.lap(_tapped_s(item), str(item.data.get("lap_kind", "lap")), part_of(item.data))
            case "pause":
                timeline.pause(_tapped_s(item))
            case "resume":
                timeline.resume(_tapped_s(item))
            case "mute":
                reading.is_muted = bool(item.data.get("is_muted", True))
            case "cue":
                reading.decisions.append(from_plain(CueDecision, dict(item.data)))
    return reading, timeline


@contextmanager
def _seldom_searched() -> Iterator[None]:
    """Have the interpreter look for garbage less often."""
    usual = gc.get_threshold()
    gc.set_threshold(SEARCH_EVERY, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _pieces(items: Iterable[Notification | RunEvent], piece_s: float) -> Iterator[list[Notification] | RunEvent]:
    """Yield notifications together as far as nothing else lies between them, at most so many seconds."""
    piece: list[Notification] = []
    begun_s = 0.0
    for item in items:
        if isinstance(item, RunEvent):
            if piece:
                yield piece
                piece = []
            yield item
            continue
        if piece and item.t_s - begun_s > piece_s:
            yield piece
            piece = []
        if not piece:
            begun_s = item.t_s
        piece.append(item)
    if piece:
        yield piece


def _tapped_s(event: RunEvent) -> float:
    return float(event.data.get("tapped_s", event.t_s))


def _take(reading: Reading, outputs: Outputs) -> None:
    if outputs is NOTHING:
        return
    reading.add(outputs.events, outputs.seconds)
    reading.recomputed += outputs.decisions
