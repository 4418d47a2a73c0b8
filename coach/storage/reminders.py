"""Reminders in the database: what is to be said when, and what happened to it.

Two processes on one database never remind twice: whoever moves a row from waiting to delivered sends it.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, RowMapping, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from coach.model.reminders import PushPhone, Reminder, SentReminder
from coach.storage.database import Database
from coach.storage.rows import put
from coach.storage.strength_tables import OWED, PUSH_PHONES, REMINDERS

_T: Final = REMINDERS.table
EVERY_CHANNEL: Final = "every"  # owed: taken, and nothing of it was sent yet


class KeptReminders:
    """Every verb is a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sync(self, source: str, wanted: Iterable[Reminder], now: datetime) -> None:
        """Make the waiting reminders of a source those that are wanted; what was delivered stays as it is.

        Nothing is written where nothing has changed: this is asked every minute, and memory cards wear out.
        """
        by_key = {one.key: one for one in wanted if one.expires_at > now}
        query = select(_T).where((_T.c.source == source) | _T.c.key.in_(by_key))
        with self._database.read() as connection:
            rows = {row["key"]: row for row in connection.execute(query).mappings()}
        waiting = {key: REMINDERS.noun(row) for key, row in rows.items() if row["state"] == "waiting"}
        gone = [key for key in waiting if key not in by_key]
        new = [one for key, one in by_key.items() if key not in rows]
        changed = [one for key, one in by_key.items() if key in waiting and waiting[key] != one]
        if not (gone or new or changed):
            return
        is_waiting = _T.c.state == "waiting"
        with self._database.write() as connection:
            connection.execute(delete(_T).where(_T.c.key.in_(gone), is_waiting))
            for one in new:
                row = REMINDERS.row(one, source=source, state="waiting")
                connection.execute(insert(_T).values(row).on_conflict_do_nothing())
            for one in changed:
                row = REMINDERS.row(one, source=source)
                connection.execute(update(_T).where(_T.c.key == one.key, is_waiting).values(row))

    def waiting(self) -> list[Reminder]:
        """Return reminders not yet delivered, by time."""
        query = select(_T).where(_T.c.state == "waiting").order_by(_T.c.due_at)
        with self._database.read() as connection:
            return REMINDERS.readable(connection.execute(query).mappings())

    def take(self, key: str, delivered_by: str, now: datetime) -> Reminder | None:
        """Take a due reminder to deliver it; None where there is nothing to deliver. It is owed until `claim`.

        Of several due ones of a group only the newest is ever given, the others are superseded: never stacked. One past
        its time is let go.
        """
        with self._database.write() as connection:
            row = connection.execute(select(_T).where(_T.c.key == key, _T.c.state == "waiting")).mappings().first()
            if row is None or row["due_at"] > now:
                return None
            if row["expires_at"] <= now:
                self._set_state(connection, [key], "expired")
                return None
            in_group = (_T.c.group == row["group"]) & (_T.c.state == "waiting") & (_T.c.due_at <= now)
            due = connection.execute(select(_T.c.key, _T.c.due_at, _T.c.expires_at).where(in_group)).all()
            newest = max((one for one in due if one.expires_at > now), key=lambda one: (one.due_at, one.key))
            self._set_state(connection, [one.key for one in due if one.key != newest.key], "superseded")
            taken = update(_T).where(_T.c.key == newest.key, _T.c.state == "waiting")
            connection.execute(taken.values(state="delivered", delivered_by=delivered_by, delivered_at=now))
            put(connection, OWED, [_debt(newest.key, EVERY_CHANNEL, 0, now)])
            chosen = connection.execute(select(_T).where(_T.c.key == newest.key)).mappings().one()
            self._supersede_delivered(connection, chosen["group"], chosen["key"])
        return REMINDERS.noun(chosen)

    def owed(self, now: datetime) -> list[Reminder]:
        """Return reminders that were taken and are to be tried now, by time; what the runner has dealt with, what a
        newer one took the place of and what is past its time is owed no longer."""
        is_open = select(_T.c.key).where(_T.c.state == "delivered", _T.c.expires_at > now)
        due = select(OWED.c.key).where(OWED.c.next_at <= now)
        query = select(_T).where(_T.c.key.in_(is_open), _T.c.key.in_(due)).order_by(_T.c.due_at)
        with self._database.read() as connection:
            settled = connection.execute(select(OWED.c.key).where(OWED.c.key.not_in(is_open))).scalars().all()
            found = REMINDERS.readable(connection.execute(query).mappings())
        if settled:
            with self._database.write() as connection:
                connection.execute(delete(OWED).where(OWED.c.key.in_(settled)))
        return found

    def claim(self, key: str, now: datetime) -> tuple[frozenset[str], int]:
        """Claim a reminder, to be its only sender; return the channels to try now, and how often they were tried.

        A process that is killed while it sends does not send it again: what may be there already never comes twice.
        """
        due = (OWED.c.key == key) & (OWED.c.next_at <= now)
        with self._database.write() as connection:
            rows = connection.execute(select(OWED).where(due)).all()
            connection.execute(delete(OWED).where(due))
        return frozenset(row.channel for row in rows), max((row.n_tries for row in rows), default=0)

    def owe(self, key: str, channels: Collection[str], n_tries: int, next_at: datetime) -> None:
        """Note that it did not reach these channels: to be tried again at `next_at`."""
        with self._database.write() as connection:
            put(connection, OWED, [_debt(key, channel, n_tries, next_at) for channel in channels])

    def close(self, key: str) -> bool:
        """Close one that the runner has dealt with; whether it was there."""
        with self._database.write() as connection:
            return connection.execute(update(_T).where(_T.c.key == key).values(state="closed")).rowcount == 1

    def all(self, states: Sequence[str] = ()) -> list[SentReminder]:
        """Return every reminder in these states (none given: in all), by time."""
        query = select(_T).order_by(_T.c.due_at, _T.c.key)
        if states:
            query = query.where(_T.c.state.in_(states))
        with self._database.read() as connection:
            return [_sent(row) for row in connection.execute(query).mappings()]

    def forget_before(self, moment: datetime) -> None:
        """Drop rows that ended long ago."""
        with self._database.write() as connection:
            connection.execute(delete(_T).where(_T.c.expires_at < moment, _T.c.state != "waiting"))

    def put_phone(self, phone: PushPhone) -> None:
        """Keep a browser that wants reminders pushed, in the place of one with the same endpoint."""
        with self._database.write() as connection:
            put(connection, PUSH_PHONES.table, [PUSH_PHONES.row(phone)])

    def remove_phone(self, endpoint: str) -> None:
        """Forget a browser by the address that its push service gave it; do nothing where it is not known."""
        with self._database.write() as connection:
            connection.execute(delete(PUSH_PHONES.table).where(PUSH_PHONES.table.c.endpoint == endpoint))

    def remove_phones_of(self, phone_id: str) -> None:
        """Forget the browsers of a phone that was let in."""
        with self._database.write() as connection:
            connection.execute(delete(PUSH_PHONES.table).where(PUSH_PHONES.table.c.phone_id == phone_id))

    def phones(self) -> list[PushPhone]:
        """Return all browsers that want reminders pushed."""
        with self._database.read() as connection:
            return PUSH_PHONES.readable(connection.execute(select(PUSH_PHONES.table)).mappings())

    @staticmethod
    def _set_state(connection: Connection, keys: Sequence[str], state: str) -> None:
        connection.execute(update(_T).where(_T.c.key.in_(keys), _T.c.state == "waiting").values(state=state))

    @staticmethod
    def _supersede_delivered(connection: Connection, group: str, key: str) -> None:
        """Supersede the older ones of a group: on the page, too, only the newest of a group is shown."""
        older = update(_T).where(_T.c.group == group, _T.c.key != key, _T.c.state == "delivered")
        connection.execute(older.values(state="superseded"))


def _debt(key: str, channel: str, n_tries: int, next_at: datetime) -> dict[str, object]:
    return {"key": key, "channel": channel, "n_tries": n_tries, "next_at": next_at}


def _sent(row: RowMapping) -> SentReminder:
    return SentReminder(
        reminder=REMINDERS.noun(row),
        state=row["state"],
        source=row["source"],
        delivered_by=row["delivered_by"],
        delivered_at=row["delivered_at"],
    )
