"""A small part of `python -m tests.advice weeks`: what each kind of runner hears is sensible from the start."""

from pathlib import Path

import pytest

from tests.advice import document
from tests.advice.weeks import KINDS, hear, lines_of

BY_NAME = {kind.name: kind for kind in KINDS}


def test_a_pod_alone_hears_why_no_cue_can_come_and_its_block_does_not_march_on() -> None:
    runs = hear(BY_NAME["pod only"], 2, minutes=15.0)
    assert [run.is_baseline for run in runs] == [True, True, True, False, False, False]
    assert all(run.n_cues == 0 and run.block_run is None for run in runs)
    assert "It needs a motion sensor on a foot" in runs[-1].reason
    assert any("no cues" in line for line in lines_of(BY_NAME["pod only"], runs))


def test_a_shuffler_hears_cues_from_the_fourth_run_on_and_few_of_them() -> None:
    runs = hear(BY_NAME["shuffler"], 2)
    assert [run.n_cues for run in runs[:3]] == [0, 0, 0]
    assert [run.block_run for run in runs[3:]] == [1, 2, 3]
    assert all(1 <= run.n_cues <= 12 for run in runs[3:])


def test_a_table_is_kept_between_its_marks_and_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "advice.md"
    page.write_text("before\n<!-- weeks -->\nold\n<!-- /weeks -->\nafter\n", "utf-8")
    monkeypatch.setattr(document, "DOCUMENT", page)
    document.write("weeks", "new\n")
    document.write("weeks", "newer")
    assert page.read_text("utf-8") == "before\n<!-- weeks -->\n```\nnewer\n```\n<!-- /weeks -->\nafter\n"
    with pytest.raises(ValueError, match="no marks for moon"):
        document.write("moon", "x")
