"""A run's landings are a total with an interval: what was lost is in it, a stop is not, and the truth lies inside."""

from dataclasses import replace

import pytest

from coach.model.runs import RunSummary
from coach.model.samples import Gap, StreamReport
from coach.model.sites import WearSite
from coach.model.strides import GaitState, Stride
from coach.summary.summarise import summarise
from tests.coach.summary.runs import make_seconds, make_strides

FEET = (WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT)


def lost(*stretches: tuple[float, float], sites: tuple[WearSite, ...] = FEET) -> list[StreamReport]:
    """What both sensors report of stretches in which nothing came."""
    return [
        StreamReport(s.value, "p", s, gaps=tuple(Gap(s.value, s, start, end, 100) for start, end in stretches))
        for s in sites
    ]


def without(strides: list[Stride], start: float, end: float) -> list[Stride]:
    """The strides that do not touch start..end."""
    return [s for s in strides if s.initial_contact_s + (s.stride_time_s or 0.0) < start or s.initial_contact_s > end]


def interval(summary: RunSummary) -> tuple[float, float]:
    sd = summary.total_uncertainty("n_impacts")
    assert summary.n_impacts is not None
    assert sd is not None
    return summary.n_impacts - 1.96 * sd, summary.n_impacts + 1.96 * sd


def test_every_landing_counts_also_those_of_the_warm_up() -> None:
    strides = make_strides(10)
    low, high = interval(summarise(strides))
    assert low < len(strides) < high
    assert high - low < 0.03 * len(strides)


def test_one_foot_counts_for_both() -> None:
    strides = make_strides(10)
    low, high = interval(summarise([s for s in strides if s.wear_site is FEET[0]]))
    assert low < len(strides) < high


@pytest.mark.parametrize("length_s", [2.0, 6.0, 30.0, 110.0])
def test_lost_readings_widen_the_interval_around_what_was_run(length_s: float) -> None:
    strides = make_strides(10)
    gap = (200.0, 200.0 + length_s)
    left = without(strides, *gap)
    low, high = interval(summarise(left, reports=lost(gap)))
    assert low < len(strides) < high
    if length_s > 10.0:  # the runner may have rested, too
        assert low < len(left) < high
        whole_low, whole_high = interval(summarise(strides))
        assert high - low > whole_high - whole_low


def test_a_stop_with_all_readings_counts_nothing() -> None:
    left = without(make_strides(10), 200.0, 260.0)
    low, high = interval(summarise(left))
    assert low < len(left) < high
    assert high < len(left) + 40


def test_a_short_stop_stays_one_though_a_packet_is_lost_in_it() -> None:
    """Radio loses a packet in a hundred: hardly a stop of eight seconds is without one."""
    left = make_strides(10)
    for start in range(100, 500, 25):
        left = without(left, float(start), start + 8.0)
    lost_packets = lost(*((start + 4.0, start + 4.2) for start in range(100, 500, 25)))
    summary, n_ends = summarise(left, reports=lost_packets), 17  # each stretch ends in a landing that begins no stride
    assert summary.n_impacts == pytest.approx(summarise(left).n_impacts, abs=8)
    low, high = interval(summary)
    assert low < len(left) + n_ends < high


def test_a_stop_that_one_foot_saw_is_a_stop_though_the_other_was_away() -> None:
    left = without(make_strides(10), 200.0, 260.0)
    summary = summarise(left, reports=lost((200.0, 260.0), sites=FEET[1:]))
    assert summary.n_impacts == summarise(left).n_impacts
    low, high = interval(summary)
    assert high < len(left) + 40
    away = [s for s in left if s.wear_site is FEET[0] or s.initial_contact_s > 300.0]  # the right foot began later
    low, high = interval(summarise(away, reports=lost((200.0, 260.0), sites=FEET[:1])))
    assert low < len(left) < len(make_strides(10)) < high


def test_readings_lost_in_a_pause_or_by_a_strap_are_no_landings() -> None:
    left = without(make_strides(10), 200.0, 260.0)
    plain = summarise(left).n_impacts
    paused = summarise(left, reports=lost((200.0, 260.0)), pauses=[(199.9, 260.1)])
    assert paused.n_impacts == pytest.approx(plain, abs=2)
    strap = StreamReport("s", "p", None, gaps=(Gap("s", None, 200.0, 260.0, 60),))
    assert summarise(left, reports=[strap]).n_impacts == plain


def test_a_short_pause_in_a_long_silence_makes_the_rest_of_it_no_stop() -> None:
    strides = make_strides(10)
    left = without(strides, 200.0, 300.0)
    low, high = interval(summarise(left, reports=lost((200.0, 300.0)), pauses=[(240.0, 250.0)]))
    assert low < len(left)
    assert len(strides) - 10 * 2.83 < high < len(strides) + 100


def test_a_sensor_that_falls_silent_leaves_an_interval_then_nothing() -> None:
    strides = make_strides(10)
    silent = summarise(without(strides, 520.0, 900.0), reports=lost((520.0, 600.0)))
    low, high = interval(silent)
    assert low < len(strides) < high
    gone = summarise(without(strides, 300.0, 900.0), reports=lost((300.0, 600.0)))
    assert gone.n_impacts is None  # half of the run is unknown: no total


def test_a_pod_gives_landings_of_its_seconds() -> None:
    summary = summarise([], seconds=make_seconds(600))
    low, high = interval(summary)
    assert low < 1700 < high


def test_a_pod_that_is_silent_for_a_while_leaves_an_interval_and_one_at_rest_does_not() -> None:
    seconds = make_seconds(600)
    silent = [replace(s, state=None, speed_mps=None, cadence_spm=None) if 200 <= s.t_s < 300 else s for s in seconds]
    low, high = interval(summarise([], seconds=silent))
    assert low < 1417 < 1700 < high
    standing = [replace(s, state=GaitState.STANDING, speed_mps=0.0, cadence_spm=None) for s in seconds[200:300]]
    low, high = interval(summarise([], seconds=[*seconds[:200], *standing, *seconds[300:]]))
    assert low < 1417 < high < 1500


@pytest.mark.parametrize("has_speed", [False, True])
def test_the_distance_says_how_much_of_it_was_not_measured(has_speed: bool) -> None:
    """Metres end where nothing is measured for more than three seconds; a pod or positions may go on with them."""
    gap = (200.0, 260.0)
    seconds, far_m = [], 0.0
    for s in make_seconds(600):
        is_blind = gap[0] < s.t_s < gap[1] and not has_speed
        far_m += 0.0 if is_blind else 3.0
        speed_mps = None if is_blind else s.speed_mps
        seconds.append(replace(s, speed_mps=speed_mps, distance_m=far_m, uncertainty={"distance_m": 0.01 * far_m}))
    summary = summarise(without(make_strides(10), *gap), seconds=seconds, reports=lost(gap))
    assert summary.distance_m is not None
    half = 1.96 * (summary.total_uncertainty("distance_m") or 0.0)
    assert summary.distance_m - half < 1800.0 < summary.distance_m + half
    assert (half > 100.0) is not has_speed


def test_landings_per_kilometre_carry_what_the_step_length_does() -> None:
    seconds = [replace(s, uncertainty={"step_length_m": 0.02}) for s in make_seconds(600)]
    summary = summarise(make_strides(10), seconds=seconds)
    assert summary.impacts_per_km is not None
    assert summary.step_length_m is not None
    share = summary.uncertainty["shared_step_length_m"] / summary.step_length_m
    assert summary.uncertainty["shared_impacts_per_km"] == pytest.approx(share * summary.impacts_per_km)
