"""Whatever comes in, nothing breaks and no stride comes out of nothing; any mounting gives the same strides."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coach.gait.foot.analyzer import FootGait
from coach.gait.foot.params import PARAMS
from coach.model.samples import FloatArray, ImuChunk
from coach.model.sites import WearSite
from coach.model.strides import GaitEvent, GaitState, Stride
from tests.coach.gait.damage import DAMAGES, Damage, damaged
from tests.support.as_sent import changed, part, random_rotation
from tests.support.common import examples, mostly_slow
from tests.support.recordings import read

MOTION = "pyshoe_jog_2017-11-27-11-11-24"
RUN = "demo_run_right_foot_clean"


@cache
def known(name: str) -> ImuChunk:
    return read(name).chunk


def chunk_like(chunk: ImuChunk, t: FloatArray, acc: FloatArray, gyr: FloatArray, rate_hz: float = 0.0) -> ImuChunk:
    return ImuChunk(chunk.wear_site, t, acc, gyr, chunk.acc_range_mps2, chunk.gyr_range_radps, rate_hz or chunk.rate_hz)


def events_of(chunk: ImuChunk, size: int = 100_000) -> list[GaitEvent]:
    gait = FootGait(chunk.wear_site)
    events = []
    for start in range(0, len(chunk.t_s), size):
        events += gait.feed(part(chunk, start, start + size))
    return events + gait.finish()


def strides_of(chunk: ImuChunk) -> list[Stride]:
    return [e for e in events_of(chunk) if isinstance(e, Stride)]


def assert_sane(strides: list[Stride]) -> None:
    for stride in strides:
        assert stride.stride_time_s is not None
        assert stride.initial_contact_s < (stride.mid_stance_s or np.inf) <= (stride.toe_off_s or np.inf)
        assert 0.4 < stride.stride_time_s < 2.0
        for name in ("stride_length_m", "speed_mps", "foot_strike_angle_deg", "impact_g", "foot_clearance_m"):
            value = getattr(stride, name)
            assert value is None or np.isfinite(value)
        assert abs(stride.foot_strike_angle_deg or 0.0) < 60.0


@pytest.mark.parametrize("seed", mostly_slow(range(12), n_quick=4))
@pytest.mark.parametrize("name", [RUN, "pyshoe_jog_2017-11-27-11-12-18"])
def test_any_mounting_gives_the_same_strides(name: str, seed: int) -> None:
    chunk = known(name)
    turned = random_rotation(seed)
    assert chunk.gyr_radps is not None
    other = ImuChunk(
        chunk.wear_site, chunk.t_s, chunk.acc_mps2 @ turned.T, chunk.gyr_radps @ turned.T, np.inf, np.inf, chunk.rate_hz
    )
    straight = ImuChunk(chunk.wear_site, chunk.t_s, chunk.acc_mps2, chunk.gyr_radps, np.inf, np.inf, chunk.rate_hz)
    mine, theirs = strides_of(straight), strides_of(other)
    assert len(mine) == len(theirs) > 8
    for a, b in zip(mine, theirs, strict=True):
        assert a.initial_contact_s == pytest.approx(b.initial_contact_s, abs=0.001)
        assert a.toe_off_s == pytest.approx(b.toe_off_s, abs=0.001)
        assert a.foot_strike_angle_deg == pytest.approx(b.foot_strike_angle_deg, abs=1.0)
        assert a.stride_length_m == pytest.approx(b.stride_length_m, rel=0.01)
        assert a.eversion_deg == pytest.approx(b.eversion_deg, abs=1.0)


def test_a_gyroscope_read_in_the_wrong_unit_gives_no_strike_angle() -> None:
    chunk = known(RUN)
    assert chunk.gyr_radps is not None
    strides = strides_of(chunk_like(chunk, chunk.t_s, chunk.acc_mps2, 10.0 * chunk.gyr_radps, chunk.rate_hz))
    assert strides
    assert all(s.foot_strike_angle_deg is None and s.foot_strike is None for s in strides)


@settings(max_examples=examples(25))
@given(
    rate_hz=st.floats(50.0, 416.0),
    off_nominal=st.floats(0.97, 1.03),
    jitter=st.floats(0.0, 0.15),
    seed=st.integers(0, 2**16),
)
def test_any_rate_with_jitter_finds_the_strides(rate_hz: float, off_nominal: float, jitter: float, seed: int) -> None:
    chunk = known(RUN)
    assert chunk.gyr_radps is not None
    rng = np.random.default_rng(seed)
    true_rate = rate_hz * off_nominal
    t = np.arange(chunk.t_s[0], chunk.t_s[-1], 1.0 / true_rate)
    read = np.clip(t + rng.uniform(-jitter, jitter, len(t)) / true_rate, chunk.t_s[0], chunk.t_s[-1])
    acc = np.stack([np.interp(read, chunk.t_s, chunk.acc_mps2[:, k]) for k in range(3)], axis=1)
    gyr = np.stack([np.interp(read, chunk.t_s, chunk.gyr_radps[:, k]) for k in range(3)], axis=1)
    strides = strides_of(chunk_like(chunk, read, acc, gyr, rate_hz))
    assert_sane(strides)
    full = strides_of(chunk)
    assert len(full) - 1 <= len(strides) <= len(full) + 1
    lengths = [s.stride_length_m for s in strides if s.stride_length_m is not None]
    assert np.median(lengths) == pytest.approx(2.78, rel=0.04)
    assert all(s.state is GaitState.RUNNING for s in strides)


@settings(max_examples=examples(30))
@given(damage=DAMAGES, amplitude=st.sampled_from([0.1, 1.0, 10.0]), size=st.sampled_from([1, 7, 64, 100_000]))
def test_losses_spikes_and_repeats_break_nothing(damage: Damage, amplitude: float, size: int) -> None:
    chunk = known(MOTION)
    broken = damaged(changed(chunk, lambda values: values * amplitude), damage)
    strides = [e for e in events_of(broken, size) if isinstance(e, Stride)]
    assert_sane(strides)
    for where, count in damage.lost:
        start = int(where * (len(chunk.t_s) - 1))
        if count < 4 or start + count >= len(chunk.t_s):
            continue
        gap = (chunk.t_s[start], chunk.t_s[start + count])
        for stride in strides:
            end = stride.initial_contact_s + (stride.stride_time_s or 0.0)
            if end < gap[0] or stride.initial_contact_s > gap[1] - 0.05:
                continue
            sd, contact_sd_s = stride.uncertainty, np.hypot(PARAMS.contact_sd_s, PARAMS.real_shoe_sd_s)
            is_blurred = sd["initial_contact_s"] > 1.5 * contact_sd_s
            assert is_blurred or stride.foot_clearance_m is None or sd["foot_clearance_m"] > PARAMS.clearance_sd_m


@settings(max_examples=examples(20))
@given(
    level=st.tuples(*[st.floats(-30.0, 30.0)] * 6),
    noise=st.floats(0.0, 0.3),
    seed=st.integers(0, 2**16),
    rate_hz=st.sampled_from([50.0, 104.0, 200.0, 416.0]),
)
def test_no_stride_comes_out_of_stillness(level: tuple[float, ...], noise: float, seed: int, rate_hz: float) -> None:
    rng = np.random.default_rng(seed)
    n = int(12 * rate_hz)
    values = np.array(level) + noise * rng.normal(size=(n, 6))
    chunk = ImuChunk(
        WearSite.LEFT_FOOT, np.arange(n) / rate_hz, values[:, :3].copy(), values[:, 3:].copy(), 157.0, 35.0, rate_hz
    )
    assert events_of(chunk) == []


@settings(max_examples=examples(15))
@given(seed=st.integers(0, 2**16), size=st.floats(0.5, 60.0))
def test_noise_is_no_running(seed: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    acc, gyr = rng.normal(size=(3000, 3)) * 10.0 * size, rng.normal(size=(3000, 3)) * size
    chunk = ImuChunk(WearSite.RIGHT_FOOT, np.arange(3000) / 200.0, acc, gyr, np.inf, np.inf, 200.0)
    assert not [e for e in events_of(chunk) if isinstance(e, Stride)]


def test_empty_short_and_huge_chunks_are_taken() -> None:
    gait = FootGait(WearSite.LEFT_FOOT)
    empty = np.empty((0, 3))
    assert gait.feed(ImuChunk(WearSite.LEFT_FOOT, np.empty(0), empty, empty.copy(), 157.0, 35.0, 200.0)) == []
    one = np.full((1, 3), 1e300)
    assert gait.feed(ImuChunk(WearSite.LEFT_FOOT, np.array([0.0]), one, one.copy(), 157.0, 35.0, 200.0)) == []
    assert gait.finish() == []
