"""Keep what the service remembers of sensors, phones, shoes and settings."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from coach.model.access import Phone
from coach.model.documents import JsonObject
from coach.model.links import SensorUse
from coach.model.runs import Shoe
from coach.storage.database import Database
from coach.storage.run_tables import SHOES
from coach.storage.runner_tables import PHONES, SENSORS, SETTINGS


class Sensors:
    """Sensors that were used before."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remember(self, use: SensorUse, at: datetime) -> None:
        """Keep a sensor as used at a moment."""
        with self._database.write() as connection:
            SENSORS.table.put(connection, [SENSORS.row(use, used_at=at)])

    def forget(self, sensor_id: str) -> None:
        """Delete a sensor; do nothing where it is not known."""
        with self._database.write() as connection:
            SENSORS.table.remove(connection, "sensor_id = ?", (sensor_id,))

    def list(self) -> Sequence[SensorUse]:
        """Return the sensors, the last used first."""
        with self._database.read() as connection:
            return SENSORS.readable(SENSORS.table.rows(connection, "ORDER BY used_at DESC"))

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
            PHONES.table.put(connection, [PHONES.row(phone, token_hash=_hash(token))])

    def by_token(self, token: str, at: datetime) -> Phone | None:
        """Return the device that holds this token; None where there is none, or its time is over."""
        with self._database.read() as connection:
            row = PHONES.table.row(connection, "WHERE token_hash = ? AND expires_at > ?", (_hash(token), at))
            return None if row is None else PHONES.noun(row)

    def saw(self, phone_id: str, at: datetime, expires_at: datetime | None = None) -> None:
        """Note that the device came back; its time may grow with it."""
        values = {"seen_at": at} if expires_at is None else {"seen_at": at, "expires_at": expires_at}
        with self._database.write() as connection:
            PHONES.table.change(connection, values, "phone_id = ?", (phone_id,))

    def list(self) -> Sequence[Phone]:
        """Return the devices, the last seen first."""
        with self._database.read() as connection:
            return PHONES.readable(PHONES.table.rows(connection, "ORDER BY seen_at DESC"))

    def revoke(self, phone_id: str) -> None:
        """Shut a device out: its token opens nothing from now on."""
        with self._database.write() as connection:
            PHONES.table.remove(connection, "phone_id = ?", (phone_id,))


class Shoes:
    """The runner's shoes by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, shoe: Shoe) -> None:
        """Keep a pair, in the place of one with the same name."""
        with self._database.write() as connection:
            SHOES.table.put(connection, [SHOES.row(shoe)])

    def forget(self, name: str) -> None:
        """Delete a pair by its name; runs keep the name that they were run in."""
        with self._database.write() as connection:
            SHOES.table.remove(connection, "name = ?", (name,))

    def list(self) -> Sequence[Shoe]:
        """Return all pairs, retired ones too, by name."""
        with self._database.read() as connection:
            return SHOES.readable(SHOES.table.rows(connection, "ORDER BY name"))


class KeptSettings:
    """Small JSON values by key, for whoever needs one ("coaching.baseline", "web.units" ...)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str, default: object = None) -> Any:
        """Return the value of a key, `default` where there is none."""
        with self._database.read() as connection:
            row = SETTINGS.row(connection, "WHERE key = ?", (key,))
        return default if row is None else row["value"]

    def put(self, key: str, value: object) -> None:
        """Keep a value that JSON can hold, in the place of an earlier one."""
        with self._database.write() as connection:
            SETTINGS.put(connection, [{"key": key, "value": value}])

    def forget(self, key: str) -> None:
        """Delete a key; do nothing where there is none."""
        with self._database.write() as connection:
            SETTINGS.remove(connection, "key = ?", (key,))

    def all(self, prefix: str = "") -> JsonObject:
        """Return every value whose key begins with `prefix`."""
        with self._database.read() as connection:
            rows = SETTINGS.rows(connection, "WHERE substr(key, 1, ?) = ?", (len(prefix), prefix))
            return {row["key"]: row["value"] for row in rows}


def _hash(token: str) -> str:
    """Return the digest of a token, which is long and random: a plain one is enough."""
    return hashlib.sha256(token.encode()).hexdigest()
