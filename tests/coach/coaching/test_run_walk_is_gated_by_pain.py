"""The run-walk programme: steps up slowly, down at once, and nothing where pain or signs forbid."""

import itertools
from dataclasses import replace

import pytest

from coach.coaching.run_walk import load_run_walk, reached_step, run_walk_state, workout_of
from coach.coaching.workout_follower import WorkoutFollower
from coach.model.pain import Lock
from coach.model.workouts import PartKind, RunWalkSession
from tests.support.coaching import answered

N_STEPS = len(load_run_walk().steps)


def good(step: int) -> RunWalkSession:
    return RunWalkSession(step, True, 1, 1)


def test_every_session_lasts_half_an_hour_and_running_grows_from_step_to_step() -> None:
    """ASTEROID: three sessions of 30 minutes a week for twelve weeks."""
    running = []
    for step in range(1, N_STEPS + 1):
        workout = workout_of(step)
        assert 26 * 60 <= workout.seconds <= 32 * 60, step
        assert workout.parts[0].kind is PartKind.WARM_UP
        assert workout.parts[-1].kind is PartKind.COOL_DOWN
        assert workout.parts[-2].kind is PartKind.RUN  # the cool-down is a walk already
        running.append(sum(part.seconds for part in workout.parts if part.kind is PartKind.RUN))
    assert running == sorted(running)
    assert running[0] < 200
    assert running[-1] >= 1200
    assert all(later / earlier <= 2.0 for earlier, later in itertools.pairwise(running))


def test_the_parts_of_a_step_known_by_hand() -> None:
    workout = workout_of(4)
    kinds = [part.kind for part in workout.parts]
    assert kinds[:4] == [PartKind.WARM_UP, PartKind.RUN, PartKind.WALK, PartKind.RUN]
    assert (workout.n_rounds, workout.seconds) == (10, 300 + 10 * 60 + 9 * 60 + 300)
    led = WorkoutFollower(workout)
    for elapsed_s, part in ((0.0, 0), (299.9, 0), (300.0, 1), (359.9, 1), (workout.seconds, len(workout.parts))):
        led.follow(elapsed_s, None)
        assert led.place.part == part, elapsed_s


def test_two_good_sessions_in_a_row_lead_on() -> None:
    assert reached_step([]) == 1
    assert reached_step([good(1)]) == 1
    assert reached_step([good(1), good(1)]) == 2
    assert reached_step([good(1), good(1), good(2), good(2), good(3)]) == 3
    assert reached_step([good(N_STEPS)] * 100) == N_STEPS


@pytest.mark.parametrize(
    "session",
    [
        RunWalkSession(1, True, 3, 1),  # pain of 3 in it
        RunWalkSession(1, True, None, 1),  # no answer
        RunWalkSession(1, True, 1, None),  # the morning after is not known
        RunWalkSession(1, False, 1, 1),  # cut short
    ],
)
def test_what_is_not_known_to_be_good_is_not_counted(session: RunWalkSession) -> None:
    assert reached_step([good(1), session, good(1)]) == 1
    assert reached_step([good(1), session, good(1), good(1)]) == 2


@pytest.mark.parametrize("session", [RunWalkSession(3, True, 6, 1), RunWalkSession(3, True, 1, 3)])
def test_strong_pain_or_a_bad_morning_leads_back(session: RunWalkSession) -> None:
    before = [good(1), good(1), good(2), good(2)]
    assert reached_step(before) == 3
    assert reached_step([*before, session]) == 2
    assert reached_step([replace(session, step=1)]) == 1


def test_an_easier_session_does_not_count_for_the_step_above() -> None:
    before = [good(1), good(1), good(2), good(2)]
    assert reached_step([*before, good(2), good(2)]) == 3


def test_pain_decides_about_today() -> None:
    before = [good(1), good(1), good(2), good(2)]
    assert run_walk_state(before, answered(1)).step == 3
    assert run_walk_state(before, answered(1)).is_allowed
    sore = run_walk_state(before, answered(4))
    assert (sore.step, sore.is_allowed) == (2, True)
    assert "one step back" in sore.words
    assert run_walk_state([], answered(4)).step == 1
    hurt = run_walk_state(before, answered(7))
    assert not hurt.is_allowed
    assert "walk today" in hurt.words
    assert not run_walk_state(before, answered(0, calf=6)).is_allowed
    assert not run_walk_state(before, replace(answered(0), level=None, calf_level=None)).is_allowed
    for lock in (Lock.EMERGENCY, Lock.URGENT, Lock.NOT_ASKED):
        assert not run_walk_state(before, replace(answered(0), lock=lock)).is_allowed


def test_the_programme_names_its_source() -> None:
    assert "ASTEROID" in run_walk_state([], answered(0)).source
