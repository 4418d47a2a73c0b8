"""Numbers, dates and plurals as CLDR has them, in British English, German and Spanish."""

from datetime import datetime, timedelta, timezone

import pytest
from babel import Locale, localedata
from babel.dates import format_skeleton

from coach.language.locales import LOCALES, date_text, locale_of, number_text, plural_of, wished

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


@pytest.mark.parametrize("language", LOCALES)
def test_what_is_left_of_babels_data_writes_as_all_of_it_does(language: str) -> None:
    days = [datetime(2026, 1, 1, 9, tzinfo=NOON.tzinfo) + timedelta(days=9 * k) for k in range(41)]
    skeletons = ("yMMMEd", "MMMd", "yMMMM", "yMMM", "MMMEd")  # those of `web.units` and `web.context`
    ours = [date_text(day, skeleton, language) for day in days for skeleton in skeletons]
    plurals = [plural_of(n, language) for n in (0, 1, 2, 1.5, 10, 1_000_000)]
    with pytest.raises(KeyError, match="currency_names"):
        locale_of(language).currencies["EUR"]
    localedata.clear_caches()
    whole = Locale.parse(LOCALES[language])
    assert whole.currencies["EUR"]
    assert ours == [format_skeleton(skeleton, day, locale=whole) for day in days for skeleton in skeletons]
    assert plurals == [whole.plural_form(n) for n in (0, 1, 2, 1.5, 10, 1_000_000)]


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
