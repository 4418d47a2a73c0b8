"""Where the resident memory of a service that waits goes: `python -m tests.benchmark resident`.

A process of its own loads Python's parts, the libraries and the service in the order in which they rest on each other,
and says after each how much it has grown: pages of files (code of libraries, which other processes share) and of its
own. The floor is the libraries that this program is built on, imported in a process that does nothing else.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
# What bleak loads on Linux at the first question to the system's Bluetooth.
_RADIO: Final = ("bleak", "bleak.backends.bluezdbus.manager", "bleak.backends.bluezdbus.client")
FLOOR: Final = ("flask", "apscheduler.schedulers.background", "sqlite3", *_RADIO)
# Names to import, one after the other, for each line of the account.
_LAYERS: Final[dict[str, tuple[str, ...]]] = {
    "Python": (),
    "asyncio with TLS": ("asyncio", "ssl"),
    "Flask with Werkzeug, Jinja2 and Click": ("flask", "werkzeug.routing", "jinja2"),
    "APScheduler": ("apscheduler.schedulers.background", "apscheduler.executors.pool"),
    "SQLite": ("sqlite3",),
    "bleak with D-Bus": _RADIO,
    "pydantic": tuple(f"pydantic.{name}" for name in ("main", "fields", "types", "type_adapter", "json_schema")),
    "waitress, Babel, MCAP with zstd, segno, platformdirs": (
        *("waitress.server", "babel", "babel.dates", "babel.lists", "mcap.writer", "mcap.stream_reader", "zstandard"),
        *("segno", "platformdirs", "platformdirs.unix"),
    ),
}
_STEPS: Final = """
import sys
from importlib import import_module
from pathlib import Path

def mb():
    fields = dict(line.split(":", 1) for line in open("/proc/self/status", encoding="ascii"))
    return [int(fields[name].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "RssAnon", "RssFile")]

def say(words):
    print(words, *mb(), sep="\\t", flush=True)
"""
_SERVICE: Final = """
import coach.cli.serving
from web.app import blueprints, create_app
blueprints()
say("the modules of this program")
from coach.bootstrap import Coach
from coach.settings import make_settings
from web.server import serve
coach = Coach(make_settings(Path(sys.argv[1]), "127.0.0.1", 0))
say("database, event loop and the parts of the service")
server = serve(create_app(coach), "127.0.0.1", 0)
say("pages and web server")
coach.start()
coach.sensors.problem()
say("reminders, and the question whether Bluetooth works")
server.stop()
coach.close()
"""


def account(folder: Path) -> list[tuple[str, float, float, float]]:
    """What each part adds, and the whole last: words, resident, own and files' pages [MB]."""
    layers = [f"for name in {names!r}: import_module(name)\nsay({words!r})" for words, names in _LAYERS.items()]
    found = _run("\n".join([_STEPS, *layers, _SERVICE]), str(folder))
    rows, before = [], (0.0, 0.0, 0.0)
    for words, *now in found:
        rows.append((words, *(new - old for new, old in zip(now, before, strict=True))))
        before = (now[0], now[1], now[2])
    return [*rows, ("all", *before)]


def floor_mb(more: Sequence[str] = ()) -> float:
    """Resident memory [MB] of a process that imports the libraries, and `more`, and nothing else."""
    ((_, resident, _, _),) = _run(f"{_STEPS}\nfor name in {(*FLOOR, *more)!r}: import_module(name)\nsay('all')")
    return resident


def _run(code: str, *words: str) -> list[tuple[str, float, float, float]]:
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, check=True, capture_output=True, text=True)
    parts = (line.split("\t") for line in done.stdout.splitlines())
    return [(words, float(resident), float(own), float(files)) for words, resident, own, files in parts]


def main() -> None:
    """Print the account as a table."""
    print("| what | resident, MB | its own | of files |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        account(Path(folder))  # the first start makes the database
        for words, *mb in account(Path(folder)):
            print(f"| {words} | {' | '.join(f'{one:.1f}' for one in mb)} |")
    print(f"\nThe libraries alone {floor_mb():.1f} MB, with numpy {floor_mb(('numpy',)):.1f} MB.")
