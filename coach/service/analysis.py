"""A recording of any kind in, everything found in it as one JSON-ready document out."""

from pathlib import Path
from typing import Any

from coach.gait.body import BodyGait
from coach.model.samples import ImuChunk
from coach.recording.reader import read_recording
from coach.recording.reference import is_reference, read_reference
from coach.service.making import make_pipeline
from coach.service.reading import read_again
from coach.summary.document import analysis_document


def analyse_path(path: Path) -> dict[str, Any]:
    """{"recording": ..., "strides": [...], "summary": ...} of an MCAP recording or a reference folder.

    Raises:
        RecordingError: it cannot be read; the message says what it lacks.
    """
    return _reference(path) if path.is_dir() and is_reference(path) else _recording(path)


def _reference(path: Path) -> dict[str, Any]:
    reference = read_reference(path)
    gait = BodyGait([reference.wear_site])
    events = [event for chunk in reference.chunks for event in gait.feed(chunk)] + gait.finish()
    info = {
        "id": reference.id,
        "wear_site": reference.wear_site,
        "rate_hz": reference.rate_hz,
        "description": reference.description,
        "n_samples": sum(len(chunk.t_s) for chunk in reference.chunks),
        "n_clipped": sum(_n_clipped(chunk) for chunk in reference.chunks),
    }
    return analysis_document(info, events)


def _n_clipped(chunk: ImuChunk) -> int:
    """Readings with an axis at full scale."""
    is_clipped = (abs(chunk.acc_mps2) >= 0.995 * chunk.acc_range_mps2).any(axis=1)
    if chunk.gyr_radps is not None:
        is_clipped |= (abs(chunk.gyr_radps) >= 0.995 * chunk.gyr_range_radps).any(axis=1)
    return int(is_clipped.sum())


def _recording(path: Path) -> dict[str, Any]:
    recording = read_recording(path)
    pipeline = make_pipeline(recording.header.sensors)
    reading = read_again(recording.items(), pipeline)
    info = {
        "id": recording.header.run_id,
        "started_at": recording.header.started_at,
        "is_complete": recording.is_complete,
        "sensors": recording.header.sensors,
        "streams": reading.reports,
    }
    return analysis_document(info, reading.strides, reading.reports, reading.seconds)
