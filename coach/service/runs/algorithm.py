"""The identity of the algorithm: one short text that changes whenever a number may change, and only then.

It is a hash (SHA-256) over what determines a number: the code from packets to summary, the nouns between them, the
sensor profiles, and the version of numpy. Comments, docstrings and blank lines are left out, since they determine
nothing; pages, words and templates are not in it. Two results with the same identity, from the same recording, are the
same; a run whose summary carries another identity than `algorithm_id()` can be computed afresh from its raw bytes.
"""

import hashlib
import re
from dataclasses import replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from coach.model.arrays import np
from coach.model.runs import RunSummary

CODE: Final = (
    "packets",
    "gait",
    "summary",
    "model",
    "recording",
    "live/pipeline.py",
    "live/pipeline_factory.py",
    "live/timeline.py",
    "live/treadmill_check.py",
    "service/runs/replay_reader.py",
    "service/runs/summing.py",
)
# Comments and strings but for their prefixes, by the language reference, "Lexical analysis". Python's own tokenizer
# takes 25 times as long: 0.24 s for these files, in each process that sums up a run.
_WORDS: Final = re.compile(
    r'''\#(?P<comment>[^\n]*)
    | """ [^"\\]* (?: (?: \\. | "(?!"") ) [^"\\]* )* """
    | \'\'\' [^'\\]* (?: (?: \\. | '(?!\'\') ) [^'\\]* )* \'\'\'
    | " [^"\\\n]* (?: \\. [^"\\\n]* )* "
    | ' [^'\\\n]* (?: \\. [^'\\\n]* )* '
    ''',
    re.VERBOSE | re.DOTALL,
)
_BEFORE: Final = re.compile(r"[ \t]*(?P<prefix>[a-zA-Z]{0,2})")
_DIGITS: Final = 16  # 64 bits: two of a million algorithms are confused with a chance of 3e-8


@cache
def algorithm_id() -> str:
    """Return the identity of the algorithm that is installed: 16 hexadecimal digits."""
    return identity_of(_sources(), np.__version__)


def with_algorithm(summary: RunSummary, before: RunSummary | None) -> RunSummary:
    """Return a summary with the identity of what computed its strides. before: the summary that the same strides had.

    Strides that are only summed up again (trimmed, cut, joined with a watch's file) keep their identity, "" where it
    was not known; without an earlier summary they are new, and so is their identity.
    """
    return replace(summary, algorithm=algorithm_id() if before is None else before.algorithm)


def identity_of(sources: dict[str, str], numpy_version: str) -> str:
    """Return the identity of source files by name; Python files count without comments and docstrings."""
    digest = hashlib.sha256(f"numpy {numpy_version}\n".encode())
    for name, text in sorted(sources.items()):
        content = essence(text) if name.endswith(".py") else text
        digest.update(f"{name}\0{content}\0".encode())
    return digest.hexdigest()[:_DIGITS]


def essence(source: str) -> str:
    """Return the Python source without comments, docstrings, blank lines and trailing blanks.

    A further line of a long text (a finding, an error) goes, too: no number follows from it.

    The text itself is kept, not a syntax tree: a tree is written differently by each version of Python.
    """
    kept, end = [], 0
    for found in _WORDS.finditer(source):
        start = found.start() if found["comment"] is not None else _start_of_words(source, *found.span())
        if start is not None:
            kept.append(source[end:start])
            end = found.end()
    kept.append(source[end:])
    return "\n".join(line.rstrip() for line in "".join(kept).split("\n") if line.strip())


def _start_of_words(source: str, start: int, end: int) -> int | None:
    """Return where a string begins that has its lines for itself, a docstring or a part of a text; None for others."""
    before = _BEFORE.fullmatch(source, source.rfind("\n", 0, start) + 1, start)
    return before.start("prefix") if before and not source[end:].partition("\n")[0].strip() else None


def _sources() -> dict[str, str]:
    coach = files("coach")
    found = _read(files("firmware_config"), "firmware_config")
    for name in CODE:
        found |= _read(coach.joinpath(*name.split("/")), f"coach/{name}")
    return found


def _read(place: Traversable, name: str) -> dict[str, str]:
    if place.is_dir():
        parts = sorted(place.iterdir(), key=lambda part: part.name)
        return {key: text for part in parts for key, text in _read(part, f"{name}/{part.name}").items()}
    is_source = place.name.endswith((".py", ".toml"))
    return {name: place.read_text("utf-8")} if is_source and place.is_file() else {}
