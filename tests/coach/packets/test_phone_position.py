"""A phone's position: fixes read back, damage is a fault, and its speed is one among others."""

import math

import pytest

from coach.errors import PacketError
from coach.gait.fusion.body import BodyGait
from coach.model.links import SensorUse
from coach.model.samples import Notification, PositionSample, RunningSpeedSample
from coach.packets.decoders import decoder_for
from coach.packets.phone_position import decode_position
from firmware_config.loader import load_profile
from tests.support.encoders import encode_position

POSITION = "c0ac2001-7a1e-4b5c-9d2f-52554e4e4552"
USE = SensorUse("this-phone-position", "This phone's position", "phone_position")
FIX = PositionSample(7.0, 47.5, 8.25, 5.0, 412.5, 3.25)


@pytest.mark.parametrize(
    "fix", [FIX, PositionSample(7.0, -33.0, 151.0, 12.0), PositionSample(7.0, 0.0, 0.0, 4.0, None, 0.0)]
)
def test_what_the_page_packs_is_read_back(fix: PositionSample) -> None:
    assert decode_position(encode_position(fix, 1.8e12), fix.t_s) == fix


def test_other_lengths_and_no_place_on_earth_are_faults() -> None:
    whole = encode_position(FIX, 1.8e12)
    for length in (*range(len(whole)), len(whole) + 1):
        with pytest.raises(PacketError):
            decode_position((whole + b"\0")[:length])
    for odd in (
        PositionSample(0.0, 90.5, 0.0, 5.0),
        PositionSample(0.0, 0.0, 181.0, 5.0),
        PositionSample(0.0, 0.0, 0.0, -1.0),
    ):
        with pytest.raises(PacketError):
            decode_position(encode_position(odd, 1.8e12))
    with pytest.raises(PacketError, match="number"):
        decode_position(encode_position(PositionSample(0.0, math.nan, 0.0, 5.0), 1.8e12))


def test_a_jump_has_no_speed_and_the_last_fix_given_again_counts_once() -> None:
    jump = PositionSample(1.0, 47.5, 8.25, 5.0, None, 80.0)
    assert decode_position(encode_position(jump, 1.8e12)).speed_mps is None
    decoder = decoder_for(load_profile("phone_position"), USE)
    payload = encode_position(FIX, 1.8e12)
    assert len(decoder.feed(Notification(USE.sensor_id, POSITION, 7.0, payload))) == 1
    assert decoder.feed(Notification(USE.sensor_id, POSITION, 7.5, payload)) == []
    assert decoder.report().n_duplicates == 1


def test_alone_it_gives_speed_and_distance_with_the_uncertainty_of_its_fix() -> None:
    body = BodyGait([])
    for second in range(61):
        body.feed(PositionSample(float(second), 47.5, 8.25, 5.0, None, 3.0))
    metrics = body.metrics(60.0)
    assert metrics.speed_mps == pytest.approx(3.0)
    assert metrics.speed_source == "position"
    assert metrics.uncertainty["speed_mps"] == pytest.approx(0.25)
    assert metrics.distance_m == pytest.approx(180.0, abs=0.1)
    assert body.metrics(64.0).speed_mps is None, "a tunnel is no speed"


def test_a_bad_fix_gives_no_speed() -> None:
    body = BodyGait([])
    body.feed(PositionSample(1.0, 47.5, 8.25, 40.0, None, 3.0))
    assert body.metrics(1.0).speed_mps is None


def test_with_a_pod_the_surer_of_both_weighs_more() -> None:
    body = BodyGait([])
    for second in range(10):
        body.feed(RunningSpeedSample(float(second), 3.0, 84, 168.0))
        body.feed(PositionSample(second + 0.1, 47.5, 8.25, 5.0, None, 4.0))
    speed = body.metrics(9.2).speed_mps
    assert speed is not None
    assert 3.0 < speed < 3.5
    assert body.metrics(9.2).speed_source == "pod and position"
