"""A PostgreSQL of the tests' own, from the system's packages: started once, as a user without rights."""

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.common import missing

ABSENT = "PostgreSQL is not installed (Debian: apt install postgresql): the clinic's database is not tested"


@dataclass(frozen=True)
class Cluster:
    """A running server. socket: folder of its socket. files: of its data files. free: databases to be used again."""

    socket: Path
    files: Path
    bin: Path
    free: list[str] = field(default_factory=list)

    def url(self, database: str, role: str) -> str:
        return f"postgresql://{role}@/{database}?host={self.socket}"

    def sql(self, text: str, database: str = "postgres", role: str = "postgres") -> list[tuple[Any, ...]]:
        """Run as a superuser, or as another role; rows of the last statement, where it has any."""
        import psycopg

        with psycopg.connect(self.url(database, role), autocommit=True) as connection:
            cursor = connection.execute(text)
            return cursor.fetchall() if cursor.description else []


@dataclass(frozen=True)
class ClinicDatabase:
    """A prepared database. url: as the service connects; owner: as who made the tables."""

    cluster: Cluster
    name: str

    @property
    def url(self) -> str:
        return self.cluster.url(self.name, "coach_app")

    @property
    def owner(self) -> str:
        return self.cluster.url(self.name, "coach_owner")


def binaries() -> Path | None:
    """Folder of initdb and postgres; None where they are not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name))
    return folders[-1] if folders and (folders[-1] / "initdb").exists() else None


@contextmanager
def cluster_of() -> Iterator[Cluster]:
    """A server of its own; skips where PostgreSQL is not installed; fails in CI and outside of pytest."""
    folder = binaries()
    if folder is None:
        missing(ABSENT)
    pytest.importorskip("psycopg", reason="the clinic's tests need psycopg (extra [clinic])")
    root = Path(tempfile.mkdtemp(prefix="coach-pg-", dir="/tmp"))  # short: the path of a socket has 107 bytes at most
    who: dict[str, Any] = {}
    if os.getuid() == 0:  # PostgreSQL refuses to be run by root
        user = next((pwd.getpwnam(n) for n in ("postgres", "nobody") if _is_user(n)), None)
        if user is None:
            missing("no user without rights is here to start PostgreSQL as")
        os.chown(root, user.pw_uid, user.pw_gid)
        who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    files = root / "data"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": root, **who}
    make = [folder / "initdb", "-D", files, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(make, check=True, **quiet)
    options = [
        "-c",
        "listen_addresses=",
        "-c",
        f"unix_socket_directories={root}",
        "-c",
        "fsync=off",
        "-c",
        "autovacuum=off",
    ]
    server = subprocess.Popen([folder / "postgres", "-D", files, *options, "-c", "shared_buffers=32MB"], **quiet)
    cluster = Cluster(root, files, folder)
    try:
        _wait(cluster)
        cluster.sql("create role coach_owner login; create role coach_app login; create role coach_other login")
        yield cluster
    finally:
        server.terminate()
        server.wait(timeout=30)
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    with cluster_of() as cluster:
        yield cluster


@contextmanager
def database_of(cluster: Cluster, *, is_new: bool = False) -> Iterator[ClinicDatabase]:
    """A database of its own with the clinic's tables; one that was used before, emptied, unless its files must be new.

    To make one takes the server ten times as long as to empty one.
    """
    from coach.roster.database import prepare

    if cluster.free and not is_new:
        name = cluster.free.pop()
    else:
        name = f"clinic_{uuid.uuid4().hex[:8]}"
        cluster.sql(f"create database {name} owner coach_owner")
        assert prepare(ClinicDatabase(cluster, name).owner, "coach_app")
    try:
        yield ClinicDatabase(cluster, name)
    finally:
        if is_new:
            cluster.sql(f"drop database {name} with (force)")
        else:
            cluster.sql(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'")
            cluster.sql(_EMPTY, name)
            cluster.free.append(name)


# Without triggers, one of which keeps the audit from being deleted.
_EMPTY = """
set session_replication_role = replica;
do $$ declare t record; begin
  for t in
    select relname, relkind from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'S')
  loop
    if t.relkind = 'r' then execute format('delete from %I', t.relname);
    else execute format('alter sequence %I restart', t.relname); end if;
  end loop;
end $$
"""


@pytest.fixture
def clinic_database(postgres: Cluster) -> Iterator[ClinicDatabase]:
    with database_of(postgres) as database:
        yield database


@pytest.fixture
def new_clinic_database(postgres: Cluster) -> Iterator[ClinicDatabase]:
    """In files that held nothing before."""
    with database_of(postgres, is_new=True) as database:
        yield database


def _is_user(name: str) -> bool:
    try:
        return pwd.getpwnam(name) is not None
    except KeyError:
        return False


def _wait(cluster: Cluster) -> None:
    import time

    import psycopg

    end = time.monotonic() + 60
    while True:
        try:
            cluster.sql("select 1")
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return
