"""Holding a conversation (`coach.model.steps`) over a connection: each step is taken, each answer given back."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic

from coach.errors import LinkError
from coach.model.samples import Notification
from coach.model.steps import Conversation, Listen, Outcome, Pause, Read, Step, Write
from coach.radio.clock import RunClock
from coach.radio.words import RADIO_FAULTS, explain, loss_error

OnNotification = Callable[[Notification], None]


class Wire:
    """One open connection. Everything read or notified goes to `on_notification`, stamped on arrival."""

    def __init__(
        self,
        client: BleakClient,
        sensor_id: str,
        name: str,
        clock: RunClock,
        on_notification: OnNotification,
        pairing: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
    ) -> None:
        self._pairing = pairing
        self._client = client
        self._sensor_id = sensor_id
        self._name = name
        self._clock = clock
        self._on_notification = on_notification
        self._heard: defaultdict[str, deque[bytes]] = defaultdict(deque)
        self._news = asyncio.Event()
        self._n_talks = 0
        self._is_open = True
        self._wrote_s = clock()

    def close(self) -> None:
        """Pass nothing on any more, whatever still arrives."""
        self._is_open = False
        self._news.set()

    def has(self, characteristic: str) -> bool:
        return self._client.services.get_characteristic(characteristic) is not None

    def can_notify(self, characteristic: str) -> bool:
        known = self._client.services.get_characteristic(characteristic)
        return known is not None and bool({"notify", "indicate"} & set(known.properties))

    async def subscribe(self, characteristic: str) -> None:
        """Be notified of `characteristic`.

        Raises:
            LinkError: the sensor lacks it (`wrong_sensor`), refuses, or is gone.
        """
        if not self.has(characteristic):
            raise loss_error("wrong_sensor", self._name)

        def on_value(_characteristic: BleakGATTCharacteristic, value: bytearray) -> None:
            self._pass_on(characteristic, bytes(value))

        try:
            await self._client.start_notify(characteristic, on_value)
        except RADIO_FAULTS as fault:
            raise explain(fault, self._name) from fault

    async def read(self, characteristic: str) -> bytes | None:
        """The value, passed on as a notification too; None where the sensor has no such characteristic."""
        if not self.has(characteristic):
            return None
        try:
            value = bytes(await self._client.read_gatt_char(characteristic))
        except RADIO_FAULTS as fault:
            raise explain(fault, self._name) from fault
        self._pass_on(characteristic, value, is_read=True)
        return value

    async def pair(self) -> None:
        """Pair with the sensor.

        Raises:
            LinkError: the sensor or the system refused.
        """
        try:
            async with self._pairing():
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
            await self._client.write_gatt_char(characteristic, payload, response=with_response)
        except RADIO_FAULTS as fault:
            raise explain(fault, self._name) from fault
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
