"""Keep what the service remembers of sensors, phones, shoes and settings."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from coach.model.access import Phone
from coach.model.documents import JsonObject
from coach.model.links import SensorUse
from coach.model.runs import Shoe
from coach.storage.database import Database
from coach.storage.rows import put
from coach.storage.run_tables import SHOES
from coach.storage.runner_tables import PHONES, SENSORS, SETTINGS


class Sensors:
    """Sensors that were used before."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remember(self, use: SensorUse, at: datetime) -> None:
        """Keep a sensor as used at a moment."""
        with self._database.write() as connection:
            put(connection, SENSORS.table, [SENSORS.row(use, used_at=at)])

    def forget(self, sensor_id: str) -> None:
        """Delete a sensor; do nothing where it is not known."""
        with self._database.write() as connection:
            connection.execute(delete(SENSORS.table).where(SENSORS.table.c.sensor_id == sensor_id))

    def list(self) -> Sequence[SensorUse]:
        """Return the sensors, the last used first."""
        with self._database.read() as connection:
            rows = connection.execute(SENSORS.table.select().order_by(SENSORS.table.c.used_at.desc()))
            return SENSORS.readable(rows.mappings())

    def get(self, sensor_id: str) -> SensorUse | None:
        """Return a sensor as it was last used; None where it is not known."""
        return next((use for use in self.list() if use.sensor_id == sensor_id), None)


class Phones:
    """Devices that were let in. Only a hash of each token is kept: whoever reads the file cannot use it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, phone: Phone, token: str) -> None:
        """Let a device in. token: what it will identify itself with; only its hash is kept."""
        with self._database.write() as connection:
            put(connection, PHONES.table, [PHONES.row(phone, token_hash=_hash(token))])

    def by_token(self, token: str, at: datetime) -> Phone | None:
        """Return the device that holds this token; None where there is none, or its time is over."""
        columns = PHONES.table.c
        statement = PHONES.table.select().where(columns.token_hash == _hash(token), columns.expires_at > at)
        with self._database.read() as connection:
            row = connection.execute(statement).mappings().first()
            return None if row is None else PHONES.noun(row)

    def saw(self, phone_id: str, at: datetime, expires_at: datetime | None = None) -> None:
        """Note that the device came back; its time may grow with it."""
        values = {"seen_at": at} if expires_at is None else {"seen_at": at, "expires_at": expires_at}
        with self._database.write() as connection:
            connection.execute(update(PHONES.table).where(PHONES.table.c.phone_id == phone_id).values(**values))

    def list(self) -> Sequence[Phone]:
        """Return the devices, the last seen first."""
        with self._database.read() as connection:
            rows = connection.execute(PHONES.table.select().order_by(PHONES.table.c.seen_at.desc()))
            return PHONES.readable(rows.mappings())

    def revoke(self, phone_id: str) -> None:
        """Shut a device out: its token opens nothing from now on."""
        with self._database.write() as connection:
            connection.execute(delete(PHONES.table).where(PHONES.table.c.phone_id == phone_id))


class Shoes:
    """The runner's shoes by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, shoe: Shoe) -> None:
        """Keep a pair, in the place of one with the same name."""
        with self._database.write() as connection:
            put(connection, SHOES.table, [SHOES.row(shoe)])

    def forget(self, name: str) -> None:
        """Delete a pair by its name; runs keep the name that they were run in."""
        with self._database.write() as connection:
            connection.execute(delete(SHOES.table).where(SHOES.table.c.name == name))

    def list(self) -> Sequence[Shoe]:
        """Return all pairs, retired ones too, by name."""
        with self._database.read() as connection:
            rows = connection.execute(SHOES.table.select().order_by(SHOES.table.c.name))
            return SHOES.readable(rows.mappings())


class KeptSettings:
    """Small JSON values by key, for whoever needs one ("coaching.baseline", "web.units" ...)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str, default: object = None) -> Any:
        """Return the value of a key, `default` where there is none."""
        with self._database.read() as connection:
            row = connection.execute(select(SETTINGS.c.value).where(SETTINGS.c.key == key)).first()
            return default if row is None else row[0]

    def put(self, key: str, value: object) -> None:
        """Keep a value that JSON can hold, in the place of an earlier one."""
        with self._database.write() as connection:
            put(connection, SETTINGS, [{"key": key, "value": value}])

    def forget(self, key: str) -> None:
        """Delete a key; do nothing where there is none."""
        with self._database.write() as connection:
            connection.execute(delete(SETTINGS).where(SETTINGS.c.key == key))

    def all(self, prefix: str = "") -> JsonObject:
        """Return every value whose key begins with `prefix`."""
        statement = select(SETTINGS).where(SETTINGS.c.key.startswith(prefix, autoescape=True))
        with self._database.read() as connection:
            return {row["key"]: row["value"] for row in connection.execute(statement).mappings()}


def _hash(token: str) -> str:
    """Return the digest of a token, which is long and random: a plain one is enough."""
    return hashlib.sha256(token.encode()).hexdigest()
