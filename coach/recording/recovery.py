"""Make recordings whole that a crash, a power loss or a full disk cut off.

A run's log lies in one file, or in several parts where the disk refused a write in between. Each part is read up to its
first damage, and the whole takes their place in one step; a kill at any moment of that leaves the parts or the whole.
"""

import dataclasses
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final

from coach.errors import RecordingError
from coach.model.recordings import RecordingHeader, RunEvent
from coach.model.samples import Notification
from coach.recording.layout import PART_NAME, McapFile, finished_path
from coach.recording.locks import is_taken
from coach.recording.part import settle
from coach.recording.reader import Recording, read_recording

_FLUSH_EVERY: Final = 1000


def find_unfinished(folder: Path) -> list[Path]:
    """Return the first part of each recording that nobody is writing and nobody finished, oldest name first."""
    runs: dict[Path, list[Path]] = {}
    for path in folder.glob("*.mcap.part*"):
        if PART_NAME.fullmatch(path.name):
            runs.setdefault(finished_path(path), []).append(path)
    return [min(parts, key=_number) for _, parts in sorted(runs.items()) if not any(is_taken(path) for path in parts)]


def parts_of(path: Path) -> list[Path]:
    """Return every part there is of the recording that `path` is a part of, in order."""
    final = finished_path(path)
    near = path.parent.iterdir() if path.parent.is_dir() else ()
    return sorted((one for one in near if PART_NAME.fullmatch(one.name) and finished_path(one) == final), key=_number)


def recover(path: Path) -> Recording:
    """Make a whole recording of the sound parts of an unfinished one; the whole takes their place in one step.

    path: any part of it.

    Raises:
        RecordingError: nothing can be read of it (it is then set aside as `.unreadable`), or the disk refuses.
    """
    sound: list[Path] = []
    words = f"{path} is not there any more: nothing is to be recovered"
    for part in parts_of(path):
        try:
            read_recording(part)
            sound.append(part)
        except RecordingError as error:
            if not part.is_file():
                raise
            aside = part.with_name(part.name + ".unreadable")
            part.rename(aside)
            words = f"{error}. It is kept as {aside.name}"
    if not sound:
        raise RecordingError(words)
    return join(sound)


def join(parts: Sequence[Path]) -> Recording:
    """Make one recording of parts that can be read, in order; they are removed once the whole is on the disk.

    Raises:
        RecordingError: the disk refuses, and every part is still there; or none of them can be read.
    """
    final = finished_path(parts[0])
    try:
        if not _holds(final, parts):
            _copy([read_recording(path) for path in parts], final)
        for path in parts:
            path.unlink()
    except OSError as error:
        raise RecordingError(f"cannot recover {parts[0]}: {error.strerror}. Free some space and try again") from error
    return read_recording(final)


def _holds(final: Path, parts: Sequence[Path]) -> bool:
    """Whether the whole is there already: the process ended before it could remove the parts."""
    if not final.exists():
        return False
    whole = read_recording(final)
    return whole.is_complete and _n_items([whole]) >= _n_items([read_recording(path) for path in parts])


def _n_items(recordings: Sequence[Recording]) -> int:
    return sum(1 for _ in _items(recordings))


def _items(recordings: Sequence[Recording]) -> Iterator[Notification | RunEvent]:
    for recording in recordings:
        yield from recording.sound_items()


def _copy(torn: Sequence[Recording], final: Path) -> None:
    half = final.with_name(final.name + ".recovering")
    try:
        with half.open("wb") as stream:
            _write(stream, torn)
    except OSError:
        half.unlink(missing_ok=True)  # it would take the very space that is missing
        raise
    settle(half, final)


def _write(stream: IO[bytes], torn: Sequence[Recording]) -> None:
    file = McapFile(stream, _header([recording.header for recording in torn]))
    for n, item in enumerate(_items(torn), start=1):
        if isinstance(item, Notification):
            file.add_notification(item)
        else:
            file.add_event(item)
        if n % _FLUSH_EVERY == 0:
            file.flush()
    file.finish()
    stream.flush()
    os.fsync(stream.fileno())


def _header(headers: Sequence[RecordingHeader]) -> RecordingHeader:
    """Return the header of the first part, with the sensors that came later."""
    sensors = {use.sensor_id: use for header in headers for use in header.sensors}
    profiles = {name: text for header in headers for name, text in header.profiles.items()}
    return dataclasses.replace(headers[0], sensors=tuple(sensors.values()), profiles=profiles)


def _number(path: Path) -> int:
    match = PART_NAME.fullmatch(path.name)
    return int(match["number"] or 1) if match else 0
