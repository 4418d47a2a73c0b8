"""Recognise the format of a file by its bytes and name, and read activities by format."""

import dataclasses
import re
import zlib
from collections.abc import Sequence
from typing import IO, Final

from coach.errors import InterchangeError
from coach.interchange.activity import Activity
from coach.interchange.xml_text import as_utf8
from coach.model.frozen import dataclass
from coach.model.runs import Sport

ACTIVITY_FORMATS: Final = ("fit", "tcx", "gpx")
_MAX_UNPACKED: Final = 256 * 2**20  # as much as XML may have; a run of ten hours has about 20 MB
_GZIP: Final = 31  # zlib's word for a gzip head and a window of 32 KiB
_GZIP_BLOCK: Final = 4096  # what comes before a damage within a block is lost
_SHORTEST_S: Final = 10.0  # less is a button pressed by mistake; chosen by judgement
HEAD_BYTES: Final = 64 << 10  # what shows a file's kind lies within: comments may come before the first element
_MCAP_MAGIC: Final = b"\x89MCAP0\r\n"


def format_of(content: bytes, name: str = "") -> str:
    """Return "fit", "tcx", "gpx", "csv", "mcap" or "archive", recognised by content first.

    Raises:
        InterchangeError: none of them.
    """
    head = content[:HEAD_BYTES]
    if head[8:12] == b".FIT":
        return "fit"
    if head.startswith(_MCAP_MAGIC):
        return "mcap"
    if head.startswith(b"PK"):
        return "archive"
    plain = re.sub(rb"<!--.*?-->", b"", as_utf8(head), flags=re.DOTALL)
    if re.search(rb"<(?:[\w.-]+:)?TrainingCenterDatabase[\s/>]", plain):
        return "tcx"
    if re.search(rb"<(?:[\w.-]+:)?gpx[\s/>]", plain):
        return "gpx"
    if b"initial_contact_s" in head or b"t_s" in head or name.lower().endswith(".csv"):
        return "csv"
    raise InterchangeError(f"{name or 'this file'} is none of FIT, TCX, GPX, CSV, MCAP or an archive of this program")


def read_activities(content: bytes, kind: str) -> tuple[Activity, ...]:
    """Return every activity in a file of one of `ACTIVITY_FORMATS` that it does not call a sport off foot,
    as the file has it.

    Raises:
        InterchangeError: the file cannot be read, or holds none.
    """
    # Only now: a service starts without the readers of files.
    from coach.interchange.fit_reader import read_fit_sessions
    from coach.interchange.gpx import read_gpx_tracks
    from coach.interchange.tcx import read_tcx_activities

    return {"fit": read_fit_sessions, "tcx": read_tcx_activities, "gpx": read_gpx_tracks}[kind](content)


@dataclass(frozen=True, slots=True)
class Hint:
    """What a list beside a file says of it: the sport, for files that name none, and a title. "" where it does not."""

    sport: str = ""
    title: str = ""


NO_HINT: Final = Hint()


def read_runs(content: bytes, kind: str, hint: Hint = NO_HINT) -> tuple[Activity, ...]:
    """Return every run, walk and activity of no clear sport in a file of one of `ACTIVITY_FORMATS`.

    Distance and speed are completed where positions or times give them; `kind` and `reason` say what each one was.
    What the file itself calls another sport is left out.

    Raises:
        InterchangeError: the file cannot be read, or holds nothing done on foot; the message says what it holds.
    """
    from coach.interchange.sport import named_sport  # four long patterns: not until there is a file to read

    found = [
        dataclasses.replace(
            one,
            name=one.name or hint.title,
            sport=one.sport if named_sport(one.sport) or not hint.sport else hint.sport,
        )
        for one in read_activities(content, kind)
    ]
    return on_foot(found, f"{kind.upper()} file")


def on_foot(found: Sequence[Activity], what: str) -> tuple[Activity, ...]:
    """Return the activities that may have been on foot, completed and judged. what: where they are from, for the words.

    Raises:
        InterchangeError: there is none; the message says what they were.
    """
    from coach.interchange.mending import without_null_island
    from coach.interchange.positions import completed
    from coach.interchange.sport import verdict_of

    kept: list[Activity] = []
    reasons: list[str] = []
    for activity in map(completed, map(without_null_island, found)):
        verdict = verdict_of(activity)
        if verdict.named not in (None, Sport.RUNNING, Sport.WALKING):
            reasons.append(verdict.reason)
        elif len(activity.records) < 2 or activity.end_s < _SHORTEST_S:
            reasons.append(f"it holds {len(activity.records)} points within {activity.end_s:.0f} s")
        else:
            kept.append(dataclasses.replace(activity, kind=verdict.sport, reason=verdict.reason))
    if not kept:
        words = "; ".join(dict.fromkeys(reasons))
        raise InterchangeError(f"this {what} holds no running: {words}. Choose the file of a run")
    return tuple(kept)


def unpacked(stream: IO[bytes]) -> bytes:
    """Return the content of a gzip file; of a damaged one, what comes before the damage.

    Raises:
        InterchangeError: nothing of it is whole, or it unpacks to more than any run has.
    """
    content = bytearray()
    one = zlib.decompressobj(_GZIP)
    try:
        while block := stream.read(_GZIP_BLOCK):
            while block:
                content += one.decompress(block, _MAX_UNPACKED + 1 - len(content))
                if len(content) > _MAX_UNPACKED:
                    raise InterchangeError("this gzip file unpacks to far more than a run has: export it again")
                block = one.unconsumed_tail
                if one.eof:  # another one may follow
                    block, one = one.unused_data, zlib.decompressobj(_GZIP)
    except (OSError, zlib.error) as error:
        if not content:
            raise InterchangeError(f"this gzip file is damaged ({error}): export it again") from error
    if not content:
        raise InterchangeError("this gzip file is damaged (it ends too early): export it again")
    return bytes(content)
