"""A file taken through the migrations has the very schema that a new file gets from the models."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from coach.errors import StorageError
from coach.model.runs import RunFilter, Sport
from coach.model.sites import WearSite
from coach.model.strides import GaitState
from coach.storage.database import Connection, Database, _connect
from coach.storage.dump import load
from coach.storage.reminders import KeptReminders
from coach.storage.schema import MIGRATIONS, alembic_config, head, revision_of
from coach.storage.store import Store
from coach.storage.tables import ALL


def schema_of(database: Database) -> set[tuple[object, ...]]:
    """All that SQLite itself knows of a file's tables, columns, indexes and references."""
    with database.read() as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]
        found: set[tuple[object, ...]] = {(name,) for name in names}
        for name in names:
            for _, column, kind, is_needed, default, key in connection.execute(f"PRAGMA table_info({name})"):
                # A new file has no default: what a migration needed for the rows that were there says nothing.
                found.add((name, column, kind, is_needed, key, default if name == "alembic_version" else None))
            found |= {(name, *reference[2:]) for reference in connection.execute(f"PRAGMA foreign_key_list({name})")}
            for _, index, is_unique, origin, _ in connection.execute(f"PRAGMA index_list({name})").fetchall():
                columns = [row[2] for row in connection.execute(f"PRAGMA index_info({index})")]
                found.add((name, index, is_unique, origin, *columns))
    return found


def upgrade(connection: Connection, revision: str) -> None:
    from alembic import command  # with SQLAlchemy half a second, which each worker would take

    command.upgrade(alembic_config(connection), revision)


def downgrade(connection: Connection, revision: str) -> None:
    from alembic import command

    command.downgrade(alembic_config(connection), revision)


def test_migrations_end_where_the_models_are(tmp_path: Path) -> None:
    from alembic.script import ScriptDirectory

    database = Database(tmp_path / "migrated.sqlite")
    with database.write() as connection:
        assert ScriptDirectory.from_config(alembic_config(connection)).get_current_head() == head()
        upgrade(connection, "head")
    with database.read() as connection:
        assert revision_of(connection) == head()
    hint = "a change of the models needs a migration of its own in coach/storage/migrations/versions"
    made = Store(tmp_path / "made.sqlite")
    assert schema_of(database) == schema_of(made.database), hint
    database.close()
    made.close()


def test_no_table_is_forgotten() -> None:
    files = {path.stem for path in MIGRATIONS.parent.glob("*_tables.py")}
    assert files == {module.__name__.rpartition(".")[2] for module in ALL}


def test_an_older_file_is_migrated_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    database = Database(path)
    with database.write() as connection:
        upgrade(connection, "head")
        downgrade(connection, "base")
    database.close()
    store = Store(path)
    assert store.runs.list() == []
    store.close()


def test_a_database_of_the_first_version_opens_with_all_its_data(tmp_path: Path) -> None:
    """The file was written by the version that had no sport, no compressed columns and no tables of bests."""
    path = tmp_path / "old.sqlite"
    script = (Path(__file__).resolve().parents[2] / "data" / "database_0001.sql").read_text()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
        n_old = {n: connection.execute(f"SELECT count(*) FROM {n}").fetchone()[0] for n in ("runs", "pain_entries")}
    store = Store(path)
    with store.database.read() as connection:
        assert revision_of(connection) == head()
    assert [e.run.run_id for e in store.runs.list()] == ["r3", "r2", "r1"]
    assert [e.run.run_id for e in store.runs.list(RunFilter(is_deleted=True))] == ["r4"]
    assert (store.runs.get("r1").sport, store.runs.get("r1").sport_reason) == (Sport.RUNNING, "")
    assert (
        len(store.runs.data.strides("r1")),
        len(store.runs.data.steps("r1")),
        len(store.runs.data.seconds("r1")),
    ) == (80, 60, 28)
    second = store.runs.data.seconds("r1")[27]
    assert (second.t_s, second.cadence_spm, second.state) == (27.0, 171.4, GaitState.RUNNING)
    assert second.speed_mps == pytest.approx(2.857 + 27 / 3000, rel=1e-6)
    assert (second.uncertainty, second.unknown) == (
        {"speed_mps": 0.05, "cadence_spm": 1.0},
        {"heart_rate_bpm": "needs_heart_rate_sensor"},
    )
    stride = store.runs.data.strides("r1")[3]
    assert (stride.wear_site, stride.initial_contact_s, stride.toe_off_s) == (WearSite.RIGHT_FOOT, 1.05, 0.95)
    assert stride.foot_strike_angle_deg == pytest.approx(12.5 + 1 / 7, rel=1e-6)
    assert store.runs.data.decisions("r1")[0].say == "Push"
    with store.database.read() as connection:
        assert connection.scalar("SELECT count(*) FROM seconds") == 0  # packed into columns
        by_speed = {
            row[0]: len(json.loads(row[1])) for row in connection.execute("SELECT run_key, by_speed FROM run_summaries")
        }
        points = dict(
            connection.execute("SELECT run_key, count(*) - 1 FROM trend_points GROUP BY run_key").fetchall()
        )  # one is the run itself
        assert points == by_speed
    assert len(store.runs.marks("cadence_spm").run_ids) == 3
    assert n_old == {"runs": 4, "pain_entries": len(store.pain.list())}
    store.close()


def test_a_disk_that_fills_while_a_file_is_migrated_is_said_and_the_file_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old.sqlite"
    script = (Path(__file__).resolve().parents[2] / "data" / "database_0001.sql").read_text()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)

    def on_a_full_disk(path: Path) -> Connection:
        opened = _connect(path)
        n_pages = opened.scalar("PRAGMA page_count")
        opened.execute(f"PRAGMA max_page_count = {n_pages + 2}")
        return opened

    with monkeypatch.context() as patched:
        patched.setattr("coach.storage.database._connect", on_a_full_disk)
        with pytest.raises(StorageError, match="the disk is full"):
            Store(path)
    store = Store(path)  # with room again
    assert [entry.run.run_id for entry in store.runs.list()] == ["r3", "r2", "r1"]
    store.close()


def test_a_reminder_that_went_out_before_the_rename_stays_delivered(tmp_path: Path) -> None:
    """Its columns and its state had other names until 0006: a reminder must neither vanish nor go out again."""
    path = tmp_path / "old.sqlite"
    with closing(Database(path)) as database, database.write() as connection:
        upgrade(connection, "0006")
        connection.execute(
            'INSERT INTO reminders (key, due_at, expires_at, title, body, link, "group", facts, source, state,'
            " told_by, told_at) VALUES ('a', '2026-11-01', '2026-11-02', '', '', '', '', '{}', 's', 'told',"
            " '1-2', '2026-11-01 07:00:00')"
        )
    with closing(Store(path)) as store:
        (sent,) = KeptReminders(store.database).all(("delivered",))
        assert (sent.reminder.key, sent.delivered_by) == ("a", "1-2")
        assert sent.delivered_at == datetime(2026, 11, 1, 7, tzinfo=UTC)
    with closing(Database(path)) as database, database.write() as connection:
        downgrade(connection, "0006")
        assert connection.execute("SELECT state, told_by FROM reminders").fetchall() == [("told", "1-2")]


def test_a_reminder_of_an_archive_of_before_the_rename_stays_delivered(tmp_path: Path) -> None:
    row = {
        "key": "a", "due_at": "2026-11-01T07:00:00Z", "expires_at": "2026-11-02T07:00:00Z", "title": "", "body": "",
        "link": "", "group": "", "facts": {}, "source": "s", "state": "told", "told_by": "1-2",
        "told_at": "2026-11-01T07:00:00Z",
    }  # fmt: skip
    with closing(Store(tmp_path / "new.sqlite")) as store:
        load(store.database, {"reminders": [row, {**row, "key": "b", "state": "closed"}]})
        sent = {one.reminder.key: (one.state, one.delivered_by) for one in KeptReminders(store.database).all()}
        assert sent == {"a": ("delivered", "1-2"), "b": ("closed", "1-2")}


def test_opening_a_file_again_needs_no_migration_library(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from coach.storage.store import Store; "
        f"s = Store(Path({str(tmp_path / 'a.sqlite')!r})); s.close(); "
        "assert not {'alembic', 'sqlalchemy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).resolve().parents[3])
