"""Every language says all that English says: same keys, same parameters, nothing left in English or empty."""

import re
from collections.abc import Iterator, Mapping
from functools import cache

import pytest

from coach.language.locales import OTHERS
from coach.language.phrases import FOLDER as PHRASES
from coach.language.phrases import Translation, phrases_of, read_phrases
from coach.language.signs import DEFAULT
from tests.phrases import english
from web.words import FOLDER as WORDS
from web.words import read_words

_PARAMETER = re.compile(r"\{(\w+)[^}]*\}")


def _files(language: str) -> list[str]:
    return sorted(file.name for file in (WORDS / language).glob("*.toml"))


def _of(words: Mapping[str, str], file: str) -> dict[str, str]:
    return {key: text for key, text in words.items() if key.startswith(file.removesuffix(".toml") + ".")}


@pytest.mark.parametrize("language", OTHERS)
def test_every_file_has_the_keys_and_parameters_of_english(language: str) -> None:
    assert _files(language) == _files(DEFAULT)
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


# Looked at, each: names, units, what is written alike, and patterns without words of their own.
SAME = {
    "*": {
        *(
            "1 km",
            "10 km",
            "400 m",
            "5 km",
            "kg",
            "km",
            "min/km",
            "min:s",
            "{mb} MB",
            "spm",
            "bpm",
            "GPX",
            "TCX",
            "ntfy",
        ),
        *("Android", "Coach", "Firmware", "Sensor", "FIT (Garmin, Strava, intervals.icu)"),
        *("coach serve --https", "tailscale serve 8765", "Patient-Specific Functional Scale"),
        *("Movella DOT (Xsens DOT)", "Movesense HR2 / Flash / MD", "Polar H10", "Polar Verity Sense"),
        *("Wearable My Foot (Arduino Nano 33 IoT)", "WitMotion WT9011DCL"),
        *("{day}, {clock}", "{name}, {day}", "{name}: {words}", "{title}, {day}", "{words} · {band}"),
        *("{name} {change} %", "{name} {percent} %"),
    },
    "de": {
        *("Balance", "Browser", "Details", "Eversion", "Filter", "Gym", "Import", "Live", "Name", "Pause", "Person"),
        *("Phase", "Port", "Pronation", "Pseudonym", "Start", "Test", "Vibration", "April", "August", "November"),
        *("September", "Downloads|coach-ca.crt", "{distance} {unit} in {time}", "{distance} {unit} in {time}."),
        *("{label} {value}.", "{name}, in {unit}"),
    },
    "es": {"No", "Pelvis", "pelvis"},
}


@pytest.mark.parametrize("language", OTHERS)
def test_what_reads_as_in_english_was_looked_at(language: str) -> None:
    ours, theirs = read_words(), read_words(language)
    alike = {text for key, text in theirs.items() if text == ours[key]}
    alike |= {phrase for phrase, own in read_phrases(language).items() if own == phrase}
    assert alike - SAME["*"] - SAME[language] == set()


@cache
def spoken() -> dict[str, list[str]]:
    return english()


@pytest.mark.parametrize("language", OTHERS)
def test_all_that_the_coach_says_is_translated(language: str) -> None:
    known = read_phrases(language)
    assert [phrase for name in spoken().values() for phrase in name if not known.get(phrase)] == []


@pytest.mark.parametrize("language", OTHERS)
def test_refusals_of_pages_and_of_the_clinic_are_translated(language: str) -> None:
    say = phrases_of(language)
    for refusal in (
        "say where to cut, as minutes and seconds such as 12:30",
        "This request came from another site.",
        "Too many pages watch at once. Close one of them.",
        "this is for a clinician; you are a keeper",
        "a pause ends today or later, not on 2026-11-01",
        "the clinic refuses this: the clock of your coach's machine is off by 12 minutes: set it right",
    ):
        assert say(refusal) != refusal
        assert "clinician" not in say(refusal)


@pytest.mark.parametrize("language", OTHERS)
def test_why_a_file_is_no_run_is_translated(language: str) -> None:
    say = phrases_of(language)
    for reason in (
        "it rolls at 9.5 m/s without steps",
        "no sport is named, and it is too short to show what it was",
        "no sport is named, and 5.2 m/s is a ride's speed",
        "no sport is named, and 0.8 m/s is a stroll's speed",
    ):
        assert say(reason) != reason
        assert "speed" not in say(reason)


@pytest.mark.parametrize("language", OTHERS)
def test_phrases_have_the_parameters_of_english(language: str) -> None:
    faults = [
        f"{phrase}: {text}"
        for phrase, own in read_phrases(language).items()
        for form, text in _texts(own)
        if text and _parameters(phrase) - _parameters(text) - ({"n"} if form == "one" else set())
    ]
    faults += [
        f"{phrase}: {text}"
        for phrase, own in read_phrases(language).items()
        for _, text in _texts(own)
        if not _parameters(text) <= _parameters(phrase)
    ]
    assert faults == []


def _texts(own: Translation) -> Iterator[tuple[str, str]]:
    """Each form with its name; a translation without forms has one without a name."""
    yield from [("", own)] if isinstance(own, str) else own.items()


@pytest.mark.slow
def test_the_files_of_phrases_are_those_of_the_sources() -> None:
    for language in OTHERS:
        found = {file.name for file in (PHRASES / language).glob("*.toml")}
        assert found == set(english())
