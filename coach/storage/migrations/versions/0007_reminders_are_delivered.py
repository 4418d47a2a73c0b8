"""The state of a reminder that went out is "delivered", and so are its columns named: the term of all messaging."""

from collections.abc import Sequence

from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COLUMNS = (("told_by", "delivered_by"), ("told_at", "delivered_at"))


def upgrade() -> None:
    for old, new in _COLUMNS:
        op.execute(f"ALTER TABLE reminders RENAME COLUMN {old} TO {new}")
    op.execute("UPDATE reminders SET state = 'delivered' WHERE state = 'told'")


def downgrade() -> None:
    op.execute("UPDATE reminders SET state = 'told' WHERE state = 'delivered'")
    for old, new in _COLUMNS:
        op.execute(f"ALTER TABLE reminders RENAME COLUMN {new} TO {old}")
