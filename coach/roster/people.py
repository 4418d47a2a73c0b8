"""The clinic's people: who they are, what lets them in, and for whom they care. Secrets are kept as hashes only."""

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from coach.errors import UserError
from coach.model.frozen import dataclass
from coach.roster.audit import note
from coach.roster.database import Connection, one_row, rows

INVITED: Final = timedelta(minutes=10)  # as a phone's invitation at home
INVITED_PERSON: Final = timedelta(days=2)  # a colleague reads it on another day
STAYS: Final = timedelta(hours=12)  # a working day; chosen by judgement


class PersonKind(StrEnum):
    """CLINICIAN: sees own runners, by care. RESEARCHER: pseudonyms of runners who consented to research.

    KEEPER: invites people and grants care, and sees no health data.
    """

    CLINICIAN = "clinician"
    RESEARCHER = "researcher"
    KEEPER = "keeper"


@dataclass(frozen=True, slots=True)
class Person:
    """One of the clinic's people. is_ended: has left, and can do nothing any more."""

    person_id: int
    kind: PersonKind
    name: str
    is_ended: bool = False


def add_person(connection: Connection, name: str, kind: PersonKind) -> tuple[Person, str]:
    """Add a person; return them and the secret of an invitation, good for two days and once.

    Raises:
        UserError: the name is empty or too long.
    """
    wanted = " ".join(name.split())
    if not 0 < len(wanted) <= 80 or not wanted.isprintable():
        raise UserError("a name of 1 to 80 letters is needed")
    row = one_row(
        connection, "insert into person (kind, name) values (%s, %s) returning person_id", (kind.value, wanted)
    )
    note(connection, "invite", what=f"{kind.value} {row[0]}")
    return Person(row[0], kind, wanted), open_door(connection, row[0], "invitation", INVITED_PERSON)


def people(connection: Connection) -> list[Person]:
    """Return all people, those who left too."""
    found = rows(connection, "select person_id, kind, name, ended_at is not null as is_ended from person order by name")
    return [Person(row["person_id"], PersonKind(row["kind"]), row["name"], row["is_ended"]) for row in found]


def end_person(connection: Connection, person_id: int) -> None:
    """Let a person leave: no door opens any more, and no care goes on."""
    connection.execute("update person set ended_at = now() where person_id = %s and ended_at is null", (person_id,))
    connection.execute("delete from person_door where person_id = %s", (person_id,))
    connection.execute("update care set ended_at = now() where person_id = %s and ended_at is null", (person_id,))
    note(connection, "end", what=f"person {person_id}")


def open_door(connection: Connection, person_id: int, kind: str, lasts: timedelta) -> str:
    """Make a secret that lets a person in."""
    secret = secrets.token_urlsafe(32)
    connection.execute("delete from person_door where expires_at < now()")
    connection.execute(
        "insert into person_door values (%s, %s, %s, now() + %s)", (hash_of(secret), person_id, kind, lasts)
    )
    return secret


def come_in(connection: Connection, invitation: str) -> tuple[Person, str]:
    """Take an invitation, which is then used up; gives the person and the secret of a session.

    Raises:
        UserError: it is none, too old, or was used.
    """
    row = connection.execute(
        "delete from person_door where token_hash = %s and kind = 'invitation' and expires_at > now() "
        "returning person_id",
        (hash_of(invitation),),
    ).fetchone()
    person = _person(connection, row[0]) if row else None
    if person is None:
        raise UserError("this invitation is too old or was used: ask the keeper for a new one")
    return person, open_door(connection, person.person_id, "session", STAYS)


def person_of(connection: Connection, session: str) -> Person | None:
    """Return who holds this session's secret."""
    row = connection.execute(
        "select person_id from person_door where token_hash = %s and kind = 'session' and expires_at > now()",
        (hash_of(session),),
    ).fetchone()
    return _person(connection, row[0]) if row else None


def leave(connection: Connection, session: str) -> None:
    """End a session: its secret opens nothing from now on."""
    connection.execute("delete from person_door where token_hash = %s", (hash_of(session),))


def grant(connection: Connection, person_id: int, runner_id: str, is_granted: bool = True) -> None:
    """Begin or end a person's care of a runner."""
    if is_granted:
        begin_care(connection, person_id, runner_id)
    else:
        connection.execute(
            "update care set ended_at = now() where person_id = %s and runner_id = %s and ended_at is null",
            (person_id, runner_id),
        )
    note(connection, "grant" if is_granted else "end care", runner_id, f"person {person_id}")


def begin_care(connection: Connection, person_id: int, runner_id: str) -> None:
    """Have a person care for a runner from now on; without a note in the audit, which `grant` writes."""
    connection.execute(
        "insert into care (person_id, runner_id) values (%s, %s) on conflict (person_id, runner_id) "
        "do update set ended_at = null, granted_at = now()",
        (person_id, runner_id),
    )


def invite_runner(connection: Connection, person_id: int, runner_id: str, label: bytes) -> tuple[str, datetime]:
    """Make an invitation for a runner, good for ten minutes and once; return its secret and its end. label: encrypted.

    Gives the secret and when it ends; invitations that ended are forgotten.
    """
    secret = secrets.token_urlsafe(24)
    row = one_row(
        connection,
        "insert into invitation values (%s, %s, %s, %s, now() + %s) returning expires_at",
        (hash_of(secret), runner_id, person_id, label, INVITED),
    )
    note(connection, "invite runner", runner_id)
    return secret, row[0]


def take_invitation(connection: Connection, secret: str) -> tuple[str, int, bytes]:
    """Use an invitation up; gives runner id, inviting person and label.

    Raises:
        UserError: it is none, too old, or was used.
    """
    row = connection.execute(
        "delete from invitation where token_hash = %s and expires_at > now() returning runner_id, person_id, label",
        (hash_of(secret),),
    ).fetchone()
    if row is None:
        raise UserError("this invitation is too old or was used: ask the clinic for a new one")
    return row[0], row[1], bytes(row[2])


def forget_old_invitations(connection: Connection) -> list[str]:
    """Drop invitations that nobody took; gives the ids of their runners, whose keys can go."""
    return [row[0] for row in connection.execute("delete from invitation where expires_at < now() returning runner_id")]


def hash_of(secret: str) -> bytes:
    """Return the digest of a secret, which is long and random: a plain one is enough."""
    return hashlib.sha256(secret.encode()).digest()


def _person(connection: Connection, person_id: int) -> Person | None:
    found = rows(
        connection,
        "select person_id, kind, name from person where person_id = %s and ended_at is null",
        (person_id,),
    )
    return Person(found[0]["person_id"], PersonKind(found[0]["kind"]), found[0]["name"]) if found else None
