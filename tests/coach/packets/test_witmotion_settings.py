"""A WitMotion's registers: unlocked, set, saved and read back, wherever its byte stream is cut."""

import pytest

from coach.errors import UserError
from coach.packets.commands import configure, read_settings
from tests.coach.packets.devices import Device, h, use


def pieces(stream: bytes, size: int) -> list[bytes]:
    return [stream[i : i + size] for i in range(0, len(stream), size)]


# A motion frame of newer firmware, 28 bytes: at rest, with 2024-01-01 12:30:15.250 of the chip.
LONG_FRAME = bytes.fromhex("5561 0000 0000 0008 0000 0000 0000 0000 0000 0000 1801010c1e0ffa00")


class Wit(Device):
    """Registers that take writes only while unlocked."""

    def __init__(self, ahead: bytes = b"", size: int | None = None) -> None:
        """ahead: bytes of its stream before each answer. size: of its notifications; None: one frame in each."""
        super().__init__(self.reply)
        self.ahead, self.size = ahead, size
        self.registers = {0x03: 6, 0x1F: 4, 0x24: 0}
        self.is_unlocked = self.is_saved = False

    def reply(self, payload: bytes) -> list[bytes]:
        register, value = payload[2], payload[3]
        if register == 0x69:
            self.is_unlocked = payload[3:] == h("88 b5")
        elif register == 0x00:
            self.is_saved = self.is_unlocked
        elif register == 0x27:
            answer = bytes([0x55, 0x71, value, 0, self.registers.get(value, 0), 0]) + bytes(14)
            frames = [h("5561") + bytes(18), answer]
            return frames if self.size is None else pieces(self.ahead + answer + frames[0] * 2, self.size)
        elif self.is_unlocked:
            self.registers[register] = value
        return []


def test_witmotion_is_unlocked_set_saved_and_read_back():
    device = Wit()
    report = device.hold(configure(*use("witmotion_wt9011dcl")))
    assert report.before == (("rate", "10 Hz"), ("bandwidth", "20 Hz"), ("mode", "9-axis"))
    assert report.after == (("rate", "200 Hz"), ("bandwidth", "188 Hz"), ("mode", "6-axis"))
    assert report.warnings == ()
    assert device.is_saved
    written = [w for w in device.written if not w.startswith("ff aa 27")]
    # WITMOTION's own examples for unlock, 200 Hz, 188 Hz, 6-axis and save.
    assert written == ["ff aa 69 88 b5", "ff aa 03 0b 00", "ff aa 1f 01 00", "ff aa 24 01 00", "ff aa 00 00 00"]
    assert device.pauses == 5


@pytest.mark.parametrize("size", [1, 7, 20, 64])
@pytest.mark.parametrize("n_before", [0, 1, 13, 20, 27])
def test_answers_in_a_byte_stream_are_found_wherever_it_is_cut(size: int, n_before: int):
    """28-byte frames in notifications of 20 bytes: the answer begins in one and ends in the next."""
    device = Wit((LONG_FRAME * 2)[len(LONG_FRAME) - n_before :], size)
    report = device.hold(configure(*use("witmotion_wt9011dcl")))
    assert report.before == (("rate", "10 Hz"), ("bandwidth", "20 Hz"), ("mode", "9-axis"))
    assert report.after == (("rate", "200 Hz"), ("bandwidth", "188 Hz"), ("mode", "6-axis"))
    assert report.warnings == ()


def test_half_an_answer_in_a_byte_stream_is_none():
    device = Wit(LONG_FRAME, 20)
    device.answers = lambda payload: [piece[:12] for piece in device.reply(payload)[:2]]
    report = device.hold(read_settings(*use("witmotion_wt9011dcl")))
    assert report.after == ()
    assert "Could not read back: the rate was not reported" in report.warnings


def test_a_witmotion_as_it_leaves_the_factory_is_warned_of():
    report = Wit().hold(read_settings(*use("witmotion_wt9011dcl")))
    assert any("smeared" in words for words in report.warnings)
    assert any("foot strike" in words for words in report.warnings)


def test_a_setting_that_was_not_taken_is_said():
    device = Wit()
    device.answers = lambda payload: Wit.reply(device, payload) if payload[2] == 0x27 else []
    report = device.hold(configure(*use("witmotion_wt9011dcl")))
    assert "rate is 10 Hz, not 200 Hz: the sensor did not take it" in report.warnings


def test_a_rate_without_a_code_is_the_users_to_mend():
    with pytest.raises(UserError, match="choose one of 1, 2, 5, 10"):
        Wit().hold(configure(*use("witmotion_wt9011dcl", settings=(("rate_hz", "208"),))))
