"""Check workouts as they are built, make their parts, and decide what pain says to them. Pure.

The gates are those of `pain` and of the run-walk programme: above 5 or with a warning sign nothing is led, 3 to 5 and
rising pain leave what is not hard, and unknown never counts as good.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from coach.coaching.pain import GO_ON, STOP_ABOVE
from coach.coaching.workout_follower import is_hard
from coach.errors import UserError
from coach.model.documents import JsonObject
from coach.model.pain import Lock, PainState
from coach.model.workouts import PartKind, Workout, WorkoutBlock, WorkoutPart, WorkoutPlan

# Bounds of what is led, so that a slip of the finger or a foreign file cannot ask for a day of running; by judgement.
MOST_PARTS: Final = 200
MOST_SECONDS: Final = 6 * 3600.0  # as above
MOST_METRES: Final = 50_000.0  # as above
SLOWEST_MPS: Final = 0.5  # a stroll; the fastest is a world record's sprint
FASTEST_MPS: Final = 12.5  # as above


@cache
def load_templates() -> Mapping[str, WorkoutPlan]:
    """Read `workouts.toml`, by id; raises KeyError where it lacks something."""
    table = tomllib.loads((Path(__file__).parent / "workouts.toml").read_text("utf-8"))
    return {
        one["id"]: checked(WorkoutPlan(one["id"], one["title"], tuple(map(_block, one["blocks"])), table["source"]))
        for one in table["workout"]
    }


def _block(given: JsonObject) -> WorkoutBlock:
    parts = tuple(
        WorkoutPart(PartKind(one["kind"]), float(one.get("seconds", 0)), metres=one.get("metres"))
        for one in given["parts"]
    )
    return WorkoutBlock(int(given["times"]), parts)


def checked(plan: WorkoutPlan) -> WorkoutPlan:
    """Return the plan, if it can be led.

    Raises:
        UserError: it has no part, too many, or one whose length or pace cannot be.
    """
    parts = [part for block in plan.blocks for part in block.parts]
    n_parts = sum(block.times * len(block.parts) for block in plan.blocks)
    if not parts or any(block.times < 1 for block in plan.blocks):
        raise UserError("a workout needs at least one part")
    if n_parts > MOST_PARTS:
        raise UserError(f"a workout has up to {MOST_PARTS} parts, not {n_parts}")
    for part in parts:
        metres = 1.0 if part.metres is None else part.metres
        if not 0 <= part.seconds <= MOST_SECONDS or not 0 < metres <= MOST_METRES:
            raise UserError("a part lasts up to 6 hours or 50 km")
        speeds = [speed for speed in (part.low_mps, part.high_mps) if speed is not None]
        if any(not SLOWEST_MPS <= speed <= FASTEST_MPS for speed in speeds) or speeds != sorted(speeds):
            raise UserError("a pace goes from the slower to the faster, between 33:20 and 1:20 per kilometre")
    whole = workout_of(plan)
    if whole.seconds > MOST_SECONDS or whole.metres > MOST_METRES:
        raise UserError("a workout has up to 6 hours or 50 km in all")
    return plan


def workout_of(plan: WorkoutPlan) -> Workout:
    """Return the parts in their order; runs are numbered,
    and what lies between them has the number of the run before."""
    parts: list[WorkoutPart] = []
    n_runs = 0
    for block in plan.blocks:
        for part in block.parts * block.times:
            n_runs += part.kind is PartKind.RUN
            is_counted = part.kind in (PartKind.RUN, PartKind.WALK, PartKind.EASY)
            number = n_runs if is_counted else 0
            parts.append(WorkoutPart(part.kind, part.seconds, number, part.metres, part.low_mps, part.high_mps))
    return Workout(plan.id, 0, tuple(parts), plan.title)


def gate(workout: Workout, pain: PainState, limit_m: float | None = None) -> tuple[bool, str]:
    """Whether it may be led today, and the words to it. limit_m: today's limit of distance, 10 %
    beyond the longest run of 30 days [m]; None where it is unknown."""
    worst = max((level for level in (pain.level, pain.calf_level) if level is not None), default=None)
    if pain.lock is not Lock.NONE:
        return False, pain.words
    if worst is None:
        return False, "First say how your back is today."
    if worst > STOP_ABOVE:
        return False, "Pain is above 5: walk today, as far as it is easy, and try again tomorrow."
    if is_hard(workout) and (worst > GO_ON or pain.is_rising or not pain.is_settled):
        return False, "Pain is up: no intervals and no pace today. Easy running or run-walk is fine."
    if limit_m is not None and workout.metres > limit_m:
        return True, f"Its parts by distance alone are longer than today's limit of {limit_m / 1000:.1f} km."
    return True, ""
