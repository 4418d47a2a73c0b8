"""Polar frames, settings and streams: deltas, factor, times, pairing, losses."""

import itertools
import struct
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.errors import PacketError
from coach.model.links import SensorUse
from coach.model.samples import Gap, ImuChunk, Notification
from coach.model.sites import WearSite
from coach.packets.decoders import decoder_for
from coach.packets.polar import Measure, decode_frame, unpack_deltas
from coach.packets.polar_control import (
    Replies,
    Setting,
    chosen,
    decode_reply,
    decode_settings,
    encode_start,
    factor_of,
)
from firmware_config.loader import load_profile

CONTROL = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
DATA = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"


def packed(readings: list[list[int]], bits: int, width: int) -> bytes:
    """The encoder of a sensor: a reference, then one block of deltas of `width` bits, LSB first."""
    channels = len(readings[0])
    body = b"".join(v.to_bytes(bits // 8, "little", signed=True) for v in readings[0])
    deltas = [b - a for p, n in itertools.pairwise(readings) for a, b in zip(p, n, strict=True)]
    number = sum((d & ((1 << width) - 1)) << i * width for i, d in enumerate(deltas))
    size = (width * len(deltas) + 7) // 8
    return body + bytes([width, len(deltas) // channels]) + number.to_bytes(size, "little")


@given(st.lists(st.lists(st.integers(-16000, 16000), min_size=3, max_size=3), min_size=1, max_size=40))
def test_deltas_are_unpacked_as_they_were_packed(readings):
    assert unpack_deltas(packed(readings, 16, 17), 3, 16) == readings


def test_a_block_of_width_zero_repeats_the_reading():
    assert unpack_deltas(bytes.fromhex("0100 0200 0300 00 03".replace(" ", "")), 3, 16) == [[1, 2, 3]] * 4


def test_a_verity_frame_as_captured_is_unpacked():
    """polar-ble-sdk issue 443: the reference and the first block of ten of a frame of 227 bytes."""
    text = "0200416fc41245930a81 ee021ffe82ff 080a 10da20d6a30bd9cbe7d6f6c4e6f1e1f3e0151afe281bf8372c2520131911"
    payload = bytes.fromhex(text.replace(" ", ""))
    frame = decode_frame(payload)
    taken = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=frame.last_ns / 1e9)
    assert taken.isoformat(timespec="milliseconds") == "2024-02-23T18:38:28.863+00:00"
    assert frame.raw[:2].tolist() == [[750.0, -481.0, -126.0], [766.0, -519.0, -94.0]]
    assert len(frame.raw) == 11


def test_settings_are_read_and_those_that_suffice_chosen():
    offer = decode_settings(bytes.fromhex("00 04 19 00 32 00 64 00 c8 00 01 01 10 00 02 03 02 00 04 00 08 00"))
    assert offer[Setting.RATE] == (25, 50, 100, 200)
    assert chosen(offer, 200, 8) == {Setting.RATE: 200, Setting.RESOLUTION: 16, Setting.RANGE: 8}
    assert chosen(offer, 90, 16)[Setting.RATE] == 100
    assert chosen(offer, 90, 16)[Setting.RANGE] == 8


def test_settings_of_the_sdks_own_test():
    offer = decode_settings(bytes.fromhex("00013400010110000204f500f401e803d007040103"))
    assert offer == {
        Setting.RATE: (52,),
        Setting.RESOLUTION: (16,),
        Setting.RANGE: (245, 500, 1000, 2000),
        Setting.CHANNELS: (3,),
    }


def test_a_start_is_written_as_captured():
    """polar-ble-sdk issue 443 (Verity, 52 Hz 8 g) and the computed 416 Hz 16 g of SDK mode."""
    choice = {Setting.RATE: 52, Setting.RESOLUTION: 16, Setting.RANGE: 8, Setting.CHANNELS: 3}
    assert encode_start(Measure.ACC, choice) == bytes.fromhex("02 02 00 01 34 00 01 01 10 00 02 01 08 00 04 01 03")
    assert encode_start(Measure.ACC, choice | {Setting.RATE: 416, Setting.RANGE: 16}) == bytes.fromhex(
        "02 02 00 01 a0 01 01 01 10 00 02 01 10 00 04 01 03"
    )


def test_the_factor_is_in_the_answer_to_the_start():
    assert factor_of(bytes.fromhex("05 01 40 da 7f 39")) == pytest.approx(2.44e-4, rel=1e-3)
    assert factor_of(b"") is None
    with pytest.raises(PacketError):
        factor_of(bytes.fromhex("05 01 00 00 c0 7f"))


def test_an_answer_in_parts_is_joined():
    replies = Replies()
    assert replies.join(decode_reply(bytes.fromhex("f0 01 02 00 01 00 02 34"))) is None
    whole = replies.join(decode_reply(bytes.fromhex("f0 01 02 00 00 00 d0 00")))
    assert decode_settings(whole.parameters) == {Setting.RATE: (52, 208)}


def frame(measure: int, readings: list[list[int]], last_ns: int, form: int) -> bytes:
    return struct.pack("<BQB", measure, last_ns, form | 0x80) + packed(readings, 16, 17)


def verity() -> tuple:
    profile = load_profile("polar_verity_sense")
    decoder = decoder_for(profile, SensorUse("v", "Polar Sense 1", profile.id, WearSite.LEFT_FOOT))
    answers = [
        "f0 01 02 00 00 00 05 1a00 3400 6800 d000 a001 01 01 1000 02 04 0200 0400 0800 1000 04 01 03",
        "f0 02 02 00 00 05 01 00000040",
        "f0 01 05 00 00 00 05 1a00 3400 6800 d000 a001 01 01 1000 02 04 fa00 f401 e803 d007 04 01 03",
        "f0 02 05 00 00 05 01 29 5c 8f 3d",
    ]
    for text in answers:
        decoder.feed(Notification("v", CONTROL, 0.0, bytes.fromhex(text.replace(" ", ""))))
    return decoder, lambda t_s, payload: decoder.feed(Notification("v", DATA, t_s, payload))


def test_acceleration_and_turn_rate_are_paired_at_the_times_of_the_acceleration():
    decoder, feed = verity()
    rate, chunks = 205.0, []  # the true rate, 1.4 % below the nominal
    for k in range(40):
        numbers = range(k * 20, (k + 1) * 20)
        last_ns = 599_616_000_000_000_000 + round((k + 1) * 20 / rate * 1e9)
        arrival = (k + 1) * 20 / rate + 0.02
        chunks += feed(arrival, frame(2, [[n, -n, 500] for n in numbers], last_ns, 1))
        # The gyroscope's moments lie a third of an interval later; it turns at a rate that grows with time.
        chunks += feed(arrival, frame(5, [[3 * n + 1, 0, 0] for n in numbers], last_ns + round(1e9 / rate / 3), 0))
    assert not [c for c in chunks if isinstance(c, Gap)]
    acc = np.concatenate([c.acc_mps2 for c in chunks])
    gyr = np.concatenate([c.gyr_radps for c in chunks])
    times = np.concatenate([c.t_s for c in chunks])
    numbers = np.rint(acc[:, 0] / (2.0 * 1e-3 * 9.80665))  # the factor of the answer is 2
    assert (np.diff(numbers) == 1).all()
    settled = numbers > 40
    assert np.allclose(np.degrees(gyr[settled, 0]) / 0.07, 3 * numbers[settled], atol=0.5)
    assert np.diff(times[settled]).mean() == pytest.approx(1 / rate, rel=1e-3)
    assert chunks[0].acc_range_mps2 == pytest.approx(16 * 9.80665)
    assert chunks[0].gyr_range_radps == pytest.approx(np.radians(2000))
    assert decoder.report().n_missing == 0
    assert decoder.report().n_samples == len(acc)


def test_a_lost_frame_of_an_h10_is_a_gap_of_its_readings():
    profile = load_profile("polar_h10")
    decoder = decoder_for(profile, SensorUse("h", "Polar H10 1", profile.id, WearSite.CHEST))
    samples = []
    for k in range(30):
        body = b"".join(struct.pack("<3h", n, 0, 1000) for n in range(36))
        payload = struct.pack("<BQB", 2, 599_616_000_000_000_000 + round((k + 1) * 36 / 200 * 1e9), 1) + body
        for _ in range(2 if k == 20 else 1):
            if k != 10:
                samples += decoder.feed(Notification("h", DATA, (k + 1) * 36 / 200, payload))
    (gap,) = [s for s in samples if isinstance(s, Gap)]
    assert gap.n_missing == 36
    times = np.concatenate([s.t_s for s in samples if isinstance(s, ImuChunk)])
    assert (np.diff(times) > 0).all()
    report = decoder.report()
    assert (report.n_samples, report.n_missing, report.n_duplicates) == (29 * 36, 36, 1)


def test_the_devices_own_stop_and_a_feature_block_are_understood():
    decoder, _ = verity()
    assert decoder.feed(Notification("v", CONTROL, 1.0, bytes.fromhex("0105"))) == []
    assert decoder.feed(Notification("v", CONTROL, 1.0, bytes.fromhex("0f6e02") + bytes(14))) == []
