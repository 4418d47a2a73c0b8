"""The signs of numbers in each language, without Babel: the phone's own Python has none. Tests hold them to CLDR."""

from typing import Final

DEFAULT: Final = "en"
DECIMALS: Final = {"en": ".", "de": ",", "es": ","}
MINUS: Final = "\u2212"


def localised(number: str, language: str) -> str:
    """Return the text of a number as Python writes it, in the signs of `language`."""
    return number.replace(".", DECIMALS.get(language, ".")).replace("-", MINUS)
