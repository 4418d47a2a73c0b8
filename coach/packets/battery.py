"""Battery Level (0x2A19): one byte to a sample. Source: Bluetooth SIG, GATT Specification Supplement."""

from typing import Final

from coach.errors import PacketError
from coach.model.samples import BatterySample
from coach.packets.formats import Feed, Format, Row, SharedReading


def decode_battery(payload: bytes, t_s: float, sensor_id: str) -> BatterySample:
    """Read a charge in percent; raises PacketError unless it is one byte of at most 100."""
    if len(payload) != 1 or payload[0] > 100:
        raise PacketError("battery level is not one byte from 0 to 100", payload)
    return BatterySample(t_s=t_s, sensor_id=sensor_id, battery_pct=float(payload[0]))


def _reader(shared: SharedReading) -> Feed:
    return lambda payload, t_s: [decode_battery(payload, t_s, shared.use.sensor_id)]


def _rows(payload: bytes) -> list[Row]:
    return [{"battery_pct": decode_battery(payload, 0.0, "").battery_pct}]


FORMATS: Final = (Format("battery", _reader, _rows),)
