"""The page's modules that touch no document, by themselves: `node --test`, in a second and without a browser."""

import shutil
import subprocess
from pathlib import Path

from tests.support import missing

FOLDER = Path(__file__).parent


def test_every_module_test_passes() -> None:
    node = shutil.which("node")
    if node is None:
        missing("no node: install Node.js 20 or later to test the page's modules by themselves")
        return
    files = sorted(FOLDER.glob("*.test.js"))
    assert files
    done = subprocess.run([node, "--test", *files], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert "# pass 0" not in done.stdout
