"""Which radio bleak is to use: the machine's own, or one given by its two backend classes (the virtual radio)."""

import contextlib
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import field

from bleak import BleakAdapter, BleakClient, BleakScanner
from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementDataCallback, BaseBleakScanner
from bleak.exc import BleakError

from coach.model.documents import FieldValues
from coach.model.frozen import dataclass
from coach.radio.agent import pairing_agent
from coach.radio.ant.air import AntAir


@dataclass(frozen=True, slots=True)
class Backend:
    """None: the backend bleak chooses for this machine. adapter: which adapter of a Linux machine, such as "hci1".

    agreed: the sensors for which pairing is agreed to just now (see `coach.radio.agent`). ant: what hears ANT+ sensors;
    shared by all who share this radio, as one program at a time can have the stick.
    """

    scanner: type[BaseBleakScanner] | None = None
    client: type[BaseBleakClient] | None = None
    adapter: str | None = None
    agreed: Counter[str] = field(default_factory=Counter, compare=False, repr=False)
    ant: AntAir = field(default_factory=AntAir, compare=False, repr=False)

    def make_scanner(self, heard: AdvertisementDataCallback) -> BleakScanner:
        """Return an active scanner that calls `heard` for each advertisement."""
        return BleakScanner(heard, backend=self.scanner, **self._bluez())

    def make_client(
        self, device: BLEDevice, lost: Callable[[BleakClient], None], timeout_s: float, pair: bool
    ) -> BleakClient:
        """Return a client for `device`; `lost` is called with it when a connection ends without our doing."""
        return BleakClient(
            device, disconnected_callback=lost, timeout=timeout_s, pair=pair, backend=self.client, **self._bluez()
        )

    def pairing(self, device: BLEDevice) -> contextlib.AbstractAsyncContextManager[None]:
        """Return what pairing with `device` happens inside of: an agent that agrees,
        where the system wants one (Linux)."""
        if self.scanner is None and sys.platform == "linux":
            return pairing_agent(str(device.details["path"]), self.agreed)
        return contextlib.nullcontext()

    async def address_now(self, device: BLEDevice) -> str:
        """Return the address of a sensor that was connected; bonding replaces a private one by the identity address.

        bleak follows it only where it paired itself, and BlueZ also pairs at a subscription.
        """
        if self.scanner is None and sys.platform == "linux":
            from bleak.backends.bluezdbus.manager import get_global_bluez_manager  # only there on Linux

            with contextlib.suppress(BleakError, OSError, EOFError, KeyError):  # BlueZ has forgotten it already
                manager = await get_global_bluez_manager()
                return manager.get_device_address(str(device.details["path"]))
        return device.address

    async def is_paired(self, device: BLEDevice) -> bool:
        """Whether BlueZ is paired with the sensor; of other systems, which do not say, False."""
        if self.scanner is None and sys.platform == "linux":
            from bleak.backends.bluezdbus.manager import get_global_bluez_manager  # only there on Linux

            with contextlib.suppress(BleakError, OSError, EOFError):  # no bus: what was asked fails by itself
                manager = await get_global_bluez_manager()
                return manager.is_paired(str(device.details["path"]))
        return False

    async def already_connected(self, sensor_id: str) -> BLEDevice | None:
        """Return a sensor this machine is connected to already: left by a program that crashed, or used by another one.

        Such a sensor does not advertise, so no scan finds it.
        """
        if self.scanner is not None:
            return None
        try:
            adapter = await BleakAdapter.get(**self._bluez())
            devices = await adapter.get_connected_devices()
        except (BleakError, NotImplementedError, OSError, EOFError):
            return None
        return next((device for device in devices if device.address.lower() == sensor_id.lower()), None)

    def _bluez(self) -> FieldValues:
        return {"bluez": {"adapter": self.adapter}} if self.adapter and self.scanner is None else {}
