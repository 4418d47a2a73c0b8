"""What a test needs and is not there skips at home, and fails in CI."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
QUICKLY = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # none of the plugins is needed
FILES = {
    "test_module.py": 'import pytest\npytest.importorskip("no_such_module")\ndef test_it(): pass\n',
    "test_inside.py": 'import pytest\ndef test_it(): pytest.skip("no such thing")\ndef test_other(): pass\n',
    "conftest.py": "from tests.conftest import *\n",
}


@pytest.mark.parametrize(
    ("ci", "returned", "counts"), [("", 0, "1 passed, 2 skipped"), ("true", 1, "1 failed, 1 passed, 1 error")]
)
def test_what_is_skipped_at_home_fails_in_ci(tmp_path: Path, ci: str, returned: int, counts: str) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--continue-on-collection-errors",
        tmp_path,
    ]
    env = {**os.environ, **QUICKLY, "PYTHONPATH": str(ROOT), "CI": ci}
    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == returned, done.stdout + done.stderr
    assert counts in done.stdout, done.stdout
