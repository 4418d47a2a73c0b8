"""One file of a raw log while it is written: what is in it for sure, and how it is cut back to that.

A log has more than one part where the disk refused a write in the middle. What a refused write left behind would come
twice, because the next part begins with the same items; so the part is cut back to what was handed over whole.
"""

import contextlib
import errno
import os
from pathlib import Path
from typing import IO, Final

from coach.errors import RecordingError
from coach.model.links import SensorUse
from coach.model.recordings import RecordingHeader, RunEvent
from coach.model.samples import Notification
from coach.recording.layout import McapFile

_REMEDIES: Final = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "Free some space"),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), "Make its folder writable"),
}
Item = Notification | RunEvent | tuple[SensorUse, str]


class Part:
    """A file being written. Every verb raises OSError where the disk refuses; then only `cut_back` is left to call.

    Raises:
        FileExistsError: there is such a file. OSError: it cannot be made; then nothing is left of it.
    """

    def __init__(self, path: Path, header: RecordingHeader) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._stream: IO[bytes] = path.open("xb")
        try:
            self._file = McapFile(self._stream, header)
        except OSError:
            self._close()
            path.unlink(missing_ok=True)
            raise
        self._sound_bytes = self._stream.tell()

    def add(self, item: Item) -> None:
        """Put one item into the present chunk."""
        if isinstance(item, Notification):
            self._file.add_notification(item)
        elif isinstance(item, RunEvent):
            self._file.add_event(item)
        else:
            self._file.add_sensor(*item)

    def flush(self) -> None:
        """Hand all that was added to the operating system."""
        self._file.flush()
        self._sound_bytes = self._stream.tell()

    def sync(self) -> None:
        """Have the operating system write it to the disk."""
        os.fsync(self._stream.fileno())

    def finish(self) -> None:
        """End the file in order: all added items, its index, on the disk and closed."""
        self._file.finish()
        self._stream.flush()
        self.sync()
        self._stream.close()

    def cut_back(self) -> None:
        """Close the file, without what a refused write left in it. May be called again where the disk refuses that."""
        self._close()
        if self.path.stat().st_size > self._sound_bytes:
            os.truncate(self.path, self._sound_bytes)

    def _close(self) -> None:
        with contextlib.suppress(OSError):  # what the disk refused is still in its buffer, and is refused again
            self._stream.close()


def settle(path: Path, final: Path) -> None:
    """Give a file that is on the disk its final name in one step, which outlives a power loss."""
    path.replace(final)
    with contextlib.suppress(OSError):  # folders cannot be synced everywhere
        folder = os.open(final.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def refusal(path: Path, error: OSError) -> RecordingError:
    """Return the words for a disk that refuses to write `path`."""
    what = error.strerror or str(error)
    remedy = _REMEDIES.get(error.errno or 0, "Check the disk")
    return RecordingError(f"cannot write the recording {path}: {what}. {remedy}, or choose another folder")
