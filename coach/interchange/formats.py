"""Which format a file is: its bytes and name in, the reader's name out; and activities by format."""

from typing import Final

from coach.errors import InterchangeError
from coach.interchange.activity import Activity
from coach.interchange.fit_reader import read_fit
from coach.interchange.gpx import read_gpx
from coach.interchange.tcx import read_tcx

ACTIVITY_FORMATS: Final = ("fit", "tcx", "gpx")
_READERS: Final = {"fit": read_fit, "tcx": read_tcx, "gpx": read_gpx}
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
