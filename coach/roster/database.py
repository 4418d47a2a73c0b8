"""Open transactions on the clinic's PostgreSQL on somebody's behalf. psycopg is loaded here alone, on first use.

Two roles: the owner makes the tables (`prepare`); the service connects as a role that owns nothing and may not pass
row-level security, else the service refuses to start, since then one forgotten line of code would show one person
another's runner. Each transaction says on whose behalf it is; one that says nothing sees no runner at all.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING, Final, LiteralString, TypeAlias

from coach.errors import StorageError, UserError

if TYPE_CHECKING:
    from types import ModuleType

    import psycopg
    from psycopg.rows import DictRow, TupleRow
    from psycopg.sql import Identifier

Connection: TypeAlias = "psycopg.Connection[TupleRow]"

MISSING: Final = "the clinic needs the extra [clinic]: pip install 'running-coach[clinic]'"
OLDEST: Final = 150000  # PostgreSQL 15
_MOST_OPEN: Final = 16
_TABLES: Final = (
    "person",
    "person_door",
    "runner_door",
    "invitation",
    "runner",
    "consent",
    "care",
    "run_index",
    "runner_state",
    "seen",
    "runner_order",
    "tombstone",
)


class Roster:
    """The shared index. Thread-safe: each transaction has a connection of its own, and connections are used again.

    Raises:
        UserError: the extra is missing, the tables were not prepared, or the role may see all. StorageError: the URL
            leads nowhere.
    """

    def __init__(self, url: str) -> None:
        self._psycopg = library()
        self._url = url
        self._lock = threading.Lock()
        self._free: list[Connection] = []
        self._is_closed = False
        with ExitStack() as refused:
            refused.callback(self.close)
            with self.transaction() as connection:
                _check(connection)
            refused.pop_all()

    @contextmanager
    def transaction(self, person_id: int | None = None, runner_id: str | None = None) -> Iterator[Connection]:
        """Open a transaction on behalf of a person or of a runner's own coach: all of it is kept, or nothing.

        Raises:
            StorageError: the database does not answer, or refuses.
        """
        connection = self._take()
        try:
            with connection.transaction():
                connection.execute(
                    "select set_config('coach.person', %s, true), set_config('coach.runner', %s, true)",
                    ("" if person_id is None else str(person_id), runner_id or ""),
                )
                yield connection
        except self._psycopg.Error as error:
            raise StorageError(f"the clinic's database: {str(error).strip()[:300]}") from error
        finally:
            self._give_back(connection)

    def close(self) -> None:
        """Close the connections that are free; those in use are closed when they are given back."""
        with self._lock:
            self._is_closed = True
            free, self._free = self._free, []
        for connection in free:
            connection.close()

    def _take(self) -> Connection:
        with self._lock:
            if self._free:
                return self._free.pop()
        return connect(self._url)

    def _give_back(self, connection: Connection) -> None:
        """Keep a connection for the next transaction, where it is open and none is left begun on it."""
        is_idle = connection.info.transaction_status == self._psycopg.pq.TransactionStatus.IDLE
        is_sound = is_idle and not connection.closed
        with self._lock:
            if is_sound and not self._is_closed and len(self._free) < _MOST_OPEN:
                self._free.append(connection)
                return
        connection.close()


def library() -> "ModuleType":
    """Return psycopg 3.

    Raises:
        UserError: it is not installed; the words say what to do.
    """
    try:
        import psycopg
    except ImportError as error:
        raise UserError(MISSING) from error
    return psycopg


def connect(url: str) -> Connection:
    """Return a connection that commits each statement by itself outside of transactions.

    Raises:
        StorageError: the URL leads to no database, or it does not answer now.
    """
    psycopg = library()
    try:
        connection: Connection = psycopg.connect(url, autocommit=True, connect_timeout=10)
        return connection
    except psycopg.Error as error:
        raise StorageError(f"the clinic's database cannot be reached: {str(error).strip()[:200]}") from error


def prepare(url: str, role: str) -> bool:
    """Make the tables as their owner and let `role` work with them; gives whether they were new.

    Raises:
        UserError: the database is too old, the role does not exist, or the owner may not do it.
    """
    psycopg = library()
    with connect(url) as connection:
        if connection.info.server_version < OLDEST:
            raise UserError("the clinic needs PostgreSQL 15 or newer: update the database")
        try:
            with connection.transaction():
                is_new = one_row(connection, "select to_regclass('runner_state')")[0] is None
                if is_new:
                    connection.execute(files("coach.roster").joinpath("schema.sql").read_text("utf-8"))
                _grant(connection, psycopg.sql.Identifier(role))
        except psycopg.Error as error:
            raise UserError(f"the tables cannot be prepared: {str(error).strip()[:300]}") from error
    return is_new


def _grant(connection: Connection, role: "Identifier") -> None:
    sql = library().sql
    tables = sql.SQL(", ").join(sql.Identifier(name) for name in _TABLES)
    for text in (
        "grant usage on schema public to {role}",
        "grant select, insert, update, delete on {tables} to {role}",
        "grant usage on all sequences in schema public to {role}",
        "grant select on audit to {role}",
        "grant execute on function audit_append(text, text, text), rewrite_tables() to {role}",
    ):
        connection.execute(sql.SQL(text).format(role=role, tables=tables))


def _check(connection: Connection) -> None:
    if one_row(connection, "select to_regclass('runner_state')")[0] is None:
        raise UserError("this database was not prepared: `coach clinic prepare --url OWNER --role ROLE` first")
    row = one_row(
        connection,
        "select r.rolsuper or r.rolbypassrls, exists (select from pg_class c where c.relowner = r.oid and c.relname = "
        "'runner_state') from pg_roles r where r.rolname = current_user",
    )
    if row[0] or row[1]:
        raise UserError(
            "this role owns the tables or passes row-level security, so that every person could see every runner: "
            "connect as the role that was named to `coach clinic prepare`"
        )


def rows(connection: Connection, query: LiteralString, values: Sequence[object] = ()) -> "list[DictRow]":
    """Return all rows of a query by the names of their columns."""
    cursor = connection.cursor(row_factory=library().rows.dict_row)
    found: list[DictRow] = cursor.execute(query, values).fetchall()
    return found


def one_row(connection: Connection, query: LiteralString, values: Sequence[object] = ()) -> "TupleRow":
    """Return the first row of a query that always has one.

    Raises:
        StorageError: it has none.
    """
    row = connection.execute(query, values).fetchone()
    if row is None:
        raise StorageError("the clinic's database gave no row where there is always one: were its tables changed?")
    return row
