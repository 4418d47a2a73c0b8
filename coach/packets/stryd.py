"""Stryd: speed and cadence by the standard, with the contact time of its own characteristic (7e78aa19) joined to them.

Contact time: u16 milliseconds at byte 4 of packets of 20 bytes that begin with 0x32, as qdomyos-zwift reads them
(strydrunpowersensor.cpp); the maker publishes nothing, so any other packet there is passed over. Power: flags u16, s16
watts (Bluetooth SIG, GATT Specification Supplement, "Cycling Power Measurement"); what is negative is no runner's.
"""

from dataclasses import dataclass, replace
from typing import Final

from coach.errors import PacketError
from coach.model.samples import PowerSample, RunningSpeedSample, Sample
from coach.packets.formats import Feed, Format, Row, SharedReading, plain_rows
from coach.packets.layout import Fields
from coach.packets.registry import format_named

_CONTACT: Final = 0x32
_SIZE: Final = 20
_AT: Final = 4
# No foot stays down longer in any walk (a stride at 60 steps a minute takes 2 s) or shorter in any sprint (0.08 s).
_LEAST_S, _MOST_S = 0.05, 2.0
_MOST_W: Final = 2000  # no runner's mean over a second: chosen by judgement, above sprinters'
_FRESH_S: Final = 3.0  # as long as any live value lasts


@dataclass(slots=True)
class _Contact:
    """The newest contact time and when it came."""

    seconds: float | None = None
    t_s: float = float("-inf")


def decode_contact_time(payload: bytes) -> float | None:
    """Return the contact time [s]; None in packets of another kind, and while the foot makes none.

    Raises:
        PacketError: an empty packet.
    """
    if not payload:
        raise PacketError("a Stryd packet is empty", payload)
    if payload[0] != _CONTACT or len(payload) != _SIZE:
        return None
    seconds = Fields("Stryd contact time", payload, _AT).u16() / 1000.0
    return seconds if _LEAST_S <= seconds <= _MOST_S else None


def decode_power(payload: bytes) -> int:
    """Return the instantaneous power [W]; raises PacketError where it is cut.
    What the flags announce behind it is passed over."""
    fields = Fields("running power", payload)
    fields.u16()
    return fields.s16()


def _contact_reader(shared: SharedReading) -> Feed:
    contact = shared.held(_Contact)

    def feed(payload: bytes, t_s: float) -> list[Sample]:
        seconds = decode_contact_time(payload)
        if payload[0] == _CONTACT:
            contact.seconds, contact.t_s = seconds, t_s
        return []

    return feed


def _speed_reader(shared: SharedReading) -> Feed:
    contact, read = shared.held(_Contact), format_named("running_speed").reader(shared)

    def feed(payload: bytes, t_s: float) -> list[Sample]:
        fresh = contact.seconds if t_s - contact.t_s <= _FRESH_S else None
        return [
            replace(sample, contact_time_s=fresh) if isinstance(sample, RunningSpeedSample) else sample
            for sample in read(payload, t_s)
        ]

    return feed


def _power_reader(_shared: SharedReading) -> Feed:
    def feed(payload: bytes, t_s: float) -> list[Sample]:
        watts = decode_power(payload)
        return [PowerSample(t_s, float(watts))] if 0 <= watts <= _MOST_W else []

    return feed


def _speed_rows(payload: bytes) -> list[Row]:
    return format_named("running_speed").rows(payload)


FORMATS: Final = (
    Format("stryd_running_speed", _speed_reader, _speed_rows),
    Format("stryd_contact_time", _contact_reader, lambda payload: [{"contact_time_s": decode_contact_time(payload)}]),
    Format("running_power", _power_reader, plain_rows(decode_power, "power_w")),
)
