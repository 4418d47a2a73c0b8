"""The files of the strength room are whole, and faults in them are all named at once."""

import pytest

from coach.errors import ProfileError
from coach.strength.loader import load_exercises, load_tests, load_tracks, read_exercises, read_tests, read_tracks

TABLE = {
    "half_squat_hold", "squat", "supported_reverse_lunge", "reverse_lunge", "forward_lunge", "long_lunge",
    "side_angled_lunge", "step_up", "romanian_deadlift", "clamshell", "plank", "side_plank", "leg_press",
    "knee_extension", "hip_abduction", "hip_extension", "calf_raise", "calf_raise_bent",
}  # fmt: skip


def test_every_exercise_of_the_table_is_there_with_all_it_needs() -> None:
    exercises = load_exercises()
    assert set(exercises) >= TABLE
    for exercise in exercises.values():
        assert len(exercise.steps) >= 3
        assert exercise.feel
        assert exercise.faults
        assert len(exercise.stop_signs) >= 3
        assert exercise.easier or exercise.harder


def test_the_easiest_of_every_slot_is_known() -> None:
    tracks, dose = load_tracks()
    assert len(tracks) == 3
    assert "ours" in dose.source
    assert "ACSM" in dose.source


def test_tests_cover_pain_function_and_strength() -> None:
    tests = load_tests()
    assert {"pain_now", "pain_worst", "pain_running", "psfs", "sit_to_stand", "wall_sit"} <= set(tests)
    assert tests["biering_sorensen"].pain_at_most == 3
    assert (tests["pain_now"].matters, tests["pain_now"].matters_pct, tests["psfs"].matters) == (2, 30, 2)


def test_all_faults_of_a_file_are_named_at_once() -> None:
    bad = """
    common_stop_signs = ["pain"]
    [[exercise]]
    id = "squat"
    name = "Squat"
    kind = "jumps"
    is_each_side = false
    muscles = []
    kit = ["trampoline"]
    optional_kit = []
    load = "none"
    steps = []
    feel = ""
    faults = []
    source = ""
    harder = "moon"
    colour = "red"
    """
    with pytest.raises(ProfileError) as caught:
        read_exercises(bad)
    text = " ".join(caught.value.faults)
    for word in ("kind", "muscles", "trampoline", "steps", "source", "moon", "colour"):
        assert word in text


def test_a_broken_file_is_named() -> None:
    with pytest.raises(ProfileError, match=r"exercises\.toml"):
        read_exercises("[[")


def test_a_track_with_unknown_exercises_or_too_few_is_refused() -> None:
    bad = """
    [dose]
    n_weeks = 8
    [[track]]
    id = "home"
    name = "Home"
    for_whom = "all"
    kit = ["mat"]
    source = "ours"
    [[track.slot]]
    id = "legs"
    name = "Legs"
    versions = ["flying"]
    first = "squat"
    rest_s = 5
    """
    with pytest.raises(ProfileError) as caught:
        read_tracks(bad, load_exercises())
    text = " ".join(caught.value.faults)
    for word in ("dose.reps_low", "flying", "first", "rest_s", "must be 5 or 6", "gym is missing"):
        assert word in text


def test_a_test_without_its_countdown_is_refused() -> None:
    with pytest.raises(ProfileError, match="timer_s"):
        read_tests(
            '[[test]]\nid="a"\nname="A"\nunit="s"\nkind="time"\ntimer="countdown"\nsteps=["x"]\n'
            'is_better_higher=true\nsource="ours"\n'
        )


def test_a_checklist_without_its_sentences_is_refused() -> None:
    text = '[[test]]\nid="a"\nname="A"\nunit="s"\nkind="checklist"\ntimer="none"\nsteps=["x"]\nhigh=2\n'
    more = 'is_better_higher=true\nsource="ours"\n'
    with pytest.raises(ProfileError, match="a checklist needs them"):
        read_tests(text + more)
    with pytest.raises(ProfileError, match="must be the number of items"):
        read_tests(text + 'items=["x"]\n' + more)
    assert read_tests(text + 'items=["x", "y"]\n' + more)["a"].items == ("x", "y")


def test_a_file_without_a_list_of_tables_is_refused() -> None:
    for text in ("exercise = 3", "exercise = []", 'exercise = ["squat"]', ""):
        with pytest.raises(ProfileError, match=r"exercise: must be a list of tables"):
            read_exercises(text)


def test_a_slot_or_a_test_that_is_wrong_is_named_beside_the_others() -> None:
    with pytest.raises(ProfileError, match=r"track\.home"):
        read_tracks('[[track]]\nid = "home"\n', load_exercises())
    with pytest.raises(ProfileError, match=r"test\.a"):
        read_tests('[[test]]\nid = "a"\nkind = "dance"\n')
