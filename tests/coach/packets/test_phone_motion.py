"""A phone's own motion: packets read back as they were, damage is a fault, gaps stay gaps, and 60 Hz is enough."""

import struct

import numpy as np
import pytest

from coach.errors import PacketError
from coach.gait.trunk.analyzer import TrunkGait
from coach.model.links import SensorUse
from coach.model.samples import FloatArray, Gap, ImuChunk, Notification
from coach.model.sites import WearSite
from coach.model.strides import TrunkStep
from coach.packets.decoders import decoder_for
from coach.packets.phone_motion import MotionPacket, decode_motion
from firmware_config.loader import load_profile
from tests.support.common import missing, reference_folder
from tests.support.encoders import encode_motion
from tests.support.recordings import read

MOTION = "c0ac1001-7a1e-4b5c-9d2f-52554e4e4552"
USE = SensorUse("this-phone", "This phone", "phone", WearSite.PELVIS)
PER_PACKET = 6
ROUNDED = 0.1  # m/s2 and deg/s: what Chromium rounds to
RUNNERS = 13


def packet(n: int = 4, start_s: float = 1.0, has_gyro: bool = True) -> MotionPacket:
    at = start_s + np.arange(n) / 60.0
    acc = np.column_stack([np.sin(at), np.cos(at), 9.8 + 0 * at])
    return MotionPacket(at, acc, acc / 10.0 if has_gyro else None)


@pytest.mark.parametrize("has_gyro", [True, False])
def test_what_the_page_packs_is_read_back(has_gyro: bool) -> None:
    sent = packet(has_gyro=has_gyro)
    read_back = decode_motion(encode_motion(sent))
    assert read_back.device_s == pytest.approx(sent.device_s, abs=1e-9)
    assert read_back.acc_mps2 == pytest.approx(sent.acc_mps2, abs=1e-5)
    if sent.gyr_radps is None:
        assert read_back.gyr_radps is None
    else:
        assert read_back.gyr_radps == pytest.approx(sent.gyr_radps, abs=1e-6)


def test_packets_cut_at_any_length_and_with_odd_values_are_faults() -> None:
    whole = encode_motion(packet())
    for length in range(len(whole)):
        with pytest.raises(PacketError):
            decode_motion(whole[:length])
    for broken in (b"\x51" + whole[1:], b"\x50\x02" + whole[2:], whole[:3] + b"\x03" + whole[4:], whole + b"\0"):
        with pytest.raises(PacketError):
            decode_motion(broken)
    with pytest.raises(PacketError, match="number"):
        decode_motion(whole[:12] + struct.pack("<f", float("nan")) + whole[16:])
    with pytest.raises(PacketError, match="rise"):
        decode_motion(whole[:36] + whole[4:12] + whole[44:])


@pytest.mark.parametrize(
    ("at", "value"),
    [(4, 1e308), (4, -1e308), (4, -5.0), (36, 1e300), (68, 2e15), (100, 1e7)],
    ids=["far", "far back", "before the page", "second", "third", "a packet of hours"],
)
def test_times_that_no_page_has_are_faults_and_the_stream_goes_on(at: int, value: float) -> None:
    """A flipped bit makes 1e308 s of a second: no sum of it is a number."""
    decoder = decoder_for(load_profile("phone"), USE)
    samples = []
    for n in range(20):
        whole = encode_motion(packet(4, 1.0 + n * 4 / 60.0))
        if n == 10:
            bad = whole[:at] + struct.pack("<d", value) + whole[at + 8 :]
            with pytest.raises(PacketError):
                decoder.feed(Notification("this-phone", MOTION, n * 4 / 60.0, bad))
            continue
        samples += decoder.feed(Notification("this-phone", MOTION, n * 4 / 60.0, whole))
    times = np.concatenate([one.t_s for one in samples if isinstance(one, ImuChunk)])
    assert len(times) == 19 * 4
    assert (np.diff(times) > 0).all()
    assert [one.n_missing for one in samples if isinstance(one, Gap)] == [4]


@pytest.mark.parametrize(("at", "value"), [(12, 1e9), (20, -4e3), (24, 3e4), (32, -1e20)])
def test_readings_that_no_phone_measures_are_faults(at: int, value: float) -> None:
    whole = encode_motion(packet())
    with pytest.raises(PacketError, match="measures"):
        decode_motion(whole[:at] + struct.pack("<f", value) + whole[at + 4 :])


def test_events_that_the_browser_left_out_are_a_gap_also_within_a_packet() -> None:
    decoder = decoder_for(load_profile("phone"), USE)
    first, late = packet(3, 1.0), packet(3, 1.0 + 20 / 60.0)
    assert first.gyr_radps is not None
    assert late.gyr_radps is not None
    both = MotionPacket(
        np.concatenate([first.device_s, late.device_s]),
        np.vstack([first.acc_mps2, late.acc_mps2]),
        np.vstack([first.gyr_radps, late.gyr_radps]),
    )
    samples = decoder.feed(Notification(USE.sensor_id, MOTION, 2.0, encode_motion(both)))
    assert [type(s) for s in samples] == [ImuChunk, Gap, ImuChunk]
    assert decoder.report().n_missing == 17
    assert decoder.report().n_samples == 6


def as_a_phone(chunk: ImuChunk) -> list[Notification]:
    """A recording at 60 Hz as a phone's page would have sent it."""
    assert chunk.gyr_radps is not None
    acc = np.round(chunk.acc_mps2 / ROUNDED) * ROUNDED
    gyr = np.radians(np.round(np.degrees(chunk.gyr_radps) / ROUNDED) * ROUNDED)
    sent = []
    for k in range(0, len(chunk.t_s), PER_PACKET):
        part = slice(k, k + PER_PACKET)
        at = chunk.t_s[part]
        payload = encode_motion(MotionPacket(at, acc[part], gyr[part]))
        sent.append(Notification(USE.sensor_id, MOTION, float(at[-1]) + 0.01, payload))
    return sent


def steps_of(chunks: list[ImuChunk]) -> list[TrunkStep]:
    gait = TrunkGait(WearSite.PELVIS)
    events = [event for chunk in chunks for event in gait.feed(chunk)] + gait.finish()
    return [event for event in events if isinstance(event, TrunkStep)]


def middle(values: list[float | None]) -> float:
    known: FloatArray = np.array([value for value in values if value is not None])
    return float(np.median(known))


@pytest.mark.reference
@pytest.mark.slow
def test_sixty_readings_a_second_deserve_the_uncertainty_that_a_trunk_sensor_has() -> None:
    """Thirteen runners at 3.5 m/s with a force plate: contact time and cadence as from 104 Hz."""
    names = sorted(p.name for p in reference_folder().glob("rbds*_run_3p5_pelvis_device"))
    if not names:
        missing(f"no reference recordings at {reference_folder()}: set COACH_REFERENCE to their folder")
    assert len(names) == RUNNERS
    errors, coarser, cadence = [], [], []
    for name in names:
        recording = read(name)
        decoder = decoder_for(load_profile("phone"), USE)
        samples = [s for n in as_a_phone(recording.at_rate(60.0).chunk) for s in decoder.feed(n)]
        phone = steps_of([s for s in samples if isinstance(s, ImuChunk)])
        finer = steps_of([recording.at_rate(104.0).chunk])
        assert len(phone) > 0.9 * len(finer), name
        contact = middle([s.contact_time_s for s in phone])
        errors.append(contact - middle([row.get("contact_time_s") for row in recording.strides]))
        coarser.append(contact - middle([s.contact_time_s for s in finer]))
        times = [s.step_time_s for s in phone], [s.step_time_s for s in finer]
        cadence.append(60.0 / middle(times[0]) - 60.0 / middle(times[1]))
        known = [s.vertical_oscillation_m is not None for s in phone[5:-5]]
        # Of these two the markers jump (28 g): a knock on the sensor is lost readings, and that step has no bounce.
        assert np.mean(known) >= (0.85 if name.startswith(("rbds002", "rbds023")) else 1.0), name
    assert float(np.std(errors)) < 0.018, "the trunk's own standard uncertainty between runners"
    assert abs(float(np.mean(coarser))) < 0.003
    assert float(np.abs(cadence).max()) < 2.0
