"""What all virtual sensors share: a bumble device that advertises, says who it is, sends, and fails on demand."""

import asyncio
import random
import struct
from collections import deque
from collections.abc import Callable, Iterator

from bumble import att
from bumble.core import UUID, AdvertisingData
from bumble.device import Connection, DeviceConfiguration
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.hci import Address

from coach.model.frozen import dataclass
from coach.radio.clock import RunClock
from coach.radio.virtual.controller import Air, SteadyController
from coach.radio.virtual.quiet_host import make_device

P = Characteristic.Properties
CCCD_MISSING = 0x81
_NOTIFICATION = 0x1B
_ASLEEP_S = 10.0  # of the wall: a computer that did not answer for so long was suspended, not just busy; by judgement
_NOTIFY = struct.Struct("<BH")
Outgoing = tuple[Characteristic[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a sensor says it is. services: UUIDs in its advertisement. mtu: the largest ATT packet it takes."""

    name: str
    address: str
    manufacturer: str
    model: str
    firmware: str
    serial: str = "V0000001"
    services: tuple[UUID, ...] = ()
    mtu: int = 247


@dataclass(slots=True)
class SentCount:
    """What became of a twin's notifications and readings: the truth that a decoder's report is held against.

    n_lost_readings: readings in packets of which any part was lost on the way. first_reading, last_reading: numbers of
    the first and last reading that got through, where the sensor numbers or times its readings.
    """

    n_sent: int = 0
    n_lost: int = 0
    n_readings: int = 0
    n_lost_readings: int = 0
    first_reading: int | None = None
    last_reading: int | None = None

    def packet(self, n_readings: int, is_lost: bool, first: int | None = None) -> None:
        """Count a packet of `n_readings` that went out, the first of them numbered `first`."""
        self.n_readings += n_readings
        if is_lost:
            self.n_lost_readings += n_readings
        elif first is not None:
            self.first_reading = first if self.first_reading is None else self.first_reading
            self.last_reading = first + n_readings - 1

    @property
    def n_missing(self) -> int:
        """Readings between the first and the last one that got through which did not."""
        if self.first_reading is None or self.last_reading is None:
            return 0
        return self.last_reading - self.first_reading + 1 - (self.n_readings - self.n_lost_readings)


def uuid(text: str) -> UUID:
    """Return a UUID of four hexadecimal digits (assigned by the Bluetooth SIG) or of 32 with dashes."""
    return UUID.from_16_bits(int(text, 16)) if len(text) == 4 else UUID(text)


def readable(characteristic: str, value: bytes | Callable[[], bytes]) -> Characteristic[bytes]:
    """Make a characteristic to read. value: what it holds, or a function that is asked at each read."""
    given = CharacteristicValue(read=lambda _bearer: value()) if callable(value) else value
    return Characteristic(uuid(characteristic), P.READ, Characteristic.READABLE, given)


def notifying(characteristic: str) -> Characteristic[bytes]:
    """Make a characteristic that notifies and can neither be read nor written."""
    return Characteristic(uuid(characteristic), P.NOTIFY, Characteristic.Permissions(0), b"")


def writable(characteristic: str, on_write: Callable[[bytes], None], properties: P = P.WRITE) -> Characteristic[bytes]:
    """Make a characteristic to write. on_write: takes the bytes; an ATT_Error that it raises is the answer to the
    writer."""
    given = CharacteristicValue(write=lambda _bearer, value: on_write(bytes(value)))
    return Characteristic(uuid(characteristic), properties, Characteristic.WRITEABLE, given)


def held(
    characteristic: str, value: Callable[[], bytes], on_write: Callable[[bytes], None], properties: P
) -> Characteristic[bytes]:
    """Make a characteristic to read and write."""
    access = CharacteristicValue(read=lambda _bearer: value(), write=lambda _bearer, new: on_write(bytes(new)))
    permissions = Characteristic.READABLE | Characteristic.WRITEABLE
    return Characteristic(uuid(characteristic), properties, permissions, access)


class Twin:
    """One virtual sensor. Subclasses add their services and say in `due` what to send by now.

    interval_s: connection interval; what became due since the last connection event goes out in the next.
    """

    interval_s = 0.015

    def __init__(self, air: Air, clock: RunClock, identity: Identity, battery_pct: float = 90.0) -> None:
        self.identity = identity
        self.sensor_id = identity.address
        self.clock = clock
        self.battery_pct = battery_pct
        self.count = SentCount()
        self.air = air
        self.connection: Connection | None = None
        self.controller = SteadyController(identity.name, link=air)
        config = DeviceConfiguration(
            name=identity.name,
            address=Address(identity.address),
            advertising_interval_min=250,
            advertising_interval_max=250,
        )
        self.device = make_device(config, self.controller)
        self.device.gatt_server.max_mtu = identity.mtu
        self.device.on("connection", self._on_connection)
        self._battery = self._make_battery()
        self._add_common_services()
        self.device.advertising_data = self._advertisement()
        self._answers: deque[tuple[Outgoing, bool]] = deque()
        self._pump: asyncio.Task[None] | None = None
        self._lose_share = 0.0
        self._chance = random.Random(0)
        self._is_dead = False
        self._is_ending = False

    # -- what it is

    def _make_battery(self) -> Characteristic[bytes]:
        level = CharacteristicValue[bytes](read=lambda _bearer: bytes([round(self.battery_pct)]))
        return Characteristic(uuid("2A19"), P.READ | P.NOTIFY, Characteristic.READABLE, level)

    def _add_common_services(self) -> None:
        who = self.identity
        texts = {"2A29": who.manufacturer, "2A24": who.model, "2A25": who.serial, "2A26": who.firmware}
        information = [readable(number, text.encode()) for number, text in texts.items()]
        self.device.add_service(Service(uuid("180A"), information))
        self.device.add_service(Service(uuid("180F"), [self._battery]))

    def _advertisement(self) -> bytes:
        parts: list[tuple[int, bytes]] = [(AdvertisingData.FLAGS, b"\x06")]
        short = [bytes(u) for u in self.identity.services if len(bytes(u)) == 2]
        long = [bytes(u) for u in self.identity.services if len(bytes(u)) == 16]
        if short:
            parts.append((AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, b"".join(short)))
        if long:
            parts.append((AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS, b"".join(long)))
        parts.append((AdvertisingData.COMPLETE_LOCAL_NAME, self.identity.name.encode()))
        return bytes(AdvertisingData(parts))

    # -- what subclasses say

    def due(self, now_s: float) -> Iterator[Outgoing]:
        """Yield what the sensor has ready to notify at `now_s`."""
        yield from ()

    def connected(self) -> None:
        """Forget what the last computer had asked for: another one has connected."""

    def disconnected(self) -> None:
        """Take note that the connection has ended, whoever ended it."""

    # -- life

    async def start(self) -> None:
        """Switch the sensor on: it advertises until it is connected to, and again after each connection."""
        await self.device.power_on()
        await self.device.start_advertising(auto_restart=True)

    async def stop(self) -> None:
        """Switch the sensor off: its connection ends, and it takes itself off the air."""
        await self._end_pump()
        if self.connection is not None:
            await self.connection.disconnect()
        await self.device.power_off()
        self.air.remove_controller(self.controller)
        self.controller.le_legacy_advertiser.stop()

    def lose_packets(self, share: float, seed: int = 1) -> None:
        """Lose this share of all notifications from now on, by a chance that `seed` fixes."""
        self._lose_share = share
        self._chance = random.Random(seed)

    async def drop(self) -> None:
        """End the connection from the sensor's side, after what it is just sending."""
        await self._end_pump()
        if self.connection is not None:
            await self.connection.disconnect()

    def go_away(self, supervision_s: float) -> None:
        """Take the sensor out of range; the connection ends after `supervision_s` of the clock."""
        self.air.go_away(self.controller, self.clock.wall_s(supervision_s))

    def come_back(self) -> None:
        """Be in range again; nothing comes back whose battery is empty."""
        if not self._is_dead:
            self.air.come_back(self.controller)

    def die(self, supervision_s: float) -> None:
        """Empty the battery: the sensor is gone for good."""
        self._is_dead = True
        self.go_away(supervision_s)

    @property
    def is_away(self) -> bool:
        """Whether it is out of range."""
        return self.controller in self.air.away

    async def set_battery(self, battery_pct: float) -> None:
        """Set the charge [%] and notify it to a computer that has subscribed to it."""
        self.battery_pct = battery_pct
        await self.device.notify_subscribers(self._battery, bytes([round(battery_pct)]))

    # -- sending

    def answer(self, characteristic: Characteristic[bytes], payload: bytes, indicate: bool = False) -> None:
        """Send with the next connection event, before anything that is due; answers are never lost."""
        self._answers.append(((characteristic, payload), indicate))

    def is_subscribed(self, characteristic: Characteristic[bytes]) -> bool:
        """Whether the connected computer wants notifications or indications of this characteristic."""
        if self.connection is None:
            return False
        subscribed = self.device.gatt_server.subscribers.get(self.connection, {})
        return any(subscribed.get(characteristic.handle, b""))

    def demand_bond(self) -> None:
        """Raise ATT error 0x05 on a connection that is not encrypted, as sensors do that want to be paired first."""
        if self.connection is None or not self.connection.is_encrypted:
            raise att.ATT_Error(error_code=att.ErrorCode.INSUFFICIENT_AUTHENTICATION)

    def demand_subscription(self, characteristic: Characteristic[bytes]) -> None:
        """Raise ATT error 0x81, which standard control points give to a computer that does not listen for answers."""
        if not self.is_subscribed(characteristic):
            raise att.ATT_Error(error_code=att.ErrorCode(CCCD_MISSING))

    def _on_connection(self, connection: Connection) -> None:
        self.connection = connection
        self._answers.clear()
        self._is_ending = False
        self.connected()
        connection.on("disconnection", self._on_disconnection)
        self._pump = asyncio.ensure_future(self._run_pump())

    def _on_disconnection(self, _reason: int) -> None:
        self.connection = None
        self.disconnected()
        if self._pump:
            self._pump.cancel()

    async def _end_pump(self) -> None:
        self._is_ending = True
        if self._pump:
            await asyncio.gather(self._pump, return_exceptions=True)

    async def _run_pump(self) -> None:
        while not self._is_ending:
            slept_s = self.clock()
            await self.clock.sleep(self.interval_s)
            if self.clock.wall_s(self.clock() - slept_s) > _ASLEEP_S:
                self.air.time_out(self.controller)
                return
            while self._answers:
                (characteristic, payload), indicate = self._answers.popleft()
                if indicate:
                    await self.device.indicate_subscribers(characteristic, payload)
                else:
                    await self.device.notify_subscribers(characteristic, payload)
            for characteristic, payload in self.due(self.clock()):
                self._send(characteristic, payload)

    def _send(self, characteristic: Characteristic[bytes], payload: bytes) -> None:
        """Notify at once: as a whole PDU, past the server's own path, which costs a task for each."""
        if self._is_lost():
            self.count.n_lost += 1
            return
        if self.connection is None or not self.is_subscribed(characteristic):
            return
        self.count.n_sent += 1
        pdu = _NOTIFY.pack(_NOTIFICATION, characteristic.handle) + payload
        self.device.gatt_server.send_gatt_pdu(self.connection, pdu)

    def _is_lost(self) -> bool:
        return self.is_away or (self._lose_share > 0.0 and self._chance.random() < self._lose_share)
