"""Two coaches on one folder: the second says so and touches nothing; no end of a process leaves the folder locked."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from coach.cli.root import coach
from coach.errors import ConflictError
from coach.service.folder_lock import FolderLock
from tests.support.common import free_port

ROOT = Path(__file__).resolve().parents[3]


def started(*words: str) -> subprocess.Popen[str]:
    """A coach in a process of its own, once it serves."""
    command = [sys.executable, "-m", "coach", *words, "--host", "127.0.0.1", "--port", str(free_port())]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True, **pipes)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(2 if words[0] == "demo" else 1)]  # a demo speaks before it serves
    assert "On this machine" in lines[-1], lines
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="a lock of one's own is not seen there")
def test_the_second_is_refused_in_words_that_name_the_first(tmp_path: Path) -> None:
    words = rf"{tmp_path}.*process {os.getpid()}.*--data"
    with FolderLock(tmp_path / "coach.lock"), pytest.raises(ConflictError, match=words):
        FolderLock(tmp_path / "coach.lock").take()
    with FolderLock(tmp_path / "coach.lock"):
        pass


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no terminals to close")
@pytest.mark.slow
def test_a_second_server_says_so_and_a_closed_terminal_ends_the_run_in_order(tmp_path: Path) -> None:
    first = started("demo", "--data", str(tmp_path))
    try:
        deadline = time.monotonic() + 90
        while not list((tmp_path / "recordings").glob("*.part")):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        second = CliRunner().invoke(coach, ["serve", "--data", str(tmp_path), "--port", str(free_port())])
        assert (second.exit_code, second.stdout) == (1, "")
        assert f"process {first.pid}" in second.stderr
        seen = CliRunner().invoke(coach, ["runs", "list", "--json", "--data", str(tmp_path)])
        assert json.loads(seen.stdout)["runs"][0]["run"]["state"] == "recording", "reading leaves the run alone"
        time.sleep(2.0)  # a run of some strides
        first.send_signal(signal.SIGHUP)
        out, errors = first.communicate(timeout=60)
    finally:
        first.kill()
        first.wait()
    assert first.returncode == 0, errors
    assert "finished" in out
    assert list((tmp_path / "recordings").glob("*.part")) == []
    again = CliRunner().invoke(coach, ["runs", "list", "--json", "--data", str(tmp_path)])
    assert json.loads(again.stdout)["runs"][0]["run"]["state"] == "finished"
