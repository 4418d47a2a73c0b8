"""No number of gait, coaching and strength is without its reason: a comment on its line or right above it."""

import re
from pathlib import Path

import pytest

import coach

_COACH = Path(coach.__path__[0])
_NUMBER = re.compile(r"^_?[A-Z][A-Z0-9_]*: Final(\[[^=]*\])? = (\(?-?[0-9]|timedelta\()")
_FIELD = re.compile(r"^    [a-z0-9_]+: (float|int) = -?[0-9.]")


def bare(path: Path, wanted: re.Pattern[str]) -> list[str]:
    lines = path.read_text().splitlines()
    return [
        f"{path.name}: {line}"
        for before, line in zip(["", *lines], lines, strict=False)
        if wanted.match(line) and "#" not in line and not before.lstrip().startswith("#")
    ]


@pytest.mark.parametrize(("room", "n_least"), [("gait", 100), ("coaching", 80), ("strength", 10)])
def test_every_number_says_why(room: str, n_least: int) -> None:
    files = sorted((_COACH / room).rglob("*.py"))
    assert sum(bool(_NUMBER.match(line)) for path in files for line in path.read_text().splitlines()) >= n_least
    assert [line for path in files for line in bare(path, _NUMBER)] == []


def test_every_parameter_says_why() -> None:
    files = sorted((_COACH / "gait").rglob("params.py"))
    assert len(files) == 3
    assert [line for path in files for line in bare(path, _FIELD)] == []


def test_a_number_without_its_reason_is_found(tmp_path: Path) -> None:
    path = tmp_path / "made.py"
    path.write_text("A: Final = 1.0\nB: Final = timedelta(days=1)\nC: Final = 2  # two feet\n# why\nD: Final = -3\n")
    assert bare(path, _NUMBER) == ["made.py: A: Final = 1.0", "made.py: B: Final = timedelta(days=1)"]
