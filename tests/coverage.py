"""How many branches of the pure rooms their tests enter: `pytest -p tests.coverage`, as `.ci/run` does.

A plugin of pytest: while a test of these rooms runs, or one of the rooms above that use them, coverage.py follows it;
all other tests run at their usual speed. At the end one row a room is printed, and the run fails where a room has fewer
than `LEAST_BRANCHES_PCT` of its branches entered. Branches are what counts, as a line that is entered hides the
condition that never was false. `python -m tests.coverage` runs just these tests.
"""

import json
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, Final

import coverage
import pytest

ROOMS: Final = ("coach/packets", "coach/gait", "coach/coaching", "coach/strength")
TESTS: Final = (
    *(f"tests/{room}" for room in ROOMS),
    "tests/coach/live",
    "tests/coach/phone",
    "tests/coach/service/strength",
)
LEAST_BRANCHES_PCT: Final = 95.0
_FOLDER: Final = "coverage_folder"  # where the processes of one run leave what they saw
Counts = Mapping[str, Counter[str]]


class BranchCounter:
    """Counts in one process of the tests. folder: of the whole run."""

    def __init__(self, folder: str) -> None:
        self._coverage = coverage.Coverage(
            data_file=f"{folder}/data", data_suffix=True, branch=True, source=list(ROOMS), config_file=False
        )
        self._is_on = False
        self._switch(True)  # what the rooms do when tests import them counts, too

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, bool, bool]:
        """Follow the tests of the rooms."""
        wanted = item.nodeid.startswith(TESTS)
        if wanted is not self._is_on:
            self._switch(wanted)
        return (yield)

    def pytest_sessionfinish(self) -> None:
        """Leave what was seen; nothing is a finding of the judge, not a warning."""
        self._switch(False)
        with warnings.catch_warnings(action="ignore", category=coverage.exceptions.CoverageWarning):
            self._coverage.save()

    def _switch(self, is_on: bool) -> None:
        self._is_on = is_on
        if is_on:
            self._coverage.start()
        else:
            self._coverage.stop()


class CoverageJudge:
    """Puts together what all processes saw, prints it and fails the run where it is too little."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.folder = self._folder.name

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give a worker of pytest-xdist the folder."""
        node.workerinput[_FOLDER] = self.folder

    @pytest.hookimpl(trylast=True)  # pytest-xdist waits for its workers first
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Judge."""
        counts = counts_in(self.folder)
        self.rows = rows(counts)
        if session.exitstatus == pytest.ExitCode.OK and not is_enough(counts):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        self._folder.cleanup()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print one row a room."""
        terminalreporter.section("branches entered")
        for row in self.rows:
            terminalreporter.write_line(row)


def pytest_configure(config: pytest.Config) -> None:
    """Judge in the process that was started, count in those that run tests."""
    folder = getattr(config, "workerinput", {}).get(_FOLDER)
    if folder is None:
        judge = CoverageJudge()
        config.pluginmanager.register(judge)
        if config.getoption("numprocesses", None):
            return
        folder = judge.folder
    config.pluginmanager.register(BranchCounter(folder))


def counts_in(folder: str) -> Counts:
    """Lines and branches by room, as the processes of a run left them in `folder`; none where they left nothing."""
    sums: dict[str, Counter[str]] = {room: Counter() for room in ROOMS}
    if not list(Path(folder).glob("data.*")):
        return sums
    seen = coverage.Coverage(data_file=f"{folder}/data", branch=True, source=list(ROOMS), config_file=False)
    seen.combine([folder])
    report = Path(folder) / "report.json"
    seen.json_report(outfile=str(report))
    for name, row in json.loads(report.read_text())["files"].items():
        for room in ROOMS:
            if name.startswith(f"{room}/"):
                sums[room].update({key: n for key, n in row["summary"].items() if isinstance(n, int)})
    return sums


def rows(counts: Counts) -> list[str]:
    """One row a room, in words where its tests enter too little."""
    found = []
    for room, sums in counts.items():
        row = f"{room:16} {_entered_pct(sums):5.1f} % of {sums['num_branches']} branches"
        found.append(row if _has_enough(sums) else f"{row}: fewer than {LEAST_BRANCHES_PCT:g} %")
    return found


def is_enough(counts: Counts) -> bool:
    """Whether the tests of every room enter enough of it."""
    return all(map(_has_enough, counts.values()))


def _has_enough(sums: Counter[str]) -> bool:
    return _entered_pct(sums) >= LEAST_BRANCHES_PCT


def _entered_pct(sums: Counter[str]) -> float:
    return 100.0 * sums["covered_branches"] / max(sums["num_branches"], 1)


if __name__ == "__main__":
    sys.exit(pytest.main(["-q", "-n", "auto", "-p", "tests.coverage", *TESTS]))
