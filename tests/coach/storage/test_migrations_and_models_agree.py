"""A file taken through the migrations has the very schema that a new file gets from the models."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from coach.storage.base import Base
from coach.storage.database import Database
from coach.storage.schema import HEAD, MIGRATIONS, alembic_config, revision_of
from coach.storage.store import Store
from coach.storage.tables import ALL


def schema_of(database: Database) -> set[str]:
    with database.read() as connection:
        rows = connection.exec_driver_sql("SELECT name FROM sqlite_master")
        names = {row[0] for row in rows}
        columns = {
            f"{name}.{column[1]} {column[2]} null={not column[3]} pk={column[5]}"
            for name in names
            for column in connection.exec_driver_sql(f"PRAGMA table_info({name})")
        }
    return names | columns


def test_migrations_end_where_the_models_are(tmp_path: Path) -> None:
    database = Database(tmp_path / "migrated.sqlite")
    with database.write() as connection:
        config = alembic_config(connection)
        assert ScriptDirectory.from_config(config).get_current_head() == HEAD
        command.upgrade(config, "head")
    with database.read() as connection:
        assert revision_of(connection) == HEAD
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)
    hint = "run: python tests/coach/storage/regenerate_migration.py"
    assert differences == [], hint
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
        command.upgrade(alembic_config(connection), "head")
        command.downgrade(alembic_config(connection), "base")
    database.close()
    store = Store(path)
    assert store.runs.list() == []
    store.close()


def test_opening_a_file_again_needs_no_migration_library(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from coach.storage.store import Store; "
        f"s = Store(Path({str(tmp_path / 'a.sqlite')!r})); s.close(); assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).resolve().parents[3])
