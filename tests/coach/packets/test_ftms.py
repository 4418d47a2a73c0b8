"""Treadmill records: parts joined, sentinels, truncation, paces of either width."""

import pytest

from coach.errors import PacketError
from coach.packets.ftms import TreadmillReader, decode_part, odd_bytes
from coach.packets.stream import Tally

FIRST = bytes.fromhex("9f00 6100 360000 0000 ff7f 0000 ffff 0500 6e00 02".replace(" ", ""))
SECOND = bytes.fromhex("001f 7100 00 02 cc00 3c06 ff7f 1a00".replace(" ", ""))


def test_two_parts_are_one_record_at_the_time_of_the_second():
    tally = Tally()
    reader = TreadmillReader(tally)
    assert reader.feed(FIRST, 1.0) == []
    (sample,) = reader.feed(SECOND, 1.1)
    assert sample.t_s == 1.1
    assert sample.speed_mps == pytest.approx(1.13 / 3.6)
    assert sample.distance_m == 54.0
    assert sample.elapsed_s == 204.0
    assert sample.incline_pct == 0.0
    assert sample.heart_rate_bpm is None
    assert tally.n_samples == 1


def test_a_lone_first_part_never_sets_speed_to_zero():
    reader = TreadmillReader(Tally())
    for t_s in (1.0, 2.0, 3.0):
        assert reader.feed(FIRST, t_s) == []


def test_a_first_part_that_lost_its_second_does_not_leak_into_a_later_record():
    reader = TreadmillReader(Tally())
    reader.feed(FIRST, 1.0)
    (sample,) = reader.feed(SECOND, 5.0)
    assert sample.distance_m is None


def test_what_is_not_available_is_none():
    part = decode_part(bytes.fromhex("0800 b004 ff7f ff7f".replace(" ", "")))
    assert part.incline_pct is None


@pytest.mark.parametrize("pace", ["3c", "3c00"])
def test_heart_rate_behind_a_pace_of_one_or_two_bytes(pace):
    part = decode_part(bytes.fromhex(f"2001 b004 {pace} 78".replace(" ", "")))
    assert part.heart_rate_bpm == 120


def test_bytes_behind_the_last_field_are_passed_over():
    assert decode_part(bytes.fromhex("0000b0040102030405")).speed_mps == pytest.approx(12.0 / 3.6)


def test_a_packet_cut_anywhere_gives_what_is_whole_before_the_cut():
    whole = bytes.fromhex("9e05 1705 9202 fb0000 0000 ff7f 7c00 ff7f 1b00 ffff ff 69 8a00".replace(" ", ""))
    for n in range(len(whole)):
        if n < 4:
            with pytest.raises(PacketError):
                decode_part(whole[:n])
            continue
        part = decode_part(whole[:n])
        assert part.speed_mps == pytest.approx(0x0517 / 360)
        assert part.distance_m == (0xFB if n >= 9 else None)
        assert part.heart_rate_bpm is None
        assert odd_bytes(whole[:n]) == n - len(whole)
    assert odd_bytes(whole) == 0
    assert odd_bytes(whole + b"1234") == 4


def test_the_same_packet_twice_at_once_counts_once():
    tally = Tally()
    reader = TreadmillReader(tally)
    assert len(reader.feed(SECOND, 1.0)) == 1
    assert reader.feed(SECOND, 1.001) == []
    assert len(reader.feed(SECOND, 1.5)) == 1
    assert (tally.n_samples, tally.n_duplicates) == (2, 1)
