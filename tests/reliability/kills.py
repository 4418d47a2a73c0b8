"""Kills: the real process, at every point at which it changes its disk and at random moments, again and again on the
same data folder.

After each kill the next start must find everything that was acknowledged and at most one second less of the run; no run
may stay unfinished, none may be there twice, and the database must be sound.
"""

import contextlib
import os
import random
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from coach.bootstrap import Coach
from coach.model.recordings import RecordingHeader
from coach.model.runs import Run, RunFilter, RunState
from coach.model.samples import Notification
from coach.recording.folder import inside
from coach.recording.writer import RecordingWriter
from coach.service.runs.leftovers import take_back
from coach.settings import make_settings
from tests.reliability.kill_points import is_sound
from tests.reliability.workload import GPX_START, LOG_ID, MEASUREMENT, POD, gpx

ROOT: Final = Path(__file__).resolve().parents[2]
LOST_S: Final = 1.0
N_RANDOM: Final = 6  # random moments of each work; by judgement: with every point, more than 200 kills
_LONGEST_S: Final = 900  # on a machine that does much else
Demand = Callable[[bool, str], None]
_HALVES: Final = ("*.whole", "*.half", "*.unreadable", ".incoming*")


@dataclass(slots=True)
class Result:
    """Outcome of the kills in one work. n_kills: at its points, n_random: at random moments. lost_s: the most that a
    run lost."""

    n_points: int = 0
    n_kills: int = 0
    n_random: int = 0
    lost_s: float = 0.0
    faults: list[str] = field(default_factory=list)


def killed(data: Path, work: str, at: int | None, after_s: float | None = None) -> dict[str, list[str]]:
    """Run a work to its kill; gives what it said, by first word.

    at: the point at which it kills itself. after_s: it is killed from outside so long after its work began.
    """
    command = [sys.executable, "-m", "tests.reliability.workload", str(data), work, "none" if at is None else str(at)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        assert process.stdout is not None
        lines = []
        if after_s is not None:
            while (line := process.stdout.readline()) and not line.startswith("armed"):
                lines.append(line)
            time.sleep(after_s)
            process.kill()
        code = process.wait(_LONGEST_S)
        lines += process.stdout
        errors.seek(0)
        said: dict[str, list[str]] = {}
        if after_s is not None and code == -signal.SIGKILL:
            said["killed"] = [f"{after_s:.3f} s after its beginning"]
        for line in lines:
            word, _, rest = line.strip().partition(" ")
            said.setdefault(word, []).append(rest)
        if "points" not in said and "killed" not in said:
            raise AssertionError(f"{work} at {at} ended by itself ({code}): {errors.read()[-2000:]}")
    return said


@contextlib.contextmanager
def started(data: Path) -> Iterator[Coach]:
    """The next start: what was cut off gets its end."""
    coach = Coach(make_settings(data, "127.0.0.1", 0))
    try:
        coach.recover()
        coach.phone.runs.resume()
        coach.phone.runs.wait()
        yield coach
    finally:
        coach.close()


def check(data: Path, work: str, said: dict[str, list[str]], result: Result) -> None:
    """Hold the survivor to what was said."""

    def demand(is_so: bool, words: str) -> None:
        if not is_so:
            result.faults.append(f"{work}, {(said.get('killed') or ['to the end'])[0]}: {words}")

    with started(data) as coach:
        everything = [entry.run for entry in coach.store.runs.list(RunFilter(sport=None), limit=None)]
        demand(coach.store.runs.unfinished() == [], "a run is stuck")
        demand(all(coach.store.runs.summary(run.run_id) is not None for run in everything), "a run has no summary")
        starts = Counter(run.started_at for run in everything)
        demand(max(starts.values(), default=1) == 1, "a run is there twice")
        if work == "archive":  # its files come before its rows: a repeat joins what a kill left apart
            with (data.parent / "other.zip").open("rb") as stream:
                coach.history.files.import_archive(stream)
            everything = [entry.run for entry in coach.store.runs.list(RunFilter(sport=None), limit=None)]
        logs = {run.recording for run in everything if run.recording}
        kept = {path.name for path in coach.settings.recordings.glob("*.mcap*")}
        gone_at = datetime.now(UTC) if work == "cut" else GPX_START + timedelta(days=1)
        deleted = {name for _, name in coach.store.runs.deleted_before(gone_at) if name}
        demand(logs | deleted >= kept >= logs, f"logs and runs differ: {sorted(logs ^ kept)}")
        for run_id in said.get("started", []):
            _check_run(coach, run_id, said, demand, result)
        for run_id in said.get("imported", []):
            demand(coach.store.runs.knows(run_id), "an import that was confirmed is gone")
        if work == "import":
            found = [run for run in everything if run.started_at == GPX_START]
            originals = list((coach.settings.recordings / "imports").glob("*"))
            demand(len(originals) == len([run for run in everything if run.source == "gpx"]), "half an import is left")
            for run in found:
                take_back(coach.store, coach.settings.recordings, run.run_id)
            imported = coach.history.files.import_bytes(gpx(), "run.gpx")  # it can be imported (again)
            again = [one.run for one in coach.store.runs.list(limit=None) if one.run.started_at == GPX_START]
            demand(len(again) == 1 and bool(again[0].distance_m), "the file cannot be imported again")
            take_back(coach.store, coach.settings.recordings, imported.run_ids[0])
        if work == "cut":
            _check_cut(coach, said, demand)
        if work == "erase":
            _check_erased(coach, said, demand)
        if work == "purge":
            demand("purged" not in said or not coach.store.runs.count(RunFilter(is_deleted=True)), "not purged")
            coach.history.purge()
            demand(not coach.store.runs.count(RunFilter(is_deleted=True)), "cannot be purged any more")
            left = [path.name for path in coach.settings.recordings.glob("old-*")]
            demand(not left, f"of what was purged {left} is left")
        if work == "archive":  # all of it goes again, so that the next kill finds something to join
            for run in everything:
                take_back(coach.store, coach.settings.recordings, run.run_id)
                inside(coach.settings.recordings, run.recording or "none").unlink(missing_ok=True)
        if work in ("log", "home"):
            _check_log(coach, work, said, demand)
        if work == "upgrade":
            ids = {run.run_id for run in everything}
            demand(ids == {"r1", "r2", "r3"}, f"of the old database's runs {sorted(ids)} are there")
        if work == "plan" and "planned" in said:
            demand(bool(coach.strength.show().sessions), "the plan is gone")
    demand(is_sound(data / "coach.sqlite"), "the database is damaged")


def _check_run(coach: Coach, run_id: str, said: dict[str, list[str]], demand: Demand, result: Result) -> None:
    entry = coach.store.runs.entry(run_id)
    demand(entry.run.state in (RunState.RECOVERED, RunState.FINISHED), f"the run is {entry.run.state}")
    fed_s = float(said["fed"][-1]) if "fed" in said else 0.0
    lost_s = max(0.0, fed_s - (entry.run.duration_s or 0.0))
    result.lost_s = max(result.lost_s, lost_s)
    demand(lost_s <= LOST_S, f"{lost_s:.2f} s of the run are lost")
    taps = coach.store.pain.list(run_id=run_id)
    demand(len(taps) <= 1, "a tap is there twice")
    if "tapped" in said and fed_s > float(said["tapped"][0]) + LOST_S:
        demand(len(taps) == 1, "a tap is lost")


def _check_cut(coach: Coach, said: dict[str, list[str]], demand: Demand) -> None:
    """A run is whole or in its two parts, and what was hidden meanwhile can be shown again: it is whole, too."""
    shown = sorted(entry.run.run_id for entry in coach.store.runs.list(limit=None))
    whole = shown[0].removesuffix("-a") if len(shown) == 2 else shown[0]
    stems = [run_id.removeprefix(whole).rstrip("0123456789") for run_id in shown]
    demand(stems in ([""], ["-a", "-b"]), f"{shown} are shown")
    demand("whole" not in said or stems == [""], "parts that were joined are apart")
    hidden = [entry.run for entry in coach.store.runs.list(RunFilter(is_deleted=True), limit=None)]
    for run in hidden:
        demand(
            coach.store.runs.summary(run.run_id) is not None, f"{run.run_id} can be brought back without its numbers"
        )
        demand(inside(coach.settings.recordings, run.recording or "none").is_file(), f"{run.run_id} has no log")
    if stems != [""]:
        coach.history.join(whole)
    demand([entry.run.run_id for entry in coach.store.runs.list()] == [whole], "the parts cannot be joined")
    for run in coach.store.runs.list(RunFilter(is_deleted=True), limit=None):
        coach.store.runs.discard(run.run.run_id)
        inside(coach.settings.recordings, run.run.recording or "none").unlink(missing_ok=True)


def _check_erased(coach: Coach, said: dict[str, list[str]], demand: Demand) -> None:
    """All is gone, or all is there; the next start has finished what was begun."""
    settings = coach.settings
    runs = coach.store.runs.list(limit=None)
    files = [path.name for folder in (settings.recordings, settings.outbox) for path in folder.rglob("*.*")]
    files += [path.name for path in settings.secrets.glob("*") if path.name in ("web_push.pem", "erasing")]
    if "erased" in said or not runs or coach.store.pain.list() == []:
        demand(runs == [] and files == [] and coach.store.pain.list() == [], f"of everything {files} is left")
    else:
        demand(len(runs) == 2 and len(files) == 4, f"{len(runs)} runs and {files} are there, nothing was to go yet")


def _check_log(coach: Coach, work: str, said: dict[str, list[str]], demand: Demand) -> None:
    """A log that came in is one run or none; what was confirmed to the phone becomes a run at the start."""
    content = (coach.settings.data.parent / "other.mcap").read_bytes()
    if work == "home":
        demand("kept" not in said or coach.store.runs.knows(LOG_ID), "a log that the phone may have deleted is no run")
    elif not coach.store.runs.knows(LOG_ID):
        coach.history.files.import_bytes(content, "other.mcap")
    same = [one.run for one in coach.store.runs.list(limit=None) if one.run.run_id == LOG_ID]
    demand(len(same) <= 1, "the log is there twice")
    demand(all(run.duration_s == 29.0 for run in same), "the log is not whole")
    left = [path.name for sign in _HALVES for path in coach.settings.recordings.rglob(sign)]
    demand(not left, f"{left} is left")
    for run in same:
        take_back(coach.store, coach.settings.recordings, run.run_id)
        inside(coach.settings.recordings, run.recording or "none").unlink(missing_ok=True)


def make_log(folder: Path) -> bytes:
    """Half a minute of a pod, recorded elsewhere."""
    folder.mkdir(parents=True, exist_ok=True)
    writer = RecordingWriter(folder, RecordingHeader(LOG_ID, GPX_START + timedelta(days=1), "", (POD,)))
    for second in range(30):
        packet = struct.pack("<BHB", 4, 768, 170)
        writer.write(Notification(POD.sensor_id, MEASUREMENT, float(second), packet))
    return writer.close().read_bytes()


def _make_old(data: Path) -> None:
    """The database of the first version."""
    data.mkdir(parents=True, exist_ok=True)
    for path in data.glob("coach.sqlite*"):
        path.unlink()
    with contextlib.closing(sqlite3.connect(data / "coach.sqlite")) as old:
        old.executescript((ROOT / "tests" / "data" / "database_0001.sql").read_text("utf-8"))


def prepare(data: Path, work: str, at: int) -> None:
    """What a work needs to be there, made by whole runs of the works themselves."""
    if work == "upgrade":
        _make_old(data)
    if work in ("log", "home") and not (data.parent / "other.mcap").exists():
        content = make_log(data.parent / "other")
        (data.parent / "other.mcap").write_bytes(content)
    if work in ("recompute", "recover", "cut") and at == 0:
        killed(data, "run", None)
    if work == "recover":  # something to recover: a run that was killed in its middle
        killed(data, "run", 30)
    if work == "purge":
        with started(data) as coach:
            run = Run(f"old-{at}", GPX_START - timedelta(days=at + 1), RunState.FINISHED, recording=f"old-{at}.mcap")
            coach.store.runs.create(run)
            coach.store.runs.delete(run.run_id, GPX_START)
            (coach.settings.recordings / f"old-{at}.mcap").write_bytes(b"a position")
    if work == "erase":
        with started(data) as coach:
            is_empty = not coach.store.runs.count()
        if is_empty:
            killed(data, "run", None)
            killed(data, "import", None)
            (data / "secrets" / "web_push.pem").write_bytes(b"a key")
            (data / "outbox").mkdir(exist_ok=True)
            (data / "outbox" / "run.fit").write_bytes(b"a run")
    if work == "plan" and at == 0:
        with started(data) as coach:
            coach.runner.answer_red_flags(())
    if work == "archive" and not (data.parent / "other.zip").exists():
        other = data.parent / "other"
        killed(other, "run", None)
        killed(other, "import", None)
        with started(other) as coach, (data.parent / "other.zip").open("wb") as out:
            coach.history.files.archive(out)


def measure(work: str, most: int, folder: Path, n_random: int = N_RANDOM) -> Result:
    """Kill a work at up to `most` of its points, evenly spread, and at random moments, on one data folder."""
    result = Result()
    data = folder / work / "data"
    prepare(data, work, 0)
    result.n_points, lasts_s = _whole(data, work, result)
    step = max(1, -(-result.n_points // most))
    for at in range(0, result.n_points, step):
        result.n_kills += _kill(data, work, at + 1, at, None, result)
    chance = random.Random(work)
    for number in range(n_random):
        after_s = chance.uniform(0.0, lasts_s)
        result.n_random += _kill(data, work, result.n_points + 1 + number, None, after_s, result)
    return result


def _whole(data: Path, work: str, result: Result) -> tuple[int, float]:
    """The number of points of a work that nobody kills, and how long it takes [s]."""
    with tempfile.TemporaryDirectory() as scratch:
        if work == "archive":  # joined elsewhere, as joining it again finds nothing to do
            (Path(scratch) / "other.zip").write_bytes((data.parent / "other.zip").read_bytes())
            said = killed(Path(scratch) / "data", work, None)
        else:
            said = killed(data, work, None)
            check(data, work, said, result)
    n_points, lasts_s = said["points"][0].split()
    return int(n_points), float(lasts_s)


def _kill(data: Path, work: str, number: int, at: int | None, after_s: float | None, result: Result) -> bool:
    """One kill and what is left after it; False where the work was over before."""
    if work != "archive":
        prepare(data, work, number)
    said = killed(data, work, at, after_s)
    check(data, work, said, result)
    return "killed" in said
