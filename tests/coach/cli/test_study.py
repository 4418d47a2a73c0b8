"""`coach study`: one JSON document with --json, one line for an error, and words for what is not installed."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from coach.cli.root import coach
from tests.support.study import store_of


def run(*words: object) -> Result:
    return CliRunner().invoke(coach, [str(word) for word in words])


def test_a_store_is_computed_and_what_cannot_be_is_named(tmp_path: Path) -> None:
    pytest.importorskip("fsspec", reason="the extra [study] is not installed")
    store = store_of(tmp_path, 1)
    (store / "anna" / "foreign.mcap").write_bytes(b"something else")
    result = run("study", "recompute", store, "--jobs", 0, "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["counts"] == {"done": 1, "unreadable": 1}
    assert [row["source"] for row in document["rows"]] == ["anna/foreign.mcap"]
    assert "2 of 2" in result.stderr
    again = run("study", "recompute", store)
    assert (again.exit_code, again.stderr) == (0, "")
    assert "2 were done before; nothing to do" in again.stdout


def test_a_store_without_recordings_and_a_scheduler_that_is_not_there_are_one_line(tmp_path: Path) -> None:
    pytest.importorskip("fsspec", reason="the extra [study] is not installed")
    for words in ((tmp_path,), (tmp_path / "missing",), (tmp_path, "--jobs", 1, "--scheduler", "tcp://x:1")):
        result = run("study", "recompute", *words)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.count("\n") == 1


def test_without_the_extra_the_command_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*sys.modules]:
        if name.split(".")[0] == "fsspec":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "fsspec", None)
    result = run("study", "recompute", tmp_path)
    assert result.exit_code == 1
    assert "pip install 'running-coach[study]'" in result.stderr
