"""What the link says and does about silence, batteries, adapters, other phones, pairing and missing parts."""

import subprocess
import sys

import pytest
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakCharacteristicNotFoundError,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)

from coach.errors import LinkError
from coach.model.links import LinkStatus, SensorUse
from coach.model.sites import WearSite
from coach.packets.commands import link_plan
from coach.radio.session import connected
from coach.radio.virtual.world import VirtualWorld
from coach.radio.words import ADAPTER_REASONS, LOSS_WORDS, adapter_error, explain, loss_error
from firmware_config.loader import load_profile
from tests.support.radio import Diary, SwingingBody, link_set, run_jumping, until


class Bench:
    """One heart rate strap, linked."""

    def __init__(self) -> None:
        self.world = VirtualWorld(SwingingBody())
        self.clock = self.world.clock
        self.diary = Diary()
        self.links = link_set(self.world, self.diary)

    async def link(self, twin: object, profile_id: str, wear_site: WearSite | None = None) -> str:
        await self.world.start()
        use = SensorUse(twin.sensor_id, twin.identity.name, profile_id, wear_site)
        self.links.add(link_plan(load_profile(profile_id), use))
        return twin.sensor_id

    async def said(self, sensor_id: str, reason: str, times: int = 1) -> str:
        await until(lambda: self.diary.reasons(sensor_id).count(reason) >= times, self.clock, within_s=120)
        return next(e.words for e in reversed(self.diary.events) if (e.sensor_id, e.reason) == (sensor_id, reason))

    async def end(self) -> None:
        await self.links.stop()
        await self.world.stop()


def test_an_adapter_that_breaks_in_mid_run_is_reported_and_taken_up_again() -> None:
    async def main() -> None:
        bench = Bench()
        strap = await bench.link(bench.world.add_heart_rate_strap(), "heart_rate")
        await bench.said(strap, "streaming")
        await bench.world.central.break_down(BleakBluetoothNotAvailableReason.POWERED_OFF)
        words = await bench.said(strap, "adapter_off")
        assert words.startswith("Bluetooth is switched off: ")
        bench.world.central.fault = None
        await bench.said(strap, "streaming", times=2)
        await bench.end()

    run_jumping(main())


def test_a_sensor_that_another_phone_holds_is_said_to_be_held_and_taken_once_it_is_free() -> None:
    async def main() -> None:
        bench = Bench()
        twin = bench.world.add_heart_rate_strap()
        await bench.world.start()
        await bench.world.occupy(twin.sensor_id)
        strap = await bench.link(twin, "heart_rate")
        words = await bench.said(strap, "not_heard")
        assert "held by another phone or app" in words
        await bench.world.release(strap)
        await bench.said(strap, "streaming")
        await bench.end()

    run_jumping(main())


def test_a_battery_that_runs_low_is_said_at_the_start_and_during_the_run() -> None:
    async def main() -> None:
        bench = Bench()
        strap = await bench.link(bench.world.add_heart_rate_strap(battery_pct=18), "heart_rate")
        assert "battery at 18 %" in await bench.said(strap, "battery_low")
        await bench.said(strap, "streaming")
        await bench.world.set_battery(strap, 9)
        await bench.said(strap, "battery_low", times=2)
        assert bench.links.links[strap].state.battery_pct == 9
        bench.world.twins[strap].battery_pct = 4  # reported by nobody: read again within five minutes
        await bench.clock.sleep(310)
        assert bench.diary.reasons(strap).count("battery_low") == 3
        await bench.end()

    run_jumping(main())


def test_a_silent_sensor_is_said_within_three_seconds_and_connected_again_after_thirty() -> None:
    async def main() -> None:
        bench = Bench()
        twin = bench.world.add_heart_rate_strap()
        strap = await bench.link(twin, "heart_rate")
        await bench.said(strap, "streaming")
        twin.lose_packets(1.0)
        last_s = bench.diary.of(strap, "00002a37-0000-1000-8000-00805f9b34fb")[-1].t_s
        await bench.said(strap, "silent")
        assert bench.diary.events[-1].t_s - last_s < 3.5
        await bench.said(strap, "stalled")
        twin.lose_packets(0.0)
        await bench.said(strap, "streaming", times=2)
        await bench.end()

    run_jumping(main())


def test_a_sensor_that_wants_to_be_paired_first_is_paired_and_started() -> None:
    async def main() -> None:
        bench = Bench()
        twin = bench.world.add_polar_h10(is_shy=True)
        await bench.link(twin, "polar_h10", WearSite.CHEST)
        await bench.said(twin.sensor_id, "streaming")
        assert twin.connection.is_encrypted
        await bench.end()

    run_jumping(main())


def test_an_h10_is_not_left_on_when_a_run_ends() -> None:
    async def main() -> None:
        bench = Bench()
        twin = bench.world.add_polar_h10()
        await bench.link(twin, "polar_h10", WearSite.CHEST)
        await bench.said(twin.sensor_id, "streaming")
        await bench.world.drop(twin.sensor_id)
        assert twin.is_left_on
        await bench.said(twin.sensor_id, "streaming", times=2)
        await bench.links.stop()
        assert not twin.is_left_on
        await bench.end()

    run_jumping(main())


def test_a_sensor_of_another_kind_is_reported_and_never_passes_for_streaming() -> None:
    async def main() -> None:
        bench = Bench()
        twin = bench.world.add_heart_rate_strap()
        await bench.link(twin, "movesense", WearSite.LEFT_FOOT)
        assert "lacks what its profile needs" in await bench.said(twin.sensor_id, "wrong_sensor")
        assert LinkStatus.STREAMING not in bench.diary.statuses(twin.sensor_id)
        await bench.end()

    run_jumping(main())


def test_stopping_while_a_sensor_is_still_looked_for_takes_no_time() -> None:
    async def main() -> None:
        bench = Bench()
        twin = bench.world.add_heart_rate_strap()
        bench.world.go_away(twin.sensor_id)
        await bench.link(twin, "heart_rate")
        await bench.clock.sleep(2)
        begun_s = bench.clock()
        await bench.links.stop()
        assert bench.clock() - begun_s < 1
        await bench.end()

    run_jumping(main())


def test_a_connection_is_closed_even_when_its_use_fails() -> None:
    async def main() -> None:
        bench = Bench()
        twin = bench.world.add_heart_rate_strap()
        await bench.world.start()
        radio = bench.links._radio
        with pytest.raises(RuntimeError, match="on purpose"):
            async with connected(radio, SensorUse(twin.sensor_id, "strap", "heart_rate"), lambda _n: None):
                raise RuntimeError("on purpose")
        assert twin.connection is None
        await bench.end()

    run_jumping(main())


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (BleakBluetoothNotAvailableError("x", BleakBluetoothNotAvailableReason.DENIED_BY_USER), "no_permission"),
        (BleakBluetoothNotAvailableError("x", BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE), "no_adapter"),
        (BleakDeviceNotFoundError("x"), "not_heard"),
        (BleakCharacteristicNotFoundError("2a53"), "wrong_sensor"),
        (BleakGATTProtocolError(0x05), "needs_bond"),
        (BleakGATTProtocolError(0x80), "rejected"),
        (BleakDBusError("org.bluez.Error.AuthenticationRejected", []), "bond_refused"),
        (BleakDBusError("org.bluez.Error.InProgress", []), "busy"),
        (BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", ["x"]), "no_permission"),
        (BleakError("Service Discovery has not been performed yet"), "dropped"),
        (BleakError("failed to discover services, device disconnected"), "dropped"),
        (BleakError("something new"), "radio_fault"),
        (TimeoutError(), "no_answer"),
        (FileNotFoundError(2, "no bus"), "no_bluetooth_service"),
        (PermissionError(13, "no"), "no_permission"),
    ],
)
def test_every_exception_of_bleak_becomes_a_reason(fault: Exception, reason: str) -> None:
    assert explain(fault, "Shoe").reason == reason


@pytest.mark.parametrize("reason", sorted(ADAPTER_REASONS))
def test_each_system_has_its_own_remedy(reason: str) -> None:
    words = {str(adapter_error(reason, platform)) for platform in ("linux", "darwin", "win32")}
    assert len(words) == 3


def test_no_two_losses_are_said_alike() -> None:
    words = {str(loss_error(reason, "Shoe", "detail", 3.0)) for reason in LOSS_WORDS}
    assert len(words) == len(LOSS_WORDS)
    assert all("\n" not in line for line in words)


def test_without_bumble_the_virtual_radio_says_which_extra_to_install() -> None:
    program = """
import sys
sys.modules["bumble"] = None
import coach.service.sensors.service
from coach.errors import LinkError
from coach.radio.virtual.world import VirtualWorld
try:
    VirtualWorld(None)
except LinkError as fault:
    print(fault.reason, fault)
"""
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert out.startswith("no_virtual_radio ")
    assert "running-coach[demo]" in out


def test_a_link_error_passes_through_unchanged() -> None:
    fault = LinkError("refused", "in its own words")
    assert explain(fault) is fault
