"""The loops that numba compiles find the strides of the stream to 1e-9, whatever comes in; live code never loads it.

Where numba is not installed the same loops run as they stand.
"""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coach.gait import foot_loops
from coach.gait.bulk import foot_strides
from coach.gait.compiling import has_compiler
from coach.gait.foot_columns import FootStrides
from coach.gait.foot_fast import FastFoot
from coach.model.samples import ImuChunk
from coach.model.sites import WearSite
from coach.model.strides import Stride
from coach.virtual_runner.body import VirtualBody
from coach.virtual_runner.runner import VirtualRunner
from tests.as_sent import changed, part, random_rotation, with_readings
from tests.coach.gait.damage import DAMAGES, Damage, damaged
from tests.coach.gait.test_foot import assert_same, streamed
from tests.coach.gait.test_foot_properties import known
from tests.recordings import read

needs_compiler = pytest.mark.skipif(not has_compiler(), reason="numba (extra `fast`) is not installed")

FEET = ["demo_run_left_foot_device", "biomac_p01_right_foot", "pyshoe_jog_2017-11-27-11-17-28", "wmf_shoe_run"]
JOG = "pyshoe_jog_2017-11-27-11-11-24"


def fast(chunk: ImuChunk) -> Sequence[Stride]:
    return FastFoot(chunk, None if has_compiler() else foot_loops.follow).strides()


def stream(chunk: ImuChunk, size: int = 1 << 30) -> list[Stride]:
    return [event for event in streamed(chunk, size) if isinstance(event, Stride)]


@cache
def virtual(seconds: float, rate_hz: float) -> ImuChunk:
    runner = VirtualRunner(VirtualBody())
    acc, gyr = runner.imu(WearSite.LEFT_FOOT, 0.0, int(seconds * rate_hz), rate_hz)
    return ImuChunk(WearSite.LEFT_FOOT, np.arange(len(acc)) / rate_hz, acc, gyr, 156.9, 34.9, rate_hz)


@pytest.mark.parametrize("name", FEET)
def test_recordings_give_the_same_strides_in_all_ways(name: str) -> None:
    chunk = read(name).chunk
    found = fast(chunk)
    assert len(found) > 5
    assert_same(list(found), stream(chunk, 20))
    assert_same(list(found), list(foot_strides([chunk], is_compiled=False)))


def test_pieces_are_joined_and_what_does_not_fit_together_is_streamed() -> None:
    chunk = read(FEET[0]).chunk
    pieces = [part(chunk, k, k + 700) for k in range(0, len(chunk.t_s), 700)]
    assert_same(list(foot_strides(pieces, is_compiled=False)), stream(chunk))
    pieces[-1] = ImuChunk(*(getattr(pieces[-1], name) for name in ImuChunk.__slots__[:-1]), 207.0)
    assert not isinstance(foot_strides(pieces), FootStrides)
    assert len(foot_strides(pieces)) > 10
    assert foot_strides([]) == []


def test_the_axes_are_looked_at_again_alike() -> None:
    chunk = virtual(200.0, 104.0)
    found = fast(chunk)
    assert len(found) > 240
    assert_same(list(found), stream(chunk, 64))


def test_a_shoe_put_on_otherwise_is_learnt_anew_alike() -> None:
    chunk, turned = virtual(200.0, 104.0), random_rotation(3)
    assert chunk.gyr_radps is not None
    acc, gyr = chunk.acc_mps2.copy(), chunk.gyr_radps.copy()
    for start, end in ((7_000, 12_000), (15_000, 18_000)):
        acc[start:end], gyr[start:end] = acc[start:end] @ turned.T, gyr[start:end] @ turned.T
    other = replace(with_readings(chunk, chunk.t_s, acc, gyr), acc_range_mps2=np.inf)
    found = fast(other)
    assert max(s.initial_contact_s for s in found if s.initial_contact_s < 115.0) > 100.0
    assert_same(list(found), stream(other))
    assert_same(list(found), stream(other, 64))


@settings(max_examples=40)
@given(
    name=st.sampled_from([JOG, "demo_run_right_foot_clean", "demo_run_left_foot_device"]),
    mounting=st.integers(0, 2**16),
    damage=DAMAGES,
    amplitude=st.sampled_from([0.1, 1.0, 1.0, 1.0, 10.0]),
    acc_range=st.sampled_from([60.0, 157.0, np.inf]),
    size=st.sampled_from([1, 7, 64, 100_000]),
)
def test_whatever_comes_in_is_measured_alike(
    name: str,
    mounting: int,
    damage: Damage,
    amplitude: float,
    acc_range: float,
    size: int,
) -> None:
    turned = random_rotation(mounting)
    broken = damaged(changed(known(name), lambda values: amplitude * values @ turned.T), damage)
    clipped = np.clip(broken.acc_mps2, -acc_range, acc_range)
    broken = replace(broken, acc_mps2=clipped, acc_range_mps2=acc_range)
    assert_same(list(fast(broken)), stream(broken, size))


@settings(max_examples=10)
@given(rate_hz=st.floats(50.0, 416.0), seed=st.integers(0, 2**16))
def test_any_rate_with_jitter_is_measured_alike(rate_hz: float, seed: int) -> None:
    chunk, chance = known("demo_run_right_foot_clean"), np.random.default_rng(seed)
    assert chunk.gyr_radps is not None
    t = np.arange(chunk.t_s[0], chunk.t_s[-1], 1.0 / rate_hz)
    t = np.clip(t + chance.uniform(-0.15, 0.15, len(t)) / rate_hz, chunk.t_s[0], chunk.t_s[-1])
    acc = np.stack([np.interp(t, chunk.t_s, chunk.acc_mps2[:, k]) for k in range(3)], axis=1)
    gyr = np.stack([np.interp(t, chunk.t_s, chunk.gyr_radps[:, k]) for k in range(3)], axis=1)
    other = ImuChunk(chunk.wear_site, t, acc, gyr, np.inf, np.inf, rate_hz)
    assert_same(list(fast(other)), stream(other))


def test_columns_hold_what_the_strides_hold() -> None:
    chunk = read(FEET[1]).chunk
    found = foot_strides([chunk], is_compiled=False)
    assert isinstance(found, FootStrides)
    columns = {
        "initial_contact_s": found.initial_contact_s,
        "stride_time_s": found.stride_time_s,
        "contact_time_s": found.contact_time_s,
        "stride_length_m": found.stride_length_m,
        "speed_mps": found.speed_mps,
        "foot_strike_angle_deg": found.foot_strike_angle_deg,
    }
    for name, column in columns.items():
        told = [getattr(stride, name) for stride in found]
        np.testing.assert_allclose(column, [np.nan if value is None else value for value in told], atol=1e-12)
    assert list(found.is_clipped) == [stride.is_clipped for stride in found]
    assert list(found[2:4]) == [found[2], found[3]]


@needs_compiler
def test_uncompiled_and_compiled_loops_are_the_same() -> None:
    chunk = read(JOG).chunk
    assert_same(list(FastFoot(chunk, foot_loops.follow).strides()), list(FastFoot(chunk).strides()))


def test_the_live_path_never_loads_numba() -> None:
    code = "import coach.bootstrap, coach.live.pipeline, coach.gait.bulk, sys; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
