"""The part of an imported file that belongs to one run, so that it can be kept and deleted with that run alone.

A file may hold several runs, rides and waypoints. What a run keeps must not hold the positions of another one, which
would outlive its deletion. Of a FIT file whole messages are copied byte by byte, chosen by time; of XML other tracks
and activities are removed.
"""

import io
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from xml.etree import ElementTree as ET

import fitdecode
from fitdecode import FitDataMessage, FitDefinitionMessage

from coach.interchange.activity import Activity
from coach.interchange.fit_encoding import crc
from coach.interchange.fit_reader import BAD_FIT
from coach.interchange.fit_writer import write_fit
from coach.interchange.gpx import TRACKS, began_at_of, point_time, tracks_of
from coach.interchange.tcx import activity_of_element
from coach.interchange.xml_text import local, parse, to_bytes

_SLACK: Final = timedelta(seconds=1)
# Without a time of their own and of one session only: kept where their neighbours are.
_SPOKEN_WITH: Final = ("hrv", "length", "beat_intervals")


def own_part(content: bytes, kind: str, activity: Activity) -> bytes:
    """Return the file without what belongs to other activities; as it is where it holds nothing else."""
    if not activity.has_others:
        return content
    return {"fit": _fit_part, "gpx": _gpx_part, "tcx": _tcx_part}[kind](content, activity)


def _fit_part(content: bytes, activity: Activity) -> bytes:
    start, end = activity.started_at - _SLACK, activity.started_at + timedelta(seconds=activity.end_s) + _SLACK
    body = bytearray()
    is_near = True
    for frame in _sound_frames(content):
        if frame.frame_type == fitdecode.FIT_FRAME_DATA:
            if frame.time_offset is not None:  # its time rests on a message that may be left out
                return write_fit(activity)
            name = "start_time" if frame.name in ("lap", "session") else "timestamp"
            at = frame.get_value(name, fallback=None)
            if isinstance(at, datetime):
                is_near = start <= (at.replace(tzinfo=UTC) if at.tzinfo is None else at) <= end
                if not is_near:
                    continue
            elif frame.name in _SPOKEN_WITH and not is_near:
                continue
        body += frame.chunk.bytes
    head = struct.pack("<BBHI4s", 14, 0x20, 21100, len(body), b".FIT")
    whole = head + struct.pack("<H", crc(head)) + bytes(body)
    return whole + struct.pack("<H", crc(whole))


def _sound_frames(content: bytes) -> Iterator[FitDataMessage | FitDefinitionMessage]:
    """Yield definitions and data up to the first damage."""
    ignore, unchecked = fitdecode.ErrorHandling.IGNORE, fitdecode.CrcCheck.DISABLED
    wanted = (fitdecode.FIT_FRAME_DATA, fitdecode.FIT_FRAME_DEFINITION)
    try:
        with fitdecode.FitReader(
            io.BytesIO(content), check_crc=unchecked, error_handling=ignore, keep_raw_chunks=True
        ) as reader:
            yield from (frame for frame in reader if frame.frame_type in wanted)
    except BAD_FIT:
        return


def _gpx_part(content: bytes, activity: Activity) -> bytes:
    root = parse(content, "gpx", "GPX")
    began_at = began_at_of(root)
    for track in [one for one in root if local(one) in (*TRACKS, "wpt")]:
        found = tracks_of(track, began_at) if local(track) in TRACKS else ()
        if not any(_is_same(one, activity) or _is_part(one, activity) for one in found):
            root.remove(track)
        elif len(found) > 1:
            _leave_points(track, activity)
    return to_bytes(root)


def _leave_points(track: ET.Element, activity: Activity) -> None:
    """Remove the points of a track that were passed before or after the activity."""
    start, end = activity.started_at, activity.started_at + timedelta(seconds=activity.end_s)
    for parent in list(track.iter()):
        for point in [one for one in parent if local(one) in ("trkpt", "rtept")]:
            at = point_time(point)
            if at is None or not start <= at <= end:
                parent.remove(point)


def _tcx_part(content: bytes, activity: Activity) -> bytes:
    root = parse(content, "TrainingCenterDatabase", "TCX")
    for parent in list(root.iter()):
        _leave(parent, ("Activity", "Course", "Courses"), activity, activity_of_element)
    return to_bytes(root)


def _leave(
    parent: ET.Element, names: tuple[str, ...], activity: Activity, read: Callable[[ET.Element], Activity | None]
) -> None:
    """Remove the children of these names that are not the activity itself."""
    for one in [child for child in parent if local(child) in names]:
        found = read(one)
        if found is None or not _is_same(found, activity):
            parent.remove(one)


def _is_part(one: Activity, whole: Activity) -> bool:
    """Whether a track lies within an activity: one of its laps."""
    start_s = (one.started_at - whole.started_at).total_seconds()
    return start_s >= 0 and start_s + one.end_s <= whole.end_s


def _is_same(one: Activity, other: Activity) -> bool:
    return one.started_at == other.started_at and abs(one.end_s - other.end_s) < _SLACK.total_seconds()
