"""The run-walk programme over a real store: sessions, pain during and after them, and the morning after."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coach.errors import UserError
from coach.model.pain import PainEntry, PainMoment
from coach.model.runs import Run, RunState
from coach.service.runner import RunnerService
from coach.service.runs.coaching import CoachingService
from coach.service.runs.run_walk import RunWalkService
from coach.storage.store import Store
from coach.summary.summarise import summarise
from tests.coach.summary.runs import make_seconds


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "coach.sqlite")
    yield made
    made.close()


def session(store: Store, programme: RunWalkService, days_ago: float, worst: int, morning: int | None) -> None:
    at = datetime.now(UTC) - timedelta(days=days_ago)
    run = Run(f"r{days_ago:g}", at, RunState.RECORDING)
    store.runs.create(run)
    programme.began(run, programme.workout())
    seconds = make_seconds(1800)
    store.runs.data.add(run.run_id, (), seconds)
    store.runs.finish(run.run_id, RunState.FINISHED, summarise([], (), seconds))
    store.pain.add(PainEntry(at + timedelta(minutes=31), PainMoment.AFTER_RUN, back=worst, run_id=run.run_id))
    if morning is not None:
        store.pain.add(PainEntry(at + timedelta(hours=14), PainMoment.NEXT_MORNING, back=morning))


def test_sessions_lead_on_and_pain_leads_back(store: Store) -> None:
    coaching, runner = CoachingService(store), RunnerService(store)
    programme = RunWalkService(store, coaching.pain_state)
    assert not programme.state().is_allowed  # nobody has asked about signs and pain
    with pytest.raises(UserError):
        programme.workout()
    runner.answer_red_flags([])
    runner.report_pain(PainMoment.BEFORE_RUN, back=1, calf=0)
    assert (programme.state().step, programme.state().is_allowed) == (1, True)
    session(store, programme, 9, 1, 1)
    session(store, programme, 7, 2, 1)
    assert programme.state().step == 2
    session(store, programme, 5, 1, None)
    assert programme.state().step == 2
    session(store, programme, 3, 6, 2)
    assert programme.state().step == 1
    assert programme.state().n_sessions == 4


def test_a_run_that_is_gone_is_no_session(store: Store) -> None:
    RunnerService(store).answer_red_flags([])
    RunnerService(store).report_pain(PainMoment.BEFORE_RUN, back=0, calf=0)
    programme = RunWalkService(store, CoachingService(store).pain_state)
    programme.began(Run("gone", datetime.now(UTC), RunState.RECORDING), programme.workout())
    assert programme.state().n_sessions == 0
