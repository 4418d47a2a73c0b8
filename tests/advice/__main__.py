"""What the coach says and claims, simulated: `python -m tests.advice [responses | invariants | weeks] [--write]`."""

import argparse
from collections.abc import Iterator

from tests.advice import document, invariants, responses, weeks


def main() -> None:
    """Print the tables asked for; without a name, all."""
    parser = argparse.ArgumentParser(prog="python -m tests.advice", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("responses", "invariants", "weeks"))
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--weeks", type=int, default=weeks.WEEKS)
    parser.add_argument("--blocks", type=int, default=2000)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="keep responses and weeks in docs/advice.md")
    asked = parser.parse_args()
    if asked.what in (None, "invariants"):
        print(invariants.table(asked.runs))
    if asked.what in (None, "weeks"):
        _tell("weeks", weeks.tables(asked.weeks), asked.write)
    if asked.what in (None, "responses"):
        _tell("responses", responses.lines(asked.blocks, asked.processes), asked.write)


def _tell(name: str, lines: Iterator[str], is_kept: bool) -> None:
    """Print lines as they come; keep them where asked for."""
    told = []
    for line in lines:
        print(line, flush=True)
        told.append(line)
    if is_kept:
        document.write(name, "\n".join(told))


if __name__ == "__main__":
    main()
