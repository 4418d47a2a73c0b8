"""The control point of a running pod: requests as the standard has them, answers and refusals."""

import pytest

from coach.errors import LinkError
from coach.packets.pod_talk import calibrate, list_locations, reset_distance, set_location
from tests.coach.packets.test_commands import Device


def answering(*answers: str) -> Device:
    return Device(lambda payload: [bytes.fromhex(a) for a in answers])


@pytest.mark.parametrize(
    ("conversation", "written", "answer"),
    [
        (reset_distance(), "01 00 00 00 00", "10 01 01"),
        (reset_distance(1000.0), "01 10 27 00 00", "10 01 01"),
        (calibrate(), "02", "10 02 01"),
        (set_location("top of shoe"), "03 01", "10 03 01"),
    ],
)
def test_requests_are_written_and_answered(conversation, written, answer):
    device = answering("10 04 01 00", answer)  # another's answer comes first and is passed over
    device.hold(conversation)
    assert device.written == [written]


def test_locations_are_listed():
    assert answering("10 04 01 00 01 02 03").hold(list_locations()) == ("other", "top of shoe", "in shoe", "hip")


@pytest.mark.parametrize(("answer", "words"), [("10 02 02", "cannot do that"), ("10 02 04", "tried and failed")])
def test_refusals_have_words(answer, words):
    with pytest.raises(LinkError, match=words):
        answering(answer).hold(calibrate())


def test_silence_and_nonsense_have_words():
    with pytest.raises(LinkError, match="does not answer"):
        answering("ff").hold(calibrate())
    with pytest.raises(LinkError, match="choose one of other"):
        answering().hold(set_location("knee"))
