"""The raw log of a run while it runs: what the disk refuses ends no run, and is reported as a link that is lost.

So is a database that takes nothing.
"""

import contextlib
import logging
from collections.abc import Callable
from typing import Final

from coach.errors import RecordingError
from coach.model.links import LinkEvent, LinkStatus
from coach.recording.writer import RecordingWriter

log = logging.getLogger(__name__)

# Names of the raw log and the database among the links of the sensors, and what is said when they go on.
LOG_ID: Final = "recording"
DATABASE_ID: Final = "database"
_RESUMED: Final = {
    LOG_ID: "The recording is being written again; what came meanwhile was held in memory",
    DATABASE_ID: "The database takes the run again; what came meanwhile was held in memory, and is in the recording",
}


class RunLog:
    """writer: None for a run that is not recorded."""

    def __init__(self, writer: RecordingWriter | None) -> None:
        self._writer = writer
        self._reported = ""

    @property
    def problem(self) -> str:
        """Why the log is not being written at present, or could not be closed, in words; "" while all is well."""
        return self._writer.problem if self._writer else ""

    def write(self, write: Callable[[RecordingWriter], None]) -> None:
        """Write to the raw log; nothing once it was closed at the end."""
        if self._writer is not None:
            with contextlib.suppress(RecordingError):
                write(self._writer)

    def close(self) -> None:
        """Close the log; may be tried again where the disk refuses, whose words are reported once."""
        if self._writer is None:
            return
        try:
            self._writer.close()
            self._writer = None
        except RecordingError as error:  # its parts are kept, and become one file at the next start
            if str(error) != self._reported:
                log.warning("%s", error)
            self._reported = str(error)


def keeping_change(link_id: str, problem: str, before: LinkEvent | None, now_s: float) -> LinkEvent | None:
    """Report that the raw log or the database is refused, or taken again; None where it is as it was.

    problem: why it is refused, in words; "" while all is well. before: the last such report.
    """
    is_failing = before is not None and before.status is LinkStatus.LOST
    if problem and not is_failing:
        log.error("%s", problem)
        return LinkEvent(link_id, now_s, LinkStatus.LOST, f"{link_id}_failed", problem)
    if not problem and is_failing:
        return LinkEvent(link_id, now_s, LinkStatus.STREAMING, f"{link_id}_resumed", _RESUMED[link_id])
    return None
