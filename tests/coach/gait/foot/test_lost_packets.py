"""Lost packets cost certainty, not strides; nothing that was lost is shown as seen."""

import numpy as np
import pytest

from coach.gait.foot.alignment import OwnAxes, Refiner
from coach.gait.foot.analyzer import FootGait
from coach.gait.foot.params import PARAMS
from coach.gait.foot.stride_state import Speed, StrideState
from coach.model.samples import ImuChunk
from coach.model.strides import GaitEvent, Stride
from tests.coach.gait.foot.test_foot_does_not_depend_on_the_cut import numbers_and_words
from tests.coach.gait.on_recordings import pairs
from tests.support import as_sent
from tests.support.common import mostly_slow
from tests.support.recordings import read

RUNNERS = ["rbds001_run_2p5_left_foot_device", "rbds013_run_3p5_right_foot_device", "rbds018_run_4p5_left_foot_device"]


def lossy(chunk: ImuChunk, share: float, n: int, seed: int = 1) -> ImuChunk:
    """Without some packets of n readings."""
    is_lost = np.random.default_rng(seed).random(len(chunk.t_s) // n + 1) < share
    return as_sent.kept(chunk, ~np.repeat(is_lost, n)[: len(chunk.t_s)])


def events(chunk: ImuChunk, size: int = 10**9) -> list[GaitEvent]:
    gait = FootGait(chunk.wear_site)
    found = []
    for at in range(0, len(chunk.t_s), size):
        found += gait.feed(as_sent.part(chunk, at, at + size))
    return found + gait.finish()


def strides(chunk: ImuChunk, size: int = 10**9) -> list[Stride]:
    return [e for e in events(chunk, size) if isinstance(e, Stride)]


def distance_m(found: list[Stride]) -> float:
    return sum(stride.stride_length_m or 0.0 for stride in found)


@pytest.mark.parametrize("name", mostly_slow(RUNNERS, n_quick=1))
@pytest.mark.parametrize(
    ("rate_hz", "n", "share", "least"), [(200, 10, 0.05, 0.97), (200, 10, 0.10, 0.95), (52, 8, 0.01, 0.97)]
)
def test_strides_and_distance_outlive_lost_packets(name: str, rate_hz: int, n: int, share: float, least: float) -> None:
    recording = read(name)
    chunk = recording.chunk if rate_hz == 200 else as_sent.at_rate(recording.chunk, rate_hz)
    whole, found = strides(chunk), strides(lossy(chunk, share, n))
    assert len(pairs(found, recording.strides)) >= least * len(recording.strides)
    assert distance_m(found) == pytest.approx(distance_m(whole), rel=0.015)


def test_a_hole_that_looks_like_a_landing_does_not_break_the_chain() -> None:
    """At 25.9 s a straight line through a hole looked like a landing: three strides were lost to it, one made up."""
    recording = read("rbds008_run_3p5_left_foot_device")
    chunk = lossy(recording.chunk, 0.10, 10, seed=26)
    found = strides(chunk)
    assert len(pairs(found, recording.strides)) == len(recording.strides)
    true = np.array([row["initial_contact_s"] for row in recording.strides])
    inside = [s.initial_contact_s for s in found if true[0] < s.initial_contact_s < true[-1]]
    assert all(np.abs(true - contact_s).min() < 0.08 for contact_s in inside)
    assert distance_m(found) == pytest.approx(distance_m(strides(recording.chunk)), rel=0.03)
    assert [s.initial_contact_s for s in strides(chunk, 64)] == pytest.approx([s.initial_contact_s for s in found])


@pytest.mark.parametrize("name", RUNNERS)
def test_a_landing_in_a_hole_is_found_before_there_is_a_rhythm(name: str) -> None:
    """A straight line through the shock has none: the landing was seen too late for the heel-off after it."""
    recording = read(name)
    chunk, contact_s = recording.chunk, recording.strides[1]["initial_contact_s"]
    holed = as_sent.kept(chunk, (chunk.t_s < contact_s - 0.01) | (chunk.t_s > contact_s + 0.05))
    assert len(strides(holed)) == len(strides(chunk))


def test_a_stride_that_came_out_far_too_slow_neither_leads_nor_is_believed() -> None:
    """Its uncertainty, a share of its speed, is small: it counted most, and ten strides came out a tenth as long."""
    state = StrideState(None, None, Refiner(), OwnAxes(np.eye(3), True, PARAMS.push_yaw_deg))
    for _ in range(4):
        state.saw(Speed(4.5, 0.09), PARAMS)
    before, false = state.usual_speed(PARAMS), Speed(0.5, 0.065)
    assert before is not None
    both = false.with_other(before)
    assert both.mps == pytest.approx(4.5, rel=0.1)
    assert both.sd_mps > 0.5 * (4.5 - 0.5), "they contradict each other"
    state.saw(false, PARAMS)
    after = state.usual_speed(PARAMS)
    assert after is not None
    assert after.mps == pytest.approx(4.5)
    assert after.sd_mps > 2 * before.sd_mps
    state.saw(Speed(0.0, 0.0), PARAMS)
    assert state.usual_speed(PARAMS) == after


def test_a_stride_that_was_hardly_seen_lends_its_speed_to_no_other() -> None:
    """The first stride's landing lay in a hole: it came out 23 % long, and nine strides after it 18 %."""
    recording = read("rbds018_run_3p5_right_foot_device")
    found = strides(lossy(recording.chunk, 0.10, 10, seed=51))
    assert distance_m(found) == pytest.approx(distance_m(strides(recording.chunk)), rel=0.015)
    for stride, true in pairs(found, recording.strides):
        off_m, sd_m = stride.stride_length_m - true["stride_length_m"], stride.uncertainty["stride_length_m"]
        assert abs(off_m) < 2.6 * sd_m


@pytest.mark.parametrize("name", RUNNERS)
def test_the_uncertainty_of_what_was_lent_holds(name: str) -> None:
    recording = read(name)
    matched = pairs(strides(lossy(recording.chunk, 0.10, 10)), recording.strides)
    for field in ("initial_contact_s", "contact_time_s", "stride_length_m", "foot_strike_angle_deg"):
        values = [(getattr(s, field), s.uncertainty.get(field), true[field]) for s, true in matched]
        inside = [abs(value - true) < 1.96 * sd for value, sd, true in values if None not in (value, sd, true)]
        assert np.mean(inside) > 0.9, field


def test_a_landing_in_a_hole_has_no_impact_angle_or_contact_time() -> None:
    recording = read(RUNNERS[0])
    chunk, true = recording.chunk, recording.strides[20]
    contact_s = true["initial_contact_s"]
    holed = as_sent.kept(chunk, (chunk.t_s < contact_s - 0.04) | (chunk.t_s > contact_s + 0.06))
    ((found, _),) = pairs(strides(holed), [true])
    assert found.initial_contact_s == pytest.approx(contact_s, abs=2.0 * PARAMS.interpolated_contact_sd_s)
    assert found.uncertainty["initial_contact_s"] == PARAMS.interpolated_contact_sd_s
    assert (found.impact_g, found.foot_strike_angle_deg, found.contact_time_s) == (None, None, None)


def test_a_gap_of_three_strides_is_interpolated_by_the_rhythm_and_a_long_one_is_not() -> None:
    chunk = read(RUNNERS[0]).chunk
    for seconds, n_most in ((2.0, 0), (12.0, 17)):
        holed = as_sent.kept(chunk, (chunk.t_s < 20.0) | (chunk.t_s > 20.0 + seconds))
        found, whole = strides(holed), strides(chunk)
        assert len(whole) - n_most - 1 <= len(found) <= len(whole) - n_most + 1
        inside = [s for s in found if 20.0 < s.initial_contact_s < 20.0 + seconds - 0.7]
        assert all(s.toe_off_s is None and s.foot_strike_angle_deg is None and s.impact_g is None for s in inside)


@pytest.mark.parametrize("size", mostly_slow([1, 7, 64, 500], n_quick=2))
def test_strides_with_losses_do_not_depend_on_the_cut(size: int) -> None:
    chunk = lossy(read(RUNNERS[1]).chunk, 0.10, 10)
    whole = [numbers_and_words(stride) for stride in strides(chunk)]
    found = [numbers_and_words(stride) for stride in strides(chunk, size)]
    assert len(found) == len(whole)
    for one, other in zip(found, whole, strict=True):
        assert one[0] == pytest.approx(other[0], rel=1e-9, abs=1e-9)
        assert one[1] == other[1]
