"""Sensors that want an encrypted connection: paired at the subscription, the read or the write that they refuse."""

import contextlib
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from bleak.backends.device import BLEDevice
from bleak.exc import BleakDBusError, BleakError, BleakGATTProtocolError

from coach.errors import LinkError
from coach.model.links import LinkStatus, SensorUse
from coach.model.steps import Conversation, LinkPlan, Read, Write
from coach.radio.backend import Backend
from coach.radio.clock import RunClock
from coach.radio.session import again_where_paired, connected
from coach.radio.talk import Wire
from coach.radio.virtual.world import VirtualWorld
from coach.radio.words import PAIRED, explain
from tests.support.radio import Diary, SwingingBody, connected_client, link_set, run_jumping, until
from tests.support.secured import CONTROL, FEATURE, RSC, SecuredPod, bonding_config


class Bench:
    def __init__(self, asks_at: str, is_refusing: bool = False) -> None:
        self.world = VirtualWorld(SwingingBody())
        self.world.central.device.pairing_config_factory = bonding_config
        self.pod = SecuredPod(self.world.air, self.world.clock, frozenset({asks_at}), is_refusing=is_refusing)
        self.diary = Diary()
        self.use = SensorUse(self.pod.sensor_id, "Secured RunPod", "running_speed_cadence")

    async def start(self) -> None:
        await self.world.start()
        await self.pod.start()

    async def end(self) -> None:
        await self.pod.stop()
        await self.world.stop()


def start() -> Conversation[None]:
    assert (yield Read(FEATURE)) == b"\x07\x00"
    yield Write(CONTROL, b"\x01")


@pytest.mark.parametrize("asks_at", ["subscribe", "read", "write"])
def test_a_link_pairs_where_the_sensor_asks_and_streams(asks_at: str) -> None:
    async def main() -> None:
        bench = Bench(asks_at)
        await bench.start()
        links = link_set(bench.world, bench.diary)
        links.add(LinkPlan(bench.use, subscribe=(RSC,), start=start))
        await until(lambda: len(bench.diary.of(bench.pod.sensor_id, RSC)) >= 20, bench.world.clock, within_s=20.0)
        assert len(bench.pod.pairings) == 1
        assert LinkStatus.LOST not in bench.diary.statuses(bench.pod.sensor_id)
        payloads = [n.payload for n in bench.diary.of(bench.pod.sensor_id, RSC)]
        assert len(payloads) == len(set(payloads))
        await links.stop()
        await bench.end()

    run_jumping(main())


@pytest.mark.parametrize("asks_at", ["subscribe", "read", "write"])
def test_a_visit_to_set_up_or_read_settings_pairs_too(asks_at: str) -> None:
    async def main() -> None:
        bench = Bench(asks_at)
        await bench.start()
        radio = link_set(bench.world, bench.diary)._radio
        async with connected(radio, bench.use, bench.diary.notifications.append) as session:
            await session.wire.subscribe(RSC)
            await session.wire.hold(start())
        assert len(bench.pod.pairings) == 1
        assert bench.pod.written == [b"\x01"]
        await bench.end()

    run_jumping(main())


def test_a_refused_subscription_leaves_nothing_behind() -> None:
    async def main() -> None:
        bench = Bench("subscribe")
        await bench.start()
        received: list[bytes] = []
        async with connected_client(bench.world, bench.pod.sensor_id) as client:
            with pytest.raises(BleakGATTProtocolError):
                await client.start_notify(RSC, lambda _c, value: received.append(bytes(value)))
            await client.pair()
            await client.start_notify(RSC, lambda _c, value: received.append(bytes(value)))
            await bench.world.clock.sleep(2.0)
        assert len(received) == len(set(received)) >= 5
        await bench.end()

    run_jumping(main())


def forgetful(bench: Bench, says_it_is_paired: bool) -> Backend:
    """As BlueZ 5.66 at times: the first subscription pairs, is never made again and fails after 30 s."""
    client_class = bench.world.backend.client
    assert client_class is not None
    n_asked = 0

    class Forgetful(client_class):  # type: ignore[valid-type, misc]
        async def start_notify(self, *args: Any, **options: Any) -> None:
            nonlocal n_asked
            n_asked += 1
            if n_asked == 1:
                await bench.world.clock.sleep(0.3)
                await self.pair()
                await bench.world.clock.sleep(30.0)
                raise BleakDBusError("org.bluez.Error.Failed", ["Operation failed with ATT error: 0x0e"])
            await super().start_notify(*args, **options)

    class Paired(Backend):
        async def is_paired(self, _device: BLEDevice) -> bool:
            return says_it_is_paired and bool(bench.pod.pairings)

    return Paired(bench.world.backend.scanner, Forgetful)


@pytest.mark.parametrize(("says_it_is_paired", "reason", "within_s"), [(True, PAIRED, 7.0), (False, "no_answer", 16.0)])
def test_a_request_that_is_forgotten_over_pairing_is_not_waited_for(
    says_it_is_paired: bool, reason: str, within_s: float
) -> None:
    """The next connection is encrypted. A system that does not say what it is paired with is waited for 10 s."""

    async def main() -> None:
        bench = Bench("subscribe")
        await bench.start()
        links = link_set(bench.world, bench.diary)
        links._radio = replace(links._radio, backend=forgetful(bench, says_it_is_paired))
        links.add(LinkPlan(bench.use, subscribe=(RSC,), start=start))
        await until(lambda: len(bench.diary.of(bench.pod.sensor_id, RSC)) >= 5, bench.world.clock, within_s)
        assert [e.reason for e in bench.diary.events if e.status is LinkStatus.LOST] == [reason]
        await links.stop()
        await bench.end()

    run_jumping(main())


def test_a_visit_whose_request_is_forgotten_over_pairing_is_made_again() -> None:
    async def main() -> None:
        bench = Bench("subscribe")
        await bench.start()
        radio = replace(link_set(bench.world, bench.diary)._radio, backend=forgetful(bench, says_it_is_paired=True))

        async def visit() -> bytes | None:
            async with connected(radio, bench.use, bench.diary.notifications.append) as session:
                with contextlib.suppress(LinkError):  # as what a sensor need not answer is asked
                    await session.wire.subscribe(RSC)
                return await session.wire.read(FEATURE)

        assert await again_where_paired(visit) == b"\x07\x00"
        await bench.end()

    run_jumping(main())


class MacClient:
    """CoreBluetooth: no pair(), and a dialog that its user answers after a while."""

    def __init__(self, clock: RunClock, says_yes_after_s: float) -> None:
        self._clock, self._yes_s, self.n_asked = clock, says_yes_after_s, 0
        self.services = SimpleNamespace(get_characteristic=lambda _uuid: object())

    async def start_notify(self, _characteristic: str, _callback: Any) -> None:
        self.n_asked += 1
        if self._clock() < self._yes_s:
            raise BleakGATTProtocolError(0x05)

    async def pair(self) -> None:
        raise NotImplementedError("Pairing is not available in Core Bluetooth.")


async def is_never_said() -> bool:
    return False


@pytest.mark.parametrize(("yes_s", "reason"), [(10.0, None), (1000.0, "dialog")])
def test_on_a_mac_the_request_is_repeated_while_its_user_reads_the_dialog(yes_s: float, reason: str | None) -> None:
    async def main() -> None:
        clock = RunClock()
        client = MacClient(clock, yes_s)
        wire = Wire(client, "id", "HRM 600", clock, lambda _n: None, is_never_said)  # type: ignore[arg-type]
        if reason is None:
            await wire.subscribe(RSC)
            assert 10.0 <= clock() < 14.0
        else:
            with pytest.raises(LinkError, match="say yes to the system's question") as caught:
                await wire.subscribe(RSC)
            assert caught.value.reason == reason
            assert clock() < 40.0

    run_jumping(main())


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (BleakError("Could not get GATT services: Unreachable"), "unreachable"),
        (BleakError("Could not start notify on 001F: Access Denied"), "access_denied"),
        (BleakDBusError("org.bluez.Error.NotPermitted", ["Not paired"]), "needs_bond"),
        (BleakDBusError("org.bluez.Error.NotPermitted", ["Read not permitted"]), "rejected"),
        (BleakDBusError("org.bluez.Error.NotPermitted", []), "needs_bond"),
    ],
)
def test_what_wants_no_pairing_is_not_taken_for_what_does(fault: Exception, reason: str) -> None:
    assert explain(fault, "Shoe").reason == reason


@pytest.mark.skipif(sys.platform != "linux", reason="BlueZ is of Linux")
def test_the_agent_answers_for_the_sensors_that_are_set_up_and_no_other() -> None:
    from collections import Counter

    from dbus_fast import Message, MessageType

    from coach.radio.agent import _answer

    def asked(path: str) -> MessageType:
        message = Message("org.a.b", "/p", "org.bluez.Agent1", "RequestAuthorization", signature="o", body=[path])
        message.sender, message.serial = ":1.1", 7
        reply = _answer(Counter({"/org/bluez/hci0/dev_A": 1}), message)
        assert reply is not None
        return reply.message_type

    assert asked("/org/bluez/hci0/dev_A") is MessageType.METHOD_RETURN
    assert asked("/org/bluez/hci0/dev_B") is MessageType.ERROR
