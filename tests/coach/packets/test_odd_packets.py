"""Packets of a byte more or less than their flags announce: every whole field counts, and the oddity is counted.

Bytes: RSC as OpenTracks' BluetoothHandlerRunningSpeedAndCadence takes them; heart rate as posted in web-bluetooth #493.
"""

import pytest

from coach.errors import PacketError
from coach.model.links import SensorUse
from coach.model.samples import Notification, TreadmillSample
from coach.packets import heart_rate, running_speed
from coach.packets.decoders import decoder_for
from coach.packets.heart_rate import decode_heart_rate
from coach.packets.running_speed import decode_running_speed
from firmware_config.loader import load_profile
from firmware_config.schema import full_uuid


@pytest.mark.parametrize(
    ("packet", "stride_m", "distance_m", "n_odd"),
    [
        ("00 0003 a8", None, None, 0),
        ("00 0003 a8 00", None, None, 1),
        ("08 0003 a8 1234", None, None, 2),
        ("01 0003 a8", None, None, -2),
        ("01 0003 a8 6b", None, None, -1),
        ("03 0003 a8 6b00", 1.07, None, -4),
        ("03 0003 a8 6b00 0a000000", 1.07, 1.0, 0),
        ("83 0003 a8 6b00 0a000000 ff", 1.07, 1.0, 1),
    ],
)
def test_running_speed_keeps_what_is_whole(
    packet: str, stride_m: float | None, distance_m: float | None, n_odd: int
) -> None:
    payload = bytes.fromhex(packet)
    sample = decode_running_speed(payload, 0.0)
    assert (sample.speed_mps, sample.raw_cadence_per_min) == (3.0, 168)
    assert sample.stride_length_m == stride_m
    assert sample.distance_m == distance_m
    assert running_speed.odd_bytes(payload) == n_odd


@pytest.mark.parametrize("packet", ["", "00", "00 00", "00 0003"])
def test_a_speed_or_cadence_that_is_cut_is_no_measurement(packet: str) -> None:
    with pytest.raises(PacketError):
        decode_running_speed(bytes.fromhex(packet), 0.0)


@pytest.mark.parametrize(
    ("packet", "rate_bpm", "rr_s", "n_odd"),
    [
        ("06 48 00", 72, (), 1),
        ("08 48", 72, (), -2),
        ("10 3e b1 03 de", 62, (0x03B1 / 1024,), 1),
        ("10 3e", 62, (), 0),
        ("00 3e", 62, (), 0),
        ("11 3e 00 b1 03", 62, (0x03B1 / 1024,), 0),
        ("18 3e 01 00 b1 03", 62, (0x03B1 / 1024,), 0),
        ("18 3e 01", 62, (), -1),
    ],
)
def test_heart_rate_keeps_what_is_whole(packet: str, rate_bpm: int, rr_s: tuple[float, ...], n_odd: int) -> None:
    payload = bytes.fromhex(packet)
    sample = decode_heart_rate(payload, 0.0)
    assert sample.heart_rate_bpm == rate_bpm
    assert sample.rr_s == rr_s
    assert heart_rate.odd_bytes(payload) == n_odd


def test_a_decoder_counts_them() -> None:
    decoder = decoder_for(load_profile("running_speed_cadence"), SensorUse("s", "Pod", "running_speed_cadence"))
    for number, packet in enumerate(("00 0003 a8", "00 0003 a8 00", "01 0003 a9")):
        assert decoder.feed(Notification("s", full_uuid("2a53"), float(number), bytes.fromhex(packet)))
    assert decoder.report().n_odd_packets == 2
    assert decoder.report().n_bad_packets == 0


@pytest.mark.parametrize(
    ("name", "incline_pct"), [("Treadmill 1", 1.5), ("T01_9F3A", None), ("Tunturi T60-0042", None), ("BFX_T9_1", 1.5)]
)
def test_a_treadmill_whose_incline_is_another_quantity_gives_none(name: str, incline_pct: float | None) -> None:
    decoder = decoder_for(load_profile("ftms_treadmill"), SensorUse("s", name, "ftms_treadmill"))
    payload = bytes.fromhex("0800 b004 0f00 0000")
    (sample,) = decoder.feed(Notification("s", full_uuid("2acd"), 0.0, payload))
    assert isinstance(sample, TreadmillSample)
    assert sample.incline_pct == incline_pct
    assert sample.speed_mps == pytest.approx(12.0 / 3.6)
