"""The identity of the algorithm: one short text that changes whenever a number may change, and only then.

It is a hash (SHA-256) over what determines a number: the code from packets to summary, the nouns between them, the
sensor profiles, and the version of numpy. Comments, docstrings and blank lines are left out, since they determine
nothing; pages, words and templates are not in it. Two results with the same identity, from the same recording, are the
same; a run whose summary carries another identity than `algorithm_id()` can be computed afresh from its raw bytes.
"""

import hashlib
import io
import tokenize
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
_SILENT: Final = frozenset({tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.NL, tokenize.COMMENT})
_DIGITS: Final = 16  # 64 bits: two of a million algorithms are confused with a chance of 3e-8


@cache
def algorithm_id() -> str:
    """Identity of the algorithm that is installed: 16 hexadecimal digits."""
    return identity_of(_sources(), np.__version__)


def with_algorithm(summary: RunSummary, before: RunSummary | None) -> RunSummary:
    """Return a summary with the identity of what computed its strides. before: the summary that the same strides had.

    Strides that are only summed up again (trimmed, cut, joined with a watch's file) keep their identity, "" where it
    was not known; without an earlier summary they are new, and so is their identity.
    """
    return replace(summary, algorithm=algorithm_id() if before is None else before.algorithm)


def identity_of(sources: dict[str, str], numpy_version: str) -> str:
    """Identity of source files by name; Python files count without comments and docstrings."""
    digest = hashlib.sha256(f"numpy {numpy_version}\n".encode())
    for name, text in sorted(sources.items()):
        content = essence(text) if name.endswith(".py") else text
        digest.update(f"{name}\0{content}\0".encode())
    return digest.hexdigest()[:_DIGITS]


def essence(source: str) -> str:
    """Python source without comments, docstrings, blank lines and trailing blanks.

    The text itself is kept, not a syntax tree: a tree is written differently by each version of Python.
    """
    lines = source.splitlines()
    before = tokenize.INDENT
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    spans = []
    for token, after in zip(tokens, [*tokens[1:], tokens[-1]], strict=True):
        is_statement = before in _SILENT and after.type in (tokenize.NEWLINE, tokenize.NL, tokenize.ENDMARKER)
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and is_statement):
            spans.append((token.start, token.end))
        before = token.type
    for (row, column), (end_row, end_column) in reversed(spans):
        lines[row - 1 : end_row] = [lines[row - 1][:column] + lines[end_row - 1][end_column:]]
    return "\n".join(line.rstrip() for line in lines if line.strip())


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
