"""`python -m tests.reliability [ROW ...]`: what befell the program, what was demanded and what came, as a table.

Without a name every row is measured and `docs/reliability.md` is written, which takes about an hour; with names (kills,
machine, beside, storm, strangers, archives, api, packets) their rows are printed. `kills N WORK ...` kills at up to N
points of the named works only.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.reliability import api, archives, beside, kills, machine, packets, storm, strangers
from tests.reliability.rows import HEAD, Row
from tests.reliability.workload import WORKS

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
ROWS: Final[dict[str, Callable[[Path], Iterator[Row]]]] = {
    "machine": machine.rows,
    "beside": beside.rows,
    "storm": storm.rows,
    "strangers": strangers.rows,
    "archives": archives.rows,
    "api": api.rows,
}
_TITLE: Final = """# What befalls the program, and what comes of it

Written by `python -m tests.reliability`: every row is measured on the real program, in processes of their own where a
process is what suffers. A small version of each runs with the tests."""
_PACKETS: Final = """## Damaged packets

Every golden packet of a data characteristic with each of its bits flipped, and cut at each length, held against the
untouched packet. Only our own board's protocol has a check sum, so that for others the number cannot be 0. What catches
such numbers later: readings beyond a sensor's range are refused or counted as clipped; a bent device time is a gap or a
fault of the clock, not a stride; a stride beyond what a body can do is no stride; and a cue needs a change that lasts
over many strides. A packet that is cut never gives a wrong number."""
_KILLS: Final = """## Kills

The process is killed (SIGKILL) before or after something that it does to its disk, and started again on the same
folder. A fault is a run that is stuck, there twice or without its summary, a log or a tap that was acknowledged and is
gone, a file left over, or a database that is not sound."""


def main(words: list[str]) -> int:
    """Print what was asked for; all of it goes into the document, too."""
    names = [word for word in words if word in (*ROWS, "packets", "kills")]
    if words and not names:
        print(f"say what to measure: {', '.join((*ROWS, 'packets', 'kills [N] [WORK]'))}", file=sys.stderr)
        return 2
    text: list[str] = []
    is_held = True

    def say(line: str) -> None:
        print(line, flush=True)
        text.append(line)

    say(_TITLE)
    with tempfile.TemporaryDirectory() as folder:
        if not names or set(names) & set(ROWS):
            say(f"\n{HEAD}")
        for name in names or ROWS:
            for row in ROWS[name](Path(folder)) if name in ROWS else ():
                is_held &= row.is_held
                say(row.line())
        if not names or "kills" in names:
            say(f"\n{_KILLS}\n")
            is_held &= _kills(words, Path(folder), say)
    if not names or "packets" in names:
        say(f"\n{_PACKETS}\n\n{packets.table()}")
    if not words:
        DOCUMENT.write_text("\n".join(text) + "\n", "utf-8")
    return 0 if is_held else 1


def _kills(words: list[str], folder: Path, say: Callable[[str], None]) -> bool:
    most = next((int(word) for word in words if word.isdigit()), 10_000)
    faults: list[str] = []
    say("| work | points | kills | most lost [s] | faults |\n|---|---|---|---|---|")
    for work in [word for word in words if word in WORKS] or WORKS:
        result = kills.measure(work, most, folder)
        faults += result.faults
        say(f"| {work} | {result.n_points} | {result.n_kills} | {result.lost_s:.2f} | {len(result.faults)} |")
    for fault in faults:
        say(fault)
    return not faults


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
