"""A whole sensor's bytes: exact counts, usable after bad packets, ranges and rates as reported."""

import contextlib
import struct

import numpy as np
import pytest

from coach.errors import PacketError, UserError
from coach.model.links import SensorUse
from coach.model.samples import BatterySample, Gap, HeartRateSample, ImuChunk, Notification
from coach.model.sites import WearSite
from coach.packets import coach_board
from coach.packets.decoders import decoder_for
from coach.packets.registry import decode_payload, format_named, formats
from firmware_config.loader import load_profile, load_profiles
from firmware_config.schema import full_uuid
from tests.support.encoders import encode_description, encode_frame
from tests.support.recordings import read

BATTERY = full_uuid("2a19")


def sensor(profile_id: str, site: WearSite | None = None, **more):
    profile = load_profile(profile_id)
    decoder = decoder_for(profile, SensorUse("s", "x", profile_id, site, **more))
    uuid = profile.with_role("data")[0].uuid
    return decoder, lambda t_s, payload, at=uuid: decoder.feed(Notification("s", at, t_s, payload))


def test_every_decoder_that_a_profile_names_exists_and_every_format_is_named():
    named = {c.decoder for p in load_profiles().values() for c in p.characteristics().values() if c.decoder}
    assert set(formats()) == named


def test_a_format_that_does_not_exist_is_refused_with_those_there_are():
    with pytest.raises(UserError, match="no format of bytes is called shoe: choose one of ant_heart_rate, ant_"):
        format_named("shoe")


def test_a_heart_rate_strap_counts_and_goes_on_after_bad_packets():
    decoder, feed = sensor("heart_rate")
    assert feed(0.0, bytes.fromhex("10 3c 00 04")) == [HeartRateSample(0.0, 60, (1.0,), None)]
    with pytest.raises(PacketError, match="10"):
        feed(1.0, bytes.fromhex("10"))
    assert feed(2.0, bytes.fromhex("10 3c 00 04")) != []
    assert feed(2.001, bytes.fromhex("10 3c 00 04")) == []
    for t_s in (2.5, 2.51):  # read, and notified right after
        assert feed(t_s, b"\x5a", BATTERY) == [BatterySample(t_s, "s", 90.0)]
    assert feed(2.6, b"anything", "0000ffff-0000-1000-8000-00805f9b34fb") == []
    report = decoder.report()
    assert (report.n_notifications, report.n_samples, report.n_bad_packets, report.n_duplicates) == (4, 2, 1, 1)
    assert "cut short: 10" in report.last_error


def test_a_board_knows_each_lost_frame_and_its_scale():
    decoder, feed = sensor("coach_board", WearSite.RIGHT_FOOT)
    description = coach_board.BoardDescription(200, 16, 2000, 100)
    assert (
        feed(
            0.0,
            encode_description(description),
            load_profile("coach_board").with_role("description")[0].uuid,
        )
        == []
    )
    scale = coach_board.BoardScale(16, 2000, is_st=True)
    samples = []
    begin = (1 << 32) - 1_000_000  # microseconds wrap after a second
    for k in range(100):
        acc = np.full((10, 3), 1.0 + k) if k else np.full((10, 3), 500.0)
        frame = coach_board.BoardFrame((65530 + k) & 0xFFFF, (begin + k * 50_000) & 0xFFFFFFFF, scale, acc, acc / 100)
        if k not in (20, 21, 50):
            samples += feed(k * 0.05 + 0.06, encode_frame(frame))
    chunks = [s for s in samples if isinstance(s, ImuChunk)]
    assert [g.n_missing for g in samples if isinstance(g, Gap)] == [20, 10]
    report = decoder.report()
    assert (report.n_samples, report.n_missing, report.n_clipped) == (970, 30, 10)
    assert chunks[5].acc_mps2 == pytest.approx(np.full((10, 3), 6.0), abs=0.005)
    assert chunks[5].gyr_radps == pytest.approx(np.full((10, 3), 0.06), abs=0.002)
    assert chunks[0].gyr_range_radps == pytest.approx(np.radians(2293.76))
    times = np.concatenate([c.t_s for c in chunks])
    assert times[-1] - times[0] == pytest.approx(4.995, abs=1e-3)


def test_a_board_in_small_frames_knows_each_lost_reading_over_the_wrap_of_its_time():
    decoder, feed = sensor("coach_board", WearSite.RIGHT_FOOT)
    scale, samples = coach_board.BoardScale(16, 2000, is_st=True), []
    begin = (1 << 28) - 1_000_000  # its time wraps after a second
    for k in range(1000):
        acc = np.full((1, 3), 1.0 + k % 100)
        us = (begin + round(k * 1e6 / 208)) & 0xFFFFFFF
        frame = coach_board.BoardFrame(k & 0xFF, us, scale, acc, acc / 100, is_small=True)
        if k not in (20, 21, 500):
            samples += feed(k / 208 + 0.02, encode_frame(frame))
    report = decoder.report()
    assert (report.n_bad_packets, report.n_samples, report.n_missing) == (0, 997, 3)
    assert [g.n_missing for g in samples if isinstance(g, Gap)] == [2, 1]
    times = np.concatenate([s.t_s for s in samples if isinstance(s, ImuChunk)])
    assert times[-1] - times[0] == pytest.approx(999 / 208, abs=1e-3)
    assert report.rate_hz == pytest.approx(208.0, rel=1e-3)


def test_a_frame_cut_by_a_link_of_20_bytes_is_refused_and_the_small_one_after_it_read():
    """What a board without small frames sends over such a link, and what it sends with them."""
    decoder, feed = sensor("coach_board", WearSite.RIGHT_FOOT)
    scale = coach_board.BoardScale(16, 2000, is_st=False)
    whole = coach_board.BoardFrame(0xA6, 1_000_000, scale, np.ones((10, 3)), np.ones((10, 3)))
    small = coach_board.BoardFrame(1, 1_000_000, scale, np.ones((1, 3)), np.ones((1, 3)), is_small=True)
    with pytest.raises(PacketError, match="cut short"):
        feed(1.0, encode_frame(whole)[:20])
    (chunk,) = feed(1.1, encode_frame(small))
    assert chunk.acc_mps2 == pytest.approx(np.ones((1, 3)), abs=0.003)
    assert (decoder.report().n_bad_packets, decoder.report().n_samples) == (1, 1)


def test_a_witmotion_stream_of_bursts_with_a_register_answer_among_it():
    decoder, feed = sensor("witmotion_wt9011dcl", WearSite.LEFT_FOOT)
    motion = bytes.fromhex("5561") + struct.pack("<9h", 0, 0, 2048, 0, 0, 0, 0, 0, 0)
    charge = bytes.fromhex("5571 6400".replace(" ", "")) + struct.pack("<8h", 393, 0, 0, 0, 0, 0, 0, 0)
    samples = []
    for k in range(200):
        t_s = (k + 1) * 0.03
        samples += feed(t_s, motion * 3 + (charge if k == 100 else b"") + motion * 3)
    assert [s.battery_pct for s in samples if isinstance(s, BatterySample)] == [90.0]
    chunks = [s for s in samples if isinstance(s, ImuChunk)]
    assert decoder.report().n_samples == sum(len(c.t_s) for c in chunks) == 1200
    assert decoder.report().rate_hz == pytest.approx(200.0, rel=0.02)
    assert chunks[-1].acc_mps2[-1] == pytest.approx([0.0, 0.0, 9.80665])


def test_a_witmotion_that_sends_at_another_rate_than_set_is_found_out():
    _, feed = sensor("witmotion_wt9011dcl", WearSite.LEFT_FOOT)
    motion = bytes.fromhex("5561") + struct.pack("<9h", 0, 0, 2048, 0, 0, 0, 0, 0, 0)
    chunks = [c for k in range(300) for c in feed(k * 0.02, motion) if isinstance(c, ImuChunk)]
    times = np.concatenate([c.t_s for c in chunks])
    assert (np.diff(times) > 0).all()
    assert np.diff(times[100:]).mean() == pytest.approx(0.02, rel=0.01)
    assert chunks[-1].rate_hz == 50.0


@pytest.mark.parametrize("size", [1, 7, 20, 64])
def test_witmotion_frames_are_found_however_the_bytes_are_cut(size):
    frames = [bytes.fromhex("5561") + struct.pack("<9h", k, 0x6155, 2048, 0, 0, 0, 0, 0, 0) for k in range(1, 60)]
    stream = b"".join(frames)
    _, feed = sensor("witmotion_wt9011dcl", WearSite.LEFT_FOOT)
    found = []
    for i in range(0, len(stream), size):
        found += [c.acc_mps2[:, 0] for c in feed(i / 4000, stream[i : i + size]) if isinstance(c, ImuChunk)]
    assert np.rint(np.concatenate(found) * 2048 / 9.80665).astype(int).tolist() == list(range(1, 60))


def long_frame(k: int) -> bytes:
    """28 bytes: reading number k, and the chip's time of 2024-11-20 22:26."""
    return bytes.fromhex("5561") + struct.pack(
        "<9h6BH", k, 0x6155, 2048, 0, 0, 0, 0, 0, 0, 24, 11, 20, 22, 26, 0, 5 * k
    )


# 20: as a serial bridge cuts them, so that each seventh notification ends where a frame of 20 bytes would.
@pytest.mark.parametrize("size", [1, 8, 20, 28, 64])
@pytest.mark.parametrize("begun", [0, 8, 20])
def test_witmotion_frames_with_chip_time_are_never_taken_for_short_ones(size, begun):
    stream = b"".join(long_frame(k) for k in range(1, 200))[begun:]
    decoder, feed = sensor("witmotion_wt9011dcl", WearSite.LEFT_FOOT)
    found, n_faults = [], 0
    for i in range(0, len(stream), size):
        try:
            found += [c.acc_mps2[:, 0] for c in feed(i / 5600, stream[i : i + size]) if isinstance(c, ImuChunk)]
        except PacketError:
            n_faults += 1
    numbers = np.rint(np.concatenate(found) * 2048 / 9.80665).astype(int).tolist()
    assert numbers == list(range(2 if begun else 1, 200))
    assert decoder.report().n_bad_packets <= (20 if begun else 0)
    assert n_faults <= (20 if begun else 0)


def test_a_witmotion_whose_frame_was_misjudged_is_judged_again():
    """What follows the first frame looks like the next; the frames after it decide."""
    decoder, feed = sensor("witmotion_wt9011dcl", WearSite.LEFT_FOOT)
    feed(0.0, long_frame(1)[:20] + bytes.fromhex("5561") + bytes(6))
    stream = b"".join(long_frame(k) for k in range(2, 100))
    n = 0
    for i in range(0, len(stream), 20):
        with contextlib.suppress(PacketError):
            n += sum(len(c.t_s) for c in feed(0.005 + i / 5600, stream[i : i + 20]) if isinstance(c, ImuChunk))
    assert n >= 97
    assert decoder.report().n_bad_packets <= 3


def test_half_a_frame_from_before_a_lost_connection_is_no_bad_packet():
    decoder, feed = sensor("witmotion_wt9011dcl", WearSite.LEFT_FOOT)
    stream = b"".join(long_frame(k) for k in range(1, 50))
    for begin_s in (0.0, 3.0, 6.0):
        for i in range(0, 720, 20):
            feed(begin_s + i / 5600, stream[i : i + 20])
    assert decoder.report().n_bad_packets == 0
    assert decoder.report().n_samples == 3 * 25


def test_witmotion_finds_its_frames_again_after_lost_bytes():
    decoder, feed = sensor("witmotion_wt9011dcl", WearSite.LEFT_FOOT)
    frame = bytes.fromhex("5561") + struct.pack("<9h", 5, 0, 2048, 0, 0, 0, 0, 0, 0)
    feed(0.0, frame * 2)
    feed(0.01, frame[:13])
    assert len(feed(0.02, frame * 2)) > 0
    assert decoder.report().n_bad_packets == 1


def test_the_recorded_shoe_run_is_decoded_to_the_reading():
    """9064 readings and 1128 lost polls, as the recording's own times count them."""
    recorded = read("wmf_shoe_run").chunk
    assert recorded.gyr_radps is not None
    decoder, feed = sensor("wearable_my_foot", WearSite.RIGHT_FOOT)
    rng = np.random.default_rng(2)
    arrival, times = 0.0, []
    for t_s, acc, gyr in zip(recorded.t_s, recorded.acc_mps2, recorded.gyr_radps, strict=True):
        payload = struct.pack("<I6f", round(t_s * 1000), *(acc / 9.80665), *np.degrees(gyr))
        arrival = max(arrival, 3.0 + t_s + rng.uniform(0.001, 0.05))
        times += [c.t_s[0] for c in feed(arrival, payload) if isinstance(c, ImuChunk)]
    report = decoder.report()
    assert (report.n_samples, report.n_missing, report.n_bad_packets) == (9064, 1128, 0)
    assert len(report.gaps) == 1000  # the first thousand are kept, all are counted
    assert np.abs(np.array(times) - recorded.t_s - 3.0)[300:].max() < 0.005


def test_settings_of_a_use_go_before_those_of_the_profile():
    _, feed = sensor("wearable_my_foot", WearSite.LEFT_FOOT, settings=(("acc_range_g", "8"), ("rate_hz", "nonsense")))
    (chunk,) = feed(0.0, struct.pack("<I6f", 5, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0))
    assert chunk.acc_range_mps2 == pytest.approx(8 * 9.80665)
    assert chunk.rate_hz == 100.0


def test_a_sensor_without_a_place_yet_can_be_looked_at():
    _, feed = sensor("movella_dot")
    (chunk,) = feed(0.0, struct.pack("<I6f", 5, 0.0, 0.0, 9.8, 0.0, 0.0, 0.0))
    assert chunk.wear_site is WearSite.PELVIS


def test_unknown_profiles_and_characteristics_are_said_with_those_there_are():
    with pytest.raises(UserError, match="choose one of ant_heart_rate"):
        decode_payload("polar", b"")
    with pytest.raises(UserError, match="2a37"):
        decode_payload("heart_rate", b"", "ffff")
    assert decode_payload("heart_rate", bytes.fromhex("002a"), "2A37") == decode_payload("heart_rate", b"\x00\x2a")


def test_time_that_goes_back_is_a_bad_packet_and_doubles_are_counted():
    decoder, feed = sensor("wearable_my_foot", WearSite.LEFT_FOOT)
    feed(0.0, struct.pack("<I6f", 1000, 0, 0, 1, 0, 0, 0))
    feed(0.5, struct.pack("<I6f", 1500, 0, 0, 1, 0, 0, 0))
    assert feed(0.5, struct.pack("<I6f", 1500, 0, 0, 1, 0, 0, 0)) == []
    with pytest.raises(PacketError, match="went back"):
        feed(0.51, struct.pack("<I6f", 1490, 0, 0, 1, 0, 0, 1))
    report = decoder.report()
    assert (report.n_duplicates, report.n_bad_packets, report.n_missing) == (1, 1, 49)
