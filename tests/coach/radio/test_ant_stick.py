"""ANT+ sensors through openant's driver and pyusb, on a stick that is as mean as one: found, linked, lost, back."""

import asyncio
import errno
import json
import subprocess
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from coach.errors import LinkError
from coach.model.links import LinkEvent, LinkStatus, SensorUse
from coach.model.samples import HeartRateSample, RunningSpeedSample
from coach.packets.commands import link_plan
from coach.packets.decoders import decoder_for
from coach.radio.ant.air import AntAir, can_hear_ant
from coach.radio.ant.messages import MessageFinder, encode, page_in
from coach.radio.ant.stick import UsbStick
from coach.radio.ant.words import ant_error
from coach.radio.backend import Backend
from coach.radio.clock import RunClock
from coach.radio.links import LinkSet, open_radio
from firmware_config.loader import load_profile
from tests.support.ant_stick import FakeUsb, Faults, foot_pod, plugged_in, power_meter, strap
from tests.support.radio import Diary, until

POD, STRAP = "ant-124-12345", "ant-120-54321"


@pytest.fixture(autouse=True)
def _a_reset_takes_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coach.radio.ant.stick._RESET_S", 0.01)
    monkeypatch.setattr("coach.radio.ant.stick._ANSWER_S", 0.1)
    monkeypatch.setattr("coach.radio.ant.air._AGAIN_S", 0.05)


def on(usb: FakeUsb | None, work: Coroutine[Any, Any, None]) -> None:
    with plugged_in(usb):
        asyncio.run(work)


def test_messages_and_their_senders_as_ant_plus_cuts_them() -> None:
    vectors = json.loads((Path(__file__).parents[2] / "data/ant/pages.json").read_text())
    stream = b"\xa4\x03".join(bytes.fromhex(vector["message"]) for vector in vectors)  # noise between them
    finder, messages = MessageFinder(), []
    for i in range(0, len(stream), 7):
        messages += finder.feed(stream[i : i + 7])
    pages = [page_in(message.data) for message in messages]
    assert [(page.number & 0xFFFF, page.rssi_dbm) for page in pages if page] == [
        (vector["DeviceID"], vector["Rssi"]) for vector in vectors
    ]
    assert finder.n_lost_bytes == 2 * (len(vectors) - 1)


def test_a_message_with_a_bent_byte_is_lost_and_the_next_is_not() -> None:
    good = encode(0x4E, bytes(9) + bytes([0x80, 1, 2, 124, 1]))
    for at in range(len(good)):
        bent = bytearray(good)
        bent[at] ^= 0x10
        found = MessageFinder().feed(bytes(bent) + good * 30)
        assert len(found) >= 26, at
        assert {message.data for message in found[1:]} == {good[3:-1]}


def test_a_page_without_its_sender_is_nobodys() -> None:
    assert page_in(bytes(9)) is None
    assert page_in(bytes(9) + bytes([0x40, 0x20, 200, 0])) is None
    for n in range(13):
        assert page_in((bytes(9) + bytes([0x80, 1, 2, 124, 0x21]))[:n]) is None
    assert page_in(bytes(9) + bytes([0x80, 1, 2, 124 | 0x80, 0x21])).number == 0x20201, "20 bits"


@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        (Faults(is_absent=True), "ant_no_stick"),
        (Faults(open_errno=errno.EACCES), "ant_no_permission"),
        (Faults(open_errno=errno.EBUSY), "ant_busy"),
        (Faults(open_errno=errno.ENODEV), "ant_gone"),
        (Faults(open_errno=errno.EIO), "ant_no_driver"),
        (Faults(has_no_system_driver=True), "ant_no_driver"),
        (Faults(is_half_there=True), "ant_no_driver"),
        (Faults(is_old=True), "ant_no_scan"),
        pytest.param(Faults(n_hung_openings=99), "ant_no_answer", marks=pytest.mark.slow),
    ],
)
def test_each_reason_for_hearing_nothing_has_its_words(faults: Faults, reason: str) -> None:
    usb = FakeUsb([foot_pod()], faults)
    with plugged_in(usb), pytest.raises(LinkError) as refused:
        UsbStick().open()
    assert refused.value.reason == reason
    assert str(refused.value) == str(ant_error(reason))
    assert usb._handle is None, "it is left to other programs"


def test_without_libusb_and_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fault() -> LinkError | None:
        return await can_hear_ant()

    with plugged_in(None):
        assert asyncio.run(fault()).reason == "ant_no_libusb"
    monkeypatch.setitem(sys.modules, "openant.base.driver", None)
    monkeypatch.delitem(sys.modules, "coach.radio.ant.stick")
    assert "running-coach[ant]" in str(asyncio.run(fault()))
    assert {ant_error("ant_no_driver", system).args[0] for system in ("linux", "win32")} == {
        "the system gives no access to the ANT+ stick: end other programs that use it and plug it in again",
        "the system gives no access to the ANT+ stick: give it the driver WinUSB with Zadig (zadig.akeo.ie)",
    }


def test_a_stick_that_was_left_scanning_answers_after_another_reset() -> None:
    usb = FakeUsb([foot_pod()], Faults(n_hung_openings=1))
    with plugged_in(usb):
        stick = UsbStick()
        stick.open()
        assert usb.is_scanning
        stick.close()
        assert not usb.is_scanning, "the next program finds it as it should be"


@pytest.mark.parametrize("faults", [Faults(), Faults(has_no_lib_config=True)])
def test_what_is_around_is_listed_with_kind_and_signal_and_other_sports_are_not(faults: Faults) -> None:
    async def main() -> None:
        clock, air = RunClock(), AntAir()
        with air.wanted():
            await until(lambda: len(air.found(clock)) == 2, clock, within_s=5)
            found = sorted(air.found(clock), key=lambda sensor: sensor.sensor_id)
            assert [(s.sensor_id, s.name, s.profile_id) for s in found] == [
                (STRAP, "ANT+ heart rate strap 54321", "ant_heart_rate"),
                ("ant-124-612345", "ANT+ foot pod 612345", "ant_stride_speed"),
            ]
            assert {s.rssi_dbm for s in found} == ({None} if faults.has_no_lib_config else {-58})
            assert air.problem is None
        await air.close()

    on(FakeUsb([foot_pod(612345), strap(), power_meter()], faults, pace=5), main())


class Bench:
    """Two sensors of ANT+ linked as in a run, ten times as fast as the wall."""

    def __init__(self, usb: FakeUsb) -> None:
        self.usb = usb
        self.clock = RunClock(usb.pace)
        self.diary = Diary()
        self.backend = Backend()
        self.radio = open_radio(self.backend, self.clock)
        self.links = LinkSet(self.radio, self.diary.notifications.append, self._note)

    def _note(self, event: LinkEvent) -> None:
        self.diary.events.append(event)

    def link(self, sensor_id: str, profile_id: str) -> SensorUse:
        use = SensorUse(sensor_id, sensor_id, profile_id)
        self.links.add(link_plan(load_profile(profile_id), use))
        return use

    async def said(self, sensor_id: str, *statuses: LinkStatus, within_s: float = 60.0) -> None:
        await until(lambda: self.diary.statuses(sensor_id)[-len(statuses) :] == [*statuses], self.clock, within_s)

    def samples(self, use: SensorUse) -> list[Any]:
        decoder = decoder_for(load_profile(use.profile_id), use)
        mine = [n for n in self.diary.notifications if n.sensor_id == use.sensor_id]
        return [sample for notification in mine for sample in decoder.feed(notification)]

    async def end(self) -> None:
        await self.links.stop()
        await self.backend.ant.close()


def test_pod_and_strap_stream_through_noise_and_the_log_holds_their_raw_pages() -> None:
    usb = FakeUsb(
        [foot_pod(), strap(charge_pct=15), power_meter(), foot_pod(99)],
        Faults(noise_share=0.2, lost_share=0.2),
        pace=10,
    )

    async def main() -> None:
        bench = Bench(usb)
        pod, belt = bench.link(POD, "ant_stride_speed"), bench.link(STRAP, "ant_heart_rate")
        await bench.said(POD, LinkStatus.STREAMING)
        await bench.clock.sleep(20)
        await bench.end()
        assert {len(n.payload) for n in bench.diary.notifications} == {8}
        speeds = [s for s in bench.samples(pod) if isinstance(s, RunningSpeedSample)]
        assert speeds[-1].speed_mps == 3.0
        assert speeds[-1].cadence_spm == 170.0
        assert speeds[-1].distance_m - speeds[0].distance_m == pytest.approx(
            3.0 * (speeds[-1].t_s - speeds[0].t_s), abs=7
        )
        beats = [s for s in bench.samples(belt) if isinstance(s, HeartRateSample)]
        assert {s.heart_rate_bpm for s in beats} == {150}
        intervals = [s.rr_s for s in beats[1:] if s.rr_s]  # after two lost pages in a row, one that nobody knows
        assert all(interval == pytest.approx((0.4,), abs=0.002) for interval in intervals)
        assert len(intervals) > 0.5 * len(beats)
        assert bench.diary.reasons(STRAP).count("battery_low") == 1
        assert all(n.sensor_id in (POD, STRAP) for n in bench.diary.notifications)

    on(usb, main())
    assert usb._handle is None
    assert not usb.is_scanning


def test_a_pod_that_goes_away_is_silent_then_lost_and_streams_again_when_it_is_back() -> None:
    usb = FakeUsb([foot_pod(), strap()], pace=20)

    async def main() -> None:
        bench = Bench(usb)
        bench.link(POD, "ant_stride_speed")
        bench.link(STRAP, "ant_heart_rate")
        await bench.said(STRAP, LinkStatus.STREAMING)
        await bench.said(POD, LinkStatus.STREAMING)
        usb.senders[0].is_away = True
        await bench.said(POD, LinkStatus.SILENT)
        await bench.said(POD, LinkStatus.SILENT, LinkStatus.LOST)
        assert bench.diary.events[-1].reason == "ant_absent"
        usb.senders[0].is_away = False
        back_s = bench.clock()
        await bench.said(POD, LinkStatus.LOST, LinkStatus.STREAMING)
        assert bench.clock() - back_s < 10
        assert bench.diary.statuses(STRAP) == [LinkStatus.CONNECTING, LinkStatus.STREAMING]
        await bench.end()

    on(usb, main())


def test_a_stick_that_is_pulled_out_is_said_at_once_and_goes_on_when_it_is_plugged_in() -> None:
    usb = FakeUsb([foot_pod()], pace=5)

    async def main() -> None:
        bench = Bench(usb)
        bench.link(POD, "ant_stride_speed")
        await bench.said(POD, LinkStatus.STREAMING)
        usb.pull_out()
        await bench.said(POD, LinkStatus.LOST, within_s=5)
        assert next(e.reason for e in bench.diary.events if e.status is LinkStatus.LOST) == "ant_gone"
        cpu_s, wall_s = time.process_time(), time.monotonic()
        await asyncio.sleep(0.5)
        assert time.process_time() - cpu_s < 0.5 * (time.monotonic() - wall_s), "it does not go round and round"
        usb.plug_in()
        await bench.said(POD, LinkStatus.STREAMING, within_s=15)
        await bench.end()

    on(usb, main())


def test_two_runners_share_one_stick_and_it_is_kept_between_preview_and_run() -> None:
    usb = FakeUsb([foot_pod()], pace=5)

    async def main() -> None:
        heard: list[bytes] = []
        bench = Bench(usb)
        with bench.backend.ant.listening(POD, heard.append):
            bench.link(POD, "ant_stride_speed")
            await bench.said(POD, LinkStatus.STREAMING)
        await asyncio.sleep(0.2)  # long enough to give the stick up, were it not kept
        await bench.links.stop()
        bench.link(POD, "ant_stride_speed")
        await bench.said(POD, LinkStatus.CONNECTING, LinkStatus.STREAMING)
        await bench.end()
        assert heard

    on(usb, main())
    assert usb.n_resets == 2, "one to begin, one to end"


def test_a_listener_that_fails_takes_nothing_from_the_others() -> None:
    usb = FakeUsb([foot_pod()], pace=5)

    def fail(_payload: bytes) -> None:
        raise ValueError("a fault of ours")

    async def main() -> None:
        bench = Bench(usb)
        with bench.backend.ant.listening(POD, fail):
            bench.link(POD, "ant_stride_speed")
            await bench.said(POD, LinkStatus.STREAMING)
            await asyncio.sleep(0.3)  # some pages more, each of which one listener fails at
            assert bench.diary.statuses(POD) == [LinkStatus.CONNECTING, LinkStatus.STREAMING]
        await bench.end()

    on(usb, main())


def test_a_fault_that_nobody_foresaw_is_said_and_the_stick_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    usb = FakeUsb([foot_pod()], pace=5)
    faults: list[Exception] = [RuntimeError("of the USB library")]
    read = UsbStick.read
    monkeypatch.setattr(UsbStick, "read", lambda stick: read(stick) if not faults else _raise(faults.pop()))

    async def main() -> None:
        bench = Bench(usb)
        bench.link(POD, "ant_stride_speed")
        await bench.said(POD, LinkStatus.LOST, LinkStatus.STREAMING, within_s=5)
        assert "of the USB library" in bench.diary.events[1].words
        await bench.end()

    on(usb, main())


def _raise(fault: Exception) -> None:
    raise fault


def test_who_leaves_ends_nothing_for_who_comes_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coach.radio.ant.air._LINGER_S", 0.2)
    usb = FakeUsb([foot_pod()], pace=5)

    async def main() -> None:
        bench = Bench(usb)
        with bench.backend.ant.wanted():
            pass
        await bench.backend.ant.close()
        bench.link(POD, "ant_stride_speed")
        await bench.said(POD, LinkStatus.STREAMING)
        await asyncio.sleep(0.3)  # longer than a stick lingers behind its last listener
        assert usb.is_scanning
        await bench.end()

    on(usb, main())


def test_without_a_stick_the_sensor_says_so() -> None:
    usb = FakeUsb([foot_pod()], Faults(is_absent=True))

    async def main() -> None:
        bench = Bench(usb)
        bench.link(POD, "ant_stride_speed")
        await bench.said(POD, LinkStatus.LOST, within_s=5)
        assert bench.diary.events[-1].words.startswith("no ANT+ stick is plugged in: ")
        assert bench.backend.ant.problem is None, "a machine without ANT+ lacks nothing"
        with pytest.raises(LinkError, match="no ANT"):
            await bench.radio.find(POD, 2.0)
        await bench.end()

    on(usb, main())


def test_importing_the_coach_needs_no_usb() -> None:
    code = "import sys, coach.bootstrap; sys.exit(any(name.startswith(('usb', 'openant')) for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
