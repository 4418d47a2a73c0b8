"""Every word of the page, in one place: `web/words/<language>/<subject>.toml`.

A key is the subject's file name and the path within it, joined by dots: `live.toml` with `[cue] why = "Why?"` is
`live.cue.why`. A sentence takes its parameters in braces; a table with `one` and `other` is chosen by the
parameter `n` and the plural rule of the language. Numbers with a fraction are written in the language's signs.
"""

import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from coach.language.locales import plural_of
from coach.language.signs import DEFAULT, localised

FOLDER: Final = Path(__file__).parent / "words"


class WordError(LookupError):
    """A page asked for words that no file has, or left out one of their parameters."""


def read_words(language: str = DEFAULT, folder: Path = FOLDER) -> dict[str, str]:
    """Return all sentences of one language by their full key.

    Raises:
        WordError: there is no such language, a file is not TOML, or a value is not text.
    """
    files = sorted((folder / language).glob("*.toml"))
    if not files:
        raise WordError(f"no words in {language}")
    words: dict[str, str] = {}
    for file in files:
        try:
            table = tomllib.loads(file.read_text("utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise WordError(f"{file.name}: {error}") from error
        words.update(_flat(table, file.stem))
    return words


def _flat(table: Mapping[str, object], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        name = f"{prefix}.{key}"
        if isinstance(value, Mapping):
            yield from _flat(value, name)
        elif isinstance(value, str):
            yield name, value
        else:
            raise WordError(f"{name} is not text")


class Words:
    """The words of one language. Strict: a missing key raises; else the key itself is shown."""

    def __init__(self, words: Mapping[str, str], is_strict: bool = False, language: str = DEFAULT) -> None:
        self._words = words
        self.language = language
        self.is_strict = is_strict

    def __call__(self, key: str, **params: object) -> str:
        """Return the sentence of `key` with its parameters put in.

        Raises:
            WordError: strict, and the key or a parameter is missing.
        """
        found = self._words.get(key)
        if found is None and "n" in params:
            plural = plural_of(params["n"], self.language)
            found = self._words.get(f"{key}.{plural}") or self._words.get(f"{key}.other")
        try:
            if found is not None:
                return found.format(**{name: self._written(one) for name, one in params.items()}) if params else found
        except (KeyError, IndexError, ValueError) as error:
            if self.is_strict:
                raise WordError(f"{key} lacks {error}") from error
            return found or key
        if self.is_strict:
            raise WordError(f"no words for {key}")
        return key

    def _written(self, value: object) -> object:
        return localised(f"{value}", self.language) if isinstance(value, float) else value

    def has(self, key: str) -> bool:
        """Whether there are words for `key`."""
        return key in self._words

    def below(self, *prefixes: str) -> dict[str, str]:
        """Return the sentences whose key begins with one of `prefixes` and a dot: what a page's script needs."""
        return {k: v for k, v in self._words.items() if any(k == p or k.startswith(p + ".") for p in prefixes)}


@lru_cache
def words_in(language: str, is_strict: bool = False) -> Words:
    """Return the words of `language`, read once; English where a sentence has no translation."""
    own = {} if language == DEFAULT or not (FOLDER / language).is_dir() else read_words(language)
    return Words(read_words() | own, is_strict, language)
