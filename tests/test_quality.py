"""Style, docstrings, types and spelling are tested: ruff, mypy --strict and codespell have nothing to say."""

import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    "command",
    [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"], ["codespell_lib", "."]],
    ids=["ruff check", "ruff format", "mypy --strict", "codespell"],
)
def test_the_checker_has_nothing_to_say(command: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]


def test_a_word_that_is_misspelt_is_found(tmp_path: Path) -> None:
    misspelt = "Rec" + "ieve"  # in two parts: this file is checked, too
    (tmp_path / "page.toml").write_text(f'lead = "{misspelt} your runs"\n')
    command = [sys.executable, "-m", "codespell_lib", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert f"{misspelt} ==> Receive" in done.stdout


@pytest.mark.parametrize("room", ["coach/gait", "web", "firmware_config"])
def test_a_public_name_without_docstring_and_a_riddle_are_found(room: str) -> None:
    source = """
class Foot:
    def length_m(self) -> float:
        return 0.28


def side() -> str:
    return "left"


def shoe() -> str:
    \"\"\"The shoe that it wears.\"\"\"
    return "red"
"""
    command = [sys.executable, "-m", "ruff", "check", "--output-format", "concise", "--stdin-filename"]
    name = f"{room}/feet.py"
    done = subprocess.run([*command, name, "-"], cwd=ROOT, input=source, capture_output=True, text=True, check=False)
    assert re.findall(r": (D\d+) ", done.stdout) == ["D101", "D102", "D103", "D401"]


def test_a_commit_is_checked_by_the_tools_of_the_tests() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    tools = [f"- id: {name}\n" for name in ("ruff", "ruff-format", "mypy", "codespell", "eslint", "tsc")]
    assert [tool for tool in tools if tool not in hooks] == []


def test_any_stays_where_a_library_gives_it() -> None:
    """mypy checks nothing of what is `Any`: 40 lines are all that there may be, imports and prose not counted."""
    lines = {
        (path, token.start[0])
        for room in ("coach", "web", "firmware_config")
        for path in (ROOT / room).rglob("*.py")
        if "Any" in (text := path.read_text("utf-8"))
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.NAME and token.string == "Any" and " import " not in token.line
    }
    assert 0 < len(lines) <= 40, sorted(lines)


def test_a_misspelt_call_of_the_coach_by_a_page_is_an_error(tmp_path: Path) -> None:
    calls = {
        "runs.current()": "",
        "runs.pawse()": "attr-defined",
        "runs.mute('yes')": "arg-type",
        "coaching.plann()": "attr-defined",
    }
    page = tmp_path / "page.py"
    lines = [f"    the_coach().{call}" for call in calls]
    page.write_text("\n".join(["from web.context import the_coach", "", "", "def page() -> None:", *lines, ""]))
    command = [sys.executable, "-m", "mypy", "--strict", str(page)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = dict(re.findall(r"page\.py:(\d+): error: .*\[([\w-]+)\]", done.stdout))
    wanted = {str(number): complaint for number, complaint in enumerate(calls.values(), 5) if complaint}
    assert found == wanted, done.stdout[-2000:] + done.stderr[-1000:]
