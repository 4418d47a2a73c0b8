"""`python -m tests.reliability kills [N] [WORK]`: how often the process was killed, and what was lost, as a table.

N: kills per work, at most; all of them by default.
"""

import sys
import tempfile
from pathlib import Path

from tests.reliability.kills import Result, measure
from tests.reliability.workload import WORKS


def main(words: list[str]) -> int:
    if not words or words[0] != "kills" or any(word not in WORKS for word in words[2:]):
        print(f"say what to measure: kills [N] [{'|'.join(WORKS)}]", file=sys.stderr)
        return 2
    most = int(words[1]) if len(words) > 1 else 10_000
    works = words[2:] or list(WORKS)
    faults: list[str] = []
    print("| work | points | kills | most lost [s] | faults |\n|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for work in works:
            result: Result = measure(work, most, Path(folder))
            faults += result.faults
            numbers = f"{result.n_points} | {result.n_kills} | {result.lost_s:.2f} | {len(result.faults)}"
            print(f"| {work} | {numbers} |", flush=True)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
