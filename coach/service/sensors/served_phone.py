"""A phone at the small of the back as one more sensor of a run at home: its page posts what it measures."""

import secrets
from dataclasses import replace
from typing import Final

from coach.errors import UserError
from coach.model.links import SensorUse
from coach.model.sites import WearSite
from coach.radio.served import ServedBatch, ServedSensors
from coach.service.event_loop import LoopThread
from coach.service.sensors.registry import SensorBook

PROFILE: Final = "phone"
_NAME: Final = "Phone in the belt"


class ServedPhone:
    """May be called from any thread."""

    def __init__(self, book: SensorBook, loop: LoopThread, served: ServedSensors) -> None:
        self._book = book
        self._loop = loop
        self._served = served

    def remember(self) -> SensorUse:
        """Return the runner's phone as a sensor at the small of the back, made where there is none yet.

        Its id is made up here: a browser gives no address, and two runners' phones must not be one sensor.

        Raises:
            UserError: another sensor is worn there.
        """
        uses = self._book.remembered()
        made = SensorUse(f"phone-{secrets.token_hex(3)}", _NAME, PROFILE)
        own = next((use for use in uses if use.profile_id == PROFILE), made)
        if own.wear_site is WearSite.PELVIS:
            return own
        if other := next((use for use in uses if use.wear_site is WearSite.PELVIS), None):
            raise UserError(
                f"{other.name} is worn at the small of the back already: forget it on the Sensors page first"
            )
        return self._book.remember(replace(own, wear_site=WearSite.PELVIS))

    def take(self, sensor_id: str, batch: ServedBatch) -> int:
        """Take what the phone measured; return the number of the packet that is due next.

        Raises:
            UserError: it was forgotten. ConflictError: another page is the sensor now.
        """
        use = self._book.remembered_one(sensor_id)
        if use.profile_id != PROFILE:
            raise UserError(f"{use.name} sends by radio")
        taken: int = self._loop.call(lambda: self._served.take(use.sensor_id, batch))
        return taken
