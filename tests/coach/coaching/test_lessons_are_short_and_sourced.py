"""Lessons and the flare-up plan are data that is checked: short, sourced, and of one mind with the pain rules."""

from pathlib import Path
from typing import Final

import pytest

from coach.coaching.lessons import load_flare_up, load_lessons, parse_lessons
from coach.coaching.loader import load_sources
from coach.errors import ProfileError

FLARE: Final = '[flare_up]\ntitle = "x"\nlead = "x"\nsources = ["cai_2017"]\nstep = []\n'
LESSON: Final = (
    '[[lesson]]\nid = "a"\ntitle = "A"\ntext = ["x"]\nquestion = "?"\noptions = ["1", "2"]\nanswer = {answer}\n'
    'because = "x"\nsources = ["{source}"]\n'
)


def test_every_lesson_is_read_in_two_minutes_and_its_question_has_one_answer() -> None:
    assert {"hurt_and_harm", "load", "sleep", "why_legs"} <= set(load_lessons())
    for lesson in load_lessons().values():
        assert 40 <= len(" ".join(lesson.text).split()) <= 150, lesson.id
        assert max(len(sentence.split()) for words in lesson.text for sentence in words.split(". ")) <= 32, lesson.id
        assert 2 <= len(lesson.options) == len(set(lesson.options)) <= 4


def test_lessons_and_plan_claim_no_treatment() -> None:
    texts = [words for lesson in load_lessons().values() for words in (*lesson.text, lesson.because)]
    texts += [words for step in load_flare_up().step for words in step.does]
    for word in ("cure", "heal", "treat", "guarantee", "disc", "will ease your"):
        assert not [words for words in texts if word in words.lower().split()], word


def test_the_flare_up_plan_asks_for_signs_first_and_stops_where_the_pain_rules_stop() -> None:
    first, *_, last = load_flare_up().step
    assert "warning signs" in first.does[0]
    texts = " ".join(words for step in load_flare_up().step for words in step.does)
    assert "No run and no weights while pain is above 5" in texts
    assert "above 5 for a week" in " ".join(last.does)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (FLARE + LESSON.format(answer=2, source="cai_2017"), "answer is the place"),
        (FLARE + LESSON.format(answer=0, source="moon"), "no source 'moon'"),
        (FLARE + 2 * LESSON.format(answer=0, source="cai_2017"), "lesson a: twice"),
        (FLARE + LESSON.format(answer=0, source="cai_2017").replace('text = ["x"]', "text = []"), "text and sources"),
        (LESSON.format(answer=0, source="cai_2017"), "flare_up"),
        ("[[lesson", "lessons.toml"),
    ],
)
def test_a_faulty_file_is_refused_with_its_fault(text: str, fault: str) -> None:
    with pytest.raises(ProfileError, match=fault):
        parse_lessons(text, load_sources())


def test_no_text_claims_more_than_its_trial_and_none_makes_bending_a_danger() -> None:
    root = Path(__file__).resolve().parents[3]
    files = [
        *(root / "coach").rglob("*.toml"),
        *(root / "coach").rglob("*.py"),
        *(root / "web/words/en").glob("*.toml"),
    ]
    texts = {path.relative_to(root).as_posix(): path.read_text("utf-8") for path in files}
    for claim in ("helps the back most", "instead of rounding", "Time to turn for home", "has stayed without cues"):
        assert not [name for name, text in texts.items() if claim in text], claim
    assert "the sessions were supervised and the runners young" in texts["web/words/en/strength.toml"]
    assert "Bending is fine too." in texts["coach/strength/reminding.py"]
