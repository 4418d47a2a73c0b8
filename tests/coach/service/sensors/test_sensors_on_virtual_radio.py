"""The sensor service over the virtual radio: find, pair, place, look, set up, check, run; called from this thread.

Time stops but for what the service and the tests wait for, so a busy machine sees what an idle one does; one
test runs on the real loop in its own thread.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from bleak.exc import BleakBluetoothNotAvailableReason

from coach.errors import CoachError, LinkError, UserError
from coach.model.links import LinkEvent, LinkStatus, SensorUse
from coach.model.samples import Gap, Notification, StreamReport
from coach.model.sites import WearSite
from coach.radio.clock import RunClock
from coach.radio.virtual.central import BLUEZ_BEFORE_5_88, GENEROUS, NEWEST_BLUEZ, Reporting
from coach.radio.virtual.world import VirtualWorld
from coach.service.event_loop import LoopThread
from coach.service.sensors.service import SensorService
from coach.storage.store import Store
from tests.support.radio import JumpingBody, JumpingLoop, LiftingBody, SwingingBody


class JumpingLoopHere(LoopThread):
    """The service's loop without a thread: it runs on this one while something is asked of it, and its time jumps."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner(loop_factory=JumpingLoop)
        self.loop = self._runner.get_loop()

    def do(self, work: Coroutine[Any, Any, Any], timeout_s: float | None = 60.0) -> Any:
        async def within() -> Any:
            return await asyncio.wait_for(work, timeout_s)

        return self._runner.run(within())

    def close(self) -> None:
        self._runner.close()


class Bench:
    """A service, its world and its loop."""

    def __init__(self, folder: Path, loop: LoopThread, body: SwingingBody | None = None) -> None:
        self.loop = loop
        worn = body or JumpingBody()
        self.world = self.loop.call(lambda: VirtualWorld(worn, RunClock()))
        self.left = self.loop.call(lambda: self.world.add_movesense(WearSite.LEFT_FOOT))
        self.right = self.loop.call(lambda: self.world.add_movesense(WearSite.RIGHT_FOOT))
        self.pod = self.loop.call(self.world.add_running_pod)
        self.loop.do(self.world.start())
        self.store = Store(folder / "coach.db")
        self.service = SensorService(self.store, self.loop, self.world.backend)
        self.service.checks.on_check = lambda: setattr(worn, "jumps_s", self.world.clock())

    def close(self) -> None:
        self.service.close()
        self.loop.do(self.world.stop())
        self.loop.close()
        self.store.close()

    def until(self, is_so: Callable[[], bool], within_s: float = 120.0) -> None:
        end_s = self.loop.loop.time() + within_s
        while not is_so():
            assert self.loop.loop.time() < end_s, "it never came so"
            self.loop.do(asyncio.sleep(0.1))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path, JumpingLoopHere())
    yield bench
    bench.close()


def test_all_of_it_works_from_another_thread_in_real_time(tmp_path: Path) -> None:
    with contextlib.closing(Bench(tmp_path, LoopThread())) as bench:
        bench.until(lambda: len(bench.service.surroundings().found) == 3)
        bench.service.pair(bench.left.sensor_id, WearSite.LEFT_FOOT)
        bench.until(lambda: [state.is_ready for state in bench.service.states()] == [True])


def test_what_is_around_is_found_by_profile_with_the_page_asking(bench: Bench) -> None:
    bench.until(lambda: len(bench.service.surroundings().found) == 3)
    around = bench.service.surroundings()
    assert {s.profile_id for s in around.found} == {"movesense", "running_speed_cadence"}
    assert around.is_scanning
    assert around.problem is None


def test_a_machine_without_adapter_says_so_and_what_to_do(bench: Bench) -> None:
    bench.loop.do(bench.world.central.break_down(BleakBluetoothNotAvailableReason.NO_BLUETOOTH))
    with pytest.raises(LinkError, match="no Bluetooth LE adapter: ") as caught:
        bench.service.scan(1.0)
    assert caught.value.reason == "no_adapter"
    bench.service.surroundings()
    bench.until(lambda: bench.service.surroundings().problem is not None)
    assert bench.service.problem() == str(caught.value)


def test_a_paired_sensor_is_known_placed_and_forgotten(bench: Bench) -> None:
    use = bench.service.pair(bench.left.sensor_id, WearSite.LEFT_FOOT)
    assert (use.profile_id, use.manufacturer, use.firmware) == ("movesense", "Movesense", "2.3.1")
    assert bench.service.book.remembered() == [use]
    bench.service.pair(bench.right.sensor_id, WearSite.LEFT_FOOT)
    sites = {u.sensor_id: u.wear_site for u in bench.service.book.remembered()}
    assert sites == {bench.left.sensor_id: None, bench.right.sensor_id: WearSite.LEFT_FOOT}
    bench.service.book.place(bench.right.sensor_id, WearSite.RIGHT_FOOT)
    assert bench.service.book.remembered_one(bench.right.sensor_id).wear_site is WearSite.RIGHT_FOOT
    bench.service.forget(bench.left.sensor_id)
    with pytest.raises(UserError, match="no such sensor"):
        bench.service.book.place(bench.left.sensor_id, WearSite.LEFT_FOOT)
    with pytest.raises(UserError, match="cannot be worn"):
        bench.service.pair(bench.pod.sensor_id, WearSite.LEFT_SHANK)


def test_a_profile_nobody_has_is_refused_with_those_there_are(bench: Bench) -> None:
    bench.until(lambda: len(bench.service.surroundings().found) == 3)
    with pytest.raises(CoachError, match="no such profile; there are ant_heart_rate, ant_stride"):
        bench.service.pair(bench.left.sensor_id, WearSite.LEFT_FOOT, profile_id="left_boot")


def test_setting_up_shows_what_it_is_and_warns_of_a_range_that_ruins_the_data(bench: Bench) -> None:
    bench.left._acc_range_g = 8
    bench.service.pair(bench.left.sensor_id, WearSite.LEFT_FOOT)
    settings = bench.service.configure(bench.left.sensor_id)
    assert ("acceleration range", "8 g") in settings.after
    assert any("below 16 g" in warning for warning in settings.warnings)
    assert bench.service.read_settings(bench.left.sensor_id).after == settings.after


def test_looking_shows_a_live_signal_rate_and_battery_and_says_what_is_missing(bench: Bench) -> None:
    bench.service.pair(bench.left.sensor_id)
    bench.service.pair(bench.pod.sensor_id)
    bench.until(lambda: all(state.signal for state in bench.service.states()))
    shoe, pod = sorted(bench.service.states(), key=lambda state: state.use.profile_id)
    assert (shoe.signal_unit, pod.signal_unit) == ("g", "m/s")
    assert not shoe.is_ready
    assert "Choose where" in shoe.words
    assert pod.is_ready
    bench.service.book.place(bench.left.sensor_id, WearSite.LEFT_FOOT)
    bench.until(lambda: all(state.is_ready for state in bench.service.states()))
    bench.until(lambda: any(abs((state.rate_hz or 0) - 208) < 4 for state in bench.service.states()))
    assert [state.battery_pct for state in bench.service.states()] == [90.0, 90.0]


def test_three_jumps_show_that_both_feet_are_well(bench: Bench) -> None:
    bench.service.pair(bench.left.sensor_id, WearSite.LEFT_FOOT)
    bench.service.pair(bench.right.sensor_id, WearSite.RIGHT_FOOT)
    checked = bench.service.checks.check(6.0)
    assert checked.is_good, checked
    assert all(sensor.n_landings == 3 and abs((sensor.rate_hz or 0) - 208) < 4 for sensor in checked.sensors)
    bench.loop.do(bench.world.drop(bench.right.sensor_id))
    bench.loop.call(lambda: bench.world.die(bench.right.sensor_id))
    checked = bench.service.checks.check(4.0)
    assert not checked.is_good
    assert [bool(sensor.problems) for sensor in checked.sensors] == [False, True]


@pytest.mark.parametrize("is_left_first", [True, False])
def test_lifting_the_left_foot_finds_it_in_whatever_order_shoes_were_paired(
    tmp_path: Path, is_left_first: bool
) -> None:
    with contextlib.closing(Bench(tmp_path, JumpingLoopHere(), LiftingBody(WearSite.LEFT_FOOT))) as bench:
        shoes = [bench.left, bench.right] if is_left_first else [bench.right, bench.left]
        for shoe, guess in zip(shoes, (WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT), strict=True):
            bench.service.pair(shoe.sensor_id, guess)
        found = bench.service.checks.lift(4.0)
        assert (found.left, found.right) == (bench.left.sensor_id, bench.right.sensor_id)
        sites = {use.sensor_id: use.wear_site for use in bench.service.book.remembered()}
    assert sites == {bench.left.sensor_id: WearSite.LEFT_FOOT, bench.right.sensor_id: WearSite.RIGHT_FOOT}


@pytest.mark.parametrize(
    ("lifted", "words"), [((WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT), "Both moved"), ((), "No shoe moved")]
)
def test_where_lifting_shows_no_side_nothing_is_placed_and_the_reason_is_said(
    tmp_path: Path, lifted: tuple[WearSite, ...], words: str
) -> None:
    with contextlib.closing(Bench(tmp_path, JumpingLoopHere(), LiftingBody(*lifted))) as bench:
        with pytest.raises(UserError, match="by hand"):
            bench.service.checks.lift(4.0)
        for shoe in (bench.left, bench.right):
            bench.service.pair(shoe.sensor_id)
        found = bench.service.checks.lift(4.0)
        assert (found.left, found.right) == (None, None)
        assert words in found.words
        assert [use.wear_site for use in bench.service.book.remembered()] == [None, None]


def test_a_run_takes_the_sensors_over_and_gives_them_back(bench: Bench) -> None:
    bench.service.pair(bench.left.sensor_id, WearSite.LEFT_FOOT)
    bench.until(lambda: all(state.is_ready for state in bench.service.states()))
    received: list[Notification] = []
    reported: list[LinkEvent] = []

    async def play() -> asyncio.Task[None]:
        source = bench.service.source(bench.service.book.remembered(), RunClock())
        return asyncio.create_task(source.play(received.append, reported.append))

    playing = bench.loop.do(play())
    bench.until(lambda: any(event.status is LinkStatus.STREAMING for event in reported))
    assert [state.is_ready for state in bench.service.states()] == [True]
    bench.until(lambda: bench.service.states()[0].battery_pct == 90.0, within_s=10.0)
    bench.loop.do(bench.world.set_battery(bench.left.sensor_id, 71))
    bench.until(lambda: bench.service.states()[0].battery_pct == 71.0, within_s=10.0)  # though its link is as it was
    with pytest.raises(UserError, match="a run is on"):
        bench.service.configure(bench.left.sensor_id)
    bench.loop.call(playing.cancel)
    bench.until(lambda: playing.done())
    assert received[0].t_s < 10.0
    assert bench.left.connection is None
    bench.until(lambda: all(state.is_ready for state in bench.service.states()))


@pytest.mark.parametrize("reporting", [NEWEST_BLUEZ, BLUEZ_BEFORE_5_88, GENEROUS], ids=["after 5.87", "before", "all"])
def test_a_sensor_that_the_open_page_lists_is_paired_at_once_eight_times_of_eight(
    bench: Bench, reporting: Reporting
) -> None:
    bench.world.central.reporting = reporting
    for pause_s in (2, 1, 3, 2, 4, 1, 2, 3):
        for _ in range(4 * pause_s):  # the page asks on while its reader thinks
            bench.loop.do(asyncio.sleep(0.25))
            bench.service.states()
            bench.service.surroundings()
        bench.until(lambda: bench.pod.sensor_id in {s.sensor_id for s in bench.service.surroundings().found})
        tapped_s = bench.loop.loop.time()
        bench.service.pair(bench.pod.sensor_id)
        bench.until(lambda: any(state.signal for state in bench.service.states()), within_s=10.0)
        assert bench.loop.loop.time() - tapped_s < 5.0
        bench.service.forget(bench.pod.sensor_id)


def test_a_bonded_sensor_is_remembered_by_the_address_that_it_keeps(bench: Bench) -> None:
    use = bench.service.pair(bench.left.sensor_id, WearSite.LEFT_FOOT)
    identity = "F0:0D:00:00:00:77"
    bench.service._radio.identities[use.sensor_id] = identity
    bench.service.states()
    assert [u.sensor_id for u in bench.service.book.remembered()] == [identity]
    assert bench.service.book.remembered()[0].wear_site is WearSite.LEFT_FOOT


def test_a_sensor_streams_over_the_connection_it_was_paired_by(bench: Bench) -> None:
    """On BlueZ a disconnect takes 2 s: the runner who taps "pair" would wait for it before the first number."""
    n_connections = 0

    def count(_connection: object) -> None:
        nonlocal n_connections
        n_connections += 1

    bench.pod.device.on("connection", count)
    bench.service.states()
    bench.service.pair(bench.pod.sensor_id)
    bench.until(lambda: any(state.signal for state in bench.service.states()))
    assert n_connections == 1


def test_a_sensor_that_another_phone_holds_is_not_paired_and_nothing_of_it_stays(bench: Bench) -> None:
    bench.until(lambda: bench.pod.sensor_id in {s.sensor_id for s in bench.service.surroundings().found})
    bench.loop.do(bench.world.occupy(bench.pod.sensor_id))
    tapped_s = bench.loop.loop.time()
    with pytest.raises(LinkError, match="another phone") as caught:
        bench.service.pair(bench.pod.sensor_id)
    assert caught.value.reason in ("refused", "not_heard")
    assert bench.loop.loop.time() - tapped_s < 60.0
    assert bench.service.book.remembered() == []
    assert bench.service.states() == []
    bench.loop.do(bench.world.release(bench.pod.sensor_id))
    bench.loop.do(asyncio.sleep(20.0))
    assert bench.pod.connection is None, "nobody asked for it any more"


def test_an_armband_can_be_a_heart_rate_sensor_alone(bench: Bench) -> None:
    armband = bench.loop.call(lambda: bench.world.add_polar_verity_sense(WearSite.LEFT_FOOT))
    bench.loop.do(bench.world.start())
    use = bench.service.pair(armband.sensor_id, profile_id="heart_rate")
    assert (use.profile_id, use.wear_site) == ("heart_rate", None)
    bench.until(lambda: any(state.signal_unit == "bpm" and state.is_ready for state in bench.service.states()))


def report_of(use: SensorUse, n_samples: int, n_missing: int, gaps: tuple[Gap, ...] = ()) -> StreamReport:
    return StreamReport(
        use.sensor_id, use.profile_id, use.wear_site, n_samples=n_samples, n_missing=n_missing, gaps=gaps
    )


def test_a_sensor_that_lost_too_much_is_asked_for_half_the_rate_and_says_so_until_it_is_set_up(bench: Bench) -> None:
    use = bench.service.pair(bench.left.sensor_id, WearSite.LEFT_FOOT)
    other = bench.service.pair(bench.right.sensor_id, WearSite.RIGHT_FOOT)
    (eased,) = bench.service.book.ease([report_of(use, 90_000, 10_000), report_of(other, 100_000, 2_000)])
    assert (eased.sensor_id, eased.settings) == (use.sensor_id, (("rate_hz", "104"),))
    bench.until(lambda: any("104 readings a second: it lost" in state.words for state in bench.service.states()))
    bench.until(
        lambda: any(state.rate_hz is not None and 100 < state.rate_hz < 108 for state in bench.service.states())
    )
    assert bench.service.book.ease([report_of(eased, 90_000, 10_000)]) == [], (
        "no lower rate would resolve the foot strike"
    )
    bench.service.configure(use.sensor_id)
    assert bench.service.book.remembered_one(use.sensor_id).settings == ()


def test_a_lost_connection_a_short_test_and_a_sensor_without_rates_change_nothing(bench: Bench) -> None:
    use = bench.service.pair(bench.left.sensor_id, WearSite.LEFT_FOOT)
    pod = bench.service.pair(bench.pod.sensor_id)
    away = Gap(use.sensor_id, use.wear_site, 100.0, 160.0, 12_480)
    assert bench.service.book.ease([report_of(use, 90_000, 13_000, (away,)), report_of(pod, 90_000, 50_000)]) == []
    assert bench.service.book.ease([report_of(use, 2_000, 1_000)]) == []
    assert bench.service.book.remembered_one(use.sensor_id).settings == ()
