"""What a room offers to others says what a caller must know: each public name has a docstring."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("web",)


def undocumented(source: str) -> Iterator[str]:
    """Public classes, functions and methods of public classes without a docstring."""
    for node in ast.parse(source).body:
        yield from _undocumented(node)
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for method in node.body:
                yield from (f"{node.name}.{name}" for name in _undocumented(method))


def _undocumented(node: ast.stmt) -> Iterator[str]:
    is_name = isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    if is_name and not node.name.startswith("_") and not ast.get_docstring(node):
        yield node.name


def test_every_public_name_has_a_docstring() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        for name in undocumented(path.read_text("utf-8"))
    ]
    assert found == []


def test_a_name_without_one_is_found() -> None:
    source = 'class A:\n    """Doc."""\n    def b(self): ...\n    def _c(self): ...\nasync def d(): ...'
    assert list(undocumented(source)) == ["A.b", "d"]
