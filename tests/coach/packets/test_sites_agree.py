"""Two feet, pelvis and chest on one clock: whole decoders, 20 ppm drift, radio jitter, in simulation."""

import struct
from collections.abc import Callable

import numpy as np

from coach.model.links import SensorUse
from coach.model.samples import ImuChunk, Notification
from coach.model.sites import WearSite
from coach.packets.decoders import decoder_for
from firmware_config.loader import load_profile
from tests.coach.packets.test_clock import radio

SECONDS = 120.0


def movesense(first: int, device_s: np.ndarray) -> bytes:
    """Readings that give their number in the first turn rate."""
    gyr = np.zeros((len(device_s), 3), "<f4")
    gyr[:, 0] = first + np.arange(len(device_s))
    gyr[:, 0] %= 2000
    acc = np.full((len(device_s), 3), 9.81, "<f4")
    return b"\x02\x63" + struct.pack("<I", int(device_s[0] * 1000)) + acc.tobytes() + gyr.tobytes()


def dot(first: int, device_s: np.ndarray) -> bytes:
    return struct.pack("<I6f", int(device_s[0] * 1e6) & 0xFFFFFFFF, 0.0, 0.0, 9.81, first % 2000, 0.0, 0.0)


def worn(
    profile_id: str,
    site: WearSite,
    rate_hz: float,
    n: int,
    write: Callable[[int, np.ndarray], bytes],
    ppm: float,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """True times of readings, and those that the decoder gives."""
    rng = np.random.default_rng(seed)
    true_s = rng.uniform(0.1, 0.2) + np.arange(int(SECONDS * rate_hz) // n * n) / rate_hz
    device_s = rng.uniform(10.0, 9000.0) + true_s * (1 + ppm * 1e-6)
    arrivals = radio(rng, true_s[n - 1 :: n])
    profile = load_profile(profile_id)
    decoder = decoder_for(profile, SensorUse("s", "x", profile_id, site, settings=(("rate_hz", str(rate_hz)),)))
    uuid = profile.with_role("data")[0].uuid
    found = []
    for k, arrival in enumerate(arrivals):
        payload = write(k * n, device_s[k * n : (k + 1) * n])
        for chunk in decoder.feed(Notification("s", uuid, float(arrival), payload)):
            assert isinstance(chunk, ImuChunk)
            found.append(chunk.t_s)
    times = np.concatenate(found)
    assert (np.diff(times) > 0).all()
    assert decoder.report().n_missing == 0
    return true_s[: len(times)], times


def test_feet_and_trunk_agree_within_5_ms():
    sites = [
        worn("movesense", WearSite.LEFT_FOOT, 208, 8, movesense, 20.0, 1),
        worn("movesense", WearSite.RIGHT_FOOT, 208, 8, movesense, -20.0, 2),
        worn("movesense", WearSite.CHEST, 104, 8, movesense, 10.0, 3),
        worn("movella_dot", WearSite.PELVIS, 60, 1, dot, -15.0, 4),
    ]
    beats = np.arange(6.0, SECONDS - 2.0, 0.5)
    errors = np.array([np.interp(beats, true_s, found - true_s) for true_s, found in sites])
    assert np.ptp(errors, axis=0).max() < 0.005


def test_a_sensor_without_time_is_placed_by_counting_and_its_losses_are_found():
    """WitMotion, its oscillator 0.8 % slow, eight losses of 6 to 40 frames: a second after each, time is right."""
    rng = np.random.default_rng(5)
    true_s = 0.3 + np.arange(200 * 60) / 200 * 1.008
    arrivals = radio(rng, true_s, 0.03)
    is_lost = np.zeros(len(true_s), bool)
    for begin in range(2500, 11500, 1200):
        is_lost[begin : begin + int(rng.integers(6, 40))] = True
    profile = load_profile("witmotion_wt9011dcl")
    decoder = decoder_for(profile, SensorUse("s", "x", profile.id, WearSite.LEFT_FOOT))
    uuid = profile.with_role("data")[0].uuid
    frame = b"\x55\x61" + struct.pack("<9h", 0, 0, 2048, 0, 0, 0, 0, 0, 0)
    came = np.nonzero(~is_lost)[0]
    found = [
        t_s
        for k in came
        for chunk in decoder.feed(Notification("s", uuid, float(arrivals[k]), frame))
        if isinstance(chunk, ImuChunk)
        for t_s in chunk.t_s
    ]
    errors = np.abs(np.array(found) - true_s[came])
    since_loss = came - np.maximum.accumulate(np.where(np.isin(came - 1, np.nonzero(is_lost)[0]), came, 0))
    settled = (true_s[came] > 10.0) & (since_loss > 200)
    assert np.median(errors[settled]) < 0.005
    assert errors[settled].max() < 0.015  # what a loss too short to be seen may leave
    assert abs(decoder.report().n_missing - int(is_lost.sum())) <= 8  # of about 180
    assert abs((decoder.report().rate_hz or 0.0) - 200 / 1.008) < 0.5
