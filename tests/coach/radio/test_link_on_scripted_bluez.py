"""Our link over bleak's own BlueZ code, against a scripted org.bluez: its exceptions, its losses, no duplicates."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from dbus_fast import Variant

from coach.errors import LinkError
from coach.model.links import LinkStatus, SensorUse
from coach.model.steps import LinkPlan
from coach.radio.backend import Backend
from coach.radio.clock import RunClock
from coach.radio.links import LinkSet, open_radio
from coach.radio.scan import can_listen
from coach.radio.session import connected
from tests.support.bluez import ADAPTER, ADDRESS, HCI, ScriptedBluez, adapter_properties, private_bus
from tests.support.radio import Diary

RSC = "00002a53-0000-1000-8000-00805f9b34fb"
PLAN = LinkPlan(SensorUse(ADDRESS, "Scripted RunPod", "running_speed_cadence"), subscribe=(RSC,))
SPEED = 8.0  # the links' seconds per second: their back-off and silence pass faster; D-Bus is as fast as it is


class Bench:
    def __init__(self, bluez: ScriptedBluez) -> None:
        self.bluez = bluez
        self.clock = RunClock(SPEED)
        self.radio = open_radio(Backend(), self.clock)
        self.diary = Diary()
        self.links = LinkSet(self.radio, self.diary.notifications.append, self.diary.events.append)

    async def until(self, is_so: Callable[[], bool], within_s: float = 90.0) -> None:
        async with asyncio.timeout(within_s):
            while not is_so():
                await asyncio.sleep(0.02)

    def send(self, number: int) -> None:
        self.bluez.notify(0x2A53, struct.pack("<BHBI", 2, 768, 170, number))

    def numbers(self) -> list[int]:
        return [struct.unpack_from("<I", n.payload, 4)[0] for n in self.diary.of(ADDRESS, RSC)]

    async def stream(self, numbers: range) -> None:
        for number in numbers:
            self.send(number)
            await asyncio.sleep(0.02)

    async def subscribed(self, n_connects: int) -> None:
        await self.until(lambda: self.bluez.n_connects == n_connects and any(self.bluez.subscribers.values()))
        await asyncio.sleep(0.1)  # bleak has its answer, and listens


@contextlib.asynccontextmanager
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_denied: bool = False) -> AsyncIterator[Bench]:
    async with private_bus(tmp_path, is_denied) as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        bluez = ScriptedBluez()
        await bluez.start(address)
        here = Bench(bluez)
        try:
            yield here
        finally:
            await here.links.stop()
            await bluez.stop()
    await asyncio.sleep(0.05)  # bleak's manager sees its bus end and closes it


async def why_not(here: Bench) -> LinkError:
    fault = await can_listen(Backend(), here.clock)
    assert fault is not None
    return fault


async def test_a_pod_streams_is_lost_and_comes_back_without_duplicates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(tmp_path, monkeypatch) as here:
        here.links.add(PLAN)
        for round_number in range(3):
            await here.subscribed(round_number + 1)
            await here.stream(range(10 * round_number, 10 * round_number + 10))
            await here.until(lambda n=round_number: len(here.numbers()) >= 10 * (n + 1))
            here.bluez.lose()
            await here.until(lambda n=round_number: here.diary.statuses(ADDRESS).count(LinkStatus.LOST) == n + 1)
        assert here.numbers() == list(range(30))
        assert here.links.links[ADDRESS].state.battery_pct == 12.0
        assert "battery_low" in here.diary.reasons(ADDRESS)


async def test_a_pod_that_is_not_heard_is_looked_for_until_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(tmp_path, monkeypatch) as here:
        here.bluez.is_in_range = False
        here.links.add(PLAN)
        await here.until(lambda: "not_heard" in here.diary.reasons(ADDRESS))
        assert "held by another phone" in here.diary.events[-1].words
        here.bluez.is_in_range = True
        await here.subscribed(1)


async def test_a_connect_that_bluez_refuses_is_reported_as_held_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(tmp_path, monkeypatch) as here:
        here.bluez.connect_error = ("org.bluez.Error.Failed", "le-connection-abort-by-peer")
        here.links.add(PLAN)
        await here.until(lambda: "refused" in here.diary.reasons(ADDRESS))
        assert "another phone, watch or app may hold it" in here.diary.events[-1].words
        here.bluez.connect_error = None
        await here.until(lambda: bool(here.bluez.subscribers))


async def test_a_sensor_left_connected_by_a_crashed_program_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(tmp_path, monkeypatch) as here:
        here.bluez.connect()
        here.links.add(PLAN)
        await here.until(lambda: any(here.bluez.subscribers.values()))
        await asyncio.sleep(0.1)  # as in `subscribed`
        await here.stream(range(5))
        await here.until(lambda: here.numbers() == list(range(5)))
        assert here.bluez.n_connects == 0


async def test_pairing_that_is_refused_has_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench(tmp_path, monkeypatch) as here:
        here.bluez.pair_error = "org.bluez.Error.AuthenticationFailed"
        with pytest.raises(LinkError, match="refused to pair") as caught:
            async with connected(here.radio, PLAN.use, here.diary.notifications.append, needs_bond=True):
                pass
        assert caught.value.reason == "bond_refused"
        assert here.bluez.n_pairs == 1


async def test_an_adapter_that_vanishes_in_mid_run_is_reported_and_the_run_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(tmp_path, monkeypatch) as here:
        here.links.add(PLAN)
        await here.subscribed(1)
        await here.stream(range(5))
        here.bluez.unplug()
        await here.until(lambda: "no_adapter" in here.diary.reasons(ADDRESS))
        here.bluez.add(HCI, ADAPTER, adapter_properties())
        await here.subscribed(2)
        await here.stream(range(5, 10))
        await here.until(lambda: here.numbers() == list(range(10)))


@pytest.mark.parametrize(
    ("spoil", "reason", "words"),
    [
        (lambda b: b.remove(HCI), "no_adapter", "no Bluetooth LE adapter"),
        (lambda b: b.set(HCI, ADAPTER, Roles=Variant("as", ["peripheral"])), "no_adapter", "no Bluetooth LE adapter"),
        (lambda b: b.set(HCI, ADAPTER, Powered=Variant("b", False)), "adapter_off", "switched off: switch it on"),
    ],
)
async def test_each_fault_of_the_adapter_has_its_own_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[ScriptedBluez], None],
    reason: str,
    words: str,
) -> None:
    async with bench(tmp_path, monkeypatch) as here:
        spoil(here.bluez)
        fault = await why_not(here)
        assert fault.reason == reason
        assert words in str(fault)


async def test_a_bus_that_forbids_bluez_is_a_missing_permission(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(tmp_path, monkeypatch, is_denied=True) as here:
        fault = await why_not(here)
        assert fault.reason == "no_permission"
        assert "group `bluetooth`" in str(fault)


@pytest.mark.parametrize("has_bus", [True, False], ids=["no bluetoothd", "no bus"])
async def test_a_machine_without_bluetooth_service_is_shown_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_bus: bool
) -> None:
    async def ask() -> LinkError | None:
        return await can_listen(Backend(), RunClock())

    await _on_bus_without_bluez(tmp_path, monkeypatch, has_bus, ask)


async def _on_bus_without_bluez(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_bus: bool, ask: Callable[[], Awaitable[LinkError | None]]
) -> None:
    async with private_bus(tmp_path) as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address if has_bus else f"unix:path={tmp_path}/nothing")
        fault = await ask()
        assert fault is not None
        assert fault.reason == "no_bluetooth_service"
        assert "systemctl start bluetooth" in str(fault)
    await asyncio.sleep(0.05)
