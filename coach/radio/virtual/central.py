"""The computer of the virtual radio: one bumble device that scans and connects for the bleak backend.

It reports advertisers as Linux does: its controller filters duplicates, the kernel enables the scan again about every
11 s (discovery of 10.24 s and a pause), and BlueZ after 5.87 passes a known sensor on only when its signal has changed
by 8 dB (BlueZ e004414a1) since it was last reported in this discovery.
"""

import asyncio

from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason
from bumble import hci
from bumble.device import DeviceConfiguration

from coach.model.frozen import dataclass
from coach.radio.virtual.controller import Air, SteadyController
from coach.radio.virtual.quiet_host import make_device


@dataclass(frozen=True, slots=True)
class Reporting:
    """How sparsely a computer reports advertisers.

    filters_duplicates: the controller reports each once per scan enable. rssi_step_db: smallest change of signal that
    BlueZ reports; 0: any report. enable_s: wall time between scan enables.
    """

    filters_duplicates: bool = True
    rssi_step_db: int = 8
    enable_s: float = 11.0


NEWEST_BLUEZ = Reporting()
BLUEZ_BEFORE_5_88 = Reporting(rssi_step_db=0)
GENEROUS = Reporting(filters_duplicates=False, rssi_step_db=0)  # every advertisement, as Windows and macOS have it


class Central:
    """One Bluetooth adapter on `air`. fault: set it, and bleak's calls fail as they do without a working adapter.

    reporting: what its scanners hear of advertisers.
    """

    def __init__(self, air: Air, name: str = "computer", address: str = "C0:C1:C2:C3:C4:C5") -> None:
        self.controller = SteadyController(name, link=air)
        config = DeviceConfiguration(name=name, address=hci.Address(address))
        self.device = make_device(config, self.controller)
        self.fault: BleakBluetoothNotAvailableReason | None = None
        self.reporting = NEWEST_BLUEZ
        self._enabling: asyncio.Task[None] | None = None
        self._scanners: set[object] = set()

    async def power_on(self) -> None:
        """Switch the adapter on; scan and connect only afterwards."""
        await self.device.power_on()

    async def power_off(self) -> None:
        """Switch the adapter off for good: its connections end, and bleak's calls fail from now on."""
        await self.break_down(BleakBluetoothNotAvailableReason.POWERED_OFF)
        await self.device.power_off()

    def check(self) -> None:
        """Raise BleakBluetoothNotAvailableError while the adapter has a fault."""
        if self.fault is not None:
            raise BleakBluetoothNotAvailableError(f"virtual adapter: {self.fault.name.lower()}", self.fault)

    async def break_down(self, fault: BleakBluetoothNotAvailableReason) -> None:
        """Have the adapter vanish or be switched off: all its connections end."""
        self.fault = fault
        for connection in list(self.device.connections.values()):
            await connection.disconnect()

    async def scan_for(self, scanner: object) -> None:
        """Scan as long as any scanner wants it."""
        self.check()
        self._scanners.add(scanner)
        if len(self._scanners) == 1:
            await self._enable()
            self._enabling = asyncio.create_task(self._keep_enabling())

    async def _enable(self) -> None:
        await self.device.start_scanning(active=True, filter_duplicates=self.reporting.filters_duplicates)

    async def _keep_enabling(self) -> None:
        while True:
            await asyncio.sleep(self.reporting.enable_s)
            await self.device.stop_scanning()
            await self._enable()

    async def stop_scan_for(self, scanner: object) -> None:
        """End the scan of one scanner; the adapter stops when it was the last."""
        self._scanners.discard(scanner)
        if not self._scanners and self._enabling:
            self._enabling.cancel()
            await asyncio.gather(self._enabling, return_exceptions=True)
            self._enabling = None
        if not self._scanners and self.device.is_scanning:
            await self.device.stop_scanning()
