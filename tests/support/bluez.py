"""A scripted org.bluez on a private D-Bus: bleak's own BlueZ code runs unchanged against it, without a radio.

It plays one running pod. Like BlueZ after 5.87, it reports the pod once per discovery, and again only when its signal
changed by 8 dB or a generous test asks for every advertisement. Like BlueZ, it notifies every bus that asked for it and
has not gone, so that a client that forgets to close its bus gets duplicates after a reconnect.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

OBJECTS, PROPERTIES = "org.freedesktop.DBus.ObjectManager", "org.freedesktop.DBus.Properties"
ADAPTER, DEVICE, SERVICE, CHARACTERISTIC = (
    f"org.bluez.{n}1" for n in ("Adapter", "Device", "GattService", "GattCharacteristic")
)
HCI = "/org/bluez/hci0"
ADDRESS = "F0:F1:F2:F3:F4:F5"
POD = f"{HCI}/dev_{ADDRESS.replace(':', '_')}"
_CONFIG = """<busconfig><type>system</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/>{extra}</policy></busconfig>"""
RSSI_STEP_DB = 8  # BlueZ e004414a1
_DENY = '<deny send_destination="org.bluez"/>'
_GATT = {0x1801: {}, 0x1814: {0x2A53: ["notify"], 0x2A54: ["read"]}, 0x180F: {0x2A19: ["read"]}}


def uuid(short: int) -> str:
    return f"0000{short:04x}-0000-1000-8000-00805f9b34fb"


def adapter_properties(is_powered: bool = True, roles: tuple[str, ...] = ("central",)) -> dict[str, Variant]:
    return {
        "Address": Variant("s", "00:11:22:33:44:55"),
        "Name": Variant("s", "scripted"),
        "Powered": Variant("b", is_powered),
        "Discovering": Variant("b", False),
        "Roles": Variant("as", list(roles)),
    }


@contextlib.asynccontextmanager
async def private_bus(folder: Path, is_denied: bool = False) -> AsyncIterator[str]:
    """A D-Bus of our own; yields its address."""
    path, config = folder / "bus", folder / "bus.conf"
    config.write_text(_CONFIG.format(path=path, extra=_DENY if is_denied else ""))
    options = [f"--config-file={config}", "--nofork", "--nopidfile", "--print-address"]
    daemon = await asyncio.create_subprocess_exec(
        "dbus-daemon", *options, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        assert daemon.stdout
        assert await daemon.stdout.readline()  # its address, printed once it listens: the file is there a little sooner
        yield f"unix:path={path}"
    finally:
        daemon.terminate()
        await daemon.wait()


class ScriptedBluez:
    """One adapter, one pod. Set the attributes to script what goes wrong."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, dict[str, Variant]]] = {
            "/org/bluez": {"org.bluez.AgentManager1": {}},
            HCI: {ADAPTER: adapter_properties(), "org.bluez.GattManager1": {}},
        }
        self.is_in_range = True
        self.is_generous = False
        self.rssi_dbm = -60
        self._reported_dbm: int | None = None
        self.connect_error: tuple[str, str] | None = None
        self.pair_error: str | None = None
        self.subscribers: dict[str, set[str]] = {}
        self.n_connects = 0
        self.n_pairs = 0
        self.paths: dict[int, str] = {}
        self._bus: MessageBus | None = None

    async def start(self, address: str) -> None:
        self._bus = await MessageBus(bus_address=address, negotiate_unix_fd=True).connect()
        self._bus.add_message_handler(self._on_message)
        await self._bus.request_name("org.bluez")
        await self._bus.call(
            Message(
                destination="org.freedesktop.DBus",
                path="/org/freedesktop/DBus",
                interface="org.freedesktop.DBus",
                member="AddMatch",
                signature="s",
                body=["type='signal',member='NameOwnerChanged'"],
            )
        )

    async def stop(self) -> None:
        if self._bus:
            self._bus.disconnect()
            await self._bus.wait_for_disconnect()

    # -- signals

    def _signal(self, path: str, interface: str, member: str, signature: str, body: list[Any]) -> None:
        assert self._bus
        self._bus.send(
            Message(
                message_type=MessageType.SIGNAL,
                path=path,
                interface=interface,
                member=member,
                signature=signature,
                body=body,
            )
        )

    def add(self, path: str, interface: str, properties: dict[str, Variant]) -> None:
        self.objects.setdefault(path, {})[interface] = properties
        self._signal("/", OBJECTS, "InterfacesAdded", "oa{sa{sv}}", [path, {interface: properties}])

    def remove(self, path: str) -> None:
        if path in self.objects:
            self._signal("/", OBJECTS, "InterfacesRemoved", "oas", [path, list(self.objects.pop(path))])

    def set(self, path: str, interface: str, **properties: Variant) -> None:
        self.objects[path][interface].update(properties)
        self._signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", [interface, properties, []])

    # -- the script

    def _advertise(self) -> None:
        properties = {
            "Address": Variant("s", ADDRESS),
            "AddressType": Variant("s", "random"),
            "Name": Variant("s", "Scripted RunPod"),
            "Alias": Variant("s", "Scripted RunPod"),
            "UUIDs": Variant("as", [uuid(0x1801), uuid(0x1814)]),
            "Adapter": Variant("o", HCI),
            "Paired": Variant("b", False),
            "Connected": Variant("b", False),
            "ServicesResolved": Variant("b", False),
            "RSSI": Variant("n", self.rssi_dbm),
            "ManufacturerData": Variant("a{qv}", {}),
            "ServiceData": Variant("a{sv}", {}),
        }
        if POD in self.objects:
            self.set(POD, DEVICE, RSSI=properties["RSSI"])
        else:
            self.add(POD, DEVICE, properties)

    def _tick(self) -> None:
        """The pod advertises 20 times a second while in range and free; what BlueZ passes on of it is another thing."""
        if HCI not in self.objects or not self.objects[HCI][ADAPTER]["Discovering"].value:
            return
        if self.is_in_range and not self.is_connected and (self.is_generous or self._is_news()):
            self._reported_dbm = self.rssi_dbm
            self._advertise()
        asyncio.get_running_loop().call_later(0.05, self._tick)

    def _is_news(self) -> bool:
        return self._reported_dbm is None or abs(self.rssi_dbm - self._reported_dbm) >= RSSI_STEP_DB

    @property
    def is_connected(self) -> bool:
        return POD in self.objects and bool(self.objects[POD][DEVICE]["Connected"].value)

    def connect(self) -> None:
        """Another program of this machine connects the pod."""
        self._advertise()
        self.set(POD, DEVICE, Connected=Variant("b", True))
        self._resolve()

    def notify(self, short: int, payload: bytes) -> None:
        """A notification, once for every bus that asked for it and has not gone."""
        for _ in self.subscribers.get(self.paths.get(short, ""), ()):
            self.set(self.paths[short], CHARACTERISTIC, Value=Variant("ay", payload))

    def lose(self) -> None:
        """The connection ends."""
        for path in sorted(self.objects, reverse=True):
            if path.startswith(f"{POD}/"):
                self.remove(path)
        if POD in self.objects:
            self.set(POD, DEVICE, ServicesResolved=Variant("b", False), Connected=Variant("b", False))

    def unplug(self) -> None:
        """The adapter vanishes with all it knew."""
        self.lose()
        self.remove(POD)
        self.remove(HCI)

    def _resolve(self) -> None:
        for number, (service, characteristics) in enumerate(_GATT.items()):
            path = f"{POD}/service{number:04x}"
            self.add(
                path,
                SERVICE,
                {"UUID": Variant("s", uuid(service)), "Device": Variant("o", POD), "Primary": Variant("b", True),
                 "Includes": Variant("ao", [])},
            )  # fmt: skip
            for index, (short, flags) in enumerate(characteristics.items()):
                self.paths[short] = f"{path}/char{number * 16 + index + 1:04x}"
                self.add(
                    self.paths[short],
                    CHARACTERISTIC,
                    {"UUID": Variant("s", uuid(short)), "Service": Variant("o", path), "Value": Variant("ay", b""),
                     "Notifying": Variant("b", False), "Flags": Variant("as", flags), "MTU": Variant("q", 185)},
                )  # fmt: skip
        self.set(POD, DEVICE, ServicesResolved=Variant("b", True))

    # -- method calls

    def _on_message(self, message: Message) -> Message | None:
        if message.message_type is MessageType.SIGNAL and message.member == "NameOwnerChanged":
            if not message.body[2]:
                for subscribers in self.subscribers.values():
                    subscribers.discard(message.body[0])
            return None
        if message.message_type is not MessageType.METHOD_CALL:
            return None
        handler = getattr(self, f"_on_{message.member}", None)
        return handler(message) if handler else Message.new_method_return(message)

    def _on_GetManagedObjects(self, message: Message) -> Message:  # noqa: N802
        return Message.new_method_return(message, "a{oa{sa{sv}}}", [self.objects])

    def _on_StartDiscovery(self, message: Message) -> Message:  # noqa: N802
        if not self.objects[HCI][ADAPTER]["Powered"].value:
            return Message.new_error(message, "org.bluez.Error.NotReady", "Resource Not Ready")
        self.set(HCI, ADAPTER, Discovering=Variant("b", True))
        self._reported_dbm = None
        asyncio.get_running_loop().call_later(0.05, self._tick)  # a scan hears nothing before it is on
        return Message.new_method_return(message)

    def _on_StopDiscovery(self, message: Message) -> Message:  # noqa: N802
        if HCI in self.objects:
            self.set(HCI, ADAPTER, Discovering=Variant("b", False))
        return Message.new_method_return(message)

    def _on_Connect(self, message: Message) -> Message:  # noqa: N802
        self.n_connects += 1
        if self.connect_error:
            return Message.new_error(message, *self.connect_error)
        self.set(POD, DEVICE, Connected=Variant("b", True))
        asyncio.get_running_loop().call_later(0.02, self._resolve)
        return Message.new_method_return(message)

    def _on_Disconnect(self, message: Message) -> Message:  # noqa: N802
        asyncio.get_running_loop().call_soon(self.lose)
        return Message.new_method_return(message)

    def _on_Pair(self, message: Message) -> Message:  # noqa: N802
        self.n_pairs += 1
        if self.pair_error:
            return Message.new_error(message, self.pair_error, "refused by script")
        self.set(POD, DEVICE, Paired=Variant("b", True), Connected=Variant("b", True))
        asyncio.get_running_loop().call_later(0.02, self._resolve)
        return Message.new_method_return(message)

    def _on_StartNotify(self, message: Message) -> Message:  # noqa: N802
        self.subscribers.setdefault(str(message.path), set()).add(str(message.sender))
        self.set(str(message.path), CHARACTERISTIC, Notifying=Variant("b", True))
        return Message.new_method_return(message)

    def _on_StopNotify(self, message: Message) -> Message:  # noqa: N802
        self.subscribers.get(str(message.path), set()).discard(str(message.sender))
        return Message.new_method_return(message)

    def _on_ReadValue(self, message: Message) -> Message:  # noqa: N802
        values = {self.paths[0x2A54]: b"\x07\x00", self.paths[0x2A19]: b"\x0c"}
        return Message.new_method_return(message, "ay", [values.get(str(message.path), b"")])
