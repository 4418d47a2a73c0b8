"""The sensors the runner owns: remembered with their place on the body; one place holds one sensor."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from coach.errors import UserError
from coach.model.links import SensorUse
from coach.model.samples import StreamReport
from coach.model.sites import WearSite
from coach.packets.settings import with_lower_rate
from coach.storage.store import Store
from coach.wall_clock import utc_now
from firmware_config.loader import load_profile

LOST_SHARE: Final = 0.05  # of readings; chosen by judgement: every twentieth costs strides no accuracy, more may
_AWAY_S: Final = 3.0  # a longer gap is a lost connection (a link is silent after 3 s)
_LEAST_SAMPLES: Final = 20_000  # a minute and a half at 208 Hz: fewer are a test, not a run


class SensorBook:
    """What is remembered of sensors; without any radio. Thread-safe as the store is."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def remembered(self) -> list[SensorUse]:
        """Return the sensors in the order of their places on the body, the others by name."""
        order = list(WearSite)
        uses = self._store.sensors.list()
        return sorted(uses, key=lambda use: (order.index(use.wear_site) if use.wear_site else len(order), use.name))

    def remembered_one(self, sensor_id: str) -> SensorUse:
        """Return a sensor that was paired; raises UserError where it never was."""
        for use in self._store.sensors.list():
            if use.sensor_id.lower() == sensor_id.lower():
                return use
        raise UserError(f"{sensor_id}: no such sensor is paired; `coach sensors list` names those that are")

    def remember(self, use: SensorUse) -> SensorUse:
        """Remember a sensor without meeting it."""
        check_site(use)
        return self.keep(use)

    def keep(self, use: SensorUse) -> SensorUse:
        """Keep a sensor. One place holds one sensor: another that was there must be placed again."""
        now = utc_now()
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
            raise UserError(f"{cadence_unit}: a pod counts steps or strides")
        return self.remember(replace(self.remembered_one(sensor_id), cadence_unit=cadence_unit))

    def ease(self, reports: Sequence[StreamReport]) -> list[SensorUse]:
        """Ask, after a run, every sensor that lost too much for a lower rate from the next start on;
        those that changed.

        Losses are readings missing within a connection: the radio had no room for them, so fewer bytes are the remedy.
        What is missing because a connection was gone says nothing of that.
        """
        by_id = {report.sensor_id: report for report in reports}
        eased = []
        for use in self.remembered():
            report = by_id.get(use.sensor_id)
            if report is None or not _loses_much(report):
                continue
            if lower := with_lower_rate(load_profile(use.profile_id), use):
                eased.append(self.remember(lower))
        return eased


def _loses_much(report: StreamReport) -> bool:
    away = sum(gap.n_missing for gap in report.gaps if gap.end_s - gap.start_s > _AWAY_S)
    n_lost = max(report.n_missing - away, 0)
    return report.n_samples >= _LEAST_SAMPLES and n_lost > LOST_SHARE * (report.n_samples + n_lost)


def check_site(use: SensorUse) -> None:
    """Check that a sensor can be worn where its use says.

    Raises:
        UserError: its profile knows no such place; the message names those it knows.
    """
    allowed = load_profile(use.profile_id).wear_sites
    if use.wear_site is not None and use.wear_site.value not in allowed:
        places = ", ".join(allowed) or "no place of its own"
        raise UserError(f"{use.name} cannot be worn at {use.wear_site.value}; it can at: {places}")
