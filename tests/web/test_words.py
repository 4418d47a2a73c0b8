"""Words of the page: every file reads, keys join by dots, and what is missing is loud in tests."""

from pathlib import Path

import pytest

from web.units import VIEWS
from web.words import WordError, Words, read_words


def test_every_file_of_words_reads_and_every_number_has_its_words() -> None:
    words = read_words()
    for name in VIEWS:
        for part in ("label", "short", "why"):
            assert words[f"metrics.{name}.{part}"]


def test_parameters_and_numbers_are_put_in() -> None:
    words = Words({"a.b.one": "{n} lap", "a.b.other": "{n} laps", "a.c": "Hello {name}"}, is_strict=True)
    assert words("a.b", n=1) == "1 lap"
    assert words("a.b", n=3) == "3 laps"
    assert words("a.c", name="you") == "Hello you"


def test_missing_words_raise_when_strict_and_show_their_key_when_not() -> None:
    for key, params in (("x.y", {}), ("a.c", {"other": 1})):
        with pytest.raises(WordError):
            Words({"a.c": "Hello {name}"}, is_strict=True)(key, **params)
    assert Words({})("x.y") == "x.y"
    assert Words({"a.c": "Hello {name}"})("a.c", other=1) == "Hello {name}"


def test_a_language_without_words_and_a_value_that_is_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WordError):
        read_words("xx")
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "a.toml").write_text("b = 3")
    with pytest.raises(WordError, match=r"a\.b"):
        read_words("en", tmp_path)
    (tmp_path / "en" / "a.toml").write_text("b =")
    with pytest.raises(WordError, match=r"a\.toml"):
        read_words("en", tmp_path)
