"""The messages of an ANT stick: cut out of a stream of bytes, and what a broadcast among them holds.

A message is sync 0xA4, length, id, that many bytes, and the exclusive or of all before. A broadcast has a channel, the
eight bytes of a page, and behind them what the stick was asked to add: a flag byte, the sender (flag 0x80), the signal
(0x40).

Source: openant `base/message.py`; the added bytes as Loghorn/ant-plus and antplus-recorder read them.
"""

from coach.model.frozen import dataclass

_SYNC = 0xA4
_FRAME = 4  # sync, length, id, checksum
_LONGEST = 64  # bytes of a message; a length beyond is noise
_PAGE = 8
_HAS_SENDER, _HAS_SIGNAL = 0x80, 0x40
_SENDER, _SIGNAL = 4, 3
_IN_DBM = 0x20  # the other kind of signal, of older chips, says nothing of reception
_PAIRING_BIT = 0x80


@dataclass(frozen=True, slots=True)
class AntMessage:
    """id: as openant's `Message.ID` names them. data: what is between id and checksum."""

    id: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """One data page of one sensor. number: of the sensor, 20 bits. rssi_dbm: None where the stick does not measure."""

    device_type: int
    number: int
    payload: bytes
    rssi_dbm: int | None = None


def encode(message_id: int, data: bytes) -> bytes:
    """Return the bytes of a message."""
    head = bytes([_SYNC, len(data), message_id]) + data
    return head + bytes([_checksum(head)])


def _checksum(data: bytes) -> int:
    found = 0
    for byte in data:
        found ^= byte
    return found


class MessageFinder:
    """Cuts a stream of bytes into messages. What fits no checksum is passed over, byte by byte, to the next that does.

    n_lost_bytes: how much was passed over.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.n_lost_bytes = 0

    def feed(self, data: bytes) -> list[AntMessage]:
        """Return messages that these bytes complete."""
        self._buffer += data
        found: list[AntMessage] = []
        while len(self._buffer) >= _FRAME:
            length = self._buffer[1]
            whole = bytes(self._buffer[: length + _FRAME])
            if self._buffer[0] != _SYNC or length > _LONGEST:
                self._skip(1)
            elif len(whole) < length + _FRAME:
                break
            elif _checksum(whole):
                self._skip(1)
            else:
                found.append(AntMessage(whole[2], whole[3:-1]))
                del self._buffer[: len(whole)]
        return found

    def _skip(self, n: int) -> None:
        del self._buffer[:n]
        self.n_lost_bytes += n


def page_in(data: bytes) -> Page | None:
    """Return the page in the data of a broadcast; None where the stick did not say whose it is."""
    page, added = data[1 : 1 + _PAGE], data[1 + _PAGE :]
    if len(page) < _PAGE or not added or not added[0] & _HAS_SENDER or len(added) < 1 + _SENDER:
        return None
    low, high, device_type, transmission = added[1 : 1 + _SENDER]
    number = low | high << 8 | (transmission & 0xF0) << 12
    signal = added[1 + _SENDER : 1 + _SENDER + _SIGNAL]
    rssi_dbm = None
    if added[0] & _HAS_SIGNAL and len(signal) == _SIGNAL and signal[0] == _IN_DBM:
        rssi_dbm = signal[1] - 256 if signal[1] > 127 else signal[1]
    return Page(device_type & ~_PAIRING_BIT, number, page, rssi_dbm)
