"""`python -m tests.reliability [ROW ...]`: what befell the program, what was demanded and what came, as tables.

Without a name everything is measured, which takes hours; with names (machine, beside, storm, bluez, strangers,
archives, api, kills, packets) those parts are. `kills N WORK ...` kills at up to N points of the named works, `bluez N`
lives N minutes instead of 30, and only prints. What else is measured takes its place in `docs/reliability.md`, whose
other lines stay.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.reliability import archives, bad_day, beside, kills, machine, packets, storm, strangers
from tests.reliability.document import TITLES, update
from tests.reliability.rows import Row
from tests.reliability.workload import WORKS


def _api(folder: Path) -> Iterator[Row]:
    from tests.reliability import api  # schemathesis takes half a second

    yield from api.rows(folder)


ROWS: dict[str, Callable[[Path], Iterator[Row]]] = {
    "machine": machine.rows,
    "beside": beside.rows,
    "storm": storm.rows,
    "strangers": strangers.rows,
    "archives": archives.rows,
    "api": _api,
}


def main(words: list[str]) -> int:
    """Measure what was asked for; each part is printed and written when it is done."""
    known = [part for part in TITLES if part != "bluez_counts"]  # which comes with bluez
    names = [word for word in words if word in known] or ([] if words else known)
    if not names:
        print(f"say what to measure: {', '.join(known)}; kills [N] [WORK ...]", file=sys.stderr)
        return 2
    if "bluez" in names and (lacking := bad_day.lacking()):  # said before hours of other parts
        print(f"bluez needs {lacking}; without it name the other parts", file=sys.stderr)
        return 2
    is_held = True
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            for part, line, is_good in _parts(name, words, Path(folder)):
                print(line, flush=True)
                if name != "bluez" or _minutes(words) == bad_day.MINUTES:  # a page of half an hour holds no shorter day
                    update(part, [line])
                is_held &= is_good
    return 0 if is_held else 1


def _parts(name: str, words: list[str], folder: Path) -> Iterator[tuple[str, str, bool]]:
    """What is measured by a name: to which part of the document a row belongs, the row, and whether it is held."""
    if name == "bluez":
        yield from bad_day.lines(_minutes(words))
    else:
        yield from ((name, line, is_held) for line, is_held in _lines(name, words, folder))


def _minutes(words: list[str]) -> float:
    """How long a bad day lasts."""
    return next((float(word) for word in words if word.isdigit()), bad_day.MINUTES)


def _lines(name: str, words: list[str], folder: Path) -> Iterator[tuple[str, bool]]:
    """Rows of a table in Markdown, each with whether it is as it should be."""
    if name == "packets":
        yield from ((line, True) for line in packets.lines())
    elif name == "kills":
        most = next((int(word) for word in words if word.isdigit()), 10_000)
        for work in [word for word in words if word in WORKS] or WORKS:
            found = kills.measure(work, most, folder)
            for fault in found.faults:
                print(fault, file=sys.stderr)
            kinds = f"{found.n_points} | {found.n_kills} | {found.n_random}"
            numbers = f"{kinds} | {found.lost_s:.2f} | {len(found.faults)}"
            yield f"| {work} | {numbers} |", not found.faults
    else:
        yield from ((row.line(), row.is_held) for row in ROWS[name](folder))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
