"""Stryd's own characteristic joined with the standard one: contact time while it is fresh, never a guess."""

import pytest

from coach.errors import PacketError
from coach.model.links import SensorUse
from coach.model.samples import Notification, PowerSample, RunningSpeedSample
from coach.packets.decoders import Decoder, decoder_for
from coach.packets.stryd import decode_contact_time
from firmware_config.loader import find_profile, load_profile
from firmware_config.schema import full_uuid

SPEED, CONTACT = full_uuid("2a53"), "7e78aa19-72cd-d3b8-a81f-5b7e589bea0f"
RUNNING = bytes.fromhex("02 00 05 50 ff ff 00 01".replace(" ", ""))


def packet(contact_ms: int) -> bytes:
    return b"\x32\x00\x00\x00" + contact_ms.to_bytes(2, "little") + bytes(14)


def decoder() -> Decoder:
    return decoder_for(load_profile("stryd"), SensorUse("aa", "Stryd", "stryd"))


def contact_after(decoder: Decoder, t_s: float) -> float | None:
    (sample,) = decoder.feed(Notification("aa", SPEED, t_s, RUNNING))
    assert isinstance(sample, RunningSpeedSample)
    return sample.contact_time_s


def test_contact_time_goes_with_the_next_speed_and_is_gone_after_three_seconds() -> None:
    stryd = decoder()
    assert contact_after(stryd, 0.5) is None
    assert stryd.feed(Notification("aa", CONTACT, 1.0, packet(240))) == []
    assert contact_after(stryd, 1.5) == pytest.approx(0.240)
    assert contact_after(stryd, 3.9) == pytest.approx(0.240)
    assert contact_after(stryd, 4.1) is None


def test_a_standing_foot_or_a_number_that_no_foot_makes_is_no_contact_time() -> None:
    stryd = decoder()
    stryd.feed(Notification("aa", CONTACT, 1.0, packet(240)))
    stryd.feed(Notification("aa", CONTACT, 2.0, packet(0)))
    assert contact_after(stryd, 2.5) is None
    assert decode_contact_time(packet(49)) is None
    assert decode_contact_time(packet(2001)) is None


def test_power_is_reported_and_what_no_runner_can_have_is_not() -> None:
    stryd, power = decoder(), full_uuid("2a63")
    assert stryd.feed(Notification("aa", power, 1.0, bytes.fromhex("0000fa00"))) == [PowerSample(1.0, 250.0)]
    assert stryd.feed(Notification("aa", power, 2.0, bytes.fromhex("0000d8ff"))) == []


def test_packets_of_other_kinds_there_change_nothing() -> None:
    stryd = decoder()
    stryd.feed(Notification("aa", CONTACT, 1.0, packet(240)))
    for other in (bytes.fromhex("150001"), b"\x31" + packet(300)[1:]):
        stryd.feed(Notification("aa", CONTACT, 1.2, other))
    assert contact_after(stryd, 1.5) == pytest.approx(0.240)
    with pytest.raises(PacketError):
        decode_contact_time(b"")


def test_a_stryd_is_known_by_its_name_and_another_pod_is_not() -> None:
    services = [full_uuid("1814")]
    assert find_profile("Stryd", services) is load_profile("stryd")
    assert find_profile("RunPod", services) is load_profile("running_speed_cadence")
