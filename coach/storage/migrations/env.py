"""Alembic's entry: runs migrations on the connection it is handed, inside the transaction that is open on it."""

from typing import Any

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from coach.storage.base import Connection


class _Lent:
    """Our connection, lent to SQLAlchemy: the transaction that is open on it is not SQLAlchemy's to end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def commit(self) -> None:
        """Leave the transaction, and the connection, to who began it."""

    rollback = close = commit


lent = _Lent(context.config.attributes["connection"])
engine = create_engine("sqlite://", creator=lambda: lent, poolclass=StaticPool)
try:
    with engine.connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
except DBAPIError as error:  # `Database` puts into words what SQLite says
    raise error.orig or error from error
engine.dispose()
