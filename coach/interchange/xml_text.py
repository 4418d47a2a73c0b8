"""Read XML of other programs with care.

What exporters break is mended where its meaning is plain: blanks before the declaration (Strava writes them), prefixes
never declared, control characters, a bare "&", an encoding other than the one named, text after the end. Of a document
that breaks off, what was whole is read.
"""

import math
import re
from datetime import UTC, datetime
from typing import Final
from xml.etree import ElementTree as ET

from coach.errors import InterchangeError

_MAX_BYTES: Final = 256 * 2**20
_MAX_ELEMENTS: Final = 8_000_000  # a second has about ten: more than a week of them; each takes some 100 bytes
_MOST_MENDED: Final = 2_000_000
_MOST_AMPERSANDS: Final = 10_000
_MOST_PIECES: Final = 10_000  # of a text that comes letter by letter: no number or time has as many
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
# Elements that mean nothing in part: a point whose height is cut in two has a wrong height.
_POINTS: Final = frozenset(("trkpt", "rtept", "wpt", "Trackpoint", "Record"))


def parse(content: bytes, root: str, what: str) -> ET.Element:
    """Return the root element, whose local name must be `root`.

    Raises:
        InterchangeError: not XML, another kind of document, or one with entities of its own (never needed here).
    """
    return parse_whole(content, root, what)[0]


def parse_whole(content: bytes, root: str, what: str) -> tuple[ET.Element, bool]:
    """Return the root element, whose local name must be `root`, and whether the document breaks off before its end.

    Raises:
        InterchangeError: nothing of it is XML, another kind of document, or one with entities of its own.
    """
    text = as_utf8(content)
    if len(text) > _MAX_BYTES or b"<!ENTITY" in text or text.count(b"<") > 2 * _MAX_ELEMENTS:
        raise InterchangeError(f"this {what} file is too large or defines entities: export it again")
    is_cut = False
    try:
        found = ET.fromstring(_declared(text))
    except (ET.ParseError, ValueError, LookupError) as error:
        rest, is_cut = _salvaged(text) if _may_be_mended(text) else (None, False)
        if rest is None:
            raise InterchangeError(f"this {what} file is not well-formed XML ({error}): export it again") from error
        found = rest
    if local(found) != root:
        raise InterchangeError(f"this is not a {what} file: its root is {local(found)}, not {root}")
    return found, is_cut


def as_utf8(content: bytes) -> bytes:
    """Return the text without byte order mark and leading blanks; UTF-16 as UTF-8, its declaration taken out."""
    if content[:2] in _UTF16:
        text = content.decode("utf-16", errors="replace").encode("utf-8", errors="replace")
        content = re.sub(rb"^\s*<\?xml[^>]*\?>", b"", text, count=1)
    return content.lstrip(b"\xef\xbb\xbf \t\r\n\0")


def _declared(text: bytes) -> bytes:
    """Return the text with a made-up namespace for prefixes that are used but never declared."""
    used = set(re.findall(rb"</?([A-Za-z_][\w.-]*):[A-Za-z_]", text))
    used |= set(re.findall(rb"\s([A-Za-z_][\w.-]*):[A-Za-z_][\w.-]*=", text))
    declared = set(re.findall(rb"xmlns:([A-Za-z_][\w.-]*)\s*=", text)) | {b"xml", b"xmlns"}
    missing = b"".join(b' xmlns:%s="urn:undeclared:%s"' % (name, name) for name in sorted(used - declared))
    return re.sub(rb"(<[A-Za-z_][\w.:-]*)(?=[\s/>])", lambda m: m[1] + missing, text, count=1) if missing else text


def _may_be_mended(text: bytes) -> bool:
    """Whether mending is worth its memory: a run of a day and a night with ten elements a second, not a bomb."""
    return text.count(b"<") <= _MOST_MENDED and text.count(b"&") <= _MOST_AMPERSANDS


def _salvaged(text: bytes) -> tuple[ET.Element | None, bool]:
    """Return what can be read of a document that is not well-formed, and whether its end is missing."""
    text = _clean(text)
    target = _Salvage()
    parser = ET.XMLParser(target=target)
    try:
        parser.feed(_declared(text))
        parser.close()
    except (ET.ParseError, ValueError, LookupError):
        target.leave_broken()
    return target.root, target.is_open


def _clean(text: bytes) -> bytes:
    """Return the text of the encoding that it is in, without characters that XML has none for,
    every "&" an entity's."""
    try:
        plain = text.decode("utf-8")
    except UnicodeDecodeError:
        # A cut in the middle of a letter is no other encoding.
        cut = text[:-4].decode("utf-8", errors="ignore").encode() == text[:-4]
        plain = text.decode("utf-8", errors="ignore") if cut else text.decode("cp1252", errors="replace")
    plain = re.sub(r"^<\?xml[^>]*\?>", "", plain, count=1)
    plain = re.sub(
        "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|&#(?:x0*(?:[0-8bcBC]|1[0-9a-fA-F]);|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]);)",
        "",
        plain,
    )
    return re.sub(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)", "&amp;", plain).encode(
        "utf-8", errors="replace"
    )


class _Salvage:
    """Builds a tree whose last elements may never be closed. is_open: the root was not."""

    def __init__(self) -> None:
        self.root: ET.Element | None = None
        self._open: list[ET.Element] = []
        self._text: list[str] = []  # of the innermost element; joined once, for a text may come letter by letter

    @property
    def is_open(self) -> bool:
        return bool(self._open)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        element = ET.Element(tag, attributes)
        if self._open:
            self._open[-1].append(element)
        elif self.root is None:
            self.root = element
        self._keep_text()
        self._open.append(element)

    def end(self, _: str) -> None:
        self._keep_text()
        self._open.pop()

    def data(self, text: str) -> None:
        if len(self._text) < _MOST_PIECES and self._open and not len(self._open[-1]):
            self._text.append(text)

    def _keep_text(self) -> None:
        if self._open and self._text:
            self._open[-1].text = "".join(self._text)
        self._text.clear()

    def close(self) -> ET.Element | None:
        return self.root

    def leave_broken(self) -> None:
        """Take out the points that broke off."""
        self._keep_text()
        for parent, element in zip(self._open, self._open[1:], strict=False):
            if local(element) in _POINTS:
                parent.remove(element)


def local(element: ET.Element) -> str:
    """Return the name without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def child(element: ET.Element | None, *path: str) -> ET.Element | None:
    """Return the first element below along local names, whatever the namespace."""
    for name in path:
        if element is None:
            return None
        element = next((one for one in element if local(one) == name), None)
    return element


def number(element: ET.Element | None) -> float | None:
    """Return the number in an element's text; None where there is none, or none that is finite."""
    if element is None or element.text is None:
        return None
    try:
        value = plain_number(element.text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def plain_number(text: str) -> float:
    """Return a number, its decimals after a point or, as some programs write in some countries, a comma.

    Raises:
        ValueError: it is none.
    """
    return float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)


def moment(text: str | None) -> datetime | None:
    """Return an aware UTC time; one without zone is taken as UTC."""
    plain = re.sub(r"\s*(?:UTC|GMT)$", "Z", (text or "").strip())
    try:
        at = datetime.fromisoformat(plain)
    except ValueError:
        return None
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def moment_text(at: datetime) -> str:
    """Return an aware time as ISO 8601 in UTC with milliseconds, as GPX and TCX have it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def to_bytes(root: ET.Element) -> bytes:
    """Return a document as indented UTF-8 with its XML declaration; `root` is indented in place."""
    ET.indent(root, " ")
    return bytes(ET.tostring(root, encoding="UTF-8", xml_declaration=True))
