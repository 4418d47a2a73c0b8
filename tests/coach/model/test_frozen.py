"""A frozen class of ours refuses and prints as one of Python's library does, and takes less."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coach.model import frozen

ROOT = Path(__file__).resolve().parents[3]


def make(dataclass: Callable[..., Any]) -> type:
    """The same noun by either decorator."""

    @dataclass(frozen=True, slots=True)
    class Noun:
        name: str
        parts: tuple[object, ...] = ()
        hidden: int = dataclasses.field(default=3, repr=False)

    return Noun


def outcome(of: Callable[[], object]) -> object:
    try:
        return of()
    except AttributeError as error:
        return type(error), str(error)


def test_a_noun_behaves_as_one_of_the_library() -> None:
    def facts(noun: Any) -> list[object]:
        one = noun("a", ("b", noun("c")))
        return [
            repr(one),
            outcome(lambda: setattr(one, "name", "d")),
            outcome(lambda: delattr(one, "name")),
            one == noun("a", ("b", noun("c"))),
            hash(one) == hash(noun("a", ("b", noun("c")))),
            dataclasses.replace(one, name="e").name,
            one.__match_args__,
            noun.__doc__,
        ]

    assert facts(make(frozen.dataclass)) == facts(make(dataclasses.dataclass))


def test_a_noun_takes_no_field_that_it_has_not() -> None:
    """Of a class with slots, the library's own `__setattr__` raises a TypeError here, for it asks the class before."""
    with pytest.raises(dataclasses.FrozenInstanceError, match="other"):
        make(frozen.dataclass)("a").other = 1  # type: ignore[attr-defined]


def test_a_noun_that_holds_itself_is_printed() -> None:
    parts: list[object] = []
    one = make(frozen.dataclass)("a", parts)
    parts.append(one)
    assert repr(one).endswith("Noun(name='a', parts=[...])")


def test_a_noun_keeps_the_repr_that_it_has() -> None:
    @frozen.dataclass(frozen=True, slots=True)
    class Secret:
        key: str

        def __repr__(self) -> str:
            return "Secret()"

    assert repr(Secret("k")) == "Secret()"


def test_what_is_not_frozen_can_be_changed() -> None:
    @frozen.dataclass(slots=True)
    class State:
        n: int = 0

    state = State()
    state.n = 4
    assert repr(state).endswith("State(n=4)")


def test_classes_share_what_is_the_same_in_all() -> None:
    one, other = make(frozen.dataclass), make(frozen.dataclass)
    assert all(vars(one)[name] is vars(other)[name] for name in ("__setattr__", "__delattr__", "__repr__"))
    files = [path for room in ("coach", "web") for path in (ROOT / room).rglob("*.py") if path.name != "frozen.py"]
    by_the_library = re.compile(r"^from dataclasses import .*\bdataclass\b|dataclasses\.dataclass\(", re.MULTILINE)
    texts = {path: path.read_text("utf-8") for path in files}
    found = [path for path, text in texts.items() if "(frozen=True" in text and by_the_library.search(text)]
    assert found == [], "take dataclass from coach.model.frozen for a frozen class"
