"""Device Information (0x180A): the bytes of a string characteristic to words. Source: Bluetooth SIG, DIS."""

from typing import Final

from coach.errors import PacketError
from coach.packets.formats import checked


def decode_information(payload: bytes) -> str:
    """Return UTF-8 words, without the NULs and blanks that some sensors pad with; raises PacketError for no text."""
    try:
        return payload.rstrip(b"\0").decode("utf-8").strip()
    except UnicodeDecodeError:
        raise PacketError("device information is not UTF-8", payload) from None


FORMATS: Final = (checked("device_information", decode_information, "words"),)
