"""Analyse a recording of any kind: everything found in it as one JSON-ready document."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from coach.gait.bulk import analyse
from coach.gait.fusion.body import BodyGait
from coach.gait.fusion.flight_time import by_symmetry
from coach.live.pipeline_factory import make_pipeline
from coach.model.documents import JsonObject
from coach.model.samples import Gap, ImuChunk, StreamReport
from coach.model.sites import WearSite
from coach.model.strides import GaitEvent, Stride
from coach.recording.reader import read_recording
from coach.recording.reference import ReferenceRecording, is_reference, read_reference
from coach.service.runs.algorithm import algorithm_id
from coach.service.runs.replay_reader import read_again
from coach.service.runs.summing import sound_items
from coach.summary.document import analysis_document

GAP_INTERVALS: Final = 1.5  # as `ImuChunk` says
FULL_SCALE: Final = 0.995  # readings from here on are clipped


def analyse_path(path: Path) -> JsonObject:
    """Return {"recording": ..., "strides": [...], "summary": ...} of an MCAP recording or a reference folder.

    Of a recording that is torn or damaged: of the part before, and `is_complete` is false.

    Raises:
        RecordingError: it cannot be read; the message says what it lacks.
    """
    return _reference(path) if path.is_dir() and is_reference(path) else _recording(path)


def _reference(path: Path) -> dict[str, object]:
    reference = read_reference(path)
    start_s = float(reference.chunks[0].t_s[0])
    chunks = [replace(chunk, t_s=chunk.t_s - start_s) for chunk in reference.chunks]
    events = _events(reference.wear_site, chunks)
    report = _report(reference)
    info = {
        "id": reference.id,
        "wear_site": reference.wear_site,
        "rate_hz": report.rate_hz,
        "description": reference.description,
        "streams": [report],
    }
    document = analysis_document(info, events, [report], algorithm=algorithm_id())
    for row in document["strides"]:  # back to the clock of the file, which may be anything
        row.update({name: row[name] + start_s for name in ("initial_contact_s", "toe_off_s") if row[name] is not None})
    return document


def _events(site: WearSite, chunks: Sequence[ImuChunk]) -> Sequence[GaitEvent]:
    """Return what the body's gait says of one sensor; a foot alone has nothing to be joined with and is read at
    once."""
    if site.is_foot:
        return [by_symmetry(event) for event in analyse(chunks) if isinstance(event, Stride)]
    gait = BodyGait([site])
    return [event for chunk in chunks for event in gait.feed(chunk)] + gait.finish()


def _report(reference: ReferenceRecording) -> StreamReport:
    """Return what became of the readings: gaps are steps of more than one and a half usual sampling intervals."""
    t_s = np.concatenate([chunk.t_s for chunk in reference.chunks])
    steps_s = np.diff(t_s)
    usual_s = float(np.median(steps_s)) if len(steps_s) else 1.0 / reference.rate_hz
    sensor_id = f"reference:{reference.id}"
    gaps = tuple(
        Gap(sensor_id, reference.wear_site, float(t_s[i]), float(t_s[i + 1]), round(float(steps_s[i]) / usual_s) - 1)
        for i in np.flatnonzero(steps_s > GAP_INTERVALS * usual_s)
    )
    return StreamReport(
        sensor_id,
        "reference",
        reference.wear_site,
        n_samples=len(t_s),
        n_bad_packets=reference.n_unreadable,
        n_duplicates=reference.n_duplicates,
        n_missing=sum(gap.n_missing for gap in gaps),
        n_clipped=sum(_n_clipped(chunk) for chunk in reference.chunks),
        rate_hz=1.0 / usual_s,
        gaps=gaps,
    )


def _n_clipped(chunk: ImuChunk) -> int:
    """Return the readings with an axis at full scale."""
    is_clipped = (abs(chunk.acc_mps2) >= FULL_SCALE * chunk.acc_range_mps2).any(axis=1)
    if chunk.gyr_radps is not None:
        is_clipped |= (abs(chunk.gyr_radps) >= FULL_SCALE * chunk.gyr_range_radps).any(axis=1)
    return int(is_clipped.sum())


def _recording(path: Path) -> dict[str, object]:
    recording = read_recording(path)
    pipeline = make_pipeline(recording.header.sensors, seconds_only=True)
    damage: list[str] = []
    reading = read_again(sound_items(recording, damage), pipeline)
    info = {
        "id": recording.header.run_id,
        "started_at": recording.header.started_at,
        "is_complete": recording.is_complete and not damage,
        "sensors": recording.header.sensors,
        "streams": reading.reports,
    }
    return analysis_document(info, [*reading.strides, *reading.steps], reading.reports, reading.seconds, algorithm_id())
