"""The coach's sentences in another language: whole, with parameters, joined, and never by half."""

import re
import time
import tomllib
from collections import defaultdict

import pytest

from coach.language.locales import OTHERS
from coach.language.phrases import FOLDER, LIKE, Phrases, Translation, phrases_of, read_phrases
from tests.phrases import english

TABLE = {
    "Pain is low: go on.": "Der Schmerz ist gering: weiter so.",
    "Pain {level} during this run": "Schmerz {level} in diesem Lauf",
    "landing angle rose by {rise}°": "der Landewinkel stieg um {rise}°",
    "{title}: {n} runs.": {"one": "{title}: {n} Lauf.", "other": "{title}: {n} Läufe."},
    "Lengthen your stride": "Längerer Schritt",
    "Not yet": "",
}


@pytest.fixture
def german() -> Phrases:
    return Phrases(TABLE, "de")


def test_a_sentence_is_translated_with_its_parameters_and_their_decimal_sign(german: Phrases) -> None:
    assert german("Pain is low: go on.") == "Der Schmerz ist gering: weiter so."
    assert german("Pain 3 during this run") == "Schmerz 3 in diesem Lauf"
    assert german("landing angle rose by 2.5°") == "der Landewinkel stieg um 2,5°"


def test_a_parameter_is_translated_and_chooses_the_plural(german: Phrases) -> None:
    assert german("Lengthen your stride: 1 runs.") == "Längerer Schritt: 1 Lauf."
    assert german("Lengthen your stride: 3 runs.") == "Längerer Schritt: 3 Läufe."


def test_joined_sentences_are_translated_one_by_one_and_never_by_half(german: Phrases) -> None:
    both = "Pain is low: go on. Lengthen your stride: 3 runs."
    assert german(both) == "Der Schmerz ist gering: weiter so. Längerer Schritt: 3 Läufe."
    assert german("Pain is low: go on. Nobody knows this.") == "Pain is low: go on. Nobody knows this."


def test_what_is_not_translated_stays(german: Phrases) -> None:
    assert german("Not yet") == "Not yet"
    assert german("") == ""
    assert german("{braces} of a runner's note") == "{braces} of a runner's note"
    assert phrases_of("en")("Pain is low: go on.") == "Pain is low: go on."


def test_a_number_or_a_time_of_day_is_no_place_for_words_and_blanks_around_a_part_stay() -> None:
    table = {
        "{name} {change} %": "{name}: {change} %",
        "{weekday} {n} {month}, {clock}": "{weekday}, {n}. {month}, {clock}",
        "nothing is open{when}": "nichts ist offen{when}",
        "(asked on {day})": "(gefragt am {day})",
        "cadence": "Frequenz",
        "step length": "Schrittlänge",
    }
    german = Phrases(table, "de")
    assert german("cadence +1.2 %, step length \u22121.2 %") == "Frequenz: +1,2 %, Schrittlänge: \u22121,2 %"
    assert german("nothing is open (asked on 2026-11-29)") == "nichts ist offen (gefragt am 2026-11-29)"


@pytest.mark.parametrize("own", ["Running", "Tests. Running", "left, right: 2.5"])
def test_what_the_runner_wrote_is_never_translated(own: str) -> None:
    plan = f"Paused until 2026-03-15: {own}."
    assert phrases_of("de")(plan) == f"Pausiert bis 2026-03-15: {own}."
    assert phrases_of("es")(plan) == f"En pausa hasta el 2026-03-15: {own}."
    assert phrases_of("de")("Paused, as you asked.") == "Pausiert, wie von dir gewünscht."


def test_a_long_text_that_nobody_knows_costs_no_time() -> None:
    german = phrases_of("de")
    known = german("Sent.")
    assert german("Sent. " * 19 + "Sent.") == " ".join([known] * 20)
    texts = ("Sent. " * 100 + "x", "Sent. " * 29 + "x", "I ran a bit. " * 29, "a: 1 to b, " * 150, "Measured: " * 190)
    begun_s = time.process_time()
    for text in texts:
        assert german(text) == text
    assert time.process_time() - begun_s < 1.0, "it took 13 s where each beginning met each sentence"


def _samples(phrase: str, n: str) -> dict[str, str]:
    """A value for each parameter: a number where its name says so, else letters that no language knows."""
    names = list(dict.fromkeys(re.findall(r"\{(\w+)\}", phrase)))
    fixed = {"clock": "12:30", "n": n}
    return {
        name: fixed.get(name, str(70 + at) if name in LIKE else f"Qxv{'abcdefghijklm'[at]}")
        for at, name in enumerate(names)
    }


def _as(own: Translation, n: str) -> str:
    """The form of a translation for the number `n`."""
    return own if isinstance(own, str) else own.get("one" if n == "1" else "other", own["other"])


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("n", ["1", "7"])
def test_each_sentence_finds_its_own_translation_and_no_likeness_takes_it(language: str, n: str) -> None:
    """English is the key: a sentence that another one's pattern also fits would come out as that one."""
    say, table = phrases_of(language), read_phrases(language)
    assert sum(bool(_samples(phrase, n)) for phrase in table) > 200
    wrong = {}
    for phrase, own in table.items():
        samples = _samples(phrase, n)
        text, expected = phrase.format(**samples), _as(own, n).format(**samples)
        if (found := say(text)) != expected:
            wrong[text] = (found, expected)
    assert wrong == {}


def test_of_two_patterns_that_fit_the_one_with_more_letters_of_its_own_counts() -> None:
    table = {"{who} rests today": "{who} ruht heute", "The calf {does} today": "Heute: {does} die Wade"}
    assert Phrases(table, "de")("The calf rests today") == "Heute: rests die Wade"


@pytest.mark.parametrize("language", OTHERS)
def test_a_sentence_in_two_files_has_one_translation(language: str) -> None:
    """All files are one table: of two translations the later file's would win, unseen."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for file in sorted((FOLDER / language).glob("*.toml")):
        for phrase, own in tomllib.loads(file.read_text("utf-8")).items():
            found[phrase].add(str(own))
    assert {phrase: owns for phrase, owns in found.items() if len(owns) > 1} == {}


# English that two files say, each looked at: it means the same in both, so one translation serves.
SHARED = {
    *("Lengthen your stride", "Quicker, lighter steps", "Land softer", "Land closer to midfoot"),
    *("Even out left and right", "Praise", "heart rate", "cadence", "step length"),
    *("Squat", "weight", "chair", "step", "mat", "machines"),  # of strength: "step" is a stair
    "Pain of 8 or more is a reason to ask a doctor or physiotherapist.",
    "a run is going on: stop it first",
    "no run is going on: start one first",
    "The battery of this sensor is low ({battery_pct} %): charge it after this run",
    "a number can be taken back for ten seconds: it stays; tap the right one",
    "the coach is being stopped: start it again first",
}


def test_english_that_two_files_say_was_looked_at_for_two_meanings() -> None:
    files: defaultdict[str, int] = defaultdict(int)
    for phrases in english().values():
        for phrase in set(phrases):
            files[phrase] += 1
    assert {phrase for phrase, n in files.items() if n > 1} == SHARED
