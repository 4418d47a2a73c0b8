"""Reminders in the database: what is to be said when, and what happened to it.

Two processes on one database never remind twice: whoever moves a row from waiting to delivered sends it.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

from coach.model.reminders import PushPhone, Reminder, SentReminder
from coach.storage.base import Connection, Value, marks
from coach.storage.database import Database
from coach.storage.strength_tables import OWED, PUSH_PHONES, REMINDERS

_T: Final = REMINDERS.table
_WAITING: Final = "key = ? AND state = 'waiting'"
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
        known = f"WHERE source = ? OR key IN {marks(by_key)}"
        with self._database.read() as connection:
            rows = {row["key"]: row for row in _T.rows(connection, known, (source, *by_key))}
        waiting = {key: REMINDERS.noun(row) for key, row in rows.items() if row["state"] == "waiting"}
        gone = [key for key in waiting if key not in by_key]
        new = [one for key, one in by_key.items() if key not in rows]
        changed = [one for key, one in by_key.items() if key in waiting and waiting[key] != one]
        if not (gone or new or changed):
            return
        with self._database.write() as connection:
            _T.remove(connection, f"key IN {marks(gone)} AND state = 'waiting'", gone)
            _T.add_new(connection, [REMINDERS.row(one, source=source, state="waiting") for one in new])
            for one in changed:
                _T.change(connection, REMINDERS.row(one, source=source), _WAITING, (one.key,))

    def waiting(self) -> list[Reminder]:
        """Return reminders not yet delivered, by time."""
        with self._database.read() as connection:
            return REMINDERS.readable(_T.rows(connection, "WHERE state = 'waiting' ORDER BY due_at"))

    def take(self, key: str, delivered_by: str, now: datetime) -> Reminder | None:
        """Take a due reminder to deliver it; None where there is nothing to deliver. It is owed until `claim`.

        Of several due ones of a group only the newest is ever given, the others are superseded: never stacked. One past
        its time is let go.
        """
        with self._database.write() as connection:
            row = _T.row(connection, f"WHERE {_WAITING}", (key,))
            if row is None or row["due_at"] > now:
                return None
            if row["expires_at"] <= now:
                self._set_state(connection, [key], "expired")
                return None
            in_group = "WHERE \"group\" = ? AND state = 'waiting' AND due_at <= ?"
            due = list(_T.values(connection, ("due_at", "key", "expires_at"), in_group, (row["group"], now)))
            _, newest, _ = max(one for one in due if one[2] > now)
            self._set_state(connection, [other for _, other, _ in due if other != newest], "superseded")
            taken = {"state": "delivered", "delivered_by": delivered_by, "delivered_at": now}
            _T.change(connection, taken, _WAITING, (newest,))
            OWED.put(connection, [_debt(newest, EVERY_CHANNEL, 0, now)])
            (chosen,) = _T.rows(connection, "WHERE key = ?", (newest,))
            self._supersede_delivered(connection, chosen["group"], newest)
        return REMINDERS.noun(chosen)

    def owed(self, now: datetime) -> list[Reminder]:
        """Return reminders that were taken and are to be tried now, by time; what the runner has dealt with, what a
        newer one took the place of and what is past its time is owed no longer."""
        is_open = "state = 'delivered' AND expires_at > ?"
        is_due = "key IN (SELECT key FROM owed_reminders WHERE next_at <= ?)"
        is_settled = f"key NOT IN (SELECT key FROM reminders WHERE {is_open})"
        with self._database.read() as connection:
            settled = [key for (key,) in OWED.values(connection, ("key",), f"WHERE {is_settled}", (now,))]
            rows = _T.rows(connection, f"WHERE {is_open} AND {is_due} ORDER BY due_at", (now, now))
            found = REMINDERS.readable(rows)
        if settled:
            with self._database.write() as connection:
                OWED.remove(connection, f"key IN {marks(settled)}", settled)
        return found

    def claim(self, key: str, now: datetime) -> tuple[frozenset[str], int]:
        """Claim a reminder, to be its only sender; return the channels to try now, and how often they were tried.

        A process that is killed while it sends does not send it again: what may be there already never comes twice.
        """
        due = "key = ? AND next_at <= ?"
        with self._database.write() as connection:
            rows = list(OWED.values(connection, ("channel", "n_tries"), f"WHERE {due}", (key, now)))
            OWED.remove(connection, due, (key, now))
        return frozenset(channel for channel, _ in rows), max((n_tries for _, n_tries in rows), default=0)

    def owe(self, key: str, channels: Collection[str], n_tries: int, next_at: datetime) -> None:
        """Note that it did not reach these channels: to be tried again at `next_at`."""
        with self._database.write() as connection:
            OWED.put(connection, [_debt(key, channel, n_tries, next_at) for channel in channels])

    def close(self, key: str) -> bool:
        """Close one that the runner has dealt with; whether it was there."""
        with self._database.write() as connection:
            return _T.change(connection, {"state": "closed"}, "key = ?", (key,)) == 1

    def all(self, states: Sequence[str] = ()) -> list[SentReminder]:
        """Return every reminder in these states (none given: in all), by time."""
        where = f"WHERE state IN {marks(states)}" if states else ""
        with self._database.read() as connection:
            return [_sent(row) for row in _T.rows(connection, f"{where} ORDER BY due_at, key", states)]

    def forget_before(self, moment: datetime) -> None:
        """Drop rows that ended long ago."""
        with self._database.write() as connection:
            _T.remove(connection, "expires_at < ? AND state != 'waiting'", (moment,))

    def put_phone(self, phone: PushPhone) -> None:
        """Keep a browser that wants reminders pushed, in the place of one with the same endpoint."""
        with self._database.write() as connection:
            PUSH_PHONES.table.put(connection, [PUSH_PHONES.row(phone)])

    def remove_phone(self, endpoint: str) -> None:
        """Forget a browser by the address that its push service gave it; do nothing where it is not known."""
        with self._database.write() as connection:
            PUSH_PHONES.table.remove(connection, "endpoint = ?", (endpoint,))

    def remove_phones_of(self, phone_id: str) -> None:
        """Forget the browsers of a phone that was let in."""
        with self._database.write() as connection:
            PUSH_PHONES.table.remove(connection, "phone_id = ?", (phone_id,))

    def phones(self) -> list[PushPhone]:
        """Return all browsers that want reminders pushed."""
        with self._database.read() as connection:
            return PUSH_PHONES.readable(PUSH_PHONES.table.rows(connection))

    @staticmethod
    def _set_state(connection: Connection, keys: Sequence[str], state: str) -> None:
        _T.change(connection, {"state": state}, f"key IN {marks(keys)} AND state = 'waiting'", keys)

    @staticmethod
    def _supersede_delivered(connection: Connection, group: str, key: str) -> None:
        """Supersede the older ones of a group: on the page, too, only the newest of a group is shown."""
        older = "\"group\" = ? AND key != ? AND state = 'delivered'"
        _T.change(connection, {"state": "superseded"}, older, (group, key))


def _debt(key: str, channel: str, n_tries: int, next_at: datetime) -> dict[str, object]:
    return {"key": key, "channel": channel, "n_tries": n_tries, "next_at": next_at}


def _sent(row: dict[str, Value]) -> SentReminder:
    return SentReminder(
        reminder=REMINDERS.noun(row),
        state=row["state"],
        source=row["source"],
        delivered_by=row["delivered_by"],
        delivered_at=row["delivered_at"],
    )
