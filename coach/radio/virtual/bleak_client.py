"""bleak's client over bumble: connect, discover, read, write, notify and pair, with bleak's own exceptions."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, TypeVar

from bleak.args import SizedBuffer
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError
from bumble import att, core, hci
from bumble.device import Connection, Peer

from coach.radio.virtual.bleak_scanner import BumbleScanner, uuid_text
from coach.radio.virtual.central import Central

_Answer = TypeVar("_Answer")
_PROPERTIES = {2: "read", 4: "write-without-response", 8: "write", 16: "notify", 32: "indicate"}
_MTU = 247


class BumbleClient(BaseBleakClient):
    """A class made for one `central` (see `bleak_backend`)."""

    central: ClassVar[Central]

    def __init__(self, address_or_ble_device: BLEDevice | str, *, services: Any = None, **kwargs: Any) -> None:
        super().__init__(address_or_ble_device, **kwargs)
        self._wanted: set[str] | None = services
        self._connection: Connection | None = None
        self._subscribers: dict[int, Callable[[bytes], None]] = {}
        device = address_or_ble_device if isinstance(address_or_ble_device, BLEDevice) else None
        self._peer_address = device.details if device else hci.Address(self.address)
        self._name = (device.name if device else None) or self.address

    @property
    def name(self) -> str:
        """The name that the device was found under."""
        return str(self._name)

    @property
    def mtu_size(self) -> int:
        """The largest ATT packet [bytes]; 23, the least that Bluetooth allows, while there is no connection."""
        return int(self._connection.att_mtu) if self._connection else 23

    @property
    def is_connected(self) -> bool:
        """Whether a connection is open."""
        return self._connection is not None

    async def connect(self, pair: bool, **_kwargs: object) -> None:
        """Connect, pair where that is asked for, and list what the device offers.

        Raises:
            BleakDeviceNotFoundError: the device does not answer.
            BleakBluetoothNotAvailableError: the virtual adapter has a fault.
        """
        self.central.check()
        try:
            self._connection = await self._linked()
        except (core.BaseBumbleError, TimeoutError) as fault:
            raise BleakDeviceNotFoundError(self.address, f"{self.address} was not found") from fault
        self._connection.on("disconnection", self._on_disconnection)
        try:
            if pair:
                await self.pair()
            await self._discover(self._connection)
        except BaseException:  # a cancelled one too: nobody else knows of this connection
            await self.disconnect()
            raise

    async def _linked(self) -> Connection:
        """Return the connection. Cancelled, it is withdrawn: bumble forgets one that its controller makes all the
        same."""
        device = self.central.device
        linking = asyncio.ensure_future(device.connect(self._peer_address, timeout=self._timeout))
        try:
            return await asyncio.shield(linking)
        except asyncio.CancelledError:
            with contextlib.suppress(core.BaseBumbleError, TimeoutError):
                if not linking.done():
                    await device.cancel_connection()  # type: ignore[no-untyped-call]  # bumble gives it no types
                await (await linking).disconnect()
            raise

    async def _discover(self, connection: Connection) -> None:
        peer = Peer(connection)
        await self._ask(peer.request_mtu(_MTU))
        await self._ask(peer.discover_all())  # type: ignore[no-untyped-call]  # bumble gives it no types
        self.services = BleakGATTServiceCollection()
        for service in peer.services:
            if self._wanted and uuid_text(service.uuid) not in self._wanted:
                continue
            known = BleakGATTService(service, service.handle, uuid_text(service.uuid))
            self.services.add_service(known)
            for characteristic in service.characteristics:
                self._add(characteristic, known, self.services)

    def _add(self, found: Any, service: BleakGATTService, services: BleakGATTServiceCollection) -> None:
        """Add a characteristic: bumble's proxies carry the value's handle; bleak wants the declaration's,
        one before it."""
        properties: Any = [name for bit, name in _PROPERTIES.items() if found.properties & bit]
        characteristic = BleakGATTCharacteristic(
            found, found.handle - 1, uuid_text(found.uuid), properties, lambda: self.mtu_size - 3, service
        )
        services.add_characteristic(characteristic)
        for descriptor in found.descriptors:
            services.add_descriptor(
                BleakGATTDescriptor(descriptor, descriptor.handle, uuid_text(descriptor.type), characteristic)
            )

    def _on_disconnection(self, _reason: int) -> None:
        self._connection = None
        self.services = None
        self._subscribers.clear()
        if self._disconnected_callback:
            self._disconnected_callback()

    async def disconnect(self) -> None:
        """End the connection; do nothing where there is none."""
        if self._connection:
            await self._connection.disconnect()

    async def pair(self, *_args: object, **_kwargs: object) -> None:
        """Pair, and so encrypt the connection; do nothing where there is none.

        Raises:
            BleakError: the device refuses.
        """
        if self._connection:
            await self._ask(self._connection.pair())

    async def unpair(self) -> None:
        """Forget the keys of the device and end the connection."""
        if self.central.device.keystore:
            await self.central.device.keystore.delete(str(self._peer_address))
        await self.disconnect()

    async def _ask(self, request: Awaitable[_Answer]) -> _Answer:
        """Return the answer, or BleakError as soon as the connection is lost while waiting for it."""
        task = asyncio.ensure_future(request)
        connection = self._connection
        if connection is None:
            task.cancel()
            raise BleakError("Not connected")
        lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def on_lost(_reason: int) -> None:
            if not lost.done():
                lost.set_result(None)

        connection.on("disconnection", on_lost)
        try:
            waiting: list[asyncio.Future[Any]] = [task, lost]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if not task.done() or task.cancelled():  # bumble cancels what waits when the connection ends
                raise BleakError("Not connected")
            return task.result()
        except att.ATT_Error as fault:
            raise BleakGATTProtocolError(fault.error_code) from fault
        except core.ProtocolError as fault:
            raise BleakError(f"pairing failed: {fault}") from fault
        finally:
            task.cancel()
            connection.remove_listener("disconnection", on_lost)

    async def read_gatt_char(
        self, characteristic: BleakGATTCharacteristic, *, use_cached: bool = False, **_kwargs: object
    ) -> bytearray:
        """Return the value that the device answers.

        Raises:
            BleakGATTProtocolError: the device refuses.
            BleakError: the connection is lost.
        """
        return bytearray(await self._ask(characteristic.obj.read_value()))

    async def read_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, *, use_cached: bool = False, **_kwargs: object
    ) -> bytearray:
        """Return the value that the device answers; raises as `read_gatt_char`."""
        return bytearray(await self._ask(descriptor.obj.read_value()))

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool) -> None:
        """Write a value; without `response` the device cannot refuse it. Raises as `read_gatt_char`."""
        await self._ask(characteristic.obj.write_value(bytes(data), with_response=response))

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None:
        """Write a value and wait for the answer; raises as `read_gatt_char`."""
        await self._ask(descriptor.obj.write_value(bytes(data), with_response=True))

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **_kwargs: object
    ) -> None:
        """Pass every notification or indication of a characteristic to `callback`, on the event loop.

        Raises:
            BleakError: it is notified already, or the connection is lost.
            BleakGATTProtocolError: the device refuses.
        """
        if characteristic.handle in self._subscribers:
            raise BleakError("Characteristic notifications already started")

        def subscriber(value: bytes) -> None:
            callback(bytearray(value))

        self._subscribers[characteristic.handle] = subscriber
        try:
            await self._ask(characteristic.obj.subscribe(subscriber, prefer_notify=True))
        except BaseException:  # a cancelled one too: it may be asked for again
            self._leave_nothing_of(characteristic)
            raise

    def _leave_nothing_of(self, characteristic: BleakGATTCharacteristic) -> None:
        """Leave nothing of a subscription that was refused: bumble keeps its subscribers,
        and the next one would be called twice."""
        self._subscribers.pop(characteristic.handle, None)
        proxy = characteristic.obj
        proxy.subscribers.clear()
        for subscribers in (proxy.client.notification_subscribers, proxy.client.indication_subscribers):
            subscribers.pop(proxy.handle, None)

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        """End what `start_notify` began; raises as `read_gatt_char`."""
        subscriber = self._subscribers.pop(characteristic.handle, None)
        await self._ask(characteristic.obj.unsubscribe(subscriber))


def bleak_backend(central: Central) -> tuple[type[BumbleScanner], type[BumbleClient]]:
    """Return the two classes for bleak's `backend=`, bound to `central`."""
    scanner = type("VirtualScanner", (BumbleScanner,), {"central": central})
    client = type("VirtualClient", (BumbleClient,), {"central": central})
    return scanner, client
