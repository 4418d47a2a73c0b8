"""A disk that turns read-only or answers late in a run, laid over a process of its own (`mean_disk.c`).

`python -m tests.reliability.disk HARM FOLDER SECONDS` is that process; it says its outcome as one line of JSON.
"""

import ctypes
import dataclasses
import errno
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from coach.bootstrap import Coach
from coach.errors import StorageError
from coach.model.runs import RunState
from coach.service.runs import control
from coach.settings import make_settings
from tests.reliability.kills import ROOT, started
from tests.reliability.rows import Row
from tests.reliability.scene import WHOLE, After, befallen, is_shown
from tests.reliability.workload import POD, Feeder, wait_for

GOOD, READ_ONLY, SLOW = range(3)  # as in mean_disk.c
SYNC_S: Final = 2.0  # as there
LATE_S: Final = 1.0  # who waits for the disk waits for a sync, 2 s; a busy machine alone costs .5 s; by judgement
_SOURCE: Final = Path(__file__).with_name("mean_disk.c")
_LONGEST_S: Final = 300.0


def library(folder: Path) -> Path:
    """The layer, compiled into `folder`; raises FileNotFoundError without gcc."""
    path = folder / "mean_disk.so"
    if not path.exists():
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-o", path, _SOURCE, "-ldl"], check=True)
    return path


def under(harm: str, folder: Path, seconds: float) -> dict[str, Any]:
    """What a process says of its run on such a disk."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "tests.reliability.disk", harm, str(folder / "data"), str(seconds)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), "LD_PRELOAD": str(library(folder))},
        capture_output=True, text=True, check=False, timeout=_LONGEST_S,
    )  # fmt: skip
    if done.returncode != 0:
        raise AssertionError(f"{harm}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def read_only(folder: Path, seconds: float = 8.0) -> Row:
    """Every change is refused for some seconds."""
    found = under("read_only", folder, seconds)
    after = _after(found)
    words = f"{after}; {'shown' if found['is_shown'] else 'not shown'} to a phone that opens"
    what = f"the disk is read-only for {seconds:g} s"
    return Row(what, f"{WHOLE}; the state shown", words, after.is_whole and found["is_shown"])


def slow(folder: Path, seconds: float = 20.0) -> Row:
    """Each sync takes 2 s and each write 0.1 s."""
    found = under("slow", folder, seconds)
    after, wait_s = _after(found), float(found["wait_s"])
    what = f"the disk answers late for {seconds:g} s (a sync after 2 s, a write after 0.1 s)"
    words = f"{after}; the longest wait for a reading was {wait_s:.2f} s"
    demanded = f"{WHOLE}; no reading waits for {LATE_S:g} s"
    return Row(what, demanded, words, after.is_whole and wait_s < LATE_S)


def read_only_for_good(folder: Path, seconds: float = 4.0) -> Row:
    """Every change is refused until the process ends, and the next start finds the disk as it was."""
    found = under("for_good", folder, seconds)
    with started(folder / "data") as coach:
        entries = coach.store.runs.list(limit=None)
        lost_s = found["fed_s"] - (entries[0].run.duration_s or 0.0)
        is_back = len(entries) == 1 and entries[0].run.state is RunState.RECOVERED
    is_honest = "waits in memory" in found["words"]
    words = (
        f"the tap was answered in {found['tap_s']:.2f} s, {'shown' if found['is_shown'] else 'not shown'}; the stop "
        f"{'said' if is_honest else 'did not say'} that the last of the run waits in memory; the next start has it "
        f"but for {max(0.0, lost_s):.2f} s"
    )
    is_held = is_back and found["is_shown"] and found["tap_s"] < 1.0 and lost_s <= 1.0 and is_honest
    demanded = "the tap answered in 1 s, the state shown, the stop answered in words; at most 1 s before it is lost"
    return Row("the disk turns read-only and stays so", demanded, words, is_held)


def rows(folder: Path) -> Iterator[Row]:
    """All three."""
    yield read_only(folder / "read_only")
    yield read_only_for_good(folder / "for_good")
    yield slow(folder / "slow")


def _after(found: dict[str, Any]) -> After:
    return After(**{**found["after"], "state": RunState(found["after"]["state"])})


# In the process of its own -----------------------------------------------------------------------------------------


def _set_disk(mode: int, folder: Path) -> None:
    """From now on; raises AssertionError where this process does not notice, as with another C library."""
    ctypes.CDLL(None).mean_disk(mode)
    began_s, found = time.monotonic(), GOOD
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"tried")
            file.flush()
            os.fsync(file.fileno())
        found = SLOW if time.monotonic() - began_s >= SYNC_S else GOOD
    except OSError as error:
        found = READ_ONLY if error.errno == errno.EROFS else GOOD
    if mode != GOOD and found != mode:
        raise AssertionError(f"the layer over the disk has no effect here: {mode} was set, {found} found")


def _befallen(mode: int, folder: Path, seconds: float) -> dict[str, object]:
    said: dict[str, object] = {}

    def harm(coach: Coach, tap: Callable[[], None], feeder: Feeder) -> None:
        _set_disk(mode, folder.parent)
        feeder.wait_s = 0.0
        time.sleep(seconds / 2)
        tap()
        said["is_shown"] = is_shown(coach)
        time.sleep(seconds / 2)
        said["wait_s"] = feeder.wait_s
        _set_disk(GOOD, folder.parent)
        wait_for(lambda: not is_shown(coach))  # where the log never goes on, the parent loses patience

    after = befallen(folder, harm, faster=4.0)
    return {**said, "after": dataclasses.asdict(after)}


def _for_good(folder: Path, seconds: float) -> dict[str, object]:
    control.STOP_S = seconds  # type: ignore[misc]  # Final in the program
    coach = Coach(make_settings(folder, "127.0.0.1", 0))
    feeder = Feeder(run_s=1e9, faster=1.0)
    run_id = coach.runs.begin((POD,), lambda: (feeder, lambda: feeder.now_s)).run_id
    wait_for(lambda: feeder.now_s > 1.5)
    _set_disk(READ_ONLY, folder.parent)
    fed_s = feeder.now_s
    time.sleep(seconds)
    began_s = time.monotonic()
    coach.runs.pain(3, run_id=run_id)
    tap_s, is_seen, words = time.monotonic() - began_s, is_shown(coach), ""
    try:
        coach.runs.stop(run_id)
    except StorageError as error:
        words = str(error)
    coach.close()
    return {"fed_s": fed_s, "tap_s": tap_s, "is_shown": is_seen, "words": words}


def _main(harm: str, folder: Path, seconds: float) -> None:
    if harm == "for_good":
        found = _for_good(folder, seconds)
    else:
        found = _befallen({"read_only": READ_ONLY, "slow": SLOW}[harm], folder, seconds)
    print(json.dumps(found))


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]))
