"""A runner leaves: out at once, then deleted everywhere; what is left in any file is looked for byte by byte."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from coach.errors import StorageError, UserError
from coach.model.pain import PainMoment
from coach.seal.manifest import Scope
from tests.support.clinic import Clinic, Home, holds, joined
from tests.support.postgres import ClinicDatabase

Scene = tuple[Home, Clinic]


@pytest.fixture
def scene(tmp_path: Path, clinic_database: ClinicDatabase) -> Iterator[Scene]:
    with joined(tmp_path, clinic_database, 2, *Scope) as found:
        yield found


@pytest.fixture
def new_scene(tmp_path: Path, new_clinic_database: ClinicDatabase) -> Iterator[Scene]:
    """Of a database whose files are looked at."""
    with joined(tmp_path, new_clinic_database, 2, *Scope) as found:
        yield found


def dump_of(clinic: Clinic) -> bytes:
    """All of the database as text, by its own program."""
    cluster = clinic.database.cluster
    command = [cluster.bin / "pg_dump", "--dbname", cluster.url(clinic.database.name, "postgres")]
    return subprocess.run(command, check=True, capture_output=True).stdout


def in_tables(clinic: Clinic, marker: bytes) -> list[str]:
    """Files of the tables that hold a marker; the write-ahead log is not among them, as the report says."""
    cluster = clinic.database.cluster
    cluster.sql("checkpoint")
    ((number,),) = cluster.sql(f"select oid from pg_database where datname = '{clinic.database.name}'")
    found = holds(cluster.files / "base" / str(number), marker)
    names = dict(cluster.sql("select pg_relation_filenode(oid)::text, relname from pg_class", clinic.database.name))
    return [names.get(file, file) for file in found]


def test_nothing_of_a_runner_is_left_anywhere_and_all_of_the_other_is(new_scene: Scene, tmp_path: Path) -> None:
    home, clinic = new_scene
    (tmp_path / "other").mkdir()
    other = Home(tmp_path / "other")
    for days_ago in (1.3, 7.7):  # at other times than the first one's: else both may have the very same bytes
        other.run(days_ago)
    other.clinic.join(clinic.invite("Chart 18"), list(Scope))
    home.runner.report_pain(PainMoment.NOW, 3)
    for one in (home, other):
        assert one.clinic.push().failure == ""
    status, others = home.clinic.status(), other.clinic.status()
    runner_id = clinic.runner_id(status.pseudonym)
    run_ids = {entry.run.run_id for entry in home.store.runs.list()}
    sha256s = set(home.clinic._sent().values())
    vault = (clinic.folder / "clinic" / "keys" / f"{runner_id}.key").read_bytes()
    export = tmp_path / "export"
    assert clinic.host.keeping.export(export) == (4, 0)
    markers = {status.pseudonym, runner_id, *sha256s, *run_ids}
    assert all(in_tables(clinic, marker.encode()) for marker in markers)
    assert holds(clinic.folder / "clinic", runner_id.encode())
    assert clinic.host.keeping.copy_away() == (2, [])
    assert holds(clinic.objects, b"") != []

    assert "7 days" in home.clinic.withdraw()
    assert home.clinic.status().clinic == ""
    assert not (home.folder / "secrets" / "clinic.key").exists()
    assert [row.patient.pseudonym for row in clinic.host.monday(clinic.ada)] == [others.pseudonym]
    with pytest.raises(UserError, match="no such runner"):
        clinic.host.record(clinic.ada, runner_id)
    assert clinic.host.withdrawals.carry_out() == []  # a slip of the finger has seven days

    clinic.database.cluster.sql(
        "update runner_door set delete_after = now() where delete_after is not null", clinic.database.name
    )
    import psycopg

    with psycopg.connect(clinic.database.cluster.url(clinic.database.name, "postgres")) as reader:
        reader.execute("set transaction isolation level repeatable read")
        reader.execute("select count(*) from person")  # somebody reads, and is still at it
        (report,) = clinic.host.withdrawals.carry_out()
        assert in_tables(clinic, next(iter(sha256s)).encode()) == ["run_index"]
    assert clinic.host.withdrawals.carry_out() == []  # an hour later
    assert (report.pseudonym, report.failures, report.is_key_destroyed) == (status.pseudonym, (), True)
    assert report.n_objects == 3
    assert any("write-ahead log" in line for line in report.beyond_reach)
    dump = dump_of(clinic)
    gone = markers - {status.pseudonym, runner_id}  # the tombstone names the one, the audit's random id the other
    for marker in gone:
        assert in_tables(clinic, marker.encode()) == []
        assert marker.encode() not in dump
        assert holds(clinic.objects, marker.encode()) == []
    assert holds(clinic.folder / "clinic", runner_id.encode()) == []
    assert holds(clinic.folder, vault) == []
    deletion = json.loads((clinic.folder / "clinic" / "reports" / f"deleted-{status.pseudonym}.json").read_text())
    assert deletion["pseudonym"] == status.pseudonym
    tables = clinic.database.cluster.sql(
        "select tablename from pg_tables where schemaname = 'public'", clinic.database.name
    )
    rows = {name: clinic.database.cluster.sql(f"select * from {name}", clinic.database.name) for (name,) in tables}
    left = {
        name
        for name, found in rows.items()
        if any(runner_id in str(row) or status.pseudonym in str(row) for row in found)
    }
    assert left == {"audit", "tombstone"}

    assert clinic.host.keeping.export(export) == (2, 1)
    assert [path.name for path in export.glob("sub-*")] == [others.pseudonym]
    assert status.pseudonym in (export / "withdrawn.tsv").read_text()
    other.clinic.on_finished(other.run(0.3))
    assert other.clinic.push().failure == ""
    (row,) = clinic.host.monday(clinic.ada)
    assert row.patient.label == "Chart 18"
    assert len(clinic.host.record(clinic.ada, row.patient.runner_id).runs) == 3
    other.close()


def test_an_export_is_what_a_study_reads_and_stays_as_it_is_the_next_time(scene: Scene, tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    from coach.seal.manifest import read_manifest
    from coach.service.study.recompute import plan, recompute
    from coach.service.study.store import StudyStore
    from coach.study.rows import Status

    home, clinic = scene
    home.clinic.push()
    assert clinic.host.keeping.export(tmp_path / "export") == (2, 0)
    before = list(StudyStore(str(tmp_path / "export")).recordings())
    assert len(before) == 2
    store = StudyStore(str(tmp_path / "export"))
    manifests = [read_manifest(store.read(found.manifest)) for found in before]
    assert {manifest.sha256 for manifest in manifests} == set(home.clinic._sent().values())
    planned = plan(str(tmp_path / "export"), str(tmp_path / "results"))
    rows = list(recompute(planned, jobs=0))  # random packets: nothing to find, and each run has its row
    assert [(row.status, row.is_complete) for row in rows] == [(Status.DONE, True)] * 2
    assert {row.sha256 for row in rows} == {manifest.sha256 for manifest in manifests}
    clinic.host.keeping.export(tmp_path / "export")
    assert list(store.recordings()) == before
    home.clinic.consent([Scope.CARE, Scope.RAW_LOGS])
    home.clinic.push()
    assert clinic.host.keeping.export(tmp_path / "export") == (0, 0)
    assert list(store.recordings()) == []


def test_plain_deletion_would_have_left_it_in_the_file(new_scene: Scene) -> None:
    """Why the tables are written afresh: after DELETE the marker is still there (VACUUM may or may not clear it)."""
    home, clinic = new_scene
    home.clinic.push()
    (marker, *_) = home.clinic._sent().values()
    clinic.database.cluster.sql(f"delete from run_index where sha256 = '{marker}'", clinic.database.name)
    assert in_tables(clinic, marker.encode())
    with clinic.roster.transaction() as connection:
        connection.execute("select rewrite_tables()")
    assert in_tables(clinic, marker.encode()) == []


def test_what_cannot_be_deleted_is_said_and_tried_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    home, clinic = scene
    home.clinic.push()
    pseudonym = home.clinic.status().pseudonym
    runner_id = clinic.runner_id(pseudonym)
    clinic.host.withdrawals.begin_for(pseudonym, timedelta())

    def refuse(_: str) -> int:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(clinic.host.folders, "remove", refuse)
        (report,) = clinic.host.withdrawals.carry_out()
    assert report.pseudonym == ""
    assert "the runner's folder" in report.failures[0]
    assert clinic.host.folders.path(runner_id).is_dir()
    (report,) = clinic.host.withdrawals.carry_out()
    assert (report.pseudonym, report.failures) == (pseudonym, ())
    assert clinic.host.withdrawals.carry_out() == []
    with pytest.raises(UserError, match="no runner"):
        clinic.host.withdrawals.begin_for(pseudonym)


def test_who_left_without_a_deletion_can_ask_for_it_later(scene: Scene) -> None:
    home, clinic = scene
    home.clinic.push()
    pseudonym = home.clinic.status().pseudonym
    assert "stays until you ask" in home.clinic.withdraw(deletes=False)
    assert clinic.host.withdrawals.carry_out() == []
    assert clinic.host.monday(clinic.ada) == []
    clinic.host.withdrawals.begin_for(pseudonym, timedelta())
    (report,) = clinic.host.withdrawals.carry_out()
    assert report.pseudonym == pseudonym


def test_who_left_learns_it_at_the_next_push(scene: Scene) -> None:
    home, clinic = scene
    clinic.host.withdrawals.begin_for(home.clinic.status().pseudonym)
    assert "withdrew" in home.clinic.push().failure
    assert home.clinic.withdraw() == ""  # the clinic has closed the door itself
    assert home.clinic.status().clinic == ""


def test_copies_are_readable_with_the_key_alone(scene: Scene, tmp_path: Path) -> None:
    home, clinic = scene
    home.clinic.push()
    runner_id = clinic.runner_id(home.clinic.status().pseudonym)
    (copy, *_) = sorted((clinic.objects / runner_id).iterdir())
    vault = clinic.host.vault
    vault.bring_back(runner_id, copy, tmp_path / "back")
    recordings = clinic.host.folders.path(runner_id) / "recordings"
    assert (tmp_path / "back").read_bytes() in [path.read_bytes() for path in recordings.iterdir()]
    content = copy.read_bytes()
    for damaged in (content[:-1], content[:-1] + b"\0", content[:7], content[:7] + content[8:]):
        copy.write_bytes(damaged)
        with pytest.raises(StorageError, match="was changed"):
            vault.bring_back(runner_id, copy, tmp_path / "half")
        assert not (tmp_path / "half").exists()
    vault.destroy(runner_id)
    copy.write_bytes(content)
    with pytest.raises(StorageError, match="key is gone"):
        vault.bring_back(runner_id, copy, tmp_path / "half")
    assert clinic.host.monday(clinic.ada)[0].patient.label == ""


def test_a_clinic_that_lost_its_folders_brings_them_back(scene: Scene) -> None:
    home, clinic = scene
    home.runner.report_pain(PainMoment.NOW, 3)
    home.clinic.push()
    assert clinic.host.keeping.copy_away() == (1, [])
    runner_id = clinic.runner_id(home.clinic.status().pseudonym)
    folder = clinic.host.folders.path(runner_id)
    before = {path.name: path.read_bytes() for path in folder.rglob("*.mcap")}
    next(folder.rglob("*.mcap")).unlink()
    assert clinic.host.keeping.restore() == (0, 1, [])
    shutil.rmtree(folder)
    assert clinic.host.keeping.restore() == (1, 2, [])
    assert {path.name: path.read_bytes() for path in folder.rglob("*.mcap")} == before
    with clinic.host.folders.opened(runner_id) as store:
        assert [entry.back for entry in store.pain.list()] == [3]
    assert clinic.host.keeping.restore() == (0, 0, [])
    home.clinic.on_finished(home.run(0.3))
    assert home.clinic.push().failure == ""
    shutil.rmtree(folder)
    shutil.rmtree(clinic.objects / runner_id)
    assert clinic.host.keeping.restore() == (0, 0, [runner_id])


@pytest.mark.parametrize("n_bytes", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_files_of_every_length_come_back(tmp_path: Path, n_bytes: int) -> None:
    from coach.service.clinic_host.vault import Vault

    vault = Vault(tmp_path / "keys")
    vault.make("r1")
    (tmp_path / "a").write_bytes(bytes(range(256)) * (n_bytes // 256) + bytes(n_bytes % 256))
    vault.lock_away("r1", tmp_path / "a", tmp_path / "b")
    vault.bring_back("r1", tmp_path / "b", tmp_path / "c")
    assert (tmp_path / "c").read_bytes() == (tmp_path / "a").read_bytes()
    if n_bytes > 1 << 20:  # pieces swapped
        piece = (1 << 20) + 16
        content = (tmp_path / "b").read_bytes()
        (tmp_path / "b").write_bytes(content[:7] + content[7 + piece : 7 + 2 * piece] + content[7 : 7 + piece])
        with pytest.raises(StorageError, match="was changed"):
            vault.bring_back("r1", tmp_path / "b", tmp_path / "c")
