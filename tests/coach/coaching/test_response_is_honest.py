"""The measured response: right sign for who answers, about zero for who ignores, intervals that hold."""

import math
from dataclasses import replace

import numpy as np
import pytest

from coach.coaching.loader import load_rules
from coach.coaching.response import MeasuredChange, RecentValues, ResponseTracker, cue_responses, focus_response, helped
from coach.model.cues import FocusResponse
from coach.model.intervals import t_quantile
from tests.coach.coaching.metric_runner import Body, MetricRunner
from tests.support.coaching import NOW, engine_for, go, plan

RULES = {rule.id: rule for rule in load_rules()}
RULE = RULES["shortened_stride"]


@pytest.mark.parametrize(
    ("freedom", "value"), [(1, 12.706), (2, 4.303), (3, 3.182), (5, 2.571), (10, 2.228), (30, 2.042), (1e6, 1.960)]
)
def test_quantiles_of_student(freedom: float, value: float) -> None:
    assert t_quantile(freedom) == pytest.approx(value, rel=0.005)


def test_before_and_after_are_means_over_their_windows() -> None:
    trace = ResponseTracker(RULE)
    changes = []
    for t in range(200):
        changes += trace.take(float(t), -5.0 if t <= 100 else -5.0 + min(3.0, 0.1 * (t - 100)))
        if t == 100:
            trace.mark("c1", 100.0, False)
    (change,) = changes
    assert change.before == pytest.approx(-5.0)
    assert change.after == pytest.approx(-5.0 + np.mean([min(3.0, 0.1 * s) for s in range(10, 41)]), abs=0.05)


def test_a_lost_signal_gives_no_response_instead_of_a_wrong_one() -> None:
    trace = ResponseTracker(RULE)
    for t in range(101):
        trace.take(float(t), -5.0)
    trace.mark("c1", 100.0, False)
    found = []
    for t in range(101, 200):
        found += trace.take(float(t), None)
    assert found[0].before == -5.0
    assert found[0].change is None
    past = RecentValues()
    for t in (0.0, 10.0, 20.0, 30.0):
        past.take(t, 1.0)
    assert past.mean(0.0, 30.0) is None


@pytest.mark.parametrize(("known", "is_judged"), [(0.7, False), (0.9, True)])
def test_a_response_is_judged_where_the_metric_was_known_in_80_percent_of_both_spans(
    known: float, is_judged: bool
) -> None:
    for is_before in (True, False):
        trace, found = ResponseTracker(RULE), []
        for t in range(200):
            if t == 100:
                trace.mark("c1", 100.0, False)
            is_lost = 0.0 <= t - (70 if is_before else 110) < 30.0 * (1.0 - known)
            found += trace.take(float(t), None if is_lost else -5.0)
        assert (found[0].change is not None) == is_judged


def test_intervals_of_pooled_cues_hold_the_truth() -> None:
    rng, held, n_inside = np.random.default_rng(3), 0, 0
    for _ in range(400):
        truth = 2.0
        spoken = [MeasuredChange(f"c{i}", RULE.id, False, -5.0, -5.0 + 1.0 + truth + rng.normal()) for i in range(8)]
        withheld = list(1.0 + rng.normal(size=8))
        found = focus_response(RULE, spoken, withheld)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
        one = cue_responses(spoken[:1], RULES, {RULE.id: withheld})[0]
        assert one.low is not None
        assert one.high is not None
        n_inside += one.low <= (spoken[0].change or 0.0) - 1.0 <= one.high
    assert 0.93 <= held / 400 <= 0.98


def test_without_withheld_moments_nothing_is_claimed() -> None:
    spoken = [MeasuredChange(f"c{i}", RULE.id, False, -5.0, -1.0) for i in range(8)]
    found = focus_response(RULE, spoken, [0.1, 0.2])
    assert (found.effect, found.low, found.has_answered) == (None, None, None)
    assert found.change == pytest.approx(4.0)
    assert cue_responses(spoken, RULES, {})[0].effect is None


def test_helped_means_moved_enough_or_on_target() -> None:
    assert helped(RULE, MeasuredChange("c", RULE.id, False, -5.0, -3.5), []) is True
    assert helped(RULE, MeasuredChange("c", RULE.id, False, -5.0, -4.8), []) is False
    assert helped(RULE, MeasuredChange("c", RULE.id, False, -3.1, -2.9), []) is True
    assert helped(RULE, MeasuredChange("c", RULE.id, False, -5.0, None), []) is None
    softer = RULES["land_softer"]
    assert helped(softer, MeasuredChange("c", softer.id, False, 8.0, 3.0), []) is True
    assert helped(softer, MeasuredChange("c", softer.id, False, 8.0, 12.0), []) is False


def runs_of(answers: float, n: int = 12) -> list[FocusResponse]:
    """Faded runs of a runner whose steps shorten, each compared within itself."""
    found = []
    for seed in range(n):
        body = Body(seed=seed, own_cadence_spm=150.0, answers=answers, answer_pct=5.0)
        engine = engine_for(body, replace(plan("quicker", 0.5), seed=seed))
        go(engine, MetricRunner(body, 26.0, 0.5))
        found += [r for r in engine.outcome("r", NOW).focus_responses if r.rule_id == "quicker_low_cadence"]
    return found


@pytest.mark.slow
def test_who_answers_shows_it_and_who_ignores_shows_none() -> None:
    answered, ignored = runs_of(1.0), runs_of(0.0)
    up = [r.effect for r in answered if r.effect is not None]
    flat = [r.effect for r in ignored if r.effect is not None]
    assert len(up) > 8
    assert len(flat) > 8
    assert np.mean(up) > 1.5
    assert min(up) > 0.0
    assert abs(np.mean(flat)) < 2.5 * np.std(flat) / math.sqrt(len(flat)) + 0.1
    assert np.mean([r.low <= 0.0 <= r.high for r in ignored if r.low is not None and r.high is not None]) >= 0.8
    assert not any(r.has_answered for r in ignored if r.high is not None and r.high < 1.0)
