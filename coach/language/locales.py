"""How numbers, dates and plurals are written in the runner's language: CLDR's rules, by Babel.

English is British English. A new language is a row of `LOCALES`, `NAMES` and `coach.language.signs`, a folder of
`web/words` and one beside this file.
"""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Final

from babel import Locale, localedata
from babel.dates import format_skeleton

from coach.language.signs import DEFAULT, localised

LOCALES: Final = {"en": "en_GB", "de": "de", "es": "es"}
OTHERS: Final = tuple(language for language in LOCALES if language != DEFAULT)
NAMES: Final = {"en": "English", "de": "Deutsch", "es": "Español"}

# Of CLDR's data. Babel keeps 2 MB of each language, most of it for what nobody asks here.
_USED: Final = frozenset(
    {
        *("plural_form", "number_symbols", "numbering_systems", "default_numbering_system"),
        *("days", "day_periods", "months", "quarters", "eras", "date_formats", "time_formats", "datetime_formats"),
        "datetime_skeletons",
    }
)


def known(language: str) -> str:
    """Return `language` where it is one of ours, else English."""
    return language if language in LOCALES else DEFAULT


def wished(accepted: Iterable[str]) -> str:
    """Return the first of ours among a browser's languages ("de-AT", "es"), best first;
    English where it wants another."""
    return next((one.split("-")[0].lower() for one in accepted if one.split("-")[0].lower() in LOCALES), DEFAULT)


@lru_cache
def locale_of(language: str) -> Locale:
    """Return CLDR's rules for `language`, as far as they are asked for here: no currencies, units, territories."""
    locale = Locale.parse(LOCALES[known(language)])
    locale.plural_form(1)  # the first question makes the locale hold its data
    data = localedata.load(str(locale))  # those that it holds
    for name in data.keys() - _USED:
        data.pop(name, None)  # another thread may ask for the language at the same moment
    localedata.clear_caches()  # of the languages that it was made of
    return locale


def plural_of(n: object, language: str) -> str:
    """Return CLDR's name of the plural that `n` takes: "one", "other", "many"."""
    return str(locale_of(language).plural_form(n)) if isinstance(n, int | float) else "other"


def number_text(value: float, decimals: int, language: str = DEFAULT) -> str:
    """Return `value` with the language's decimal sign and a true minus; not grouped,
    as numbers on a phone are short."""
    rounded = round(value, decimals) + 0.0  # + 0.0: there is no minus nothing
    return localised(f"{rounded:.{decimals}f}", language)


def day_name(weekday: int, language: str = DEFAULT) -> str:
    """Return the short name of a weekday, 0 for Monday: "Mon"."""
    return str(locale_of(language).days["stand-alone"]["abbreviated"][weekday])


def date_text(moment: date, skeleton: str, language: str = DEFAULT) -> str:
    """Return `moment` by a skeleton of CLDR: "yMMMEd" is "Fri, 20 Nov 2026", "MMMd" is "20 Nov", "Hm" is "18:05"."""
    return format_skeleton(skeleton, moment, locale=locale_of(language))
