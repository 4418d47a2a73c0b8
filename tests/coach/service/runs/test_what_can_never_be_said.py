"""What the paired sensors can never let the coach say is known before the first run, and stops no block in secret."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coach.coaching.loader import load_rules
from coach.model.links import SensorUse
from coach.model.pain import PainMoment
from coach.model.sites import WearSite
from coach.service.runner import RunnerService
from coach.service.runs.coaching import CoachingService
from coach.service.runs.sayable import unsayable
from coach.storage.store import Store
from tests.coach.coaching.metric_runner import Body
from tests.support.coaching import baseline_runs

POD = SensorUse("P", "Pod", "running_speed_cadence")
FOOT = SensorUse("L", "Left", "movesense", WearSite.LEFT_FOOT)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def can_never(*uses: SensorUse) -> dict[str, str]:
    return unsayable(uses, load_rules())


def test_a_pod_alone_cannot_cue_the_stride_and_a_foot_sensor_changes_it() -> None:
    pod = can_never(POD)
    assert pod["lengthen"] == "a motion sensor on a foot"
    assert {"softer", "midfoot", "even"} <= set(pod)
    assert "quicker" not in pod, "cadence and speed come from the pod"
    assert not {"lean", "swing"} & set(pod), "plain tips need no sensor"
    assert not {"lengthen", "quicker", "softer", "midfoot"} & set(can_never(FOOT))


def test_a_strap_alone_cues_nothing_that_is_measured_and_no_sensor_says_nothing_yet() -> None:
    assert {"lengthen", "quicker", "softer", "even"} <= set(can_never(SensorUse("H", "Strap", "heart_rate")))
    assert can_never() == {}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "coach.sqlite")
    yield made
    made.close()


def test_the_plan_says_so_instead_of_promising_cues(store: Store) -> None:
    runner, coaching = RunnerService(store, lambda: NOW), CoachingService(store, lambda: NOW + timedelta(minutes=1))
    runner.change(height_m=1.75, focus_wish="lengthen")
    runner.report_pain(PainMoment.BEFORE_RUN, 0, 0)
    runner.answer_red_flags([])
    coaching.learn(baseline_runs(Body(), now=NOW))
    store.sensors.remember(POD, NOW)
    plan = coaching.plan()
    assert (plan.focus, plan.block_run) == (None, None)
    assert "can never cue it" in plan.reason
    assert "a motion sensor on a foot" in plan.reason
    store.sensors.remember(FOOT, NOW)
    assert (coaching.plan().focus, coaching.plan().block_run) == ("lengthen", 1)
