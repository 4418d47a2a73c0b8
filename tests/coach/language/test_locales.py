"""Numbers, dates and plurals as CLDR has them, in British English, German and Spanish."""

from datetime import datetime, timezone

import pytest

from coach.language.locales import date_text, number_text, plural_of, wished

NOON = datetime(2026, 11, 20, 18, 5, tzinfo=timezone.utc)  # noqa: UP017 - a plain zone


@pytest.mark.parametrize(
    ("language", "day", "short", "month", "number"),
    [
        ("en", "Fri, 20 Nov 2026", "20 Nov", "November 2026", "\u22121.50"),
        ("de", "Fr., 20. Nov. 2026", "20. Nov.", "November 2026", "\u22121,50"),
        ("es", "vie, 20 nov 2026", "20 nov", "noviembre de 2026", "\u22121,50"),
    ],
)
def test_what_a_language_writes(language: str, day: str, short: str, month: str, number: str) -> None:
    assert date_text(NOON, "yMMMEd", language) == day
    assert date_text(NOON, "MMMd", language) == short
    assert date_text(NOON, "yMMMM", language) == month
    assert number_text(-1.5, 2, language) == number


def test_nothing_has_no_minus() -> None:
    assert number_text(-0.001, 1, "de") == "0,0"


def test_plurals_are_those_of_cldr() -> None:
    assert [plural_of(n, "de") for n in (0, 1, 2, 1.5)] == ["other", "one", "other", "other"]
    assert [plural_of(n, "es") for n in (0, 1, 2, 1_000_000)] == ["other", "one", "other", "many"]
    assert plural_of("some", "es") == "other"


def test_the_browsers_first_language_that_is_ours_is_taken() -> None:
    assert wished(["fr-FR", "es-MX", "de"]) == "es"
    assert wished(["de-AT", "en"]) == "de"
    assert wished([]) == wished(["fr"]) == "en"
