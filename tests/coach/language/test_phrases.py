"""The coach's sentences in another language: whole, with parameters, joined, and never by half."""

import time

import pytest

from coach.language.phrases import Phrases, phrases_of

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
