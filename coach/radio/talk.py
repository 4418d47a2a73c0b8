"""Hold a conversation (`coach.model.steps`) over a connection: take each step, give each answer back."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic

from coach.errors import LinkError
from coach.model.device_reports import GattCharacteristic, GattService
from coach.model.samples import Notification
from coach.model.steps import Conversation, Listen, Outcome, Pause, Read, Step, Write
from coach.radio.clock import RunClock
from coach.radio.words import PAIRED, RADIO_FAULTS, explain, loss_error

OnNotification = Callable[[Notification], None]
_Answer = TypeVar("_Answer")
_DIALOG_S = 30.0  # for the user to say yes where the system asks (macOS); within the time a link may take to set up
_ASK_AGAIN_S = 3.0
_REQUEST_S = 10.0  # an answer takes a few connection intervals, pairing on the way 3 s at most (seen with BlueZ 5.66)
# BlueZ 5.66 sometimes never repeats the request that it paired for, nor sends any other on that connection (7 of 17
# pairings under load, traced with btmon; 3 of 14 traced in the sensor), and fails it only after 30 s. The next
# connection is encrypted from its start. An answer that came took 0.6 s from the pairing on at most: three times that.
_AFTER_PAIRING_S = 2.0
_POLL_S = 0.5


class Wire:
    """One open connection. Everything read or notified goes to `on_notification`, stamped on arrival.

    Whatever a sensor refuses because the connection is not encrypted is asked again after pairing. is_paired: whether
    the system knows the sensor as paired by now; it may have paired by itself.
    """

    def __init__(
        self,
        client: BleakClient,
        sensor_id: str,
        name: str,
        clock: RunClock,
        on_notification: OnNotification,
        is_paired: Callable[[], Awaitable[bool]],
    ) -> None:
        self._client = client
        self._sensor_id = sensor_id
        self._name = name
        self._clock = clock
        self._on_notification = on_notification
        self._is_paired = is_paired
        self._is_stuck = False
        self._heard: defaultdict[str, deque[bytes]] = defaultdict(deque)
        self._news = asyncio.Event()
        self._n_talks = 0
        self._is_open = True
        self._wrote_s = clock()

    def close(self) -> None:
        """Pass nothing on any more, whatever still arrives."""
        self._is_open = False
        self._news.set()

    def _known(self, characteristic: str) -> BleakGATTCharacteristic | None:
        """Return the characteristic as listed; raises LinkError where the connection, and with it the list, is gone."""
        try:
            return self._client.services.get_characteristic(characteristic)
        except RADIO_FAULTS as fault:
            raise loss_error("dropped", self._name) from fault

    def has(self, characteristic: str) -> bool:
        """Whether the sensor lists this characteristic (UUID as text).

        Raises:
            LinkError: the connection is gone.
        """
        return self._known(characteristic) is not None

    def services(self) -> tuple[GattService, ...]:
        """Return what the sensor lists."""
        return tuple(
            GattService(
                service.uuid,
                tuple(GattCharacteristic(c.uuid, tuple(sorted(c.properties))) for c in service.characteristics),
            )
            for service in self._client.services
        )

    @property
    def mtu(self) -> int | None:
        """The largest ATT packet of this connection [bytes], three more than a write may hold; None where it is gone.

        Where the system does not say (BlueZ before 5.62) it is 23, the least there is. bleak's own `mtu_size` is that
        on every BlueZ.
        """
        try:
            return 3 + max(
                c.max_write_without_response_size for service in self._client.services for c in service.characteristics
            )
        except (*RADIO_FAULTS, ValueError):
            return None

    def can_notify(self, characteristic: str) -> bool:
        """Whether the sensor lists this characteristic as one that notifies or indicates.

        Raises:
            LinkError: the connection is gone.
        """
        known = self._known(characteristic)
        return known is not None and bool({"notify", "indicate"} & set(known.properties))

    def can_read(self, characteristic: str) -> bool:
        """Whether the sensor lists this characteristic as one that can be read.

        Raises:
            LinkError: the connection is gone.
        """
        known = self._known(characteristic)
        return known is not None and "read" in known.properties

    async def subscribe(self, characteristic: str) -> None:
        """Be notified of `characteristic`.

        Raises:
            LinkError: the sensor lacks it (`wrong_sensor`), refuses, or is gone.
        """
        if not self.has(characteristic):
            raise loss_error("wrong_sensor", self._name)

        is_refused = False

        def on_value(_characteristic: BleakGATTCharacteristic, value: bytearray) -> None:
            if not is_refused:
                self._pass_on(characteristic, bytes(value))

        try:
            await self._ask(lambda: self._client.start_notify(characteristic, on_value))
        except LinkError:
            is_refused = True
            raise

    async def _ask(self, request: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """Return the answer to `request`, which is made again after pairing where the sensor wants that first.

        Raises:
            LinkError: it failed, or pairing did.
        """
        try:
            return await self._ask_once(request)
        except LinkError as fault:
            if fault.reason != "needs_bond":
                raise
        try:
            await self.pair()
        except NotImplementedError:
            return await self._ask_during_dialog(request)
        return await self._ask_once(request)

    async def _ask_once(self, request: Callable[[], Awaitable[_Answer]]) -> _Answer:
        if self._is_stuck:
            raise loss_error(PAIRED, self._name)
        answer = asyncio.ensure_future(request())
        try:
            async with asyncio.timeout(self._clock.wall_s(_REQUEST_S)):
                await self._wait_for(answer)
                return await answer
        except RADIO_FAULTS as fault:
            raise explain(fault, self._name) from fault
        finally:
            answer.cancel()
            await asyncio.wait([answer])

    async def _wait_for(self, answer: "asyncio.Future[_Answer]") -> None:
        """Wait until it is there; raises LinkError (PAIRED) where the system paired meanwhile and forgot what for."""
        was_paired = await self._is_paired()
        paired_s: float | None = None
        while not (await asyncio.wait([answer], timeout=self._clock.wall_s(_POLL_S)))[0]:
            if paired_s is None and not was_paired and await self._is_paired():
                paired_s = self._clock()
            if paired_s is not None and self._clock() - paired_s > _AFTER_PAIRING_S:
                self._is_stuck = True
                raise loss_error(PAIRED, self._name)

    async def _ask_during_dialog(self, request: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """Ask while the system asks its user: macOS cannot be asked to pair,
        it asks its user by itself once a request was refused."""
        until_s = self._clock() + _DIALOG_S
        while True:
            await self._clock.sleep(_ASK_AGAIN_S)
            try:
                return await self._ask_once(request)
            except LinkError as fault:
                if fault.reason != "needs_bond":
                    raise
                if self._clock() >= until_s:
                    raise loss_error("dialog", self._name) from fault

    async def read(self, characteristic: str) -> bytes | None:
        """Return the value, passed on as a notification too; None where the sensor has no such characteristic."""
        if not self.has(characteristic):
            return None
        value = bytes(await self._ask(lambda: self._client.read_gatt_char(characteristic)))
        self._pass_on(characteristic, value, is_read=True)
        return value

    async def pair(self) -> None:
        """Pair with the sensor.

        Raises:
            LinkError: the sensor or the system refused. NotImplementedError: this system pairs by itself.
        """
        try:
            await self._client.pair()
        except RADIO_FAULTS as fault:
            raise explain(fault, self._name) from fault

    async def hold(self, conversation: Conversation[Outcome]) -> Outcome:
        """Hold `conversation` to its end.

        Raises:
            LinkError: what the conversation did not catch or itself raised.
        """
        self._n_talks += 1
        try:
            step = next(conversation)
            while True:
                try:
                    answer = await self._take(step)
                except LinkError as fault:
                    step = conversation.throw(fault)
                else:
                    step = conversation.send(answer)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome
        finally:
            self._n_talks -= 1
            if self._n_talks == 0:
                self._heard.clear()
            conversation.close()

    async def _take(self, step: Step) -> bytes | None:
        match step:
            case Read(characteristic):
                return await self.read(characteristic)
            case Write(characteristic, payload, with_response):
                await self._write(characteristic, payload, with_response)
                return b""
            case Listen(characteristic, within_s):
                return await self._listen(characteristic, self._wrote_s + within_s)
            case Pause(seconds):
                await self._clock.sleep(seconds)
                return b""

    async def _write(self, characteristic: str, payload: bytes, with_response: bool) -> None:
        if not self.has(characteristic):
            raise loss_error("wrong_sensor", self._name)
        self._heard.clear()
        try:
            await self._ask(lambda: self._client.write_gatt_char(characteristic, payload, response=with_response))
        finally:
            self._wrote_s = self._clock()

    async def _listen(self, characteristic: str, until_s: float) -> bytes | None:
        while not self._heard[characteristic]:
            if not self._is_open:
                raise loss_error("dropped", self._name)
            self._news.clear()
            try:
                async with asyncio.timeout(self._clock.wall_s(max(0.0, until_s - self._clock()))):
                    await self._news.wait()
            except TimeoutError:
                return None
        if self._clock() > until_s:
            return None
        return self._heard[characteristic].popleft()

    def _pass_on(self, characteristic: str, value: bytes, is_read: bool = False) -> None:
        if not self._is_open:
            return
        if self._n_talks and not is_read:
            self._heard[characteristic].append(value)
            self._news.set()
        self._on_notification(Notification(self._sensor_id, characteristic, self._clock(), value))
