"""What no sensor can have meant is refused with words that name it, and the link goes on."""

import math
import struct
from collections.abc import Callable

import pytest

from coach.errors import LinkError, PacketError
from coach.model.sites import WearSite
from coach.packets import coach_board, movella_dot, movesense, polar_talk, running_speed, wearable_my_foot, witmotion
from coach.packets.cadence import by_measure
from coach.packets.commands import configure, start
from coach.packets.polar import Measure, acceleration, decode_frame, turn_rate
from coach.packets.polar_control import decode_settings
from coach.packets.settings import is_number, settings_of, with_lower_rate
from tests.coach.packets.devices import Device, h, use

DOT_CONTROL = movella_dot.DEVICE_CONTROL
CONTROL = polar_talk.CONTROL


def dot(*values: float) -> bytes:
    return struct.pack("<I6f", 1000, *values)


@pytest.mark.parametrize(
    ("decode", "payload", "words"),
    [
        (movella_dot.decode_reading, dot(1, 2, 3, 4, 5, 6)[:20], "not a DOT payload"),
        (movella_dot.decode_reading, dot(1, 2, 3, 4, 5, 6) + bytes(2), "cut short"),
        (movella_dot.decode_reading, dot(1e6, 2, 3, 4, 5, 6), "beyond its sensor's range"),
        (movella_dot.decode_reading, dot(1, 2, math.nan, 4, 5, 6), "beyond its sensor's range"),
        (movella_dot.rate_of, bytes(4), "control block is cut short"),
        (lambda frame: witmotion.decode_motion([frame]), bytes(20), "not a WitMotion motion frame"),
        (witmotion.decode_register, h("55 61") + bytes(18), "not a WitMotion register answer"),
        (wearable_my_foot.decode_reading, bytes(27), "28 bytes"),
        (decode_settings, h("00"), "not understood"),
        (decode_settings, h("ff 01 00 00"), "not understood"),
        (decode_settings, h("00 02 34 00"), "cut short"),
        (running_speed.decode_location, h("11"), "not one of the 17"),
        (running_speed.decode_control_reply, h("10 04 01 05 99"), "carries what it should not"),
        (running_speed.decode_control_reply, h("11 04 01"), "not understood"),
        (coach_board.decode_description, bytes(3), "not a board's description"),
    ],
)
def test_a_packet_that_cannot_be_is_refused_by_name(
    decode: Callable[[bytes], object], payload: bytes, words: str
) -> None:
    with pytest.raises(PacketError, match=words):
        decode(payload)


def polar(measure: int, kind: int, body: bytes) -> bytes:
    return bytes([measure]) + (1).to_bytes(8, "little") + bytes([kind]) + body


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (polar(Measure.GYRO, 0, bytes(6)), "uncompressed Polar frame of unknown type"),
        (polar(Measure.ACC, 1, bytes(7)), "ends within a reading"),
        (polar(Measure.ACC, 0x80 | 5, bytes(12)), "compressed Polar frame of unknown type"),
    ],
)
def test_a_polar_frame_of_unknown_shape_is_refused(payload: bytes, words: str) -> None:
    with pytest.raises(PacketError, match=words):
        decode_frame(payload)


def test_a_polar_reading_that_is_no_number_is_refused() -> None:
    frame = decode_frame(polar(Measure.ACC, 1, struct.pack("<3h", 1, 2, 3)))
    with pytest.raises(PacketError, match="beyond any range"):
        acceleration(frame, math.nan)
    with pytest.raises(PacketError, match="beyond any range"):
        turn_rate(frame, 1e9)


def test_a_movesense_reading_that_is_no_number_is_refused() -> None:
    body = struct.pack("<I6f", 5, 1.0, math.nan, 3.0, 4.0, 5.0, 6.0)
    with pytest.raises(PacketError, match="not a number"):
        movesense.decode_imu6(body)


def test_a_treadmill_that_counts_otherwise_than_the_foot_proves_nothing() -> None:
    assert by_measure(0, 170.0) is None
    assert by_measure(85, None) is None
    assert by_measure(120, 170.0) is None


@pytest.mark.parametrize("text", ["", "fast", "-1", "0", "nan", "inf", "1e999"])
def test_a_setting_that_is_no_positive_number_is_left_out(text: str) -> None:
    assert not is_number(text)


def test_a_dot_whose_settings_are_cut_says_what_to_do() -> None:
    with pytest.raises(LinkError, match="update it with the Movella app"):
        Device(values={DOT_CONTROL: bytes(4)}).hold(movella_dot.set_rate(60.0))
    assert Device(values={DOT_CONTROL: bytes(4)}).hold(movella_dot.read_rate()) == {}
    assert Device().hold(movella_dot.read_rate()) == {}
    with pytest.raises(LinkError, match="update it with the Movella app"):
        Device(values={DOT_CONTROL: bytes(4)}).hold(configure(*use("movella_dot", WearSite.PELVIS)))


def test_a_dot_that_has_the_rate_is_not_written_to() -> None:
    block = bytearray(32)
    block[movella_dot._RATE_AT : movella_dot._RATE_AT + 2] = (60).to_bytes(2, "little")
    device = Device(values={DOT_CONTROL: bytes(block)})
    device.hold(movella_dot.set_rate(60.0))
    assert device.written == []
    device.hold(movella_dot.set_rate(120.0))
    assert len(device.written) == 1


@pytest.mark.parametrize("code", [0x0F, 0x70, 0x7F])
def test_a_scale_that_is_not_specified_is_refused(code: int) -> None:
    with pytest.raises(PacketError, match="not specified"):
        coach_board.scale_of(code, bytes([code]))


@pytest.mark.parametrize("payload", ["01 63", "01 63 c8", "01 63 77 77"])
def test_a_movesense_answer_without_a_status_is_refused(payload: str) -> None:
    with pytest.raises(PacketError, match="Movesense"):
        movesense.decode_message(h(payload))


def test_a_polar_without_its_service_or_its_list_says_to_update_it() -> None:
    for values in ({}, {CONTROL: b"\x0f"}, {CONTROL: b"\x00\x01"}):
        with pytest.raises(LinkError, match="update it"):
            Device(values=values).hold(start(*use("polar_h10", WearSite.CHEST)))


def test_a_polar_that_answers_nonsense_or_other_things_is_asked_no_further() -> None:
    nonsense = Device(
        lambda _: [h("ff"), h("f0 02 00 00 00"), h("f0 01 02 00 00 09")], {CONTROL: h("0f 06 00") + bytes(14)}
    )
    with pytest.raises(LinkError, match=r"does not answer|not understood"):
        nonsense.hold(start(*use("polar_h10", WearSite.CHEST)))


def test_settings_of_a_use_go_before_the_profiles_where_they_make_sense() -> None:
    said = (("rate_hz", "104"), ("acc_range_g", "many"), ("mode", "quiet"), ("mode", ""))
    profile, worn = use("movesense", settings=said)
    found = settings_of(profile, worn)
    assert (found["rate_hz"], found["mode"]) == (104.0, "quiet")
    assert found["acc_range_g"] == settings_of(*use("movesense"))["acc_range_g"]


def test_a_lower_rate_is_the_next_that_the_sensor_has_and_none_where_it_is_asked_for_none() -> None:
    profile, worn = use("movesense", settings=(("rate_hz", "208"),))
    lower = with_lower_rate(profile, worn)
    assert lower is not None
    assert settings_of(profile, lower)["rate_hz"] == 104.0
    assert with_lower_rate(profile, lower) is None
    assert with_lower_rate(*use("running_speed_cadence", None)) is None
    assert with_lower_rate(*use("witmotion_wt9011dcl")) is None


def test_a_board_that_states_no_rate_is_refused() -> None:
    body = bytes([coach_board.VERSION]) + bytes(coach_board._DESCRIPTION.size - 1)
    with pytest.raises(PacketError, match="has no rate"):
        coach_board.decode_description(body + coach_board._CRC.pack(coach_board.checksum(body)))
