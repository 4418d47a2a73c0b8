"""The share of branches that CI prints is judged: too little of one room is named and fails the run."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests import coverage


def test_a_room_with_too_few_branches_entered_is_named() -> None:
    few, enough = ({"coach/gait": Counter(covered_branches=n, num_branches=200)} for n in (189, 190))
    assert coverage.rows(few) == ["coach/gait        94.5 % of 200 branches: fewer than 95 %"]
    assert coverage.rows(enough) == ["coach/gait        95.0 % of 200 branches"]
    assert not coverage.is_enough(few)
    assert coverage.is_enough(enough)


def test_where_nothing_was_counted_every_room_has_too_few(tmp_path: Path) -> None:
    counts = coverage.counts_in(str(tmp_path))
    assert set(counts) == set(coverage.ROOMS)
    assert not coverage.is_enough(counts)


@pytest.mark.slow
def test_the_tests_of_one_room_alone_pass_and_fail_for_the_others() -> None:
    of_one_room = (
        "tests/coach/strength/test_heeding.py",
        "tests/test_words.py::test_names_and_prose_are_taken_apart_into_words",
    )
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "tests.coverage", *of_one_room]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    rows = {line.split()[0]: line for line in ran.stdout.splitlines() if line.startswith("coach/")}
    assert ran.returncode == pytest.ExitCode.TESTS_FAILED
    assert "failed" not in ran.stdout
    assert set(rows) == set(coverage.ROOMS)
    assert float(rows["coach/strength"].split()[1]) > 0.0
    assert rows["coach/gait"].split()[1] == "0.0"
