"""Which format a file is: its bytes and name in, the reader's name out; and activities by format."""

import gzip
import zlib
from typing import IO, Final

from coach.errors import InterchangeError
from coach.interchange.activity import Activity
from coach.interchange.fit_reader import read_fit, read_fit_sessions
from coach.interchange.gpx import read_gpx, read_gpx_tracks
from coach.interchange.positions import completed
from coach.interchange.sport import RUNNING, WALKING, verdict_of
from coach.interchange.tcx import read_tcx, read_tcx_activities

ACTIVITY_FORMATS: Final = ("fit", "tcx", "gpx")
_READERS: Final = {"fit": read_fit, "tcx": read_tcx, "gpx": read_gpx}
_MAX_UNPACKED: Final = 256 * 2**20  # as much as XML may have; a run of ten hours has about 20 MB
_MCAP_MAGIC: Final = b"\x89MCAP0\r\n"


def format_of(content: bytes, name: str = "") -> str:
    """ "fit", "tcx", "gpx", "csv", "mcap" or "archive", told by content first.

    Raises:
        InterchangeError: none of them.
    """
    head = content[:4096]
    if head[8:12] == b".FIT":
        return "fit"
    if head.startswith(_MCAP_MAGIC):
        return "mcap"
    if head.startswith(b"PK"):
        return "archive"
    if b"<TrainingCenterDatabase" in head or b":TrainingCenterDatabase" in head:
        return "tcx"
    if b"<gpx" in head:
        return "gpx"
    if b"initial_contact_s" in head or b"t_s" in head or name.lower().endswith(".csv"):
        return "csv"
    raise InterchangeError(f"{name or 'this file'} is none of FIT, TCX, GPX, CSV, MCAP or an archive of this program")


def read_activity(content: bytes, kind: str) -> Activity:
    """Read a file of one of `ACTIVITY_FORMATS`."""
    return _READERS[kind](content)


def read_runs(content: bytes, kind: str) -> tuple[Activity, ...]:
    """Every run in a file of one of `ACTIVITY_FORMATS`, with distance and speed where positions tell them.

    Raises:
        InterchangeError: the file cannot be read, or holds no run; the message says what it holds and why that is none.
    """
    if kind == "fit":
        found: tuple[Activity, ...] = read_fit_sessions(content)
    else:
        found = read_gpx_tracks(content) if kind == "gpx" else read_tcx_activities(content)
    full = [completed(activity) for activity in found]
    verdicts = [verdict_of(activity) for activity in full]
    runs = tuple(
        one
        for one, verdict in zip(full, verdicts, strict=True)
        if verdict.sport == RUNNING or (verdict.sport == WALKING and verdict.is_named)
    )
    if not runs:
        reasons = "; ".join(dict.fromkeys(verdict.reason for verdict in verdicts))
        raise InterchangeError(f"this {kind.upper()} file holds no running: {reasons}. Choose the file of a run")
    return runs


def unpacked(stream: IO[bytes]) -> bytes:
    """The content of a gzip file.

    Raises:
        InterchangeError: it is damaged, or unpacks to more than any run has.
    """
    try:
        with gzip.open(stream) as packed:
            content = packed.read(_MAX_UNPACKED + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InterchangeError(f"this gzip file is damaged ({error}): export it again") from error
    if len(content) > _MAX_UNPACKED:
        raise InterchangeError("this gzip file unpacks to far more than a run has: export it again")
    return content
