"""What an activity was: a run, a walk or something else. All that is kept so far was taken for a run."""

from collections.abc import Sequence

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE runs ADD COLUMN sport VARCHAR NOT NULL DEFAULT 'running'")
    op.execute("ALTER TABLE runs ADD COLUMN sport_reason VARCHAR NOT NULL DEFAULT ''")


def downgrade() -> None:
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_column("sport_reason")
        batch_op.drop_column("sport")
