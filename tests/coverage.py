"""How many lines and branches of the pure rooms their tests enter: `python -m tests.coverage`.

Runs the tests of the rooms, and those of the rooms above that use them, and prints one row a room; ends with 1 where a
test fails or a room has fewer than `LEAST_BRANCHES_PCT` of its branches entered. Branches alone are counted, as a line
that is entered hides the condition that never was false.
"""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

ROOMS: Final = ("coach/packets", "coach/gait", "coach/coaching", "coach/strength")
TESTS: Final = (*(f"tests/{room}" for room in ROOMS), "tests/coach/live", "tests/coach/service/strength")
LEAST_BRANCHES_PCT: Final = 95.0


def main() -> int:
    """Run, print and judge; returns the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        data, report = Path(folder) / "data", Path(folder) / "report.json"
        run = [
            sys.executable,
            "-m",
            "coverage",
            "run",
            f"--data-file={data}",
            "--branch",
            f"--source={','.join(ROOMS)}",
        ]
        tested = subprocess.run([*run, "-m", "pytest", "-q", *TESTS])
        subprocess.run(
            [sys.executable, "-m", "coverage", "json", "-q", f"--data-file={data}", "-o", str(report)], check=True
        )
        files = json.loads(report.read_text())["files"]
    rooms = {room: _sums(files, room) for room in ROOMS}
    for room, sums in rooms.items():
        lines = _pct(sums, "covered_lines", "num_statements")
        branches = _pct(sums, "covered_branches", "num_branches")
        print(f"{room:16} lines {lines:5.1f} %   branches {branches:5.1f} % of {sums['num_branches']}")
    low = [room for room, sums in rooms.items() if _pct(sums, "covered_branches", "num_branches") < LEAST_BRANCHES_PCT]
    if low:
        print(f"fewer than {LEAST_BRANCHES_PCT:g} % of branches: {', '.join(low)}")
    return 1 if low or tested.returncode else 0


def _sums(files: dict[str, dict[str, dict[str, int]]], room: str) -> Counter[str]:
    sums: Counter[str] = Counter()
    for name, row in files.items():
        if name.startswith(f"{room}/"):
            sums.update({key: value for key, value in row["summary"].items() if isinstance(value, int)})
    return sums


def _pct(sums: Counter[str], part: str, whole: str) -> float:
    return 100.0 * sums[part] / max(sums[whole], 1)


if __name__ == "__main__":
    sys.exit(main())
