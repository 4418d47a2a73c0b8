"""No number of gait, coaching and strength is without its reason: a comment on its line or right above it."""

import ast
import re
from pathlib import Path

import pytest

import coach

_COACH = Path(coach.__path__[0])
_NUMBER = re.compile(r"^_?[A-Z][A-Z0-9_]*: Final(\[[^=]*\])? = (\(?-?[0-9]|timedelta\()")
_FIELD = re.compile(r"^    [a-z0-9_]+: (float|int) = -?[0-9.]")

# Numbers that need no reason within an expression: counts, halves, powers of ten, and those of time and angle.
_PLAIN = {0, 1, 2, 3, 4, 6, 7, 8, 10, 12, 24, 60, 90, 100, 120, 180, 240, 360, 1000, 3600, 86400, 0.5, 0.25}
_PLAIN |= {1e-12, 1e-9, 1e-6, 1e6, 1e9}  # next to nothing, and prefixes
_UNREASONED = {"composer.py"}  # splitmix64's own constants, as its docstring says


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


def unreasoned(path: Path) -> list[str]:
    """Numbers inside functions, not plain, without a comment on their line or above it, or at their statement."""
    text = path.read_text()
    lines = ["", *text.splitlines()]
    found = set()

    def look(node: ast.AST, statement: int, is_inside: bool) -> None:
        statement = node.lineno if isinstance(node, ast.stmt) else statement
        is_inside = is_inside or isinstance(node, ast.FunctionDef)
        if isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.value not in _PLAIN:
            said = any("#" in lines[n] or lines[n - 1].lstrip().startswith("#") for n in (node.lineno, statement))
            if is_inside and not said:
                found.add((node.lineno, f"{path.name}:{node.lineno}: {lines[node.lineno].strip()}"))
        for child in ast.iter_child_nodes(node):
            look(child, statement, is_inside)

    look(ast.parse(text), 0, False)
    return [line for _, line in sorted(found)]


@pytest.mark.parametrize("room", ["gait", "coaching", "strength"])
def test_a_number_within_an_expression_says_why_too(room: str) -> None:
    files = [path for path in sorted((_COACH / room).rglob("*.py")) if path.name not in _UNREASONED]
    assert [line for path in files for line in unreasoned(path)] == []


def test_a_number_within_an_expression_without_its_reason_is_found(tmp_path: Path) -> None:
    path = tmp_path / "made.py"
    path.write_text(
        "def f(x):\n    y = 0.7 * x + 2\n    # why\n    z = (\n        0.3 * x\n    )\n    return y + 1.4 * z  # why\n"
    )
    assert unreasoned(path) == ["made.py:2: y = 0.7 * x + 2"]


def test_a_number_without_its_reason_is_found(tmp_path: Path) -> None:
    path = tmp_path / "made.py"
    path.write_text("A: Final = 1.0\nB: Final = timedelta(days=1)\nC: Final = 2  # two feet\n# why\nD: Final = -3\n")
    assert bare(path, _NUMBER) == ["made.py: A: Final = 1.0", "made.py: B: Final = timedelta(days=1)"]
