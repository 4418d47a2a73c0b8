"""Seal a finished run for the clinic: a folder that holds no more than the runner consented to.

The recording leaves as it is where nothing has to be kept back. Else it is written again, without positions, notes and
the answers in its header; the sensors' bytes and their times are the same. Sensors' names and addresses stay in it,
since its bytes cannot be read without them.
"""

import json
import shutil
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from coach.errors import InterchangeError, StorageError, UserError
from coach.model.documents import JsonObject
from coach.model.frozen import dataclass
from coach.model.recordings import RecordingHeader, RunEvent
from coach.model.runs import RunEntry, Sport
from coach.recording.folder import inside
from coach.recording.layout import McapFile
from coach.recording.reader import Recording, read_recording
from coach.seal.manifest import MANIFEST, RECORDING, Manifest, Scope, may_leave, read_manifest, seal
from coach.seal.numbers import numbers_hash, numbers_of, numbers_text
from coach.seal.signing import public_key_of
from coach.service.whole_files import sha256_of, write_whole

NUMBERS: Final = "numbers.json"
_POSITIONS: Final = "phone_position"
_KEPT_SETTINGS: Final = ("place", "slope_pct")  # of a recording's header; a new one stays at home until it is named


@dataclass(frozen=True, slots=True)
class SealedRun:
    """A sealed run on disk. document: the signed manifest as JSON; recording: None where raw logs stay at home."""

    folder: Path
    manifest: Manifest
    document: dict[str, object]
    numbers: dict[str, object]
    recording: Path | None


def seal_run(
    entry: RunEntry, recordings: Path, folder: Path, scopes: Collection[Scope], key: bytes, now: datetime
) -> SealedRun:
    """Seal a run into `folder`, or give what was sealed there under the same consent.

    Raises:
        UserError: it is not over, or nothing of it may leave. RecordingError: its recording is damaged. StorageError:
            the disk refuses.
    """
    run, summary = entry.run, entry.summary
    if not run.state.is_over or summary is None:
        raise UserError(f"run {run.run_id} is not over: only finished runs are sealed")
    if not may_leave(scopes):
        raise UserError("nothing may leave: choose on the page You, Clinic who may see your runs")
    ordered = tuple(scope for scope in Scope if scope in scopes)
    numbers = numbers_of(run, summary)
    before = _sealed_before(folder, ordered, numbers_hash(numbers))
    if before is not None:
        return before
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        sha256, n_bytes = "", 0
        if Scope.RAW_LOGS in scopes and run.recording and inside(recordings, run.recording).is_file():
            copy = _copy(inside(recordings, run.recording), folder / RECORDING, Scope.POSITIONS in scopes)
            sha256, n_bytes = sha256_of(copy), copy.stat().st_size
        manifest = Manifest(
            run.run_id, sha256, n_bytes, summary.algorithm, now, ordered, public_key_of(key), numbers_hash(numbers)
        )
        (folder / NUMBERS).write_text(numbers_text(numbers), "utf-8")
        # The manifest is last: a folder without one was not finished.
        write_whole(folder / MANIFEST, seal(manifest, key).encode())
    except OSError as error:
        raise StorageError(f"run {run.run_id} cannot be sealed ({error.strerror}): free some space") from error
    found = _sealed_before(folder, ordered, manifest.numbers_sha256)
    assert found is not None
    return found


def is_for_the_clinic(entry: RunEntry, sent_as: str | None) -> bool:
    """Whether this is a run that is over, and was not sent with the numbers that it has now (sent_as: their hash)."""
    run, summary = entry.run, entry.summary
    if not run.state.is_over or summary is None or run.sport is not Sport.RUNNING:
        return False
    return sent_as != numbers_hash(numbers_of(run, summary))


def _sealed_before(folder: Path, scopes: tuple[Scope, ...], numbers_sha256: str) -> SealedRun | None:
    """Return what lies sealed in the folder; None where it is to be sealed again: consent or the run's numbers have
    changed, or a file is torn."""
    try:
        text = (folder / MANIFEST).read_text("utf-8")
        manifest = read_manifest(text)
        numbers = json.loads((folder / NUMBERS).read_text("utf-8"))
        recording = folder / RECORDING if manifest.sha256 else None
        is_whole = recording is None or recording.stat().st_size == manifest.n_bytes
    except (OSError, ValueError, InterchangeError):  # a power cut leaves files empty or short
        return None
    is_same = (manifest.scopes, manifest.numbers_sha256) == (scopes, numbers_sha256) and is_whole
    return SealedRun(folder, manifest, json.loads(text), numbers, recording) if is_same else None


def _copy(path: Path, to: Path, keeps_positions: bool) -> Path:
    recording = read_recording(path)
    header = recording.header
    hidden = {use.sensor_id for use in header.sensors if use.profile_id == _POSITIONS and not keeps_positions}
    settings: JsonObject = {name: header.settings[name] for name in _KEPT_SETTINGS if name in header.settings}
    if recording.is_complete and not hidden and settings == dict(header.settings):
        try:
            to.hardlink_to(path)
        except OSError:
            shutil.copyfile(path, to)
        return to
    left = replace(
        header,
        settings=settings,
        sensors=tuple(use for use in header.sensors if use.sensor_id not in hidden),
        profiles={name: text for name, text in header.profiles.items() if name != _POSITIONS or keeps_positions},
    )
    _write(recording, left, hidden, to)
    return to


def _write(recording: Recording, header: RecordingHeader, hidden: Collection[str], to: Path) -> None:
    with to.open("xb") as stream:
        file = McapFile(stream, header)
        flushed_s = 0.0
        for item in recording.sound_items():
            if isinstance(item, RunEvent):
                file.add_event(item)
            elif item.sensor_id not in hidden:
                file.add_notification(item)
            if item.t_s - flushed_s >= 1.0:  # chunks of a second, as when it was recorded
                flushed_s = item.t_s
                file.flush()
        file.finish()
