"""One connection from open to close: found, connected, named; afterwards always disconnected, whatever happened.

bleak 3.1 frees what it holds only in `disconnect()`: without it every reconnect doubles each notification, so it is
called after a loss that nobody asked for, too. A connect takes its turn: BlueZ makes one at a time.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import field, replace
from functools import partial
from typing import TypeVar

from bleak import BleakClient

from coach.errors import LinkError
from coach.model.frozen import dataclass
from coach.model.links import FoundSensor, SensorUse
from coach.radio.ant.air import is_ant
from coach.radio.backend import Backend
from coach.radio.clock import RunClock
from coach.radio.scan import Ear, by_likelihood
from coach.radio.served import ServedSensors
from coach.radio.talk import OnNotification, Wire
from coach.radio.words import PAIRED, RADIO_FAULTS, explain, loss_error

_TEXTS = {"manufacturer": "2a29", "model": "2a24", "firmware": "2a26"}
_FIND_S = 10.0
_CONNECT_S = 15.0
_DISCONNECT_S = 10.0
_Outcome = TypeVar("_Outcome")


def full_uuid(short: str) -> str:
    """Return the 128-bit text of a 16-bit UUID."""
    return f"0000{short}-0000-1000-8000-00805f9b34fb"


@dataclass(frozen=True, slots=True)
class Radio:
    """What all connections of one machine share.

    identities: sensors that advertise private addresses, by the address they were known by: the address that the
    system gives them since they are bonded. served: sensors that come over the network instead.
    """

    backend: Backend
    ear: Ear
    clock: RunClock
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    identities: dict[str, str] = field(default_factory=dict)
    served: ServedSensors = field(default_factory=ServedSensors)

    def identify(self, sensor_id: str) -> str:
        """Return the address to look for."""
        return self.identities.get(sensor_id, sensor_id)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hear what is around while inside, over ANT+ even where Bluetooth cannot.

        Raises:
            LinkError: Bluetooth cannot be heard.
        """
        with self.backend.ant.wanted():
            async with self.ear.listening():
                yield

    def found(self) -> list[FoundSensor]:
        """Return sensors that are heard now; known kinds first, then the strongest signal."""
        return sorted([*self.ear.found(), *self.backend.ant.found(self.clock)], key=by_likelihood)

    async def find(self, sensor_id: str, within_s: float) -> FoundSensor:
        """Return the sensor as soon as it is heard.

        Raises:
            LinkError: `not_heard`, `ant_absent` after `within_s` of listening, or why nothing can be heard.
        """
        if is_ant(sensor_id):
            found = await self.backend.ant.find(sensor_id, within_s, self.clock)
        else:
            await self.ear.find(sensor_id, within_s)
            found = next((sensor for sensor in self.ear.found() if sensor.sensor_id == sensor_id), None)
        if found is None:
            raise loss_error("ant_absent" if is_ant(sensor_id) else "not_heard", sensor_id)
        return found


@dataclass(frozen=True, slots=True)
class Session:
    """An open connection. lost: is set when it ends without our doing. settled: to be called once it is set up.

    Until then pairing that the sensor asks for is agreed to.
    """

    wire: Wire
    lost: asyncio.Event
    settled: Callable[[], Awaitable[None]]


@contextlib.asynccontextmanager
async def connected(
    radio: Radio, use: SensorUse, on_notification: OnNotification, needs_bond: bool = False
) -> AsyncIterator[Session]:
    """Connect to a sensor, disconnect at the end.

    Raises:
        LinkError: `not_heard`, `refused`, `no_answer`, `bond_refused`, `wrong_sensor`, or why the adapter cannot.
    """
    address = radio.identify(use.sensor_id)
    device = await radio.ear.find(address, _FIND_S) or await radio.backend.already_connected(address)
    if device is None:
        raise loss_error("not_heard", use.name)
    lost = asyncio.Event()
    client = radio.backend.make_client(
        device, lambda _client: lost.set(), radio.clock.wall_s(_CONNECT_S), pair=needs_bond
    )
    is_paired = partial(radio.backend.is_paired, device)
    wire = Wire(client, use.sensor_id, use.name, radio.clock, on_notification, is_paired)
    try:
        async with contextlib.AsyncExitStack() as agreeing:
            await agreeing.enter_async_context(radio.backend.pairing(device))
            await _connect(radio, client, use.name)
            yield Session(wire, lost, agreeing.aclose)
    finally:
        wire.close()
        address_now = await radio.backend.address_now(device)
        if address_now.lower() != address.lower():
            radio.identities[use.sensor_id] = address_now
        await _disconnect(radio, client)


async def again_where_paired(visit: Callable[[], Awaitable[_Outcome]]) -> _Outcome:
    """Return what `visit` gives; it is made again where the system paired and forgot what for (see `coach.radio.talk`).

    Raises:
        LinkError: as `visit` does.
    """
    try:
        return await visit()
    except LinkError as fault:
        if fault.reason != PAIRED:
            raise
    return await visit()


async def _connect(radio: Radio, client: BleakClient, name: str) -> None:
    async with radio.turn, radio.ear.resting():
        try:
            async with asyncio.timeout(radio.clock.wall_s(2 * _CONNECT_S)):
                await client.connect()
        except RADIO_FAULTS as fault:
            error = explain(fault, name)
            if error.reason in ("not_heard", "no_answer", "dropped"):  # it was heard a moment ago
                raise loss_error("refused", name) from fault
            raise error from fault


async def _disconnect(radio: Radio, client: BleakClient) -> None:
    """Disconnect, shielded: a cancelled task must not leave the connection open."""
    closing = asyncio.ensure_future(_close(radio, client))
    try:
        await asyncio.shield(closing)
    except asyncio.CancelledError:
        await closing
        raise


async def _close(radio: Radio, client: BleakClient) -> None:
    with contextlib.suppress(*RADIO_FAULTS):  # already gone, or the adapter is: nothing is left to free
        async with asyncio.timeout(_DISCONNECT_S):
            await client.disconnect()


async def introduce(wire: Wire, use: SensorUse) -> SensorUse:
    """Return `use` with what the sensor says of itself (Device Information); what it does not say stays as it was."""
    facts: dict[str, str] = {}
    for name, short in _TEXTS.items():
        with contextlib.suppress(LinkError):  # a name it will not give is no reason to let it go
            value = await wire.read(full_uuid(short))
            if value is not None and (text := value.decode(errors="replace").strip("\0 ")):
                facts[name] = text
    return replace(use, **facts)  # type: ignore[arg-type]  # the names are those of `_TEXTS`: fields that hold text
