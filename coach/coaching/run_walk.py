"""Choose today's session of the run-walk programme for people in pain, from the sessions before and the pain. Pure.

Frame of the ASTEROID trial (Neason 2024, `sources.toml`); steps in `run_walk.toml`. Gated by the rules of `pain`: 0 to
2 goes on, 3 to 5 gives one step back for the day, above 5 or with a warning sign nothing is run. A step is left upwards
after two whole sessions in a row with pain of at most 2 in them and on the morning after; it is left downwards after a
session with pain above 5, or one whose pain had not settled by the morning after. Unknown never counts as good.
"""

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from coach.coaching.loader import load_sources
from coach.coaching.pain import GO_ON, STOP_ABOVE
from coach.model.frozen import dataclass
from coach.model.pain import Lock, PainState
from coach.model.workouts import PartKind, RunWalkSession, RunWalkState, Workout, WorkoutPart

WORKOUT: Final = "run_walk"


@dataclass(frozen=True, slots=True)
class RunWalkStep:
    """One step's intervals: `rounds` times run_s of running and walk_s of walking [s]."""

    run_s: float
    walk_s: float
    rounds: int


@dataclass(frozen=True, slots=True)
class RunWalkProgramme:
    """`run_walk.toml`. good_sessions: in a row, before the next step."""

    steps: tuple[RunWalkStep, ...]
    warm_up_s: float
    cool_down_s: float
    good_sessions: int
    source: str


@cache
def load_run_walk() -> RunWalkProgramme:
    """Read the programme; raises KeyError where its file lacks something."""
    table = tomllib.loads((Path(__file__).parent / "run_walk.toml").read_text("utf-8"))
    sources = load_sources()
    steps = tuple(RunWalkStep(float(one["run_s"]), float(one["walk_s"]), int(one["rounds"])) for one in table["step"])
    source = "\n".join(f"{sources[name].cite}:\n{sources[name].says}" for name in table["sources"])
    return RunWalkProgramme(
        steps, float(table["warm_up_s"]), float(table["cool_down_s"]), int(table["good_sessions"]), source
    )


def reached_step(sessions: Sequence[RunWalkSession]) -> int:
    """Return the step (from 1) that the sessions so far have led to, oldest first."""
    programme = load_run_walk()
    step, n_good = 1, 0
    for session in sessions:
        worst, morning = session.worst, session.morning
        if (worst or 0) > STOP_ABOVE or (morning or 0) > GO_ON:
            step, n_good = max(1, min(step, session.step) - 1), 0
        elif session.is_whole and worst is not None and worst <= GO_ON and morning is not None and session.step >= step:
            n_good += 1
            if n_good >= programme.good_sessions:
                step, n_good = min(len(programme.steps), step + 1), 0
        else:
            n_good = 0
    return step


def run_walk_state(sessions: Sequence[RunWalkSession], pain: PainState) -> RunWalkState:
    """Return today's session: the step reached, one less where it hurts, none where pain or signs forbid."""
    programme = load_run_walk()
    step = reached_step(sessions)
    worst = max((level for level in (pain.level, pain.calf_level) if level is not None), default=None)
    is_allowed, words = True, ""
    if pain.lock is not Lock.NONE:
        is_allowed, words = False, pain.words
    elif worst is None:
        is_allowed, words = False, "First say how your back is today."
    elif worst > STOP_ABOVE:
        is_allowed, words = False, "Pain is above 5: walk today, as far as it is easy, and try again tomorrow."
    elif worst > GO_ON or pain.is_rising or not pain.is_settled:
        step = max(1, step - 1)
        words = "Pain is up: one step back today. That is part of the programme, not a failure."
    elif sessions and sessions[-1].morning is None:
        words = "The same step again until you have said how your back was on the morning after."
    chosen = programme.steps[step - 1]
    return RunWalkState(
        step,
        len(programme.steps),
        chosen.run_s,
        chosen.walk_s,
        chosen.rounds,
        len(sessions),
        is_allowed,
        words or "Three times a week, with a day between. Slow enough to talk.",
        programme.source,
    )


def workout_of(step: int) -> Workout:
    """Return the parts of one step (from 1); the last run is followed by the cool-down, not by a walk."""
    programme = load_run_walk()
    chosen = programme.steps[step - 1]
    parts = [WorkoutPart(PartKind.WARM_UP, programme.warm_up_s)]
    for number in range(1, chosen.rounds + 1):
        parts.append(WorkoutPart(PartKind.RUN, chosen.run_s, number))
        if chosen.walk_s and number < chosen.rounds:
            parts.append(WorkoutPart(PartKind.WALK, chosen.walk_s, number))
    parts.append(WorkoutPart(PartKind.COOL_DOWN, programme.cool_down_s))
    return Workout(WORKOUT, step, tuple(parts))
