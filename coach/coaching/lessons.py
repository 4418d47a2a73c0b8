"""Read the lessons and the flare-up plan from `lessons.toml`, and check them."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from coach.coaching.loader import load_sources
from coach.errors import ProfileError
from coach.model.cues import Source
from coach.model.frozen import dataclass
from coach.model.plain import from_plain

_FILE: Final = "lessons.toml"


@dataclass(frozen=True, slots=True)
class Lesson:
    """One thought in a few sentences, and a question about it. answer: place of the right one of `options`, from 0."""

    id: str
    title: str
    text: tuple[str, ...]
    question: str
    options: tuple[str, ...]
    answer: int
    because: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FlareUpStep:
    """One step of the plan. does: what to do in it, a sentence each."""

    title: str
    does: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FlareUpPlan:
    """What to do when pain flares up, step by step."""

    title: str
    lead: str
    step: tuple[FlareUpStep, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Document:
    lesson: tuple[Lesson, ...]
    flare_up: FlareUpPlan


@cache
def load_lessons() -> Mapping[str, Lesson]:
    """Return all lessons, by id, in the order of the file."""
    return {lesson.id: lesson for lesson in _ours().lesson}


@cache
def load_flare_up() -> FlareUpPlan:
    """Return the plan for a flare-up."""
    return _ours().flare_up


@cache
def _ours() -> _Document:
    return parse_lessons((Path(__file__).parent / _FILE).read_text("utf-8"), load_sources())


def parse_lessons(text: str, sources: Mapping[str, Source]) -> _Document:
    """Read and check lessons and plan; raises ProfileError with all faults."""
    try:
        document = from_plain(_Document, tomllib.loads(text))
    except ValueError as error:  # a fault of TOML is one, too
        raise ProfileError(_FILE, [str(error)]) from error
    faults = [fault for lesson in document.lesson for fault in _faults(lesson)]
    cited = [*(s for lesson in document.lesson for s in lesson.sources), *document.flare_up.sources]
    faults += [f"no source {name!r}" for name in dict.fromkeys(cited) if name not in sources]
    ids = [lesson.id for lesson in document.lesson]
    faults += [f"lesson {name}: twice" for name in dict.fromkeys(ids) if ids.count(name) > 1]
    if faults:
        raise ProfileError(_FILE, faults)
    return document


def _faults(lesson: Lesson) -> list[str]:
    faults = []
    if not 0 <= lesson.answer < len(lesson.options):
        faults.append(f"lesson {lesson.id}: answer is the place of one of its options, from 0")
    if not lesson.text or not lesson.sources:
        faults.append(f"lesson {lesson.id}: text and sources are required")
    return faults
