"""Write the initial migration anew from the models: `python tests/coach/storage/regenerate_migration.py`.

Only while no release has shipped: afterwards a change of the models gets a migration of its own.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command

from coach.storage.database import Database
from coach.storage.schema import HEAD, MIGRATIONS, alembic_config


def main() -> None:
    versions = MIGRATIONS / "versions"
    for old in versions.glob(f"{HEAD}_*.py"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "empty.sqlite")
        with database.write() as connection:
            command.revision(alembic_config(connection), "Initial schema", autogenerate=True, rev_id=HEAD)
        database.close()
    for new in versions.glob(f"{HEAD}_*.py"):
        lines = new.read_text().splitlines(keepends=True)
        new.write_text(
            "".join(line for line in lines if "commands auto generated" not in line and "# ### end" not in line)
        )
    for tool in (["check", "--fix-only", "-q"], ["format", "-q"]):
        subprocess.run([sys.executable, "-m", "ruff", *tool, str(versions)], check=True)


if __name__ == "__main__":
    main()
