"""Alembic's entry: runs migrations on the connection it is handed, inside the transaction that is open on it."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.types import TypeDecorator

from coach.storage import tables  # noqa: F401  (registers every table)
from coach.storage.base import Base


def plain_type(kind: str, item: object, _autogen: AutogenContext) -> str | Literal[False]:
    """Migrations name the column types of the database, not ours: they must still run when ours have changed."""
    return f"sa.{type(item.impl).__name__}()" if kind == "type" and isinstance(item, TypeDecorator) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=plain_type,
)
with context.begin_transaction():
    context.run_migrations()
