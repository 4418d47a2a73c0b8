"""Decode Running Speed and Cadence (service 0x1814): measurement, feature, location, answers of the control point.

Source: Bluetooth SIG, GATT Specification Supplement, "RSC Measurement", "RSC Feature", "SC Control Point".
"""

from dataclasses import replace
from enum import IntEnum
from typing import Final

from coach.errors import PacketError
from coach.model.frozen import dataclass
from coach.model.samples import RunningSpeedSample, Sample
from coach.packets.cadence import evidence
from coach.packets.formats import Feed, Format, Row, SharedReading, checked, one_per_packet, without_time
from coach.packets.layout import Fields

_HAS_STRIDE: Final = 0x01
_HAS_DISTANCE: Final = 0x02
_IS_RUNNING: Final = 0x04
_RESPONSE: Final = 0x10


def decode_running_speed(payload: bytes, t_s: float) -> RunningSpeedSample:
    """Read one measurement received at `t_s`; cadence stays raw, see `coach.packets.cadence`.

    Every whole field counts: a stride or distance that the flags announce and the packet lacks is None (as OpenTracks
    reads such pods), bytes behind the last field and reserved flags are passed over. `odd_bytes` counts both.

    Raises:
        PacketError: speed or cadence is cut.
    """
    fields = Fields("running speed", payload)
    flags = fields.u8()
    speed, cadence = fields.u16(), fields.u8()
    stride = fields.u16_if_there(flags & _HAS_STRIDE)
    distance = fields.u32_if_there(flags & _HAS_DISTANCE) if stride is not None or not flags & _HAS_STRIDE else None
    return RunningSpeedSample(
        t_s=t_s,
        speed_mps=speed / 256.0,
        raw_cadence_per_min=cadence,
        stride_length_m=None if stride is None else stride / 100.0,
        distance_m=None if distance is None else distance / 10.0,
        is_running=bool(flags & _IS_RUNNING),
    )


def odd_bytes(payload: bytes) -> int:
    """Return how many bytes a measurement has beyond what its flags announce; negative: how many it lacks."""
    flags = payload[0] if payload else 0
    return len(payload) - 4 - (2 if flags & _HAS_STRIDE else 0) - (4 if flags & _HAS_DISTANCE else 0)


@dataclass(frozen=True, slots=True)
class RunningSpeedFeature:
    """What a pod can do (0x2A54)."""

    has_stride_length: bool
    has_distance: bool
    has_walk_or_run: bool
    has_calibration: bool
    has_locations: bool


def decode_feature(payload: bytes) -> RunningSpeedFeature:
    """Read the feature characteristic; raises PacketError for other than two bytes."""
    fields = Fields("running speed feature", payload)
    bits = fields.u16()
    fields.end()
    return RunningSpeedFeature(*(bool(bits & 1 << i) for i in range(5)))


SENSOR_LOCATIONS: Final = (
    "other",
    "top of shoe",
    "in shoe",
    "hip",
    "front wheel",
    "left crank",
    "right crank",
    "left pedal",
    "right pedal",
    "front hub",
    "rear dropout",
    "chainstay",
    "rear wheel",
    "rear hub",
    "chest",
    "spider",
    "chain ring",
)


def decode_location(payload: bytes) -> str:
    """Read the sensor location (0x2A5D) as words; raises PacketError for an unknown one."""
    fields = Fields("sensor location", payload)
    place = fields.u8()
    fields.end()
    if place >= len(SENSOR_LOCATIONS):
        raise PacketError("sensor location is not one of the 17 known", payload)
    return SENSOR_LOCATIONS[place]


class ControlOp(IntEnum):
    """What the SC Control Point is asked to do: the first byte of a request."""

    SET_DISTANCE = 1
    CALIBRATE = 2
    SET_LOCATION = 3
    LIST_LOCATIONS = 4


class ControlResult(IntEnum):
    """What became of a request to the SC Control Point: the third byte of its answer."""

    OK = 1
    NOT_SUPPORTED = 2
    INVALID = 3
    FAILED = 4


@dataclass(frozen=True, slots=True)
class ControlReply:
    """Answer to a control point request; locations only for LIST_LOCATIONS."""

    op: ControlOp
    result: ControlResult
    locations: tuple[str, ...] = ()


def decode_control_reply(payload: bytes) -> ControlReply:
    """Read an indication of the control point; raises PacketError for what is no answer."""
    fields = Fields("running speed control answer", payload)
    head, op, result = fields.u8(), fields.u8(), fields.u8()
    places = payload[3:]
    is_list = op == ControlOp.LIST_LOCATIONS and result == ControlResult.OK
    if head != _RESPONSE or op not in list(ControlOp) or result not in list(ControlResult):
        raise PacketError("running speed control answer is not understood", payload)
    if (places and not is_list) or any(p >= len(SENSOR_LOCATIONS) for p in places):
        raise PacketError("running speed control answer carries what it should not", payload)
    return ControlReply(ControlOp(op), ControlResult(result), tuple(SENSOR_LOCATIONS[p] for p in places))


def _reader(shared: SharedReading) -> Feed:
    def decode(payload: bytes, t_s: float) -> Sample:
        sample = decode_running_speed(payload, t_s)
        return replace(sample, cadence_spm=shared.resolver.steps_per_min(sample, shared.measured_spm))

    return one_per_packet(decode, shared.tally, odd_bytes)


def _rows(payload: bytes) -> list[Row]:
    sample = decode_running_speed(payload, 0.0)
    said = evidence(sample)
    row = without_time(sample)
    row["cadence_spm"] = float(sample.raw_cadence_per_min * said[0].steps) if said else None
    return [row]


FORMATS: Final = (
    Format("running_speed", _reader, _rows),
    checked("running_speed_feature", decode_feature),
    checked("sensor_location", decode_location, "location"),
    checked("running_speed_control", decode_control_reply),
)
