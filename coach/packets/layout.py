"""Reading fields off a packet without ever reading past its end."""

import struct
from typing import Final

from coach.errors import PacketError


class Fields:
    """A cursor over one packet, little-endian. Every read raises PacketError where bytes are missing."""

    def __init__(self, what: str, payload: bytes, offset: int = 0) -> None:
        self._what = what
        self._payload = payload
        self._at = offset

    @property
    def n_left(self) -> int:
        """Bytes not yet read."""
        return len(self._payload) - self._at

    def take(self, layout: struct.Struct) -> tuple[int, ...]:
        """Return the next fields of `layout`."""
        if self.n_left < layout.size:
            raise PacketError(f"{self._what} is cut short", self._payload)
        values = layout.unpack_from(self._payload, self._at)
        self._at += layout.size
        return values

    def u8(self) -> int:
        """Read an unsigned integer of one byte."""
        return self.take(_U8)[0]

    def u16(self) -> int:
        """Read an unsigned integer of two bytes."""
        return self.take(_U16)[0]

    def s16(self) -> int:
        """Read a signed integer of two bytes."""
        return self.take(_S16)[0]

    def u24(self) -> int:
        """Read an unsigned integer of three bytes."""
        low, high = self.take(_U24)
        return low | high << 16

    def u32(self) -> int:
        """Read an unsigned integer of four bytes."""
        return self.take(_U32)[0]

    def u16_if_there(self, is_announced: int) -> int | None:
        """Return the next field where the flags announce it; None where they do not,
        or where the packet ends before it."""
        return self.u16() if is_announced and self.n_left >= _U16.size else None

    def u32_if_there(self, is_announced: int) -> int | None:
        """Read the next field where the flags announce it; None as of `u16_if_there`."""
        return self.u32() if is_announced and self.n_left >= _U32.size else None

    def end(self) -> None:
        """Raise PacketError where anything is left."""
        if self.n_left:
            raise PacketError(f"{self._what} has {self.n_left} bytes too many", self._payload)


_U8: Final = struct.Struct("<B")
_U16: Final = struct.Struct("<H")
_S16: Final = struct.Struct("<h")
_U24: Final = struct.Struct("<HB")
_U32: Final = struct.Struct("<I")
