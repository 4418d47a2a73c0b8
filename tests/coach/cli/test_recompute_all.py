"""`coach runs recompute --all`: every recording again, on several processes, and on from where it was stopped."""

import json
import multiprocessing
import os
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing.context import BaseContext
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from coach.__main__ import BLAS_THREADS
from coach.bootstrap import Coach
from coach.cli.recomputing import SharedRuns, further_processes, processes_for
from coach.cli.root import coach
from coach.live.pipeline_factory import profile_texts
from coach.model.links import SensorUse
from coach.model.recordings import RecordingHeader
from coach.model.samples import Notification
from coach.recording.writer import RecordingWriter
from coach.settings import Settings, make_settings
from tests.support.common import mostly_slow

START = datetime(2026, 5, 4, 6, 30, tzinfo=UTC)
MEASUREMENT = "00002a53-0000-1000-8000-00805f9b34fb"
N_RUNS = 4
ROOT = Path(__file__).parents[3]
NOTING = """
import os, sys
from pathlib import Path
from coach.__main__ import main
data, notes = sys.argv.pop(1), sys.argv.pop(1)
def note():
    files = [os.readlink(one) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
    with open(notes, "a") as file:
        print(len(os.listdir("/proc/self/task")), *(one for one in files if one.startswith(data)), file=file)
os.register_at_fork(before=note)
main()
"""  # the command; it notes at each fork how many threads it has and which files of the account are open
KILLED = """
import multiprocessing, os, signal, sys
from pathlib import Path
from coach.cli.recomputing import further_processes
from coach.settings import make_settings
with further_processes(make_settings(Path(sys.argv[1]), "127.0.0.1", 0), 2) as workers:
    workers.submit(os.getpid).result()
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def run(*words: object) -> Result:
    return CliRunner().invoke(coach, [str(word) for word in words])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An account with the recordings of some short runs, whose numbers were then lost."""
    settings = make_settings(tmp_path, "127.0.0.1", 0)
    uses = (SensorUse("P", "Pod", "running_speed_cadence", cadence_unit="steps"),)
    for number in range(N_RUNS):
        header = RecordingHeader(f"run-{number}", START + timedelta(days=number), "", uses, profile_texts(uses))
        writer = RecordingWriter(settings.recordings, header)
        for second in range(1, 60):
            payload = struct.pack("<BHB", 0x04, round(256 * (2.5 + 0.1 * number)), 165 + number)
            writer.write(Notification("P", MEASUREMENT, float(second), payload))
        writer.close()
    own = Coach(settings)
    own.recovery.adopt()
    for number in range(N_RUNS):
        own.store.runs.data.replace(f"run-{number}", [], [], [], [])
    own.close()
    return tmp_path


def seconds(data: Path) -> list[int]:
    own = Coach(make_settings(data, "127.0.0.1", 0))
    found = [len(own.store.runs.data.seconds(f"run-{number}")) for number in range(N_RUNS)]
    own.close()
    return found


@pytest.mark.parametrize("n_processes", mostly_slow([1, 2], n_quick=1))
def test_every_run_is_computed_again_with_progress(data: Path, n_processes: int) -> None:
    assert seconds(data) == [0] * N_RUNS
    result = run("runs", "recompute", "--all", "--processes", n_processes, "--data", data, "--json")
    assert result.exit_code == 0, result.stderr
    assert result.stderr.count(" left\n") == N_RUNS
    assert f"{N_RUNS} of {N_RUNS}: run-" in result.stderr
    speeds = {r["run"]["run_id"]: r["summary"]["speed_mps"] for r in json.loads(result.stdout)["runs"]}
    assert speeds == {f"run-{number}": pytest.approx(2.5 + 0.1 * number, abs=0.01) for number in range(N_RUNS)}
    assert min(seconds(data)) > 50


@pytest.mark.slow
def test_one_damaged_recording_is_reported_and_the_others_are_computed(data: Path) -> None:
    (damaged,) = (data / "recordings").glob("run-2*.mcap")
    damaged.write_bytes(b"\x89MCAP0\r\n and nothing more")
    result = run("runs", "recompute", "--all", "--processes", 2, "--data", data)
    assert result.exit_code == 1
    assert "coach: run-2: " in result.stderr
    assert [n > 50 for n in seconds(data)] == [True, True, False, True]


def test_it_goes_on_where_it_was_stopped(data: Path) -> None:
    own = Coach(make_settings(data, "127.0.0.1", 0))
    with own.store.database.write() as connection:  # as an earlier version of the program left them
        connection.execute("UPDATE run_summaries SET algorithm = 'older'")
    own.recovery.recompute("run-1")
    own.close()
    result = run("runs", "recompute", "--all", "--resume", "--processes", 1, "--data", data)
    assert result.exit_code == 0
    assert f"{N_RUNS - 1} of {N_RUNS - 1}: run-" in result.stderr
    assert "run-1" not in result.stderr
    assert run("runs", "recompute", "--all", "--resume", "--data", data).stderr == ""


def test_this_process_and_the_workers_share_the_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads in the place of processes: what is shared, and that nobody waits while there is work, is the same."""
    here = threading.get_ident()
    taken: dict[str, int] = {}

    def compute(run_id: str) -> str:
        time.sleep(0.01)
        taken[run_id] = threading.get_ident()
        return "damaged" if run_id == "run-3" else ""

    monkeypatch.setattr("coach.cli.recomputing._recompute_there", lambda settings, run_id: compute(run_id))
    monkeypatch.setattr("coach.cli.recomputing._recompute", lambda coach, run_id: compute(run_id))
    own = Coach(make_settings(tmp_path, "127.0.0.1", 0))
    runs = [f"run-{number}" for number in range(12)]
    with ThreadPoolExecutor(2) as workers:
        done = dict(SharedRuns(workers, own.settings, runs).work_off(own, 2))
    own.close()
    assert done == {run_id: "damaged" if run_id == "run-3" else "" for run_id in runs}
    assert sorted(taken) == sorted(runs)
    assert 2 <= sum(thread == here for thread in taken.values()) <= 10


def test_a_worker_that_fails_ends_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_settings: Settings, run_id: str) -> str:
        raise OSError(run_id)

    monkeypatch.setattr("coach.cli.recomputing._recompute_there", fail)
    monkeypatch.setattr("coach.cli.recomputing._recompute", lambda coach, run_id: "")
    own = Coach(make_settings(tmp_path, "127.0.0.1", 0))
    with ThreadPoolExecutor(1) as workers, pytest.raises(OSError, match="run-0"):
        list(SharedRuns(workers, own.settings, ["run-0", "run-1"]).work_off(own, 1))
    own.close()


def test_a_run_that_fails_in_this_process_as_nobody_foresaw_ends_all_instead_of_being_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_coach: Coach, run_id: str) -> str:
        passed_over: Future[str] = Future()
        passed_over.set_result("")
        shared._done.put((run_id, passed_over))  # so that this test, where it fails, waits for nothing
        raise IndexError(run_id)

    monkeypatch.setattr("coach.cli.recomputing._recompute", fail)
    own = Coach(make_settings(tmp_path, "127.0.0.1", 0))
    with ThreadPoolExecutor(1) as workers:
        shared = SharedRuns(workers, own.settings, ["run-0"])
        with pytest.raises(IndexError, match="run-0"):
            list(shared.work_off(own, 0))
    own.close()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="nowhere else are processes forked")
def test_processes_are_forked_before_there_is_a_thread_or_an_open_database(data: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    words = ["runs", "recompute", "--all", "--processes", "3", "--data", str(data), "--json"]
    python = [sys.executable, "-W", "error", "-c", NOTING, str(data), str(notes)]
    done = subprocess.run([*python, *words], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert notes.read_text().splitlines() == ["1", "1"]
    assert len(json.loads(done.stdout)["runs"]) == N_RUNS
    assert min(seconds(data)) > 50


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="/proc is asked for processes")
def test_further_processes_do_not_outlive_a_command_that_is_killed(tmp_path: Path) -> None:
    python, quiet = [sys.executable, "-c", KILLED, str(tmp_path)], {**os.environ, BLAS_THREADS: "1"}
    done = subprocess.run(python, cwd=ROOT, env=quiet, capture_output=True, text=True, timeout=60, check=False)
    left = [Path("/proc", pid, "stat") for pid in done.stdout.split()]
    assert len(left) == 2, done.stderr
    until_s = time.monotonic() + 20.0
    while left and time.monotonic() < until_s:
        time.sleep(0.05)
        left = [stat for stat in left if stat.exists() and ") Z " not in stat.read_text()]
    assert left == []


def test_beside_another_thread_no_process_is_forked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that another thread holds just then would be held for ever in the process that was forked."""
    asked: list[str] = []

    def noted(method: str) -> BaseContext:
        asked.append(method)
        return multiprocessing.get_context(method)

    monkeypatch.setattr("coach.cli.recomputing.get_context", noted)
    is_over = threading.Event()
    other = threading.Thread(target=is_over.wait, args=(10.0,))
    other.start()
    with further_processes(make_settings(tmp_path, "127.0.0.1", 0), 1) as workers:
        assert workers is not None
    is_over.set()
    other.join()
    assert asked == ["spawn"]


def test_no_more_processes_are_started_than_there_are_runs() -> None:
    assert processes_for(0, None) == 1
    assert processes_for(3, 8) == 3
    assert processes_for(100, 2) == 2
