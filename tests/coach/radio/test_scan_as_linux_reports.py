"""Finding sensors where an advertiser is reported as sparsely as Linux does it: once for each scan, not again."""

import asyncio
import contextlib

import pytest

from coach.model.links import LinkStatus, SensorUse
from coach.model.steps import LinkPlan
from coach.radio.links import open_radio
from coach.radio.session import Radio
from coach.radio.virtual.central import BLUEZ_BEFORE_5_88, GENEROUS, NEWEST_BLUEZ, Reporting
from coach.radio.virtual.twins.running_pod import RunningPod
from coach.radio.virtual.world import VirtualWorld
from tests.support.radio import Diary, SwingingBody, link_set, run_jumping, until

RSC = "00002a53-0000-1000-8000-00805f9b34fb"
ABSENT = "F0:0D:00:00:00:FF"
every_computer = pytest.mark.parametrize(
    "reporting", [NEWEST_BLUEZ, BLUEZ_BEFORE_5_88, GENEROUS], ids=["after 5.87", "before 5.88", "generous"]
)


def plan(sensor_id: str) -> LinkPlan:
    return LinkPlan(SensorUse(sensor_id, "Demo RunPod", "running_speed_cadence"), subscribe=(RSC,))


@contextlib.asynccontextmanager
async def pod_heard_by(reporting: Reporting):  # type: ignore[no-untyped-def]
    world = VirtualWorld(SwingingBody())
    world.central.reporting = reporting
    pod = world.add_running_pod()
    await world.start()
    try:
        yield world, pod, open_radio(world.backend, world.clock)
    finally:
        await world.stop()


async def listed(radio: Radio) -> list[str]:
    return [sensor.sensor_id for sensor in radio.ear.found()]


@pytest.mark.parametrize(
    ("reporting", "seconds", "n_reports"),
    [(NEWEST_BLUEZ, 60.0, 1), (BLUEZ_BEFORE_5_88, 56.0, 6)],
    ids=["after 5.87 once for each scan", "before 5.88 once for each scan enable"],
)
def test_a_still_sensor_is_reported_as_seldom_as_on_linux(reporting: Reporting, seconds: float, n_reports: int) -> None:
    async def main() -> None:
        async with pod_heard_by(reporting) as (world, _pod, _radio):
            reports: list[str] = []
            scanner = world.backend.make_scanner(lambda device, _advertisement: reports.append(device.address))
            await scanner.start()
            await world.clock.sleep(seconds)
            await scanner.stop()
            assert len(reports) == n_reports

    run_jumping(main())


@every_computer
def test_what_the_page_lists_can_be_found_at_once_however_often_it_is_asked_for(reporting: Reporting) -> None:
    async def main() -> None:
        async with pod_heard_by(reporting) as (world, pod, radio), radio.ear.listening():
            await until(lambda: bool(radio.ear.found()), world.clock)
            for pause_s in (2, 1, 3, 2, 4, 1, 2, 3):
                await world.clock.sleep(pause_s)
                for _ in ("to meet it", "to connect"):
                    asked_s = world.clock()
                    assert await radio.ear.find(pod.sensor_id, 8.0) is not None
                    assert world.clock() - asked_s < 1.0

    run_jumping(main())


@every_computer
def test_a_row_stays_while_its_sensor_advertises_and_goes_when_it_stopped(reporting: Reporting) -> None:
    async def main() -> None:
        async with pod_heard_by(reporting) as (world, pod, radio), radio.ear.listening():
            await until(lambda: bool(radio.ear.found()), world.clock)
            for _ in range(120):
                await world.clock.sleep(1.0)
                assert await listed(radio) == [pod.sensor_id]
            world.die(pod.sensor_id)
            await world.clock.sleep(45.0)
            assert await listed(radio) == []

    run_jumping(main())


@every_computer
def test_a_sensor_left_at_home_starves_no_other(reporting: Reporting) -> None:
    """Two feet, one absent: the other links within 15 s, and comes back within 15 s after each loss."""

    async def main() -> None:
        async with pod_heard_by(reporting) as (world, pod, _radio):
            diary = Diary()
            links = link_set(world, diary)
            links.add(plan(ABSENT))
            await world.clock.sleep(3.0)
            links.add(plan(pod.sensor_id))
            for n_streams in (1, 2, 3, 4):
                await until(
                    lambda n=n_streams: diary.statuses(pod.sensor_id).count(LinkStatus.STREAMING) == n,
                    world.clock,
                    within_s=15.0,
                )
                await world.clock.sleep(4.0)
                await world.drop(pod.sensor_id)
            assert "not_heard" in diary.reasons(ABSENT)
            await links.stop()

    run_jumping(main())


@every_computer
def test_a_connect_that_fails_is_tried_again_within_15_s(reporting: Reporting, monkeypatch: pytest.MonkeyPatch) -> None:
    """One connect in ten fails (facts of real BlueZ); meanwhile another link keeps the scan open."""

    async def main() -> None:
        async with pod_heard_by(reporting) as (world, pod, _radio):
            fails = iter([True, True, False])
            connect = world.central.device.connect

            async def flaky(*args: object, **kwargs: object) -> object:
                if next(fails):
                    raise TimeoutError
                return await connect(*args, **kwargs)

            monkeypatch.setattr(world.central.device, "connect", flaky)
            diary = Diary()
            links = link_set(world, diary)
            links.add(plan(ABSENT))
            links.add(plan(pod.sensor_id))
            await until(lambda: LinkStatus.STREAMING in diary.statuses(pod.sensor_id), world.clock, within_s=15.0)
            assert diary.reasons(pod.sensor_id).count("refused") == 2
            await links.stop()

    run_jumping(main())


def test_an_advertiser_is_not_heard_while_it_is_connected() -> None:
    async def main() -> None:
        async with pod_heard_by(GENEROUS) as (world, pod, radio):
            diary = Diary()
            links = link_set(world, diary)
            links.add(plan(pod.sensor_id))
            await until(lambda: LinkStatus.STREAMING in diary.statuses(pod.sensor_id), world.clock)
            assert await radio.ear.find(pod.sensor_id, 5.0) is None
            await links.stop()
            assert await radio.ear.find(pod.sensor_id, 5.0) is not None

    run_jumping(main())


def test_a_sensor_that_is_switched_on_during_the_search_is_found() -> None:
    async def main() -> None:
        world = VirtualWorld(SwingingBody())
        await world.start()
        radio = open_radio(world.backend, world.clock)
        search = asyncio.create_task(radio.ear.find("F0:00:00:00:18:14", 30.0))
        await world.clock.sleep(14.0)
        pod = RunningPod(world.air, world.clock, SwingingBody())
        await pod.start()
        assert await search is not None
        assert world.clock() < 15.0
        await pod.stop()
        await world.stop()

    run_jumping(main())
