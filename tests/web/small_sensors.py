"""Sensors with the verbs of the sensor service, for the states that the Sensors page must show."""

import time
from typing import Any

from coach.errors import LinkError
from coach.model.links import FoundSensor, LinkStatus, SensorUse
from coach.model.samples import CadenceDecision, Counts
from coach.model.sensing import CheckReport, SensorCheck, SensorState, Surroundings
from coach.model.sites import WearSite
from coach.service.sensors.foot_lift import LiftReport
from tests.web.held_run import USES


class SmallSensors:
    """Sensors with the verbs of the sensor service: one strap to be found, two shoes remembered."""

    def __init__(self) -> None:
        self.uses = list(USES[:2])
        self.calls: list[tuple[Any, ...]] = []
        self.fails = False
        self.around = [
            FoundSensor("C4:03", "Polar H10 1C2B", "heart_rate", -52, time.time(), 88.0),
            FoundSensor("C4:04", "Polar Sense 0A1B", "polar_verity_sense", -60, time.time()),
            FoundSensor("C4:09", "Unknown thing", None, -81, time.time()),
        ]
        self.cadence: CadenceDecision | None = None
        self.book = self

    def surroundings(self) -> Surroundings:
        if self.fails:
            return Surroundings((), False, "This machine has no Bluetooth adapter: plug one in.")
        return Surroundings(tuple(self.around), True, None)

    def remembered(self) -> list[SensorUse]:
        return list(self.uses)

    def states(self) -> list[SensorState]:
        signal = tuple(1 + 0.5 * ((i * 7) % 11 - 5) / 5 for i in range(100))
        return [
            SensorState(
                use, "Movesense", i == 0, LinkStatus.STREAMING, "ok", "Ready", True, 81.0, 207.9, 208.0, 0, signal, "g"
            )
            if use.profile_id == "movesense"
            else SensorState(use, "Running pod", False, LinkStatus.STREAMING, is_ready=True, cadence=self.cadence)
            for i, use in enumerate(self.uses)
        ]

    def pair(
        self, sensor_id: str, wear_site: WearSite | None = None, profile_id: str | None = None, **_: Any
    ) -> SensorUse:
        self.calls.append(("pair", sensor_id, wear_site))
        self.paired_as = profile_id
        if self.fails:
            raise LinkError("out_of_range", "The sensor is too far away: bring it closer.")
        use = SensorUse(sensor_id, "Polar H10 1C2B", "heart_rate", wear_site)
        self.uses.append(use)
        return use

    def forget(self, sensor_id: str) -> None:
        self.calls.append(("forget", sensor_id))
        self.uses = [use for use in self.uses if use.sensor_id != sensor_id]

    def place(self, sensor_id: str, wear_site: WearSite | None) -> None:
        self.calls.append(("place", sensor_id, wear_site))

    def set_cadence_unit(self, sensor_id: str, cadence_unit: str | None) -> None:
        self.calls.append(("set_cadence_unit", sensor_id, cadence_unit))
        self.cadence = CadenceDecision(Counts(cadence_unit), "set by the runner", True) if cadence_unit else None

    @property
    def checks(self) -> "SmallSensors":
        """Of the service, an object of its own."""
        return self

    def lift(self, seconds: float = 6.0) -> LiftReport:
        self.calls.append(("lift", seconds))
        return LiftReport(
            "C4:02", "C4:01", "The sensor on your left foot is Movesense 0522, on your right Movesense 0418."
        )

    def check(self, seconds: float = 8.0) -> CheckReport:
        self.calls.append(("check", seconds))
        checks = tuple(
            SensorCheck(use.sensor_id, use.name, use.wear_site, 207.9, 208.0, 1664, 0, 0, 3) for use in self.uses
        )
        return CheckReport(seconds, checks, (), True)
