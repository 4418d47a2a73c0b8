"""`docs/reliability.md`: parts with a title and a table; a row that is measured again takes its own place."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
_HEAD: Final = """# Reliability: what happens to the program, and what it does then

Written by `python -m tests.reliability`: every row is measured on the real program, in processes of their own where a
process is what suffers, and small versions run with the tests, but for the storm,
the bad day, the sleeping process and heavy work beside a run.

All of it was measured on Linux, nothing on macOS or Windows. On Windows a file that any program has open cannot be
replaced: a recording that something reads keeps its unfinished name until the next start, and a key, a copy or an
import that is to be replaced is refused in words. Folders and files are private there by the rights of the user's
profile, not by 0700 and 0600, and a terminal that is closed ends the program as a kill does."""
_ROW: Final = ("what", "demanded", "found", "")
TITLES: Final = {
    "machine": ("The machine, in a run", ""),
    "beside": ("Heavy work beside a run", ""),
    "storm": (
        "The radio",
        """The storm runs below the real Bluetooth client on a virtual radio, and calm of 40 s follows it. Half an
hour of bad luck there (2 % lost packets, five dropouts, a sensor that dies, each loss counted exactly) is a test on a
clock that jumps (`tests/coach/radio/test_bad_day.py`).""",
    ),
    "bluez": (
        "A bad day on real BlueZ",
        """A run with eight sensors, of which no minute is left out: bluetoothd, bleak and the whole service on a
Linux kernel that runs as a program, with sensors and the air between made by bumble. The air loses 2 % of all
notifications; a foot, both feet and the chest drop; a shank, a foot and the pelvis walk out of range; the clock is set
by +1, -2 and +1 hours; the disk is full for a minute; the adapter is pulled out for half a minute; the phone's network
is off for a minute; the pod's battery ends. (Those are the times of half an hour; a shorter day has them as much
shorter.) The half hour below was measured on a quiet machine; that before it had eight readings wrong, for a whole
packet behind a new connection was dropped, which is mended. At a load of 8 to 20 on the same two cores, two older half
hours lost 1,450 and 1,285 of 325,000 notifications before they reached the program, and fourteen minutes had one
board's missing readings 105 too many of 3,746, for a cause that is not known and was not seen again. It was looked for
in 5,000 simulated streams of a board (absences, a computer that stalls or hears all of a connection late, lost packets,
the wrap of the board's clock; 7.8 million missing readings): after what they showed was mended, none is off by more
than a reading or one in ten thousand. In 5,000 more the board was reset in 6,192 absences; each is known to 0.15 s. Of
2,000 streams of a Movesense, whose times are whole milliseconds, one is off by more (8 readings of 2,272).
`python -m tests.reliability bluez` (`tests/kernel/guest_bad_day.py`) repeats it.""",
    ),
    "bluez_counts": (
        "What that day's sensors sent and what is left of it",
        """"Not listened to" came before the first or after the last notification of its connection in the log: while
the coach was connecting or ended the connection. Of a sensor that numbers or times its readings, those that are missing
in the log between its first and its last are known, and counted by the coach: within a connection every difference is a
fault, over an absence, which it counts by the device's clock, one beyond one in ten thousand. A Movesense's packets
come in two parts without a number: where the second part of one and the first of the next are lost (one in 2,500 at 2 %
loss), two halves make eight readings of which nobody can know that they are wrong; those are left out of the count.""",
    ),
    "strangers": ("Strangers on the network", ""),
    "archives": ("Archives of strangers", ""),
    "api": ("Made-up requests of a phone that was let in", ""),
    "kills": (
        "Kills",
        """The process is killed (SIGKILL) before or after something that it does to its disk, and at random
moments, and started again on the same folder. A fault is a run that is stuck, there twice or without its summary, a log
or a tap that was acknowledged and is gone, a file left over, or a database that is not sound.""",
    ),
    "packets": (
        "Damaged packets",
        """Every golden packet of a data characteristic with each of its bits flipped, and cut at each length, held
against the untouched packet. Only our own board's protocol has a check sum, so that for others the number cannot be 0.
What catches such numbers later: readings beyond a sensor's range are refused or counted as clipped; a bent device time
is a gap or a fault of the clock, not a stride; a stride beyond what a body can do is no stride; and a cue needs a
change that lasts over many strides. A packet that is cut never gives a wrong number.""",
    ),
}
_COLUMNS: Final = {
    "kills": ("work", "points", "kills at points", "at random moments", "most lost [s]", "faults"),
    "bluez_counts": (
        "sensor", "notifications", "lost in the air", "not listened to", "in the log", "lost", "twice", "readings",
        "missing", "counted",
    ),
    "packets": (
        "profile, damage", "packets", "refused", "the same numbers", "no runner's numbers", "plausible, not the same"
    ),
}  # fmt: skip


def update(part: str, lines: Sequence[str], path: Path = DOCUMENT) -> None:
    """Put rows in the place of those with the same first cell; new ones come last."""
    tables = _read(path)
    tables.setdefault(part, {}).update({_key(line): line for line in lines})
    path.write_text(_written(tables), "utf-8")


def _written(tables: dict[str, dict[str, str]]) -> str:
    text = [_HEAD]
    for part, (title, words) in TITLES.items():
        if part not in tables:
            continue
        columns = _COLUMNS.get(part, _ROW)
        head = f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}"
        text.append(f"## {title}")
        text += [words] if words else []
        text.append("\n".join([head, *tables[part].values()]))
    return "\n\n".join(text) + "\n"


def _read(path: Path) -> dict[str, dict[str, str]]:
    """The rows of each part that there is, by their first cell."""
    parts = {title: part for part, (title, _) in TITLES.items()}
    tables: dict[str, dict[str, str]] = {}
    part = ""
    for line in path.read_text("utf-8").splitlines() if path.is_file() else ():
        if line.startswith("## "):
            part = parts.get(line[3:], "")
        elif part and line.startswith("| ") and _key(line) != _COLUMNS.get(part, _ROW)[0]:
            tables.setdefault(part, {})[_key(line)] = line
    return tables


def _key(line: str) -> str:
    return line.split("|")[1].strip()
