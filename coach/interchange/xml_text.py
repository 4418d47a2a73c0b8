"""XML of other programs, read with care: text in, elements out."""

import math
import re
from datetime import UTC, datetime
from typing import Final
from xml.etree import ElementTree as ET

from coach.errors import InterchangeError

_MAX_BYTES: Final = 256 * 2**20


def parse(content: bytes, root: str, what: str) -> ET.Element:
    """The root element, whose local name must be `root`.

    Raises:
        InterchangeError: not XML, another kind of document, or one with entities of its own (never needed here).
    """
    if len(content) > _MAX_BYTES or b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise InterchangeError(f"this {what} file is too large or defines entities: export it again")
    try:
        found = ET.fromstring(_mended(content))
    except (ET.ParseError, ValueError, LookupError) as error:
        raise InterchangeError(f"this {what} file is not well-formed XML ({error}): export it again") from error
    if local(found) != root:
        raise InterchangeError(f"this is not a {what} file: its root is {local(found)}, not {root}")
    return found


def _mended(content: bytes) -> bytes:
    """The text without blanks before its declaration (Strava writes them), and with a made-up namespace for prefixes
    that are used but never declared (some exporters leave them out)."""
    text = content.lstrip(b"\xef\xbb\xbf \t\r\n") if content[:2] not in (b"\xff\xfe", b"\xfe\xff") else content
    used = set(re.findall(rb"</?([A-Za-z_][\w.-]*):[A-Za-z_]", text))
    used |= set(re.findall(rb"\s([A-Za-z_][\w.-]*):[A-Za-z_][\w.-]*=", text))
    declared = set(re.findall(rb"xmlns:([A-Za-z_][\w.-]*)\s*=", text)) | {b"xml", b"xmlns"}
    missing = b"".join(b' xmlns:%s="urn:undeclared:%s"' % (name, name) for name in sorted(used - declared))
    return re.sub(rb"(<[A-Za-z_][\w.:-]*)(?=[\s/>])", lambda m: m[1] + missing, text, count=1) if missing else text


def local(element: ET.Element) -> str:
    """The name without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def child(element: ET.Element | None, *path: str) -> ET.Element | None:
    """The first element below along local names, whatever the namespace."""
    for name in path:
        if element is None:
            return None
        element = next((one for one in element if local(one) == name), None)
    return element


def number(element: ET.Element | None) -> float | None:
    if element is None or element.text is None:
        return None
    try:
        value = float(element.text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def moment(text: str | None) -> datetime | None:
    """An aware UTC time; one without zone is taken as UTC."""
    try:
        at = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def moment_text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def to_bytes(root: ET.Element) -> bytes:
    ET.indent(root, " ")
    return bytes(ET.tostring(root, encoding="UTF-8", xml_declaration=True))
