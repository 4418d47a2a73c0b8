"""What the coach says and claims, simulated: `python -m tests.advice [PART] [--write]`."""

import argparse
import sys
from collections.abc import Iterator, Sequence

from tests.advice import ancova, document, invariants, responses, weeks


def main(words: Sequence[str]) -> int:
    """Print the tables asked for; without a name, all. Gives 1 where a run broke a rule, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.advice", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("responses", "ancova", "invariants", "weeks"))
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--weeks", type=int, default=weeks.WEEKS)
    parser.add_argument("--blocks", type=int, default=2000)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="keep responses, ancova and weeks in docs/advice.md")
    asked = parser.parse_args(words)
    broken: list[str] = []
    if asked.what in (None, "invariants"):
        summary, broken = invariants.check(asked.runs)
        print("\n".join([summary, *broken]), flush=True)
    if asked.what in (None, "weeks"):
        _show("weeks", weeks.tables(asked.weeks), asked.write)
    if asked.what in (None, "responses"):
        _show("responses", responses.lines(asked.blocks, asked.processes), asked.write)
    if asked.what in (None, "ancova"):
        _show("ancova", ancova.lines(asked.blocks, asked.processes), asked.write)
    return 1 if broken else 0


def _show(name: str, lines: Iterator[str], is_kept: bool) -> None:
    """Print lines as they come; keep them where asked for."""
    shown = []
    for line in lines:
        print(line, flush=True)
        shown.append(line)
    if is_kept:
        document.write(name, "\n".join(shown))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
