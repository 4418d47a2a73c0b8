"""The sensors the runner owns: remembered with their place on the body; one place holds one sensor."""

from dataclasses import replace
from datetime import UTC, datetime

from coach.errors import SettingsError
from coach.model.links import SensorUse
from coach.model.sites import WearSite
from coach.storage.store import Store
from firmware_config.loader import load_profile


class SensorBook:
    """What is remembered of sensors; without any radio. Thread-safe as the store is."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def remembered(self) -> list[SensorUse]:
        """In the order of their places on the body, the others by name."""
        order = list(WearSite)
        uses = self._store.sensors.list()
        return sorted(uses, key=lambda use: (order.index(use.wear_site) if use.wear_site else len(order), use.name))

    def remembered_one(self, sensor_id: str) -> SensorUse:
        """Raises: SettingsError: it was never paired."""
        for use in self._store.sensors.list():
            if use.sensor_id.lower() == sensor_id.lower():
                return use
        raise SettingsError(f"{sensor_id}: no such sensor is paired; `coach sensors list` names those that are")

    def remember(self, use: SensorUse) -> SensorUse:
        """Remember a sensor without meeting it."""
        check_site(use)
        return self._keep(use)

    def _keep(self, use: SensorUse) -> SensorUse:
        """One place holds one sensor: another that was there must be placed anew."""
        now = datetime.now(UTC)
        for other in self._store.sensors.list():
            if use.wear_site and other.sensor_id != use.sensor_id and other.wear_site is use.wear_site:
                self._store.sensors.remember(replace(other, wear_site=None), now)
        self._store.sensors.remember(use, now)
        return use

    def place(self, sensor_id: str, wear_site: WearSite | None) -> SensorUse:
        """Say where the sensor is worn."""
        return self.remember(replace(self.remembered_one(sensor_id), wear_site=wear_site))

    def set_cadence_unit(self, sensor_id: str, cadence_unit: str | None) -> SensorUse:
        """Say whether a running pod counts "steps" or "strides"; None: find out from the data."""
        if cadence_unit not in (None, "steps", "strides"):
            raise SettingsError(f"{cadence_unit}: a pod counts steps or strides")
        return self.remember(replace(self.remembered_one(sensor_id), cadence_unit=cadence_unit))


def check_site(use: SensorUse) -> None:
    allowed = load_profile(use.profile_id).wear_sites
    if use.wear_site is not None and use.wear_site.value not in allowed:
        places = ", ".join(allowed) or "no place of its own"
        raise SettingsError(f"{use.name} cannot be worn at {use.wear_site.value}; it can at: {places}")
