"""The trunk's steps on recorded runs: against force plates and motion capture, in any cut and any mounting."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from coach.gait.trunk.analyzer import TrunkGait
from coach.model.samples import ImuChunk
from coach.model.sites import WearSite
from coach.model.strides import GaitState, StateChange, TrunkStep
from coach.model.units import GRAVITY_MPS2
from tests.coach.gait.on_recordings import events, pairs
from tests.support.as_sent import part, random_rotation
from tests.support.common import mostly_slow
from tests.support.recordings import names, read

PELVIS = ["biomac_p01_pelvis", "demo_run_pelvis_device", "demo_run_chest_device"]
SACRUM = [f"sacrum_{k:02d}" for k in (1, 4, 9, 12, 15)]


def steps_of(found):
    return [event for event in found if isinstance(event, TrunkStep)]


@pytest.mark.parametrize("name", mostly_slow(PELVIS + (names(*SACRUM) or ["sacrum_01_2p5mps_up10"]), n_quick=4))
def test_steps_are_found_on_time_with_their_contact(name):
    recording = read(name)
    steps = steps_of(events(TrunkGait(recording.wear_site), recording))
    matched = pairs(steps, recording.strides[1:])
    assert len(matched) >= 0.98 * len(recording.strides[1:])
    first, last = recording.strides[0]["initial_contact_s"], recording.strides[-1]["initial_contact_s"]
    inside = [s for s in steps if first - 0.08 <= s.initial_contact_s <= last + 0.08]
    assert len(inside) <= len(recording.strides) + 1
    late_ms = np.array([1e3 * (s.initial_contact_s - row["initial_contact_s"]) for s, row in matched])
    assert late_ms.std() <= 6
    assert abs(late_ms.mean()) <= 17  # the stated standard uncertainty; none of these people were in its fit
    # One person's mean stride repeated is no better known than to 15 ms; see docs/algorithms/trunk.md for the others.
    # Its contact time comes out 27 ms long, inside the stated 95 %; 25 by a line that was worse on runners left out.
    more = 8 if name == "biomac_p01_pelvis" else 0
    contact_ms = np.array([1e3 * (s.contact_time_s - row["contact_time_s"]) for s, row in matched])
    assert abs(contact_ms.mean()) <= 20 + more
    cadence = 60 / np.mean([s.step_time_s for s, _ in matched[:-1]])
    assert cadence == pytest.approx(recording.truth["cadence_spm"]["value"], abs=1.0)


PELVES = [name for name in names("rbds") if "pelvis" in name] or ["rbds001_run_2p5_pelvis_device"]


def share_of_step_times_inside(matched):
    """Share of the step times whose truth lies within the stated 95 %."""
    inside = []
    for step, row in matched:
        true_s = (row["next_initial_contact_s"] or np.nan) - row["initial_contact_s"]
        if step.step_time_s is not None and abs(step.step_time_s - true_s) < 0.25:
            inside.append(abs(step.step_time_s - true_s) <= 1.96 * step.uncertainty["step_time_s"])
    return np.mean(inside)


@pytest.mark.slow
def test_contact_time_and_its_change_with_speed_are_right_for_thirteen_runners():
    """Each recording within 30 ms in nine of ten, changes of a runner in their true size, as sure as it says."""
    by_runner, inside, found, steps_inside = {}, [], [], []
    for name in PELVES:
        recording = read(name)
        steps = steps_of(events(TrunkGait(recording.wear_site), recording))
        matched = pairs(steps, recording.strides, window_s=0.12)
        found.append(len(matched) / len(recording.strides))
        whole = [(s, row) for s, row in matched if s.contact_time_s is not None]
        off = np.array([s.contact_time_s - row["contact_time_s"] for s, row in whole])
        inside += (np.abs(off) <= [1.96 * s.uncertainty["contact_time_s"] for s, _ in whole]).tolist()
        steps_inside.append(share_of_step_times_inside(matched))
        true = np.mean([row["contact_time_s"] for _, row in matched])
        by_runner.setdefault(name.split("_")[0], []).append((true, off.mean()))
    assert np.mean(found) >= 0.99
    assert min(found) >= 0.97
    late = np.array([row[1] for rows in by_runner.values() for row in rows])
    assert np.mean(np.abs(late) <= 0.030) >= 0.95  # 0.90 must be reached by runners left out of the fit
    assert np.sqrt(np.mean(late**2)) <= 0.015
    assert np.mean(steps_inside) >= 0.93
    assert np.mean(np.array(steps_inside) >= 0.85) >= 0.95
    assert 0.90 <= np.mean(inside) <= 1.0
    changes = np.concatenate([np.array(rows) - np.mean(rows, axis=0) for rows in by_runner.values()])
    if len(PELVES) > 1:
        slope = 1 + changes[:, 0] @ changes[:, 1] / (changes[:, 0] @ changes[:, 0])
        assert 0.8 <= slope <= 1.2


def rope_jumping(site, per_minute, flight_s, seed, seconds=40, rate=100.0):
    """A trunk over two feet that push together: half-sine pushes, nodding, no sway to the sides."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * rate)) / rate
    period = 60 / per_minute
    phase, push = t % period, period - flight_s
    force = np.where(phase < push, np.pi / 2 * period / push * np.sin(np.pi * np.minimum(phase / push, 1)), 0.0)
    begins = np.clip(t - 4, 0, 1)
    up = GRAVITY_MPS2 * (begins * force + 1 - begins)
    acc = np.stack([rng.normal(0, 0.3, len(t)), rng.normal(0, 0.3, len(t)), up], axis=1)
    nod = np.gradient(np.radians(3 * np.sin(2 * np.pi * t / period)), t)
    gyr = np.stack([rng.normal(0, 0.05, len(t)), nod, rng.normal(0, 0.05, len(t))], axis=1)
    return ImuChunk(site, t, acc, gyr, 16 * GRAVITY_MPS2, np.radians(2000), rate)


@pytest.mark.parametrize("site", [WearSite.PELVIS, WearSite.CHEST])
@pytest.mark.parametrize("hop", mostly_slow([(120, 0.15), (138, 0.12), (156, 0.12), (168, 0.10)], n_quick=1), ids=str)
def test_both_feet_together_are_no_run(site, hop):
    per_minute, flight_s = hop
    n_steps = 0
    for seed in range(3):
        engine = TrunkGait(site)
        n_steps += len(steps_of(engine.feed(rope_jumping(site, per_minute, flight_s, seed)) + engine.finish()))
    assert n_steps <= 2


@pytest.mark.parametrize(("name", "softness"), [("rbds012_run_4p5", 0.3), ("rbds001_run_3p5", 0.35)])
def test_fast_steps_on_a_soft_belt_are_not_lost(name, softness):
    """237 steps per minute, a force that stays between 0.4 and 1.5 body weights: every step was lost, silently."""
    recording = read(f"{name}_pelvis_device")
    chunk, contacts = recording.chunk, [row["initial_contact_s"] for row in recording.strides]
    faster = np.median(np.diff(contacts)) * 237 / 60
    mean = chunk.acc_mps2.mean(axis=0)
    t_s, acc = chunk.t_s / faster, mean + softness * (chunk.acc_mps2 - mean)
    engine = TrunkGait(chunk.wear_site)
    fast = replace(chunk, t_s=t_s, acc_mps2=acc, gyr_radps=chunk.gyr_radps * faster, rate_hz=chunk.rate_hz * faster)
    steps = steps_of(engine.feed(fast) + engine.finish())
    assert 0.97 * len(contacts) <= len(steps) <= len(contacts) + 3
    assert np.median([s.step_time_s for s in steps if s.step_time_s]) == pytest.approx(60 / 237, rel=0.02)


@pytest.mark.parametrize("hz", mostly_slow([3.5, 3.8, 4.2], n_quick=1))
def test_what_shakes_as_fast_as_a_sprinter_steps_is_no_run(hz):
    rng, t = np.random.default_rng(5), np.arange(4000) / 100.0
    up = GRAVITY_MPS2 * (1 + 0.5 * np.clip(t - 4, 0, 1) * np.sin(2 * np.pi * hz * t))
    acc = np.stack([rng.normal(0, 0.5, len(t)), rng.normal(0, 0.5, len(t)), up], axis=1)
    gyr = rng.normal(0, 0.1, (len(t), 3))
    chunk = ImuChunk(WearSite.PELVIS, t, acc, gyr, 16 * GRAVITY_MPS2, np.radians(2000), 100.0)
    engine = TrunkGait(WearSite.PELVIS)
    assert not steps_of(engine.feed(chunk) + engine.finish())


def test_a_brisk_walk_that_unloads_deeply_but_slowly_is_no_run():
    """136 steps a minute, force down to a tenth and up to 1.7 body weights: what belts of brisk walkers show."""
    rate, step = 100.0, 60 / 136
    t = np.arange(int(30 * rate)) / rate
    sway = np.sin(np.pi * t / step)
    up = GRAVITY_MPS2 * (1 + 0.55 * np.sin(2 * np.pi * t / step) + 0.25 * np.sin(4 * np.pi * t / step + 1))
    acc = np.stack([0 * t, 1.5 * sway, up], axis=1)
    gyr = np.stack([0.5 * np.cos(np.pi * t / step), 0 * t, 0.9 * sway], axis=1)
    engine = TrunkGait(WearSite.PELVIS)
    chunk = ImuChunk(WearSite.PELVIS, t, acc, gyr, 16 * GRAVITY_MPS2, np.radians(2000), rate)
    found = engine.feed(chunk) + engine.finish()
    assert not steps_of(found)
    assert [c.state for c in found if isinstance(c, StateChange)] == [GaitState.WALKING]


@pytest.mark.parametrize(
    ("name", "axial", "lean"),
    [
        ("demo_run_pelvis_device", 10.7, -0.06),
        ("demo_run_chest_device", 33.9, -0.74),
        ("demo_run_chest_lean10_device", 33.9, 9.25),
    ],
)
def test_posture_agrees_with_motion_capture_and_sides_with_the_plates(name, axial, lean):
    recording = read(name)
    steps = steps_of(events(TrunkGait(recording.wear_site), recording))
    oscillation = recording.truth["vertical_oscillation_mm"]["mean"]
    known = [s for s in steps if s.axial_rotation_deg is not None and s.forward_lean_deg is not None]
    assert np.median([1e3 * s.vertical_oscillation_m for s in known]) == pytest.approx(oscillation, abs=3)
    assert np.median([s.axial_rotation_deg for s in known]) == pytest.approx(axial, abs=1)
    assert np.median([s.forward_lean_deg for s in known]) == pytest.approx(lean, abs=1)
    sides = [(s.is_left, row["side"] == "L") for s, row in pairs(steps, recording.strides) if s.is_left is not None]
    assert len(sides) >= len(recording.strides) - 5
    assert all(found == true for found, true in sides)


@pytest.mark.parametrize("name", mostly_slow(["demo_run_pelvis_device", "sacrum_04_3p33mps_level0"], n_quick=1))
def test_how_the_stream_is_cut_changes_nothing(name):
    recording = read(name)
    whole = events(TrunkGait(recording.wear_site), recording)
    assert steps_of(whole)
    for size in (1, 7, 64, 500):
        assert events(TrunkGait(recording.wear_site), recording, size) == whole


@pytest.mark.parametrize("rate_hz", mostly_slow([52.0, 100.0, 104.0, 143.0, 416.0], n_quick=2))
@pytest.mark.parametrize("name", mostly_slow(["demo_run_pelvis_device", "biomac_p01_pelvis"], n_quick=1))
def test_the_sampling_rate_changes_no_event(name, rate_hz):
    recording = read(name)
    as_recorded = steps_of(events(TrunkGait(recording.wear_site), recording))
    other = recording.at_rate(rate_hz)
    resampled = steps_of(events(TrunkGait(other.wear_site), other))
    for field in ("initial_contact_s", "toe_off_s"):
        late = [
            getattr(s, field) - row[field]
            for steps in (as_recorded, resampled)
            for s, row in pairs(steps, recording.strides)
        ]
        half = len(late) // 2
        assert np.mean(late[half:]) == pytest.approx(np.mean(late[:half]), abs=0.0015 if rate_hz > 60.0 else 0.0025)


@pytest.mark.parametrize("seed", range(3))
def test_how_the_sensor_is_worn_changes_nothing(seed):
    recording = read("demo_run_pelvis_device")
    worn = steps_of(events(TrunkGait(recording.wear_site), recording))
    turned = steps_of(events(TrunkGait(recording.wear_site), recording, mounting=random_rotation(seed)))
    assert len(worn) == len(turned)
    for a, b in zip(worn, turned, strict=True):
        assert b.initial_contact_s == pytest.approx(a.initial_contact_s, abs=1e-6)
        assert b.is_left == a.is_left
        assert b.forward_lean_deg == (None if a.forward_lean_deg is None else pytest.approx(a.forward_lean_deg))
        assert b.vertical_oscillation_m == pytest.approx(a.vertical_oscillation_m)


def test_without_gyroscope_steps_stay_and_rotation_is_unknown():
    recording = read("demo_run_pelvis_device")
    recording = replace(recording, chunk=replace(recording.chunk, gyr_radps=None))
    steps = steps_of(events(TrunkGait(recording.wear_site), recording))
    assert len(pairs(steps, recording.strides)) == len(recording.strides)
    assert all(s.axial_rotation_deg is None and s.lateral_drop_deg is None for s in steps)
    oscillation = recording.truth["vertical_oscillation_mm"]["mean"]
    assert np.median([1e3 * s.vertical_oscillation_m for s in steps[:-1]]) == pytest.approx(oscillation, abs=8)


@pytest.mark.slow
def test_walking_breaks_of_a_long_run_are_no_running():
    recording = read("adept_left_hip")
    recording = replace(recording, chunk=part(recording.chunk, 0, 86_000))
    changes = events(TrunkGait(recording.wear_site), recording)
    times = np.array([s.initial_contact_s for s in steps_of(changes)])
    for start, end in ((302, 308), (412, 478), (752, 798), (802, 850)):
        assert not ((times > start) & (times < end)).any()
    for start, end in ((10, 290), (325, 400), (590, 730)):
        inside = times[(times > start) & (times < end)]
        assert len(inside) == pytest.approx((end - start) * 157 / 60, rel=0.03)
    states = [c.state for c in changes if isinstance(c, StateChange)]
    assert GaitState.STANDING in states
    assert GaitState.WALKING in states
    assert all(a is not b for a, b in itertools.pairwise(states))


def test_a_step_on_a_hole_is_contact_and_time_alone_and_none_is_made_up_in_a_gap():
    recording = read("biomac_p01_pelvis")
    whole = steps_of(events(TrunkGait(recording.wear_site), recording))
    t_s = recording.chunk.t_s
    keep = np.ones(len(t_s), dtype=bool)
    keep[4000:4040] = False  # 0.2 s: hides the shape of a step, not when it came
    keep[5000:5080] = False  # 0.4 s: hides the step
    keep[6000:6600] = False  # 3 s: the end of a segment
    hole, wide, gap = (t_s[4000], t_s[4040]), (t_s[5000], t_s[5080]), (t_s[6000], t_s[6600])
    keep[8000:8010] = False  # 0.05 s: a step may rest on it, less surely
    blurred = (t_s[8000], t_s[8010])
    recording = recording.kept(keep)
    engine = TrunkGait(recording.wear_site)
    steps = steps_of(events(engine, recording))

    def touching(span):
        ends = [(s, s.initial_contact_s + (s.step_time_s or s.contact_time_s)) for s in steps]
        return [s for s, end_s in ends if s.initial_contact_s < span[1] and end_s > span[0]]

    assert not touching(gap)
    assert not touching(wide)
    assert touching(hole)
    for step in touching(hole):
        assert (step.contact_time_s, step.toe_off_s, step.impact_g, step.forward_lean_deg) == (None,) * 4
        assert set(step.uncertainty) == {"initial_contact_s", "step_time_s"}
        near = min(whole, key=lambda s, at=step.initial_contact_s: abs(s.initial_contact_s - at))
        assert step.initial_contact_s == pytest.approx(near.initial_contact_s, abs=0.02)
        assert step.step_time_s == pytest.approx(near.step_time_s, abs=0.02)
    after = steps[steps.index(touching(hole)[-1]) + 1]
    assert after.contact_time_s is not None
    assert (after.axial_rotation_deg, after.lateral_drop_deg) == (None, None), "the step before is half of their stride"
    sds = [s.uncertainty["contact_time_s"] for s in steps if s.contact_time_s is not None]
    assert touching(blurred)
    assert all(s.uncertainty["contact_time_s"] >= 2.0 * min(sds) for s in touching(blurred))
    assert engine.n_dropped >= 1
    assert len(pairs(steps, recording.strides)) >= len(recording.strides) - 14


@pytest.mark.parametrize("size", [1, 64, 10**9])
def test_a_hand_that_knocks_the_sensor_costs_no_step_and_makes_none(size):
    """Ringing of 20 g and 40 rad/s for 60 ms, once a second."""
    recording = read("demo_run_pelvis_device")
    t_s, chunk = recording.chunk.t_s, recording.chunk
    since = (t_s - t_s[0]) % 1.0
    ring = np.where(since < 0.06, np.sin(2 * np.pi * 25 * since), 0.0)[:, None]
    limit = chunk.acc_range_mps2
    acc = np.clip(chunk.acc_mps2 + 20 * GRAVITY_MPS2 * ring, -limit, limit)
    knocked = replace(recording, chunk=replace(chunk, acc_mps2=acc, gyr_radps=chunk.gyr_radps + 40 * ring))
    steps = steps_of(events(TrunkGait(recording.wear_site), knocked, size))
    matched = pairs(steps, recording.strides)
    assert len(matched) == len(recording.strides)
    assert len(steps) <= len(recording.strides) + 1
    for name in ("initial_contact_s", "contact_time_s"):
        off = [(getattr(s, name), row[name], s.uncertainty.get(name)) for s, row in matched]
        assert all(abs(value - true) <= 1.96 * sd for value, true, sd in off if value is not None), name
    bounce = [1e3 * s.vertical_oscillation_m for s in steps if s.vertical_oscillation_m is not None]
    assert np.median(bounce) == pytest.approx(recording.truth["vertical_oscillation_mm"]["mean"], abs=8)


@pytest.mark.parametrize("name", ["demo_run_pelvis_device", "sacrum_04_3p33mps_level0"])
def test_readings_lost_singly_cost_no_step_only_sureness(name):
    recording = read(name)
    whole = steps_of(events(TrunkGait(recording.wear_site), recording))
    lost = np.zeros(len(recording.chunk.t_s), dtype=bool)
    lost[np.random.default_rng(5).choice(len(lost), len(lost) // 100, replace=False)] = True
    fewer = recording.kept(~lost)
    acc = fewer.chunk.acc_mps2.copy()
    acc[::397] = np.nan
    kept = replace(fewer, chunk=replace(fewer.chunk, acc_mps2=acc))
    steps = steps_of(events(TrunkGait(kept.wear_site), kept))
    assert len(pairs(steps, recording.strides[1:])) == len(pairs(whole, recording.strides[1:]))
    for one, row in pairs(steps, recording.strides):
        alike = next(s for s, other in pairs(whole, recording.strides) if other is row)
        assert one.contact_time_s == pytest.approx(alike.contact_time_s, abs=0.005)
    field = "initial_contact_s"
    factors = {round(s.uncertainty[field] / whole[0].uncertainty[field], 6) for s in steps}
    assert factors == {1.0, 2.0}


@pytest.mark.parametrize("name", mostly_slow(PELVES[:2], n_quick=1))
def test_lost_packets_cost_hardly_a_step_only_sureness(name):
    recording = read(name)
    keep = np.repeat(np.random.default_rng(1).random(len(recording.chunk.t_s) // 10 + 1) > 0.05, 10)
    lossy = recording.kept(keep[: len(recording.chunk.t_s)])
    steps = steps_of(events(TrunkGait(lossy.wear_site), lossy))
    matched = pairs(steps, recording.strides, window_s=0.12)
    assert len(matched) >= 0.97 * len(recording.strides)
    off = [(s.contact_time_s - row["contact_time_s"], s.uncertainty["contact_time_s"]) for s, row in matched]
    assert np.mean([abs(late) <= 1.96 * sd for late, sd in off]) >= 0.90
    sure = {s.uncertainty["contact_time_s"] for s in steps_of(events(TrunkGait(recording.wear_site), recording))}
    assert max(sd for _, sd in off) > max(sure)
