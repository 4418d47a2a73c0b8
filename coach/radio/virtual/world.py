"""The virtual radio: sensors worn by a virtual body, and the bleak backend through which the service reaches them.

bumble, the Bluetooth stack behind it, is loaded only when a world is made: a plain install does without it.
"""

import importlib
from types import ModuleType
from typing import TYPE_CHECKING, Any

from coach.errors import LinkError
from coach.model.motion import MotionSource
from coach.model.sites import WearSite
from coach.radio.ant.air import AntAir, no_stick
from coach.radio.backend import Backend
from coach.radio.clock import RunClock

if TYPE_CHECKING:
    from coach.radio.virtual.central import Central
    from coach.radio.virtual.twin import Twin
    from coach.radio.virtual.twins.coach_board import CoachBoard
    from coach.radio.virtual.twins.heart_rate_strap import HeartRateStrap
    from coach.radio.virtual.twins.movella_dot import MovellaDot
    from coach.radio.virtual.twins.movesense import Movesense
    from coach.radio.virtual.twins.polar import Polar
    from coach.radio.virtual.twins.running_pod import RunningPod
    from coach.radio.virtual.twins.stryd import Stryd
    from coach.radio.virtual.twins.treadmill import Treadmill
    from coach.radio.virtual.twins.wearable_my_foot import WearableMyFoot
    from coach.radio.virtual.twins.witmotion import WitMotion

_SUPERVISION_S = 4.0


def _load(module: str) -> ModuleType:
    """Import a module that needs bumble.

    Raises:
        LinkError: reason `no_virtual_radio`: the extra is not installed.
    """
    try:
        return importlib.import_module(f"coach.radio.virtual.{module}")
    except ModuleNotFoundError as fault:
        if (fault.name or "").split(".")[0] != "bumble":
            raise
        words = "virtual sensors need the demo extra: pip install 'running-coach[demo]'"
        raise LinkError("no_virtual_radio", words) from fault


class VirtualWorld:
    """Sensors on one body. Make it and use it on one event loop.

    source: the body. clock: the world's time; `source` is asked for the time since `clock` began.
    """

    def __init__(self, source: MotionSource, clock: RunClock | None = None) -> None:
        self.source = source
        self.clock = clock or RunClock()
        self.air = _load("controller").Air()
        self.central = _load("central").Central(self.air)
        scanner, client = _load("bleak_client").bleak_backend(self.central)
        self.backend = Backend(scanner, client, ant=AntAir(no_stick))
        self.twins: dict[str, Twin] = {}
        self._phone: Central | None = None
        self._started: set[str] = set()
        self._is_on = False

    # -- sensors

    def _add(self, module: str, name: str, /, *args: object, **options: object) -> Any:
        twin = getattr(_load(f"twins.{module}"), name)(self.air, self.clock, self.source, *args, **options)
        self.twins[twin.sensor_id] = twin
        return twin

    def _address(self) -> str:
        return f"F0:0D:00:00:00:{len(self.twins) + 1:02X}"

    def add_running_pod(self, **options: object) -> "RunningPod":
        """Add a Running Speed and Cadence pod; options as of `RunningPod`."""
        pod: RunningPod = self._add("running_pod", "RunningPod", **{"address": self._address(), **options})
        return pod

    def add_stryd(self, **options: object) -> "Stryd":
        """Add a Stryd running pod; options as of `Stryd`."""
        pod: Stryd = self._add("stryd", "Stryd", **{"address": self._address(), **options})
        return pod

    def add_movesense(self, wear_site: WearSite, **options: object) -> "Movesense":
        """Add a Movesense sensor on `wear_site`; options as of `Movesense`."""
        number = 214830000001 + len(self.twins)
        sensor: Movesense = self._add(
            "movesense",
            "Movesense",
            wear_site,
            **{"name": f"Movesense {number}", "address": self._address(), **options},
        )
        return sensor

    def add_heart_rate_strap(self, **options: object) -> "HeartRateStrap":
        """Add a heart rate strap; options as of `HeartRateStrap`."""
        strap: HeartRateStrap = self._add(
            "heart_rate_strap", "HeartRateStrap", **{"address": self._address(), **options}
        )
        return strap

    def add_treadmill(self, **options: object) -> "Treadmill":
        """Add an FTMS treadmill; options as of `Treadmill`."""
        treadmill: Treadmill = self._add("treadmill", "Treadmill", **{"address": self._address(), **options})
        return treadmill

    def add_polar_h10(self, wear_site: WearSite = WearSite.CHEST, **options: object) -> "Polar":
        """Add a Polar H10 chest strap; options as of `Polar`."""
        sensor: Polar = self._add("polar", "Polar", wear_site, **{"address": self._address(), **options})
        return sensor

    def add_polar_verity_sense(self, wear_site: WearSite, **options: object) -> "Polar":
        """Add a Polar Verity Sense; options as of `Polar`."""
        offer = _load("twins.polar").VERITY_SENSE
        given = {
            "address": self._address(),
            "name": f"Polar Sense 0000{len(self.twins):04X}",
            "offer": offer,
            **options,
        }
        sensor: Polar = self._add("polar", "Polar", wear_site, **given)
        return sensor

    def add_witmotion(self, wear_site: WearSite, **options: object) -> "WitMotion":
        """Add a WitMotion WT9011DCL as sold; options as of `WitMotion`."""
        sensor: WitMotion = self._add("witmotion", "WitMotion", wear_site, **{"address": self._address(), **options})
        return sensor

    def add_movella_dot(self, wear_site: WearSite, **options: object) -> "MovellaDot":
        """Add a Movella DOT; options as of `MovellaDot`."""
        sensor: MovellaDot = self._add(
            "movella_dot", "MovellaDot", wear_site, **{"address": self._address(), **options}
        )
        return sensor

    def add_wearable_my_foot(self, wear_site: WearSite, **options: object) -> "WearableMyFoot":
        """Add the open shoe sensor; options as of `WearableMyFoot`."""
        given = {"address": self._address(), **options}
        sensor: WearableMyFoot = self._add("wearable_my_foot", "WearableMyFoot", wear_site, **given)
        return sensor

    def add_coach_board(self, wear_site: WearSite, **options: object) -> "CoachBoard":
        """Add a board with our open protocol; options as of `CoachBoard`."""
        sensor: CoachBoard = self._add(
            "coach_board", "CoachBoard", wear_site, **{"address": self._address(), **options}
        )
        return sensor

    # -- life

    async def start(self) -> None:
        """Switch on the adapter and all sensors that are not on yet."""
        if not self._is_on:
            self._is_on = True
            await self.central.power_on()
        for sensor_id, twin in self.twins.items():
            if sensor_id not in self._started:
                self._started.add(sensor_id)
                await twin.start()

    async def stop(self) -> None:
        """Switch everything off; nothing keeps running on the loop."""
        for sensor_id in self._started:
            await self.twins[sensor_id].stop()
        self._started.clear()
        if self._is_on:
            self._is_on = False
            await self.central.power_off()
        if self._phone is not None:
            await self._phone.power_off()
            self._phone = None

    # -- faults

    def lose_packets(self, share: float, seed: int = 1) -> None:
        """Lose this share of the notifications of every sensor."""
        for number, twin in enumerate(self.twins.values()):
            twin.lose_packets(share, seed + number)

    async def drop(self, sensor_id: str) -> None:
        """Have the sensor end the connection; it advertises again."""
        await self.twins[sensor_id].drop()

    def go_away(self, sensor_id: str, supervision_s: float = _SUPERVISION_S) -> None:
        """Take the sensor out of range; the connection ends after the supervision timeout."""
        self.twins[sensor_id].go_away(supervision_s)

    def come_back(self, sensor_id: str) -> None:
        """Bring the sensor back into range, unless it died."""
        self.twins[sensor_id].come_back()

    def die(self, sensor_id: str) -> None:
        """Empty the sensor's battery: it is gone for good."""
        self.twins[sensor_id].die(_SUPERVISION_S)

    async def occupy(self, sensor_id: str) -> None:
        """Have another phone connect to the sensor, which then advertises no more."""
        if self._phone is None:
            self._phone = _load("central").Central(self.air, "phone", "C0:C1:C2:C3:C4:99")
            await self._phone.power_on()
        await self._phone.device.connect(self.twins[sensor_id].device.random_address)

    async def release(self, sensor_id: str) -> None:
        """Have the other phone let the sensor go."""
        await self.twins[sensor_id].drop()

    async def set_battery(self, sensor_id: str, battery_pct: float) -> None:
        """Set the charge [%] of a sensor, which notifies it.

        Raises:
            KeyError: there is no such sensor.
        """
        await self.twins[sensor_id].set_battery(battery_pct)
