"""`coach sensors report` over the virtual radio: a minute with a sensor becomes one file that names nobody."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from bumble.gatt import Service

from coach.errors import InterchangeError, LinkError
from coach.interchange.device_report import read_report, redacted, report_name, write_report
from coach.model.device_reports import Advertised, DeviceReport, Packet
from coach.model.sites import WearSite
from coach.radio.virtual.twin import Identity, Twin, notifying, uuid
from coach.service.sensors.device_report import report_on
from firmware_config.loader import load_profile
from tests.coach.packets.test_reports_from_owners import decoded
from tests.coach.service.sensors.test_sensors_on_virtual_radio import Bench, JumpingLoopHere


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path, JumpingLoopHere())
    yield bench
    bench.close()


def test_a_minute_with_a_shoe_sensor_is_counted_checked_and_kept(bench: Bench, tmp_path: Path) -> None:
    bench.service.pair(bench.left.sensor_id, WearSite.LEFT_FOOT)
    report = report_on(bench.service, bench.loop, bench.left.sensor_id)
    assert (report.profile_id, report.problems) == ("movesense", ())
    assert (report.information["manufacturer"], report.information["firmware"]) == ("Movesense", "2.3.1")
    assert report.counts is not None
    assert report.counts.n_samples == pytest.approx(60 * 208, rel=0.02)
    assert report.counts.rate_hz == pytest.approx(208, rel=0.02)
    assert ("acceleration range", "16 g") in report.settings
    assert report.mtu == 161  # what the twin takes
    assert load_profile("movesense").services[0].uuid in {service.uuid for service in report.services}
    assert 14.0 < report.packets[-1].t_s <= 15.0
    path = tmp_path / report_name(report)
    write_report(report, path)
    assert path.stat().st_size < 1_000_000
    assert read_report(path) == report
    n_samples, n_bad = decoded(report)
    assert n_samples == pytest.approx(15 * 208, rel=0.05)
    assert n_bad == 0
    assert bench.left.connection is None


def test_neither_address_nor_serial_number_nor_own_name_is_in_the_file(bench: Bench, tmp_path: Path) -> None:
    """The Movesense's name holds its serial number, and its greeting does too."""
    report = report_on(bench.service, bench.loop, bench.left.sensor_id, seconds=20.0)
    path = tmp_path / "report.json"
    write_report(report, path)
    text = path.read_text()
    name, address = bench.left.identity.name, bench.left.sensor_id
    assert report.advertised.name == "Movesense 000000000000"
    own = name.removeprefix("Movesense ")
    for secret in (own, own.encode().hex(), address, address.replace(":", ""), bench.left.identity.serial):
        assert secret.lower() not in text.lower()


def test_names_of_persons_go_and_bytes_that_hold_the_address_become_zeros() -> None:
    address = "F0:0D:00:00:AB:CD"
    packets = (Packet(0.0, "2a53", "00cdab00000df0ff"), Packet(0.1, "2a53", b"serial S1234567 Anna".hex()))
    advertised = Advertised("Stryd Anna 7", (), (), -60)
    report = DeviceReport(
        "1", "Linux", "2026-01-01", None, advertised, (), {}, (), 247, 60.0, None, (), 15.0, packets
    )  # fmt: skip
    clean = redacted(report, address, "S1234567", ["Stryd"])
    assert clean.advertised.name == "Stryd xxxx 0"
    assert clean.packets[0].hex == "00000000000000ff"
    assert bytes.fromhex(clean.packets[1].hex) == b"serial " + bytes(8) + b" Anna"
    assert clean.n_redacted == 2
    assert redacted(report, address, None, ["Stryd"], keep_name=True).advertised.name == "Stryd Anna 7"


class Gadget(Twin):
    """A sensor that no profile knows: it notifies three bytes, twenty times a second."""

    def __init__(self, bench: Bench) -> None:
        identity = Identity("Gadget 7", "F0:0D:00:00:00:99", "Acme", "G1", "0.9", services=(uuid("fe77"),))
        super().__init__(bench.world.air, bench.world.clock, identity)
        self.values = notifying("0000aa01-0000-1000-8000-00805f9b34fb")
        self.device.add_service(Service(uuid("fe77"), [self.values]))
        self._next_s = 0.0

    def due(self, now_s: float) -> Iterator[tuple[object, bytes]]:  # type: ignore[override]
        if now_s >= self._next_s:
            self._next_s = now_s + 0.05
            yield self.values, b"\x01\x02\x03"


def test_a_sensor_that_no_profile_knows_is_listened_to_on_all_that_it_notifies(bench: Bench) -> None:
    gadget = bench.loop.call(lambda: Gadget(bench))
    bench.loop.do(gadget.start())
    report = report_on(bench.service, bench.loop, gadget.sensor_id, seconds=10.0)
    bench.loop.do(gadget.stop())
    assert report.profile_id is None
    assert report.counts is None
    assert report.advertised.services == ("0000fe77-0000-1000-8000-00805f9b34fb",)
    assert report.information["model"] == "G1"
    assert sum(packet.hex == "010203" for packet in report.packets) > 150


def test_a_sensor_that_is_not_what_its_profile_says_is_reported_with_what_does_not_fit(bench: Bench) -> None:
    report = report_on(bench.service, bench.loop, bench.pod.sensor_id, "heart_rate", seconds=5.0)
    assert any("lacks Heart Rate Measurement" in problem for problem in report.problems)
    assert report.counts is not None


def test_a_connection_that_ends_leaves_what_was_heard(bench: Bench) -> None:
    bench.pod.device.on("connection", lambda _c: bench.loop.loop.call_later(6.0, drop))

    def drop() -> None:
        bench.loop.loop.create_task(bench.pod.drop())

    report = report_on(bench.service, bench.loop, bench.pod.sensor_id)
    assert any("the connection ended after" in problem for problem in report.problems)
    assert report.counts is not None
    assert report.counts.n_samples >= 3
    assert report.seconds < 10.0


def test_a_sensor_that_is_not_there_is_said_in_the_usual_words(bench: Bench) -> None:
    with pytest.raises(LinkError, match="is not heard"):
        report_on(bench.service, bench.loop, "F0:0D:00:00:00:55")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": "other", "version": 1}', '{"format": 3'])
def test_what_is_no_report_is_refused_with_what_to_do(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(InterchangeError):
        read_report(path)


def test_a_report_overwrites_nothing(tmp_path: Path) -> None:
    report = DeviceReport("1", sys.platform, "2026-01-01", None, Advertised("", (), (), 0), (), {}, (), None, 1.0, None,
                          (), 15.0, ())  # fmt: skip
    path = tmp_path / "x.json"
    write_report(report, path)
    assert json.loads(path.read_text())["packets"] == []
    with pytest.raises(InterchangeError, match="exists already"):
        write_report(report, path)
