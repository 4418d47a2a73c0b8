"""Power, strike type and pronation of pods become metrics; a run says which device its numbers came from."""

from collections.abc import Sequence

from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TABLES = ("seconds", "run_summaries")
_METRICS = ("power_w", "foot_strike_type", "pronation_deg")


def upgrade() -> None:
    for table in _TABLES:
        for metric in _METRICS:
            op.execute(f"ALTER TABLE {table} ADD COLUMN {metric} FLOAT")
    op.execute("ALTER TABLE runs ADD COLUMN sources TEXT NOT NULL DEFAULT '{}'")


def downgrade() -> None:
    for table in _TABLES:
        with op.batch_alter_table(table, schema=None) as batch_op:
            for metric in _METRICS:
                batch_op.drop_column(metric)
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_column("sources")
