"""The runner's own: eleven steady minutes, three runs, right at matched speed, with intervals that hold."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.coaching.baseline import Baseline, BaselinePoint, BaselineRun
from coach.coaching.compare import SteadyPart, compared
from coach.model.metrics import Unknown
from coach.model.strides import GaitState
from tests.coach.coaching.metric_runner import Body, MetricRunner
from tests.support.coaching import NOW, baseline
from tests.support.common import mostly_slow


def drawn_runs(rng: np.random.Generator, n_runs: int, offset: float = 0.012, outliers: int = 0) -> list[BaselineRun]:
    """Runs of a runner whose true step length is 1.0 (v/2.8)^0.9, each run off by its own amount."""
    runs = []
    for i in range(n_runs):
        off = offset * rng.normal() + (0.2 if i < outliers else 0.0)
        points = []
        for _ in range(int(rng.integers(1, 5))):
            speed = float(rng.uniform(2.4, 3.2))
            n = int(rng.integers(5, 30))
            value = (speed / 2.8) ** 0.9 * np.exp(off + 0.02 * rng.normal() * np.sqrt(2 / n))
            points.append(BaselinePoint(speed, 0.0, n, {"step_length_m": float(value)}))
        runs.append(BaselineRun(f"r{i}", NOW - timedelta(days=2 * (n_runs - i)), 700.0, tuple(points)))
    return runs


@pytest.mark.parametrize("n_runs", mostly_slow([3, 6, 15], n_quick=1))
def test_the_interval_holds_the_truth_as_often_as_it_says(n_runs: int) -> None:
    z, speeds = [], np.random.default_rng(5).uniform(2.5, 3.1, 200)
    for seed, speed in enumerate(speeds):
        own = Baseline(drawn_runs(np.random.default_rng(seed), n_runs), NOW).own("step_length_m", float(speed))
        assert own is not None
        z.append((own.value - (speed / 2.8) ** 0.9) / own.sd)
    share = float(np.mean(np.abs(z) < 1.96))
    assert share >= 0.93
    assert np.std(z) > 0.4  # and not so wide that it says nothing


def test_more_runs_make_it_surer_and_far_speeds_less_sure() -> None:
    rng = np.random.default_rng(1)
    few, many = Baseline(drawn_runs(rng, 3), NOW), Baseline(drawn_runs(rng, 12), NOW)
    sd = lambda b, v: b.own("step_length_m", v).sd  # noqa: E731
    assert sd(many, 2.8) < sd(few, 2.8)
    assert sd(few, 4.5) > 2 * sd(few, 2.8)


def test_one_wild_run_hardly_moves_it() -> None:
    rng = np.random.default_rng(2)
    own = Baseline(drawn_runs(rng, 9, outliers=1), NOW).own("step_length_m", 2.8)
    assert own is not None
    assert abs(own.value - 1.0) < 0.025


def test_it_forgets_slowly() -> None:
    old = [replace(r, at=r.at - timedelta(days=200)) for r in drawn_runs(np.random.default_rng(3), 6, 0.0)]
    new = [
        replace(
            r, points=tuple(replace(p, values={"step_length_m": p.values["step_length_m"] * 1.06}) for p in r.points)
        )
        for r in drawn_runs(np.random.default_rng(4), 3, 0.0)
    ]
    own = Baseline([*old, *new], NOW).own("step_length_m", 2.8)
    assert own is not None
    assert 1.035 < own.value < 1.06
    before = Baseline(old, NOW - timedelta(days=199)).own("step_length_m", 2.8)
    later = Baseline(old, NOW).own("step_length_m", 2.8)
    assert before is not None
    assert later is not None
    assert later.sd > before.sd


def test_a_run_needs_eleven_steady_minutes_and_tiredness_stays_out() -> None:
    for minutes, counts in ((12.0, False), (14.0, True)):
        part = SteadyPart()
        for metrics in MetricRunner(Body(), minutes, 0.5).moments():
            part.add(metrics)
        run = part.run("r", NOW)
        assert (run.steady_s >= 660.0) is counts
        assert len(Baseline([run], NOW).runs) == counts
    part = SteadyPart()
    for metrics in MetricRunner(Body(tires_pct=20.0, tires_from_s=900.0), 40.0, 0.5).moments():
        part.add(metrics)
    own = Baseline([part.run("r", NOW)], NOW).own("step_length_m", 2.8)
    assert own is not None
    assert own.value == pytest.approx(60 * 2.8 / 164, rel=0.01)


def test_walking_unsteady_and_gappy_parts_do_not_count() -> None:
    def steady(**change: object) -> float:
        part = SteadyPart()
        for metrics in MetricRunner(Body(), 14.0, 0.5).moments():
            part.add(replace(metrics, **change))  # type: ignore[arg-type]
        return part.steady_s

    assert steady(state=GaitState.WALKING) == 0.0
    assert steady(is_steady=False) == 0.0
    assert steady(speed_mps=None) == 0.0
    part = SteadyPart()
    for i, metrics in enumerate(MetricRunner(Body(), 14.0, 0.5).moments()):
        if i % 10 < 5:
            part.add(metrics)
    assert part.run("r", NOW).points == ()


def test_differences_are_at_matched_speed() -> None:
    body = Body(noise=0.0, speed_sd=0.0)
    own = baseline(body)
    for speed in (2.6, 2.8, 3.0):
        metrics = list(MetricRunner(body, 0.5, run_speed_mps=speed).moments())[-1]
        found = compared(metrics, own)
        assert found.step_length_vs_baseline_pct == pytest.approx(0.0, abs=1.0)
        assert found.uncertainty["step_length_vs_baseline_pct"] < 2.0
    longer = replace(metrics, step_length_m=1.05 * (metrics.step_length_m or 0.0))
    assert compared(longer, own).step_length_vs_baseline_pct == pytest.approx(5.0, abs=1.0)


def test_where_it_is_not_sure_it_says_so_instead_of_a_number() -> None:
    own = baseline(Body(noise=0.0))
    fast = list(MetricRunner(Body(noise=0.0, speed_sd=0.0), 0.5, run_speed_mps=6.0).moments())[-1]
    found = compared(fast, own)
    assert found.step_length_vs_baseline_pct is None
    assert found.unknown["step_length_vs_baseline_pct"] is Unknown.USUAL_NOT_SURE
    blank = replace(fast, cadence_spm=None, unknown={"cadence_spm": Unknown.FINDING_AXES})
    assert compared(blank, own).unknown["cadence_vs_baseline_pct"] is Unknown.FINDING_AXES
    assert compared(replace(fast, speed_mps=None), own).unknown["cadence_vs_baseline_pct"] is Unknown.NEEDS_SPEED


def test_height_scales_and_cancels_for_one_runner() -> None:
    runs = drawn_runs(np.random.default_rng(8), 5)
    short, tall = (Baseline(runs, NOW, h).own("step_length_m", 2.9) for h in (1.5, 2.0))
    assert short is not None
    assert tall is not None
    assert short.value == pytest.approx(tall.value, rel=1e-6)


@given(
    st.lists(
        st.tuples(st.floats(0.6, 8), st.floats(-15, 15), st.integers(1, 60), st.floats(0.2, 2.5)),
        min_size=1,
        max_size=12,
    )
)
def test_any_points_give_finite_answers(points: list[tuple[float, float, int, float]]) -> None:
    runs = [
        BaselineRun(f"r{i}", NOW - timedelta(days=i), 700.0, (BaselinePoint(v, g, n, {"step_length_m": y}),))
        for i, (v, g, n, y) in enumerate(points)
    ]
    own = Baseline(runs, NOW).own("step_length_m", 2.8)
    assert own is not None
    assert np.isfinite(own.value)
    assert own.sd > 0.0
