"""What the coach says, in the runner's language.

The coach thinks, stores and logs in English; its sentences are translated where they leave for the runner: on the page,
in notifications and the calendar. So a run recorded in one language reads in another, and no gate, rule or pure room
knows of languages.

`<language>/*.toml` beside this file holds English on the left and the translation on the right. A sentence with
numbers or names has its parameters in braces, `"Pain {level} during this run"`; what fits a parameter is translated in
its turn, and numbers take the language's decimal sign. What the runner wrote (`OWN_WORDS`) stays as it is. A table
with `one` and `other` is chosen by the parameter `n`.
Sentences joined by blanks are translated one by one. What is not known stays English as a whole: half a translation
reads worse than none. `python -m tests.phrases` finds the English.
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from coach.language.signs import DEFAULT, localised

FOLDER: Final = Path(__file__).parent
_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_NUMBER: Final = re.compile(r"[-\u2212+]?\d+(?:\.\d+)?")
_AMOUNT: Final = re.compile(rf"(?P<number>{_NUMBER.pattern})(?P<gap> ?)(?P<unit>[^\s\d]*)")
_BETWEEN: Final = re.compile(r"(?<=[.!?:;])\s+")
LIKE: Final = dict.fromkeys(("n", "begin", "end", "low", "high", "percent", "change"), r"[-\u2212+]?\d[\d.]*") | {
    "clock": r"\d{1,2}:\d{2}"
}  # what a parameter of this name holds, and nothing else
OWN_WORDS: Final = "own_words"  # a parameter that holds what the runner wrote: never translated
# The coach says nothing longer: longest known 262 letters, five sentences. Somebody else's text is not searched.
_LONGEST: Final = 2000
_MOST_SENTENCES: Final = 30
Translation = str | Mapping[str, str]


class Phrases:
    """The coach's sentences in one language. English needs none and returns what it is given."""

    def __init__(self, table: Mapping[str, Translation], language: str) -> None:
        self.language = language
        done = {english: own for english, own in table.items() if own}
        self._whole = {english: own for english, own in done.items() if isinstance(own, str) and "{" not in english}
        shaped = sorted(((k, v) for k, v in done.items() if k not in self._whole), key=lambda one: -_literal(one[0]))
        self._shapes = [(_PARAMETER.split(english)[::2], _shape(english), own) for english, own in shaped]
        self._find = lru_cache(maxsize=4096)(self._translate)  # pages repeat themselves

    def __call__(self, text: str) -> str:
        """Return `text` in this language; unchanged where any part of it is not known."""
        return (self._find(text) if self._whole or self._shapes else None) or text

    def _translate(self, text: str) -> str | None:
        if not text.strip():
            return text
        if len(text) > _LONGEST:
            return None
        if (found := self._one(text)) is not None:
            return found
        parts = _BETWEEN.split(text)
        if len(parts) > _MOST_SENTENCES:
            return None
        for n in range(len(parts) - 1, 0, -1):  # the longest beginning that is known, then the rest
            gap = len(" ".join(parts[:n]))
            if (head := self._beginning(text[:gap])) is not None and (tail := self._find(text[gap:].lstrip())):
                return f"{head} {tail}"
        return None

    def _beginning(self, text: str) -> str | None:
        """Return a sentence before another: also one whose last sign belongs to the joint,
        as in "It is off: switch it on"."""
        if (whole := self._one(text)) is not None:
            return whole
        return None if (bare := self._one(text[:-1])) is None else bare + text[-1]

    def _one(self, sentence: str) -> str | None:
        stripped = sentence.strip()
        if stripped in self._whole:
            return sentence.replace(stripped, self._whole[stripped])
        for pieces, shape, own in self._shapes:
            if _holds(pieces, stripped) and (found := shape.fullmatch(stripped)):
                values = found.groupdict()
                own_values = {n: value if n == OWN_WORDS else self._value(value) for n, value in values.items()}
                if None in own_values.values():
                    continue
                template = own if isinstance(own, str) else own.get(self._plural(values), own["other"])
                before, _, after = sentence.partition(stripped)  # blanks around it stay: it may be within another
                return f"{before}{template.format(**own_values)}{after}"
        return None

    def _plural(self, values: Mapping[str, str]) -> str:
        n = values.get("n", "")
        return "one" if n == "1" else "other"  # so in German and Spanish, by CLDR

    def _value(self, value: str) -> str | None:
        """Return a parameter in this language: numbers and names as they are;
        None for whole sentences that are not known."""
        if amount := _AMOUNT.fullmatch(value):
            return localised(amount["number"], self.language) + amount["gap"] + self(amount["unit"])
        if (found := self._find(value)) is not None:
            return found
        if ", " in value and None not in (parts := [self._find(part) for part in value.split(", ")]):
            return ", ".join(part for part in parts if part)
        return None if _BETWEEN.search(value.strip()) else value


SAID: Final = frozenset(
    [
        *("words", "say", "reason", "reasons", "why", "because", "body", "asks", "listens_because"),
        *("problem", "problems", "ant_problem"),
    ]
)


def in_language(plain: object, say: Callable[[str], str]) -> object:
    """Return plain JSON with what the coach says in it translated by `say`: the fields named in `SAID`."""
    if isinstance(say, Phrases) and say.language == DEFAULT:
        return plain  # ten times a second on a phone
    if isinstance(plain, Mapping):
        return {name: _said(name, part, say) for name, part in plain.items()}
    return [in_language(part, say) for part in plain] if isinstance(plain, list) else plain


def _said(name: str, part: object, say: Callable[[str], str]) -> object:
    if name in SAID and isinstance(part, str):
        return say(part)
    if name in SAID and isinstance(part, list) and all(isinstance(text, str) for text in part):
        return [say(text) for text in part]
    return in_language(part, say)


def _literal(english: str) -> int:
    """Return how many characters of a sentence are its own: the more, the surer a match."""
    return len(_PARAMETER.sub("", english))


def _holds(pieces: Sequence[str], text: str) -> bool:
    """Whether a sentence's own pieces are in `text`, one after another: far quicker than to try its parameters."""
    at = 0
    for piece in pieces:
        at = text.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return text.startswith(pieces[0]) and text.endswith(pieces[-1])


def _shape(english: str) -> re.Pattern[str]:
    pieces = _PARAMETER.split(english)  # text, name, text, name, ...
    seen: set[str] = set()
    made = ""
    for i, piece in enumerate(pieces):
        if i % 2 == 0:
            made += re.escape(piece)
        else:
            what = LIKE.get(piece, ".*?")
            made += f"(?P={piece})" if piece in seen else f"(?P<{piece}>{what})"
            seen.add(piece)
    return re.compile(made, re.DOTALL)


def read_phrases(language: str, folder: Path = FOLDER) -> dict[str, Translation]:
    """Return the translations from English to `language`, of all its files; empty where it has none."""
    found: dict[str, Translation] = {}
    for file in sorted((folder / language).glob("*.toml")):
        found.update(tomllib.loads(file.read_text("utf-8")))
    return found


@lru_cache
def phrases_of(language: str) -> Phrases:
    """Return the coach's sentences in `language`, read once."""
    return Phrases(read_phrases(language), language)


ENGLISH: Final = Phrases({}, DEFAULT)
