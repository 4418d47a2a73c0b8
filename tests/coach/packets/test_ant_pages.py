"""Pages of ANT+ as other people's decoders read them, and what becomes of counters that wrap, repeat and restart.

`tests/data/ant/pages.json` was made by `lib/*-sensors.js` of npm incyclist-ant-plus 0.3.6 (MIT, a fork of
Loghorn/ant-plus) on random pages in whole messages of a stick. openant reads the pages of the heart rate beside.
"""

import json
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openant.devices.heart_rate import HeartRate

from coach.errors import PacketError
from coach.model.samples import HeartRateSample, RunningSpeedSample
from coach.model.steps import Charge
from coach.packets import ant_heart_rate, ant_stride_speed
from coach.packets.ant_heart_rate import HeartReader, decode_heart_page
from coach.packets.ant_page import about_itself, names_itself
from coach.packets.ant_stride_speed import StrideReader, decode_stride_page
from coach.packets.stream import Tally

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "data/ant/pages.json").read_text())


def page_in(vector: dict[str, Any]) -> bytes:
    return bytes.fromhex(vector["message"])[4:12]


def test_pages_of_a_foot_pod_as_ant_plus_reads_them() -> None:
    n_read = 0
    for theirs in (v for v in VECTORS if bytes.fromhex(v["message"])[15] == 124):
        ours = decode_stride_page(page_in(theirs))
        if "SpeedInteger" not in theirs:
            assert ours is None
            continue
        n_read += 1
        assert ours is not None
        assert ours.speed_mps == theirs["SpeedInteger"] + theirs["SpeedFractional"] / 256
        if "StrideCount" in theirs:
            assert ours.n_strides == theirs["StrideCount"]
            assert ours.distance_m == theirs["DistanceInteger"] + theirs["DistanceFractional"] / 16
            assert ours.time_s == theirs["TimeInteger"] + theirs["TimeFractional"] / 200
            assert ours.latency_s == theirs["UpdateLatency"] / 32
        else:
            assert ours.cadence_strides_per_min == theirs["CadenceInteger"] + theirs["CadenceFractional"] / 16
            assert ours.is_active == (theirs["Status"] & 3 == 1)
    assert n_read == 50


def test_pages_of_a_strap_as_ant_plus_reads_them() -> None:
    n_previous = n_charged = 0
    for theirs in (v for v in VECTORS if bytes.fromhex(v["message"])[15] == 120):
        page = page_in(theirs)
        ours = decode_heart_page(page)
        assert ours is not None
        assert (ours.n_beats, ours.rate_bpm) == (theirs["BeatCount"], theirs["ComputedHeartRate"])
        assert ours.beat_s == theirs["BeatTime"] / 1024
        if "PreviousBeat" in theirs:
            n_previous += 1
            assert ours.previous_beat_s == theirs["PreviousBeat"] / 1024
        if "BatteryStatus" in theirs:
            n_charged += 1
            charge = ant_heart_rate.read_charge(page)
            assert charge is not None
            assert charge.is_low == (theirs["BatteryStatus"] in ("Low", "Critical"))
            assert charge.pct == (theirs["BatteryLevel"] if theirs["BatteryLevel"] <= 100 else None)
    assert n_previous > 10
    assert n_charged > 5


@given(number=st.sampled_from([*range(8), *range(0x80, 0x88)]), rest=st.binary(min_size=7, max_size=7))
def test_any_page_of_a_strap_as_openant_reads_it(number: int, rest: bytes) -> None:
    page, theirs = bytes([number]) + rest, HeartRate(MagicMock())
    theirs.on_device_data = lambda *_: None  # its own refuses page 0
    theirs.on_data(page)
    ours, said = decode_heart_page(page), theirs.data["heart_rate"]
    assert ours is not None
    assert (ours.n_beats, ours.rate_bpm, ours.beat_s) == (said.beat_count, said.heart_rate, said.beat_time)
    if ours.number == 4:
        assert ours.previous_beat_s == said.previous_heart_beat_time
    if ours.number == 7:
        charge = ant_heart_rate.read_charge(page)
        assert charge is not None
        assert charge.is_low == (theirs.data["common"].last_battery_data.status.name in ("Low", "Critical"))


def test_pages_that_hold_no_beat_or_step_give_none() -> None:
    for number in (80, 81, 82, 16, 22):  # openant takes 80 and 82 of a strap for its pages 0 and 2
        page = bytes([number, 1, 2, 3, 4, 5, 6, 7])
        assert decode_heart_page(page) is None
        assert decode_stride_page(page) is None


@given(page=st.binary(max_size=12))
def test_a_page_has_eight_bytes_or_is_refused(page: bytes) -> None:
    for reader in (StrideReader(Tally()), HeartReader(Tally())):
        if len(page) == 8:
            reader.feed(page, 0.0)
        else:
            with pytest.raises(PacketError):
                reader.feed(page, 0.0)
    for read in (ant_stride_speed.read_charge, ant_heart_rate.read_charge):
        read(page)


def speed_page(distance_m: float, speed_mps: float, n_strides: int = 0, latency: int = 0) -> bytes:
    """As Nordic's `ant_sdm_page_1_encode` and `ant_sdm_speed_encode` write it."""
    units, speed = round(distance_m * 16) % 4096, round(speed_mps * 256)
    return bytes([1, 0, 0, units >> 4, (units & 15) << 4 | speed >> 8, speed & 255, n_strides % 256, latency])


def cadence_page(strides_per_min: float, speed_mps: float, status: int = 1) -> bytes:
    """As Nordic's `ant_sdm_page_2_encode` writes it."""
    units, speed = round(strides_per_min * 16), round(speed_mps * 256)
    return bytes([2, 255, 255, units >> 4, (units & 15) << 4 | speed >> 8, speed & 255, 255, status])


class Pod:
    """A pod's reader with what it gave."""

    def __init__(self) -> None:
        self.tally = Tally()
        self._reader = StrideReader(self.tally)

    def send(self, page: bytes, t_s: float) -> RunningSpeedSample | None:
        samples = self._reader.feed(page, t_s)
        assert all(isinstance(sample, RunningSpeedSample) for sample in samples)
        return samples[0] if samples else None  # type: ignore[return-value]  # as the line above says


def test_distance_goes_on_where_the_counter_begins_again_and_cadence_is_doubled() -> None:
    pod, samples = Pod(), []
    for i in range(400):  # 400 s at 3 m/s: the counter of 256 m begins again four times
        pod.send(cadence_page(85.5, 3.0), i + 0.5)
        samples.append(pod.send(speed_page(3.0 * i, 3.0), float(i + 1)))
    assert samples[0].cadence_spm == 171.0
    assert samples[-1].distance_m == 3.0 * 399
    assert samples[-1].speed_mps == 3.0


@pytest.mark.parametrize("away_s", [20.0, 80.0, 100.0, 180.0, 300.0])
def test_whole_rounds_in_a_silence_follow_from_the_speed_before_it(away_s: float) -> None:
    pod = Pod()
    pod.send(speed_page(250.0, 3.0), 0.0)
    pod.send(speed_page(253.0, 3.0), 1.0)
    came_back = pod.send(speed_page(253.0 + 3.1 * away_s, 3.1), 1.0 + away_s)
    assert came_back.distance_m == pytest.approx(3.0 + 3.1 * away_s, abs=0.04)


def test_a_pod_that_restarts_adds_no_distance() -> None:
    pod = Pod()
    pod.send(speed_page(200.0, 3.0), 0.0)
    pod.send(speed_page(203.0, 3.0), 1.0)
    assert pod.send(speed_page(0.0, 3.0), 2.0).distance_m == 3.0, "203 to 0 would be 53 m in a second"
    assert pod.send(speed_page(3.0, 3.0), 3.0).distance_m == 6.0


def test_a_page_that_is_sent_again_is_no_second_measurement_but_a_standing_runner_is_still_there() -> None:
    pod = Pod()
    given = [pod.send(speed_page(10.0, 0.0), 0.25 * i) for i in range(13)]
    assert [i for i, sample in enumerate(given) if sample] == [0, 4, 8, 12]
    assert pod.tally.n_samples == 4


def test_a_cadence_that_is_old_or_not_measured_is_not_said() -> None:
    pod = Pod()
    assert pod.send(speed_page(0.0, 3.0), 0.0).cadence_spm is None
    pod.send(cadence_page(85.0, 3.0), 1.0)
    assert pod.send(speed_page(9.0, 3.0), 3.9).cadence_spm == 170.0
    assert pod.send(speed_page(10.0, 3.0), 4.1).cadence_spm is None
    pod.send(cadence_page(0.0, 3.0), 5.0)
    assert pod.send(speed_page(13.0, 3.0), 5.1).cadence_spm is None, "it runs at no steps: it does not count them"
    pod.send(cadence_page(0.0, 0.0), 6.0)
    assert pod.send(speed_page(14.0, 0.0), 6.1).cadence_spm == 0.0


def test_a_pod_says_whether_its_battery_is_low_and_never_how_full() -> None:
    assert ant_stride_speed.read_charge(cadence_page(85, 3, status=0b00_11_00_01)) == Charge(None, True)
    assert ant_stride_speed.read_charge(cadence_page(85, 3, status=0b00_10_00_01)) == Charge(None, False)
    assert ant_stride_speed.read_charge(bytes([82, 255, 255, 0, 0, 0, 0, 0x40])) == Charge(None, True)
    assert ant_stride_speed.read_charge(speed_page(1, 1)) is None


def test_a_sensor_says_who_made_it_and_its_serial_number_is_known_as_such() -> None:
    assert about_itself(bytes([80, 255, 255, 7, 1, 0, 0x2C, 1])) == {
        "manufacturer": "ANT+ maker 1", "model": "300", "hardware": "7",
    }  # fmt: skip
    assert about_itself(bytes([81, 255, 255, 23, 1, 2, 3, 4])) == {"firmware": "2.3"}, "as openant reads it"
    assert about_itself(bytes([81, 255, 5, 23, 1, 2, 3, 4])) == {"firmware": "2.305"}
    assert about_itself(bytes([1] * 8)) == {}
    assert about_itself(bytes([81 | 128, 255, 255, 23, 1, 2, 3, 4]), is_strap=True) == {"firmware": "2.3"}
    assert about_itself(bytes([81 | 128, 255, 255, 23, 1, 2, 3, 4])) == {}, "another page of a pod"
    low = bytes([82 | 128, 255, 255, 0, 0, 0, 0, 0x40])
    assert ant_heart_rate.read_charge(low) == Charge(None, True)
    assert [number for number in range(256) if names_itself(bytes([number] + 7 * [0]), is_strap=True)] == [
        2,
        81,
        130,
        209,
    ]
    assert [number for number in range(256) if names_itself(bytes([number] + 7 * [0]), is_strap=False)] == [81]


def beat_page(number: int, beat_ticks: int, n_beats: int, rate: int = 150, previous_ticks: int = 0) -> bytes:
    head = bytes([number, 255]) + (previous_ticks % 65536).to_bytes(2, "little")
    return head + (beat_ticks % 65536).to_bytes(2, "little") + bytes([n_beats % 256, rate])


def heart(pages: list[tuple[bytes, float]]) -> list[HeartRateSample]:
    reader = HeartReader(Tally())
    return [s for page, t_s in pages for s in reader.feed(page, t_s) if isinstance(s, HeartRateSample)]


def test_each_beat_gives_its_interval_once_through_both_counters_wrap() -> None:
    beats = [(round(1024 * 0.4 * i), i) for i in range(600)]  # beats wrap at 256, their clock at 64 s
    pages = [(beat_page(0x80, ticks, n), 0.4 * n + late_s) for ticks, n in beats for late_s in (0.0, 0.2)]
    samples = heart(pages)
    assert len(samples) == 599
    assert {round(rr, 2) for sample in samples for rr in sample.rr_s} == {0.4}
    assert sum(len(sample.rr_s) for sample in samples) == 599


def test_after_lost_pages_only_page_4_knows_the_interval() -> None:
    known = heart([(beat_page(4, 1000, 10), 0.0), (beat_page(4, 5000, 14, previous_ticks=4590), 4.0)])
    assert known[0].rr_s == (410 / 1024,)
    assert heart([(beat_page(0, 1000, 10), 0.0), (beat_page(0, 5000, 14), 4.0)])[0].rr_s == ()
    assert heart([(beat_page(0, 1000, 10), 0.0), (beat_page(0, 1400, 11), 64.4)])[0].rr_s == (), "or 64 s more"


def test_a_strap_that_counts_no_beats_gives_no_number() -> None:
    assert heart([(beat_page(0, 1000, 10), 0.25 * i) for i in range(100)]) == []
