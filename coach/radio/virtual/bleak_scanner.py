"""bleak's scanner over bumble: what the virtual computer hears becomes bleak's advertisements."""

from typing import Any, ClassVar

from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.uuids import normalize_uuid_str
from bumble.core import UUID, AdvertisingData
from bumble.device import Advertisement

from coach.radio.virtual.central import Central

_T = AdvertisingData.Type
_SERVICE_LISTS = (
    _T.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    _T.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    _T.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
    _T.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
)


def uuid_text(uuid: UUID) -> str:
    """Return 128 bits, lower case, with dashes."""
    return normalize_uuid_str(uuid.to_hex_str("-" if len(uuid.to_bytes()) == 16 else ""))


class BumbleScanner(BaseBleakScanner):
    """A class made for one `central` (see `bleak_backend`)."""

    central: ClassVar[Central]

    def __init__(self, detection_callback: Any, service_uuids: Any, scanning_mode: str, **_kwargs: object) -> None:
        super().__init__(detection_callback, service_uuids)
        self._reported: dict[str, tuple[int, tuple[str | None, ...]]] = {}

    async def start(self) -> None:
        """Begin to report what advertises.

        Raises:
            BleakBluetoothNotAvailableError: the virtual adapter has a fault.
        """
        self.seen_devices = {}
        self._reported.clear()
        self.central.device.on("advertisement", self._on_advertisement)
        try:
            await self.central.scan_for(self)
        except BaseException:  # a cancelled one too: nobody stops a scan that did not start
            self.central.device.remove_listener("advertisement", self._on_advertisement)
            raise

    async def stop(self) -> None:
        """Report no more; the adapter scans on as long as another scanner wants it."""
        self.central.device.remove_listener("advertisement", self._on_advertisement)
        await self.central.stop_scan_for(self)

    def _on_advertisement(self, advertisement: Advertisement) -> None:
        heard = _translate(advertisement)
        if not self.is_allowed_uuid(heard.service_uuids):
            return
        address = str(advertisement.address).split("/")[0]
        if self._is_dropped(address, heard):
            return
        device = self.create_or_update_device(address, address, heard.local_name, advertisement.address, heard)
        self.call_detection_callbacks(device, heard)

    def _is_dropped(self, address: str, heard: AdvertisementData) -> bool:
        """Whether BlueZ would drop it: nothing new in what it says,
        and its signal as it was when last reported in this discovery."""
        words = (heard.local_name, *heard.service_uuids)
        rssi_dbm, before = self._reported.get(address, (0, ()))
        if words == before and abs(heard.rssi - rssi_dbm) < self.central.reporting.rssi_step_db:
            return True
        self._reported[address] = (heard.rssi, words)
        return False


def _translate(advertisement: Advertisement) -> AdvertisementData:
    data = advertisement.data
    name = data.get(_T.COMPLETE_LOCAL_NAME) or data.get(_T.SHORTENED_LOCAL_NAME)
    maker = data.get(_T.MANUFACTURER_SPECIFIC_DATA)
    # Of these kinds bumble gives lists of UUIDs; its type names what it gives of any kind.
    services: list[Any] = [uuid for kind in _SERVICE_LISTS for uuid in (data.get(kind) or ())]  # type: ignore[union-attr]
    return AdvertisementData(
        local_name=name.decode(errors="replace") if isinstance(name, bytes) else name,
        manufacturer_data={int(maker[0]): bytes(maker[1])} if maker else {},
        service_data={},
        service_uuids=[uuid_text(uuid) for uuid in services],
        tx_power=None,
        rssi=advertisement.rssi,
        platform_data=(advertisement,),
    )
