"""A test that never ends is ended by its limit, fails by name, and every other test of the run is still run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = """
import pytest

@pytest.hookimpl
def pytest_xdist_make_scheduler(config, log):
    from tests.support.one_file_at_a_time import OneFileAtATime
    config.option.loadscopereorder = False
    return OneFileAtATime(config, log)
"""
HANGS = """
import time
import pytest

def test_before(): pass

@pytest.mark.timeout(1)
def test_never_ends(): time.sleep(600)

def test_after(): pass
"""
PLUGINS = ("-p", "no:cacheprovider", "-p", "xdist", "-p", "pytest_timeout")
PASSES = "def test_one(): pass\n"


@pytest.mark.slow
def test_a_hung_test_costs_one_test(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\ntimeout_method = thread\n")
    (tmp_path / "test_hangs.py").write_text(HANGS)
    for name in ("a", "b", "z"):
        (tmp_path / f"test_{name}.py").write_text(PASSES)
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", *PLUGINS, f"--rootdir={tmp_path}", "."],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 1, ended.stdout
    assert "5 passed" in ended.stdout
    assert "1 failed" in ended.stdout
    assert "crashed while running 'test_hangs.py::test_never_ends'" in ended.stdout
