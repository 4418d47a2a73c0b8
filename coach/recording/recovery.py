"""Recordings that a crash or a power loss cut off: a folder in, whole recordings out."""

from pathlib import Path
from typing import Final

from coach.errors import RecordingError
from coach.model.samples import Notification
from coach.recording.layout import UNFINISHED_SUFFIX, McapFile, finished_path
from coach.recording.locks import is_taken
from coach.recording.reader import Recording, read_recording
from coach.recording.writer import settle

_FLUSH_EVERY: Final = 1000


def find_unfinished(folder: Path) -> list[Path]:
    """Recordings that nobody is writing and nobody finished, oldest name first."""
    return [path for path in sorted(folder.glob(f"*{UNFINISHED_SUFFIX}")) if not is_taken(path)]


def recover(path: Path) -> Recording:
    """Make a whole recording of the sound part of an unfinished one; the whole takes its place in one step.

    Raises:
        RecordingError: nothing can be read of it (it is then set aside as `.unreadable`), or the disk refuses.
    """
    final = finished_path(path)
    try:
        torn = read_recording(path)
        _copy(torn, final)
        path.unlink()
    except RecordingError as error:
        aside = path.with_name(path.name + ".unreadable")
        path.rename(aside)
        raise RecordingError(f"{error}. It is kept as {aside.name}") from error
    except OSError as error:
        raise RecordingError(f"cannot recover {path}: {error.strerror}. Free some space and try again") from error
    return read_recording(final)


def _copy(torn: Recording, final: Path) -> None:
    half = final.with_name(final.name + ".recovering")
    with half.open("wb") as stream:
        file = McapFile(stream, torn.header)
        for n, item in enumerate(torn.sound_items(), start=1):
            if isinstance(item, Notification):
                file.add_notification(item)
            else:
                file.add_event(item)
            if n % _FLUSH_EVERY == 0:
                file.flush()
        file.finish()
        settle(stream, half, final)
