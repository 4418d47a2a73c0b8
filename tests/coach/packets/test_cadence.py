"""Steps or strides: override, name, data, latch and contradiction."""

import pytest

from coach.model.links import SensorUse
from coach.model.samples import Counts, Notification, RunningSpeedSample
from coach.packets.cadence import CadenceResolver, evidence, known_by_name
from coach.packets.decoders import decoder_for
from firmware_config.loader import load_profile

PROFILE = load_profile("running_speed_cadence")


def at(t_s: float, raw: int, speed: float, length: float | None = None) -> RunningSpeedSample:
    return RunningSpeedSample(t_s=t_s, speed_mps=speed, raw_cadence_per_min=raw, stride_length_m=length)


def run(resolver: CadenceResolver, raw: int, speed: float, begin: int, end: int, **extra) -> list[float | None]:
    return [resolver.steps_per_min(at(float(t), raw, speed), **extra) for t in range(begin, end)]


@pytest.mark.parametrize(
    ("raw", "speed", "length", "counts"),
    [
        (170, 3.0, None, Counts.STEPS),  # nobody runs 170 strides
        (85, 3.0, None, Counts.STRIDES),  # nobody runs 85 steps
        (55, 1.3, None, Counts.STRIDES),  # 1.42 m per count
        (110, 1.3, None, Counts.STEPS),  # 0.71 m per count
        (80, 1.3, None, None),  # 0.98 m per count: between
        (60, 0.6, None, None),  # too slow to decide
        (0, 3.0, None, None),
        (118, 3.0, None, None),  # between the bands
        (118, 3.0, 3.05, Counts.STEPS),  # the length field holds two counts
        (100, 2.0, 0.60, Counts.STRIDES),  # the length field holds half a count
        (90, 3.0, 2.0, Counts.STRIDES),
        # Technogym Run: 161 per minute at 3.36 m/s with 1.30 m (TrackMyIndoorWorkout capture).
        (161, 3.359375, 1.30, Counts.STEPS),
        # A slow walk of Technogym MyRun: undecidable, as its capture is.
        (51, 0.72265625, None, None),
    ],
)
def test_one_measurement_says_what_it_can(raw, speed, length, counts):
    said = evidence(at(0.0, raw, speed, length))
    assert (said[0] if said else None) == counts


def test_data_decide_after_ten_seconds_and_not_before():
    resolver = CadenceResolver()
    found = run(resolver, 86, 3.0, 0, 15)
    assert found[:10] == [None] * 10
    assert found[11:] == [172.0] * 4
    assert "too slow for running steps" in resolver.decision.reason


def test_the_runners_word_holds_against_all_data():
    resolver = CadenceResolver(override="steps")
    assert run(resolver, 86, 3.0, 0, 120) == [86.0] * 120


@pytest.mark.parametrize(
    ("name", "counts"),
    [("TICKR X 1A2B", "steps"), ("RUNN 123", "steps"), ("Zwift RunPod", "strides"), ("Stryd", None), ("", None)],
)
def test_known_names_decide_at_once(name, counts):
    named = known_by_name(name, PROFILE.cadence_units)
    assert (named.counts if named else None) == counts


def test_a_name_is_overruled_by_thirty_seconds_of_contradiction_only():
    resolver = CadenceResolver(named=known_by_name("Zwift RunPod", PROFILE.cadence_units))
    assert run(resolver, 170, 3.0, 0, 29) == [340.0] * 29
    assert run(resolver, 170, 3.0, 29, 60)[-1] == 170.0
    assert "for more than 30 s" in resolver.decision.reason


def test_a_latched_decision_survives_a_walking_break():
    resolver = CadenceResolver()
    run(resolver, 86, 3.0, 0, 30)
    found = run(resolver, 80, 1.3, 30, 200)  # 0.98 m per count says nothing
    assert set(found) == {160.0}


def test_our_own_sensor_decides_what_the_pod_cannot():
    resolver = CadenceResolver()
    assert run(resolver, 118, 3.0, 0, 30, measured_spm=120.0)[-1] == 118.0
    other = CadenceResolver()
    assert run(other, 118, 3.0, 0, 30, measured_spm=234.0)[-1] == 236.0


def test_standing_still_is_no_cadence_whatever_the_unit():
    assert CadenceResolver().steps_per_min(at(0.0, 0, 0.0)) == 0.0


def test_a_decoder_fills_in_cadence_and_keeps_raw():
    decoder = decoder_for(PROFILE, SensorUse("p", "Pod", PROFILE.id))
    uuid = PROFILE.with_role("data")[0].uuid
    for second in range(14):
        (sample,) = decoder.feed(Notification("p", uuid, float(second), bytes.fromhex("00 00 03 56")))
    assert sample.raw_cadence_per_min == 86
    assert sample.cadence_spm == 172.0
    assert decoder.cadence.counts == "strides"
    decoder = decoder_for(PROFILE, SensorUse("p", "Pod", PROFILE.id, cadence_unit="steps"))
    (sample,) = decoder.feed(Notification("p", uuid, 0.0, bytes.fromhex("00 00 03 56")))
    assert sample.cadence_spm == 86.0
    assert decoder.cadence.reason == "set by the runner"
