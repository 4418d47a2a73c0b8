"""Heart Rate Measurement (0x2A37): bytes to a sample.

Source: Bluetooth SIG, GATT Specification Supplement, "Heart Rate Measurement".
"""

from typing import Final

from coach.model.samples import HeartRateSample
from coach.packets.formats import Format, one_per_packet, without_time
from coach.packets.layout import Fields

_IS_WIDE: Final = 0x01
_HAS_CONTACT: Final = 0x02
_KNOWS_CONTACT: Final = 0x04
_HAS_ENERGY: Final = 0x08
_HAS_RR: Final = 0x10


def decode_heart_rate(payload: bytes, t_s: float) -> HeartRateSample:
    """Read one measurement received at `t_s`.

    The RR bit with no interval behind it is allowed: some straps send it while they search for beats. Every whole field
    counts; half an interval and bytes that no flag announces are passed over and counted by `odd_bytes`.

    Raises:
        PacketError: the rate is cut.
    """
    fields = Fields("heart rate", payload)
    flags = fields.u8()
    rate = fields.u16() if flags & _IS_WIDE else fields.u8()
    fields.u16_if_there(flags & _HAS_ENERGY)
    rr = [fields.u16() / 1024.0 for _ in range(fields.n_left // 2)] if flags & _HAS_RR else []
    contact = bool(flags & _HAS_CONTACT) if flags & _KNOWS_CONTACT else None
    return HeartRateSample(t_s=t_s, heart_rate_bpm=rate, rr_s=tuple(rr), has_skin_contact=contact)


def odd_bytes(payload: bytes) -> int:
    """Return how many bytes a measurement has beyond what its flags announce; negative: how many it lacks."""
    flags = payload[0] if payload else 0
    n_left = len(payload) - 2 - bool(flags & _IS_WIDE) - (2 if flags & _HAS_ENERGY else 0)
    return n_left % 2 if flags & _HAS_RR and n_left >= 0 else n_left


FORMATS: Final = (
    Format(
        "heart_rate",
        lambda shared: one_per_packet(decode_heart_rate, shared.tally, odd_bytes),
        lambda payload: [without_time(decode_heart_rate(payload, 0.0))],
    ),
)
