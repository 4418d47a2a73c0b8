"""Which algorithm computed a summary. Of all that is kept so far it is not known."""

from collections.abc import Sequence

from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE run_summaries ADD COLUMN algorithm VARCHAR NOT NULL DEFAULT ''")


def downgrade() -> None:
    with op.batch_alter_table("run_summaries", schema=None) as batch_op:
        batch_op.drop_column("algorithm")
