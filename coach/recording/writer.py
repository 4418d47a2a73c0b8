"""The raw log of a run while it runs: notifications in, an MCAP file on disk out, at most a second behind.

The caller's thread only fills a queue; one thread of our own compresses, writes, flushes and syncs.
"""

import contextlib
import os
import queue
import threading
import time
from pathlib import Path
from typing import IO, Final

from coach.errors import RecordingError
from coach.model.links import SensorUse
from coach.model.recordings import RecordingHeader, RunEvent
from coach.model.samples import Notification
from coach.recording.layout import McapFile, finished_path, unfinished_path
from coach.recording.locks import take

# Half of the second that may be lost, so that a stall of the disk still fits into it.
FLUSH_EVERY_S: Final = 0.5
SYNC_EVERY_S: Final = 5.0


class _Flush:
    """Command to the thread: everything so far to the operating system."""


class _Close:
    """Command to the thread: finish the file and end."""


_Item = Notification | RunEvent | tuple[SensorUse, str] | _Flush | _Close


class RecordingWriter:
    """Writes one run's recording below `folder`, under a name that says it is unfinished until `close`.

    Raises:
        RecordingError: the file cannot be made, or (from any later verb) the disk refused an earlier write.
    """

    def __init__(self, folder: Path, header: RecordingHeader) -> None:
        self.path = unfinished_path(folder, header.run_id)
        self._stream = _open(self.path)
        try:
            self._file = McapFile(self._stream, header)
        except OSError as error:
            self._stream.close()
            raise _refusal(self.path, error) from error
        self._queue: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._error: OSError | None = None
        self._flushed_s = float("-inf")
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="recording", daemon=True)
        self._thread.start()

    def write(self, notification: Notification) -> None:
        """Keep one notification; returns at once."""
        self._put(notification)
        self.flush_if_due(notification.t_s)

    def write_event(self, event: RunEvent) -> None:
        """Keep one event of the run; returns at once."""
        self._put(event)
        self.flush_if_due(event.t_s)

    def add_sensor(self, use: SensorUse, profile_text: str) -> None:
        """Keep a sensor that came, or changed, after the start."""
        self._put((use, profile_text))

    def flush_if_due(self, t_s: float) -> None:
        """Hand over to the operating system what came in, half a second after the last time."""
        if t_s - self._flushed_s >= FLUSH_EVERY_S:
            self._flushed_s = t_s
            self._put(_Flush())

    def close(self) -> Path:
        """Write all that is left, finish the file, give it its final name; returns its path."""
        if not self._is_closed:
            self._is_closed = True
            self._queue.put(_Close())
            self._thread.join()
        self._raise_error()
        return finished_path(self.path)

    def discard(self) -> None:
        """Take back a recording that was only just begun: nothing of it stays."""
        with contextlib.suppress(RecordingError):
            self.close()
        for path in (self.path, finished_path(self.path)):
            path.unlink(missing_ok=True)

    def _put(self, item: _Item) -> None:
        self._raise_error()
        if self._is_closed:
            raise RecordingError("the recording is closed: start a new run to record more")
        self._queue.put(item)

    def _raise_error(self) -> None:
        if self._error is not None:
            raise _refusal(self.path, self._error) from self._error

    def _work(self) -> None:
        try:
            self._drain()
            self._finish()
        except OSError as error:
            self._error = error
        finally:
            with contextlib.suppress(OSError):
                self._stream.close()

    def _drain(self) -> None:
        synced_s = time.monotonic()
        while True:
            item = self._queue.get()
            if isinstance(item, _Close):
                return
            if not isinstance(item, _Flush):
                self._keep(item)
                continue
            self._file.flush()
            if time.monotonic() - synced_s >= SYNC_EVERY_S:
                os.fsync(self._stream.fileno())
                synced_s = time.monotonic()

    def _keep(self, item: Notification | RunEvent | tuple[SensorUse, str]) -> None:
        if isinstance(item, Notification):
            self._file.add_notification(item)
        elif isinstance(item, RunEvent):
            self._file.add_event(item)
        else:
            self._file.add_sensor(*item)

    def _finish(self) -> None:
        self._file.finish()
        settle(self._stream, self.path, finished_path(self.path))


def settle(stream: IO[bytes], path: Path, final: Path) -> None:
    """Sync a finished file to disk, close it and give it its final name in one step."""
    stream.flush()
    os.fsync(stream.fileno())
    stream.close()
    path.replace(final)
    with contextlib.suppress(OSError):  # folders cannot be synced everywhere
        folder = os.open(final.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _open(path: Path) -> IO[bytes]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("xb")
    except FileExistsError as error:
        raise RecordingError(f"{path.name} exists already: recover or remove it first") from error
    except OSError as error:
        raise _refusal(path, error) from error
    take(stream)
    return stream


def _refusal(path: Path, error: OSError) -> RecordingError:
    what = error.strerror or str(error)
    return RecordingError(f"cannot write the recording {path}: {what}. Free some space or choose another folder")
