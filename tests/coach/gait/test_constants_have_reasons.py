"""No number of the gait core is without its reason: a comment on its line or right above it."""

import re
from pathlib import Path

import coach.gait

_NUMBER = re.compile(r"^_?[A-Z][A-Z0-9_]*: Final(\[[^=]*\])? = \(?-?[0-9]")
_FIELD = re.compile(r"^    [a-z0-9_]+: (float|int) = -?[0-9.]")


def _bare(path: Path, wanted: re.Pattern[str]) -> list[str]:
    lines = path.read_text().splitlines()
    return [
        f"{path.name}: {line}"
        for before, line in zip(["", *lines], lines, strict=False)
        if wanted.match(line) and "#" not in line and not before.lstrip().startswith("#")
    ]


def test_every_number_says_why():
    files = sorted(Path(coach.gait.__path__[0]).rglob("*.py"))
    assert len(files) > 30
    assert [line for path in files for line in _bare(path, _NUMBER)] == []


def test_every_parameter_says_why():
    files = sorted(Path(coach.gait.__path__[0]).rglob("params.py"))
    assert len(files) == 3
    bare = [line for path in files for line in _bare(path, _FIELD)]
    assert bare == []
