"""A small version of each row of `python -m tests.reliability`."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from coach.recording import writer
from tests.reliability import disk, document, machine, packets
from tests.reliability.archives import row
from tests.reliability.beside import Watcher
from tests.reliability.rows import Row
from tests.support.common import missing, mostly_slow


def test_a_disk_that_is_full_costs_nothing_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "TRY_AGAIN_S", 0.1)
    found = machine.disk_full(tmp_path, 1.0)
    assert found.is_held, found.found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("harmed", "seconds"), [(disk.read_only, 1.0), (disk.read_only_for_good, 1.5), (disk.slow, 3.0)]
)
def test_a_disk_that_refuses_or_is_late_costs_nothing_of_a_run(
    harmed: Callable[[Path, float], Row], seconds: float, tmp_path: Path
) -> None:
    if shutil.which("gcc") is None:
        missing("no gcc: apt-get install gcc")
    found = harmed(tmp_path, seconds)
    assert found.is_held, found.found


def test_a_database_that_is_locked_costs_nothing_of_a_run(tmp_path: Path) -> None:
    found = machine.database_locked(tmp_path, 1.0)
    assert found.is_held, found.found


@pytest.mark.parametrize("hours", mostly_slow([-2.0, 1.0], n_quick=1))
def test_a_clock_that_jumps_costs_nothing_of_a_run(tmp_path: Path, hours: float) -> None:
    found = machine.clock_jumps(tmp_path, hours, 0.6)
    assert found.is_held, found.found


def test_a_packet_that_is_cut_gives_no_wrong_number_and_a_check_sum_catches_every_flip() -> None:
    counts = packets.measure()
    assert {profile: kinds["cut"].n_misled for profile, kinds in counts.items() if kinds["cut"].n_misled} == {}
    assert counts["coach_board"]["flipped"].n_misled == 0
    assert counts["running_speed_cadence"]["flipped"].n_misled > 0  # else nothing was measured


def test_the_longest_wait_counts_the_silence_at_both_ends() -> None:
    watcher = Watcher(1)
    watcher.arrived_s = [0.5, 1.0, 1.2, 2.0]
    assert watcher.largest_gap_s(1.0, 2.1) == pytest.approx(0.8)
    assert watcher.largest_gap_s(1.0, 9.0) == pytest.approx(7.0)


def test_a_row_that_is_measured_again_takes_its_own_place(tmp_path: Path) -> None:
    path = tmp_path / "reliability.md"
    document.update("kills", ["| run | 42 | 20 | 0.5 | 0 |", "| plan | 7 | 7 | 0.0 | 0 |"], path)
    damaged = list(packets.lines())[:2]
    document.update("packets", damaged, path)
    document.update("kills", ["| run | 42 | 42 | 0.4 | 0 |"], path)
    text = path.read_text("utf-8")
    assert text.count("| run |") == 1
    assert text.index("| run | 42 | 42 |") < text.index("| plan |") < text.index(damaged[0])
    assert text.count("## ") == 2


def test_the_document_has_the_words_that_its_next_row_would_write(tmp_path: Path) -> None:
    again = tmp_path / "reliability.md"
    again.write_bytes(document.DOCUMENT.read_bytes())
    document.update("machine", [], again)
    assert again.read_text("utf-8") == document.DOCUMENT.read_text("utf-8")


def test_a_row_is_held_by_what_was_found() -> None:
    counts = {"refused": 7, "taken": 3, "uncaught": 0, "half": 0, "poisoned": 0}
    assert row(10, counts).is_held
    assert not row(10, counts | {"poisoned": 1}).is_held
    assert "**not held**" in row(10, counts | {"half": 1}).line()
