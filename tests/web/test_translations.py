"""Every language says all that English says: same keys, same parameters, nothing left in English or empty."""

import re
from collections.abc import Iterator, Mapping

import pytest

from coach.language.locales import LOCALES
from coach.language.phrases import FOLDER as PHRASES
from coach.language.phrases import Translation, read_phrases
from coach.language.signs import DEFAULT
from tests.phrases import english
from web.words import FOLDER as WORDS
from web.words import read_words

OTHERS = [language for language in LOCALES if language != DEFAULT]
_PARAMETER = re.compile(r"\{(\w+)[^}]*\}")


def _files(language: str) -> list[str]:
    return sorted(file.name for file in (WORDS / language).glob("*.toml"))


def _of(words: Mapping[str, str], file: str) -> dict[str, str]:
    return {key: text for key, text in words.items() if key.startswith(file.removesuffix(".toml") + ".")}


@pytest.mark.parametrize("language", OTHERS)
def test_every_file_that_is_translated_has_the_keys_and_parameters_of_english(language: str) -> None:
    if not _files(language):
        pytest.skip("not begun")
    ours, theirs = read_words(), read_words(language)
    faults = []
    for file in _files(language):
        here, there = _of(ours, file), _of(theirs, file)
        faults += [f"{key}: missing" for key in here.keys() - there.keys()]
        faults += [f"{key}: unknown" for key in there.keys() - here.keys()]
        faults += [
            f"{key}: {sorted(_parameters(here[key]))} became {sorted(_parameters(there[key]))}"
            for key in here.keys() & there.keys()
            if _parameters(here[key]) != _parameters(there[key]) and not key.endswith(".one")
        ]
    assert faults == []


def _parameters(text: str) -> set[str]:
    return set(_PARAMETER.findall(text))


@pytest.mark.parametrize("language", OTHERS)
def test_phrases_have_the_parameters_of_english(language: str) -> None:
    faults = [
        f"{phrase}: {text}"
        for phrase, own in read_phrases(language).items()
        for text in _texts(own)
        if text and not _parameters(text) <= _parameters(phrase)
    ]
    assert faults == []


def _texts(own: Translation) -> Iterator[str]:
    yield from [own] if isinstance(own, str) else own.values()


def test_the_files_of_phrases_are_those_of_the_sources() -> None:
    for language in OTHERS:
        found = {file.name for file in (PHRASES / language).glob("*.toml")}
        assert found == set(english())
