"""Polar Measurement Data control point (FB005C81): requests to bytes, answers to settings; which settings to ask for.

Source: polarofficial/polar-ble-sdk, technical_documentation/online_measurement.pdf; captures in issues 281, 360, 443.
"""

import struct
from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from coach.errors import PacketError
from coach.model.frozen import dataclass
from coach.packets.polar import Measure

ANSWER: Final = 0xF0
FEATURES: Final = 0x0F


class Op(IntEnum):
    """What the control point is asked to do: the first byte of a request."""

    SETTINGS = 1
    START = 2
    STOP = 3
    SDK_SETTINGS = 4


class Setting(IntEnum):
    """What a stream is started with: RATE [Hz], RESOLUTION [bits], RANGE [g or deg/s], RANGE_MILLI [thousandths of
    these], CHANNELS.

    FACTOR (float32, by which counts are multiplied) and SECURITY come in answers only.
    """

    RATE = 0
    RESOLUTION = 1
    RANGE = 2
    RANGE_MILLI = 3
    CHANNELS = 4
    FACTOR = 5
    SECURITY = 6


_WIDTHS: Final = {
    Setting.RATE: 2,
    Setting.RESOLUTION: 2,
    Setting.RANGE: 2,
    Setting.RANGE_MILLI: 4,
    Setting.CHANNELS: 1,
    Setting.FACTOR: 4,
    Setting.SECURITY: 16,
}
_ASKED: Final = (Setting.RATE, Setting.RESOLUTION, Setting.RANGE, Setting.CHANNELS)
OK: Final = 0
ALREADY: Final = 6
STATUS_WORDS: Final = (
    "ok",
    "unknown request",
    "unknown measurement",
    "not supported",
    "wrong length",
    "wrong parameter",
    "already so",
    "resolution not possible",
    "rate not possible",
    "range not possible",
    "packet size too small",
    "channels not possible",
    "not possible now",
    "in its charger",
    "memory full",
)
Offer = Mapping[Setting, tuple[int, ...]]


def decode_features(payload: bytes) -> frozenset[Measure]:
    """Return what the device measures (value of a read); raises PacketError for other bytes."""
    if len(payload) < 3 or payload[0] != FEATURES:
        raise PacketError("not a Polar feature block", payload)
    found = {m for m in (Measure.ACC, Measure.GYRO, Measure.MAG) if payload[1] & 1 << m}
    return frozenset(found | ({Measure.SDK} if payload[2] & 0x02 else set()))


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer (indication), or one part of it: is_more says that another follows. measure as sent on the wire."""

    op: int
    measure: int
    status: int
    is_more: bool
    parameters: bytes

    @property
    def words(self) -> str:
        """The status for people."""
        return STATUS_WORDS[self.status] if self.status < len(STATUS_WORDS) else f"status {self.status}"


def decode_reply(payload: bytes) -> Reply:
    """Read an indication; an answer of four bytes (a refusal) has no parameters. Raises PacketError for other bytes."""
    if len(payload) < 4 or payload[0] != ANSWER:
        raise PacketError("not a Polar answer", payload)
    is_more = len(payload) > 4 and payload[4] != 0
    return Reply(payload[1], payload[2], payload[3], is_more, bytes(payload[5:]))


def decode_settings(parameters: bytes) -> Offer:
    """Return the settings with the values on offer; raises PacketError where they are cut or unknown."""
    offer: dict[Setting, tuple[int, ...]] = {}
    at = 0
    while at < len(parameters):
        if len(parameters) - at < 2 or parameters[at] not in list(Setting):
            raise PacketError("Polar settings are not understood", parameters)
        setting, count = Setting(parameters[at]), parameters[at + 1]
        width = _WIDTHS[setting]
        values = parameters[at + 2 : at + 2 + width * count]
        if len(values) < width * count:
            raise PacketError("Polar settings are cut short", parameters)
        offer[setting] = tuple(int.from_bytes(values[i : i + width], "little") for i in range(0, len(values), width))
        at += 2 + len(values)
    return offer


def factor_of(parameters: bytes) -> float | None:
    """Return the factor in the answer to a start, None where there is none;
    raises PacketError where it makes no sense."""
    offer = decode_settings(parameters)
    if not offer.get(Setting.FACTOR):
        return None
    (factor,) = struct.unpack("<f", offer[Setting.FACTOR][0].to_bytes(4, "little"))
    if not 1e-9 < factor < 1e3:
        raise PacketError("a Polar factor makes no sense", parameters)
    return float(factor)


def chosen(offer: Offer, rate_hz: float | None, range_: float | None) -> dict[Setting, int]:
    """Return one value of each setting on offer: the smallest rate and range that suffice,
    else the largest there is."""
    wanted = {Setting.RATE: rate_hz, Setting.RANGE: range_}
    return {s: _suffices(offer[s], wanted.get(s)) for s in _ASKED if offer.get(s)}


def _suffices(values: tuple[int, ...], wanted: float | None) -> int:
    enough = [value for value in values if wanted is not None and value >= wanted]
    return min(enough) if enough else max(values)


def encode_get_settings(measure: Measure) -> bytes:
    """Ask which settings are on offer for a measurement."""
    return bytes([Op.SETTINGS, measure])


def encode_start(measure: Measure, choice: Mapping[Setting, int]) -> bytes:
    """Start a measurement with one value per setting; without any for the SDK mode."""
    head = bytes([Op.START, measure])
    return head + b"".join(bytes([s, 1]) + choice[s].to_bytes(_WIDTHS[s], "little") for s in _ASKED if s in choice)


def encode_stop(measure: Measure) -> bytes:
    """End a measurement."""
    return bytes([Op.STOP, measure])


class Replies:
    """Joins the parts of answers."""

    def __init__(self) -> None:
        self._parts: dict[tuple[int, int], bytes] = {}

    def join(self, part: Reply) -> Reply | None:
        """Return the whole answer once its last part is here."""
        key = (part.op, part.measure)
        parameters = self._parts.pop(key, b"") + part.parameters
        if part.is_more:
            self._parts[key] = parameters
            return None
        return Reply(part.op, part.measure, part.status, False, parameters)
