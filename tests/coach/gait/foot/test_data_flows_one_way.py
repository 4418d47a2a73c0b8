"""A reader follows the data of one chunk through the foot's files without being sent back and forth.

The walk is static: from `FootGait.feed` into every function of the gait core that is given something made of the chunk,
in the order of the source, each function once. A file entered again is a return.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import coach.gait

MOST_STAYS, MOST_RETURNS = 25, 10  # the walk was 60 and 45 when it was first counted; chosen by judgement
FOLDER = Path(coach.gait.__file__).parent
FILES = {path: ast.parse(path.read_text()) for name in ("foot", "signal") for path in (FOLDER / name).glob("*.py")}
CLASSES = {
    node.name: (path, node) for path, tree in FILES.items() for node in tree.body if isinstance(node, ast.ClassDef)
}
Place = tuple[Path, str, ast.FunctionDef]


def _function(file: Path, name: str) -> Place | None:
    """The function that `name` means in `file`: its own or one that it imports."""
    imports = [n for n in ast.walk(FILES[file]) if isinstance(n, ast.ImportFrom) and name in {a.name for a in n.names}]
    origins = [file, *(FOLDER.parents[1] / f"{(n.module or '').replace('.', '/')}.py" for n in imports)]
    nodes = [(origin, node) for origin in origins if origin in FILES for node in FILES[origin].body]
    return next(((o, "", n) for o, n in nodes if isinstance(n, ast.FunctionDef) and n.name == name), None)


def _method(kind: str, name: str) -> Place | None:
    path, node = CLASSES[kind]
    found = (n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == name)
    return next(((path, kind, n) for n in found), None)


def _kinds(annotation: ast.AST) -> Iterator[str]:
    return (n.id for n in ast.walk(annotation) if isinstance(n, ast.Name) and n.id in CLASSES)


def _attributes(kind: str) -> dict[str, str]:
    """The classes of a class's attributes, by annotation, by construction, by the constructor's parameter."""
    found: dict[str, str] = {}
    for method in (n for n in ast.walk(CLASSES[kind][1]) if isinstance(n, ast.FunctionDef)):
        given = {a.arg: k for a in method.args.args if a.annotation for k in _kinds(a.annotation)}
        for node in ast.walk(method):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Attribute):
                found |= dict.fromkeys([node.target.attr], next(_kinds(node.annotation), ""))
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
                of = node.value.func if isinstance(node.value, ast.Call) else node.value
                known = given.get(of.id, of.id) if isinstance(of, ast.Name) else ""
                found |= {node.targets[0].attr: known} if known in CLASSES else {}
    return found


class Walk:
    """Follows what is made of the data; `files` is where it came, in order."""

    def __init__(self) -> None:
        self.files: list[Path] = []
        self._seen: set[tuple[Path, str, str]] = set()

    def enter(self, place: Place, data: set[str]) -> None:
        path, kind, function = place
        if (path, kind, function.name) in self._seen:
            return
        self._seen.add((path, kind, function.name))
        if self.files[-1:] != [path]:
            self.files.append(path)
        types = {a.arg: k for a in function.args.args if a.annotation for k in _kinds(a.annotation)}
        if kind:
            types["self"] = kind
        nodes = sorted((n for n in ast.walk(function) if hasattr(n, "lineno")), key=lambda n: (n.lineno, n.col_offset))
        for node in nodes:
            data |= _made(node, data)
        for node in nodes:
            if isinstance(node, ast.Call) and (target := self._target(node, path, types)):
                names = [a.arg for a in target[2].args.args if a.arg != "self"]
                given = {n for n, value in zip(names, node.args, strict=False) if _is_of(value, data)}
                given |= {k.arg for k in node.keywords if k.arg and _is_of(k.value, data)}
                if given:
                    self.enter(target, given)

    def _target(self, call: ast.Call, path: Path, types: dict[str, str]) -> Place | None:
        if isinstance(call.func, ast.Name):
            name = call.func.id
            return _method(name, "__init__") if name in CLASSES else _function(path, name)
        kind = self._kind(call.func.value, types) if isinstance(call.func, ast.Attribute) else None
        return _method(kind, call.func.attr) if kind and isinstance(call.func, ast.Attribute) else None

    def _kind(self, value: ast.expr, types: dict[str, str]) -> str | None:
        if isinstance(value, ast.Name):
            return types.get(value.id)
        of = self._kind(value.value, types) if isinstance(value, ast.Attribute) else None
        return _attributes(of).get(value.attr) or None if of and isinstance(value, ast.Attribute) else None


def _is_of(value: ast.AST, data: set[str]) -> bool:
    return any(isinstance(n, ast.Name) and n.id in data for n in ast.walk(value))


def _made(node: ast.AST, data: set[str]) -> set[str]:
    """The names that this assignment or loop makes of the data."""
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value:
        value, targets = node.value, node.targets if isinstance(node, ast.Assign) else [node.target]
    elif isinstance(node, ast.For):
        value, targets = node.iter, [node.target]
    elif isinstance(node, ast.GeneratorExp | ast.ListComp):
        pairs = [_made_of(c.iter, [c.target], data) for c in node.generators]
        return set().union(*pairs)
    else:
        return set()
    return _made_of(value, targets, data)


def _made_of(value: ast.expr, targets: list[ast.expr], data: set[str]) -> set[str]:
    if not _is_of(value, data):
        return set()
    return {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def test_the_data_of_a_chunk_flow_through_few_files_and_seldom_back() -> None:
    walk = Walk()
    feed = _method("FootGait", "feed")
    assert feed is not None
    walk.enter(feed, {"chunk"})
    words = " -> ".join(path.stem for path in walk.files)
    files = set(walk.files)
    assert {"analyzer", "segments", "alignment", "phase_tracker", "stride_builder"} <= {path.stem for path in files}, (
        words
    )
    assert len(walk.files) <= MOST_STAYS, words
    assert len(walk.files) - len(files) <= MOST_RETURNS, f"{len(walk.files) - len(files)} returns: {words}"
