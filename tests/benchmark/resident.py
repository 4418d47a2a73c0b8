"""Where the resident memory of the service goes: `python -m tests.benchmark resident`, `--write` into the documents.

A process of its own loads Python's parts, the libraries and the service in the order in which they rest on each other,
opens the first page or plays some minutes of a run, and says after each how much it has grown: pages of files (code of
libraries, which other processes share) and of its own. The floor is the libraries that this program is built on,
imported in a process that does nothing else.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Final

from tests.benchmark.recordings import make_recording
from tests.support.marks import put_between

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "performance.md"
_MINUTES: Final = 5  # of a run: what it holds is then what it holds after an hour, but for 1 MB
_IDLE: Final = "reminders, and the question whether Bluetooth works"
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
_SERVICE: Final = f"""
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
say({_IDLE!r})
"""
_FIRST_PAGE: Final = """
from urllib.request import urlopen
urlopen(f"{server.url}/", timeout=60).read()
say("the first page")
"""
_RUN: Final = f"""
import numpy
say("numpy")
from coach.recording.reader import read_recording
from coach.packets.registry import formats
from tests.benchmark.live_run import play
import_module("coach.gait.fusion.body")
formats()
say("formats of packets, stages of the gait")
whole = read_recording(Path(sys.argv[2]))
play(whole.notifications(), whole.header, coach.store, coach.feed, coach.settings.recordings)
say("{_MINUTES} minutes of a run: linear algebra, log, database, what a run holds")
"""
_END: Final = """
server.stop()
coach.close()
"""


def account(folder: Path, more: str, *words: str) -> list[tuple[str, float, float, float]]:
    """What each part adds, and the whole after those of a service that waits and last: words, resident, own and files'
    pages [MB]. more: what the service does then, of the words."""
    layers = [f"for name in {names!r}: import_module(name)\nsay({part!r})" for part, names in _LAYERS.items()]
    found = _run("\n".join([_STEPS, *layers, _SERVICE, more, _END]), str(folder), *words)
    rows: list[tuple[str, float, float, float]] = []
    before = (0.0, 0.0, 0.0)
    for part, *now in found:
        rows.append((part, now[0] - before[0], now[1] - before[1], now[2] - before[2]))
        before = (now[0], now[1], now[2])
        if part == _IDLE:
            rows.append(("all, waiting", *before))
    return [*rows, ("all, then", *before)]


def floor_mb(more: Sequence[str] = ()) -> float:
    """Resident memory [MB] of a process that imports the libraries, and `more`, and nothing else."""
    ((_, resident, _, _),) = _run(f"{_STEPS}\nfor name in {(*FLOOR, *more)!r}: import_module(name)\nsay('all')")
    return resident


def _run(code: str, *words: str) -> list[tuple[str, float, float, float]]:
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    parts = (line.split("\t") for line in done.stdout.splitlines())
    return [(words, float(resident), float(own), float(files)) for words, resident, own, files in parts]


def main(words: list[str]) -> None:
    """Print the account as a table; words: "--write" puts it into docs/performance.md."""
    rows = ["| what | resident, MB | its own | of files |", "|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as name:
        folder, recording = Path(name) / "data", Path(name) / "run.mcap"
        make_recording(recording, _MINUTES, has_chest=False)
        account(folder, "")  # the first start makes the database
        page_mb = account(folder, _FIRST_PAGE)[-2][1]
        for part, *mb in account(folder, _RUN, str(recording)):
            rows.append(f"| {part} | {' | '.join(f'{one:.1f}' for one in mb)} |")
    alone = f"The libraries alone take {floor_mb():.1f} MB, with numpy {floor_mb(('numpy',)):.1f}. "
    alone += f"The first page adds {page_mb:.1f} MB to a service that waits."
    table = "\n".join([*rows, "", *wrap(alone, 120)]) + "\n"
    print(table)
    if "--write" in words:
        PAGE.write_text(put_between(PAGE.read_text(encoding="utf-8"), "resident", table), encoding="utf-8")
