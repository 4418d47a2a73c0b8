"""The user-mode kernel: where it is kept, and one boot of it with a script as its only work.

It runs as an ordinary program (User-Mode Linux, `build.sh`), taken from COACH_UML, else from the cache folder by the
hash of its configuration.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
_BOOT_S: Final = 50.0  # beside what the script takes; a busy machine boots in 20


def known_kernel() -> Path:
    """Where the kernel is or would be."""
    if "COACH_UML" in os.environ:
        return Path(os.environ["COACH_UML"])
    facts = (HERE / "kernel.config").read_bytes() + (HERE / "build.sh").read_bytes()
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "running-coach"
    return folder / f"uml-{hashlib.sha256(facts).hexdigest()[:16]}" / "vmlinux"


def missing_programs() -> list[str]:
    """What the guest needs of this machine and does not find."""
    names = ("dbus-daemon", "bluetoothd")
    folders = (Path("/usr/libexec/bluetooth"), Path("/usr/lib/bluetooth"))  # as init.sh looks for it
    return [name for name in names if not shutil.which(name) and not any((f / name).exists() for f in folders)]


def boot(
    kernel: Path, script: str, patience_s: float = 280.0, memory: str = "512M", **facts: str
) -> tuple[str | None, str]:
    """Boot the guest once: its result line, and all that it printed. facts: further variables of its script."""
    settings = {
        "COACH_ROOT": str(ROOT), "COACH_PYTHON": sys.executable, "COACH_GUEST": script,
        "COACH_PATIENCE_S": f"{patience_s:g}", **facts,
    }  # fmt: skip
    command = [
        str(kernel), f"mem={memory}", "rootfstype=hostfs", "rootflags=/", "ro", f"init={HERE}/init.sh",
        "con=null", "con0=fd:0,fd:1", "quiet", *(f"{name}={value}" for name, value in settings.items()),
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as guest:
        try:
            said, _ = guest.communicate(timeout=patience_s + _BOOT_S)
        except subprocess.TimeoutExpired:
            guest.kill()
            said, _ = guest.communicate()
    results = [line for line in said.splitlines() if line.startswith("RESULT ")]
    return (results[0] if results else None), f"{said}\nexit status {guest.returncode}"
