"""The floors hold: who imports whom, which rooms are pure, and where each outside library lives."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

FLOORS = {
    "coach.errors": 0,
    "firmware_config": 1,
    "coach.model": 2,
    "coach.packets": 3,
    "coach.gait": 3,
    "coach.coaching": 3,
    "coach.strength": 3,
    "coach.summary": 3,
    "coach.virtual_runner": 3,
    "coach.radio": 3,
    "coach.recording": 3,
    "coach.storage": 3,
    "coach.interchange": 3,
    "coach.live": 3,
    "coach.live.feed": 3,
    "coach.settings": 3,
    "coach.wall_clock": 3,
    "coach.language": 3,
    "coach.seal": 3,
    "coach.live.timeline": 3,
    "coach.live.pipeline": 4,
    "coach.live.run_log": 4,
    "coach.reminders": 4,
    "coach.study": 4,
    "coach.clinic": 4,
    "coach.live.pipeline_factory": 5,
    "coach.roster": 5,
    "coach.phone": 6,
    "coach.live.run": 6,
    "coach.service": 7,
    "coach.bootstrap": 8,
    "coach.demo": 9,
    "coach.cli": 10,
    "coach.__main__": 11,
    "web": 9,
}
PURE = (
    "coach.model",
    "coach.errors",
    "coach.packets",
    "coach.gait",
    "coach.coaching",
    "coach.strength",
    "coach.summary",
    "coach.seal",
    "coach.clinic",
    "coach.virtual_runner",
    "coach.live.pipeline",
    "coach.live.timeline",
    "coach.phone",
    "coach.study",
)
IMPURE_IMPORTS = {
    "asyncio",
    "bleak",
    "bumble",
    "sqlalchemy",
    "alembic",
    "flask",
    "apscheduler",
    "threading",
    "logging",
    "random",
    "secrets",
    "socket",
    "subprocess",
    "waitress",
    "mcap",
    "click",
}
IMPURE_CALLS = {
    "open",
    "time.time",
    "time.monotonic",
    "time.sleep",
    "datetime.now",
    "datetime.datetime.now",
    "date.today",
    "datetime.date.today",
    "datetime.utcnow",
}
DATA_LOADERS = {"coach/coaching/loader.py", "coach/strength/loader.py"}
HOMES = {
    "bleak": ("coach.radio",),
    "bumble": ("coach.radio",),
    "flask": ("web", "coach.cli.showing"),
    "waitress": ("web",),
    "apscheduler": ("coach.reminders",),
    "sqlalchemy": ("coach.storage.migrations",),
    "alembic": ("coach.storage",),
    "mcap": ("coach.recording",),
    "fitdecode": ("coach.interchange",),
    "paho": ("coach.service.handover",),
    "pyarrow": ("coach.interchange", "coach.service.study"),
    "dask": ("coach.service.study",),
    "distributed": ("coach.service.study",),
    "fsspec": ("coach.service.study",),
    "statsmodels": ("coach.service.study",),
    "matplotlib": ("coach.service.study", "coach.cli.plotting"),
    "icalendar": ("coach.interchange",),
    "babel": ("coach.language",),
    "psycopg": ("coach.roster",),
    "click": ("coach.cli", "coach.__main__"),
}


def source_files() -> list[Path]:
    return [p for top in ("coach", "web", "firmware_config") for p in sorted((ROOT / top).rglob("*.py"))]


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str | None:
    """The longest known room that holds `module`."""
    fits = [room for room in FLOORS if module == room or module.startswith(room + ".")]
    return max(fits, key=len) if fits else None


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text())))


def called(node: ast.AST) -> str:
    """The dotted name that is called; "" where none is."""
    parts, at = [], node.func if isinstance(node, ast.Call) else None
    while isinstance(at, ast.Attribute):
        parts.append(at.attr)
        at = at.value
    return ".".join([at.id, *reversed(parts)]) if isinstance(at, ast.Name) else ""


def imports(path: Path) -> Iterator[str]:
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            assert node.module
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif called(node) == "needed":  # a library that is loaded when needed
            assert isinstance(node, ast.Call)
            yield ast.literal_eval(node.args[0])


MODULES = {module_name(path): path for path in source_files()}


@cache  # parsed when a test asks: every worker of pytest-xdist imports this file
def imports_of_all() -> dict[str, list[str]]:
    return {module: sorted(set(imports(path))) for module, path in MODULES.items()}


def test_a_file_imports_only_from_lower_floors_or_its_own_room() -> None:
    faults = []
    for module, names in imports_of_all().items():
        room = room_of(module)
        if room is None:
            faults += [f"{module} is in no room"] if module != "coach" else []
            continue
        faults += [
            f"{module} (floor {FLOORS[room]}) imports {name} (floor {FLOORS[other]})"
            for name in names
            if (other := room_of(name)) and other != room and FLOORS[other] >= FLOORS[room]
        ]
    assert faults == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports for type checkers only count, too: a circle of types is a circle of thoughts."""
    sorter = TopologicalSorter(
        {module: set(names) & MODULES.keys() - {module} for module, names in imports_of_all().items()}
    )
    try:
        sorter.prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_pure_rooms_take_no_clock_file_thread_or_chance() -> None:
    faults = []
    for module, path in MODULES.items():
        if not module.startswith(PURE):
            continue
        faults += [
            f"{module} imports {name}" for name in imports_of_all()[module] if name.split(".")[0] in IMPURE_IMPORTS
        ]
        if str(path.relative_to(ROOT)) not in DATA_LOADERS:
            faults += [
                f"{module}:{node.lineno} calls {called(node)}"
                for node in nodes_of(path)
                if isinstance(node, ast.Call) and called(node) in IMPURE_CALLS
            ]
    assert faults == []


def test_the_wall_clock_is_read_in_one_place() -> None:
    """Who needs the date is given `wall_clock.utc_now` or takes it from there, so that tests can set it."""
    dates = ("datetime.now", "datetime.datetime.now", "date.today", "datetime.date.today", "datetime.utcnow")
    found = [
        f"{module}:{node.lineno} calls {called(node)}"
        for module, path in MODULES.items()
        for node in nodes_of(path)
        if isinstance(node, ast.Call) and called(node) in dates and module != "coach.wall_clock"
    ]
    assert found == []


def test_each_outside_library_has_one_home() -> None:
    faults = [
        f"{module} imports {name}, whose home is {', '.join(homes)}"
        for module, names in imports_of_all().items()
        for name in names
        if (homes := HOMES.get(name.split(".")[0])) and not module.startswith(homes)
    ]
    assert faults == []


def test_the_top_level_holds_only_what_was_agreed() -> None:
    agreed = {"pyproject.toml", "README.md", "LICENSE", ".gitignore", ".ci", "coach", "firmware_config", "web", "tests"}
    agreed |= {"CHANGELOG.md", "CONTRIBUTING.md", "docs", ".pre-commit-config.yaml"}
    ignored = {".git", ".venv", "dist", "build"}
    found = {p.name for p in ROOT.iterdir() if not p.name.endswith("_cache") and p.name != ".hypothesis"}
    assert found - ignored <= agreed


def test_package_markers_are_empty() -> None:
    assert [str(path) for path in MODULES.values() if path.name == "__init__.py" and path.read_text().strip()] == []


def test_a_class_name_has_one_meaning() -> None:
    places: dict[str, list[str]] = {}
    for module, path in MODULES.items():
        for node in nodes_of(path):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(module)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
