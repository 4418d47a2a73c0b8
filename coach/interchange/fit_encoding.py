"""Encode messages as a FIT file with header and CRC.

Source: Flexible and Interoperable Data Transfer (FIT) protocol: header, definition and data records, CRC-16.
"""

import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from coach.model.frozen import dataclass

EPOCH_S: Final = int(datetime(1989, 12, 31, tzinfo=UTC).timestamp())
_CRC: Final = (
    0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401,
    0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BaseType:
    """One of FIT's kinds of value. invalid: the value that means "unknown"."""

    code: int
    size: int
    letter: str
    invalid: int


ENUM: Final = BaseType(0x00, 1, "B", 0xFF)
UINT8: Final = BaseType(0x02, 1, "B", 0xFF)
SINT16: Final = BaseType(0x83, 2, "h", 0x7FFF)
UINT16: Final = BaseType(0x84, 2, "H", 0xFFFF)
SINT32: Final = BaseType(0x85, 4, "i", 0x7FFFFFFF)
UINT32: Final = BaseType(0x86, 4, "I", 0xFFFFFFFF)
UINT32Z: Final = BaseType(0x8C, 4, "I", 0)
FLOAT32: Final = BaseType(0x88, 4, "f", 0)
STRING: Final = BaseType(0x07, 1, "s", 0)
BYTES: Final = BaseType(0x0D, 1, "s", 0xFF)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a message: wire value = (value + offset) * scale. size: bytes of a text or byte array."""

    number: int
    kind: BaseType
    scale: float = 1.0
    offset: float = 0.0
    size: int = 0

    @property
    def n_bytes(self) -> int:
        """The length of the field in the file [bytes]."""
        return self.size or self.kind.size


@dataclass(frozen=True, slots=True)
class DeveloperField:
    """A field of our own, described in the file itself. size: bytes of a text."""

    number: int
    name: str
    units: str
    kind: BaseType = FLOAT32
    size: int = 0

    @property
    def n_bytes(self) -> int:
        """The length of the field in the file [bytes]."""
        return self.size or self.kind.size


Value = float | int | str | bytes | None
_NAN: Final = struct.pack("<I", 0xFFFFFFFF)


class FitFile:
    """Collects messages; `close` gives the bytes of the file."""

    def __init__(self) -> None:
        self._body = bytearray()
        self._local: dict[tuple[int, tuple[Field, ...], tuple[DeveloperField, ...]], int] = {}

    def add(
        self,
        message: int,
        fields: Sequence[tuple[Field, Value]],
        developer: Sequence[tuple[DeveloperField, Value]] = (),
    ) -> None:
        """Add one message. Messages of one kind with the same fields share a definition."""
        layout = (message, tuple(field for field, _ in fields), tuple(field for field, _ in developer))
        if layout not in self._local:
            # 16 local kinds; when all are taken, the next definition replaces the oldest
            self._local[layout] = len(self._local) % 16
            self._forget(self._local[layout], layout)
            self._define(*layout)
        self._body.append(self._local[layout])
        for field, value in fields:
            self._body += encode(field, value)
        for own, value in developer:
            self._body += _own(own, value)

    def close(self) -> bytes:
        """Return the whole file: a header of 14 bytes with its CRC, the messages, and the CRC of all of it."""
        head = struct.pack("<BBHI4s", 14, 0x20, 21100, len(self._body), b".FIT")
        whole = head + struct.pack("<H", crc(head)) + bytes(self._body)
        return whole + struct.pack("<H", crc(whole))

    def _forget(self, local: int, but: object) -> None:
        for layout in [kept for kept, number in self._local.items() if number == local and kept != but]:
            del self._local[layout]

    def _define(self, message: int, fields: Sequence[Field], developer: Sequence[DeveloperField]) -> None:
        flag = 0x60 if developer else 0x40
        self._body += struct.pack(
            "<BBBHB", flag | self._local[(message, tuple(fields), tuple(developer))], 0, 0, message, len(fields)
        )
        for field in fields:
            self._body += bytes((field.number, field.n_bytes, field.kind.code))
        if developer:
            self._body.append(len(developer))
            for own in developer:
                self._body += bytes((own.number, own.n_bytes, 0))


def _own(field: DeveloperField, value: Value) -> bytes:
    if field.kind is not FLOAT32:
        return encode(Field(field.number, field.kind, size=field.size), value)
    return struct.pack("<f", value) if isinstance(value, int | float) else _NAN


def encode(field: Field, value: Value) -> bytes:
    """Return the bytes of one value; what is unknown or does not fit its range is written as unknown."""
    kind = field.kind
    if kind.letter == "s":
        raw = value.encode() if isinstance(value, str) else value if isinstance(value, bytes) else b""
        if kind is STRING:
            raw = raw[: field.n_bytes - 1].decode(errors="ignore").encode()
        return raw[: field.n_bytes].ljust(field.n_bytes, b"\0")
    if value is None or isinstance(value, str | bytes):
        number = kind.invalid
    else:
        number = round((value + field.offset) * field.scale)
        low, high = _range(kind)
        if not low <= number <= high or number == kind.invalid:
            number = kind.invalid
    return struct.pack(f"<{kind.letter}", number)


def _range(kind: BaseType) -> tuple[int, int]:
    bits = 8 * kind.size
    return (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if kind.letter.islower() else (0, (1 << bits) - 1)


def crc(data: bytes) -> int:
    """Return FIT's CRC-16, four bits at a time."""
    total = 0
    for byte in data:
        for nibble in (byte & 0xF, byte >> 4):
            total = (total >> 4) & 0x0FFF ^ _CRC[total & 0xF] ^ _CRC[nibble]
    return total


def fit_time(at: datetime) -> int:
    """Return the whole seconds since FIT's epoch."""
    return int(at.timestamp()) - EPOCH_S
