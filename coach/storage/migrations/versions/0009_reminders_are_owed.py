"""A reminder that was taken and is not yet with the runner on every channel is owed: also after a restart."""

from collections.abc import Sequence

from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute(
        "CREATE TABLE owed_reminders (key VARCHAR NOT NULL, channel VARCHAR NOT NULL, n_tries INTEGER NOT NULL,"
        " next_at DATETIME NOT NULL, CONSTRAINT pk_owed_reminders PRIMARY KEY (key, channel))"
    )


def downgrade() -> None:
    op.execute("DROP TABLE owed_reminders")
