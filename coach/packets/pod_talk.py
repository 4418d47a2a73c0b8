"""Talk with a running pod's control point: reset the distance, calibrate, say where it is worn.

Notifications of the control point (0x2A55) must be on before. Source: Bluetooth SIG, RSC Profile, SC Control Point.
"""

from typing import Final

from coach.errors import LinkError, PacketError
from coach.model.steps import Conversation, Write, ask
from coach.packets.running_speed import (
    SENSOR_LOCATIONS,
    ControlOp,
    ControlReply,
    ControlResult,
    decode_control_reply,
    encode_calibrate,
    encode_list_locations,
    encode_set_distance,
    encode_set_location,
)
from firmware_config.schema import full_uuid

CONTROL: Final = full_uuid("2a55")
_CALIBRATION_S: Final = 30.0
_ANSWER_S: Final = 5.0
_REFUSALS: Final = {
    ControlResult.NOT_SUPPORTED: "The pod cannot do that",
    ControlResult.INVALID: "The pod does not take that value",
    ControlResult.FAILED: "The pod tried and failed: wear it, run, and try again",
}


def reset_distance(distance_m: float = 0.0) -> Conversation[None]:
    """Set the pod's total distance."""
    yield from _request(ControlOp.SET_DISTANCE, encode_set_distance(distance_m))


def calibrate() -> Conversation[None]:
    """Let the pod calibrate itself; its answer comes when it is done."""
    yield from _request(ControlOp.CALIBRATE, encode_calibrate(), _CALIBRATION_S)


def set_location(location: str) -> Conversation[None]:
    """Set where the pod is worn: one of SENSOR_LOCATIONS."""
    if location not in SENSOR_LOCATIONS:
        raise LinkError("refused", f"{location} is no place of a pod: choose one of {', '.join(SENSOR_LOCATIONS)}")
    yield from _request(ControlOp.SET_LOCATION, encode_set_location(location))


def list_locations() -> Conversation[tuple[str, ...]]:
    """Where the pod can be worn."""
    reply = yield from _request(ControlOp.LIST_LOCATIONS, encode_list_locations())
    return reply.locations


def _request(op: ControlOp, payload: bytes, within_s: float = _ANSWER_S) -> Conversation[ControlReply]:
    heard = yield from ask(Write(CONTROL, payload), CONTROL, lambda answer: _is_answer(answer, op), within_s)
    if heard is None:
        raise LinkError("no_answer", "The pod does not answer: move it to wake it, and try again")
    reply = decode_control_reply(heard)
    if reply.result is not ControlResult.OK:
        raise LinkError("refused", _REFUSALS[reply.result])
    return reply


def _is_answer(payload: bytes, op: ControlOp) -> bool:
    try:
        return decode_control_reply(payload).op is op
    except PacketError:
        return False
