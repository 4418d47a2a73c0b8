"""The page's own JavaScript by itself: unit tests in Node, eslint, and `tsc --checkJs`; in seconds, without a browser.

The tools are pinned in `package-lock.json` beside this file; `npm ci --prefix tests/js` installs them. In CI they are
installed where they are missing.
"""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.common import IN_CI, missing

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
TOOLS = FOLDER / "node_modules" / ".bin"
KEPT = FOLDER / "node_modules" / ".cache"  # what tools found in files that have not changed since, as mypy keeps it


def done(command: Sequence[str | Path], folder: Path = ROOT) -> str:
    """What a command printed; fails with it where the command does."""
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=180)
    printed = ended.stdout + ended.stderr
    assert ended.returncode == 0, printed[-8000:]
    return printed


def tool(name: str) -> Path:
    """A pinned tool; skips at home where it is not installed."""
    return _installed(TOOLS / name, name)


def read_by(script: str, package: str, path: Path) -> Any:
    """What a script of this folder, which rests on a pinned package, prints of a file, as JSON."""
    _installed(FOLDER / "node_modules" / package, package)
    return json.loads(done([node(), FOLDER / script, path]))


def _installed(path: Path, name: str) -> Path:
    npm = shutil.which("npm")
    if IN_CI and npm:
        # One process of the tests after the other, the look included: npm ci removes everything first, and what is
        # there before it has ended is not whole.
        with (FOLDER / ".npm-ci.lock").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            if not path.exists():
                done([npm, "ci", "--no-audit", "--no-fund", "--prefix", str(FOLDER)])
    if not path.exists():
        missing(f"no {name}: `npm ci --prefix tests/js` installs it")
    return path


def node() -> str:
    found = shutil.which("node")
    if found is None:
        missing("no node: install Node.js 20 or later to test the page's modules by themselves")
    return str(found)


def test_every_module_test_passes() -> None:
    files = sorted(FOLDER.glob("*.test.js"))
    assert len(files) >= 10
    assert "# pass 0" not in done([node(), "--test", *files])


def test_eslint_finds_nothing() -> None:
    kept = ["--cache", "--cache-strategy", "content", "--cache-location", KEPT / "eslint"]
    config = ["--config", FOLDER / "eslint.config.js", "--max-warnings", "0"]
    done([tool("eslint"), *kept, *config, "web/static/js", "tests/js"])


def test_types_fit() -> None:
    kept = ["--incremental", "--tsBuildInfoFile", KEPT / "tsc"]
    done([tool("tsc"), "--project", FOLDER / "tsconfig.json", *kept])


@pytest.mark.slow
def test_the_tools_would_find_what_they_are_for(tmp_path: Path) -> None:
    """A check that cannot fail proves nothing: both see a planted fault."""
    fault = tmp_path / "web" / "static" / "js" / "fault.js"
    fault.parent.mkdir(parents=True)
    fault.write_text(
        'export function show(text) { document.body.innerHTML = undefinedName; return text; }\n"x".nope();\n'
    )
    config = os.path.relpath(FOLDER / "eslint.config.js", tmp_path)
    for command, words in (
        ([tool("eslint"), "--config", config, "--no-config-lookup", "web"], ("innerHTML", "undefinedName")),
        ([tool("tsc"), "--allowJs", "--checkJs", "--noEmit", "--target", "ES2022", str(fault)], ("nope",)),
    ):
        ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=180)
        assert ended.returncode != 0
        assert all(word in ended.stdout + ended.stderr for word in words), ended.stdout + ended.stderr
