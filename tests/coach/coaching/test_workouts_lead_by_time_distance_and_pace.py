"""Structured runs: parts by time, distance or Lap; a pace judged, and taken away by pain; the gates of all."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from coach.coaching.pain import pain_state
from coach.coaching.workout_follower import WorkoutFollower, is_hard
from coach.coaching.workout_plans import checked, gate, load_templates, workout_of
from coach.errors import InterchangeError, UserError
from coach.interchange.fit_encoding import ENUM, STRING, UINT16, UINT32, Field, FitFile
from coach.interchange.fit_workout import read_workout, write_workout
from coach.model.pain import Lock, PainEntry, PainMoment, PainState, RedFlagAnswers
from coach.model.workouts import PartKind, WorkoutBlock, WorkoutPart, WorkoutPlace, WorkoutPlan

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
FAST = WorkoutPart(PartKind.RUN, 0.0, metres=400.0, low_mps=3.5, high_mps=3.8)
PLAN = WorkoutPlan(
    "own-1",
    "400s",
    (
        WorkoutBlock(1, (WorkoutPart(PartKind.WARM_UP, 600.0),)),
        WorkoutBlock(2, (FAST, WorkoutPart(PartKind.EASY, 90.0))),
        WorkoutBlock(1, (WorkoutPart(PartKind.COOL_DOWN, 0.0),)),
    ),
)


def pain(level: int | None) -> PainState:
    entries = [] if level is None else [PainEntry(NOW, PainMoment.NOW, level, 0)]
    return pain_state(entries, (RedFlagAnswers(NOW, ()),), NOW)


def test_parts_end_by_time_by_distance_and_by_lap() -> None:
    one = WorkoutFollower(workout_of(PLAN))
    assert one.follow(0.5, 0.0)
    assert one.part.kind is PartKind.WARM_UP
    assert not one.skip(10.0, 30.0), "a part by time does not end by Lap"
    assert one.follow(600.2, 1500.0)
    assert one.status(1500.0, False)["ends_m"] == 1900.0
    assert not one.follow(700.0, 1899.0)
    assert one.follow(712.0, 1901.5)
    assert (one.part.kind, one.place.began_m) == (PartKind.EASY, 1900.0), "a metre late is not added to the next"
    assert one.follow(802.4, 2100.0)
    assert one.place.began_s == 802.0, "nor is half a second"
    assert one.follow(2000.0, 2500.0)
    assert one.follow(2090.0, 2600.0)
    assert one.status(2600.0, False) | {"ends_s": None} == {
        "kind": "cool_down", "part": 5, "id": "own-1", "round": 0, "n_rounds": 2, "seconds": 0.0, "ends_s": None,
        "is_by_lap": True,
    }  # fmt: skip
    assert one.skip(2200.0, 2700.0)
    assert one.is_over


def test_without_a_distance_a_part_by_distance_waits_for_lap_and_says_so() -> None:
    one = WorkoutFollower(workout_of(PLAN))
    one.follow(600.0, None)
    assert one.part.metres == 400.0
    assert one.status(None, False)["is_by_lap"] is True
    assert not one.follow(2000.0, None)
    assert one.skip(2000.0, None)
    assert one.part.kind is PartKind.EASY


def test_a_run_that_was_cut_off_goes_on_in_its_part() -> None:
    one = WorkoutFollower(workout_of(PLAN), WorkoutPlace(3, 900.0, 2500.0))
    assert not one.follow(950.0, 2800.0)
    assert one.follow(1010.0, 2910.0)
    assert one.place == WorkoutPlace(4, 1010.0, 2900.0)


def test_pace_is_judged_after_settling_and_not_in_pain() -> None:
    one = WorkoutFollower(workout_of(PLAN), WorkoutPlace(1, 600.0, 1500.0))
    said = [s for s in range(600, 660) if one.judge_pace(float(s), 3.2, False)]
    assert said == [625], "15 s to settle and 10 s too slow"
    assert one.status(1600.0, False)["pace"] == "slow"
    assert [s for s in range(660, 680) if one.judge_pace(float(s), 3.6, False)] == [665]
    eased = one.status(1600.0, True)
    assert eased["is_eased"] is True
    assert "low_mps" not in eased
    assert one.judge_pace(700.0, 3.6, True)
    assert one.status(1600.0, True)["pace"] == ""


@pytest.mark.parametrize(
    ("level", "hard", "easy"),
    [(None, False, False), (0, True, True), (2, True, True), (4, False, True), (6, False, False)],
)
def test_pain_gates_what_is_hard_before_what_is_easy(level: int | None, hard: bool, easy: bool) -> None:
    walk = workout_of(load_templates()["run_walk_4_1"])
    assert is_hard(workout_of(PLAN))
    assert not is_hard(walk)
    assert gate(workout_of(PLAN), pain(level))[0] is hard
    assert gate(walk, pain(level))[0] is easy
    never_asked = replace(pain(level), lock=Lock.NOT_ASKED, words="asked first")
    assert gate(walk, never_asked) == (False, "asked first")


def test_a_workout_longer_than_the_runs_of_late_says_so() -> None:
    assert gate(workout_of(PLAN), pain(0), 5000.0) == (True, "")
    is_allowed, words = gate(workout_of(PLAN), pain(0), 700.0)
    assert is_allowed
    assert "0.7 km" in words


@pytest.mark.parametrize(
    "part",
    [
        replace(FAST, metres=-1.0),
        replace(FAST, metres=1e6),
        replace(FAST, low_mps=3.8, high_mps=3.5),
        replace(FAST, high_mps=40.0),
        replace(FAST, metres=None, seconds=1e6),
    ],
)
def test_what_cannot_be_run_is_refused(part: WorkoutPart) -> None:
    with pytest.raises(UserError):
        checked(replace(PLAN, blocks=(WorkoutBlock(1, (part,)),)))
    with pytest.raises(UserError, match="parts"):
        checked(replace(PLAN, blocks=(WorkoutBlock(201, (FAST,)),)))


def test_parts_that_fit_make_no_day_of_running_together() -> None:
    for part in (WorkoutPart(PartKind.EASY, 3 * 3600.0), replace(FAST, metres=20_000.0)):
        checked(replace(PLAN, blocks=(WorkoutBlock(2, (part,)),)))
        with pytest.raises(UserError, match="6 hours or 50 km in all"):
            checked(replace(PLAN, blocks=(WorkoutBlock(3, (part,)),)))


def test_every_template_can_be_led_to_its_end() -> None:
    for plan in load_templates().values():
        one = WorkoutFollower(workout_of(plan))
        for second in range(2 * 3600):
            one.follow(float(second), 2.5 * second)
        assert one.is_over, plan.id


def test_fit_files_bring_back_what_went_out() -> None:
    for plan in (PLAN, *load_templates().values()):
        found = read_workout(write_workout(plan), plan.id)
        assert (found.plan.title, found.notes) == (plan.title, ())
        assert workout_of(found.plan) == workout_of(plan)
        repeats = [[block for block in one.blocks if block.times > 1] for one in (found.plan, plan)]
        assert repeats[0] == repeats[1]


def test_fit_files_of_other_things_are_refused_with_words() -> None:
    whole = write_workout(PLAN)
    for cut in range(0, len(whole), 7):
        with pytest.raises(InterchangeError):
            read_workout(whole[:cut], "x")
    swim = FitFile()
    swim.add(26, [(Field(4, ENUM), 5), (Field(8, STRING, size=8), "Lengths")])
    swim.add(27, [(Field(254, UINT16), 0), (Field(1, ENUM), 1), (Field(2, UINT32), 10000), (Field(7, ENUM), 0)])
    with pytest.raises(InterchangeError, match="for swimming"):
        read_workout(swim.close(), "x")


def test_foreign_steps_keep_what_can_be_led_and_say_what_is_left_out() -> None:
    file = FitFile()
    file.add(26, [(Field(4, ENUM), 1), (Field(8, STRING, size=8), "Foreign")])
    kinds = (Field(254, UINT16), Field(1, ENUM), Field(2, UINT32), Field(3, ENUM), Field(4, UINT32), Field(7, ENUM))
    for row in (
        (0, 0, 300_000, 2, 0, 2),  # five minutes of warm-up
        (1, 2, 150, 2, 0, 0),  # until the heart rate is below
        (2, 0, 60_000, 1, 3, 5),  # a minute in a heart rate zone
        (3, 0, 60_000, 2, 0, 4),
        (4, 6, 2, 2, 4, 0),  # four times from step 2
        (5, 6, 1, 2, 2, 0),  # and all of it twice from step 1
    ):
        file.add(27, list(zip(kinds, row, strict=True)))
    found = read_workout(file.close(), "x")
    assert [note.split()[0] for note in found.notes] == ["A", "Targets"]
    parts = workout_of(checked(found.plan)).parts
    assert [(part.kind.value, part.seconds) for part in parts[:4]] == [
        ("warm_up", 300.0),
        ("run", 0.0),
        ("run", 60.0),
        ("easy", 60.0),
    ]
    assert len(parts) == 1 + 2 * (1 + 2 * 4)
