"""A scripted org.bluez on a private D-Bus for Chromium: its Web Bluetooth runs unchanged against it, without a radio.

Any number of sensors with real notification bytes. Unlike `tests/support/bluez.py` (one pod, for bleak) it
carries 128-bit services and the client configuration descriptor (0x2902), without which Chromium refuses to subscribe.
Runs on a loop of its own in a thread, so that the test drives the browser meanwhile. As a radio would, it delivers
nothing to a sensor that is lost or not subscribed.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from tests.support.bluez import (
    ADAPTER,
    CHARACTERISTIC,
    DEVICE,
    HCI,
    OBJECTS,
    PROPERTIES,
    SERVICE,
    adapter_properties,
    private_bus,
    uuid,
)

_DESCRIPTOR = "org.bluez.GattDescriptor1"
_ADVERTISED_EVERY_S = 0.1
_MTU = 161  # room for 158 bytes of a notification, as the scenes' packets need


@dataclass(slots=True)
class ScriptedSensor:
    """services: {service: {characteristic: flags}}. values: what a read gives. answer(payload): what to notify after
    a write, (characteristic, bytes), or None. is_in_range: one out of range is not connected and says nothing.
    """

    address: str
    name: str
    services: Mapping[str, Mapping[str, Sequence[str]]]
    answer: Callable[[bytes], tuple[str, bytes] | None] = lambda _: None
    values: Mapping[str, bytes] = field(default_factory=dict)
    is_in_range: bool = True
    paths: dict[str, str] = field(default_factory=dict)
    notifying: set[str] = field(default_factory=set)
    writes: list[bytes] = field(default_factory=list)
    n_connects: int = 0

    @property
    def path(self) -> str:
        return f"{HCI}/dev_{self.address.replace(':', '_')}"


class ScriptedRadio:
    """One adapter with its sensors. The verbs may be called from any thread."""

    def __init__(self, sensors: Sequence[ScriptedSensor]) -> None:
        self.sensors = sensors
        self.n_delivered = 0
        self._objects: dict[str, dict[str, dict[str, Variant]]] = {
            "/org/bluez": {"org.bluez.AgentManager1": {}, "org.bluez.ProfileManager1": {}},
            HCI: {
                ADAPTER: adapter_properties()
                | {
                    "Alias": Variant("s", "scripted"),
                    "Discoverable": Variant("b", False),
                    "Pairable": Variant("b", True),
                    "UUIDs": Variant("as", []),
                },
                "org.bluez.GattManager1": {},
            },
        }
        self._loop = asyncio.new_event_loop()
        self._bus: MessageBus | None = None

    # -- what a test does

    def notify(self, sensor: ScriptedSensor, characteristic: str, payload: bytes) -> None:
        """Send bytes; they go nowhere where nobody listens."""
        self._loop.call_soon_threadsafe(self._notify, sensor, characteristic, payload)

    def lose(self, sensor: ScriptedSensor) -> None:
        """The sensor goes out of range and its connection ends."""
        sensor.is_in_range = False
        self._loop.call_soon_threadsafe(self._disconnect, sensor)

    # -- the thread

    async def _run(self, folder: Path, is_up: Callable[[str], None], ends: asyncio.Event) -> None:
        async with private_bus(folder) as address:
            self._bus = await MessageBus(bus_address=address, negotiate_unix_fd=True).connect()
            self._bus.add_message_handler(self._on_message)
            await self._bus.request_name("org.bluez")
            is_up(address)
            await ends.wait()
            self._bus.disconnect()

    # -- signals

    def _signal(self, path: str, interface: str, member: str, signature: str, body: list[Any]) -> None:
        assert self._bus
        kind = MessageType.SIGNAL
        self._bus.send(
            Message(message_type=kind, path=path, interface=interface, member=member, signature=signature, body=body)
        )

    def _add(self, path: str, interface: str, properties: dict[str, Variant]) -> None:
        self._objects.setdefault(path, {})[interface] = properties
        self._signal("/", OBJECTS, "InterfacesAdded", "oa{sa{sv}}", [path, {interface: properties}])

    def _set(self, path: str, interface: str, **properties: Variant) -> None:
        self._objects[path][interface].update(properties)
        self._signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", [interface, properties, []])

    def _notify(self, sensor: ScriptedSensor, characteristic: str, payload: bytes) -> None:
        if sensor.is_in_range and (path := sensor.paths.get(characteristic)) in sensor.notifying:
            self.n_delivered += 1
            self._set(str(path), CHARACTERISTIC, Value=Variant("ay", payload))

    def _advertise(self) -> None:
        if not self._objects[HCI][ADAPTER]["Discovering"].value:
            return
        for sensor in self.sensors:
            if not sensor.is_in_range:
                continue
            if sensor.path in self._objects:
                if not self._objects[sensor.path][DEVICE]["Connected"].value:
                    self._set(sensor.path, DEVICE, RSSI=Variant("n", -60))
                continue
            no = Variant("b", False)
            self._add(
                sensor.path,
                DEVICE,
                {
                    "Address": Variant("s", sensor.address),
                    "AddressType": Variant("s", "random"),
                    "Name": Variant("s", sensor.name),
                    "Alias": Variant("s", sensor.name),
                    "UUIDs": Variant("as", list(sensor.services)),
                    "Adapter": Variant("o", HCI),
                    "RSSI": Variant("n", -60),
                    "ManufacturerData": Variant("a{qv}", {}),
                    "ServiceData": Variant("a{sv}", {}),
                    "AdvertisingFlags": Variant("ay", b"\x06"),
                    **dict.fromkeys(("Paired", "Trusted", "Blocked", "LegacyPairing"), no),
                    **dict.fromkeys(("Connected", "ServicesResolved"), no),
                },
            )
        self._loop.call_later(_ADVERTISED_EVERY_S, self._advertise)

    def _resolve(self, sensor: ScriptedSensor) -> None:
        for number, (service, characteristics) in enumerate(sensor.services.items()):
            path = f"{sensor.path}/service{number + 1:04x}"
            self._add(
                path,
                SERVICE,
                {"UUID": Variant("s", service), "Device": Variant("o", sensor.path), "Primary": Variant("b", True),
                 "Includes": Variant("ao", [])},
            )  # fmt: skip
            for index, (characteristic, flags) in enumerate(characteristics.items()):
                own = f"{path}/char{number * 16 + index + 1:04x}"
                sensor.paths[characteristic] = own
                self._add(
                    own,
                    CHARACTERISTIC,
                    {"UUID": Variant("s", characteristic), "Service": Variant("o", path), "Value": Variant("ay", b""),
                     "Notifying": Variant("b", False), "Flags": Variant("as", list(flags)),
                     "MTU": Variant("q", _MTU)},
                )  # fmt: skip
                if "notify" in flags:
                    self._add(
                        f"{own}/desc0001",
                        _DESCRIPTOR,
                        {"UUID": Variant("s", uuid(0x2902)), "Characteristic": Variant("o", own),
                         "Value": Variant("ay", b""), "Flags": Variant("as", [])},
                    )  # fmt: skip
        self._set(sensor.path, DEVICE, ServicesResolved=Variant("b", True))

    def _disconnect(self, sensor: ScriptedSensor) -> None:
        for path in sorted(self._objects, reverse=True):
            if path.startswith(f"{sensor.path}/"):
                self._signal("/", OBJECTS, "InterfacesRemoved", "oas", [path, list(self._objects.pop(path))])
        sensor.notifying.clear()
        if sensor.path in self._objects:
            self._set(sensor.path, DEVICE, ServicesResolved=Variant("b", False), Connected=Variant("b", False))

    # -- method calls

    def _on_message(self, message: Message) -> Message | None:
        if message.message_type is not MessageType.METHOD_CALL:
            return None
        path = str(message.path)
        sensor = next((s for s in self.sensors if path.startswith(s.path)), None)
        match message.member:
            case "GetManagedObjects":
                return Message.new_method_return(message, "a{oa{sa{sv}}}", [self._objects])
            case "GetAll":
                found = self._objects.get(path, {}).get(message.body[0], {})
                return Message.new_method_return(message, "a{sv}", [found])
            case "Get":
                return Message.new_method_return(message, "v", [self._objects[path][message.body[0]][message.body[1]]])
            case "StartDiscovery":
                self._set(HCI, ADAPTER, Discovering=Variant("b", True))
                self._loop.call_soon(self._advertise)
            case "StopDiscovery":
                self._set(HCI, ADAPTER, Discovering=Variant("b", False))
        if sensor is None:
            return Message.new_method_return(message)
        match message.member:
            case "Connect" | "ConnectLE":
                if not sensor.is_in_range:
                    return Message.new_error(message, "org.bluez.Error.Failed", "le-connection-abort-by-local")
                sensor.n_connects += 1
                self._set(sensor.path, DEVICE, Connected=Variant("b", True))
                self._loop.call_later(0.02, self._resolve, sensor)
            case "Disconnect":
                self._loop.call_soon(self._disconnect, sensor)
            case "StartNotify":
                sensor.notifying.add(path)
                self._set(path, CHARACTERISTIC, Notifying=Variant("b", True))
            case "StopNotify":
                sensor.notifying.discard(path)
            case "ReadValue":
                names = {own: characteristic for characteristic, own in sensor.paths.items()}
                return Message.new_method_return(message, "ay", [sensor.values.get(names.get(path, ""), b"")])
            case "WriteValue":
                payload = bytes(message.body[0])
                sensor.writes.append(payload)
                if (heard := sensor.answer(payload)) is not None:
                    self._loop.call_soon(self._notify, sensor, *heard)
        return Message.new_method_return(message)


@contextlib.contextmanager
def scripted_radio(sensors: Sequence[ScriptedSensor], folder: Path) -> Iterator[tuple[ScriptedRadio, str]]:
    """The radio, and the address of its bus for DBUS_SYSTEM_BUS_ADDRESS."""
    radio, is_up, address_of = ScriptedRadio(sensors), threading.Event(), [""]
    ends = asyncio.Event()

    def up(address: str) -> None:
        address_of[0] = address
        is_up.set()

    thread = threading.Thread(target=radio._loop.run_until_complete, args=(radio._run(folder, up, ends),), daemon=True)
    thread.start()
    assert is_up.wait(10), "the private bus did not come up"
    try:
        yield radio, address_of[0]
    finally:
        radio._loop.call_soon_threadsafe(ends.set)
        thread.join(10)
        radio._loop.close()
