"""`python -m tests.advice invariants` says with its exit status whether a rule was broken."""

import pytest

from tests.advice import invariants
from tests.advice.__main__ import main


def test_a_broken_rule_fails_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["invariants", "--runs", "2"]) == 0
    assert "0 broken" in capsys.readouterr().out
    monkeypatch.setattr(invariants, "faults", lambda scenario, decisions: ["a cue while in pain"])
    assert main(["invariants", "--runs", "2"]) == 1
    assert "seed 1: a cue while in pain" in capsys.readouterr().out
