"""Who looked at whose record, and did what: appended in the same transaction, each entry with the hash of the last."""

import hashlib
from datetime import datetime

from coach.model.frozen import dataclass
from coach.roster.database import Connection, rows


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry. name: of the person; "" where a runner's own coach or the service itself did it."""

    audit_id: int
    at: datetime
    name: str
    runner_id: str
    verb: str
    what: str


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """broken_at: number of the first entry that does not fit; None where all do. head: hash of the newest entry, to be
    noted elsewhere: only so is it found where the newest entries themselves were cut off."""

    n_entries: int
    broken_at: int | None
    head: str


def note(connection: Connection, verb: str, runner_id: str | None = None, what: str = "") -> None:
    """Append an entry on behalf of the transaction's person. what: nothing of health: keepers read it, and it stays."""
    connection.execute("select audit_append(%s, %s, %s)", (verb, runner_id, what[:200]))


def entries(connection: Connection, runner_id: str | None = None, limit: int = 200) -> list[AuditEntry]:
    """Return entries, newest first; of one runner or of all."""
    found = rows(
        connection,
        "select a.audit_id, a.at, coalesce(p.name, '') as name, coalesce(a.runner_id, '') as runner_id, a.verb, a.what "
        "from audit a left join person p using (person_id) where %s::text is null or a.runner_id = %s "
        "order by a.audit_id desc limit %s",
        (runner_id, runner_id, limit),
    )
    return [AuditEntry(**row) for row in found]


def looks(connection: Connection, runner_id: str, limit: int = 50) -> list[dict[str, str]]:
    """Return what people did with one runner's record, newest first: when, who, what. For the runner."""
    found = rows(
        connection,
        "select a.at, p.name, a.verb from audit a join person p using (person_id) "
        "where a.runner_id = %s order by a.audit_id desc limit %s",
        (runner_id, limit),
    )
    return [{"at": row["at"].isoformat(timespec="seconds"), "name": row["name"], "verb": row["verb"]} for row in found]


def verify(connection: Connection) -> ChainVerdict:
    """Work the chain of hashes out again, here and not in the database that may have been changed."""
    before, n, broken_at = b"", 0, None
    query = (
        "select audit_id, extract(epoch from at)::numeric(20, 6)::text, coalesce(person_id::text, '-'), "
        "coalesce(runner_id, '-'), verb, what, before_hash, hash from audit order by audit_id"
    )
    with connection.cursor(name="chain") as cursor:
        for number, *parts, before_hash, own in cursor.execute(query):
            n += 1
            text = "|".join((str(number), *parts))
            is_sound = number == n and before_hash == before and hashlib.sha256(before + text.encode()).digest() == own
            if not is_sound and broken_at is None:
                broken_at = n
            before = own
    return ChainVerdict(n, broken_at, bytes(before).hex())
