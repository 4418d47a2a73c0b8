"""The first activity of a file that came in."""

from coach.interchange.activity import Activity
from coach.interchange.fit_reader import read_fit_sessions
from coach.interchange.gpx import read_gpx_tracks
from coach.interchange.tcx import read_tcx_activities


def read_fit(content: bytes) -> Activity:
    """Return the first run of a FIT file."""
    return read_fit_sessions(content)[0]


def read_tcx(content: bytes) -> Activity:
    """Return the first activity with points of a TCX file."""
    return read_tcx_activities(content)[0]


def read_gpx(content: bytes) -> Activity:
    """Return the first track with times of a GPX file."""
    return read_gpx_tracks(content)[0]
