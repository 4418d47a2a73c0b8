"""A study is computed once: whatever is wrong with a file, a worker or the machine, each recording has a row."""

import hashlib
import os
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fsspec", reason="the extra [study] is not installed")

from coach.errors import UserError
from coach.seal.manifest import Manifest, Scope, seal
from coach.seal.signing import public_key_of
from coach.service.runs.algorithm import algorithm_id
from coach.service.runs.replay_reader import Reading
from coach.service.study import spread, work
from coach.service.study.computed import computed_runs
from coach.service.study.recompute import Plan, forget, plan, recompute
from coach.service.study.results import STRIDES, Results
from coach.service.study.store import Found, StudyStore
from coach.service.study.work import Done, Job
from coach.study.rows import RunRow, Status
from tests.support.common import needs
from tests.support.study import STARTED_AT, object_server, recording, store_of

pytestmark = needs("distributed", "the extra [study] is not installed")
KEY = bytes(range(32))


def results_of(planned: Plan) -> Results:
    return Results(StudyStore(planned.job.results), planned.job.algorithm)


def done_by_name(rows: Iterator[Done]) -> dict[str, Done]:
    return {done.source: done for done in rows}


def files_below(folder: Path) -> dict[str, bytes]:
    """Results but the time of the processor, which no two computations share."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.parquet") if "/runs/" not in str(p)}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two workers of Dask, each a process of its own with a nanny that starts it again."""
    import dask
    from distributed import LocalCluster

    with (
        dask.config.set({"distributed.worker.profile.enabled": False, "distributed.scheduler.allowed-failures": 1}),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as started,
    ):
        yield started


@pytest.mark.slow
def test_strides_are_equal_here_in_a_pool_and_on_dask(tmp_path: Path, cluster: Any) -> None:
    store = store_of(tmp_path / "store", 2)
    engines: dict[str, dict[str, Any]] = {
        "here": {"jobs": 0},
        "pool": {"jobs": 2},
        "dask": {"scheduler": cluster.scheduler_address},
    }
    for name, engine in engines.items():
        planned = plan(str(store), str(tmp_path / name))
        done = done_by_name(recompute(planned, **engine))
        assert [(one.status, one.is_complete) for one in done.values()] == [(Status.DONE, True)] * 2
        assert all(one.n_strides > 5 for one in done.values())
    here = files_below(tmp_path / "here")
    assert len(here) == 4
    assert files_below(tmp_path / "pool") == here == files_below(tmp_path / "dask")


def test_what_is_done_is_not_done_again_and_new_recordings_are(tmp_path: Path) -> None:
    store = store_of(tmp_path, 2)
    first = plan(str(store))
    assert len(list(recompute(first, jobs=0))) == 2
    again = plan(str(store))
    assert (again.n_done, again.tasks) == (2, ())
    assert list(recompute(again, jobs=0)) == []
    (store / "ben").mkdir()
    (store / "ben" / "new.mcap").write_bytes(recording(2))
    assert [task.source for task in plan(str(store)).tasks] == ["ben/new.mcap"]


@pytest.mark.parametrize("name", ["results", "study"])
def test_a_runners_folder_with_a_name_of_the_studys_own_is_not_passed_over(name: str, tmp_path: Path) -> None:
    store = store_of(tmp_path, 1)
    list(recompute(plan(str(store)), jobs=0))
    assert plan(str(store)).tasks == ()  # its own folders are no fault
    (store / name).mkdir(exist_ok=True)
    (store / name / "run.mcap").write_bytes(recording(2))
    with pytest.raises(UserError, match="rename it"):
        plan(str(store))


def test_another_algorithm_begins_again_and_keeps_the_old_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(tmp_path, 1)
    list(recompute(plan(str(store)), jobs=0))
    for module in (work, "coach.service.study.recompute"):
        name = module if isinstance(module, str) else module.__name__
        monkeypatch.setattr(f"{name}.algorithm_id", lambda: "0123456789abcdef")
    other = plan(str(store))
    assert len(other.tasks) == 1
    list(recompute(other, jobs=0))
    assert {path.name for path in (tmp_path / "results").iterdir()} == {algorithm_id(), "0123456789abcdef"}


def test_a_worker_with_another_program_computes_nothing(tmp_path: Path) -> None:
    planned = plan(str(store_of(tmp_path, 1)))
    other = replace(planned, job=replace(planned.job, algorithm="f" * 16))
    (done,) = recompute(other, jobs=0)
    assert done.status is Status.FAULT
    assert "another version" in done.words
    assert not list((tmp_path / "results").rglob("*.parquet"))


def test_an_error_of_this_program_is_a_row_until_the_recording_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(tmp_path, 2)
    faulty = hashlib.sha256((store / "anna" / "run-0.mcap").read_bytes()).hexdigest()
    read_run = work.read_run

    def stumble(row: RunRow, path: Path) -> tuple[RunRow, Reading]:
        if row.sha256 == faulty:
            raise ZeroDivisionError("division by zero")
        return read_run(row, path)

    with monkeypatch.context() as patched:
        patched.setattr(work, "read_run", stumble)
        list(recompute(plan(str(store)), jobs=0))
    rows = {row["source"]: row for row in results_of(plan(str(store))).rows()}
    assert {name: row["status"] for name, row in rows.items()} == {
        "anna/run-0.mcap": "fault",
        "anna/run-1.mcap": "done",
    }
    assert rows["anna/run-0.mcap"]["words"] == "ZeroDivisionError: division by zero"
    assert computed_runs(str(store)).counts == {"fault": 1}
    again = plan(str(store))
    assert [task.source for task in again.tasks] == ["anna/run-0.mcap"]
    list(recompute(again, jobs=0))
    assert {row["status"] for row in results_of(again).rows()} == {"done"}
    assert plan(str(store)).tasks == ()


def spoil(store: Path) -> dict[str, str]:
    """All kinds of bad files beside a sound one, and what is to become of each."""
    sound = (store / "anna" / "run-0.mcap").read_bytes()
    flipped = bytearray(sound)
    flipped[len(sound) // 5] ^= 0xFF  # within a packed chunk of readings
    files = {
        "anna/cut.mcap": sound[: len(sound) * 2 // 3],
        "anna/flipped.mcap": bytes(flipped),
        "anna/empty.mcap": b"",
        "anna/foreign.mcap": b"\x89MCAP0\r\nof another program",
        "anna/lost.mcap": recording(3),
        "anna/twice.mcap": sound,
        "sealed/a/recording.mcap": recording(1),
        "sealed/b/recording.mcap": recording(1) + b" ",
        "sealed/c/recording.mcap": recording(2),
        "sealed/d/recording.mcap": recording(2),
    }
    for name, data in files.items():
        (store / name).parent.mkdir(parents=True, exist_ok=True)
        (store / name).write_bytes(data)
    key = public_key_of(KEY)
    for folder, data, scopes in (
        ("a", recording(1), (Scope.RESEARCH, Scope.RAW_LOGS)),
        ("b", recording(1), (Scope.RESEARCH, Scope.RAW_LOGS)),
        ("c", recording(2), (Scope.CARE, Scope.RAW_LOGS)),
    ):
        sha256 = hashlib.sha256(data).hexdigest()
        manifest = Manifest("20260504-run", sha256, len(data), algorithm_id(), STARTED_AT, scopes, key)
        (store / "sealed" / folder / "manifest.json").write_text(seal(manifest, KEY))
    forged = (store / "sealed" / "c" / "manifest.json").read_text().replace('"care"', '"research"')
    (store / "sealed" / "d" / "manifest.json").write_text(forged)
    return {
        "anna/run-0.mcap": "done True",
        "anna/cut.mcap": "done False",
        "anna/flipped.mcap": "done False",
        "anna/empty.mcap": "unreadable None",
        "anna/foreign.mcap": "unreadable None",
        "anna/lost.mcap": "lost None",
        "anna/twice.mcap": "done True",
        "sealed/a/recording.mcap": "done True",
        "sealed/b/recording.mcap": "bytes_changed None",
        "sealed/c/recording.mcap": "no_consent None",
        "sealed/d/recording.mcap": "bytes_changed None",
    }


def test_each_kind_of_bad_file_is_a_row_and_the_rest_goes_on(tmp_path: Path) -> None:
    store = store_of(tmp_path, 1)
    expected = spoil(store)
    planned = plan(str(store))
    (store / "anna" / "lost.mcap").unlink()
    done = done_by_name(recompute(planned, jobs=0))
    assert {name: f"{one.status} {one.is_complete}" for name, one in done.items()} == expected
    rows = {row["source"]: row for row in results_of(planned).rows()}
    assert {name: f"{row['status']} {row['is_complete']}" for name, row in rows.items()} == expected
    assert rows["sealed/a/recording.mcap"]["runner"] == "sealed"
    assert rows["anna/cut.mcap"]["duration_s"] < rows["anna/run-0.mcap"]["duration_s"]
    assert all(row["words"] for row in rows.values() if row["status"] != "done" or not row["is_complete"])
    assert not any(str(tmp_path) in row["words"] or "coach-study-" in row["words"] for row in rows.values())
    assert plan(str(store)).tasks == ()


def test_a_changed_consent_counts_at_once(tmp_path: Path) -> None:
    store = store_of(tmp_path, 1)
    spoil(store)
    list(recompute(plan(str(store)), jobs=0))
    withdrawn = store / "sealed" / "a" / "manifest.json"
    shutil.copy(store / "sealed" / "c" / "manifest.json", withdrawn)
    (task,) = (task for task in plan(str(store)).tasks if task.source.startswith("sealed"))
    (done,) = spread.in_this_process([task], plan(str(store)).job)
    assert done.status is Status.NO_CONSENT
    marks = {found.mark for found in StudyStore(str(store)).recordings()}
    current = [row for row in results_of(plan(str(store))).rows(marks) if row["source"] == task.source]
    assert [row["status"] for row in current] == ["no_consent"]


def test_a_sealed_run_that_lies_alone_is_its_keys(tmp_path: Path) -> None:
    spoil(store_of(tmp_path / "all", 1))
    shutil.copytree(tmp_path / "all" / "sealed" / "a", tmp_path / "store" / "run-1")
    planned = plan(str(tmp_path / "store"))
    list(recompute(planned, jobs=0))
    (row,) = results_of(planned).rows()
    assert (row["runner"], row["status"]) == (public_key_of(KEY), "done")


def test_results_of_what_was_taken_away_are_forgotten_of_every_algorithm(tmp_path: Path) -> None:
    store = store_of(tmp_path, 2)
    list(recompute(plan(str(store)), jobs=0))
    (results,) = (store / "results").iterdir()
    shutil.copytree(results, store / "results" / "0123456789abcdef")
    gone = hashlib.sha256((store / "anna" / "run-1.mcap").read_bytes()).hexdigest()
    assert forget(str(store)) == 0
    (store / "anna" / "run-1.mcap").unlink()
    assert forget(str(store)) == 2
    left = [path.name for path in (store / "results").rglob("*.parquet")]
    assert len(left) == 2 * 3
    assert not [name for name in left if gone in name]
    (store / "anna" / "run-0.mcap").unlink()
    with pytest.raises(UserError, match="no recordings"):
        forget(str(store))
    assert len(list((store / "results").rglob("*.parquet"))) == 6


def kills(task: Found, job: Job) -> Done:
    """In the place of `work`: a recording whose name says so kills the process that computes it."""
    if "poison" in task.source:
        os.kill(os.getpid(), signal.SIGKILL)
    return work.work(task, job)


@pytest.mark.parametrize("engine", ["pool", "dask"])
@pytest.mark.slow
def test_a_file_that_kills_its_workers_is_a_row_and_the_rest_goes_on(
    tmp_path: Path, cluster: Any, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    store = store_of(tmp_path, 2)
    (store / "anna" / "poison.mcap").write_bytes(recording(3))
    monkeypatch.setattr(spread, "work", kills)
    planned = plan(str(store))
    options: dict[str, Any] = {"jobs": 1} if engine == "pool" else {"scheduler": cluster.scheduler_address}
    done = done_by_name(recompute(planned, **options))
    assert Counter(one.status for one in done.values()) == {Status.DONE: 2, Status.KILLED_WORKER: 1}
    assert done["anna/poison.mcap"].status is Status.KILLED_WORKER
    assert plan(str(store)).tasks == ()
    assert [task.source for task in plan(str(store), retry=True).tasks] == ["anna/poison.mcap"]


@pytest.mark.slow
def test_a_worker_killed_in_mid_job_loses_nothing_and_what_was_stopped_goes_on(tmp_path: Path, cluster: Any) -> None:
    store = store_of(tmp_path, 7)
    planned = plan(str(store))
    rows = recompute(planned, scheduler=cluster.scheduler_address)
    before = [next(rows), next(rows)]
    os.kill(before[-1].pid, signal.SIGKILL)
    before.append(next(rows))
    rows.close()  # type: ignore[attr-defined]
    assert all(one.status is Status.DONE for one in before)
    rest = plan(str(store))
    assert 0 < len(rest.tasks) <= 4
    done = list(recompute(rest, scheduler=cluster.scheduler_address))
    assert {one.source for one in done} == {task.source for task in rest.tasks}
    assert all(one.status is Status.DONE for one in done)
    assert plan(str(store)).tasks == ()
    assert not list(store.rglob("*.half"))


def dies() -> str:
    """In the place of `algorithm_id`: the worker that is asked is killed before it answers."""
    os.kill(os.getpid(), signal.SIGKILL)
    return ""


@pytest.mark.slow
def test_a_worker_that_dies_while_it_is_asked_for_its_program_is_no_other_program(
    tmp_path: Path, cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import Client

    job = Job(str(tmp_path), str(tmp_path), algorithm_id())
    with Client(cluster, set_as_default=False) as client:
        with monkeypatch.context() as patch:
            patch.setattr(spread, "algorithm_id", dies)
            spread.check_workers(client, job)
        client.wait_for_workers(2, timeout=60)
        with pytest.raises(UserError, match="another program"):
            spread.check_workers(client, replace(job, algorithm="an older one"))


@pytest.mark.slow
def test_the_scheduler_never_knows_more_tasks_than_are_under_way(
    tmp_path: Path, cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spread, "work", nothing)
    tasks = [Found(f"{k}.mcap", f"{k:016x}", 1) for k in range(150)]
    job = Job(str(tmp_path), str(tmp_path), algorithm_id())
    most = 0
    for _ in recompute(Plan(job, 0, tuple(tasks)), scheduler=cluster.scheduler_address):
        most = max(most, len(cluster.scheduler.tasks))
    assert 2 < most <= 2 * spread.AHEAD + 4  # those whose release is still on its way


def test_a_scheduler_that_is_lost_ends_the_job_with_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import Client, LocalCluster

    monkeypatch.setattr(spread, "work", nothing)
    tasks = [Found(f"{k}.mcap", f"{k:016x}", 1) for k in range(200)]
    job = Job(str(tmp_path), str(tmp_path), algorithm_id())
    with (
        LocalCluster(1, threads_per_worker=1, processes=False, dashboard_address=":0", protocol="tcp://") as lost,
        Client(lost, set_as_default=False, timeout="2s") as client,
    ):
        rows = spread.by_dask(tasks, job, client)
        next(rows)
        lost.close()
        with pytest.raises(UserError, match="same command again"):
            list(rows)


def nothing(task: Found, job: Job) -> Done:
    return Done(task.source, Status.DONE)


@pytest.mark.slow
def test_recordings_and_results_may_lie_in_a_store_of_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("s3fs", reason="the extra [study] is not installed")
    pytest.importorskip("moto", reason="moto is not installed")
    import fsspec

    with object_server() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        objects = fsspec.filesystem("s3", skip_instance_cache=True)
        objects.mkdir("raw")
        objects.pipe_file("raw/trial/anna/run-0.mcap", recording(0))
        objects.pipe_file("raw/trial/anna/bad.mcap", b"no recording")
        planned = plan("s3://raw/trial")
        done = done_by_name(recompute(planned, jobs=0))
        assert {name: one.status for name, one in done.items()} == {
            "anna/run-0.mcap": Status.DONE,
            "anna/bad.mcap": Status.UNREADABLE,
        }
        assert plan("s3://raw/trial").tasks == ()
        rows = {row["source"]: row for row in results_of(planned).rows()}
        strides = results_of(planned).table(STRIDES, rows["anna/run-0.mcap"]["sha256"])
        assert strides.num_rows == done["anna/run-0.mcap"].n_strides
