"""Links over the virtual radio: pair, stream, lose, return, stop; through bleak's public API with real GATT."""

import contextlib
import struct
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from bleak.exc import BleakDBusError
from bumble.gatt import Characteristic, CharacteristicValue, Service

from coach.model.links import LinkStatus, SensorUse
from coach.model.sites import WearSite
from coach.model.steps import Conversation, LinkPlan, Write, ask
from coach.radio.backend import Backend
from coach.radio.virtual.twin import Identity, P, Twin, uuid
from coach.radio.virtual.twins.running_pod import RunningPod
from coach.radio.virtual.world import VirtualWorld
from tests.support.radio import Diary, SwingingBody, link_set, run_jumping, until

RSC = "00002a53-0000-1000-8000-00805f9b34fb"
BATTERY = "00002a19-0000-1000-8000-00805f9b34fb"
GSP_COMMAND = "34800001-7185-4d5d-b431-630e7050e8f0"
GSP_DATA = "34800002-7185-4d5d-b431-630e7050e8f0"


def pod_plan(sensor_id: str) -> LinkPlan:
    return LinkPlan(SensorUse(sensor_id, "Demo RunPod", "running_speed_cadence"), subscribe=(RSC,))


def shoe_plan(sensor_id: str, site: WearSite) -> LinkPlan:
    def start() -> Conversation[None]:
        command = Write(GSP_COMMAND, b"\x01\x63/Meas/IMU6/208")
        answer = yield from ask(command, GSP_DATA, lambda heard: heard[:2] == b"\x01\x63")
        assert answer == b"\x01\x63\xc8\x00"

    def stop() -> Conversation[None]:
        yield Write(GSP_COMMAND, b"\x02\x63")

    return LinkPlan(SensorUse(sensor_id, "Movesense", "movesense", site), (GSP_DATA,), start=start, stop=stop)


@contextlib.asynccontextmanager
async def linked_pod() -> AsyncIterator[tuple[VirtualWorld, RunningPod, Diary]]:
    """A pod of the virtual radio whose link streams."""
    world = VirtualWorld(SwingingBody())
    pod = world.add_running_pod()
    await world.start()
    diary = Diary()
    links = link_set(world, diary)
    links.add(pod_plan(pod.sensor_id))
    await until(lambda: LinkStatus.STREAMING in diary.statuses(pod.sensor_id), world.clock)
    yield world, pod, diary
    await links.stop()
    await world.stop()


def first_times_ms(payloads: list[bytes]) -> list[int]:
    return [struct.unpack_from("<I", payload, 2)[0] for payload in payloads if payload[0] == 2]


def test_a_pod_and_two_shoes_stream_at_once_and_stop() -> None:
    async def main() -> None:
        world = VirtualWorld(SwingingBody())
        pod = world.add_running_pod()
        shoes = [world.add_movesense(site) for site in (WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT)]
        await world.start()
        diary = Diary()
        links = link_set(world, diary)
        links.add(pod_plan(pod.sensor_id))
        for shoe in shoes:
            links.add(shoe_plan(shoe.sensor_id, shoe.wear_site))
        ids = [twin.sensor_id for twin in (pod, *shoes)]
        await until(lambda: all(LinkStatus.STREAMING in diary.statuses(i) for i in ids), world.clock)
        start_s = world.clock()
        n_before = len(diary.of(shoes[0].sensor_id, GSP_DATA))
        await world.clock.sleep(20)
        n_in_20_s = len(diary.of(shoes[0].sensor_id, GSP_DATA)) - n_before
        assert abs(n_in_20_s - 20 * 52) <= 2
        assert len([n for n in diary.of(pod.sensor_id, RSC) if n.t_s > start_s]) in (19, 20)
        assert links.links[shoes[0].sensor_id].state.use.manufacturer == "Movesense"
        assert links.links[pod.sensor_id].state.battery_pct == 90.0
        await links.stop()
        assert all(twin.connection is None for twin in world.twins.values())
        assert [diary.statuses(i)[-1] for i in ids] == [LinkStatus.STOPPED] * 3
        await world.stop()

    run_jumping(main())


def test_after_a_drop_the_sensor_is_back_without_duplicates() -> None:
    async def main() -> None:
        world = VirtualWorld(SwingingBody())
        shoe = world.add_movesense(WearSite.LEFT_FOOT)
        await world.start()
        diary = Diary()
        links = link_set(world, diary)
        links.add(shoe_plan(shoe.sensor_id, shoe.wear_site))
        for n_connections in (1, 2, 3):
            await until(
                lambda n=n_connections: diary.statuses(shoe.sensor_id).count(LinkStatus.STREAMING) == n, world.clock
            )
            await world.clock.sleep(5)
            await world.drop(shoe.sensor_id)
            await until(lambda n=n_connections: diary.reasons(shoe.sensor_id).count("dropped") == n, world.clock)
        await links.stop()
        times = first_times_ms([n.payload for n in diary.of(shoe.sensor_id, GSP_DATA)])
        assert len(times) > 3 * 5 * 26
        assert len(times) == len(set(times))
        assert times == sorted(times)
        await world.stop()

    run_jumping(main())


def test_out_of_range_is_silence_then_loss_and_coming_back_streams_again() -> None:
    async def main() -> None:
        async with linked_pod() as (world, pod, diary):
            world.go_away(pod.sensor_id, supervision_s=6)
            gone_s = world.clock()
            await until(lambda: LinkStatus.SILENT in diary.statuses(pod.sensor_id), world.clock)
            assert world.clock() - gone_s < 4.5
            await until(lambda: "not_heard" in diary.reasons(pod.sensor_id), world.clock)
            assert "out_of_range" in diary.reasons(pod.sensor_id)
            world.come_back(pod.sensor_id)
            await until(lambda: diary.statuses(pod.sensor_id).count(LinkStatus.STREAMING) == 2, world.clock)

    run_jumping(main())


@pytest.mark.parametrize(("n_aborted", "within_s"), [(0, 2.0), (1, 5.0)])
def test_a_connection_that_bluez_aborts_leaves_time_for_another_within_5_s(n_aborted: int, within_s: float) -> None:
    """One in ten ends at once with `le-connection-abort-by-local`."""

    async def main() -> None:
        world = VirtualWorld(SwingingBody())
        pod = world.add_running_pod()
        await world.start()
        client_class = world.backend.client
        assert client_class is not None
        n_left = n_aborted

        class Aborting(client_class):  # type: ignore[valid-type, misc]
            async def connect(self, *args: Any, **options: Any) -> None:
                nonlocal n_left
                n_left -= 1
                if n_left >= 0:
                    raise BleakDBusError("org.bluez.Error.Failed", ["le-connection-abort-by-local"])
                await super().connect(*args, **options)

        diary = Diary()
        links = link_set(world, diary)
        links._radio = replace(links._radio, backend=Backend(world.backend.scanner, Aborting))
        tapped_s = world.clock()
        links.add(pod_plan(pod.sensor_id))
        await until(lambda: bool(diary.of(pod.sensor_id, RSC)), world.clock)
        assert world.clock() - tapped_s < within_s
        assert diary.statuses(pod.sensor_id).count(LinkStatus.LOST) == n_aborted
        await links.stop()
        await world.stop()

    run_jumping(main())


class MutePod(Twin):
    """Takes the subscription, notifies nothing, and answers reads."""

    def __init__(self, world: VirtualWorld) -> None:
        identity = Identity("Mute RunPod", "F0:0D:00:00:00:AA", "Any", "Any", "1", services=(uuid("1814"),))
        super().__init__(world.air, world.clock, identity)
        self.n_reads = 0
        value = CharacteristicValue(read=lambda _bearer: self._measure())
        measurement = Characteristic(uuid("2A53"), P.READ | P.NOTIFY, Characteristic.READABLE, value)
        self.device.add_service(Service(uuid("1814"), [measurement]))

    def _measure(self) -> bytes:
        self.n_reads += 1
        return struct.pack("<BHBI", 2, 768, 84, self.n_reads)


def test_a_pod_that_only_answers_reads_is_read_once_a_second_after_5_s() -> None:
    async def main() -> None:
        world = VirtualWorld(SwingingBody())
        await world.start()
        pod = MutePod(world)
        await pod.start()
        diary = Diary()
        links = link_set(world, diary)
        links.add(pod_plan(pod.sensor_id))
        await until(lambda: LinkStatus.STREAMING in diary.statuses(pod.sensor_id), world.clock, within_s=10.0)
        assert pod.n_reads == 1
        await world.clock.sleep(10.0)
        assert pod.n_reads in (10, 11)
        assert LinkStatus.LOST not in diary.statuses(pod.sensor_id)
        await links.stop()
        await pod.stop()
        await world.stop()

    run_jumping(main())


def test_a_pod_that_has_notified_is_not_read_when_it_falls_silent() -> None:
    async def main() -> None:
        async with linked_pod() as (world, pod, diary):
            pod.lose_packets(1.0)
            await world.clock.sleep(12.0)
            assert diary.statuses(pod.sensor_id)[-1] is LinkStatus.SILENT

    run_jumping(main())
