"""Write the raw log of a run while it runs: an MCAP file that is at most a second behind.

The caller's thread only fills a queue; one thread of our own compresses, writes, flushes and syncs.

A disk that refuses a write does not end the log. What was not handed over whole is held in memory, and every two
seconds the log tries to go on in a further part; `problem` says so meanwhile. At the end the parts become one file.
Nothing is lost unless the disk refuses for longer than memory is given to it, or the process ends meanwhile; what had
to be left out is then an event of the log itself.
"""

import contextlib
import queue
import threading
import time
from collections import deque
from pathlib import Path
from typing import IO, Final

from coach.errors import RecordingError
from coach.model.links import SensorUse
from coach.model.recordings import RecordingHeader, RunEvent
from coach.model.samples import Notification
from coach.recording.layout import finished_path, unfinished_path
from coach.recording.locks import take
from coach.recording.part import Item, Part, refusal, settle
from coach.recording.recovery import join, parts_of

# Half of the second that may be lost, so that a stall of the disk still fits into it.
FLUSH_EVERY_S: Final = 0.5
SYNC_EVERY_S: Final = 5.0
TRY_AGAIN_S: Final = 2.0  # a refused write costs nothing, and a runner who has freed some space waits for the answer
# Held while the disk refuses: eight sensors give 25 kB/s at most, so this is 20 minutes of them. Chosen by judgement:
# a small computer has 512 MB of memory.
HELD_BYTES: Final = 32 << 20
_ITEM_BYTES: Final = 200  # what an item costs beside its payload, about


class _Flush:
    """Command to the thread: everything so far to the operating system."""


class _Close:
    """Command to the thread: finish the file and end."""


class RecordingWriter:
    """Writes one run's recording below `folder`, under a name that says it is unfinished until `close`.

    is_further: the run has a log here already, which this one goes on; both become one file at the end.

    Raises:
        RecordingError: the file cannot be made.
    """

    def __init__(self, folder: Path, header: RecordingHeader, is_further: bool = False) -> None:
        self._folder = folder
        self._header = header
        first = unfinished_path(folder, header.run_id)
        if is_further and not first.exists():
            finished_path(first).replace(first)
        self._parts = parts_of(first) if is_further else []
        self.path = unfinished_path(folder, header.run_id, len(self._parts) + 1)
        try:
            self._part: Part | None = Part(self.path, header)
        except FileExistsError as error:
            raise RecordingError(f"{self.path.name} exists already: recover or remove it first") from error
        except OSError as error:
            raise refusal(self.path, error) from error
        self._parts.append(self.path)
        self._lock = _locked(self.path)
        self._refused: Part | None = None  # the part in which a write was refused, until it is cut back
        self._held: deque[Item] = deque()  # since the last flush that went well
        self._n_held_bytes = 0
        self._left_out: list[float] = []  # first and last time [s] of what was too much to hold
        self._n_left_out = 0
        self._problem: RecordingError | None = None
        self._queue: queue.SimpleQueue[Item | _Flush | _Close] = queue.SimpleQueue()
        self._flushed_s = float("-inf")
        self._is_closed = False
        self._is_finished = False
        self._thread = threading.Thread(target=self._work, name="recording", daemon=True)
        self._thread.start()

    @property
    def problem(self) -> str:
        """Why the log is not being written at present, in words; "" while all is well."""
        problem = self._problem
        return "" if problem is None else str(problem)

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
        """Write all that is left, finish the file, give it its final name; returns its path. May be tried again.

        Raises:
            RecordingError: the disk refuses; what is written stays under its unfinished name and can be recovered.
        """
        if not self._is_closed:
            self._is_closed = True
            self._queue.put(_Close())
            self._thread.join()
        elif not self._is_finished:
            self._finish()
        if self._problem is not None:
            raise self._problem
        return finished_path(unfinished_path(self._folder, self._header.run_id))

    def discard(self) -> None:
        """Take back a recording that was only just begun: nothing of it stays."""
        with contextlib.suppress(RecordingError):
            self.close()
        for path in (*self._parts, finished_path(unfinished_path(self._folder, self._header.run_id))):
            path.unlink(missing_ok=True)

    def _put(self, item: Item | _Flush) -> None:
        if self._is_closed:
            raise RecordingError("the recording is closed: start a new run to record more")
        self._queue.put(item)

    # On the thread -------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        synced_s = tried_s = time.monotonic()
        while True:
            with contextlib.suppress(queue.Empty):
                item = self._queue.get(timeout=TRY_AGAIN_S if self._part is None else None)
                if isinstance(item, _Close):
                    break
                if not isinstance(item, _Flush):
                    self._keep(item)
                elif self._part is not None:
                    self._flush(is_sync := time.monotonic() - synced_s >= SYNC_EVERY_S)
                    synced_s = time.monotonic() if is_sync else synced_s
            if self._part is None and time.monotonic() - tried_s >= TRY_AGAIN_S:
                self._go_on()
                tried_s = time.monotonic()
        self._finish()

    def _keep(self, item: Item) -> None:
        self._held.append(item)
        self._n_held_bytes += _bytes_of(item)
        while self._n_held_bytes > HELD_BYTES:
            self._leave_out(self._held.popleft())
        if self._part is not None:
            try:
                self._part.add(item)
            except OSError as error:
                self._refuse(error)

    def _leave_out(self, item: Item) -> None:
        self._n_held_bytes -= _bytes_of(item)
        self._n_left_out += 1
        if isinstance(item, Notification | RunEvent):
            self._left_out = [(self._left_out or [item.t_s])[0], item.t_s]

    def _flush(self, is_sync: bool) -> None:
        part = self._part
        assert part is not None
        try:
            part.flush()
            self._held.clear()
            self._n_held_bytes = 0
            if is_sync:
                part.sync()
        except OSError as error:
            self._refuse(error)

    def _refuse(self, error: OSError) -> None:
        self._problem = refusal(self.path, error)
        self._refused, self._part = self._part, None

    def _go_on(self) -> None:
        """Begin a further part with what is held, where the disk has room for it again."""
        path = unfinished_path(self._folder, self._header.run_id, len(self._parts) + 1)
        part: Part | None = None
        try:
            if self._refused is not None:
                self._refused.cut_back()
                self._refused = None
            part = Part(path, self._header)
            if self._left_out:
                since_s, until_s = self._left_out
                data = {"n_items": self._n_left_out, "since_s": since_s, "until_s": until_s}
                part.add(RunEvent(until_s, "log_left_out", data))
            for item in self._held:
                part.add(item)
            part.flush()
        except OSError as error:
            self._problem = refusal(path, error)
            if part is not None:
                with contextlib.suppress(OSError):
                    part.cut_back()
                path.unlink(missing_ok=True)
            return
        self._held.clear()
        self._n_held_bytes = self._n_left_out = 0
        self._left_out = []
        self._problem, self._part = None, part
        self._parts.append(path)

    def _finish(self) -> None:
        if self._part is None:
            self._go_on()
        if self._part is None:
            return
        part = self._part
        try:
            part.flush()
            self._held.clear()
            part.finish()
            self._lock.close()
            if len(self._parts) == 1:
                settle(part.path, finished_path(part.path))
            else:
                join(self._parts)
        except (OSError, RecordingError) as error:
            self._problem = error if isinstance(error, RecordingError) else refusal(self.path, error)
            self._refused, self._part = part, None
            return
        self._problem = None
        self._is_finished = True


def _bytes_of(item: Item) -> int:
    return _ITEM_BYTES + (len(item.payload) if isinstance(item, Notification) else 0)


def _locked(path: Path) -> IO[bytes]:
    """Open the first part a second time: it is locked until the log is closed, also while the disk refuses."""
    stream = path.open("rb")
    take(stream)
    return stream
