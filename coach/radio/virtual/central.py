"""The computer of the virtual radio: one bumble device that scans and connects for the bleak backend."""

from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason
from bumble import hci
from bumble.device import DeviceConfiguration

from coach.radio.virtual.controller import Air, SteadyController
from coach.radio.virtual.quiet_host import make_device


class Central:
    """One Bluetooth adapter on `air`. fault: set it, and bleak's calls fail as they do without a working adapter."""

    def __init__(self, air: Air, name: str = "computer", address: str = "C0:C1:C2:C3:C4:C5") -> None:
        self.controller = SteadyController(name, link=air)
        config = DeviceConfiguration(name=name, address=hci.Address(address))
        self.device = make_device(config, self.controller)
        self.fault: BleakBluetoothNotAvailableReason | None = None
        self._scanners: set[object] = set()

    async def power_on(self) -> None:
        await self.device.power_on()

    async def power_off(self) -> None:
        await self.break_down(BleakBluetoothNotAvailableReason.POWERED_OFF)
        await self.device.power_off()

    def check(self) -> None:
        """Raises: BleakBluetoothNotAvailableError while the adapter has a fault."""
        if self.fault is not None:
            raise BleakBluetoothNotAvailableError(f"virtual adapter: {self.fault.name.lower()}", self.fault)

    async def break_down(self, fault: BleakBluetoothNotAvailableReason) -> None:
        """The adapter vanishes or is switched off: all its connections end."""
        self.fault = fault
        for connection in list(self.device.connections.values()):
            await connection.disconnect()

    async def scan_for(self, scanner: object) -> None:
        """Scan as long as any scanner wants it."""
        self.check()
        self._scanners.add(scanner)
        if len(self._scanners) == 1:
            await self.device.start_scanning(active=True, filter_duplicates=False)

    async def stop_scan_for(self, scanner: object) -> None:
        self._scanners.discard(scanner)
        if not self._scanners and self.device.is_scanning:
            await self.device.stop_scanning()
