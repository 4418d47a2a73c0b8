"""Sum up a run that was read again: the same numbers for the database of a home and for a study of thousands."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from coach.errors import RecordingError
from coach.model.cues import FocusResponse
from coach.model.recordings import RunEvent
from coach.model.runs import RunSummary
from coach.model.samples import Notification
from coach.recording.reader import Recording
from coach.service.runs.replay_reader import Reading
from coach.summary.silence import silence_counted
from coach.summary.summarise import summarise

_ALL: Final = (None, None)


def summary_of(
    reading: Reading,
    responses: Sequence[FocusResponse] = (),
    trim: tuple[float | None, float | None] = _ALL,
    algorithm: str = "",
) -> RunSummary:
    """Sum up what was read. responses: what the cues of each rule did, taken together; trim: start and end [s]."""
    paused_s = sum(end - start for start, end in reading.pauses)
    summed = summarise(
        reading.strides,
        reading.steps,
        reading.seconds,
        reading.decisions,
        tuple(silence_counted(report, reading.end_s) for report in reading.reports),
        reading.laps,
        reading.pauses,
        responses,
        trim,
        max(0.0, reading.end_s - paused_s),
    )
    return replace(summed, algorithm=algorithm)


def sound_items(recording: Recording, damage: list[str]) -> Iterator[Notification | RunEvent]:
    """Yield items of a recording before its first damage; the damage, in words, is put into `damage`."""
    try:
        yield from recording.items()
    except RecordingError as error:
        damage.append(str(error))
