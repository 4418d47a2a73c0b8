"""Conversations with sensors: what is written, understood and refused; bytes as the makers' documents say."""

import pytest

from coach.errors import LinkError, UserError
from coach.model.links import SensorUse
from coach.model.sites import WearSite
from coach.packets.commands import configure, link_plan, read_settings, start, stop
from coach.packets.templates import encode
from firmware_config.loader import load_profiles
from firmware_config.schema import full_uuid
from tests.coach.packets.devices import Device, h, use


def test_every_profile_has_a_plan_at_every_place_it_is_worn():
    for profile in load_profiles().values():
        for site in profile.wear_sites or (None,):
            plan = link_plan(profile, SensorUse("s", "x", profile.id, WearSite(site) if site else None))
            assert plan.subscribe, profile.id
            assert profile.with_role("data")[0].uuid in plan.subscribe


def movesense(payload: bytes) -> list[bytes]:
    if payload[0] == 4:
        return [bytes([1, payload[1]]) + h("c8 00") + (b"\x08" if payload[1] == 0x61 else h("d0 07"))]
    return [bytes([1, payload[1]]) + h("c8 00")]


def test_movesense_is_asked_for_its_ranges_and_subscribed_to():
    device = Device(movesense)
    device.hold(start(*use("movesense", settings=(("rate_hz", "104"),))))
    assert device.written[-1] == "01 63 2f 4d 65 61 73 2f 49 4d 55 36 2f 31 30 34"
    assert "04 61" in device.written[0]
    device.hold(stop(*use("movesense")))
    assert device.written[-1] == "02 63"


def test_movesense_subscribes_heart_rate_at_the_chest_only():
    heart = full_uuid("2a37")
    assert heart not in link_plan(*use("movesense")).optional
    assert heart in link_plan(*use("movesense", WearSite.CHEST)).optional


@pytest.mark.parametrize("status", ["ad 01", "f7 01", "01 f7"])
def test_a_movesense_that_refuses_is_said(status):
    device = Device(lambda payload: [bytes([1, payload[1]]) + h(status)])
    with pytest.raises(LinkError, match="refused the stream"):
        device.hold(start(*use("movesense")))


def test_a_movesense_that_is_silent_is_said():
    with pytest.raises(LinkError) as silent:
        Device().hold(start(*use("movesense")))
    assert silent.value.reason == "no_answer"


def test_a_movesense_at_8_g_is_warned_of_on_a_foot_and_not_at_the_chest():
    report = Device(movesense).hold(read_settings(*use("movesense")))
    assert report.after == (("acceleration range", "8 g"), ("gyroscope range", "2000 deg/s"))
    assert any("below 16 g" in words for words in report.warnings)
    assert not Device(movesense).hold(read_settings(*use("movesense", WearSite.CHEST))).warnings
    # What cannot be set is warned of, not complained about.
    assert Device(movesense).hold(configure(*use("movesense"))).warnings == report.warnings


CONTROL = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
H10 = {CONTROL: h("0f 05 00") + bytes(14)}
VERITY = {CONTROL: h("0f 6e 02") + bytes(14)}


class Polar(Device):
    """A control point with SDK mode; what it offers depends on it."""

    def __init__(self, values: dict[str, bytes], has_sdk: bool = True) -> None:
        super().__init__(self.reply, values)
        self.has_sdk, self.is_sdk = has_sdk, False
        self.running: set[int] = {2}  # a stream left over from a broken connection

    def reply(self, payload: bytes) -> list[bytes]:
        op, kind = payload[0], payload[1]
        if kind == 9:
            if self.running or not self.has_sdk:
                return [bytes([0xF0, op, kind, 12])]
            self.is_sdk = op == 2
            return [bytes([0xF0, op, kind, 0, 0])]
        if op == 1:
            return self.offer(kind)
        if op == 3:
            status = 0 if kind in self.running else 6
            self.running.discard(kind)
            return [bytes([0xF0, op, kind, status])]
        if kind in self.running:
            return [bytes([0xF0, op, kind, 6])]
        self.running.add(kind)
        return [bytes([0xF0, op, kind, 0, 0])]

    def offer(self, kind: int) -> list[bytes]:
        sdk = "00 05 1a00 3400 6800 d000 a001 01 01 1000 " + (
            "02 04 0200 0400 0800 1000 04 01 03" if kind == 2 else "02 04 fa00 f401 e803 d007 04 01 03"
        )
        plain = "00 01 3400 01 01 1000 " + ("02 01 0800 04 01 03" if kind == 2 else "02 01 d007 04 01 03")
        parameters = h(sdk if self.is_sdk else plain)
        # In two indications, the first of which says that more follows.
        return [bytes([0xF0, 1, kind, 0, 1]) + parameters[:9], bytes([0xF0, 1, kind, 0, 0]) + parameters[9:]]


def test_a_verity_streams_in_sdk_mode_with_what_it_offers():
    device = Polar(VERITY)
    device.hold(start(*use("polar_verity_sense")))
    assert device.is_sdk
    assert device.written == [
        "03 02",
        "03 05",
        "02 09",
        "01 02",
        "02 02 00 01 d0 00 01 01 10 00 02 01 10 00 04 01 03",
        "01 05",
        "02 05 00 01 d0 00 01 01 10 00 02 01 d0 07 04 01 03",
    ]
    device.hold(stop(*use("polar_verity_sense")))
    assert not device.running
    assert not device.is_sdk


def test_an_h10_is_started_as_captured_and_stopped():
    device = Device(
        lambda payload: [
            h("f0 01 02 00 00 00 04 19 00 32 00 64 00 c8 00 01 01 10 00 02 03 02 00 04 00 08 00")
            if payload[0] == 1
            else bytes([0xF0, payload[0], payload[1], 0, 0])
        ],
        H10,
    )
    device.hold(start(*use("polar_h10", WearSite.CHEST)))
    # polar-ble-sdk issue 360 has the same three settings in another order.
    assert device.written == ["03 02", "01 02", "02 02 00 01 c8 00 01 01 10 00 02 01 08 00"]
    device.hold(stop(*use("polar_h10", WearSite.CHEST)))
    assert device.written[-1] == "03 02"
    assert CONTROL in link_plan(*use("polar_h10", WearSite.CHEST)).subscribe


def test_a_polar_in_its_charger_is_said():
    device = Device(lambda payload: [bytes([0xF0, payload[0], payload[1], 13])], H10)
    with pytest.raises(LinkError, match="in its charger"):
        device.hold(start(*use("polar_h10", WearSite.CHEST)))


def test_a_verity_is_shown_without_and_with_sdk_mode_and_left_as_it_was():
    device = Polar(VERITY)
    report = device.hold(configure(*use("polar_verity_sense")))
    assert ("rate", "52 Hz") in report.before
    assert report.after == (
        ("rate", "208 Hz"),
        ("acceleration range", "16 g"),
        ("gyroscope range", "2000 deg/s"),
        ("mode", "sdk"),
    )
    assert report.warnings == ()
    assert not device.is_sdk


def test_a_verity_without_sdk_mode_is_warned_of():
    report = Polar({CONTROL: h("0f 6e 00") + bytes(14)}, has_sdk=False).hold(configure(*use("polar_verity_sense")))
    assert ("rate", "52 Hz") in report.after
    assert any("SDK mode" in words for words in report.warnings)


def test_a_dot_gets_its_rate_and_its_mode():
    block = bytes(24) + (20).to_bytes(2, "little") + bytes(6)
    device = Device(values={"15171002-4947-11e9-8646-d663bd873d93": block})
    device.hold(start(*use("movella_dot", WearSite.PELVIS)))
    assert device.written[0] == "10" + " 00" * 23 + " 3c 00" + " 00" * 6
    assert device.written[1] == "01 01 15"
    device.hold(stop(*use("movella_dot", WearSite.PELVIS)))
    assert device.written[-1] == "01 00 15"


def test_a_board_is_set_up_and_read_back():
    description = h("01 00 6800 0400 f401 1000 0000")
    uuid = "c0ac0002-7a1e-4b5c-9d2f-52554e4e4552"
    device = Device(values={uuid: description})
    report = device.hold(configure(*use("coach_board")))
    assert device.written == ["01 d0 00 10 00 d0 07 64 00"]
    assert ("rate", "104 Hz") in report.after
    assert any("did not take it" in words for words in report.warnings)
    assert any("smeared" in words for words in report.warnings)


def test_templates_refuse_what_does_not_fit():
    assert encode("ff 'ab/' {rate_hz:text} {rate_hz:u16}", {"rate_hz": 12.5}) == b"\xffab/12.5\x0c\x00"
    with pytest.raises(UserError, match="does not fit"):
        encode("{rate_hz:u8}", {"rate_hz": 300.0})
