"""Many runs: trends at the usual speed with honest errors, two runs side by side, records."""

import dataclasses
from functools import cache

import numpy as np
import pytest

from coach.model.history import Trend
from coach.model.runs import RunEntry
from coach.summary.compare import compare
from coach.summary.trends import marks_of, usual_at, usual_speed
from coach.summary.trends import trend_of as trend_of_marks
from tests.coach.summary.runs import make_entry


def trend_of(metric: str, entries: list[RunEntry], speed_mps: float | None = None) -> Trend:
    return trend_of_marks(metric, marks_of(metric, entries), speed_mps)


@cache
def entry(i: int, speed: float, longer: float = 0.0) -> RunEntry:
    return make_entry(
        f"r{i}",
        2 * i,
        minutes=12,
        seed=i,
        speed=lambda t: speed + 0.15 * np.sin(t / 30),
        step_length=lambda v, t: (0.3 + 0.25 * v) * (1 + longer),
    )


SPEEDS = (2.6, 3.4, 3.0, 2.8, 3.2, 2.7, 3.3, 3.0)


def test_runs_at_different_speeds_show_no_trend_where_there_is_none() -> None:
    trend = trend_of("step_length_m", [entry(i, v) for i, v in enumerate(SPEEDS)])
    assert trend.speed_mps == pytest.approx(3.0, abs=0.02)
    assert trend.slope == pytest.approx(0.25, abs=0.02)
    values = [point.value for point in trend.points]
    assert values == pytest.approx([1.05] * len(values), abs=0.015)
    assert trend.per_week_low is not None
    assert trend.per_week_high is not None
    assert trend.per_week_low < 0 < trend.per_week_high
    misses = [abs(p.value - 1.05) / p.se for p in trend.points]
    assert np.mean(np.array(misses) < 2.5) >= 0.75


def test_longer_steps_at_the_same_speed_are_seen_through_changing_speeds() -> None:
    trend = trend_of("step_length_m", [entry(i, v, 0.01 * i) for i, v in enumerate(SPEEDS)])
    assert trend.per_week == pytest.approx(1.05 * 0.01 * 3.5, rel=0.25)
    assert trend.per_week_low is not None
    assert trend.per_week_low > 0


def test_a_run_far_from_the_speed_is_less_certain() -> None:
    points = trend_of("step_length_m", [entry(i, v) for i, v in enumerate((3.0, 3.0, 2.2))], 3.0).points
    assert points[2].se > points[0].se
    assert [p.is_measured_there for p in points] == [True, True, False]


def test_a_slope_that_no_run_shows_is_not_made_up() -> None:
    flat = [make_entry(f"r{i}", i, minutes=8, seed=i, speed=lambda t, v=v: v) for i, v in enumerate((2.8, 3.2))]
    without = [dataclasses.replace(e, summary=dataclasses.replace(e.summary, by_speed=_flat(e))) for e in flat]
    trend = trend_of("step_length_m", without, 3.0)
    assert trend.slope is None
    assert all(point.se > 0.05 for point in trend.points)


def _flat(e: RunEntry) -> dict[str, dict[str, float]]:
    assert e.summary is not None
    return {name: {**m, "speed_ss": 0.0, "cross_ss": 0.0} for name, m in e.summary.by_speed.items()}


def test_runs_without_speed_still_have_a_trend() -> None:
    entries = [entry(i, 3.0) for i in range(3)]
    blind = []
    for e in entries:
        assert e.summary is not None
        moments = {
            k: {"n": m["n"], "value": m["value"], "value_ss": m["value_ss"]} for k, m in e.summary.by_speed.items()
        }
        blind.append(RunEntry(e.run, dataclasses.replace(e.summary, by_speed=moments, speed_mps=None)))
    trend = trend_of("cadence_spm", blind)
    assert trend.speed_mps is None
    assert len(trend.points) == 3


def test_a_measure_that_never_changes_has_a_flat_trend() -> None:
    still = {"n": 20.0, "speed_mps": 3.0, "value": 9.0, "speed_ss": 1.0, "cross_ss": 0.0, "value_ss": 0.0}
    entries = [entry(i, 3.0) for i in range(3)]
    assert all(e.summary for e in entries)
    same = [RunEntry(e.run, dataclasses.replace(e.summary, by_speed={"impact_g": still})) for e in entries]  # type: ignore[type-var]
    trend = trend_of("impact_g", same)
    assert [p.value for p in trend.points] == [9.0, 9.0, 9.0]
    assert trend.per_week == 0


def test_no_runs_give_an_empty_trend() -> None:
    trend = trend_of("cadence_spm", [])
    assert trend.points == ()
    assert trend.per_week is None
    assert usual_speed(marks_of("cadence_spm", [])) is None


def test_two_runs_are_compared_at_their_common_speed() -> None:
    same = compare(entry(1, 2.8), entry(2, 3.2), [entry(i, 3.0) for i in range(3, 6)])
    lengths = {d.metric: d for d in same.differences}
    assert same.speed_mps == pytest.approx(3.0, abs=0.02)
    assert lengths["step_length_m"].is_at_matched_speed
    assert abs(lengths["step_length_m"].difference) < 0.03
    assert lengths["speed_mps"].difference == pytest.approx(0.4, abs=0.03)
    other = {d.metric: d for d in compare(entry(1, 3.0), entry(2, 3.0, 0.06)).differences}
    assert other["step_length_m"].is_clear
    assert other["step_length_m"].difference == pytest.approx(0.063, abs=0.01)
    assert not other["foot_strike_angle_deg"].is_clear


def test_usual_values_need_three_runs() -> None:
    entries = [entry(i, v) for i, v in enumerate((2.9, 3.0, 3.1))]
    usual = usual_at(entries, 3.0, ["step_length_m", "eversion_deg"])
    assert usual["step_length_m"][0] == pytest.approx(1.05, abs=0.01)
    assert "eversion_deg" not in usual
    assert usual_at(entries[:2], 3.0, ["step_length_m"]) == {}
